//! The Exec service: processes, streams and logs.

use std::pin::Pin;
use std::sync::Arc;

use tokio::sync::mpsc;
use tokio_stream::wrappers::ReceiverStream;
use tokio_stream::{Stream, StreamExt};
use tonic::{Request, Response, Status, Streaming};

use crate::error::Error;
use crate::output::{Next, Output, StreamName};
use crate::process::run;
use crate::proto::exec_server::Exec;
use crate::proto::log_chunk::Stream as ProtoStream;
use crate::proto::logs_response::Response as LogsReply;
use crate::proto::{
    ForwardRequest, ForwardResponse, LogChunk, LogsEnd, LogsOpen, LogsRequest, LogsResponse, RunRequest, RunResponse,
    forward_request, logs_request, run_request,
};
use crate::sandbox::Sandbox;
use crate::stream::{attach, forward};

/// Messages waiting for the connection's window; more would only sit in memory.
const QUEUE: usize = 2;

#[derive(Clone)]
pub struct ExecService {
    sandbox: Arc<Sandbox>,
}

impl ExecService {
    pub fn new(sandbox: Arc<Sandbox>) -> Self {
        Self { sandbox }
    }
}

type Replies<T> = Pin<Box<dyn Stream<Item = std::result::Result<T, Status>> + Send>>;

#[tonic::async_trait]
impl Exec for ExecService {
    type RunStream = Replies<RunResponse>;

    async fn run(
        &self,
        request: Request<Streaming<RunRequest>>,
    ) -> std::result::Result<Response<Self::RunStream>, Status> {
        let mut requests = request.into_inner();
        let Some(run_request::Request::Start(start)) =
            requests.next().await.transpose()?.and_then(|first| first.request)
        else {
            return Err(Error::invalid("the first request of Run must be `start`").into());
        };
        let container = self.sandbox.get(&start.container_id)?;
        let (sender, receiver) = mpsc::channel(QUEUE);
        run::run(container, Arc::clone(&self.sandbox.reaper), start, requests, sender).await?;
        Ok(Response::new(Box::pin(ReceiverStream::new(receiver))))
    }

    type AttachStream = Replies<RunResponse>;

    async fn attach(
        &self,
        request: Request<Streaming<RunRequest>>,
    ) -> std::result::Result<Response<Self::AttachStream>, Status> {
        let mut requests = request.into_inner();
        let Some(run_request::Request::Attach(start)) =
            requests.next().await.transpose()?.and_then(|first| first.request)
        else {
            return Err(Error::invalid("the first request of Attach must be `attach`").into());
        };
        let container = self.sandbox.get(&start.container_id)?;
        let (sender, receiver) = mpsc::channel(QUEUE);
        attach::attach(container, &start, requests, sender)?;
        Ok(Response::new(Box::pin(ReceiverStream::new(receiver))))
    }

    type ForwardStream = Replies<ForwardResponse>;

    async fn forward(
        &self,
        request: Request<Streaming<ForwardRequest>>,
    ) -> std::result::Result<Response<Self::ForwardStream>, Status> {
        let mut requests = request.into_inner();
        let Some(forward_request::Request::Port(port)) =
            requests.next().await.transpose()?.and_then(|first| first.request)
        else {
            return Err(Error::invalid("the first request of Forward must be `port`").into());
        };
        let (sender, receiver) = mpsc::channel(QUEUE);
        forward::forward(port, requests, sender).await?;
        Ok(Response::new(Box::pin(ReceiverStream::new(receiver))))
    }

    type LogsStream = Replies<LogsResponse>;

    async fn logs(
        &self,
        request: Request<Streaming<LogsRequest>>,
    ) -> std::result::Result<Response<Self::LogsStream>, Status> {
        let mut requests = request.into_inner();
        let Some(logs_request::Request::Open(open)) =
            requests.next().await.transpose()?.and_then(|first| first.request)
        else {
            return Err(Error::invalid("the first request of Logs must be `open`").into());
        };
        let output = Arc::clone(&self.sandbox.get(&open.container_id)?.output);
        let (sender, receiver) = mpsc::channel(QUEUE);
        tokio::spawn(acknowledge(requests, Arc::clone(&output), sender.clone()));
        tokio::spawn(send(output, open, sender));
        Ok(Response::new(Box::pin(ReceiverStream::new(receiver))))
    }
}

type LogsReplies = mpsc::Sender<std::result::Result<LogsResponse, Status>>;

/// Keeps the stream of replies open until the caller has closed its side: ended before, it would take an acknowledgement that
/// is under way for an error, and the caller would lose what it has not looked at yet.
async fn acknowledge(mut requests: Streaming<LogsRequest>, output: Arc<Output>, _open: LogsReplies) {
    while let Some(Ok(LogsRequest { request })) = requests.next().await {
        if let Some(logs_request::Request::Ack(ack)) = request {
            output.acknowledge(ack.stdout_offset, ack.stderr_offset);
        }
    }
}

async fn send(output: Arc<Output>, open: LogsOpen, responses: LogsReplies) {
    let (mut stdout, mut stderr) = output.available_from(open.stdout_offset, open.stderr_offset);
    let mut changes = output.watch();
    loop {
        let reply = match output.next(stdout, stderr) {
            Err(error) => {
                let _ = responses.send(Err(error.into())).await;
                return;
            }
            Ok(Next::Pending) => {
                tokio::select! {
                    // the sender lives as long as the output
                    _ = changes.changed() => continue,
                    () = responses.closed() => return,
                }
            }
            Ok(Next::Chunk(name, chunk)) => {
                let (offset, stream) = match name {
                    StreamName::Stdout => (&mut stdout, ProtoStream::Stdout),
                    StreamName::Stderr => (&mut stderr, ProtoStream::Stderr),
                };
                *offset += chunk.data.len() as u64;
                let stream = stream.into();
                LogsReply::Chunk(LogChunk {
                    stream,
                    offset: chunk.offset,
                    read_at_ns: chunk.read_at_ns,
                    data: chunk.data,
                })
            }
            Ok(Next::End { stdout, stderr }) => LogsReply::End(LogsEnd { stdout_bytes: stdout, stderr_bytes: stderr }),
        };
        let last = matches!(reply, LogsReply::End(_));
        if responses.send(Ok(LogsResponse { response: Some(reply) })).await.is_err() || last {
            return;
        }
    }
}
