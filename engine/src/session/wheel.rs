//! The timer wheel: which sessions to look at next, in constant time per session whatever their number.
//!
//! Four levels of 256 lists: a list of level 0 is one tick (100 ms), of level 1 256 ticks (25.6 s), of level 2
//! 1.8 hours, of level 3 19 days, so that every `u32` tick has its place (Varghese and Lauck, "Hashed and
//! Hierarchical Timing Wheels", 1987, scheme 7). A slot armed for tick `t` goes to the level of the highest byte
//! in which `t` differs from the wheel's cursor, to the list that this byte of `t` names. Hence everything of
//! level 0 is due before anything of level 1, and so on, and within a level lists are due in order: the next
//! list to fire is the lowest occupied one of the lowest occupied level. A bitmap finds it in a few words, so a
//! clock that jumps hours ahead costs no more than a tick.
//!
//! Firing moves a whole list to the *due* list by relinking its head. From there slots are taken one by one, as
//! many as the caller has budget for. The wheel does not know when a session really ends: packets move that
//! moment all the time and never come here. The caller looks, and arms the slot again or removes it. A list of
//! a higher level fires at the beginning of its span, so its slots are looked at early and mostly go straight
//! to where they belong by now.
//!
//! Lists are linked through word 0 of the slots' cold rows; `prev` of a list's first slot names the list, so a
//! slot can leave from wherever it is. Only the owner reads or writes these words.

use super::cold::{Cold, NIL};
use super::memory::Block;
use crate::time::Tick;

const LEVELS: usize = 4;
const LISTS_PER_LEVEL: usize = 256;
const LEVEL_BITS: u32 = LISTS_PER_LEVEL.trailing_zeros();
const DUE: u32 = (LEVELS * LISTS_PER_LEVEL) as u32;
/// Set in `prev` of a list's first slot; the rest is the list. Slots are below it by the table's limit.
const LIST_BIT: u32 = 1 << 31;

/// Lists of slots by the tick at which to look at them.
pub(super) struct Wheel {
    heads: Box<[u32; LEVELS * LISTS_PER_LEVEL + 1]>,
    /// Bit per list that is not empty.
    occupied: [[u64; LISTS_PER_LEVEL / 64]; LEVELS],
    /// All lists that begin at or before this tick have fired.
    cursor: Tick,
}

impl Wheel {
    /// An empty wheel whose time starts at 0.
    pub(super) fn new() -> Wheel {
        Wheel {
            heads: Box::new([NIL; LEVELS * LISTS_PER_LEVEL + 1]),
            occupied: [[0; LISTS_PER_LEVEL / 64]; LEVELS],
            cursor: Tick(0),
        }
    }

    /// Bytes of the list heads.
    pub(super) fn bytes(&self) -> u64 {
        size_of_val(&*self.heads) as u64
    }

    /// Puts a slot that is in no list where it fires at `at`; what is overdue already is next.
    pub(super) fn arm(&mut self, links: &Block<6>, slot: u32, at: Tick) {
        debug_assert!(slot < LIST_BIT);
        let list = if at <= self.cursor {
            DUE
        } else {
            let level = (at.0 ^ self.cursor.0).ilog2() / LEVEL_BITS;
            let lane = at.0 >> (level * LEVEL_BITS) & (LISTS_PER_LEVEL as u32 - 1);
            self.occupied[level as usize][lane as usize / 64] |= 1 << (lane % 64);
            level * LISTS_PER_LEVEL as u32 + lane
        };
        let head = core::mem::replace(&mut self.heads[list as usize], slot);
        Cold(links.row(slot)).set_links(head, LIST_BIT | list);
        if head != NIL {
            Cold(links.row(head)).set_prev(slot);
        }
    }

