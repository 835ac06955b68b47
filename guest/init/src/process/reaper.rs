//! Process 1 reaps every process of the guest: the children somebody waits for, and the orphans nobody does.

use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};

use nix::sys::wait::{WaitPidFlag, WaitStatus, waitpid};
use nix::unistd::Pid;
use tokio::signal::unix::{SignalKind, signal};
use tokio::sync::oneshot;

use crate::error::{Context, Result};

/// How a process ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ExitStatus {
    /// 128 + signal if a signal ended it, as shells say.
    pub code: i32,
    /// 0 if it ended by itself.
    pub signal: u32,
}

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
        loop {
            let (pid, status) = match waitpid(None, Some(WaitPidFlag::WNOHANG)) {
                Ok(WaitStatus::Exited(pid, code)) => (pid, ExitStatus { code, signal: 0 }),
                Ok(WaitStatus::Signaled(pid, signal, _)) => (pid, by_signal(signal as i32)),
                Ok(WaitStatus::StillAlive) | Err(_) => return,
                Ok(_) => continue,
            };
            self.tell(pid, status);
        }
    }

    fn tell(&self, pid: Pid, status: ExitStatus) {
        if let Some(sender) = self.table().remove(&pid.as_raw()) {
            // whoever waited may have given up
            let _ = sender.send(status);
        }
    }

    fn table(&self) -> std::sync::MutexGuard<'_, HashMap<i32, oneshot::Sender<ExitStatus>>> {
        self.waiting.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn by_signal(signal: i32) -> ExitStatus {
    ExitStatus { code: 128 + signal, signal: signal.unsigned_abs() }
}
