//! Writers of headers for what the box itself sends.
//!
//! Each takes the buffer from the header's first byte on, writes exactly one header, and returns its length;
//! `None`, with nothing promised about the buffer, when it does not fit. Lengths are of what follows.

use core::net::{Ipv4Addr, Ipv6Addr};

use super::bytes::put;
use super::checksum::{self, Sum};
use super::numbers::{
    ARP_BYTES, ETHERNET_HEADER_BYTES, ETHERTYPE_IPV4, ICMP_HEADER_BYTES, IPV4_HEADER_BYTES,
    IPV6_HEADER_BYTES, PROTOCOL_ICMPV6, TCP_HEADER_BYTES,
};
use crate::interface::Mac;

/// An Ethernet II header without tags.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Ethernet {
    /// Who shall receive it.
    pub destination: Mac,
    /// Who sends it.
    pub source: Mac,
    /// What follows.
    pub ethertype: u16,
}

impl Ethernet {
    /// Writes the 14 bytes.
    pub fn write(&self, out: &mut [u8]) -> Option<usize> {
        let out = out.first_chunk_mut::<ETHERNET_HEADER_BYTES>()?;
        out[0..6].copy_from_slice(&self.destination.0);
        out[6..12].copy_from_slice(&self.source.0);
        out[12..14].copy_from_slice(&self.ethertype.to_be_bytes());
        Some(ETHERNET_HEADER_BYTES)
    }
}

/// An ARP packet for IPv4 over Ethernet (RFC 826).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Arp {
    /// Request or reply.
    pub operation: u16,
    /// Hardware address of the sender.
    pub sender_mac: Mac,
    /// Protocol address of the sender.
    pub sender_ip: Ipv4Addr,
    /// Hardware address of the target; zero in a request.
    pub target_mac: Mac,
    /// Protocol address of the target.
    pub target_ip: Ipv4Addr,
}

impl Arp {
    /// Writes the 28 bytes.
    pub fn write(&self, out: &mut [u8]) -> Option<usize> {
        const HARDWARE_ETHERNET: u16 = 1;
        let out = out.first_chunk_mut::<ARP_BYTES>()?;
        out[0..2].copy_from_slice(&HARDWARE_ETHERNET.to_be_bytes());
        out[2..4].copy_from_slice(&ETHERTYPE_IPV4.to_be_bytes());
        out[4..6].copy_from_slice(&[6, 4]);
        out[6..8].copy_from_slice(&self.operation.to_be_bytes());
        out[8..14].copy_from_slice(&self.sender_mac.0);
        out[14..18].copy_from_slice(&self.sender_ip.octets());
        out[18..24].copy_from_slice(&self.target_mac.0);
        out[24..28].copy_from_slice(&self.target_ip.octets());
        Some(ARP_BYTES)
    }
}

/// An IPv4 header without options. What the box sends is never fragmented, so the identification is zero and
/// "don't fragment" is set (RFC 6864 atomic datagrams).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Ipv4 {
    /// Type of service: DSCP and ECN.
    pub tos: u8,
    /// Time to live.
    pub ttl: u8,
    /// Protocol of what follows.
    pub protocol: u8,
    /// Source.
    pub source: Ipv4Addr,
    /// Destination.
    pub destination: Ipv4Addr,
    /// Bytes that follow the header.
    pub payload_bytes: usize,
}

impl Ipv4 {
    /// Writes the 20 bytes, checksum included; `None` also when the packet would exceed 65,535 bytes.
    pub fn write(&self, out: &mut [u8]) -> Option<usize> {
        let total = u16::try_from(self.payload_bytes.checked_add(IPV4_HEADER_BYTES)?).ok()?;
        let out = out.first_chunk_mut::<IPV4_HEADER_BYTES>()?;
        out[0..2].copy_from_slice(&[0x45, self.tos]);
        out[2..4].copy_from_slice(&total.to_be_bytes());
        out[4..8].copy_from_slice(&[0, 0, 0x40, 0]);
        out[8..12].copy_from_slice(&[self.ttl, self.protocol, 0, 0]);
        out[12..16].copy_from_slice(&self.source.octets());
        out[16..20].copy_from_slice(&self.destination.octets());
        let sum = checksum::ipv4_header(out);
        out[10..12].copy_from_slice(&sum.to_be_bytes());
        Some(IPV4_HEADER_BYTES)
    }
}

