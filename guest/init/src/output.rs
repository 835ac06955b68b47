//! The output of one container: two pipes, read into two rings.

use std::io::ErrorKind;
use std::os::fd::OwnedFd;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use tokio::net::unix::pipe::Receiver;
use tokio::sync::watch;

use crate::error::{Context, Result};
use crate::ring::{CHUNK, Chunk, Ring};
use crate::sys;

pub const DEFAULT_RING_BYTES: usize = 1024 * 1024;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum StreamName {
    Stdout,
    Stderr,
}

#[derive(Debug)]
struct Stream {
    ring: Ring,
    closed: bool,
}

/**
 * INVARIANTS
 * - A pipe is read only while its ring has room: a container that writes faster than its log is stored is held back.
 * - `changed` is sent after every change, so whoever waits looks again; nothing polls.
 */
#[derive(Debug)]
pub struct Output {
    streams: Mutex<[Stream; 2]>,
    changed: watch::Sender<()>,
}

/// What a reader of the output finds.
pub enum Next {
    Chunk(StreamName, Chunk),
    /// Nothing now; wait for a change.
    Pending,
    /// Both streams have ended and everything was read; how long they were.
    End {
        stdout: u64,
        stderr: u64,
    },
}

impl Output {
    pub fn new(ring_bytes: usize) -> Self {
        let stream = || Stream { ring: Ring::new(ring_bytes), closed: false };
        Self { streams: Mutex::new([stream(), stream()]), changed: watch::Sender::new(()) }
    }

    /// Reads a pipe to its end in the background.
    pub fn follow(self: &Arc<Self>, name: StreamName, pipe: OwnedFd) -> Result<()> {
        let pipe = Receiver::from_owned_fd(pipe).context("cannot read a container's output")?;
        let output = Arc::clone(self);
        tokio::spawn(async move {
            if let Err(error) = output.read_all(name, &pipe).await {
                eprintln!("a3s-init: reading a container's output failed: {error}");
            }
            output.close(name);
        });
        Ok(())
    }

    /// A stream that will bring nothing (more).
    pub fn close(&self, name: StreamName) {
        self.streams()[name as usize].closed = true;
        self.changed.send_replace(());
    }

    /// Watches for changes; look at `next` after each.
    pub fn watch(&self) -> watch::Receiver<()> {
        self.changed.subscribe()
    }

    /// Where a reader can begin that wants these offsets: what was acknowledged is gone, even if it was lost afterwards.
    pub fn available_from(&self, stdout: u64, stderr: u64) -> (u64, u64) {
        let streams = self.streams();
        let [out, err] = &*streams;
        (stdout.max(out.ring.base()), stderr.max(err.ring.base()))
    }

    /// What comes next for a reader at these offsets: the older of the two streams' next bytes.
    pub fn next(&self, stdout: u64, stderr: u64) -> Result<Next> {
        let streams = self.streams();
        let [out, err] = &*streams;
        let next = match (out.ring.read(stdout)?, err.ring.read(stderr)?) {
            (Some(a), Some(b)) if b.read_at_ns < a.read_at_ns => Next::Chunk(StreamName::Stderr, b),
            (Some(a), _) => Next::Chunk(StreamName::Stdout, a),
            (None, Some(b)) => Next::Chunk(StreamName::Stderr, b),
            (None, None) if out.closed && err.closed => Next::End { stdout: out.ring.end(), stderr: err.ring.end() },
            (None, None) => Next::Pending,
        };
        Ok(next)
    }

    /// The daemon has stored everything below these offsets.
    pub fn acknowledge(&self, stdout: u64, stderr: u64) {
        let mut streams = self.streams();
        let [out, err] = &mut *streams;
        let made_room = out.ring.acknowledge(stdout) | err.ring.acknowledge(stderr);
        drop(streams);
        if made_room {
            self.changed.send_replace(());
        }
    }

    async fn read_all(&self, name: StreamName, pipe: &Receiver) -> std::io::Result<()> {
        let mut changes = self.watch();
        loop {
            let room = self.streams()[name as usize].ring.room();
            if room == 0 {
                // the sender lives as long as self
                let _ = changes.changed().await;
                continue;
            }
            pipe.readable().await?;
            let mut data = vec![0; room.min(CHUNK)];
            match pipe.try_read(&mut data) {
                Ok(0) => return Ok(()),
                Ok(length) => {
                    data.truncate(length);
                    self.streams()[name as usize].ring.push(data, sys::realtime_ns());
                    self.changed.send_replace(());
                }
                Err(error) if error.kind() == ErrorKind::WouldBlock => {}
                Err(error) => return Err(error),
            }
        }
    }

    fn streams(&self) -> MutexGuard<'_, [Stream; 2]> {
        self.streams.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::io::Write;

    #[test]
    fn a_reader_that_is_late_begins_where_the_ring_does() {
        let output = Output::new(8);
        output.streams()[0].ring.push(b"abcdef".to_vec(), 1);
        output.acknowledge(4, 0);
        assert_eq!(output.available_from(1, 0), (4, 0));
        assert_eq!(output.available_from(5, 0), (5, 0));
    }

    #[tokio::test(flavor = "current_thread")]
    async fn a_full_ring_holds_the_writer_back_until_it_is_stored() {
        let output = Arc::new(Output::new(8));
        let (reader, writer) = nix::unistd::pipe2(nix::fcntl::OFlag::O_CLOEXEC).unwrap();
        output.follow(StreamName::Stdout, reader).unwrap();
        output.close(StreamName::Stderr);
        std::fs::File::from(writer).write_all(b"0123456789abcdef").unwrap();
        let (mut at, mut seen, mut changes) = (0u64, Vec::new(), output.watch());
        loop {
            match output.next(at, 0).unwrap() {
                Next::Chunk(_, chunk) => {
                    assert!(chunk.data.len() <= 8);
                    at += chunk.data.len() as u64;
                    seen.extend(chunk.data);
                    output.acknowledge(at, 0);
                }
                Next::Pending => changes.changed().await.unwrap(),
                Next::End { stdout, stderr } => {
                    assert_eq!((stdout, stderr), (16, 0));
                    break;
                }
            }
        }
        assert_eq!(seen, b"0123456789abcdef");
    }
}
