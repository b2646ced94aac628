//! The last steps of every packet that leaves: MTU, TTL, Ethernet header, next hop.

use core::net::IpAddr;

use super::{PortView, Row, Shard};
use crate::drop_reason::DropReason;
use crate::interface::Mac;
use crate::io::PacketBuf;
use crate::net::numbers::{
    ETHERNET_HEADER_BYTES, ETHERTYPE_IPV4, ETHERTYPE_IPV6, ETHERTYPE_VLAN, VLAN_TAG_BYTES,
};
use crate::parse::Parsed;
use crate::route::on_link::source_for;
use crate::session::NextHopRef;
use crate::time::Instant;
use crate::worker::Outbox;

/// Shortest Ethernet frame without its check sequence; senders pad up to it (IEEE 802.3 clause 3.2.8).
const FRAME_BYTES_MIN: usize = 60;

impl<P: PacketBuf> Shard<P> {
    /// Forwards a packet whose TTL is known to be above 1 to a next hop of this worker's table.
    #[inline]
    pub(super) fn forward(
        &mut self,
        now: Instant,
        next_hop: NextHopRef,
        row: Row<'_>,
        mut packet: P,
        outbox: &mut Outbox<P>,
    ) {
        let hop = self.neighbours.hop(next_hop);
        let Some(out) = self.ports.get(usize::from(hop.port.0)) else {
            return outbox.drop_packet(packet, DropReason::PortDown);
        };
        if row.parsed.ip_bytes() > out.mtu {
            let mtu = out.mtu;
            return self.answer_too_big(now, row, packet, mtu, outbox);
        }
        cut_trailer(&mut packet, row.parsed);
        decrement_ttl(packet.data_mut(), row.parsed);
        if !set_link_header(&mut packet, row.parsed, out, hop.mac) {
            return outbox.drop_packet(packet, DropReason::LinkHeaderRoom);
        }
        if hop.state.is_usable() {
            outbox.send(hop.port, packet);
        } else {
            self.await_neighbour(now, next_hop, packet, outbox);
        }
    }

    /// Puts a finished frame in its neighbour's queue until the neighbour answers. If it failed to answer a moment
    /// ago, the sender hears at once that the host is unreachable.
    #[cold]
    pub(super) fn await_neighbour(
        &mut self,
        now: Instant,
        next_hop: NextHopRef,
        packet: P,
        outbox: &mut Outbox<P>,
    ) {
        match self.neighbours.enqueue(next_hop, packet, now) {
            Ok(()) => {}
            Err((packet, DropReason::NeighbourUnreachable)) => {
                self.answer_unreachable(now, next_hop, packet, outbox);
            }
            Err((packet, reason)) => outbox.drop_packet(packet, reason),
        }
    }

    /// Sends a packet of the box's own, complete from its IP header on at offset 14 of the frame.
    pub(super) fn originate(
        &mut self,
        now: Instant,
        destination: IpAddr,
        mut packet: P,
        outbox: &mut Outbox<P>,
    ) {
        let egress = self.config.routes.lookup(destination);
        let next_hop = egress.and_then(|e| self.neighbours.intern(e.port, e.next_hop, now));
        let next_hop = match next_hop {
            Ok(next_hop) => next_hop,
            Err(reason) => return outbox.drop_packet(packet, reason),
        };
        let hop = self.neighbours.hop(next_hop);
        let Some(out) = self.ports.get(usize::from(hop.port.0)) else {
            return outbox.drop_packet(packet, DropReason::PortDown);
        };
        let at_ip = Layer3 { l3: ETHERNET_HEADER_BYTES, v6: destination.is_ipv6() };
        if !write_link_header(&mut packet, at_ip, out, hop.mac) {
            return outbox.drop_packet(packet, DropReason::LinkHeaderRoom);
        }
        if hop.state.is_usable() {
            outbox.send(hop.port, packet);
        } else {
            self.await_neighbour(now, next_hop, packet, outbox);
        }
    }

    /// Source address for packets of the box's own to `destination`, wherever that is.
    pub(super) fn source_towards(&self, destination: IpAddr) -> Option<IpAddr> {
        let egress = self.config.routes.lookup(destination).ok()?;
        source_for(self.config.interface(egress.port)?, egress.next_hop)
    }
}

/// Cuts off what follows the IP packet, padding of a short frame excepted: it is no part of what was inspected, and
/// could make the frame larger than the link takes.
#[inline]
fn cut_trailer<P: PacketBuf>(packet: &mut P, parsed: &Parsed) {
    let end = usize::from(parsed.end).max(FRAME_BYTES_MIN);
    if packet.data().len() > end {
        packet.truncate(end);
    }
}

/// TTL or hop limit, and the IPv4 header checksum by delta (RFC 1624).
#[inline]
fn decrement_ttl(frame: &mut [u8], parsed: &Parsed) {
    let header = frame.get_mut(usize::from(parsed.l3)..).unwrap_or_default();
    if parsed.v6 {
        if let Some(limit) = header.get_mut(7) {
            *limit = limit.saturating_sub(1);
        }
    } else {
        crate::net::checksum::ipv4_decrement_ttl(header);
    }
}

/// Where layer 3 begins, and which it is.
#[derive(Clone, Copy)]
struct Layer3 {
    l3: usize,
    v6: bool,
}

/// Ethernet header for a forwarded packet; the common case touches its twelve address bytes only.
#[inline]
fn set_link_header<P: PacketBuf>(packet: &mut P, parsed: &Parsed, out: &PortView, mac: Mac) -> bool {
    if usize::from(parsed.l3) == ETHERNET_HEADER_BYTES && out.vlan.is_none() {
        let Some(header) = packet.data_mut().first_chunk_mut::<12>() else { return false };
        header[..6].copy_from_slice(&mac.0);
        header[6..].copy_from_slice(&out.mac.0);
        return true;
    }
    write_link_header(packet, Layer3 { l3: usize::from(parsed.l3), v6: parsed.v6 }, out, mac)
}

/// Any Ethernet header: tags come and go. `false` when the buffer has no headroom for it.
#[cold]
fn write_link_header<P: PacketBuf>(packet: &mut P, at: Layer3, out: &PortView, mac: Mac) -> bool {
    let wanted = ETHERNET_HEADER_BYTES + if out.vlan.is_some() { VLAN_TAG_BYTES } else { 0 };
    if at.l3 > wanted {
        packet.trim_front(at.l3 - wanted);
    } else if at.l3 < wanted && packet.prepend(wanted - at.l3).is_none() {
        return false;
    }
    let Some(header) = packet.data_mut().get_mut(..wanted) else { return false };
    let ethertype = if at.v6 { ETHERTYPE_IPV6 } else { ETHERTYPE_IPV4 };
    header[..6].copy_from_slice(&mac.0);
    header[6..12].copy_from_slice(&out.mac.0);
    header[wanted - 2..].copy_from_slice(&ethertype.to_be_bytes());
    if let Some(vlan) = out.vlan {
        header[12..14].copy_from_slice(&ETHERTYPE_VLAN.to_be_bytes());
        header[14..16].copy_from_slice(&vlan.to_be_bytes());
    }
    true
}
