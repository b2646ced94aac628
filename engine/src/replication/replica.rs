//! What a shard with an HA core has that one without has not.

use std::sync::Arc;

use super::change_set::ChangeSet;
use super::context::RecordContext;
use super::digest::Digest;
use super::refresh::Refresh;
use super::slot_set::SlotSet;
use super::status::WorkerStatus;

/// Slots a poll looks at when it sweeps: 64 a word, each a cache miss if it is not confirmed.
const SWEEP_WORDS_PER_POLL: u32 = 256;
/// Sessions a poll removes when it sweeps: some 20 µs of work.
const SWEEP_SESSIONS_PER_POLL: usize = 64;

/// A message of the HA core that takes several polls. Those behind it wait: they rely on it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Job {
    /// Removing what a complete copy did not name, from this word of slots on.
    Sweep(u32),
    /// Telling all notes of traffic, from this word of slots on.
    Flush(u32),
}

/// One shard's part in the pair.
#[derive(Debug)]
pub(crate) struct Replica {
    pub(crate) status: Arc<WorkerStatus>,
    pub(crate) changes: Arc<ChangeSet>,
    pub(crate) refresh: Refresh,
    pub(crate) context: RecordContext,
    pub(crate) digest: Digest,
    /// The sessions are this box's own, and it tells of them; a standby's are the peer's.
    pub(crate) tells: bool,
    /// Messages carried out; wraps.
    pub(crate) applied: u32,
    pub(crate) job: Option<Job>,
    /// A complete copy is coming in.
    pub(crate) copying: bool,
    copies_ended: u32,
    flushes: u32,
    /// Slots of sessions that it named.
    confirmed: SlotSet,
}

impl Replica {
    /// For a table of `slots`, with refreshes told every `interval_ticks`.
    pub(crate) fn new(
        status: Arc<WorkerStatus>,
        changes: Arc<ChangeSet>,
        context: RecordContext,
        slots: u32,
        interval_ticks: u32,
    ) -> Replica {
        Replica {
            status,
            changes,
            refresh: Refresh::new(slots, interval_ticks),
            context,
            digest: Digest::default(),
            tells: false,
            applied: 0,
            job: None,
            copying: false,
            copies_ended: 0,
            flushes: 0,
            confirmed: SlotSet::new(slots),
        }
    }

    /// A complete copy begins; one that was under way is void.
    pub(crate) fn copy_begins(&mut self) {
        self.confirmed.clear();
        self.copying = true;
    }

    /// The peer named the session in this slot.
    #[inline]
    pub(crate) fn confirm(&mut self, slot: u32) {
        if self.copying {
            self.confirmed.insert(slot);
        }
    }

    /// One slice of a sweep from word `word` of a table's `used_slots` on: puts slots that hold a session nobody
    /// confirmed into `found`; where to go on, `None` at the end.
    pub(crate) fn unconfirmed(
        &self,
        word: u32,
        used_slots: u32,
        is_live: impl Fn(u32) -> bool,
        found: &mut Vec<u32>,
    ) -> Option<u32> {
        let used_words = used_slots.div_ceil(64);
        let end = used_words.min(word.saturating_add(SWEEP_WORDS_PER_POLL));
        for word in word..end {
            let mut missing = !self.confirmed.word(word);
            while missing != 0 {
                let slot = word * 64 + missing.trailing_zeros();
                missing &= missing - 1;
                if slot < used_slots && is_live(slot) {
                    if found.len() == SWEEP_SESSIONS_PER_POLL {
                        // What was found in this word already is gone when it is looked at again.
                        return Some(word);
                    }
                    found.push(slot);
                }
            }
        }
        (end < used_words).then_some(end)
    }

    /// Everything a complete copy's end asks for was done.
    pub(crate) fn copy_ended(&mut self) {
        self.copying = false;
        self.copies_ended = self.copies_ended.wrapping_add(1);
        WorkerStatus::tell(&self.status.copies_ended, self.copies_ended);
    }

    /// All notes of traffic were told.
    pub(crate) fn flushed(&mut self) {
        self.flushes = self.flushes.wrapping_add(1);
        WorkerStatus::tell(&self.status.flushes, self.flushes);
    }
}
