//! Which slots of a table changed since the HA core last looked: a set of slot numbers that one thread adds to while
//! another takes out.
//!
//! # Shape
//!
//! A bitmap with a bit per slot, and over it bitmaps with a bit per word of the one below, up to a single word: four
//! levels for 16 million slots. Taking a slot follows set bits from the top down, so an empty set costs one look and a
//! full one no search.
//!
//! # How no change is lost
//!
//! [`ChangeSet::mark`] sets the leaf's bit and goes one level up only if the leaf's word was zero, and so on.
//! [`ChangeTaker::take`] swaps a word for zero before it looks at what the word stands for: the top first, the leaf
//! last, and works through private copies.
//!
//! *Who finds a leaf's word not zero may stop there.* Whoever made it not zero goes up, or has been, and the taker has
//! not swapped the word since; so the bit above is set, or about to be, or in the taker's private copy. In each case
//! the taker comes to this leaf later than this mark. *Who finds it zero* comes after the taker's swap of it, and so
//! after the swap of every word above, and what is set up there now stays for the next round. Both arguments
//! need that what one thread did to the words in its order is seen by the other in that order, hence
//! acquire and release on every step. (On x86-64 that costs nothing: each step is a locked instruction anyway.)
//!
//! *The bit is set even if it seems to be set already.* A plain look first would be cheaper, and wrong: it
//! may see the bit of a moment ago, while the taker has swapped the word and read the slot before this change.
//!
//! What was written before `mark` is visible to who reads after the `take` that returned the slot: the swap acquires
//! from every `mark` whose bits it takes, those of bits that were set before included.
//!
//! A slot that is marked while it is set is taken once, and none is taken twice in one round, so a slot that
//! changes all the time does not keep the others waiting.
//!
//! Known from a property test against a plain set, and from loom:
//! `RUSTFLAGS="--cfg loom" cargo test -p holdfast-engine --release --lib replication::loom`.

use std::sync::Arc;

use crate::session::sync::{AtomicU64, Ordering};

/// Slots a word stands for, and words a word of the next level stands for.
const WORD_BITS: usize = 64;
const WORD_SHIFT: u32 = WORD_BITS.trailing_zeros();

/// Levels of the largest set: 2^24 slots.
const LEVELS_MAX: usize = 4;

/// Most slots a set can have.
pub const CHANGE_SET_SLOTS_MAX: u32 = 1 << (WORD_SHIFT * LEVELS_MAX as u32);

/// Slots that changed. Anybody may mark; one [`ChangeTaker`] takes.
#[derive(Debug)]
pub struct ChangeSet {
    /// From the leaves up; the last level is one word.
    levels: Vec<Box<[AtomicU64]>>,
}

impl ChangeSet {
    /// An empty set of slots `0 .. slots`, at most [`CHANGE_SET_SLOTS_MAX`] of them, and its only taker.
    pub fn new(slots: u32) -> (Arc<ChangeSet>, ChangeTaker) {
        let mut levels = Vec::with_capacity(LEVELS_MAX);
        let mut words = slots.clamp(1, CHANGE_SET_SLOTS_MAX) as usize;
        loop {
            words = words.div_ceil(WORD_BITS);
            levels.push((0..words).map(|_| AtomicU64::new(0)).collect());
            if words == 1 {
                break;
            }
        }
        let set = Arc::new(ChangeSet { levels });
        (Arc::clone(&set), ChangeTaker { set, private: [Private::default(); LEVELS_MAX] })
    }

    /// Notes that a slot changed, after the change. Constant time: one atomic operation, and one more a level if the
    /// set was empty thereabouts. A number that is no slot's is ignored.
    #[inline]
    pub fn mark(&self, slot: u32) {
        self.mark_word(slot >> WORD_SHIFT, 1 << (slot as usize % WORD_BITS));
    }

    /// Notes 64 slots at once: bit `i` of `bits` is slot `64 * word + i`.
    #[inline]
    pub fn mark_word(&self, word: u32, bits: u64) {
        let (mut at, mut bits) = (word as usize, bits);
        if bits == 0 {
            return;
        }
        for level in &self.levels {
            let Some(word) = level.get(at) else { return };
            if word.fetch_or(bits, Ordering::AcqRel) != 0 {
                return;
            }
            bits = 1 << (at % WORD_BITS);
            at /= WORD_BITS;
        }
    }
}

/// What is left of a word that was swapped out.
#[derive(Clone, Copy, Debug, Default)]
struct Private {
    /// Which word of its level.
    word: usize,
    /// Bits still to be followed.
    bits: u64,
}

/// The end that takes slots out.
#[derive(Debug)]
pub struct ChangeTaker {
    set: Arc<ChangeSet>,
    private: [Private; LEVELS_MAX],
}

