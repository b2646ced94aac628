//! Time passing: retries, ageing, forgetting.

use super::state::{Event, NeighbourState};
use super::table::Neighbours;
use crate::io::PacketBuf;
use crate::time::Instant;

impl<P: PacketBuf> Neighbours<P> {
    /// Runs at most `timers_max` timers that are due at `now`, and when the table is full looks at as many
    /// entries for some to evict. Returns how many timers ran; drain `poll_transmit` and `poll_event` after.
    pub fn poll(&mut self, now: Instant, timers_max: usize) -> usize {
        let mut ran = 0;
        while ran < timers_max
            && let Some((_, index)) = self.deadlines.first().filter(|&(at, _)| at <= now)
        {
            self.on_deadline(index, now);
            ran += 1;
        }
        if self.free.is_empty() || self.has_too_many_unresolved() {
            self.evict(timers_max);
        }
        ran
    }

    /// When `poll` has something to do next.
    pub fn wake(&self) -> Option<Instant> {
        self.deadlines.first().map(|(at, _)| at)
    }

    fn on_deadline(&mut self, index: u32, now: Instant) {
        let hot = &self.hot[index as usize];
        let slot = &mut self.slots[index as usize];
        let in_use = hot.used.get();
        let event = match hot.state {
            state if state.is_asking() && slot.requests_sent >= self.config.requests_max => Event::Exhausted,
            state if state.is_asking() => Event::Retry,
            _ if in_use => Event::ElapsedInUse,
            _ => Event::Elapsed,
        };
        if in_use {
            slot.used_at = now;
            hot.used.set(false);
        }
        self.step(index, event, None, now);
        let slot = &self.slots[index as usize];
        let forget = slot.is_free_to_go()
            && match self.hot[index as usize].state {
                // Nothing is known that would be lost.
                NeighbourState::Unresolved => true,
                NeighbourState::Stale => now.since(slot.used_at) >= self.config.unused_lifetime,
                _ => false,
            };
        if forget {
            self.forget(index);
        }
    }

    /// The table is full, or full of entries without an answer, and then only those go: forgets unreferenced
    /// entries that no packet used since the last look (the clock algorithm), at most `looks_max` looks a call.
    fn evict(&mut self, looks_max: usize) {
        let full = self.free.is_empty();
        for _ in 0..looks_max.min(self.slots.len()) {
            let index = self.sweep;
            self.sweep = (self.sweep + 1) % self.slots.len() as u32;
            let hot = &self.hot[index as usize];
            let spare = match hot.state {
                NeighbourState::Unresolved | NeighbourState::Failed => true,
                NeighbourState::Stale => full,
                _ => false,
            };
            if spare && self.slots[index as usize].is_free_to_go() && !hot.used.replace(false) {
                self.forget(index);
                self.counters.evictions += 1;
            }
        }
    }
}
