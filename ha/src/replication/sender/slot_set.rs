//! A set of slots: one bit each.

#[derive(Debug)]
pub(super) struct SlotSet {
    words: Vec<u64>,
    slots: u32,
    len: u32,
}

impl SlotSet {
    pub(super) fn new(slots: u32) -> SlotSet {
        SlotSet { words: vec![0; slots.div_ceil(64) as usize], slots, len: 0 }
    }

    pub(super) fn len(&self) -> u32 {
        self.len
    }

    pub(super) fn contains(&self, slot: u32) -> bool {
        self.words.get((slot / 64) as usize).is_some_and(|word| word >> (slot % 64) & 1 != 0)
    }

    /// Puts a slot in; one beyond the table is ignored. Returns whether it was not in.
    pub(super) fn insert(&mut self, slot: u32) -> bool {
        if slot >= self.slots {
            return false;
        }
        let Some(word) = self.words.get_mut((slot / 64) as usize) else { return false };
        let is_new = *word >> (slot % 64) & 1 == 0;
        *word |= 1 << (slot % 64);
        self.len += u32::from(is_new);
        is_new
    }

    /// Takes a slot out. Returns whether it was in.
    pub(super) fn remove(&mut self, slot: u32) -> bool {
        let Some(word) = self.words.get_mut((slot / 64) as usize) else { return false };
        let was_in = *word >> (slot % 64) & 1 != 0;
        *word &= !(1 << (slot % 64));
        self.len -= u32::from(was_in);
        was_in
    }

    pub(super) fn clear(&mut self) {
        self.words.fill(0);
        self.len = 0;
    }

    /// Puts all slots below `slots` in, and no others.
    pub(super) fn fill_below(&mut self, slots: u32) {
        let slots = slots.min(self.slots);
        for (at, word) in self.words.iter_mut().enumerate() {
            let below = slots.saturating_sub(at as u32 * 64);
            *word = if below >= 64 { u64::MAX } else { (1 << below) - 1 };
        }
        self.len = slots;
    }

    /// The first slot in the set from `from` on.
    pub(super) fn next_from(&self, from: u32) -> Option<u32> {
        if self.len == 0 {
            return None;
        }
        let mut keep = u64::MAX << (from % 64);
        for (at, word) in self.words.iter().enumerate().skip((from / 64) as usize) {
            let found = word & keep;
            if found != 0 {
                return Some(at as u32 * 64 + found.trailing_zeros());
            }
            keep = u64::MAX;
        }
        None
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use std::collections::BTreeSet;

    proptest! {
        #[test]
        fn equals_a_set(below in 0u32..200, steps in prop::collection::vec((any::<bool>(), 0u32..210), 0..100)) {
            let (mut set, mut model) = (SlotSet::new(150), BTreeSet::new());
            set.fill_below(below);
            model.extend(0..below.min(150));
            for (put, slot) in steps {
                if put {
                    prop_assert_eq!(set.insert(slot), slot < 150 && model.insert(slot));
                } else {
                    prop_assert_eq!(set.remove(slot), model.remove(&slot));
                }
                prop_assert_eq!(set.len() as usize, model.len());
                prop_assert_eq!(set.next_from(slot), model.range(slot..).next().copied());
            }
        }
    }
}
