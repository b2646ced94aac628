//! Changed slots that were taken out of the change set and not yet told of.

use super::bulk::Bulk;
use crate::tables::Tables;

/// Slots looked at together, so that their cache misses overlap.
pub(super) const BATCH_SLOTS: usize = 32;
/// Slots taken in one go at most, so that a change set that filled up before the copy holds nobody up.
const TAKEN_MAX: usize = 1024;

#[derive(Debug, Default)]
pub(super) struct Batch {
    slots: [u32; BATCH_SLOTS],
    first: usize,
    end: usize,
}

impl Batch {
    pub(super) fn len(&self) -> usize {
        self.end - self.first
    }

    pub(super) fn is_empty(&self) -> bool {
        self.first == self.end
    }

    pub(super) fn clear(&mut self) {
        (self.first, self.end) = (0, 0);
    }

    pub(super) fn slots(&self) -> &[u32] {
        self.slots.get(self.first..self.end).unwrap_or_default()
    }

    pub(super) fn push(&mut self, slot: u32) {
        if let Some(place) = self.slots.get_mut(self.end) {
            *place = slot;
            self.end += 1;
        }
    }

    /// Takes the first `count` slots away.
    pub(super) fn consume(&mut self, count: usize) {
        self.first = (self.first + count).min(self.end);
    }

    /// Takes changed slots until the batch is full, but for those that the complete copy will come to anyway;
    /// `true` when the change set was found empty. A slot that is in the batch already is told of once.
    pub(super) fn top_up(&mut self, shard: u8, bulk: &Bulk, tables: &mut impl Tables) -> bool {
        if self.first > 0 {
            self.slots.copy_within(self.first..self.end, 0);
            (self.first, self.end) = (0, self.len());
        }
        for _ in 0..TAKEN_MAX {
            if self.end == BATCH_SLOTS {
                return false;
            }
            let Some(slot) = tables.take_changed(shard) else { return true };
            if !bulk.will_tell(slot) && !self.slots().contains(&slot) {
                tables.prefetch(shard, slot);
                self.push(slot);
            }
        }
        false
    }
}
