//! The standard streams of a new process: its own ends, and the agent's.

use std::fs::File;
use std::os::fd::OwnedFd;

use nix::fcntl::OFlag;
use nix::unistd::{Uid, fchown, pipe2};

use crate::error::{Context, Result};
use crate::process::end::End;
use crate::process::terminal;

/// What the three standard descriptors of a new process become.
pub enum Stdio {
    Pipes {
        stdin: OwnedFd,
        stdout: OwnedFd,
        stderr: OwnedFd,
    },
    /// A terminal, which the process makes and whose master side it sends through this socket.
    Terminal(OwnedFd),
}

/// The agent's ends.
#[derive(Debug)]
pub struct Ends {
    pub stdin: Option<End>,
    pub stdout: End,
    /// A terminal has no stderr of its own.
    pub stderr: Option<End>,
    /// What can be resized; the same end as the others.
    pub terminal: Option<End>,
}

/// The agent's ends while the program does not run yet.
pub enum Pending {
    Ready(Ends),
    Terminal { socket: OwnedFd, stdin: bool },
}

impl Pending {
    /// To be called when the program runs: by then a terminal was made.
    pub fn take(self) -> Result<Ends> {
        match self {
            Self::Ready(ends) => Ok(ends),
            Self::Terminal { socket, stdin } => {
                let master = End::new(terminal::receive(&socket)?)?;
                Ok(Ends {
                    stdin: stdin.then(|| master.clone()),
                    stdout: master.clone(),
                    stderr: None,
                    terminal: Some(master),
                })
            }
        }
    }
}

/// Both sides of the streams of a new process of `uid`. Without `stdin` it reads /dev/null, or a terminal on which nobody types.
pub fn streams(tty: bool, stdin: bool, uid: u32) -> Result<(Stdio, Pending)> {
    if tty {
        let (agent, process) = terminal::channel()?;
        return Ok((Stdio::Terminal(process), Pending::Terminal { socket: agent, stdin }));
    }
    let (out_read, out_write) = pipe_of(uid)?;
    let (err_read, err_write) = pipe_of(uid)?;
    let (in_read, in_write) = if stdin {
        let (read, write) = pipe_of(uid)?;
        (read, Some(End::new(write)?))
    } else {
        (null()?, None)
    };
    let ends = Ends { stdin: in_write, stdout: End::new(out_read)?, stderr: Some(End::new(err_read)?), terminal: None };
    Ok((Stdio::Pipes { stdin: in_read, stdout: out_write, stderr: err_write }, Pending::Ready(ends)))
}

/// A pipe whose ends no other process inherits. It is the user's: by its name, /dev/stdout for one, its owner alone may open it.
fn pipe_of(uid: u32) -> Result<(OwnedFd, OwnedFd)> {
    let (read, write) = pipe2(OFlag::O_CLOEXEC).context("cannot make a pipe")?;
    // both ends are one file
    fchown(&write, Some(Uid::from_raw(uid)), None).context("cannot give a pipe to its user")?;
    Ok((read, write))
}

/// Without stdin, or anything else to say.
pub fn null() -> Result<OwnedFd> {
    Ok(File::open("/dev/null").context("cannot open /dev/null")?.into())
}

#[cfg(test)]
mod tests {
    use nix::sys::stat::fstat;

    use super::*;

    fn owners(stdin: bool) -> [u32; 3] {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        let _entered = runtime.enter();
        let (stdio, _ends) = streams(false, stdin, 1000).unwrap();
        let Stdio::Pipes { stdin, stdout, stderr } = stdio else { unreachable!("no terminal was asked for") };
        [stdin, stdout, stderr].map(|fd| fstat(fd).unwrap().st_uid)
    }

    #[test]
    fn pipes_are_their_users_and_dev_null_stays_roots() {
        assert_eq!(owners(true), [1000; 3]);
        assert_eq!(owners(false), [0, 1000, 1000]);
    }
}
