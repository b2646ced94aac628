//! IP packets and frames for tests, on `net::build`.

use core::net::IpAddr;

use crate::interface::Mac;
use crate::net::build::{Ethernet, Ipv4, Ipv6, finish_icmp, finish_icmpv6, icmp_header};
use crate::net::checksum::{self, Sum};
use crate::net::numbers::{
    ETHERTYPE_IPV4, ETHERTYPE_IPV6, PROTOCOL_ICMP, PROTOCOL_ICMPV6, PROTOCOL_TCP, PROTOCOL_UDP,
};

pub(crate) const SYN: u8 = 0x02;
pub(crate) const SYN_ACK: u8 = 0x12;
pub(crate) const ACK: u8 = 0x10;
pub(crate) const FIN_ACK: u8 = 0x11;
pub(crate) const RST: u8 = 0x04;
pub(crate) const RST_ACK: u8 = 0x14;

/// One direction of a conversation.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Flow {
    pub(crate) source: IpAddr,
    pub(crate) destination: IpAddr,
    /// Source and destination; an ICMP identifier is the first.
    pub(crate) ports: (u16, u16),
}

/// What differs from one TCP segment to the next.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Segment<'a> {
    pub(crate) flags: u8,
    pub(crate) seq: u32,
    pub(crate) ack: u32,
    pub(crate) data: &'a [u8],
}

impl Flow {
    pub(crate) fn new(source: &str, destination: &str, ports: (u16, u16)) -> Flow {
        Flow { source: ip(source), destination: ip(destination), ports }
    }

    pub(crate) fn reply(self) -> Flow {
        Flow { source: self.destination, destination: self.source, ports: (self.ports.1, self.ports.0) }
    }

    /// A TCP segment with a window of 65,535 bytes.
    pub(crate) fn tcp(self, flags: u8, seq: u32, ack: u32) -> Packet {
        self.segment(Segment { flags, seq, ack, data: &[] })
    }

    pub(crate) fn segment(self, segment: Segment<'_>) -> Packet {
        let mut l4 = [self.ports.0.to_be_bytes(), self.ports.1.to_be_bytes()].concat();
        l4.extend(segment.seq.to_be_bytes());
        l4.extend(segment.ack.to_be_bytes());
        l4.extend([5 << 4, segment.flags, 0xff, 0xff, 0, 0, 0, 0]);
        l4.extend(segment.data);
        let sum = checksum::tcp(self.pseudo(PROTOCOL_TCP, l4.len()), &l4);
        l4[16..18].copy_from_slice(&sum.to_be_bytes());
        self.packet(PROTOCOL_TCP, &l4)
    }

    pub(crate) fn udp(self, data: &[u8]) -> Packet {
        let mut l4 = [self.ports.0.to_be_bytes(), self.ports.1.to_be_bytes()].concat();
        l4.extend((8 + data.len() as u16).to_be_bytes());
        l4.extend([0, 0]);
        l4.extend(data);
        let sum = checksum::udp(self.pseudo(PROTOCOL_UDP, l4.len()), &l4);
        l4[6..8].copy_from_slice(&sum.to_be_bytes());
        self.packet(PROTOCOL_UDP, &l4)
    }

    /// An echo request, or else its reply; the identifier is the first port either way.
    pub(crate) fn echo(self, request: bool, sequence: u16) -> Packet {
        let (id, seq) = (self.ports.0.to_be_bytes(), sequence.to_be_bytes());
        let kind = match (self.source, request) {
            (IpAddr::V4(_), true) => 8,
            (IpAddr::V4(_), false) => 0,
            (IpAddr::V6(_), true) => 128,
            (IpAddr::V6(_), false) => 129,
        };
        self.icmp(kind, 0, [id[0], id[1], seq[0], seq[1]], b"ping")
    }

