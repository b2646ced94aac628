//! What the box sends of its own accord: requests for neighbours, and announcements of its own addresses.

use core::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use crate::interface::{Interface, Mac, PortId};
use crate::net::build::{Arp, Ethernet, Ipv6, finish_icmpv6, icmp_header};
use crate::net::bytes::put;
use crate::net::numbers::{
    ARP_REPLY, ARP_REQUEST, ETHERTYPE_ARP, ETHERTYPE_IPV6, ND_HOP_LIMIT, ND_NEIGHBOUR_ADVERTISEMENT,
    ND_NEIGHBOUR_SOLICITATION, ND_OPTION_SOURCE_LINK_LAYER, ND_OPTION_TARGET_LINK_LAYER, PROTOCOL_ICMPV6,
};
use crate::route::on_link::source_for;

/// Largest frame written here: Ethernet, IPv6, solicitation with its option.
pub const REQUEST_FRAME_BYTES_MAX: usize = 14 + 40 + ND_MESSAGE_BYTES;

/// Bytes of a solicitation or advertisement with one link-layer address option.
pub(super) const ND_MESSAGE_BYTES: usize = 32;

/// NA flag: the sender is a router.
pub(super) const NA_ROUTER: u8 = 0x80;
/// NA flag: the answer to a solicitation.
pub(super) const NA_SOLICITED: u8 = 0x40;
/// NA flag: replaces what is on record.
pub(super) const NA_OVERRIDE: u8 = 0x20;

/// The solicited-node multicast group of an address (RFC 4291 section 2.7.1).
pub(super) fn solicited_node(address: Ipv6Addr) -> Ipv6Addr {
    let o = address.octets();
    Ipv6Addr::from([0xff, 2, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1, 0xff, o[13], o[14], o[15]])
}

/// An ARP request or neighbour solicitation to be sent.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Request {
    /// Out of which port.
    pub port: PortId,
    /// Whose link-layer address is asked for; the family says whether by ARP or ND.
    pub target: IpAddr,
    /// A probe of this known address, or `None` to ask everyone.
    pub unicast: Option<Mac>,
}

impl Request {
    /// Writes the whole frame and returns its length, at most [`REQUEST_FRAME_BYTES_MAX`]. `None` when the
    /// interface has no address of that family to ask from, or the buffer is too small.
    pub fn write(&self, interface: &Interface, out: &mut [u8]) -> Option<usize> {
        match (self.target, source_for(interface, self.target)?) {
            (IpAddr::V4(target), IpAddr::V4(source)) => {
                let request = Arp {
                    operation: ARP_REQUEST,
                    sender_mac: interface.mac,
                    sender_ip: source,
                    target_mac: Mac::default(),
                    target_ip: target,
                };
                write_arp(out, self.unicast.unwrap_or(Mac::BROADCAST), interface.mac, &request)
            }
            (IpAddr::V6(target), IpAddr::V6(source)) => {
                let group = solicited_node(target);
                let (destination, mac) = match self.unicast {
                    Some(mac) => (target, mac),
                    None => (group, Mac::ipv6_multicast(group)),
                };
                let message = NdMessage {
                    kind: ND_NEIGHBOUR_SOLICITATION,
                    flags: 0,
                    target,
                    option: ND_OPTION_SOURCE_LINK_LAYER,
                    mac: interface.mac,
                };
                write_nd(out, mac, interface.mac, source, destination, &message)
            }
            _ => None,
        }
    }
}

/// A gratuitous ARP reply or unsolicited neighbour advertisement: tells the link, hosts and switches alike, that
/// `address` is at `mac` from now on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Announcement {
    /// The address announced.
    pub address: IpAddr,
    /// Where it is; also the Ethernet source, so that switches learn it.
    pub mac: Mac,
}

impl Announcement {
    /// Writes the whole frame, to everyone, and returns its length, at most [`REQUEST_FRAME_BYTES_MAX`]; `None`
    /// when the buffer is too small.
    pub fn write(&self, out: &mut [u8]) -> Option<usize> {
        match self.address {
            IpAddr::V4(address) => write_arp(out, Mac::BROADCAST, self.mac, &self.arp(address)),
            IpAddr::V6(address) => {
                let everyone = ALL_NODES;
                let message = NdMessage {
                    kind: ND_NEIGHBOUR_ADVERTISEMENT,
                    flags: NA_ROUTER | NA_OVERRIDE,
                    target: address,
                    option: ND_OPTION_TARGET_LINK_LAYER,
                    mac: self.mac,
                };
                write_nd(out, Mac::ipv6_multicast(everyone), self.mac, address, everyone, &message)
            }
        }
    }

    fn arp(&self, address: Ipv4Addr) -> Arp {
        Arp {
            operation: ARP_REPLY,
            sender_mac: self.mac,
            sender_ip: address,
            target_mac: Mac::BROADCAST,
            target_ip: address,
        }
    }
}

/// ff02::1.
pub(super) const ALL_NODES: Ipv6Addr = Ipv6Addr::new(0xff02, 0, 0, 0, 0, 0, 0, 1);

/// A solicitation or advertisement with one link-layer address option.
#[derive(Clone, Copy, Debug)]
pub(super) struct NdMessage {
    pub kind: u8,
    /// NA flags; zero in a solicitation.
    pub flags: u8,
    pub target: Ipv6Addr,
    pub option: u8,
    pub mac: Mac,
}

impl NdMessage {
    /// Writes IPv6 header and message, and returns their length.
    pub fn write(&self, source: Ipv6Addr, destination: Ipv6Addr, out: &mut [u8]) -> Option<usize> {
        let header = Ipv6 {
            traffic_class: 0,
            hop_limit: ND_HOP_LIMIT,
            next_header: PROTOCOL_ICMPV6,
            source,
            destination,
            payload_bytes: ND_MESSAGE_BYTES,
        };
        let at = header.write(out)?;
        let message = out.get_mut(at..)?.get_mut(..ND_MESSAGE_BYTES)?;
        icmp_header(message, self.kind, 0, [self.flags, 0, 0, 0])?;
        put(message, 8, &self.target.octets())?;
        put(message, 24, &[self.option, 1])?;
        put(message, 26, &self.mac.0)?;
        finish_icmpv6(source, destination, message)?;
        Some(at + ND_MESSAGE_BYTES)
    }
}

fn write_arp(out: &mut [u8], destination: Mac, source: Mac, arp: &Arp) -> Option<usize> {
    let at = Ethernet { destination, source, ethertype: ETHERTYPE_ARP }.write(out)?;
    Some(at + arp.write(out.get_mut(at..)?)?)
}

fn write_nd(
    out: &mut [u8],
    to: Mac,
    from: Mac,
    source: Ipv6Addr,
    destination: Ipv6Addr,
    message: &NdMessage,
) -> Option<usize> {
    let at = Ethernet { destination: to, source: from, ethertype: ETHERTYPE_IPV6 }.write(out)?;
    Some(at + message.write(source, destination, out.get_mut(at..)?)?)
}
