//! Sessions that saw traffic, until it is time to tell the peer: windows, idle times and counters change with every
//! packet, and the peer may have them some ticks old.
//!
//! # Why nothing stays unseen
//!
//! The packet path notes a session when a packet moves its `last_seen`, which is the first packet of each tick and no
//! other, so that a busy session costs one bit a tick. A packet later in the tick changes windows and counters without
//! a note. So a session may only be told when no packet of a tick in which it was noted can still come: the notes of
//! all ticks up to the last one are put aside at the first poll of a new tick, before its packets
//! ([`Refresh::turn`]); and packets of the new tick make notes of their own in the other set, while
//! the first one goes to the HA core slice by slice ([`Refresh::slice`]).

use super::change_set::ChangeSet;
use super::slot_set::SlotSet;
use crate::time::Tick;

/// Words of notes one poll hands to the HA core: each is an atomic operation if any of its 64 slots is noted; some
/// 10 µs of work if all are.
const REFRESH_WORDS_PER_POLL: u32 = 512;
/// The same when the HA core asks for all of it now.
const FLUSH_WORDS_PER_POLL: u32 = 4096;

/// Notes of sessions that saw traffic.
#[derive(Debug)]
pub(crate) struct Refresh {
    /// Noted since the last turn.
    collecting: SlotSet,
    /// Noted before it; words below `next_word` have been told.
    telling: SlotSet,
    next_word: u32,
    end_word: u32,
    interval_ticks: u32,
    turned: Tick,
}

impl Refresh {
    /// Notes of a table of `slots`, told every `interval_ticks` (at least 1).
    pub(crate) fn new(slots: u32, interval_ticks: u32) -> Refresh {
        Refresh {
            collecting: SlotSet::new(slots),
            telling: SlotSet::new(slots),
            next_word: 0,
            end_word: 0,
            interval_ticks: interval_ticks.max(1),
            turned: Tick(0),
        }
    }

    /// Notes a session.
    #[inline]
    pub(crate) fn note(&mut self, slot: u32) {
        self.collecting.insert(slot);
    }

    /// The first poll of tick `now`, before its packets: puts the notes aside if it is time to, and if those put aside
    /// the last time have all been told.
    pub(crate) fn turn(&mut self, now: Tick, used_slots: u32) {
        if self.is_telling() || now.since(self.turned) < self.interval_ticks {
            return;
        }
        self.turned = now;
        core::mem::swap(&mut self.collecting, &mut self.telling);
        (self.next_word, self.end_word) = (0, used_slots.div_ceil(64));
    }

    /// Whether notes wait to be told.
    #[inline]
    pub(crate) fn is_telling(&self) -> bool {
        self.next_word < self.end_word
    }

    /// Tells the next slice of what was put aside.
    pub(crate) fn slice(&mut self, changes: &ChangeSet) {
        let end = self.end_word.min(self.next_word + REFRESH_WORDS_PER_POLL);
        for word in self.next_word..end {
            changes.mark_word(word, self.telling.take_word(word));
        }
        self.next_word = end;
    }

    /// Tells one slice, from `word` on, of everything there is, this tick's notes included; where to go on, `None` at the
    /// end. This tick's notes stay, for its later packets make no more of them.
    pub(crate) fn flush(&mut self, word: u32, used_slots: u32, changes: &ChangeSet) -> Option<u32> {
        let used = used_slots.div_ceil(64);
        let end = used.min(word.saturating_add(FLUSH_WORDS_PER_POLL));
        for word in word..end {
            changes.mark_word(word, self.telling.take_word(word) | self.collecting.word(word));
        }
        (end < used).then_some(end)
    }
}

#[cfg(test)]
#[cfg(not(loom))]
mod tests {
    use super::super::change_set::ChangeTaker;
    use super::*;

    fn taken(taker: &mut ChangeTaker) -> Vec<u32> {
        std::iter::from_fn(|| taker.take()).collect()
    }

    #[test]
    fn notes_are_told_each_interval_and_those_of_the_running_tick_wait() {
        let (changes, mut taker) = ChangeSet::new(100_000);
        let mut refresh = Refresh::new(100_000, 2);
        refresh.turn(Tick(10), 100_000);
        refresh.note(70);
        refresh.turn(Tick(11), 100_000);
        while refresh.is_telling() {
            refresh.slice(&changes);
        }
        assert_eq!(taken(&mut taker), [], "put aside at tick 10, before it was noted");
        refresh.turn(Tick(12), 100_000);
        refresh.note(3);
        refresh.note(70);
        let mut slices = 0;
        while refresh.is_telling() {
            refresh.slice(&changes);
            slices += 1;
        }
        assert_eq!((taken(&mut taker), slices), (vec![70], 100_000u32.div_ceil(64).div_ceil(512)));
        refresh.turn(Tick(14), 100_000);
        while refresh.is_telling() {
            refresh.slice(&changes);
        }
        assert_eq!(taken(&mut taker), [3, 70], "70 again: its packets of tick 12 came after");
    }

    #[test]
    fn a_flush_tells_everything_and_forgets_nothing_of_this_tick() {
        let (changes, mut taker) = ChangeSet::new(1_000_000);
        let mut refresh = Refresh::new(1_000_000, 1);
        refresh.note(5);
        refresh.turn(Tick(1), 1_000_000);
        refresh.note(999_999);
        let mut at = Some(0);
        let mut slices = 0;
        while let Some(word) = at {
            at = refresh.flush(word, 1_000_000, &changes);
            slices += 1;
        }
        assert_eq!((taken(&mut taker), slices), (vec![5, 999_999], 15_625u32.div_ceil(4096)));
        while refresh.is_telling() {
            refresh.slice(&changes);
        }
        assert_eq!(taken(&mut taker), [], "5 was told");
        refresh.turn(Tick(2), 1_000_000);
        while refresh.is_telling() {
            refresh.slice(&changes);
        }
        assert_eq!(taken(&mut taker), [999_999]);
    }
}
