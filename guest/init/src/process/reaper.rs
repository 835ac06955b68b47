//! Process 1 reaps every process of the guest: the children somebody waits for, and the orphans nobody does.

use std::collections::HashMap;
use std::io;
use std::sync::{Mutex, PoisonError};

use tokio::signal::unix::{SignalKind, signal};
use tokio::sync::oneshot;

use crate::error::{Context, Result};
use crate::sys;

/// How a process ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ExitStatus {
    /// 128 + signal if a signal ended it, as shells say.
    pub code: i32,
    /// 0 if it ended by itself.
    pub signal: u32,
}

impl ExitStatus {
    /// Of what wait(2) says; None if that is no end, but a stop: a process may name its parent as its tracer, unasked (ptrace(2)).
    fn from_wait(status: i32) -> Option<Self> {
        if libc::WIFSIGNALED(status) {
            let signal = libc::WTERMSIG(status);
            return Some(Self { code: 128 + signal, signal: signal.unsigned_abs() });
        }
        libc::WIFEXITED(status).then(|| Self { code: libc::WEXITSTATUS(status), signal: 0 })
    }
}

const ANY_CHILD: i32 = -1;

/**
 * Children somebody waits for, by pid.
 *
 * INVARIANT: a pid in the table is not reaped yet, so it names that child and no other. This holds because the agent has one
 * thread: between the making of a child and `expect` nothing else runs.
 */
#[derive(Debug, Default)]
pub struct Reaper {
    waiting: Mutex<HashMap<i32, oneshot::Sender<ExitStatus>>>,
}

impl Reaper {
    /// Registers a child that was just made; the receiver gets its end.
    pub fn expect(&self, pid: i32) -> oneshot::Receiver<ExitStatus> {
        let (sender, receiver) = oneshot::channel();
        self.table().insert(pid, sender);
        receiver
    }

    /// True while the child is not reaped: until then its pid may be signalled.
    pub fn holds(&self, pid: i32) -> bool {
        self.table().contains_key(&pid)
    }

    /// Reaps for ever.
    pub async fn run(&self) -> Result<()> {
        let mut children = signal(SignalKind::child()).context("cannot watch for ended processes")?;
        loop {
            self.reap();
            children.recv().await;
        }
    }

    fn reap(&self) {
        while let Some((pid, status)) = next_end(ANY_CHILD) {
            if let Some(sender) = self.table().remove(&pid) {
                // whoever waited may have given up
                let _ = sender.send(status);
            }
        }
    }

    fn table(&self) -> std::sync::MutexGuard<'_, HashMap<i32, oneshot::Sender<ExitStatus>>> {
        self.waiting.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Reaps a child that has ended, if there is one. Not by nix, for which a real-time signal is no signal: it would reap the child
/// and answer with an error.
fn next_end(child: i32) -> Option<(i32, ExitStatus)> {
    let mut status = 0;
    loop {
        // SAFETY: the call writes an int, which outlives it.
        let reaped = unsafe { libc::waitpid(child, &raw mut status, libc::WNOHANG) };
        match sys::check(reaped.into()) {
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            // none that has ended, or none at all
            Ok(0) | Err(_) => return None,
            Ok(_) => {
                if let Some(end) = ExitStatus::from_wait(status) {
                    return Some((reaped, end));
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use std::os::unix::process::CommandExt;
    use std::process::Command;

    use super::*;

    /// How a shell ends that runs this script.
    fn end_of(script: &str) -> ExitStatus {
        let mut child = Command::new("sh").args(["-c", script]).spawn().unwrap();
        // only this child: those of other tests are theirs
        let (pid, status) = std::iter::repeat_with(|| next_end(child.id() as i32)).flatten().next().unwrap();
        assert_eq!(pid, child.id() as i32);
        assert!(child.wait().is_err(), "it is reaped");
        status
    }

    #[test]
    fn every_end_is_told_whatever_the_signal() {
        assert_eq!(end_of("exit 7"), ExitStatus { code: 7, signal: 0 });
        assert_eq!(end_of("kill -9 $$"), ExitStatus { code: 137, signal: 9 });
        assert_eq!(end_of("kill -35 $$"), ExitStatus { code: 163, signal: 35 });
        assert_eq!(end_of("kill -64 $$"), ExitStatus { code: 192, signal: 64 });
    }

    #[test]
    fn a_stop_that_a_child_makes_its_parent_see_is_no_end() {
        let mut command = Command::new("true");
        // SAFETY: one system call without pointers, which a child may make before exec.
        unsafe { command.pre_exec(|| sys::check(libc::ptrace(libc::PTRACE_TRACEME, 0, 0, 0)).map(|_| ())) };
        let mut child = command.spawn().unwrap();
        // its exec stops it
        std::thread::sleep(std::time::Duration::from_millis(50));
        assert_eq!(next_end(child.id() as i32), None);
        child.kill().unwrap();
        child.wait().unwrap();
    }

    #[test]
    fn there_may_be_nothing_to_reap() {
        let mut child = Command::new("sleep").arg("1000").spawn().unwrap();
        assert_eq!(next_end(child.id() as i32), None);
        child.kill().unwrap();
        child.wait().unwrap();
        assert_eq!(next_end(child.id() as i32), None);
    }
}
