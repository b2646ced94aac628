//! HSRP on its way in (RFC 2281; version 2 of it): the worker finds it and checks its UDP, the HA core reads it.

use core::net::{IpAddr, Ipv4Addr};

use super::established::layer4;
use super::first_packet::verify_layer4;
use super::{Row, Shard};
use crate::drop_reason::DropReason;
use crate::interface::PortId;
use crate::io::PacketBuf;
use crate::net::bytes::be16;
use crate::net::numbers::{HSRP_PORT, PROTOCOL_UDP, UDP_HEADER_BYTES};
use crate::parse::{Class, Parsed, check_addresses};
use crate::replication::{HSRP_PAYLOAD_BYTES_MAX, ToHa};
use crate::time::Instant;
use crate::worker::Outbox;

/// 224.0.0.2, of version 1, and 224.0.0.102, of version 2.
const GROUPS: [Ipv4Addr; 2] = [Ipv4Addr::new(224, 0, 0, 2), Ipv4Addr::new(224, 0, 0, 102)];

impl<P: PacketBuf> Shard<P> {
    /// An IP packet in a frame for many: HSRP, or nothing the box serves.
    #[cold]
    pub(super) fn group_packet(
        &mut self,
        now: Instant,
        port: PortId,
        parsed: &Parsed,
        packet: P,
        outbox: &mut Outbox<P>,
    ) {
        let speaks = self.view(port).is_some_and(|view| view.filter.hsrp) && outbox.has_hsrp_ring();
        if !speaks || !is_hsrp(packet.data(), parsed) {
            return outbox.drop_packet(packet, DropReason::MulticastUnserved);
        }
        let hash = parsed.key.hash(&self.hash_key);
        let reason = match read(port, &packet, Row { port, hash, parsed }) {
            Err(reason) => reason,
            Ok(message) if self.limiter.take_hsrp(port, now) && outbox.hsrp(message) => {
                DropReason::LocalConsumed
            }
            Ok(_) => DropReason::HsrpLost,
        };
        outbox.drop_packet(packet, reason);
    }
}

/// Whether a packet is to HSRP's port at one of its groups, in a frame to the same group.
fn is_hsrp(frame: &[u8], parsed: &Parsed) -> bool {
    let (key, to) = (&parsed.key, parsed.side.other());
    let IpAddr::V4(group) = key.address(to) else { return false };
    let [.., low] = group.octets();
    parsed.class == Class::Flow
        && parsed.protocol == PROTOCOL_UDP
        && key.port(to) == HSRP_PORT
        && GROUPS.contains(&group)
        && frame.starts_with(&[1, 0, 0x5e, 0, 0, low])
}

fn read<P: PacketBuf>(port: PortId, packet: &P, row: Row<'_>) -> Result<ToHa, DropReason> {
    let (key, from) = (&row.parsed.key, row.parsed.side);
    if row.parsed.first_fragment {
        return Err(DropReason::HsrpBad);
    }
    check_addresses(key.address(from), key.address(from.other()))?;
    verify_layer4(packet, &row)?;
    let IpAddr::V4(source) = key.address(from) else { return Err(DropReason::HsrpBad) };
    let udp = layer4(packet, row);
    let bytes = be16(udp, 4).map_or(0, usize::from);
    let payload = udp.get(UDP_HEADER_BYTES..bytes).unwrap_or_default();
    if payload.is_empty() {
        return Err(DropReason::HsrpBad);
    }
    let kept = payload.get(..HSRP_PAYLOAD_BYTES_MAX).unwrap_or(payload);
    let mut copy = [0; HSRP_PAYLOAD_BYTES_MAX];
    copy[..kept.len()].copy_from_slice(kept);
    Ok(ToHa::Hsrp { port, source, payload: copy, length: kept.len() as u8 })
}
