//! A plain set of slot numbers, one thread's own.

/// A bitmap with a bit per slot.
#[derive(Debug)]
pub(crate) struct SlotSet {
    words: Box<[u64]>,
}

impl SlotSet {
    /// An empty set of slots `0 .. slots`.
    pub(crate) fn new(slots: u32) -> SlotSet {
        SlotSet { words: vec![0; (slots as usize).div_ceil(64)].into() }
    }

    /// Adds a slot; a number that is no slot's is ignored.
    #[inline]
    pub(crate) fn insert(&mut self, slot: u32) {
        if let Some(word) = self.words.get_mut(slot as usize / 64) {
            *word |= 1 << (slot % 64);
        }
    }

    /// Slots `64 * word ..` of the set, as bits; none beyond the end.
    #[inline]
    pub(crate) fn word(&self, word: u32) -> u64 {
        self.words.get(word as usize).copied().unwrap_or(0)
    }

    /// The same, and takes them out.
    #[inline]
    pub(crate) fn take_word(&mut self, word: u32) -> u64 {
        self.words.get_mut(word as usize).map_or(0, core::mem::take)
    }

    /// Takes everything out.
    pub(crate) fn clear(&mut self) {
        self.words.fill(0);
    }
}
