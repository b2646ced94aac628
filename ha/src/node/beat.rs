//! The box's own heartbeat, and what goes over the HA link.

use holdfast_engine::time::Instant;

use super::{DebugTopic, KIND_ACKS, KIND_HEARTBEAT, KIND_RECORDS, Node, NodeEvent};
use crate::heartbeat::{CopyProgress, Handover, Heartbeat};
use crate::link::{LinkEvent, Received};
use crate::status::{BoxRole, LinkState};
use crate::tables::Tables;

/// When the next heartbeat is due.
#[derive(Debug)]
pub(super) struct Beat {
    number: u64,
    sent_at: Instant,
    soon: bool,
    link_was: LinkState,
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

    pub(super) fn handle_datagram(&mut self, now: Instant, datagram: &[u8], tables: &mut impl Tables) {
        let Some(link) = &mut self.link else { return };
        let mut plaintext = core::mem::take(&mut self.plaintext);
        plaintext.clear();
        if link.handle_datagram(now, datagram, &mut plaintext) == Received::Plaintext
            && let Some((&kind, body)) = plaintext.split_first()
        {
            match kind {
                KIND_HEARTBEAT => self.handle_heartbeat(now, body, tables),
                KIND_RECORDS if self.takes_records() => self.receiver.handle_records(now, body, tables),
                KIND_ACKS => self.sender.handle_acks(now, body, tables),
                // Kinds of a newer version, and records that came too late for this role.
                _ => {}
            }
        }
        self.plaintext = plaintext;
        self.take_link_events(now);
    }

    pub(super) fn handle_heartbeat(&mut self, now: Instant, body: &[u8], tables: &mut impl Tables) {
        match Heartbeat::read(body) {
            Ok(heartbeat) => {
                let before =
                    self.peer.heartbeat.as_ref().map(|h| (h.role, h.sync, h.wanted_epoch, h.handover));
                let after = (heartbeat.role, heartbeat.sync, heartbeat.wanted_epoch, heartbeat.handover);
                if self.peer.beat(now, heartbeat, self.config.dead_after) && before != Some(after) {
                    self.debug(DebugTopic::Redundancy, || format!("peer is now {after:?}"));
                    // What it does next may depend on what we say next.
                    self.beat.soon();
                }
                self.serve_copy(now, tables);
            }
            Err(error) => self.debug(DebugTopic::Redundancy, || error.to_string()),
        }
    }

    pub(super) fn step_link(&mut self, now: Instant) {
        if let Some(link) = &mut self.link {
            link.handle_timeout(now);
        }
        self.take_link_events(now);
    }

    fn take_link_events(&mut self, now: Instant) {
        let Some(link) = &mut self.link else { return };
        let mut connected = None;
        while let Some(event) = link.poll_event() {
            match event {
                LinkEvent::Connected { peer_name, peer_boot, version } => {
                    self.peer.connected(now, &peer_name, peer_boot, version);
                    self.alarms.wrong_key = false;
                    self.alarms.versions = None;
                    connected = Some((peer_name, version));
                }
                LinkEvent::WrongKey => self.alarms.wrong_key = true,
                LinkEvent::VersionMismatch { theirs, .. } => {
                    self.alarms.versions = Some((*theirs.start(), *theirs.end()));
                }
                LinkEvent::Lost => {}
            }
        }
        let (old, new) = (self.beat.link_was, link.state());
        self.beat.link_was = new;
        if let Some((name, version)) = connected {
            self.beat.soon();
            self.tell(NodeEvent::PeerConnected { name, version });
        }
        if old != new {
            self.beat.soon();
            self.tell(NodeEvent::Link { old, new });
        }
    }

    /// The next datagram for the HA link.
    pub(super) fn poll_link(
        &mut self,
        now: Instant,
        tables: &mut impl Tables,
        datagram: &mut Vec<u8>,
    ) -> bool {
        let Some(link) = &mut self.link else { return false };
        if link.poll_transmit(datagram) {
            return true;
        }
        if link.state() != LinkState::Up {
            return false;
        }
        let mut plaintext = core::mem::take(&mut self.plaintext);
        let made = self.next_plaintext(now, tables, &mut plaintext);
        let sealed =
            made && self.link.as_mut().is_some_and(|link| link.seal(now, &plaintext, datagram).is_ok());
        self.plaintext = plaintext;
        sealed
    }

    fn next_plaintext(&mut self, now: Instant, tables: &mut impl Tables, plaintext: &mut Vec<u8>) -> bool {
        plaintext.clear();
        if self.beat.soon || now.since(self.beat.sent_at) >= self.config.heartbeat {
            self.beat.soon = false;
            self.beat.sent_at = now;
            plaintext.push(KIND_HEARTBEAT);
            let heartbeat = self.heartbeat(now, tables);
            heartbeat.write(plaintext);
            return true;
        }
        plaintext.push(KIND_ACKS);
        if self.receiver.poll_acks(now, plaintext) {
            return true;
        }
        plaintext.clear();
        plaintext.push(KIND_RECORDS);
        let payload_max = self.link.as_ref().map_or(0, |link| link.payload_bytes_max());
        self.gives_records() && self.sender.fill(now, tables, payload_max, plaintext)
    }

    /// Whether this box sends its sessions' changes: it has the role, and the peer asked for a copy.
    pub(super) fn gives_records(&self) -> bool {
        self.sync.serving != 0 && self.roles.role.replicates()
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
