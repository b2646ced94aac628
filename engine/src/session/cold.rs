//! A session's cold row: what no packet needs in order to be judged.
//!
//! | word | content |
//! | ---: | --- |
//! | 0 | `next` (lower half) and `prev` (upper half) in a wheel's list, or in the list of free slots |
//! | 1 | rule that admitted the session (lower) · tick of its creation (upper) |
//! | 2–3 | per direction: bytes, lower 48 bits · packets, lower 16 bits (above) |
//! | 4 | per direction, original lower: bytes, upper 8 bits · packets, upper 24 bits (above) |
//! | 5 | position in the index (lower) · birth: which session of its key (upper) |
//!
//! Counting a packet is one addition to one word, which is enough 65,535 times of 65,536; only a carry goes to
//! word 4. A row is 48 bytes, so every other row lies across two cache lines, but words 2 and 3 never do. A
//! direction counts to 2^56 bytes and 2^40 packets (a month at 400 kpps, 64 petabytes) and then stays there.

use super::memory::Row;
use super::state::Direction;
use super::sync::Ordering;
use crate::replication::Birth;
use crate::time::Tick;

const LINKS: usize = 0;
const ADMITTED: usize = 1;
/// First of the two words that packets write; what a prefetch for counting aims at.
pub(super) const COUNTERS: usize = 2;
const CARRIES: usize = 4;
const BOOKKEEPING: usize = 5;

const BYTES_LOW_BITS: u32 = 48;
const BYTES_LOW_MASK: u64 = (1 << BYTES_LOW_BITS) - 1;
const BYTES_MAX: u64 = (1 << 56) - 1;
const PACKETS_MAX: u64 = (1 << 40) - 1;

/// End of a list.
pub(super) const NIL: u32 = u32::MAX;

/// What one direction of a session carried; both saturate, see [`SessionDetails::counters`](super::SessionDetails).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
pub struct Counter {
    /// Packets.
    pub packets: u64,
    /// Bytes, as counted by the caller (whole frames or IP lengths).
    pub bytes: u64,
}

impl Counter {
    const fn plus(self, bytes: u32) -> Counter {
        let sum = self.bytes + bytes as u64;
        Counter {
            packets: if self.packets < PACKETS_MAX { self.packets + 1 } else { PACKETS_MAX },
            bytes: if sum < BYTES_MAX { sum } else { BYTES_MAX },
        }
    }

    const fn low(self) -> u64 {
        self.bytes & BYTES_LOW_MASK | self.packets << BYTES_LOW_BITS
    }

    const fn carry(self) -> u32 {
        (self.bytes >> BYTES_LOW_BITS) as u32 | (self.packets >> 16 << 8) as u32
    }

    const fn from_words(low: u64, carry: u32) -> Counter {
        Counter {
            packets: low >> BYTES_LOW_BITS | (carry as u64 >> 8) << 16,
            bytes: low & BYTES_LOW_MASK | (carry as u64 & 0xff) << BYTES_LOW_BITS,
        }
    }
}

/// A cold row. Methods that change it are the owner's alone.
#[derive(Clone, Copy)]
pub(super) struct Cold<'a>(pub(super) &'a Row<6>);

