//! Messages that wait: for their predecessors, or for room in a worker's ring.

use std::collections::VecDeque;

use holdfast_engine::time::Instant;

/// Messages of a stream that wait at most.
pub(super) const HELD_DATAGRAMS_MAX: usize = 64;

#[derive(Debug)]
pub(super) struct Held {
    pub(super) sequence: u64,
    pub(super) arrived_at: Instant,
    pub(super) message: Vec<u8>,
}

/// Sorted by number, each number once.
#[derive(Debug, Default)]
pub(super) struct Reorder {
    held: VecDeque<Held>,
    /// Buffers to use again.
    spare: Vec<Vec<u8>>,
}

impl Reorder {
    pub(super) fn len(&self) -> usize {
        self.held.len()
    }

    pub(super) fn is_full(&self) -> bool {
        self.held.len() >= HELD_DATAGRAMS_MAX
    }

    pub(super) fn first(&self) -> Option<&Held> {
        self.held.front()
    }

    /// Keeps a copy of a message; one that is there already is ignored.
    pub(super) fn insert(&mut self, now: Instant, sequence: u64, message: &[u8]) {
        if let Err(at) = self.held.binary_search_by_key(&sequence, |held| held.sequence) {
            let mut buffer = self.spare.pop().unwrap_or_default();
            buffer.clear();
            buffer.extend_from_slice(message);
            self.held.insert(at, Held { sequence, arrived_at: now, message: buffer });
        }
    }

    /// Drops the first message.
    pub(super) fn remove_first(&mut self) {
        if let Some(held) = self.held.pop_front() {
            self.spare.push(held.message);
        }
    }
}