    /// An ICMP or ICMPv6 message; errors quote a packet in `body`.
    pub(crate) fn icmp(self, kind: u8, code: u8, rest: [u8; 4], body: &[u8]) -> Packet {
        let mut l4 = vec![0; 8];
        icmp_header(&mut l4, kind, code, rest).unwrap();
        l4.extend(body);
        match (self.source, self.destination) {
            (IpAddr::V6(source), IpAddr::V6(destination)) => {
                finish_icmpv6(source, destination, &mut l4).unwrap();
                self.packet(PROTOCOL_ICMPV6, &l4)
            }
            _ => {
                finish_icmp(&mut l4).unwrap();
                self.packet(PROTOCOL_ICMP, &l4)
            }
        }
    }

    /// Any layer 4 bytes behind an IP header.
    pub(crate) fn packet(self, protocol: u8, l4: &[u8]) -> Packet {
        let mut bytes = vec![0; 40];
        let payload_bytes = l4.len();
        let header_bytes = match (self.source, self.destination) {
            (IpAddr::V4(source), IpAddr::V4(destination)) => {
                Ipv4 { tos: 0, ttl: 64, protocol, source, destination, payload_bytes }.write(&mut bytes)
            }
            (IpAddr::V6(source), IpAddr::V6(destination)) => Ipv6 {
                traffic_class: 0,
                hop_limit: 64,
                next_header: protocol,
                source,
                destination,
                payload_bytes,
            }
            .write(&mut bytes),
            _ => panic!("two families in one packet"),
        };
        bytes.truncate(header_bytes.unwrap());
        bytes.extend(l4);
        Packet(bytes)
    }

    fn pseudo(self, protocol: u8, length: usize) -> Sum {
        Sum::pseudo(self.source, self.destination, protocol, length).unwrap()
    }
}

pub(crate) fn ip(text: &str) -> IpAddr {
    text.parse().unwrap()
}

/// An IP packet from its header on.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Packet(pub(crate) Vec<u8>);

impl Packet {
    pub(crate) fn ttl(mut self, ttl: u8) -> Packet {
        let at = if self.is_v6() { 7 } else { 8 };
        self.0[at] = ttl;
        self.header_sum()
    }

    /// Sets the byte at `at` and leaves every checksum as it was.
    pub(crate) fn broken_at(mut self, at: usize, value: u8) -> Packet {
        assert_ne!(self.0[at], value, "that breaks nothing");
        self.0[at] = value;
        self
    }

    /// Sets the byte at `at` of the IP header, whose checksum is made right again.
    pub(crate) fn header(mut self, at: usize, value: u8) -> Packet {
        self.0[at] = value;
        self.header_sum()
    }

    fn header_sum(mut self) -> Packet {
        if !self.is_v6() {
            self.0[10..12].fill(0);
            let sum = checksum::ipv4_header(&self.0[..20]);
            self.0[10..12].copy_from_slice(&sum.to_be_bytes());
        }
        self
    }

    pub(crate) fn is_v6(&self) -> bool {
        self.0[0] >> 4 == 6
    }

    pub(crate) fn ethertype(&self) -> u16 {
        if self.is_v6() { ETHERTYPE_IPV6 } else { ETHERTYPE_IPV4 }
    }

    pub(crate) fn frame(&self, source: Mac, destination: Mac, vlan: Option<u16>) -> Vec<u8> {
        ethernet(source, destination, vlan, self.ethertype(), &self.0)
    }
}

pub(crate) fn ethernet(
    source: Mac,
    destination: Mac,
    vlan: Option<u16>,
    ethertype: u16,
    body: &[u8],
) -> Vec<u8> {
    let mut bytes = vec![0; 14];
    Ethernet { destination, source, ethertype }.write(&mut bytes).unwrap();
    if let Some(vlan) = vlan {
        let [high, low] = vlan.to_be_bytes();
        bytes.splice(12..12, [0x81, 0x00, high, low]);
    }
    bytes.extend(body);
    bytes
}