impl ChangeTaker {
    /// Takes a slot; `None` when none is marked now. What is read of the slot afterwards is at least as new as its mark.
    pub fn take(&mut self) -> Option<u32> {
        let top = self.set.levels.len() - 1;
        let mut level = self.private[..top].iter().position(|p| p.bits != 0).unwrap_or(top);
        loop {
            if self.private[level].bits == 0 && level == top {
                self.private[top].bits = self.swap(top, 0);
            }
            let private = &mut self.private[level];
            if private.bits == 0 {
                if level == top {
                    return None;
                }
                // The mark whose bit above led here was taken along with an earlier one.
                level += 1;
                continue;
            }
            let at = private.word * WORD_BITS + private.bits.trailing_zeros() as usize;
            private.bits &= private.bits - 1;
            if level == 0 {
                return Some(at as u32);
            }
            level -= 1;
            self.private[level] = Private { word: at, bits: self.swap(level, at) };
        }
    }

    /// The set, to mark slots again.
    pub fn set(&self) -> &Arc<ChangeSet> {
        &self.set
    }

    #[inline]
    fn swap(&self, level: usize, word: usize) -> u64 {
        self.set.levels[level].get(word).map_or(0, |word| word.swap(0, Ordering::AcqRel))
    }
}

#[cfg(test)]
#[cfg(not(loom))]
mod tests {
    use std::collections::{BTreeMap, BTreeSet};

    use proptest::prelude::*;

    use super::*;

    #[derive(Clone, Debug)]
    enum Step {
        Mark(u32),
        MarkWord(u32, u64),
        Take(usize),
    }

    fn step(slots: u32) -> impl Strategy<Value = Step> {
        prop_oneof![
            4 => (0..slots).prop_map(Step::Mark),
            1 => (0..slots.div_ceil(64), any::<u64>(), any::<u64>()).prop_map(|(w, a, b)| Step::MarkWord(w, a & b)),
            3 => (0usize..9).prop_map(Step::Take),
        ]
    }

    fn sized_steps() -> impl Strategy<Value = (u32, Vec<Step>)> {
        prop::sample::select(vec![1u32, 63, 64, 65, 4095, 4096, 4097, 300_000])
            .prop_flat_map(|slots| (Just(slots), prop::collection::vec(step(slots), 1..80)))
    }

    /// What the taker owes: slots marked after they were last taken; and no more takes than marks.
    #[derive(Default)]
    struct Model {
        owed: BTreeSet<u32>,
        marks: BTreeMap<u32, i64>,
    }

    impl Model {
        fn mark(&mut self, slot: u32) {
            self.owed.insert(slot);
            *self.marks.entry(slot).or_default() += 1;
        }

        fn take(&mut self, slot: u32) {
            self.owed.remove(&slot);
            *self.marks.entry(slot).or_default() -= 1;
        }
    }

    proptest! {
        #[test]
        fn takes_what_was_marked_and_nothing_else((slots, steps) in sized_steps()) {
            let (set, mut taker) = ChangeSet::new(slots);
            let mut model = Model::default();
            for step in steps.into_iter().chain([Step::Take(usize::MAX)]) {
                match step {
                    Step::Mark(slot) => {
                        set.mark(slot);
                        model.mark(slot);
                    }
                    Step::MarkWord(word, bits) => {
                        set.mark_word(word, bits);
                        (0..64).filter(|i| bits >> i & 1 == 1).for_each(|i| model.mark(word * 64 + i));
                    }
                    Step::Take(count) => {
                        for _ in 0..count {
                            let Some(slot) = taker.take() else {
                                prop_assert!(model.owed.is_empty(), "lost {:?}", model.owed);
                                break;
                            };
                            model.take(slot);
                            prop_assert!(model.marks[&slot] >= 0, "{slot} was not marked");
                        }
                    }
                }
            }
            prop_assert!(model.owed.is_empty());
        }
    }

    #[test]
    fn the_largest_table_fits_and_every_corner_is_found() {
        let (set, mut taker) = ChangeSet::new(CHANGE_SET_SLOTS_MAX);
        assert_eq!(set.levels.iter().map(|level| level.len()).collect::<Vec<_>>(), [1 << 18, 1 << 12, 64, 1]);
        let corners = [0, 63, 64, 4095, 4096, 262_143, 262_144, CHANGE_SET_SLOTS_MAX - 1];
        corners.iter().for_each(|&slot| set.mark(slot));
        set.mark(CHANGE_SET_SLOTS_MAX);
        set.mark(u32::MAX);
        assert_eq!(std::iter::from_fn(|| taker.take()).collect::<Vec<_>>(), corners);
    }

    #[test]
    fn a_slot_that_changes_all_the_time_does_not_keep_others_waiting() {
        let (set, mut taker) = ChangeSet::new(100_000);
        (0..100_000).step_by(777).for_each(|slot| set.mark(slot));
        let mut taken = BTreeSet::new();
        for _ in 0..300 {
            set.mark(5);
            taken.extend(taker.take());
        }
        assert!((0..100_000).step_by(777).all(|slot| taken.contains(&slot)));
    }
}