impl Cold<'_> {
    #[inline]
    fn halves(self, word: usize) -> (u32, u32) {
        let word = self.0[word].load(Ordering::Relaxed);
        (word as u32, (word >> 32) as u32)
    }

    #[inline]
    fn set_halves(self, word: usize, low: u32, high: u32) {
        self.0[word].store(u64::from(low) | u64::from(high) << 32, Ordering::Relaxed);
    }

    /// `(next, prev)` of whatever list the slot is in.
    #[inline]
    pub(super) fn links(self) -> (u32, u32) {
        self.halves(LINKS)
    }

    /// Sets both links.
    #[inline]
    pub(super) fn set_links(self, next: u32, prev: u32) {
        self.set_halves(LINKS, next, prev);
    }

    /// Sets `next` alone.
    #[inline]
    pub(super) fn set_next(self, next: u32) {
        self.set_halves(LINKS, next, self.links().1);
    }

    /// Sets `prev` alone.
    #[inline]
    pub(super) fn set_prev(self, prev: u32) {
        self.set_halves(LINKS, self.links().0, prev);
    }

    /// Begins a session's cold row: counters at zero.
    pub(super) fn begin(self, rule: u32, created: Tick, birth: Birth) {
        self.set_halves(ADMITTED, rule, created.0);
        for word in [COUNTERS, COUNTERS + 1, CARRIES] {
            self.0[word].store(0, Ordering::Relaxed);
        }
        self.set_halves(BOOKKEEPING, 0, birth.0);
    }

    /// Rule that admitted the session, and when.
    #[inline]
    pub(super) fn admitted(self) -> (u32, Tick) {
        let (rule, created) = self.halves(ADMITTED);
        (rule, Tick(created))
    }

    /// Replaces the rule.
    pub(super) fn set_rule(self, rule: u32) {
        self.set_halves(ADMITTED, rule, self.admitted().1.0);
    }

    /// Where the index keeps the slot.
    #[inline]
    pub(super) fn position(self) -> u32 {
        self.halves(BOOKKEEPING).0
    }

    /// Notes where the index keeps the slot.
    pub(super) fn set_position(self, position: u32) {
        self.set_halves(BOOKKEEPING, position, self.birth().0);
    }

    /// Which session of its key.
    #[inline]
    pub(super) fn birth(self) -> Birth {
        Birth(self.halves(BOOKKEEPING).1)
    }

    /// Makes it another session of its key.
    pub(super) fn set_birth(self, birth: Birth) {
        self.set_halves(BOOKKEEPING, self.position(), birth.0);
    }

    /// Counts one packet if it needs no carry; `false` when nothing was counted and [`Cold::count_carrying`] must.
    #[inline]
    pub(super) fn count(self, direction: Direction, bytes: u32) -> bool {
        let word = &self.0[COUNTERS + direction as usize];
        let before = word.load(Ordering::Relaxed);
        let carries = (before & BYTES_LOW_MASK) + u64::from(bytes) > BYTES_LOW_MASK
            || before >> BYTES_LOW_BITS == u64::from(u16::MAX);
        if !carries {
            word.store(before + u64::from(bytes) + (1 << BYTES_LOW_BITS), Ordering::Relaxed);
        }
        !carries
    }

    /// Counts one packet with its carry, in two words: inside the entry's sequence lock, so that readers never
    /// see half of it.
    pub(super) fn count_carrying(self, direction: Direction, bytes: u32) {
        self.set_counter(direction, self.counter(direction).plus(bytes));
    }

    /// Sets one direction's counter; under the same condition.
    pub(super) fn set_counter(self, direction: Direction, counter: Counter) {
        let (original, reply) = self.halves(CARRIES);
        match direction {
            Direction::Original => self.set_halves(CARRIES, counter.carry(), reply),
            Direction::Reply => self.set_halves(CARRIES, original, counter.carry()),
        }
        self.0[COUNTERS + direction as usize].store(counter.low(), Ordering::Relaxed);
    }

    /// One direction's counter.
    pub(super) fn counter(self, direction: Direction) -> Counter {
        let (original, reply) = self.halves(CARRIES);
        let carry = if direction == Direction::Original { original } else { reply };
        Counter::from_words(self.0[COUNTERS + direction as usize].load(Ordering::Relaxed), carry)
    }
}

#[cfg(test)]
#[cfg(not(loom))]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::session::memory::{Backing, Block};

    proptest! {
        /// Starts near every boundary (a half full, a whole full, zero) and counts like two plain integers.
        #[test]
        fn counts_like_plain_integers(
            boundary in prop::sample::select(vec![0, 1 << 16, PACKETS_MAX, 1 << 30]),
            bytes_boundary in prop::sample::select(vec![0, 1 << 48, BYTES_MAX, 1 << 52]),
            below in 0u64..6,
            lengths in prop::collection::vec((any::<bool>(), 0u32..100_000), 1..20),
        ) {
            let block = Block::<6>::zeroed(1, Backing::Small).unwrap();
            let row = Cold(block.row(0));
            let start = Counter {
                packets: u64::saturating_sub(boundary, below),
                bytes: u64::saturating_sub(bytes_boundary, below * 30_000),
            };
            let mut model = [start, Counter::default()];
            row.set_counter(Direction::Original, start);
            for (reply, length) in lengths {
                let direction = if reply { Direction::Reply } else { Direction::Original };
                if !row.count(direction, length) {
                    row.count_carrying(direction, length);
                }
                let m = &mut model[direction as usize];
                m.packets = (m.packets + 1).min(PACKETS_MAX);
                m.bytes = (m.bytes + u64::from(length)).min(BYTES_MAX);
                prop_assert_eq!(row.counter(Direction::Original), model[0]);
                prop_assert_eq!(row.counter(Direction::Reply), model[1]);
            }
        }
    }

    #[test]
    fn halves_do_not_disturb_each_other() {
        let block = Block::<6>::zeroed(1, Backing::Small).unwrap();
        let row = Cold(block.row(0));
        row.begin(7, Tick(9), Birth(10));
        assert_eq!(row.birth(), Birth(10));
        row.set_links(1, 2);
        row.set_next(3);
        row.set_prev(4);
        row.set_position(5);
        row.set_birth(Birth(6));
        row.set_rule(8);
        assert_eq!((row.links(), row.admitted()), ((3, 4), (8, Tick(9))));
        assert_eq!((row.position(), row.birth()), (5, Birth(6)));
    }
}