/// A fixed IPv6 header with flow label zero.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Ipv6 {
    /// DSCP and ECN.
    pub traffic_class: u8,
    /// Hop limit.
    pub hop_limit: u8,
    /// Next header.
    pub next_header: u8,
    /// Source.
    pub source: Ipv6Addr,
    /// Destination.
    pub destination: Ipv6Addr,
    /// Bytes that follow the header.
    pub payload_bytes: usize,
}

impl Ipv6 {
    /// Writes the 40 bytes; `None` also when the payload would exceed 65,535 bytes.
    pub fn write(&self, out: &mut [u8]) -> Option<usize> {
        let payload = u16::try_from(self.payload_bytes).ok()?;
        let out = out.first_chunk_mut::<IPV6_HEADER_BYTES>()?;
        let first = 6 << 28 | u32::from(self.traffic_class) << 20;
        out[0..4].copy_from_slice(&first.to_be_bytes());
        out[4..6].copy_from_slice(&payload.to_be_bytes());
        out[6..8].copy_from_slice(&[self.next_header, self.hop_limit]);
        out[8..24].copy_from_slice(&self.source.octets());
        out[24..40].copy_from_slice(&self.destination.octets());
        Some(IPV6_HEADER_BYTES)
    }
}

/// A TCP header without options, window or urgent pointer: enough for a reset.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Tcp {
    /// Source port.
    pub source_port: u16,
    /// Destination port.
    pub destination_port: u16,
    /// Sequence number.
    pub sequence: u32,
    /// Acknowledgement number; zero without the ACK flag.
    pub acknowledgement: u32,
    /// Flags.
    pub flags: u8,
}

impl Tcp {
    /// Writes the 20 bytes, checksum over `pseudo` included.
    pub fn write(&self, pseudo: Sum, out: &mut [u8]) -> Option<usize> {
        const DATA_OFFSET_5_WORDS: u8 = 5 << 4;
        let out = out.first_chunk_mut::<TCP_HEADER_BYTES>()?;
        out[0..2].copy_from_slice(&self.source_port.to_be_bytes());
        out[2..4].copy_from_slice(&self.destination_port.to_be_bytes());
        out[4..8].copy_from_slice(&self.sequence.to_be_bytes());
        out[8..12].copy_from_slice(&self.acknowledgement.to_be_bytes());
        out[12..20].copy_from_slice(&[DATA_OFFSET_5_WORDS, self.flags, 0, 0, 0, 0, 0, 0]);
        let sum = checksum::tcp(pseudo, out);
        out[16..18].copy_from_slice(&sum.to_be_bytes());
        Some(TCP_HEADER_BYTES)
    }
}

/// Writes the 8 bytes of an ICMP or ICMPv6 header with a zero checksum; [`finish_icmp`] or [`finish_icmpv6`]
/// fills it in once the body is there.
pub fn icmp_header(out: &mut [u8], kind: u8, code: u8, rest: [u8; 4]) -> Option<usize> {
    let out = out.first_chunk_mut::<ICMP_HEADER_BYTES>()?;
    out[0..4].copy_from_slice(&[kind, code, 0, 0]);
    out[4..8].copy_from_slice(&rest);
    Some(ICMP_HEADER_BYTES)
}

/// Fills in the checksum of a whole ICMP message; `None` when it is too short to have one.
pub fn finish_icmp(message: &mut [u8]) -> Option<()> {
    let sum = checksum::icmp(message);
    put(message, 2, &sum.to_be_bytes())
}

