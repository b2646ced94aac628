//! Expiry: what the table makes of the slots its wheel tells it to look at.

use super::bucket::LANES;
use super::cold::NIL;
use super::{SessionHandle, SessionState, SessionTable, Snapshot};
use crate::flow::FlowKey;
use crate::time::Tick;

impl SessionTable {
    /// Looks at no more than `budget` sessions that are to be looked at by `now`, removes those whose deadline
    /// has come and arms the others again. `deadline` says when a session ends by its state (last seen plus the
    /// timeout that applies); `removed` gets each session that ended. Returns how many were looked at: less than
    /// `budget` means that nothing is left to do until the next tick.
    ///
    /// The cost is proportional to the sessions looked at, however far the clock moved. A clock that went back
    /// delays expiry until it has caught up.
    pub fn expire(
        &mut self,
        now: Tick,
        budget: usize,
        mut deadline: impl FnMut(&FlowKey, &SessionState) -> Tick,
        mut removed: impl FnMut(Snapshot),
    ) -> usize {
        for looked in 0..budget {
            let Some(slot) = self.wheel.pop_due(&self.storage.cold, now) else { return looked };
            self.prefetch_next_due();
            let entry = self.storage.entry(slot);
            let at = deadline(&entry.key(), &entry.state());
            if at > now {
                self.wheel.arm(&self.storage.cold, slot, at);
            } else {
                removed(self.release(slot));
            }
        }
        budget
    }

    /// The list runs through memory that nothing touched lately, so ask for what the next rounds need: the
    /// bucket of the next slot, whose row should be here by now, and the rows of the one after it. Removing a
    /// session is three or four cache misses; this hides about half of the wait in a large table.
    #[inline]
    fn prefetch_next_due(&self) {
        let Some(next) = self.wheel.peek_due() else { return };
        let cold = self.storage.cold(next);
        self.storage.buckets.prefetch((cold.position() / LANES) as usize, 0);
        let (after_next, _) = cold.links();
        if after_next != NIL {
            self.storage.cold.prefetch(after_next as usize, 0);
            self.storage.entries.prefetch(after_next as usize, 0);
        }
    }

    /// Has the wheel look at a session at `at` instead of whenever it was going to: needed when a timeout gets
    /// shorter (established to closing), not when packets move the deadline on. Constant time. `false` when the
    /// session is gone.
    pub fn rearm(&mut self, handle: SessionHandle, at: Tick) -> bool {
        let live = self.is_live(handle);
        if live {
            self.wheel.unlink(&self.storage.cold, handle.index);
            self.wheel.arm(&self.storage.cold, handle.index, at);
        }
        live
    }
}
