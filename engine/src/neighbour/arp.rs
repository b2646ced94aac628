//! ARP (RFC 826) as it arrives: answers for our addresses, and what is learned from the rest.

use core::net::{IpAddr, Ipv4Addr};

use super::learn::{Evidence, NeighbourUpdate, Outcome, Verdict};
use super::own::OwnAddresses;
use super::table::Neighbours;
use crate::drop_reason::DropReason;
use crate::interface::{Interface, Mac};
use crate::io::PacketBuf;
use crate::net::build::Arp;
use crate::net::bytes;
use crate::net::numbers::{ARP_BYTES, ARP_REPLY, ARP_REQUEST};
use crate::route::on_link::is_on_link;
use crate::time::Instant;

/// An ARP packet whose form is right.
struct Received {
    ethernet_destination: Mac,
    arp: Arp,
}

/// Hardware type Ethernet, protocol type IPv4, address lengths 6 and 4.
const ETHERNET_IPV4: [u8; 6] = [0, 1, 8, 0, 6, 4];

impl Received {
    fn parse(frame: &[u8], l3: usize, source_must_match: bool) -> Option<Received> {
        let packet = frame.get(l3..)?.get(..ARP_BYTES)?;
        let arp = Arp {
            operation: bytes::be16(packet, 6)?,
            sender_mac: bytes::mac(packet, 8)?,
            sender_ip: bytes::ipv4(packet, 14)?,
            target_mac: bytes::mac(packet, 18)?,
            target_ip: bytes::ipv4(packet, 24)?,
        };
        let form = packet.starts_with(&ETHERNET_IPV4) && matches!(arp.operation, ARP_REQUEST | ARP_REPLY);
        // RFC 1812 section 3.3.2: a group address in an ARP packet is not believed.
        let sender = !arp.sender_mac.is_multicast() && arp.sender_mac != Mac::default();
        let matches = !source_must_match || bytes::mac(frame, 6)? == arp.sender_mac;
        (form && sender && matches).then_some(Received { ethernet_destination: bytes::mac(frame, 0)?, arp })
    }
}

impl<P: PacketBuf> Neighbours<P> {
    /// Handles an ARP packet that begins at `l3` in an Ethernet `frame` (14, or more behind VLAN tags, which an
    /// answer keeps). On [`Verdict::Reply`] the frame holds the answer.
    pub fn handle_arp(
        &mut self,
        now: Instant,
        interface: &Interface,
        own: &impl OwnAddresses,
        frame: &mut [u8],
        l3: usize,
    ) -> Outcome {
        let strict = self.config.arp_source_must_match;
        let Some(Received { ethernet_destination, arp }) = Received::parse(frame, l3, strict) else {
            return Outcome::drop(DropReason::ArpBad);
        };
        let ours = |address: Ipv4Addr| own.mac_for(interface, address.into());
        // Our own broadcast, come back over a loop or a mirror port.
        if arp.sender_mac == interface.mac || ours(arp.sender_ip) == Some(arp.sender_mac) {
            return Outcome::drop(DropReason::ArpNotForUs);
        }
        if ours(arp.sender_ip).is_some() {
            return self.conflict(
                interface.port,
                arp.sender_ip.into(),
                arp.sender_mac,
                DropReason::ArpNotForUs,
            );
        }
        let target_mac = ours(arp.target_ip);
        let request = arp.operation == ARP_REQUEST;
        // RFC 5227: a host about to take an address asks for it from 0.0.0.0. Nothing is to be learned from it.
        let probe = request && arp.sender_ip.is_unspecified();
        if !probe && !is_on_link(interface, arp.sender_ip.into()) {
            return Outcome::drop(DropReason::ArpNotForUs);
        }
        let evidence = match (request, target_mac) {
            (true, Some(_)) => Evidence::Solicitation,
            (false, Some(_)) if arp.target_mac == interface.mac && !ethernet_destination.is_multicast() => {
                Evidence::Answer { overrides: true }
            }
            _ => Evidence::Announcement { overrides: true },
        };
        let update = if probe {
            None
        } else {
            let address = IpAddr::V4(arp.sender_ip);
            self.hear(now, NeighbourUpdate { port: interface.port, address, mac: arp.sender_mac, evidence })
        };
        let verdict = match (evidence, target_mac) {
            (Evidence::Solicitation, Some(mac)) => match write_reply(frame, l3, &arp, mac) {
                Some(()) => Verdict::Reply,
                None => Verdict::Drop(DropReason::ArpBad),
            },
            (Evidence::Answer { .. }, _) => Verdict::Consumed,
            _ if arp.sender_ip == arp.target_ip => Verdict::Consumed,
            _ => Verdict::Drop(DropReason::ArpNotForUs),
        };
        Outcome { verdict, update, conflict: None }
    }
}

/// Turns a request into its reply, from `mac`.
fn write_reply(frame: &mut [u8], l3: usize, request: &Arp, mac: Mac) -> Option<()> {
    let reply = Arp {
        operation: ARP_REPLY,
        sender_mac: mac,
        sender_ip: request.target_ip,
        target_mac: request.sender_mac,
        target_ip: request.sender_ip,
    };
    reply.write(frame.get_mut(l3..)?)?;
    bytes::put(frame, 0, &request.sender_mac.0)?;
    bytes::put(frame, 6, &mac.0)
}
