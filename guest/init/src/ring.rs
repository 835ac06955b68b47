//! A bounded buffer of one output stream: what was read and when, kept until the daemon has stored it.

use std::collections::VecDeque;

use crate::error::{Error, Result};
use crate::process::end::CHUNK;

/// Each piece costs memory beside its bytes. More than the bytes of one log line, which is acknowledged as a whole: a container
/// that writes a line byte by byte must not be held back before the line's end.
const MAX_PIECES: usize = 64 * 1024;

#[derive(Debug)]
struct Piece {
    offset: u64,
    data: Vec<u8>,
    read_at_ns: i64,
}

impl Piece {
    fn end(&self) -> u64 {
        self.offset + self.data.len() as u64
    }
}

/// Bytes with a time, at an offset of the stream.
#[derive(Debug, PartialEq, Eq)]
pub struct Chunk {
    pub offset: u64,
    pub read_at_ns: i64,
    pub data: Vec<u8>,
}

/// INVARIANTS
/// - `base` is the offset of the first byte kept, `end` that of the next byte to come, and `end - base` never exceeds the
///   capacity (what arrives is asked for with `room`).
/// - The pieces are not empty and lie one after the other, from `base` to `end`.
#[derive(Debug)]
pub struct Ring {
    pieces: VecDeque<Piece>,
    base: u64,
    end: u64,
    capacity: usize,
}

impl Ring {
    pub fn new(capacity: usize) -> Self {
        Self { pieces: VecDeque::new(), base: 0, end: 0, capacity }
    }

    pub fn base(&self) -> u64 {
        self.base
    }

    pub fn end(&self) -> u64 {
        self.end
    }

    /// How many bytes may be pushed now.
    pub fn room(&self) -> usize {
        if self.pieces.len() >= MAX_PIECES {
            return 0;
        }
        self.capacity.saturating_sub((self.end - self.base) as usize)
    }

    pub fn push(&mut self, data: Vec<u8>, read_at_ns: i64) {
        if data.is_empty() {
            return;
        }
        let offset = self.end;
        self.end += data.len() as u64;
        self.pieces.push_back(Piece { offset, data, read_at_ns });
    }

    /// The bytes from `offset` to the end of the piece that holds it (at most CHUNK), None at the end of the stream so far;
    /// INVALID_ARGUMENT for an offset that was dropped or is yet to come.
    pub fn read(&self, offset: u64) -> Result<Option<Chunk>> {
        if offset < self.base || offset > self.end {
            return Err(Error::invalid(format!("log offset {offset} is not between {} and {}", self.base, self.end)));
        }
        let index = self.pieces.partition_point(|piece| piece.end() <= offset);
        Ok(self.pieces.get(index).map(|piece| {
            let data = &piece.data[(offset - piece.offset) as usize..];
            Chunk { offset, read_at_ns: piece.read_at_ns, data: data[..data.len().min(CHUNK)].to_vec() }
        }))
    }

    /// Drops what lies before `offset`; offsets beyond the end are taken as the end. True if that made room.
    pub fn acknowledge(&mut self, offset: u64) -> bool {
        let before = self.base;
        self.base = offset.clamp(self.base, self.end);
        while self.pieces.front().is_some_and(|piece| piece.end() <= self.base) {
            self.pieces.pop_front();
        }
        if let Some(first) = self.pieces.front_mut()
            && first.offset < self.base
        {
            first.data.drain(..(self.base - first.offset) as usize);
            first.offset = self.base;
        }
        self.base > before
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn filled() -> Ring {
        let mut ring = Ring::new(10);
        ring.push(b"abc".to_vec(), 1);
        ring.push(b"defg".to_vec(), 2);
        ring
    }

    #[test]
    fn reads_by_offset_with_times() {
        let ring = filled();
        assert_eq!(ring.read(1).unwrap(), Some(Chunk { offset: 1, read_at_ns: 1, data: b"bc".to_vec() }));
        assert_eq!(ring.read(3).unwrap(), Some(Chunk { offset: 3, read_at_ns: 2, data: b"defg".to_vec() }));
        assert_eq!(ring.read(7).unwrap(), None);
        assert!(ring.read(8).is_err());
    }

    #[test]
    fn acknowledging_makes_room_and_forgets() {
        let mut ring = filled();
        assert_eq!(ring.room(), 3);
        assert!(ring.acknowledge(4));
        assert_eq!(ring.room(), 7);
        assert!(ring.read(3).is_err());
        assert_eq!(ring.read(4).unwrap(), Some(Chunk { offset: 4, read_at_ns: 2, data: b"efg".to_vec() }));
        assert!(!ring.acknowledge(2));
        assert!(ring.acknowledge(99));
        assert_eq!((ring.room(), ring.end()), (10, 7));
    }

    #[test]
    fn gives_every_byte_once_whatever_the_steps() {
        // a small linear congruential generator: the same steps at every run
        let mut state = 7u64;
        let mut next = |limit: u64| {
            state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
            (state >> 33) % limit
        };
        let (mut ring, mut sent, mut received, mut stored) = (Ring::new(64), 0u64, 0u64, 0u64);
        for _ in 0..10_000 {
            match next(3) {
                0 => {
                    let room = ring.room() as u64;
                    let count = if room == 0 { 0 } else { next(room) + 1 };
                    ring.push((sent..sent + count).map(|value| value as u8).collect(), 0);
                    sent += count;
                }
                1 => {
                    while let Some(chunk) = ring.read(received).unwrap() {
                        for byte in chunk.data {
                            assert_eq!(byte, received as u8);
                            received += 1;
                        }
                    }
                }
                _ => {
                    stored += next(received - stored + 1);
                    ring.acknowledge(stored);
                }
            }
            assert!(ring.room() <= 64);
        }
        assert!(received > 10_000);
    }

    #[test]
    fn many_small_pieces_are_found_and_bounded() {
        let mut ring = Ring::new(1024 * 1024);
        let mut pushed = 0;
        while ring.room() > 0 {
            ring.push(vec![pushed as u8], pushed as i64);
            pushed += 1;
        }
        assert_eq!(pushed, MAX_PIECES);
        for offset in [0, 1, 40_000, MAX_PIECES as u64 - 1] {
            let chunk = Chunk { offset, read_at_ns: offset as i64, data: vec![offset as u8] };
            assert_eq!(ring.read(offset).unwrap(), Some(chunk));
        }
        assert!(ring.acknowledge(1));
        assert_eq!(ring.room(), 1024 * 1024 - MAX_PIECES + 1);
    }

    #[test]
    fn hands_out_no_more_than_a_chunk() {
        let mut ring = Ring::new(100_000);
        ring.push(vec![0; 70_000], 0);
        assert_eq!(ring.read(0).unwrap().unwrap().data.len(), CHUNK);
        assert_eq!(ring.read(65_536).unwrap().unwrap().data.len(), 70_000 - 65_536);
    }
}
