//! A connection from the host.

use std::io;
use std::pin::Pin;
use std::task::{Context, Poll};

use tokio::io::{AsyncRead, AsyncWrite, BufWriter, ReadBuf};
use tokio_vsock::VsockStream;
use tonic::transport::server::Connected;

/// An HTTP/2 frame, as long as peers take them (RFC 9113, section 4.2: 16 KiB and a head), and small ones beside it.
const BUFFER: usize = 17 * 1024;

/**
 * Each write to a vsock connection is a packet, which the VMM is called for and answers with an interrupt. h2 writes the beginning of
 * a frame and its rest apart, so they are put together here; it flushes after each frame.
 */
pub struct Connection(BufWriter<VsockStream>);

impl Connection {
    pub fn new(stream: VsockStream) -> Self {
        Self(BufWriter::with_capacity(BUFFER, stream))
    }
}

impl AsyncRead for Connection {
    fn poll_read(mut self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.0).poll_read(cx, buf)
    }
}

impl AsyncWrite for Connection {
    fn poll_write(mut self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &[u8]) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.0).poll_write(cx, buf)
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.0).poll_flush(cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.0).poll_shutdown(cx)
    }
}

impl Connected for Connection {
    type ConnectInfo = ();

    fn connect_info(&self) {}
}
