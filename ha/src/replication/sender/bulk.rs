//! The complete copy: a set of slots still to be told, and a walk around it until it is empty.
//!
//! A slot leaves the set when it was told of, by the walk or as a live change, and comes back when that datagram was
//! lost. So the copy is complete when the set is empty and no datagram is on its way that took a slot out of it.

use super::slot_set::SlotSet;

#[derive(Debug)]
pub(super) struct Bulk {
    to_do: SlotSet,
    /// Where the walk goes on.
    cursor: u32,
    /// Sessions sent.
    sent: u64,
    /// Datagrams on their way that took slots out of the set.
    datagrams: u32,
}

impl Bulk {
    pub(super) fn new(slots: u32) -> Bulk {
        Bulk { to_do: SlotSet::new(slots), cursor: 0, sent: 0, datagrams: 0 }
    }

    pub(super) fn start(&mut self, used_slots: u32) {
        self.to_do.fill_below(used_slots);
        (self.cursor, self.sent, self.datagrams) = (0, 0, 0);
    }

    pub(super) fn sent(&self) -> u64 {
        self.sent
    }

    pub(super) fn has_work(&self) -> bool {
        self.to_do.len() > 0
    }

    pub(super) fn slots_to_do(&self) -> u32 {
        self.to_do.len()
    }

    pub(super) fn is_complete(&self) -> bool {
        !self.has_work() && self.datagrams == 0
    }

    /// Whether the walk will come to the slot, and so tell what it holds by then.
    pub(super) fn will_tell(&self, slot: u32) -> bool {
        self.to_do.contains(slot)
    }

    /// The next slot to tell of; it stays in the set.
    pub(super) fn next(&mut self) -> Option<u32> {
        let slot = self.to_do.next_from(self.cursor).or_else(|| self.to_do.next_from(0))?;
        self.cursor = slot + 1;
        Some(slot)
    }

    /// Has the walk come to `slot` again.
    pub(super) fn step_back_to(&mut self, slot: u32) {
        self.cursor = slot;
    }

    /// The slot was looked at and there was nothing to tell.
    pub(super) fn skip(&mut self, slot: u32) {
        self.to_do.remove(slot);
    }

    /// The slot was told of. Returns whether the copy needed it.
    pub(super) fn tell(&mut self, slot: u32) -> bool {
        let needed = self.to_do.remove(slot);
        self.sent += u64::from(needed);
        needed
    }

    /// A datagram with slots that the copy needed is on its way.
    pub(super) fn datagram_sent(&mut self) {
        self.datagrams += 1;
    }

    /// A datagram with slots that the copy needed arrived, or is lost.
    pub(super) fn datagram_done(&mut self) {
        self.datagrams = self.datagrams.saturating_sub(1);
    }

    /// The datagram that told of the slot was lost.
    pub(super) fn lost(&mut self, slot: u32) {
        self.sent = self.sent.saturating_sub(self.to_do.insert(slot).into());
    }
}
