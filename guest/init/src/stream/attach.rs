//! Exec.Attach: the streams of a container's first process, shared with its log and with other callers.

use std::sync::Arc;

use tokio::sync::mpsc;
use tokio::task::JoinSet;
use tokio_stream::Stream;
use tonic::Status;

use crate::container::Container;
use crate::error::{Error, Result};
use crate::output::{Found, Reader, StreamName};
use crate::process::end::CHUNK;
use crate::proto::run_response::Response;
use crate::proto::{AttachStart, RunExited, RunRequest, RunResponse};
use crate::stream::caller::{self, Inbox, Responses};
use crate::stream::window::{Window, Windows};

/// Joins the container's streams in the background, from now on; FAILED_PRECONDITION unless it runs.
pub fn attach(
    container: Arc<Container>,
    start: &AttachStart,
    requests: impl Stream<Item = std::result::Result<RunRequest, Status>> + Send + Unpin + 'static,
    responses: Responses,
) -> Result<()> {
    let streams = container.attach(start.stdin)?;
    let reader = container.output.reader(start.stdout, start.stderr);
    let windows = Arc::new(Windows::new(start.window_bytes));
    let (stdin, queue) = mpsc::unbounded_channel();
    let inbox = Inbox { stdin, windows: Arc::clone(&windows), terminal: streams.terminal };
    tokio::spawn(inbox.read(requests, responses.clone()));
    tokio::spawn(async move {
        // dropped, and so aborted, with this task: a caller that disappears lets go of stdin
        let mut input = JoinSet::new();
        input.spawn(caller::feed(queue, streams.stdin, responses.clone()));
        tokio::select! {
            outcome = to_the_end(&container, &reader, &windows, &responses) => {
                // a caller that is too slow to hear of it must not hold anything meanwhile
                drop(reader);
                let last = outcome.map(|exited| RunResponse { response: Some(Response::Exited(exited)) });
                drop(responses.send(last.map_err(Into::into)).await);
            }
            () = responses.closed() => {}
        }
    });
    Ok(())
}

/// Sends both streams to their ends, and waits for the container's.
async fn to_the_end(
    container: &Container,
    reader: &Reader,
    windows: &Windows,
    responses: &Responses,
) -> Result<RunExited> {
    tokio::try_join!(
        copy(reader, StreamName::Stdout, &windows.stdout, responses, Response::Stdout),
        copy(reader, StreamName::Stderr, &windows.stderr, responses, Response::Stderr),
    )?;
    Ok(RunExited { exit_code: container.exit_code().await, timed_out: false })
}

async fn copy(
    reader: &Reader,
    name: StreamName,
    window: &Window,
    responses: &Responses,
    wrap: fn(Vec<u8>) -> Response,
) -> Result<()> {
    let mut changes = reader.watch();
    let mut sent = 0;
    loop {
        let room = tokio::select! {
            room = window.room(sent, CHUNK) => room,
            () = reader.overstays(name) => return Err(too_slow()),
        };
        match reader.take(name, room)? {
            Found::Data(data) => {
                sent += data.len() as u64;
                tokio::select! {
                    here = caller::send(responses, wrap(data)) => if !here { return Ok(()) },
                    () = reader.overstays(name) => return Err(too_slow()),
                }
            }
            // the sender lives as long as the output
            Found::Pending => drop(changes.changed().await),
            Found::End => return Ok(()),
        }
    }
}

fn too_slow() -> Error {
    Error::aborted("the attached client took nothing for 10 s and held the container back: it was cut off")
}
