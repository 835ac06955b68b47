//! How a process is made: a copy of process 1 that sheds what is process 1's, and goes into its container from there.
//!
//! INVARIANT: nothing of the agent's can be taken from it on the way (CVE-2016-9962, CVE-2024-21626). It may be seen by processes of
//! its container from the start, for its pid namespace and its cgroup are given by clone3, and it ends up with their user and
//! capabilities before it runs its program.
//! - It is not dumpable, as process 1 is not (boot.rs). execve ends that, after it has closed the marked descriptors. Until then
//!   whoever lacks CAP_SYS_PTRACE gets neither at its descriptors, root, working directory and memory nor at itself.
//! - Its first act, before it joins any other namespace, is to close every descriptor but its streams and what it goes in with; it
//!   closes the latter before it becomes its user. A hole in the first rule would show a descriptor of the guest's to nobody.
//! - Whoever has CAP_SYS_PTRACE and shares its pid namespace could take over the process as it is, full of capabilities, whatever
//!   is closed: docs/security.md says what that capability means.

use std::fs::File;
use std::io::Write;
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};

use nix::fcntl::OFlag;
use nix::sys::signal::{SigHandler, SigSet, SigmaskHow, Signal, sigprocmask};
use nix::unistd::{dup2_stderr, dup2_stdin, dup2_stdout, pipe2, setsid};

use crate::cgroup::Cgroup;
use crate::error::{Context, Error, Result};
use crate::process::stdio::Stdio;
use crate::sys::{self, Forked};

/// The first descriptor that is no standard stream.
const FIRST_OTHER: u32 = 3;

/// A process that was made: the pipe ends without a byte when it has executed its program, or brings the reason it could not.
pub struct Spawned {
    pub pid: i32,
    pub report: OwnedFd,
}

/// What a process is born with.
pub struct Birth<'a> {
    /// A pidfd of the process whose pid namespace it is born in. None: the agent's, or one of its own.
    pub pids: Option<BorrowedFd<'a>>,
    /// Its new namespaces, as clone3 takes them.
    pub flags: i32,
    pub cgroup: &'a Cgroup,
    /// The container's first process, if there is one.
    pub first: Option<i32>,
    pub stdio: &'a Stdio,
    /// What it needs on its way, besides its streams.
    pub needs: Option<BorrowedFd<'a>>,
}

impl Birth<'_> {
    /// Makes the process, which does `child`, to its execve. `child` is given the one descriptor to keep until then.
    pub fn spawn(&self, child: impl FnOnce(BorrowedFd<'_>) -> Result<()>) -> Result<Spawned> {
        let Some(pids) = self.pids else {
            return self.fork(child);
        };
        // joining a pid namespace takes effect for children only
        let home = File::open("/proc/self/ns/pid").context("cannot open the guest's pid namespace")?;
        sys::join_namespaces(pids, libc::CLONE_NEWPID).context("cannot join the container's pid namespace")?;
        let spawned = self.fork(child);
        sys::join_namespaces(home.as_fd(), libc::CLONE_NEWPID).context("cannot return to the guest's pid namespace")?;
        spawned
    }

    fn fork(&self, child: impl FnOnce(BorrowedFd<'_>) -> Result<()>) -> Result<Spawned> {
        let (report, reporter) = pipe2(OFlag::O_CLOEXEC).context("cannot make a pipe")?;
        match self.copy()? {
            Forked::Parent(pid) => Ok(Spawned { pid, report }),
            Forked::Child => {
                let done = self.begin(reporter.as_fd()).and_then(|()| child(reporter.as_fd()));
                let error = done.err().unwrap_or_else(|| Error::internal("exec returned"));
                let mut reporter = File::from(reporter);
                // the parent reads the reason; if it cannot be written, the exit code is all there is
                let _ = reporter.write_all(error.message().as_bytes());
                // SAFETY: _exit takes no pointers, and nothing of the parent's must run in this copy of it.
                unsafe { libc::_exit(128) }
            }
        }
    }

    /// Into the container's cgroup. One that has enabled controllers for groups of its own making holds no process itself any
    /// more (cgroups(7), "no internal processes"): then into the group to which the container has moved its first process.
    fn copy(&self) -> Result<Forked> {
        let group = self.cgroup.open()?;
        let made = match (sys::fork_into(self.flags, group.as_fd()), self.first) {
            (Err(error), Some(first)) if error.raw_os_error() == Some(libc::EBUSY) => {
                let group = self.cgroup.open_group_of(first)?;
                sys::fork_into(self.flags, group.as_fd())
            }
            (made, _) => made,
        };
        made.context("cannot make a process")
    }

    /// In the child: streams (a terminal's come later), session, signals as every program expects them.
    fn begin(&self, reporter: BorrowedFd<'_>) -> Result<()> {
        shed(self.stdio, self.needs.into_iter().chain([reporter]).collect())?;
        setsid().context("cannot make a session")?;
        reset_signals()
    }
}

/// In the child: takes its streams, and closes everything but those and `kept`.
fn shed<'a>(stdio: &'a Stdio, mut kept: Vec<BorrowedFd<'a>>) -> Result<()> {
    match stdio {
        Stdio::Pipes { stdin, stdout, stderr } => {
            dup2_stdin(stdin).context("cannot set stdin")?;
            dup2_stdout(stdout).context("cannot set stdout")?;
            dup2_stderr(stderr).context("cannot set stderr")?;
        }
        Stdio::Terminal(agent) => kept.push(agent.as_fd()),
    }
    keep_only(&kept)
}

