//! A worker's dealings with the HA core: it carries out what the core says, a bounded part of it each poll, and
//! publishes how far it is.

use core::sync::atomic::Ordering;
use std::sync::Arc;

use rtrb::Consumer;

use super::Worker;
use crate::io::PortIo;
use crate::replication::{FromHa, HaWorkerEnds, Replica, WorkerStatus};
use crate::time::{Instant, Tick};

/// Messages carried out before a poll's packets: a few hundred nanoseconds each.
const MESSAGES_PER_POLL: usize = 64;
/// The same when the last poll found no packet.
const MESSAGES_PER_IDLE_POLL: usize = 1024;

/// What a worker keeps for it.
pub(super) struct HaRing {
    from_ha: Consumer<FromHa>,
    status: Arc<WorkerStatus>,
    /// Tick of the last turn of the refresh.
    tick: Tick,
    /// The last poll found no packet.
    idle: bool,
}

impl<Io: PortIo> Worker<Io> {
    /// Joins a pair. The worker is standby from now on, until the HA core says otherwise; before its first poll.
    pub fn attach_ha(&mut self, ends: HaWorkerEnds) {
        let HaWorkerEnds { from_ha, to_ha, changes, status, slots, update_interval_ticks, context } = ends;
        let replica = Replica::new(Arc::clone(&status), changes, context, slots, update_interval_ticks);
        self.shard.attach_replica(replica);
        self.outbox.set_hsrp_ring(to_ha);
        self.ha = Some(Box::new(HaRing { from_ha, status, tick: Tick::default(), idle: true }));
    }

    /// Carries out messages and tells noted traffic. How many messages there were, at least 1 while anything is
    /// under way.
    #[inline]
    pub(super) fn poll_ha(&mut self, now: Instant) -> usize {
        let Some(ha) = &mut self.ha else { return 0 };
        let budget = if ha.idle { MESSAGES_PER_IDLE_POLL } else { MESSAGES_PER_POLL };
        let mut done = 0;
        while done < budget {
            if !self.shard.go_on() {
                done += 1;
                break;
            }
            let Ok(message) = ha.from_ha.pop() else { break };
            self.shard.carry_out(now, message, &mut self.outbox);
            done += 1;
        }
        if now.tick() != ha.tick {
            ha.tick = now.tick();
            self.shard.turn_refresh(now.tick());
        }
        done + usize::from(self.shard.tell_refresh())
    }

    /// One cache line of plain stores.
    #[inline]
    pub(super) fn publish_ha(&mut self, now: Instant, packets: usize) {
        let Some(ha) = &mut self.ha else { return };
        ha.idle = packets == 0;
        let status = &*ha.status;
        status.polls.store(self.polls, Ordering::Relaxed);
        status.tick.store(now.tick().0, Ordering::Relaxed);
        let (sessions, digest) = self.shard.digest();
        status.sessions.store(sessions, Ordering::Relaxed);
        status.digest.store(digest.0, Ordering::Relaxed);
        if self.outbox.hsrp_lost > 0 {
            status.hsrp_lost.store(self.outbox.hsrp_lost, Ordering::Relaxed);
        }
    }
}
