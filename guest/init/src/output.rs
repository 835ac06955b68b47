//! The output of one container, read into two rings: kept until the log has it and every attached reader has gone past it.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::sync::watch;

use crate::error::Result;
use crate::process::end::End;
use crate::ring::{Chunk, Ring};
use crate::sys;

pub const DEFAULT_RING_BYTES: usize = 1024 * 1024;
/// How long an attached reader may hold a container back without taking anything.
const PATIENCE: Duration = Duration::from_secs(10);

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum StreamName {
    Stdout,
    Stderr,
}

/// Offsets of stdout and stderr.
type Offsets = [u64; 2];

#[derive(Debug)]
struct Stream {
    ring: Ring,
    closed: bool,
}

#[derive(Debug)]
struct State {
    streams: [Stream; 2],
    /// What the daemon has stored.
    stored: Offsets,
    /// Where the attached readers are.
    readers: BTreeMap<u64, Offsets>,
    next_reader: u64,
}

impl State {
    /// Drops what nobody needs any more. True if that made room.
    fn forget(&mut self) -> bool {
        let mut made_room = false;
        for (index, stream) in self.streams.iter_mut().enumerate() {
            let needed = self.readers.values().map(|at| at[index]).fold(self.stored[index], u64::min);
            made_room |= stream.ring.acknowledge(needed);
        }
        made_room
    }
}

/**
 * INVARIANTS
 * - A stream is read only while its ring has room: a container that writes faster than its log is stored, or than an attached
 *   reader takes it, is held back.
 * - `changed` is sent after every change, so whoever waits looks again; nothing polls.
 */
