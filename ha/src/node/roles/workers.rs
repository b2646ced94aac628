//! Whether the workers poll: one that does not is as bad as an interface that is down.

use core::time::Duration;

use holdfast_engine::time::Instant;

use crate::node::Node;
use crate::tables::Tables;

/// A node that is not called for this part of the hold time was stopped.
const STOP_DIVISOR: u32 = 8;
/// And for no less than this: threads are kept waiting for so long every now and then.
const STOP_MIN: Duration = Duration::from_millis(10);
/// A worker that has not polled for this part of the hold time is stalled.
const STALL_DIVISOR: u32 = 2;

impl Node {
    /// Looks whether every worker still polls.
    pub(in crate::node) fn watch_workers(&mut self, now: Instant, tables: &impl Tables) {
        let stall = self.config.hold() / STALL_DIVISOR;
        let workers = usize::from(tables.shards());
        self.roles.polls.resize(workers, (0, now));
        // Who was stopped itself, with all its workers perhaps, has seen nothing of how they did.
        let was_stopped =
            now.since(self.roles.watched_at) >= (self.config.hold() / STOP_DIVISOR).max(STOP_MIN);
        self.roles.watched_at = now;
        if was_stopped {
            self.roles.woke_at = Some(now);
        }
        let mut healthy = true;
        for (worker, (polls, at)) in self.roles.polls.iter_mut().enumerate() {
            let seen = tables.polls(worker as u8);
            if seen != *polls || was_stopped {
                (*polls, *at) = (seen, now);
            }
            healthy &= now.since(*at) < stall;
        }
        if self.roles.workers_healthy != healthy {
            self.roles.workers_healthy = healthy;
            self.roles.degraded |= !healthy;
            self.beat.soon();
        }
    }
}