/// Fills in the checksum of a whole ICMPv6 message; `None` when it is too short to have one.
pub fn finish_icmpv6(source: Ipv6Addr, destination: Ipv6Addr, message: &mut [u8]) -> Option<()> {
    let length = u32::try_from(message.len()).ok()?;
    let sum = checksum::icmpv6(Sum::pseudo_ipv6(source, destination, PROTOCOL_ICMPV6, length), message);
    put(message, 2, &sum.to_be_bytes())
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn ipv4_header_bytes() {
        let header = Ipv4 {
            tos: 0xc0,
            ttl: 64,
            protocol: 1,
            source: Ipv4Addr::new(10, 0, 1, 1),
            destination: Ipv4Addr::new(10, 0, 1, 2),
            payload_bytes: 8,
        };
        let mut out = [0xaa; 21];
        assert_eq!(header.write(&mut out), Some(20));
        assert_eq!(out[..10], [0x45, 0xc0, 0, 28, 0, 0, 0x40, 0, 64, 1]);
        assert_eq!(out[12..], [10, 0, 1, 1, 10, 0, 1, 2, 0xaa]);
        assert!(checksum::ipv4_header_is_valid(&out[..20]));
        assert_eq!(header.write(&mut out[..19]), None);
        assert_eq!(Ipv4 { payload_bytes: 65_516, ..header }.write(&mut out), None);
        assert_eq!(Ipv4 { payload_bytes: usize::MAX, ..header }.write(&mut out), None);
    }

    #[test]
    fn ipv6_header_bytes() {
        let header = Ipv6 {
            traffic_class: 0xab,
            hop_limit: 255,
            next_header: 58,
            source: Ipv6Addr::LOCALHOST,
            destination: Ipv6Addr::UNSPECIFIED,
            payload_bytes: 0x0102,
        };
        let mut out = [0xaa; 40];
        assert_eq!(header.write(&mut out), Some(40));
        assert_eq!(out[..8], [0x6a, 0xb0, 0, 0, 1, 2, 58, 255]);
        assert_eq!((out[23], out[39]), (1, 0));
        assert_eq!(Ipv6 { payload_bytes: 65_536, ..header }.write(&mut out), None);
    }

    #[test]
    fn arp_bytes() {
        let arp = Arp {
            operation: 1,
            sender_mac: Mac([2, 0, 0, 0, 0, 1]),
            sender_ip: Ipv4Addr::new(10, 0, 1, 1),
            target_mac: Mac::default(),
            target_ip: Ipv4Addr::new(10, 0, 1, 2),
        };
        let mut out = [0; 28];
        assert_eq!(arp.write(&mut out), Some(28));
        let expected = [0, 1, 8, 0, 6, 4, 0, 1, 2, 0, 0, 0, 0, 1, 10, 0, 1, 1, 0, 0, 0, 0, 0, 0, 10, 0, 1, 2];
        assert_eq!(out, expected);
    }

    proptest! {
        #[test]
        fn too_small_a_buffer_is_refused(len in 0usize..64) {
            let out = &mut vec![0; len][..];
            let mac = Mac::default();
            let (v4, v6) = (Ipv4Addr::LOCALHOST, Ipv6Addr::LOCALHOST);
            let fits = |needed| (len >= needed).then_some(needed);
            let ethernet = Ethernet { destination: mac, source: mac, ethertype: 0 };
            prop_assert_eq!(ethernet.write(out), fits(14));
            let arp = Arp { operation: 1, sender_mac: mac, sender_ip: v4, target_mac: mac, target_ip: v4 };
            prop_assert_eq!(arp.write(out), fits(28));
            let ip = Ipv4 { tos: 0, ttl: 1, protocol: 1, source: v4, destination: v4, payload_bytes: 0 };
            prop_assert_eq!(ip.write(out), fits(20));
            let ip = Ipv6 { traffic_class: 0, hop_limit: 1, next_header: 1, source: v6, destination: v6, payload_bytes: 0 };
            prop_assert_eq!(ip.write(out), fits(40));
            let tcp = Tcp { source_port: 1, destination_port: 2, sequence: 3, acknowledgement: 4, flags: 4 };
            prop_assert_eq!(tcp.write(Sum::ZERO, out), fits(20));
            prop_assert_eq!(icmp_header(out, 8, 0, [0; 4]), fits(8));
            prop_assert_eq!(finish_icmp(out).is_some(), len >= 4);
            prop_assert_eq!(finish_icmpv6(v6, v6, out).is_some(), len >= 4);
        }
    }
}