/// In the child: closes everything but the standard streams and these.
pub fn keep_only(kept: &[BorrowedFd<'_>]) -> Result<()> {
    sys::close_all_but(FIRST_OTHER, kept).context("cannot close descriptors")
}

fn reset_signals() -> Result<()> {
    sigprocmask(SigmaskHow::SIG_SETMASK, Some(&SigSet::empty()), None).context("cannot reset the signal mask")?;
    for signal in Signal::iterator() {
        if signal != Signal::SIGKILL && signal != Signal::SIGSTOP {
            // SAFETY: the default action runs no code of ours.
            unsafe { nix::sys::signal::signal(signal, SigHandler::SigDfl) }.context("cannot reset a signal")?;
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use std::os::fd::AsRawFd;

    use nix::fcntl::{FcntlArg, fcntl};
    use nix::sched::{CloneFlags, unshare};

    use super::*;

    /// What is open under this number, for the calling thread.
    fn is_open(fd: BorrowedFd<'_>) -> bool {
        fcntl(fd, FcntlArg::F_GETFD).is_ok()
    }

    #[test]
    fn a_process_sheds_what_is_not_its_own_marked_or_not() {
        let files: Vec<File> = (0..9).map(|_| File::open("/").unwrap()).collect();
        let fd = |index: usize| files[index].as_fd();
        let agent = OwnedFd::from(File::open("/proc").unwrap());
        let number = agent.as_raw_fd();
        // as a cgroup's folder would be, if somebody forgot the flag
        fcntl(fd(4), FcntlArg::F_SETFD(nix::fcntl::FdFlag::empty())).unwrap();
        let stdio = Stdio::Terminal(agent);
        let kept = [fd(2), fd(7)];
        std::thread::scope(|scope| {
            scope.spawn(|| {
                // a table of its own, as a child has
                unshare(CloneFlags::CLONE_FILES).unwrap();
                shed(&stdio, kept.to_vec()).unwrap();
                let open: Vec<usize> = (0..9).filter(|index| is_open(fd(*index))).collect();
                assert_eq!(open, [2, 7]);
                // SAFETY: the agent's end is kept by `stdio`, which outlives the thread.
                assert!(is_open(unsafe { BorrowedFd::borrow_raw(number) }));
                keep_only(&[fd(2)]).unwrap();
                let open: Vec<usize> = (0..9).filter(|index| is_open(fd(*index))).collect();
                assert_eq!(open, [2]);
            });
        });
        assert!((0..9).all(|index| is_open(fd(index))), "the agent keeps its own");
    }
}