#[derive(Debug)]
pub struct Output {
    state: Mutex<State>,
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
        let state = State { streams: [stream(), stream()], stored: [0; 2], readers: BTreeMap::new(), next_reader: 0 };
        Self { state: Mutex::new(state), changed: watch::Sender::new(()) }
    }

    /// Reads a stream to its end in the background.
    pub fn follow(self: &Arc<Self>, name: StreamName, end: End) {
        let output = Arc::clone(self);
        tokio::spawn(async move {
            if let Err(error) = output.read_all(name, &end).await {
                eprintln!("a3s-init: reading a container's output failed: {error}");
            }
            output.close(name);
        });
    }

    /// A stream that will bring nothing (more).
    pub fn close(&self, name: StreamName) {
        self.state().streams[name as usize].closed = true;
        self.changed.send_replace(());
    }

    /// Watches for changes; look at `next` after each.
    pub fn watch(&self) -> watch::Receiver<()> {
        self.changed.subscribe()
    }

    /// Where a reader can begin that wants these offsets: what was acknowledged is gone, even if it was lost afterwards.
    pub fn available_from(&self, stdout: u64, stderr: u64) -> (u64, u64) {
        let state = self.state();
        let [out, err] = &state.streams;
        (stdout.max(out.ring.base()), stderr.max(err.ring.base()))
    }

    /// What comes next for a reader at these offsets: the older of the two streams' next bytes.
    pub fn next(&self, stdout: u64, stderr: u64) -> Result<Next> {
        let state = self.state();
        let [out, err] = &state.streams;
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
        let mut state = self.state();
        for (index, offset) in [stdout, stderr].into_iter().enumerate() {
            // what is yet to come cannot have been stored
            state.stored[index] = offset.min(state.streams[index].ring.end()).max(state.stored[index]);
        }
        self.forget(state);
    }

    /// Attaches a reader at the end of what there is; it holds back only the streams it wants.
    pub fn reader(self: &Arc<Self>, stdout: bool, stderr: bool) -> Reader {
        let mut state = self.state();
        let id = state.next_reader;
        state.next_reader += 1;
        let at = |name: StreamName, wanted: bool| {
            if wanted { state.streams[name as usize].ring.end() } else { u64::MAX }
        };
        let offsets = [at(StreamName::Stdout, stdout), at(StreamName::Stderr, stderr)];
        state.readers.insert(id, offsets);
        Reader { output: Arc::clone(self), id }
    }

    fn forget(&self, mut state: MutexGuard<'_, State>) {
        let made_room = state.forget();
        drop(state);
        if made_room {
            self.changed.send_replace(());
        }
    }

    async fn read_all(&self, name: StreamName, end: &End) -> std::io::Result<()> {
        let mut changes = self.watch();
        loop {
            let room = self.state().streams[name as usize].ring.room();
            if room == 0 {
                // the sender lives as long as self
                let _ = changes.changed().await;
                continue;
            }
            let data = end.read(room).await?;
            if data.is_empty() {
                return Ok(());
            }
            self.state().streams[name as usize].ring.push(data, sys::realtime_ns());
            self.changed.send_replace(());
        }
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// An attached reader. INVARIANT: what lies beyond its offsets stays in the rings until it has taken it or is dropped.
#[derive(Debug)]
pub struct Reader {
    output: Arc<Output>,
    id: u64,
}

/// What a reader finds in one of its streams.
#[derive(Debug, PartialEq, Eq)]
pub enum Found {
    Data(Vec<u8>),
    Pending,
    End,
}

impl Reader {
    /// The next bytes of a stream, at most `limit`, which are now taken. A stream it does not want is at its end.
    pub fn take(&self, name: StreamName, limit: usize) -> Result<Found> {
        let mut state = self.output.state();
        let at = self.at(&state, name);
        let stream = &state.streams[name as usize];
        if at == u64::MAX {
            return Ok(Found::End);
        }
        let Some(Chunk { mut data, .. }) = stream.ring.read(at)? else {
            return Ok(if stream.closed { Found::End } else { Found::Pending });
        };
        data.truncate(limit);
        if let Some(offsets) = state.readers.get_mut(&self.id) {
            offsets[name as usize] += data.len() as u64;
        }
        self.output.forget(state);
        Ok(Found::Data(data))
    }

    pub fn watch(&self) -> watch::Receiver<()> {
        self.output.watch()
    }

    /// Returns when this reader has held the container back, taking nothing of the stream, for longer than is bearable.
    pub async fn overstays(&self, name: StreamName) {
        let mut changes = self.output.watch();
        loop {
            while !self.holds_back(name) {
                // the sender lives as long as the output
                let _ = changes.changed().await;
            }
            tokio::time::sleep(PATIENCE).await;
            if self.holds_back(name) {
                return;
            }
        }
    }

    /// The ring is full, and nobody needs more of it than this reader.
    fn holds_back(&self, name: StreamName) -> bool {
        let state = self.output.state();
        let ring = &state.streams[name as usize].ring;
        ring.room() == 0 && self.at(&state, name) <= ring.base()
    }

    fn at(&self, state: &State, name: StreamName) -> u64 {
        state.readers.get(&self.id).map_or(u64::MAX, |offsets| offsets[name as usize])
    }
}

impl Drop for Reader {
    fn drop(&mut self) {
        let mut state = self.output.state();
        state.readers.remove(&self.id);
        self.output.forget(state);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::io::Write;

    #[test]
    fn a_reader_that_is_late_begins_where_the_ring_does() {
        let output = Output::new(8);
        output.state().streams[0].ring.push(b"abcdef".to_vec(), 1);
        output.acknowledge(4, 0);
        assert_eq!(output.available_from(1, 0), (4, 0));
        assert_eq!(output.available_from(5, 0), (5, 0));
    }

    /// An output whose stdout is a pipe that holds (or will hold) `text`, and whose stderr has ended.
    fn following(ring_bytes: usize, text: &'static [u8]) -> Arc<Output> {
        let output = Arc::new(Output::new(ring_bytes));
        let (reader, writer) = nix::unistd::pipe2(nix::fcntl::OFlag::O_CLOEXEC).unwrap();
        output.follow(StreamName::Stdout, End::new(reader).unwrap());
        output.close(StreamName::Stderr);
        std::fs::File::from(writer).write_all(text).unwrap();
        output
    }

    /// Stores the log as the daemon does, to the end; what it was.
    async fn store(output: &Output) -> Vec<u8> {
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
                    assert_eq!((stdout, stderr), (at, 0));
                    return seen;
                }
            }
        }
    }

    #[tokio::test(flavor = "current_thread")]
    async fn a_full_ring_holds_the_writer_back_until_it_is_stored() {
        let output = following(8, b"0123456789abcdef");
        assert_eq!(store(&output).await, b"0123456789abcdef");
    }

    #[tokio::test(flavor = "current_thread")]
    async fn an_attached_reader_gets_every_byte_although_the_log_is_ahead_of_it() {
        let output = following(8, b"0123456789abcdef");
        let reader = output.reader(true, true);
        let stored = Arc::clone(&output);
        let log = tokio::spawn(async move { store(&stored).await });
        let (mut seen, mut changes) = (Vec::new(), reader.watch());
        loop {
            match reader.take(StreamName::Stdout, 3).unwrap() {
                Found::Data(data) => seen.extend(data),
                Found::Pending => changes.changed().await.unwrap(),
                Found::End => break,
            }
        }
        assert_eq!(reader.take(StreamName::Stderr, 3).unwrap(), Found::End);
        assert_eq!(
            (seen.as_slice(), log.await.unwrap().as_slice()),
            (&b"0123456789abcdef"[..], &b"0123456789abcdef"[..])
        );
    }

    #[tokio::test(flavor = "current_thread", start_paused = true)]
    async fn a_reader_that_takes_nothing_overstays_only_while_it_holds_the_container_back() {
        let output = following(8, b"0123456789abcdef");
        let reader = output.reader(true, false);
        let log = tokio::spawn({
            let output = Arc::clone(&output);
            async move { store(&output).await }
        });
        let started = tokio::time::Instant::now();
        reader.overstays(StreamName::Stdout).await;
        assert!(started.elapsed() >= PATIENCE);
        assert!(!log.is_finished());
        drop(reader);
        assert_eq!(log.await.unwrap(), b"0123456789abcdef");

        let roomy = following(64, b"short");
        let reader = roomy.reader(true, false);
        assert_eq!(store(&roomy).await, b"short");
        let patience = tokio::time::timeout(PATIENCE * 100, reader.overstays(StreamName::Stdout));
        assert!(patience.await.is_err());
    }

    #[test]
    fn a_reader_begins_at_the_end_and_holds_only_what_it_wants() {
        let output = Arc::new(Output::new(8));
        let push = |name: StreamName, text: &[u8]| output.state().streams[name as usize].ring.push(text.to_vec(), 0);
        push(StreamName::Stdout, b"before");
        let reader = output.reader(true, false);
        push(StreamName::Stdout, b"12");
        push(StreamName::Stderr, b"err");
        output.acknowledge(8, 3);
        let room = |name: StreamName| output.state().streams[name as usize].ring.room();
        assert_eq!((room(StreamName::Stdout), room(StreamName::Stderr)), (6, 8));
        assert_eq!(reader.take(StreamName::Stderr, 8).unwrap(), Found::End);
        assert_eq!(reader.take(StreamName::Stdout, 1).unwrap(), Found::Data(b"1".to_vec()));
        assert_eq!(reader.take(StreamName::Stdout, 8).unwrap(), Found::Data(b"2".to_vec()));
        assert_eq!(reader.take(StreamName::Stdout, 8).unwrap(), Found::Pending);
        assert_eq!(room(StreamName::Stdout), 8);
    }
}
