//! The caller's side of Run and Attach.
//!
//! INVARIANT: its requests are read as they come, whatever the process does: input waits in a queue (the caller keeps to its
//! window), so that a size or an acknowledgement never stands behind it.

use std::sync::Arc;

use tokio::sync::mpsc::{self, UnboundedReceiver, UnboundedSender};
use tokio_stream::{Stream, StreamExt};
use tonic::Status;

use crate::process::end::End;
use crate::proto::run_request::Request;
use crate::proto::run_response::Response;
use crate::proto::{RunRequest, RunResponse};
use crate::stream::window::Windows;

pub type Responses = mpsc::Sender<std::result::Result<RunResponse, Status>>;

/// False if the caller is gone.
pub async fn send(responses: &Responses, response: Response) -> bool {
    responses.send(Ok(RunResponse { response: Some(response) })).await.is_ok()
}

/// Where a caller's requests go.
pub struct Inbox {
    pub stdin: UnboundedSender<Vec<u8>>,
    pub windows: Arc<Windows>,
    pub terminal: Option<End>,
}

impl Inbox {
    /// Reads until the caller closes its side or is gone; the queue of input ends with `close_stdin` or with that. The stream of
    /// replies is kept open until then: ended before, it would take a request that is under way for an error, and the caller
    /// would lose what it has not looked at yet.
    pub async fn read(
        self,
        mut requests: impl Stream<Item = std::result::Result<RunRequest, Status>> + Unpin,
        _open: Responses,
    ) {
        let mut stdin = Some(self.stdin);
        while let Some(Ok(RunRequest { request })) = requests.next().await {
            match request {
                Some(Request::Stdin(data)) => {
                    if let Some(stdin) = &stdin {
                        // input that nobody feeds on any more
                        let _ = stdin.send(data);
                    }
                }
                Some(Request::CloseStdin(_)) => stdin = None,
                Some(Request::Resize(size)) => {
                    if let Some(terminal) = &self.terminal {
                        terminal.resize(size);
                    }
                }
                Some(Request::Taken(taken)) => {
                    self.windows.stdout.acknowledge(taken.stdout);
                    self.windows.stderr.acknowledge(taken.stderr);
                }
                Some(Request::Start(_) | Request::Attach(_)) | None => {}
            }
        }
    }
}

/// Something that takes a process's input.
pub trait Sink {
    /// False if it wants no more.
    fn take(&self, data: &[u8]) -> impl Future<Output = bool> + Send;
}

impl Sink for End {
    async fn take(&self, data: &[u8]) -> bool {
        self.write_all(data).await.is_ok()
    }
}

/// Hands the queue to a sink, which is dropped when either wants no more, and tells the caller what has gone; what nobody wants
/// goes at once.
pub async fn feed(mut queue: UnboundedReceiver<Vec<u8>>, sink: Option<impl Sink>, responses: Responses) {
    let mut sink = sink;
    let mut taken = 0;
    while let Some(data) = queue.recv().await {
        if let Some(open) = &sink
            && !open.take(&data).await
        {
            sink = None;
        }
        taken += data.len() as u64;
        if !send(&responses, Response::StdinTaken(taken)).await {
            return;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::proto::{CloseStdin, OutputTaken};

    fn request(request: Request) -> std::result::Result<RunRequest, Status> {
        Ok(RunRequest { request: Some(request) })
    }

    #[tokio::test(flavor = "current_thread")]
    async fn an_acknowledgement_overtakes_input_that_nobody_reads() {
        let (queue, mut input) = mpsc::unbounded_channel();
        let (responses, _replies) = mpsc::channel(1);
        let windows = Arc::new(Windows::new(4));
        let inbox = Inbox { stdin: queue, windows: Arc::clone(&windows), terminal: None };
        inbox
            .read(
                tokio_stream::iter([
                    request(Request::Stdin(b"input".to_vec())),
                    request(Request::Taken(OutputTaken { stdout: 3, stderr: 1 })),
                    request(Request::CloseStdin(CloseStdin {})),
                    request(Request::Stdin(b"too late".to_vec())),
                ]),
                responses,
            )
            .await;
        assert_eq!((windows.stdout.room(4, 1).await, windows.stderr.room(4, 1).await), (3, 1));
        assert_eq!(input.recv().await.unwrap(), b"input");
        assert_eq!(input.recv().await, None);
    }

    #[tokio::test(flavor = "current_thread")]
    async fn input_that_the_process_does_not_want_is_taken_all_the_same() {
        let (reader, writer) = nix::unistd::pipe().unwrap();
        drop(reader);
        let (queue, input) = mpsc::unbounded_channel();
        let (responses, mut replies) = mpsc::channel(4);
        for data in [b"one".to_vec(), b"four".to_vec()] {
            queue.send(data).unwrap();
        }
        drop(queue);
        feed(input, Some(End::new(writer).unwrap()), responses).await;
        for total in [3, 7] {
            assert_eq!(replies.recv().await.unwrap().unwrap().response, Some(Response::StdinTaken(total)));
        }
    }
}
