//! The agent's end of a process's stream: of a pipe, or the master side of a terminal.

use std::cell::RefCell;
use std::io;
use std::os::fd::{AsRawFd, OwnedFd};
use std::sync::Arc;

use nix::errno::Errno;
use nix::fcntl::{FcntlArg, OFlag, fcntl};
use tokio::io::unix::AsyncFd;

use crate::error::{Context, Result};
use crate::proto::TerminalSize;

/// The largest piece read at once and sent in one message: what a pipe holds, less the room that makes the message end with an HTTP/2
/// frame of 16 KiB and fit a connection's window of 64 KiB.
pub const CHUNK: usize = 64 * 1024 - 64;

thread_local! {
    /// One thread reads everything: it needs one buffer, and need not clear it each time.
    static BUFFER: RefCell<Vec<u8>> = RefCell::new(vec![0; CHUNK]);
}

/// Clones are the same end, which is closed with the last of them.
#[derive(Debug, Clone)]
pub struct End(Arc<AsyncFd<OwnedFd>>);

impl End {
    pub fn new(fd: OwnedFd) -> Result<Self> {
        let what = "cannot watch a stream of a process";
        let flags = OFlag::from_bits_retain(fcntl(&fd, FcntlArg::F_GETFL).context(what)?);
        fcntl(&fd, FcntlArg::F_SETFL(flags | OFlag::O_NONBLOCK)).context(what)?;
        // SAFETY: an OwnedFd names one open file for as long as it lives, and nothing takes it out of the AsyncFd.
        let watched = unsafe { AsyncFd::register(fd) };
        Ok(Self(Arc::new(watched.context(what)?)))
    }

    /// Waits for bytes, at most `limit` (and CHUNK) of them; none at the end.
    pub async fn read(&self, limit: usize) -> io::Result<Vec<u8>> {
        loop {
            let mut ready = self.0.readable().await?;
            if let Ok(result) = ready.try_io(|fd| read(fd.get_ref(), limit)) {
                return result;
            }
        }
    }

    /// What is there now (WouldBlock if nothing). It asks the kernel: the event loop may not have heard of the last bytes yet.
    pub fn read_now(&self, limit: usize) -> io::Result<Vec<u8>> {
        read(self.0.get_ref(), limit)
    }

    pub async fn write_all(&self, mut data: &[u8]) -> io::Result<()> {
        while !data.is_empty() {
            let mut ready = self.0.writable().await?;
            if let Ok(result) = ready.try_io(|fd| nix::unistd::write(fd.get_ref(), data).map_err(io::Error::from)) {
                data = &data[result?..];
            }
        }
        Ok(())
    }

    /// Sets a terminal's size; its foreground process group gets SIGWINCH. What the kernel refuses stays as it was.
    pub fn resize(&self, size: TerminalSize) {
        let cells = |count: u32| u16::try_from(count).unwrap_or(u16::MAX);
        let size = libc::winsize { ws_row: cells(size.rows), ws_col: cells(size.columns), ws_xpixel: 0, ws_ypixel: 0 };
        // SAFETY: TIOCSWINSZ reads a winsize, which outlives the call.
        if unsafe { libc::ioctl(self.0.as_raw_fd(), libc::TIOCSWINSZ, &raw const size) } < 0 {
            eprintln!("a3s-init: cannot resize a terminal: {}", io::Error::last_os_error());
        }
    }
}

fn read(fd: &OwnedFd, limit: usize) -> io::Result<Vec<u8>> {
    BUFFER.with_borrow_mut(|buffer| {
        let room = limit.min(CHUNK);
        match nix::unistd::read(fd, &mut buffer[..room]) {
            // what is kept must not cost more than it says
            Ok(length) => Ok(buffer[..length].to_vec()),
            // a terminal that no process holds open any more (pty(7))
            Err(Errno::EIO) => Ok(Vec::new()),
            Err(error) => Err(error.into()),
        }
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use nix::pty::openpty;

    #[tokio::test(flavor = "current_thread")]
    async fn a_pipe_is_read_to_its_end() {
        let (reader, writer) = nix::unistd::pipe().unwrap();
        let (reader, writer) = (End::new(reader).unwrap(), End::new(writer).unwrap());
        assert_eq!(reader.read_now(10).unwrap_err().kind(), io::ErrorKind::WouldBlock);
        let all: Vec<u8> = (0..300_000u32).map(|value| value as u8).collect();
        let sent = all.clone();
        tokio::spawn(async move { writer.write_all(&sent).await.unwrap() });
        let mut seen = Vec::new();
        loop {
            let data = reader.read(usize::MAX).await.unwrap();
            if data.is_empty() {
                break;
            }
            assert!(data.len() <= CHUNK && data.capacity() <= CHUNK);
            seen.extend(data);
        }
        assert_eq!(seen, all);
    }

    #[tokio::test(flavor = "current_thread")]
    async fn a_terminal_has_a_size_and_ends_with_its_last_process() {
        let pty = openpty(None, None).unwrap();
        let master = End::new(pty.master).unwrap();
        master.resize(TerminalSize { columns: 100, rows: 40 });
        // SAFETY: TIOCGWINSZ writes a winsize, which outlives the call.
        let seen = unsafe {
            let mut size: libc::winsize = std::mem::zeroed();
            assert_eq!(libc::ioctl(pty.slave.as_raw_fd(), libc::TIOCGWINSZ, &raw mut size), 0);
            (size.ws_col, size.ws_row)
        };
        assert_eq!(seen, (100, 40));
        nix::unistd::write(&pty.slave, b"last words").unwrap();
        drop(pty.slave);
        assert_eq!(master.read(100).await.unwrap(), b"last words");
        assert_eq!(master.read(100).await.unwrap(), b"");
    }
}