    /// Takes a slot out of the list it is in.
    pub(super) fn unlink(&mut self, links: &Block<6>, slot: u32) {
        let (next, prev) = Cold(links.row(slot)).links();
        if next != NIL {
            Cold(links.row(next)).set_prev(prev);
        }
        if prev & LIST_BIT == 0 {
            Cold(links.row(prev)).set_next(next);
            return;
        }
        let list = (prev & !LIST_BIT) as usize;
        self.heads[list] = next;
        if next == NIL && list != DUE as usize {
            self.occupied[list / LISTS_PER_LEVEL][list % LISTS_PER_LEVEL / 64] &= !(1 << (list % 64));
        }
    }

    /// Takes a slot that is to be looked at by `now` out of its list, `None` when there is none. At most one
    /// list fires per slot returned, so the cost does not depend on how far the clock moved.
    pub(super) fn pop_due(&mut self, links: &Block<6>, now: Tick) -> Option<u32> {
        while self.heads[DUE as usize] == NIL {
            match self.next_list() {
                Some((list, begins)) if begins <= now => self.fire(links, list, begins),
                // Nothing begins up to `now`, so every armed tick still differs from `now` first in the byte in
                // which it differed from the cursor, and no slot has to move.
                _ => {
                    self.cursor = self.cursor.max(now);
                    return None;
                }
            }
        }
        let slot = self.heads[DUE as usize];
        self.unlink(links, slot);
        Some(slot)
    }

    /// The slot that the next [`Wheel::pop_due`] will return without firing a list, for prefetching.
    pub(super) fn peek_due(&self) -> Option<u32> {
        Some(self.heads[DUE as usize]).filter(|&slot| slot != NIL)
    }

    /// The first list to fire and the tick at which it does.
    fn next_list(&self) -> Option<(usize, Tick)> {
        self.occupied.iter().enumerate().find_map(|(level, words)| {
            let word = words.iter().position(|&word| word != 0)?;
            let lane = word * 64 + words[word].trailing_zeros() as usize;
            let shift = level as u32 * LEVEL_BITS;
            // Above this level's byte the list agrees with the cursor; below it the span begins at zero.
            let above = u64::from(self.cursor.0) >> (shift + LEVEL_BITS) << (shift + LEVEL_BITS);
            Some((level * LISTS_PER_LEVEL + lane, Tick(above as u32 | (lane as u32) << shift)))
        })
    }

    /// Makes a list the due list, which is empty.
    fn fire(&mut self, links: &Block<6>, list: usize, begins: Tick) {
        let head = core::mem::replace(&mut self.heads[list], NIL);
        self.occupied[list / LISTS_PER_LEVEL][list % LISTS_PER_LEVEL / 64] &= !(1 << (list % 64));
        self.heads[DUE as usize] = head;
        Cold(links.row(head)).set_prev(LIST_BIT | DUE);
        self.cursor = begins;
    }
}

