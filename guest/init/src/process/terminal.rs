//! Terminals of a container's processes. A process opens its terminal itself, in the devpts of the container's own mount
//! namespace, and sends the master side to the agent: what the container has put at /dev/pts can hold up nobody else.

use std::fs::File;
use std::io::{IoSlice, IoSliceMut};
use std::os::fd::{AsFd, AsRawFd, BorrowedFd, FromRawFd, OwnedFd, RawFd};

use nix::fcntl::OFlag;
use nix::sys::socket::{
    AddressFamily, ControlMessage, ControlMessageOwned, MsgFlags, SockFlag, SockType, recvmsg, sendmsg, socketpair,
};
use nix::sys::stat::Mode;
use nix::unistd::{Uid, dup2_stderr, dup2_stdin, dup2_stdout, fchown};

use crate::error::{Context, Error, Result};
use crate::sys;

const MASTER: &str = "/dev/pts/ptmx";
const CONSOLE: &str = "/dev/console";

/// The way a master side takes from the process (second) to the agent (first).
pub fn channel() -> Result<(OwnedFd, OwnedFd)> {
    socketpair(AddressFamily::Unix, SockType::Stream, None, SockFlag::SOCK_CLOEXEC).context("cannot make a socket pair")
}

/// In the process, as its session's leader and inside the container: makes a terminal of `uid` its controlling terminal and
/// its standard streams. `console` makes it the container's /dev/console as well.
pub fn enter(agent: BorrowedFd<'_>, uid: u32, console: bool) -> Result<()> {
    let flags = OFlag::O_RDWR | OFlag::O_NOCTTY | OFlag::O_CLOEXEC;
    let master = nix::fcntl::open(MASTER, flags, Mode::empty())
        .context(format!("cannot open a terminal: {MASTER} of the container"))?;
    sys::unlock_terminal(master.as_fd()).context("cannot unlock a terminal")?;
    let terminal = sys::terminal_of(master.as_fd()).context("cannot open a terminal's other side")?;
    fchown(&terminal, Some(Uid::from_raw(uid)), None).context("cannot give a terminal to its user")?;
    if console {
        bind_console(sys::terminal_number(master.as_fd()).context("cannot name a terminal")?)?;
    }
    send(agent, master.as_fd())?;
    sys::control_terminal(terminal.as_fd()).context("cannot make a controlling terminal")?;
    dup2_stdin(&terminal).context("cannot set stdin")?;
    dup2_stdout(&terminal).context("cannot set stdout")?;
    dup2_stderr(&terminal).context("cannot set stderr")
}

fn bind_console(number: u32) -> Result<()> {
    let what = format!("cannot make {CONSOLE}");
    File::create(CONSOLE).context(&what)?;
    sys::mount(&format!("/dev/pts/{number}"), CONSOLE, None, libc::MS_BIND, "").context(&what)
}

/// One byte goes along: a descriptor alone is no message.
fn send(agent: BorrowedFd<'_>, master: BorrowedFd<'_>) -> Result<()> {
    let descriptors = [master.as_raw_fd()];
    let control = [ControlMessage::ScmRights(&descriptors)];
    sendmsg::<()>(agent.as_raw_fd(), &[IoSlice::new(b"t")], &control, MsgFlags::MSG_NOSIGNAL, None)
        .context("cannot hand a terminal to the agent")?;
    Ok(())
}

/// In the agent, once the process runs its program: the master side it has sent.
pub fn receive(process: &OwnedFd) -> Result<OwnedFd> {
    let what = "cannot take a process's terminal";
    let mut byte = [0u8; 1];
    let mut bytes = [IoSliceMut::new(&mut byte)];
    let mut space = nix::cmsg_space!(RawFd);
    let flags = MsgFlags::MSG_DONTWAIT | MsgFlags::MSG_CMSG_CLOEXEC;
    let message = recvmsg::<()>(process.as_raw_fd(), &mut bytes, Some(&mut space), flags).context(what)?;
    for control in message.cmsgs().context(what)? {
        if let ControlMessageOwned::ScmRights(descriptors) = control
            && let [master] = descriptors[..]
        {
            // SAFETY: the kernel has just made this descriptor for us, and nobody else knows it.
            return Ok(unsafe { OwnedFd::from_raw_fd(master) });
        }
    }
    Err(Error::internal(format!("{what}: it has sent none")))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_master_side_goes_through_the_channel() {
        let pty = nix::pty::openpty(None, None).unwrap();
        let (agent, process) = channel().unwrap();
        assert!(receive(&agent).unwrap_err().message().contains("terminal"));
        send(process.as_fd(), pty.master.as_fd()).unwrap();
        drop(pty.master);
        let master = receive(&agent).unwrap();
        nix::unistd::write(&pty.slave, b"through").unwrap();
        let mut seen = [0; 7];
        nix::unistd::read(&master, &mut seen).unwrap();
        assert_eq!(&seen, b"through");
    }
}
