//! Neighbour discovery (RFC 4861) as it arrives.
//!
//! Section 7.1's checks come first and all of them: hop limit 255 is what proves that the sender is on this link.
//! Three more are not in the RFC's list. Extension headers before the message are refused: RFC 6980 forbids
//! fragments, and nobody sends the others. A solicitation from an address that is not on the link is refused
//! (RFC 5942 section 4 and CERT VU#472363: hosts that believed them could be made to send anything anywhere). And
//! of several options of one kind the first counts, so that what was checked is what is used.

use core::net::{IpAddr, Ipv6Addr};

use super::learn::{Evidence, NeighbourUpdate, Outcome, Verdict};
use super::own::OwnAddresses;
use super::request::{
    ALL_NODES, NA_OVERRIDE, NA_ROUTER, NA_SOLICITED, ND_MESSAGE_BYTES, NdMessage, solicited_node,
};
use super::table::Neighbours;
use crate::drop_reason::DropReason;
use crate::interface::{Interface, Mac};
use crate::io::PacketBuf;
use crate::net::bytes;
use crate::net::checksum::{self, Sum};
use crate::net::numbers::{
    IPV6_HEADER_BYTES, ND_HOP_LIMIT, ND_NEIGHBOUR_ADVERTISEMENT, ND_NEIGHBOUR_SOLICITATION,
    ND_OPTION_SOURCE_LINK_LAYER, ND_OPTION_TARGET_LINK_LAYER, ND_REDIRECT, ND_ROUTER_SOLICITATION,
    PROTOCOL_ICMPV6,
};
use crate::route::on_link::is_on_link;
use crate::time::Instant;

/// A neighbour solicitation or advertisement whose form is right.
struct Received {
    source: Ipv6Addr,
    destination: Ipv6Addr,
    target: Ipv6Addr,
    /// NA flags.
    flags: u8,
    /// The link-layer address option that belongs to the type.
    option: Option<Mac>,
    solicitation: bool,
}

/// Offset of the options in a solicitation or advertisement.
const OPTIONS_AT: usize = 24;

impl Received {
    /// The message in an IPv6 packet, or the reason why not.
    fn parse(packet: &[u8]) -> Result<Received, DropReason> {
        Self::fields(packet).unwrap_or(Err(DropReason::NdBad))
    }

    fn fields(packet: &[u8]) -> Option<Result<Received, DropReason>> {
        let payload_bytes = bytes::be16(packet, 4)?;
        let message = packet.get(IPV6_HEADER_BYTES..)?.get(..usize::from(payload_bytes))?;
        let (source, destination) = (bytes::ipv6(packet, 8)?, bytes::ipv6(packet, 24)?);
        let pseudo = Sum::pseudo_ipv6(source, destination, PROTOCOL_ICMPV6, payload_bytes.into());
        let (kind, code) = (*message.first()?, *message.get(1)?);
        let valid = packet.first()? >> 4 == 6
            && *packet.get(6)? == PROTOCOL_ICMPV6
            && *packet.get(7)? == ND_HOP_LIMIT
            && code == 0
            && !source.is_multicast()
            && checksum::is_valid(pseudo, message);
        if !valid {
            return None;
        }
        let (solicitation, wanted) = match kind {
            ND_NEIGHBOUR_SOLICITATION => (true, ND_OPTION_SOURCE_LINK_LAYER),
            ND_NEIGHBOUR_ADVERTISEMENT => (false, ND_OPTION_TARGET_LINK_LAYER),
            // A router neither asks for routers nor listens to them, nor to redirects.
            ND_ROUTER_SOLICITATION..=ND_REDIRECT => return Some(Err(DropReason::NdNotForUs)),
            _ => return None,
        };
        let flags = *message.get(4)?;
        let target = bytes::ipv6(message, 8)?;
        let option = link_layer_option(message.get(OPTIONS_AT..)?, wanted)?;
        let consistent = if solicitation {
            // Duplicate address detection: to the target's group, and nothing to learn.
            !source.is_unspecified() || (destination == solicited_node(target) && option.is_none())
        } else {
            !source.is_unspecified() && (!destination.is_multicast() || flags & NA_SOLICITED == 0)
        };
        (consistent && !target.is_multicast() && !target.is_unspecified()).then_some(Ok(Received {
            source,
            destination,
            target,
            flags,
            option,
            solicitation,
        }))
    }
}

/// The address in the first option of kind `wanted`; the outer `None` when any option is malformed.
fn link_layer_option(mut options: &[u8], wanted: u8) -> Option<Option<Mac>> {
    const UNIT_BYTES: usize = 8;
    let mut found = None;
    while let Some(&kind) = options.first() {
        let units = usize::from(*options.get(1)?);
        if units == 0 {
            return None;
        }
        let (option, rest) = options.split_at_checked(units * UNIT_BYTES)?;
        if kind == wanted && found.is_none() {
            // Ethernet addresses take exactly one unit (RFC 2464 section 6).
            let mac = bytes::mac(option, 2).filter(|_| units == 1)?;
            if mac.is_multicast() || mac == Mac::default() {
                return None;
            }
            found = Some(mac);
        }
        options = rest;
    }
    Some(found)
}