#[cfg(test)]
#[cfg(not(loom))]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::session::memory::Backing;

    const SLOTS: u32 = 24;

    #[derive(Clone, Debug)]
    enum Step {
        /// Arms a slot (moving it if it is armed) this far ahead.
        Arm(u32, u32),
        Unlink(u32),
        /// Lets time pass, then pops at most so many.
        Pass(u32, usize),
    }

    /// Spans around every level's width, and a jump over decades.
    fn span() -> impl Strategy<Value = u32> {
        prop_oneof![
            0u32..4,
            250u32..260,
            0u32..70_000,
            65_530u32..65_545,
            0u32..(1 << 26),
            Just(u32::MAX / 2)
        ]
    }

    fn step() -> impl Strategy<Value = Step> {
        prop_oneof![
            4 => (0..SLOTS, span()).prop_map(|(s, t)| Step::Arm(s, t)),
            1 => (0..SLOTS).prop_map(Step::Unlink),
            3 => (span(), 0usize..12).prop_map(|(t, n)| Step::Pass(t, n)),
        ]
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(if cfg!(miri) { 4 } else { 2000 }))]

        /// A slot fires at its tick at the latest, and never early by more than the level's span it waited in;
        /// looked at early it is armed again, as the table does. Compared with a plain list of deadlines.
        #[test]
        fn fires_what_a_sorted_list_would(steps in prop::collection::vec(step(), 1..120)) {
            let links = Block::<6>::zeroed(SLOTS as usize, Backing::Small).unwrap();
            let (mut wheel, mut now) = (Wheel::new(), Tick(0));
            let mut model: [Option<Tick>; SLOTS as usize] = [None; SLOTS as usize];
            for step in steps {
                match step {
                    Step::Arm(slot, ahead) => {
                        if model[slot as usize].is_some() {
                            wheel.unlink(&links, slot);
                        }
                        model[slot as usize] = Some(now.after(ahead));
                        wheel.arm(&links, slot, now.after(ahead));
                    }
                    Step::Unlink(slot) => {
                        if model[slot as usize].take().is_some() {
                            wheel.unlink(&links, slot);
                        }
                    }
                    Step::Pass(ticks, mut budget) => {
                        now = now.after(ticks);
                        let mut exhausted = false;
                        while budget > 0 {
                            budget -= 1;
                            let Some(slot) = wheel.pop_due(&links, now) else {
                                exhausted = true;
                                break;
                            };
                            let at = model[slot as usize].expect("an unarmed slot fired");
                            if at <= now {
                                model[slot as usize] = None;
                            } else {
                                wheel.arm(&links, slot, at);
                            }
                        }
                        if exhausted {
                            prop_assert!(model.iter().flatten().all(|&at| at > now), "late: {model:?} at {now:?}");
                        }
                    }
                }
            }
            // In the end everything comes out, each slot once, and no level shows a list that is empty.
            while let Some(slot) = wheel.pop_due(&links, Tick(u32::MAX)) {
                prop_assert!(model[slot as usize].take().is_some());
            }
            prop_assert!(model.iter().all(Option::is_none));
            prop_assert_eq!(wheel.occupied, [[0; 4]; LEVELS]);
        }

        /// Without other activity each slot is looked at no more than once per level before its tick.
        #[test]
        fn a_slot_cascades_at_most_once_a_level(start: u32, ahead in span()) {
            let links = Block::<6>::zeroed(1, Backing::Small).unwrap();
            let mut wheel = Wheel::new();
            prop_assert_eq!(wheel.pop_due(&links, Tick(start)), None);
            let at = Tick(start).after(ahead);
            wheel.arm(&links, 0, at);
            let mut looks = 0;
            while wheel.cursor < at {
                let (_, begins) = wheel.next_list().unwrap();
                prop_assert!(begins <= at);
                prop_assert_eq!(wheel.pop_due(&links, begins), Some(0));
                looks += 1;
                if begins < at {
                    wheel.arm(&links, 0, at);
                }
            }
            prop_assert!(looks <= LEVELS);
        }
    }

    #[test]
    fn a_jump_of_thirteen_years_is_one_list_at_a_time() {
        let links = Block::<6>::zeroed(2, Backing::Small).unwrap();
        let mut wheel = Wheel::new();
        wheel.arm(&links, 0, Tick(3));
        wheel.arm(&links, 1, Tick(u32::MAX));
        assert_eq!(wheel.pop_due(&links, Tick(2)), None);
        assert_eq!(wheel.pop_due(&links, Tick(u32::MAX)), Some(0));
        assert_eq!(wheel.cursor, Tick(3));
        assert_eq!(wheel.pop_due(&links, Tick(u32::MAX)), Some(1));
        assert_eq!(wheel.pop_due(&links, Tick(u32::MAX)), None);
    }

    #[test]
    fn a_clock_that_goes_back_fires_nothing_until_it_has_caught_up() {
        let links = Block::<6>::zeroed(1, Backing::Small).unwrap();
        let mut wheel = Wheel::new();
        assert_eq!(wheel.pop_due(&links, Tick(300)), None);
        wheel.arm(&links, 0, Tick(310));
        for now in [10, 301, 309] {
            assert_eq!(wheel.pop_due(&links, Tick(now)), None);
        }
        assert_eq!(wheel.pop_due(&links, Tick(310)), Some(0));
    }
}
