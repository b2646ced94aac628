//! Which slot is due next: a binary heap that knows where each slot sits.
//!
//! A slot has at most one deadline, and every change moves it in place, so the heap never holds more than one
//! entry a slot and all of it is allocated at start. Equal times go by slot number, so that runs repeat.

use crate::time::Instant;

const ABSENT: u32 = u32::MAX;

/// Deadlines of slots `0..slots_max`.
#[derive(Debug)]
pub(super) struct Deadlines {
    heap: Vec<(Instant, u32)>,
    /// Where in `heap` a slot's deadline is, or [`ABSENT`].
    position: Vec<u32>,
}

impl Deadlines {
    pub fn new(slots_max: u32) -> Deadlines {
        Deadlines { heap: Vec::with_capacity(slots_max as usize), position: vec![ABSENT; slots_max as usize] }
    }

    /// The earliest deadline and its slot.
    pub fn first(&self) -> Option<(Instant, u32)> {
        self.heap.first().copied()
    }

    /// Sets or moves the deadline of `slot`.
    pub fn set(&mut self, slot: u32, at: Instant) {
        let position = self.position[slot as usize];
        let index = if position == ABSENT {
            self.heap.push((at, slot));
            self.heap.len() - 1
        } else {
            self.heap[position as usize].0 = at;
            position as usize
        };
        self.settle(index);
    }

    /// Removes the deadline of `slot`, if it has one.
    pub fn clear(&mut self, slot: u32) {
        let position = core::mem::replace(&mut self.position[slot as usize], ABSENT);
        if position == ABSENT {
            return;
        }
        self.heap.swap_remove(position as usize);
        if (position as usize) < self.heap.len() {
            self.settle(position as usize);
        }
    }

    /// Moves the entry at `index` up or down until the heap is one again, and notes where it and those it
    /// displaced ended.
    fn settle(&mut self, mut index: usize) {
        let entry = self.heap[index];
        while index > 0 {
            let parent = (index - 1) / 2;
            if self.heap[parent] <= entry {
                break;
            }
            self.place(index, self.heap[parent]);
            index = parent;
        }
        loop {
            let left = 2 * index + 1;
            let right = left + 1;
            let Some(&on_left) = self.heap.get(left) else { break };
            let child = match self.heap.get(right) {
                Some(&on_right) if on_right < on_left => right,
                _ => left,
            };
            if entry <= self.heap[child] {
                break;
            }
            self.place(index, self.heap[child]);
            index = child;
        }
        self.place(index, entry);
    }

    fn place(&mut self, index: usize, entry: (Instant, u32)) {
        self.heap[index] = entry;
        self.position[entry.1 as usize] = index as u32;
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use std::collections::BTreeSet;

    proptest! {
        #[test]
        fn equals_an_ordered_set(steps in prop::collection::vec((0u32..16, prop::option::of(0u64..50)), 1..300)) {
            let mut deadlines = Deadlines::new(16);
            let mut model: BTreeSet<(Instant, u32)> = BTreeSet::new();
            for (slot, at) in steps {
                model.retain(|&(_, s)| s != slot);
                match at {
                    Some(at) => {
                        deadlines.set(slot, Instant(at));
                        model.insert((Instant(at), slot));
                    }
                    None => deadlines.clear(slot),
                }
                prop_assert_eq!(deadlines.first(), model.first().copied());
            }
            while let Some((at, slot)) = deadlines.first() {
                prop_assert_eq!(model.pop_first(), Some((at, slot)));
                deadlines.clear(slot);
            }
            prop_assert!(model.is_empty());
        }
    }
}
