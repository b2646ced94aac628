//! Packets for the box itself: ARP, neighbour discovery, echo.

use core::time::Duration;

use super::{Row, Shard};
use crate::drop_reason::DropReason;
use crate::event::Event;
use crate::interface::PortId;
use crate::io::PacketBuf;
use crate::local::echo_reply;
use crate::neighbour::{AddressConflict, Outcome, Verdict};
use crate::net::bytes;
use crate::net::numbers::{ETHERTYPE_VLAN, PROTOCOL_ICMP, PROTOCOL_ICMPV6, VLAN_TAG_BYTES};
use crate::parse::Parsed;
use crate::time::Instant;
use crate::worker::Outbox;

/// A host that goes on claiming an address of the box is mentioned this often.
const CONFLICT_REPEAT_INTERVAL: Duration = Duration::from_secs(60);
/// Time between two claims that are mentioned, whoever makes them.
const CONFLICTS_APART: Duration = Duration::from_secs(1);

impl<P: PacketBuf> Shard<P> {
    /// An ARP packet.
    #[cold]
    pub(super) fn arp(
        &mut self,
        now: Instant,
        port: PortId,
        parsed: &Parsed,
        mut packet: P,
        outbox: &mut Outbox<P>,
    ) {
        let Some(interface) = self.config.interfaces.get(usize::from(port.0)) else {
            return outbox.drop_packet(packet, DropReason::PortDown);
        };
        let l3 = usize::from(parsed.l3);
        let outcome = self.neighbours.handle_arp(now, interface, &self.duty, packet.data_mut(), l3);
        self.after_neighbour_packet(now, port, outcome, packet, outbox);
    }

    /// A neighbour discovery packet.
    #[cold]
    pub(super) fn nd(
        &mut self,
        now: Instant,
        port: PortId,
        parsed: &Parsed,
        mut packet: P,
        outbox: &mut Outbox<P>,
    ) {
        let Some(interface) = self.config.interfaces.get(usize::from(port.0)) else {
            return outbox.drop_packet(packet, DropReason::PortDown);
        };
        let l3 = usize::from(parsed.l3);
        let outcome = self.neighbours.handle_nd(now, interface, &self.duty, &mut packet, l3);
        self.after_neighbour_packet(now, port, outcome, packet, outbox);
    }

    fn after_neighbour_packet(
        &mut self,
        now: Instant,
        port: PortId,
        outcome: Outcome,
        packet: P,
        outbox: &mut Outbox<P>,
    ) {
        if let Some(update) = outcome.update {
            outbox.announce(update);
        }
        if let Some(conflict) = outcome.conflict {
            self.stats.address_conflicts += 1;
            self.tell_conflict(now, conflict, outbox);
        }
        match outcome.verdict {
            Verdict::Reply => outbox.send(port, packet),
            Verdict::Consumed => outbox.drop_packet(packet, DropReason::LocalConsumed),
            Verdict::Drop(reason) => outbox.drop_packet(packet, reason),
        }
        self.drain_neighbours(now, outbox);
    }

    /// Tells of a claim to one of the box's addresses; of the same claim again only after a while, and of no more than one
    /// a second: whoever can send can make up any number, and events have a ring of limited size.
    fn tell_conflict(&mut self, now: Instant, conflict: AddressConflict, outbox: &mut Outbox<P>) {
        let told = self.told_conflict.is_some_and(|(told, at)| {
            let apart = if told == conflict { CONFLICT_REPEAT_INTERVAL } else { CONFLICTS_APART };
            now.since(at) < apart
        });
        if !told {
            self.told_conflict = Some((conflict, now));
            outbox.tell(Event::AddressConflict(conflict));
        }
    }

    /// A packet to one of the box's addresses. Echo is all it serves; TCP and UDP are refused with silence, so
    /// that a scan of the box learns nothing.
    #[cold]
    pub(super) fn local(&mut self, now: Instant, row: Row<'_>, mut packet: P, outbox: &mut Outbox<P>) {
        if !matches!(row.parsed.protocol, PROTOCOL_ICMP | PROTOCOL_ICMPV6) {
            return outbox.drop_packet(packet, DropReason::LocalUnserved);
        }
        if !self.limiter.take_echo_reply(row.port, now) {
            return outbox.drop_packet(packet, DropReason::LocalRateLimited);
        }
        let asked = row.parsed.key.address(row.parsed.side.other());
        match echo_reply(packet.data_mut(), usize::from(row.parsed.l3)) {
            Ok(frame_bytes) => {
                packet.truncate(frame_bytes);
                // Whoever asked the virtual address by another MAC hears which one it should be.
                if let Some(mac) = self.duty.virtual_mac(row.port, asked) {
                    let _ = bytes::put(packet.data_mut(), 6, &mac.0);
                }
                self.stats.echo_replies += 1;
                outbox.send(row.port, packet);
            }
            Err(reason) => outbox.drop_packet(packet, reason),
        }
    }

    /// Sends a frame of the box's own that has an untagged Ethernet header; adds the interface's tag.
    pub(super) fn send_on_link(&self, port: PortId, mut packet: P, outbox: &mut Outbox<P>) {
        let vlan = self.ports.get(usize::from(port.0)).and_then(|view| view.vlan);
        if let Some(vlan) = vlan {
            let Some(frame) = packet.prepend(VLAN_TAG_BYTES) else {
                return outbox.drop_packet(packet, DropReason::LinkHeaderRoom);
            };
            // The address bytes move to the front; what was the EtherType stays behind the tag.
            frame.copy_within(VLAN_TAG_BYTES..VLAN_TAG_BYTES + 12, 0);
            if let Some(tag) = frame.get_mut(12..16) {
                tag[..2].copy_from_slice(&ETHERTYPE_VLAN.to_be_bytes());
                tag[2..].copy_from_slice(&vlan.to_be_bytes());
            }
        }
        outbox.send(port, packet);
    }
}
