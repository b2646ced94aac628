//! The box's own heartbeat, and what it makes of the peer's.

use holdfast_engine::time::Instant;

use super::{DebugTopic, Node};
use crate::heartbeat::{CopyProgress, Handover, Heartbeat};
use crate::status::{BoxRole, LinkState};
use crate::tables::Tables;

/// When the next heartbeat is due.
#[derive(Debug)]
pub(super) struct Beat {
    number: u64,
    pub(super) sent_at: Instant,
    pub(super) soon: bool,
    /// The link's state when it was last looked at.
    pub(super) link_was: LinkState,
}

impl Beat {
    pub(super) fn new(now: Instant) -> Beat {
        Beat { number: 0, sent_at: now, soon: true, link_was: LinkState::Down }
    }

    /// Something changed that the peer should know now.
    pub(super) fn soon(&mut self) {
        self.soon = true;
    }

    pub(super) fn wake(&self, interval: core::time::Duration) -> Instant {
        self.sent_at + interval
    }
}

impl Node {
    /// What this box says of itself now.
    pub(super) fn heartbeat(&mut self, now: Instant, tables: &impl Tables) -> Heartbeat {
        self.beat.number += 1;
        let echo = self.peer.heartbeat.as_ref().map(|h| (h.sent_at, now.since(self.peer.heard_at)));
        let own = self.own_candidate(now, tables);
        let (sent, expected) = self.sender.bulk_progress();
        Heartbeat {
            number: self.beat.number,
            sent_at: now,
            echo,
            term: own.term,
            role: own.role,
            sync: self.sync.state,
            workers_healthy: own.health.workers,
            wants_role: own.wants_role,
            handover: own.handover,
            priority: own.priority,
            hashes: self.config.hashes,
            wanted_epoch: self.wanted_epoch(),
            copy: CopyProgress {
                epoch: self.sync.serving,
                complete: self.copy_is_complete(),
                sent,
                expected,
            },
            positions: self.sender.positions(),
            digest: tables.digest(),
            quiet: self.is_quiet(),
            members: self.members.heartbeat_members(),
        }
    }

    /// Whether nothing is on its way in the direction this box's role replicates in.
    fn is_quiet(&self) -> bool {
        if self.roles.role == BoxRole::Active {
            self.copy_is_complete() && self.sender.is_quiet()
        } else {
            self.broadcasts.is_empty()
        }
    }

    pub(super) fn handle_heartbeat(&mut self, now: Instant, body: &[u8], tables: &mut impl Tables) {
        match Heartbeat::read(body) {
            Ok(heartbeat) => {
                let before =
                    self.peer.heartbeat.as_ref().map(|h| (h.role, h.sync, h.wanted_epoch, h.handover));
                let after = (heartbeat.role, heartbeat.sync, heartbeat.wanted_epoch, heartbeat.handover);
                let was_alive = self.peer.is_alive(now, self.config.dead_after);
                let is_newer = self.peer.beat(now, heartbeat, self.config.dead_after);
                if is_newer && !was_alive && self.roles.role == BoxRole::Active {
                    // It may have been active, too, and have given that up before it could say so.
                    self.insist(now, "the peer is heard again");
                }
                if is_newer && before != Some(after) {
                    self.debug(DebugTopic::Redundancy, || format!("peer is now {after:?}"));
                    // What it does next may depend on what we say next.
                    self.beat.soon();
                }
                self.serve_copy(now, tables);
            }
            Err(error) => self.debug(DebugTopic::Redundancy, || error.to_string()),
        }
    }

    /// The flag in the heartbeat that has the peer take over.
    pub(super) fn handover_flag(&self) -> Handover {
        if self.roles.role == BoxRole::HandingOver && self.roles.flushed {
            Handover::Go
        } else {
            Handover::None
        }
    }
}
