//! The node as the console sees it.

use holdfast_engine::time::Instant;

use super::Node;
use crate::replication;
use crate::status::{BoxRole, LinkState, PeerStatus, Status};
use crate::tables::Tables;

impl Node {
    /// Everything there is to show.
    pub fn status(&self, now: Instant, tables: &impl Tables) -> Status {
        let groups = self.members.all.iter().filter_map(|m| {
            let mut status = m.group.as_ref()?.status(now);
            status.preempt = m.config.preempt.enabled;
            if let Some(configured) = &m.config.group {
                status.priority_configured = configured.priority;
            }
            Some(status)
        });
        let digest = tables.digest();
        let giving = self.roles.role.replicates();
        Status {
            name: self.config.name.clone(),
            role: self.roles.role,
            role_why: self.roles.why,
            role_since: now.since(self.roles.since),
            takeovers: self.roles.takeovers,
            sync: self.sync.state,
            term: self.roles.term,
            groups: groups.collect(),
            link: self.link.as_ref().map_or(LinkState::None, |link| link.state()),
            link_local: self.config.link.as_ref().map(|link| link.local),
            link_peer: self.config.link.as_ref().map(|link| link.peer),
            link_payload_bytes: self.link.as_ref().map_or(0, |link| link.payload_bytes_max() as u32),
            link_round_trip: self.peer.round_trip,
            peer: self.peer_status(now),
            sessions: digest.sessions,
            tables_equal: self.tables_equal(now, tables),
            lag_records: if giving { self.sender.pending_records() } else { 0 },
            lag: if giving { self.sender.oldest_unacknowledged_age(now) } else { core::time::Duration::ZERO },
            last_bulk_age: self.sync.last.map(|(at, ..)| now.since(at)),
            last_bulk_sessions: self.sync.last.map_or(0, |(_, sessions, _)| sessions),
            last_bulk_took: self.sync.last.map_or(core::time::Duration::ZERO, |(_, _, took)| took),
            bulk_progress: self.bulk_progress(),
            streams: replication::streams(&self.sender, &self.receiver),
            replication: replication::counters(&self.sender, &self.receiver),
            installs: tables.installs(),
            link_counters: self.link.as_ref().map(|link| link.counters()).unwrap_or_default(),
            alarms: self.alarms.active.clone(),
        }
    }

    fn peer_status(&self, now: Instant) -> Option<PeerStatus> {
        let heartbeat = self.peer.heartbeat.as_ref()?;
        Some(PeerStatus {
            name: self.peer.name.clone(),
            role: heartbeat.role,
            sync: heartbeat.sync,
            term: heartbeat.term,
            sessions: heartbeat.digest.sessions,
            version: self.peer.version,
            heard_for: self.peer.heard_at.since(self.peer.heard_since),
            silent_for: now.since(self.peer.heard_at),
        })
    }

    /// Whether both tables are the same. Equal digests say so at any time; different ones only say something when
    /// nothing is on its way.
    fn tables_equal(&self, now: Instant, tables: &impl Tables) -> Option<bool> {
        let peer =
            self.peer.heartbeat.as_ref().filter(|_| self.peer.is_alive(now, self.config.dead_after))?;
        if peer.digest == tables.digest() {
            return Some(true);
        }
        let still = match self.roles.role {
            BoxRole::Active => self.copy_is_complete() && self.sender.is_quiet(),
            BoxRole::Standby => peer.quiet && self.receiver.is_complete_up_to(&peer.positions),
            _ => false,
        };
        still.then_some(false)
    }

    fn bulk_progress(&self) -> Option<(u64, u64)> {
        if self.roles.role.replicates() {
            let (sent, expected) = self.sender.bulk_progress();
            return (self.sync.serving != 0 && !self.sender.bulk_complete()).then_some((sent, expected));
        }
        self.sync.received.filter(|_| self.sync.state == crate::status::SyncState::Bulk)
    }
}
