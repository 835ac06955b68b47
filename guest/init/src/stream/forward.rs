//! Exec.Forward: a TCP connection to a port of the pod.

use std::io;
use std::net::{Ipv4Addr, Ipv6Addr};
use std::sync::atomic::{AtomicBool, Ordering};

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::net::tcp::{OwnedReadHalf, OwnedWriteHalf};
use tokio::sync::mpsc;
use tokio_stream::{Stream, StreamExt};
use tonic::Status;

use crate::error::{Error, Result};
use crate::process::end::CHUNK;
use crate::proto::forward_request::Request;
use crate::proto::forward_response::Response;
use crate::proto::{ForwardEnd, ForwardRequest, ForwardResponse};

pub type Responses = mpsc::Sender<std::result::Result<ForwardResponse, Status>>;

/// Connects, then copies both ways in the background. INVALID_ARGUMENT if nothing listens.
pub async fn forward(
    port: u32,
    requests: impl Stream<Item = std::result::Result<ForwardRequest, Status>> + Send + Unpin + 'static,
    responses: Responses,
) -> Result<()> {
    let connection = connect(port).await?;
    // keystrokes may go through it
    if let Err(error) = connection.set_nodelay(true) {
        eprintln!("a3s-init: forwarded port {port}: {error}");
    }
    let (from_pod, to_pod) = connection.into_split();
    tokio::spawn(async move {
        let ended = AtomicBool::new(false);
        let down = async {
            receive(from_pod, &responses).await?;
            ended.store(true, Ordering::Relaxed);
            Ok(())
        };
        let up = async {
            match send(requests, to_pod).await {
                // the pod has said all and closed: what still comes is lost as it is on any connection
                Err(_) if ended.load(Ordering::Relaxed) => Ok(()),
                outcome => outcome,
            }
        };
        let both = async { tokio::try_join!(down, up) };
        let outcome = tokio::select! {
            outcome = both => outcome,
            () = responses.closed() => return,
        };
        if let Err(error) = outcome {
            let error = Error::invalid(format!("the connection to port {port} of the pod broke: {error}"));
            // the caller may be gone
            let _ = responses.send(Err(error.into())).await;
        }
    });
    Ok(())
}

/// localhost as the pod's programs know it: IPv4 first.
async fn connect(port: u32) -> Result<TcpStream> {
    let number = u16::try_from(port).map_err(|_| Error::invalid(format!("{port} is no TCP port")))?;
    let refused = match TcpStream::connect((Ipv4Addr::LOCALHOST, number)).await {
        Ok(connection) => return Ok(connection),
        Err(error) => error,
    };
    // the first refusal says more: a pod need not have IPv6 at all
    TcpStream::connect((Ipv6Addr::LOCALHOST, number))
        .await
        .map_err(|_| Error::invalid(format!("cannot connect to port {port} of the pod: {refused}")))
}

/// The pod's bytes to their end.
async fn receive(mut from_pod: OwnedReadHalf, responses: &Responses) -> io::Result<()> {
    let gone = |_| io::Error::from(io::ErrorKind::BrokenPipe);
    let mut buffer = vec![0; CHUNK];
    loop {
        let length = from_pod.read(&mut buffer).await?;
        let response =
            if length == 0 { Response::End(ForwardEnd {}) } else { Response::Data(buffer[..length].to_vec()) };
        responses.send(Ok(ForwardResponse { response: Some(response) })).await.map_err(gone)?;
        if length == 0 {
            return Ok(());
        }
    }
}

/// The caller's bytes until it closes its side; then the pod sees their end.
async fn send(
    mut requests: impl Stream<Item = std::result::Result<ForwardRequest, Status>> + Unpin,
    mut to_pod: OwnedWriteHalf,
) -> io::Result<()> {
    while let Some(request) = requests.next().await {
        if let Some(Request::Data(data)) = request.map_err(io::Error::other)?.request {
            to_pod.write_all(&data).await?;
        }
    }
    to_pod.shutdown().await
}

#[cfg(test)]
mod tests {
    use super::*;
    use tokio::net::TcpListener;
    use tokio_stream::wrappers::ReceiverStream;

    fn data(bytes: &[u8]) -> std::result::Result<ForwardRequest, Status> {
        Ok(ForwardRequest { request: Some(Request::Data(bytes.to_vec())) })
    }

    #[tokio::test(flavor = "current_thread")]
    async fn each_direction_ends_by_itself() {
        let listener = TcpListener::bind((Ipv6Addr::LOCALHOST, 0)).await.unwrap();
        let port = listener.local_addr().unwrap().port();
        let (requests, incoming) = mpsc::channel(4);
        let (responses, mut replies) = mpsc::channel(4);
        let accepted = tokio::spawn(async move { listener.accept().await.unwrap().0 });
        forward(port.into(), ReceiverStream::new(incoming), responses).await.unwrap();
        let mut pod = accepted.await.unwrap();
        requests.send(data(b"question")).await.unwrap();
        drop(requests);
        let mut question = Vec::new();
        pod.read_to_end(&mut question).await.unwrap();
        assert_eq!(question, b"question");
        pod.write_all(b"answer").await.unwrap();
        drop(pod);
        let mut next = async || replies.recv().await.map(|reply| reply.unwrap().response.unwrap());
        assert_eq!(next().await, Some(Response::Data(b"answer".to_vec())));
        assert_eq!(next().await, Some(Response::End(ForwardEnd {})));
        assert_eq!(next().await, None);
    }

    #[tokio::test(flavor = "current_thread")]
    async fn a_port_on_which_nobody_listens_is_named() {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await.unwrap();
        let port = listener.local_addr().unwrap().port();
        drop(listener);
        for port in [u32::from(port), 70_000] {
            let (responses, _replies) = mpsc::channel(1);
            let refused = forward(port, tokio_stream::empty(), responses).await.unwrap_err();
            assert!(refused.message().contains(&port.to_string()), "{refused}");
        }
    }

    #[tokio::test(flavor = "current_thread")]
    async fn a_caller_that_is_gone_closes_the_connection() {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await.unwrap();
        let port = listener.local_addr().unwrap().port();
        let (_requests, incoming) = mpsc::channel(1);
        let (responses, replies) = mpsc::channel(1);
        forward(port.into(), ReceiverStream::new(incoming), responses).await.unwrap();
        let (mut pod, _) = listener.accept().await.unwrap();
        drop(replies);
        assert_eq!(pod.read(&mut [0; 1]).await.unwrap(), 0);
    }
}
