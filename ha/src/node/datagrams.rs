//! What goes over the HA link, inside its encryption: a byte for the kind, then a heartbeat, records or
//! acknowledgements.

use holdfast_engine::time::Instant;

use super::{Node, NodeEvent};
use crate::link::{LinkEvent, Received};
use crate::status::LinkState;
use crate::tables::Tables;

/// Kinds of plaintext: its first byte. Codecs: `heartbeat/codec.rs`, `replication/codec/mod.rs`.
const KIND_HEARTBEAT: u8 = 1;
const KIND_RECORDS: u8 = 2;
const KIND_ACKS: u8 = 3;

impl Node {
    pub(super) fn handle_datagram(&mut self, now: Instant, datagram: &[u8], tables: &mut impl Tables) {
        let Some(link) = &mut self.link else { return };
        let mut plaintext = core::mem::take(&mut self.plaintext);
        plaintext.clear();
        let received = link.handle_datagram(now, datagram, &mut plaintext);
        // First: the datagram may be the first of a peer that was started anew, whose numbers begin again.
        self.take_link_events(now);
        if received == Received::Plaintext
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
        // Heartbeats go on when nothing is heard: the first that arrives revives a session that both still have, sooner
        // than a handshake would.
        let is_up = link.state() == LinkState::Up;
        let mut plaintext = core::mem::take(&mut self.plaintext);
        let made = self.next_plaintext(now, tables, is_up, &mut plaintext);
        let sealed =
            made && self.link.as_mut().is_some_and(|link| link.seal(now, &plaintext, datagram).is_ok());
        self.plaintext = plaintext;
        sealed
    }

    fn next_plaintext(
        &mut self,
        now: Instant,
        tables: &mut impl Tables,
        is_up: bool,
        plaintext: &mut Vec<u8>,
    ) -> bool {
        plaintext.clear();
        if self.beat.soon || now.since(self.beat.sent_at) >= self.config.heartbeat {
            self.beat.soon = false;
            self.beat.sent_at = now;
            plaintext.push(KIND_HEARTBEAT);
            let heartbeat = self.heartbeat(now, tables);
            heartbeat.write(plaintext);
            return true;
        }
        if !is_up {
            return false;
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
}
