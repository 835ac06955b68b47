//! Exec.Run: one more process in a running container, its streams, its end.

use std::io::ErrorKind;
use std::os::fd::{AsFd, OwnedFd};
use std::sync::Arc;
use std::time::Duration;

use tokio::sync::{mpsc, oneshot, watch};
use tokio::task::JoinSet;
use tokio_stream::Stream;
use tonic::Status;

use crate::container::Container;
use crate::error::{Error, Result};
use crate::process::birth::Spawned;
use crate::process::end::{CHUNK, End};
use crate::process::reaper::{ExitStatus, Reaper};
use crate::process::spawn::{self, First, Identity};
use crate::process::stdio::{self, Ends, Pending, Stdio};
use crate::proto::run_response::Response;
use crate::proto::{RunExited, RunRequest, RunStart};
use crate::stream::caller::{self, Inbox, Responses};
use crate::stream::window::{Window, Windows};

/// After the process has ended, what its pipes still hold is sent, but a grandchild that goes on writing is not awaited.
const DRAIN_LIMIT: usize = 1024 * 1024;
/// How long a process whose terminal was closed may take to end by itself.
const HANGUP_GRACE: Duration = Duration::from_secs(2);

/// Starts the process; its output and its end go to `responses`. Fails if it cannot be executed.
pub async fn run(
    container: Arc<Container>,
    reaper: Arc<Reaper>,
    start: RunStart,
    requests: impl Stream<Item = std::result::Result<RunRequest, Status>> + Send + Unpin + 'static,
    responses: Responses,
) -> Result<()> {
    if start.args.is_empty() {
        return Err(Error::invalid("there is nothing to run"));
    }
    let process = Process::spawn(&container, reaper, &start)?;
    let (started, outcome) = oneshot::channel();
    // a task of its own from the start: a caller that leaves now must not leave the process behind
    tokio::spawn(process.serve(start, requests, responses, started));
    outcome.await.unwrap_or_else(|_| Err(Error::internal("the caller left while the process was started")))
}

/// A process that was made and does not run its program yet.
struct Process {
    group: Group,
    status: oneshot::Receiver<ExitStatus>,
    report: OwnedFd,
    streams: Pending,
}

impl Process {
    fn spawn(container: &Container, reaper: Arc<Reaper>, start: &RunStart) -> Result<Self> {
        let (stdio, streams) = stdio::streams(start.tty, start.stdin, container.user.uid)?;
        let spawned = join(container, &start.args, &stdio)?;
        let status = reaper.expect(spawned.pid);
        Ok(Self { group: Group { pid: spawned.pid, reaper }, status, report: spawned.report, streams })
    }

    async fn serve(
        self,
        start: RunStart,
        requests: impl Stream<Item = std::result::Result<RunRequest, Status>> + Send + Unpin + 'static,
        responses: Responses,
        started: oneshot::Sender<Result<()>>,
    ) {
        let Self { group, mut status, report, streams } = self;
        let ends = tokio::select! {
            outcome = executed(report, streams) => outcome,
            () = responses.closed() => return group.kill(),
        };
        let ends = match ends {
            Ok(ends) => ends,
            Err(error) => {
                group.kill();
                // the caller may be gone
                let _ = started.send(Err(error));
                return;
            }
        };
        let _ = started.send(Ok(()));
        let tty = ends.terminal.is_some();
        let session = Session::open(&start, ends, requests, responses.clone());
        let life = group.life(&mut status, &start);
        // whatever is lost, the agent's ends of the streams are closed with it
        let ended = tokio::select! {
            ended = session.run(life) => ended,
            () = responses.closed() => None,
        };
        match ended {
            Some(exited) => drop(caller::send(&responses, Response::Exited(exited)).await),
            None if tty => group.hung_up(status).await,
            None => group.kill(),
        }
    }
}

fn join(container: &Container, args: &[String], stdio: &Stdio) -> Result<Spawned> {
    let pidfd = container.pidfd()?;
    let first = First { pid: container.running()?, pidfd: pidfd.as_fd() };
    let identity = Identity { process: &container.spec.process, user: &container.user, args };
    spawn::join(&container.spec, first, identity, &container.cgroup, stdio)
}

async fn executed(report: OwnedFd, streams: Pending) -> Result<Ends> {
    match spawn::executed(report).await? {
        Some(reason) => Err(Error::invalid(reason)),
        None => streams.take(),
    }
}

/// The process and what it started, as long as they stay in its process group.
struct Group {
    pid: i32,
    reaper: Arc<Reaper>,
}

