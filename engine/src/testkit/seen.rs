//! A reader of frames and packets that owes nothing to `parse`.

use core::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use super::frame::Flow;
use crate::interface::Mac;
use crate::net::checksum::{self, Sum};
use crate::net::numbers::{ETHERTYPE_IPV6, PROTOCOL_ICMP, PROTOCOL_ICMPV6, PROTOCOL_TCP, PROTOCOL_UDP};

/// A frame that the box sent, taken apart.
#[derive(Clone, PartialEq, Eq)]
pub(crate) struct Seen {
    pub(crate) destination_mac: Mac,
    pub(crate) source_mac: Mac,
    pub(crate) vlan: Option<u16>,
    pub(crate) ethertype: u16,
    /// Everything behind the Ethernet header.
    pub(crate) body: Vec<u8>,
}

impl core::fmt::Debug for Seen {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        let (to, from, vlan) = (self.destination_mac, self.source_mac, self.vlan);
        write!(f, "{from}>{to} vlan {vlan:?} {:04x} {:02x?}", self.ethertype, self.body)
    }
}

impl Seen {
    pub(crate) fn read(frame: &[u8]) -> Seen {
        let be16 = |at: usize| u16::from_be_bytes([frame[at], frame[at + 1]]);
        let tagged = be16(12) == 0x8100;
        let l3 = if tagged { 18 } else { 14 };
        Seen {
            destination_mac: Mac(frame[0..6].try_into().unwrap()),
            source_mac: Mac(frame[6..12].try_into().unwrap()),
            vlan: tagged.then(|| be16(14) & 0xfff),
            ethertype: be16(l3 - 2),
            body: frame[l3..].to_vec(),
        }
    }

    fn is_v6(&self) -> bool {
        self.ethertype == ETHERTYPE_IPV6
    }

    pub(crate) fn addresses(&self) -> (IpAddr, IpAddr) {
        addresses(&self.body)
    }

    pub(crate) fn ttl(&self) -> u8 {
        self.body[if self.is_v6() { 7 } else { 8 }]
    }

    /// Protocol and bytes of layer 4, behind any extension headers.
    pub(crate) fn layer4(&self) -> (u8, &[u8]) {
        try_layer4(&self.body).unwrap()
    }

    /// The flow of a TCP, UDP or ICMP query packet.
    pub(crate) fn flow(&self) -> Flow {
        flow(&self.body)
    }

    /// The IP packet that an ICMP error quotes.
    pub(crate) fn quote(&self) -> &[u8] {
        &self.layer4().1[8..]
    }

    /// Whether length fields and checksums of all layers are right.
    pub(crate) fn is_sound(&self) -> bool {
        let body = &self.body;
        let be16 = |at: usize| usize::from(u16::from_be_bytes([body[at], body[at + 1]]));
        if self.is_v6() {
            if body.len() < 40 + be16(4) {
                return false;
            }
        } else if body.len() < be16(2) || !checksum::ipv4_header_is_valid(&body[..20]) {
            return false;
        }
        let (protocol, l4) = self.layer4();
        let (source, destination) = self.addresses();
        let pseudo = Sum::pseudo(source, destination, protocol, l4.len()).unwrap();
        match protocol {
            PROTOCOL_ICMP => checksum::is_valid(Sum::ZERO, l4),
            PROTOCOL_UDP if !self.is_v6() => checksum::udp_over_ipv4_is_valid(pseudo, l4),
            PROTOCOL_TCP | PROTOCOL_UDP | PROTOCOL_ICMPV6 => checksum::is_valid(pseudo, l4),
            _ => true,
        }
    }
}

/// Source and destination of an IP packet.
pub(crate) fn addresses(packet: &[u8]) -> (IpAddr, IpAddr) {
    let v4 = |at: usize| IpAddr::V4(Ipv4Addr::from(<[u8; 4]>::try_from(&packet[at..at + 4]).unwrap()));
    let v6 = |at: usize| IpAddr::V6(Ipv6Addr::from(<[u8; 16]>::try_from(&packet[at..at + 16]).unwrap()));
    if packet[0] >> 4 == 6 { (v6(8), v6(24)) } else { (v4(12), v4(16)) }
}

/// Layer 4 of an IP packet, without padding; as far as it goes when the packet was cut. `None` for what is none.
pub(crate) fn try_layer4(packet: &[u8]) -> Option<(u8, &[u8])> {
    let be16 = |at: usize| Some(usize::from(u16::from_be_bytes([*packet.get(at)?, *packet.get(at + 1)?])));
    match packet.first()? >> 4 {
        4 => {
            let header_bytes = usize::from(packet[0] & 15) * 4;
            Some((*packet.get(9)?, packet.get(header_bytes..be16(2)?.min(packet.len()))?))
        }
        6 => {
            let end = (40 + be16(4)?).min(packet.len());
            let (mut next, mut at) = (*packet.get(6)?, 40);
            loop {
                let length = match next {
                    0 | 43 | 60 => 8 + usize::from(*packet.get(at + 1)?) * 8,
                    51 => 8 + usize::from(*packet.get(at + 1)?) * 4,
                    44 => 8,
                    _ => return Some((next, packet.get(at..end)?)),
                };
                (next, at) = (*packet.get(at)?, at + length);
            }
        }
        _ => None,
    }
}

/// The flow of an IP packet; ports are zero where the protocol has none.
pub(crate) fn try_flow(packet: &[u8]) -> Option<Flow> {
    let (protocol, l4) = try_layer4(packet)?;
    let be16 = |at: usize| Some(u16::from_be_bytes([*l4.get(at)?, *l4.get(at + 1)?]));
    let ports = match protocol {
        PROTOCOL_TCP | PROTOCOL_UDP => (be16(0)?, be16(2)?),
        PROTOCOL_ICMP | PROTOCOL_ICMPV6 => (be16(4)?, be16(4)?),
        _ => (0, 0),
    };
    packet.get(..if packet[0] >> 4 == 6 { 40 } else { 20 })?;
    let (source, destination) = addresses(packet);
    Some(Flow { source, destination, ports })
}

/// The flow of what is known to be an IP packet.
pub(crate) fn flow(packet: &[u8]) -> Flow {
    try_flow(packet).unwrap()
}