impl<P: PacketBuf> Neighbours<P> {
    /// Handles an ICMPv6 packet of one of the five ND types whose IPv6 header begins at `l3` in `packet`'s
    /// Ethernet frame. On [`Verdict::Reply`] the packet holds the answer, which may be longer or shorter.
    pub fn handle_nd(
        &mut self,
        now: Instant,
        interface: &Interface,
        own: &impl OwnAddresses,
        packet: &mut P,
        l3: usize,
    ) -> Outcome {
        let frame = packet.data();
        let (Some(ip), Some(ethernet_source)) = (frame.get(l3..), bytes::mac(frame, 6)) else {
            return Outcome::drop(DropReason::NdBad);
        };
        let received = match Received::parse(ip) {
            Ok(received) => received,
            Err(reason) => return Outcome::drop(reason),
        };
        // Our own multicast, come back over a loop or a mirror port.
        if ethernet_source == interface.mac || received.option == Some(interface.mac) {
            return Outcome::drop(DropReason::NdNotForUs);
        }
        let claimed = if received.solicitation { received.source } else { received.target };
        if let Some(mac) = own.mac_for(interface, claimed.into()) {
            let claimant = received.option.unwrap_or(ethernet_source);
            if claimant == mac || ethernet_source == mac {
                return Outcome::drop(DropReason::NdNotForUs);
            }
            return self.conflict(interface.port, claimed.into(), claimant, DropReason::NdNotForUs);
        }
        let detection = received.source.is_unspecified();
        if !detection && !is_on_link(interface, claimed.into()) {
            return Outcome::drop(DropReason::NdNotForUs);
        }
        if !received.solicitation {
            return self.hear_advertisement(now, interface, own, &received, claimed);
        }
        let Some(mac) = own.mac_for(interface, received.target.into()) else {
            return Outcome::drop(DropReason::NdNotForUs);
        };
        let heard = received.option.filter(|_| !detection).map(|mac| NeighbourUpdate {
            port: interface.port,
            address: claimed.into(),
            mac,
            evidence: Evidence::Solicitation,
        });
        let update = heard.and_then(|heard| self.hear(now, heard));
        let back_to = received.option.unwrap_or(ethernet_source);
        let verdict = match write_reply(packet, l3, &received, back_to, mac) {
            Some(()) => Verdict::Reply,
            None => Verdict::Drop(DropReason::PoolExhausted),
        };
        Outcome { verdict, update, conflict: None }
    }

    fn hear_advertisement(
        &mut self,
        now: Instant,
        interface: &Interface,
        own: &impl OwnAddresses,
        received: &Received,
        address: Ipv6Addr,
    ) -> Outcome {
        let address = IpAddr::V6(address);
        let overrides = received.flags & NA_OVERRIDE != 0;
        let to_us = own.mac_for(interface, received.destination.into()).is_some();
        let evidence = if received.flags & NA_SOLICITED != 0 && to_us {
            Evidence::Answer { overrides }
        } else {
            Evidence::Announcement { overrides }
        };
        // The answer to a unicast solicitation may leave its address out: then it confirms the one on record.
        let on_record = || {
            let hot = &self.hot[self.find(interface.port, address)? as usize];
            hot.state.is_usable().then_some(hot.mac)
        };
        let Some(mac) = received.option.or_else(on_record) else {
            return Outcome::drop(DropReason::NdNotForUs);
        };
        let update = self.hear(now, NeighbourUpdate { port: interface.port, address, mac, evidence });
        Outcome { verdict: Verdict::Consumed, update, conflict: None }
    }
}

/// Turns a solicitation into its advertisement, from `mac`.
fn write_reply<P: PacketBuf>(
    packet: &mut P,
    l3: usize,
    solicitation: &Received,
    back_to: Mac,
    mac: Mac,
) -> Option<()> {
    let wanted = l3 + IPV6_HEADER_BYTES + ND_MESSAGE_BYTES;
    let missing = wanted.saturating_sub(packet.data().len());
    if missing > 0 {
        packet.append(missing)?;
    }
    packet.truncate(wanted);
    // Whoever detects duplicates has no address yet: everyone is told, and nobody solicited it.
    let (destination, destination_mac, solicited) = if solicitation.source.is_unspecified() {
        (ALL_NODES, Mac::ipv6_multicast(ALL_NODES), 0)
    } else {
        (solicitation.source, back_to, NA_SOLICITED)
    };
    let advertisement = NdMessage {
        kind: ND_NEIGHBOUR_ADVERTISEMENT,
        flags: NA_ROUTER | NA_OVERRIDE | solicited,
        target: solicitation.target,
        option: ND_OPTION_TARGET_LINK_LAYER,
        mac,
    };
    let frame = packet.data_mut();
    advertisement.write(solicitation.target, destination, frame.get_mut(l3..)?)?;
    bytes::put(frame, 0, &destination_mac.0)?;
    bytes::put(frame, 6, &mac.0)
}