impl Group {
    /// Waits for the end of the process; kills the group when its time is up. None if the reaper is gone.
    async fn life(&self, status: &mut oneshot::Receiver<ExitStatus>, start: &RunStart) -> Option<RunExited> {
        let timeout = u64::try_from(start.timeout_ns).ok().filter(|ns| *ns > 0).map(Duration::from_nanos);
        let in_time = match timeout {
            Some(timeout) => tokio::time::timeout(timeout, &mut *status).await.ok(),
            None => Some((&mut *status).await),
        };
        let timed_out = in_time.is_none();
        let status = match in_time {
            Some(status) => status,
            None => {
                self.kill();
                status.await
            }
        };
        status.ok().map(|status| RunExited { exit_code: status.code, timed_out })
    }

    /// Its terminal is closed, so that it has got SIGHUP; what does not mind is killed.
    async fn hung_up(&self, status: oneshot::Receiver<ExitStatus>) {
        // one that is reaped may have told its end already
        if self.reaper.holds(self.pid) && tokio::time::timeout(HANGUP_GRACE, status).await.is_err() {
            self.kill();
        }
    }

    fn kill(&self) {
        if self.reaper.holds(self.pid) {
            // the leader by itself: there is no group before it has come to make one, and none afterwards that grows
            for target in [self.pid, -self.pid] {
                // SAFETY: kill(2) takes no pointers; the leader is not reaped, so its pid names no other process and no other group.
                unsafe { libc::kill(target, libc::SIGKILL) };
            }
        }
    }
}

/// The streams of a process that runs.
struct Session {
    stdout: End,
    stderr: Option<End>,
    windows: Arc<Windows>,
    responses: Responses,
    /// Feeds the process; aborted with the session.
    input: JoinSet<()>,
}

impl Session {
    fn open(
        start: &RunStart,
        ends: Ends,
        requests: impl Stream<Item = std::result::Result<RunRequest, Status>> + Send + Unpin + 'static,
        responses: Responses,
    ) -> Self {
        let windows = Arc::new(Windows::new(start.window_bytes));
        let (stdin, queue) = mpsc::unbounded_channel();
        let inbox = Inbox { stdin, windows: Arc::clone(&windows), terminal: ends.terminal };
        tokio::spawn(inbox.read(requests, responses.clone()));
        let mut input = JoinSet::new();
        input.spawn(caller::feed(queue, ends.stdin, responses.clone()));
        Self { stdout: ends.stdout, stderr: ends.stderr, windows, responses, input }
    }

    /// Sends the output until it ends, or, once `life` has, what there is by then.
    async fn run(self, life: impl Future<Output = Option<RunExited>>) -> Option<RunExited> {
        let ended = watch::Sender::new(false);
        let Self { stdout, stderr, windows, responses, input: _input } = self;
        let life = async {
            let exited = life.await;
            ended.send_replace(true);
            exited
        };
        let out = forward(&stdout, &windows.stdout, &responses, ended.subscribe(), Response::Stdout);
        let err = async {
            if let Some(stderr) = &stderr {
                forward(stderr, &windows.stderr, &responses, ended.subscribe(), Response::Stderr).await;
            }
        };
        let (exited, (), ()) = tokio::join!(life, out, err);
        exited
    }
}

/// Sends a stream's bytes until its end, or, once the process has ended, what is in it by then.
async fn forward(
    end: &End,
    window: &Window,
    responses: &Responses,
    mut ended: watch::Receiver<bool>,
    wrap: fn(Vec<u8>) -> Response,
) {
    let (mut sent, mut left) = (0u64, DRAIN_LIMIT);
    while left > 0 {
        let room = window.room(sent, CHUNK).await.min(CHUNK);
        let draining = *ended.borrow();
        let data = if draining {
            end.read_now(room)
        } else {
            tokio::select! {
                data = end.read(room) => data,
                _ = ended.changed() => continue,
            }
        };
        match data {
            Ok(data) if data.is_empty() => return,
            Ok(data) => {
                sent += data.len() as u64;
                left = if draining { left.saturating_sub(data.len()) } else { left };
                if !caller::send(responses, wrap(data)).await {
                    return;
                }
            }
            Err(error) if error.kind() == ErrorKind::WouldBlock && !draining => {}
            Err(_) => return,
        }
    }
}

#[cfg(test)]
mod tests {
    use std::os::unix::process::ExitStatusExt;
    use std::process::Command;

    use super::*;

    #[test]
    fn a_process_that_has_no_group_yet_is_killed_as_well() {
        let mut child = Command::new("sleep").arg("5").spawn().unwrap();
        let reaper = Arc::new(Reaper::default());
        let pid = child.id() as i32;
        let _status = reaper.expect(pid);
        Group { pid, reaper }.kill();
        assert_eq!(child.wait().unwrap().signal(), Some(libc::SIGKILL));
    }
}
