//! The gRPC server on three vsock ports.

use std::sync::Arc;

use tokio_stream::{Stream, StreamExt};
use tokio_vsock::{VMADDR_CID_ANY, VMADDR_CID_HOST, VsockAddr, VsockListener, VsockStream};
use tonic::metadata::MetadataMap;
use tonic::service::Interceptor;
use tonic::service::interceptor::InterceptedService;
use tonic::transport::Server;
use tonic::{Request, Status};

use crate::connection::Connection;
use crate::control::ControlService;
use crate::error::{Context, Result};
use crate::exec_service::ExecService;
use crate::proto::control_server::ControlServer;
use crate::proto::exec_server::ExecServer;
use crate::sandbox::Sandbox;

const CONTROL_PORT: u32 = 4088;
const EXEC_PORT: u32 = 4089;
const TERMINAL_PORT: u32 = 4090;
const TOKEN_KEY: &str = "a3s-token";
/// Bytes in flight must fit the Unix socket behind the host's end of vsock, or the VMM's event thread blocks.
const WINDOW: u32 = 64 * 1024 - 1;
const MAX_MESSAGE: usize = 16 * 1024 * 1024;

/// Refuses calls without the token of this boot.
#[derive(Clone)]
struct TokenCheck {
    token: Arc<str>,
}

impl Interceptor for TokenCheck {
    fn call(&mut self, request: Request<()>) -> std::result::Result<Request<()>, Status> {
        if carries(request.metadata(), &self.token) {
            Ok(request)
        } else {
            Err(Status::unauthenticated("the call does not carry this boot's token"))
        }
    }
}

fn carries(metadata: &MetadataMap, token: &str) -> bool {
    metadata.get(TOKEN_KEY).is_some_and(|given| equal(given.as_bytes(), token.as_bytes()))
}

/// Compares without telling by its time where the first difference is.
fn equal(a: &[u8], b: &[u8]) -> bool {
    a.len() == b.len() && a.iter().zip(b).fold(0, |difference, (x, y)| difference | (x ^ y)) == 0
}

/// The listeners; when this returns, the host can connect.
pub struct Listeners {
    control: VsockListener,
    exec: VsockListener,
    terminal: VsockListener,
}

impl Listeners {
    pub fn bind() -> Result<Self> {
        let bind = |port| {
            VsockListener::bind(VsockAddr::new(VMADDR_CID_ANY, port))
                .context(format!("cannot listen on vsock port {port}"))
        };
        Ok(Self { control: bind(CONTROL_PORT)?, exec: bind(EXEC_PORT)?, terminal: bind(TERMINAL_PORT)? })
    }

    /// Serves until a listener fails.
    pub async fn serve(self, sandbox: Arc<Sandbox>, token: &str) -> Result<()> {
        let check = TokenCheck { token: token.into() };
        let control =
            ControlServer::new(ControlService::new(Arc::clone(&sandbox))).max_decoding_message_size(MAX_MESSAGE);
        let exec = ExecServer::new(ExecService::new(sandbox)).max_decoding_message_size(MAX_MESSAGE);
        let exec = InterceptedService::new(exec, check.clone());
        let control =
            builder().add_service(InterceptedService::new(control, check)).serve_with_incoming(from_host(self.control));
        let terminal = builder().add_service(exec.clone()).serve_with_incoming(from_host(self.terminal));
        let exec = builder().add_service(exec).serve_with_incoming(from_host(self.exec));
        tokio::try_join!(control, exec, terminal).context("the agent's server failed")?;
        Ok(())
    }
}

fn builder() -> Server {
    Server::builder().initial_stream_window_size(WINDOW).initial_connection_window_size(WINDOW)
}

/// A container can reach these ports through vsock's loopback: only the host's connections are taken.
fn from_host(listener: VsockListener) -> impl Stream<Item = std::io::Result<Connection>> {
    let is_host = |stream: &VsockStream| stream.peer_addr().is_ok_and(|peer| peer.cid() == VMADDR_CID_HOST);
    listener.incoming().filter_map(move |connection| match connection {
        Ok(stream) => is_host(&stream).then(|| Ok(Connection::new(stream))),
        Err(error) => Some(Err(error)),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_token_itself_will_do() {
        let mut metadata = MetadataMap::new();
        assert!(!carries(&metadata, "abc"));
        for (given, good) in [("abc", true), ("abd", false), ("ab", false), ("abcd", false)] {
            metadata.insert(TOKEN_KEY, given.parse().unwrap());
            assert_eq!(carries(&metadata, "abc"), good, "{given}");
        }
    }
}
