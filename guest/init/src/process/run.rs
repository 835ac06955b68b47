//! Exec.Run: one more process in a running container, its streams, its end.

use std::io::ErrorKind;
use std::os::fd::{AsFd, OwnedFd};
use std::sync::Arc;
use std::time::Duration;

use tokio::io::AsyncWriteExt;
use tokio::net::unix::pipe::{Receiver, Sender};
use tokio::sync::{mpsc, watch};
use tokio_stream::{Stream, StreamExt};
use tonic::Status;

use crate::container::Container;
use crate::error::{Context, Error, Result};
use crate::process::reaper::{ExitStatus, Reaper};
use crate::process::spawn::{self, Identity, Stdio};
use crate::proto::run_request::Request;
use crate::proto::run_response::Response;
use crate::proto::{RunExited, RunRequest, RunResponse, RunStart};

/// A message of output; small enough for several streams to share a connection fairly.
const CHUNK: usize = 32 * 1024;
/// After the process has ended, what its pipes still hold is sent, but a grandchild that goes on writing is not awaited.
const DRAIN_LIMIT: usize = 1024 * 1024;

pub type Responses = mpsc::Sender<std::result::Result<RunResponse, Status>>;

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
    let (out_read, out_write) = spawn::pipe()?;
    let (err_read, err_write) = spawn::pipe()?;
    let (stdin, stdin_writer) = open_stdin(start.stdin)?;
    let stdio = Stdio { stdin, stdout: out_write, stderr: err_write };
    let spawned = join(&container, &start.args, &stdio)?;
    drop(stdio);
    let status = reaper.expect(spawned.pid);
    if let Some(reason) = spawn::executed(spawned.report).await? {
        return Err(Error::invalid(reason));
    }
    let ended = watch::Sender::new(false);
    let readers = [
        forward(out_read, responses.clone(), ended.subscribe(), Response::Stdout)?,
        forward(err_read, responses.clone(), ended.subscribe(), Response::Stderr)?,
    ];
    if let Some(writer) = stdin_writer {
        tokio::spawn(feed(requests, writer));
    }
    tokio::spawn(async move {
        let group = Group { pid: spawned.pid, reaper };
        let timeout = u64::try_from(start.timeout_ns).ok().filter(|ns| *ns > 0).map(Duration::from_nanos);
        let Some((status, timed_out)) = group.wait(status, timeout, &responses).await else {
            return;
        };
        ended.send_replace(true);
        for reader in readers {
            // a reader that panicked has aborted the whole agent
            let _ = reader.await;
        }
        let exited = RunExited { exit_code: status.code, timed_out };
        let _ = responses.send(Ok(RunResponse { response: Some(Response::Exited(exited)) })).await;
    });
    Ok(())
}

fn join(container: &Container, args: &[String], stdio: &Stdio) -> Result<spawn::Spawned> {
    let first = container.pidfd()?;
    let cgroup = container.cgroup.open()?;
    let identity = Identity { process: &container.spec.process, user: &container.user, args };
    spawn::join(&container.spec, first.as_fd(), identity, cgroup.as_fd(), stdio)
}

fn open_stdin(wanted: bool) -> Result<(OwnedFd, Option<Sender>)> {
    if !wanted {
        return Ok((spawn::null()?, None));
    }
    let (read, write) = spawn::pipe()?;
    Ok((read, Some(Sender::from_owned_fd(write).context("cannot watch a pipe")?)))
}

/// The process and what it started, as long as they stay in its process group.
struct Group {
    pid: i32,
    reaper: Arc<Reaper>,
}

impl Group {
    /// Waits for the end; kills when the time is up, or when the caller is gone (then there is nobody to tell).
    async fn wait(
        &self,
        mut status: tokio::sync::oneshot::Receiver<ExitStatus>,
        timeout: Option<Duration>,
        responses: &Responses,
    ) -> Option<(ExitStatus, bool)> {
        let limit = async {
            match timeout {
                Some(timeout) => tokio::time::sleep(timeout).await,
                None => std::future::pending().await,
            }
        };
        tokio::select! {
            ended = &mut status => ended.ok().map(|status| (status, false)),
            () = limit => {
                self.kill();
                status.await.ok().map(|status| (status, true))
            }
            () = responses.closed() => {
                self.kill();
                None
            }
        }
    }

    fn kill(&self) {
        if self.reaper.holds(self.pid) {
            // SAFETY: kill(2) takes no pointers; the leader is not reaped, so the group is the one it made.
            unsafe { libc::kill(-self.pid, libc::SIGKILL) };
        }
    }
}

/// Sends a pipe's bytes until its end, or, once the process has ended, what is in it by then.
fn forward(
    pipe: OwnedFd,
    responses: Responses,
    mut ended: watch::Receiver<bool>,
    wrap: fn(Vec<u8>) -> Response,
) -> Result<tokio::task::JoinHandle<()>> {
    let pipe = Receiver::from_owned_fd(pipe).context("cannot watch a pipe")?;
    Ok(tokio::spawn(async move {
        let mut left = DRAIN_LIMIT;
        loop {
            let draining = *ended.borrow();
            if !draining {
                tokio::select! {
                    ready = pipe.readable() => if ready.is_err() { return },
                    _ = ended.changed() => continue,
                }
            }
            let mut data = vec![0; CHUNK];
            match pipe.try_read(&mut data) {
                Ok(0) => return,
                Ok(length) => {
                    data.truncate(length);
                    if responses.send(Ok(RunResponse { response: Some(wrap(data)) })).await.is_err() {
                        return;
                    }
                    left = if draining { left.saturating_sub(length) } else { left };
                }
                Err(error) if error.kind() == ErrorKind::WouldBlock && !draining => {}
                Err(_) => return,
            }
            if left == 0 {
                return;
            }
        }
    }))
}

/// Writes the caller's input until it ends, or until the process does not want it any more.
async fn feed(mut requests: impl Stream<Item = std::result::Result<RunRequest, Status>> + Unpin, mut pipe: Sender) {
    while let Some(Ok(RunRequest { request: Some(request) })) = requests.next().await {
        match request {
            Request::Stdin(data) => {
                if pipe.write_all(&data).await.is_err() {
                    return;
                }
            }
            Request::CloseStdin(_) => return,
            Request::Start(_) => {}
        }
    }
}
