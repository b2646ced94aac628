//! Complete Ethernet frames, untagged; whoever sends them adds a VLAN tag if the interface lives in one.

use core::net::Ipv4Addr;

use holdfast_engine::interface::Mac;
use holdfast_engine::net::build::{Arp, Ethernet, Ipv4};
use holdfast_engine::net::bytes::put;
use holdfast_engine::net::checksum::{self, Sum};
use holdfast_engine::net::numbers::{
    ARP_BYTES, ARP_REQUEST, ETHERNET_HEADER_BYTES, ETHERTYPE_ARP, ETHERTYPE_IPV4, IPV4_HEADER_BYTES,
    PROTOCOL_UDP, UDP_HEADER_BYTES,
};

use super::wire::{PAYLOAD_BYTES_MAX, Packet};
use super::{Authentication, UDP_PORT, Version};

/// Bytes before the payload.
pub const HEADERS_BYTES: usize = ETHERNET_HEADER_BYTES + IPV4_HEADER_BYTES + UDP_HEADER_BYTES;

/// Largest frame written here.
pub const FRAME_BYTES_MAX: usize = HEADERS_BYTES + PAYLOAD_BYTES_MAX;

/// Internetwork control, IP precedence 6.
const TOS: u8 = 0xc0;

/// Writes a packet into `frame`, replacing what it holds. `source_mac` is the virtual MAC while the sender is active
/// (switches learn from it where that MAC lives), the interface's own otherwise.
pub fn write_packet(
    packet: &Packet,
    authentication: &Authentication,
    source_mac: Mac,
    source: Ipv4Addr,
    frame: &mut Vec<u8>,
) {
    frame.clear();
    frame.resize(HEADERS_BYTES, 0);
    packet.write(authentication, source, frame);
    // Lengths are right by construction: nothing written here comes near what would not fit.
    let written = fill_headers(packet.version, source_mac, source, frame);
    debug_assert!(written.is_some());
}

fn fill_headers(version: Version, source_mac: Mac, source: Ipv4Addr, frame: &mut [u8]) -> Option<()> {
    let destination = version.multicast();
    let datagram_bytes = frame.len().checked_sub(HEADERS_BYTES - UDP_HEADER_BYTES)?;
    let ethernet =
        Ethernet { destination: version.multicast_mac(), source: source_mac, ethertype: ETHERTYPE_IPV4 };
    let ip = Ipv4 {
        tos: TOS,
        ttl: version.ttl(),
        protocol: PROTOCOL_UDP,
        source,
        destination,
        payload_bytes: datagram_bytes,
    };
    let at = ethernet.write(frame)?;
    let at = at + ip.write(frame.get_mut(at..)?)?;
    write_udp(source, destination, frame.get_mut(at..)?)
}

/// Fills in the 8 bytes of UDP header before a payload, checksum included.
fn write_udp(source: Ipv4Addr, destination: Ipv4Addr, datagram: &mut [u8]) -> Option<()> {
    let length = u16::try_from(datagram.len()).ok()?;
    put(datagram, 0, &UDP_PORT.to_be_bytes())?;
    put(datagram, 2, &UDP_PORT.to_be_bytes())?;
    put(datagram, 4, &length.to_be_bytes())?;
    let pseudo = Sum::pseudo_ipv4(source, destination, PROTOCOL_UDP, length);
    let sum = checksum::udp(pseudo, datagram);
    put(datagram, 6, &sum.to_be_bytes())
}

/// Whether a frame written here is an ARP, not a packet.
pub fn is_arp(frame: &[u8]) -> bool {
    frame.get(ETHERNET_HEADER_BYTES - 2..ETHERNET_HEADER_BYTES) == Some(&ETHERTYPE_ARP.to_be_bytes())
}

/// Source and payload of a packet written here; `None` of an ARP.
pub fn hsrp_of(frame: &[u8]) -> Option<(Ipv4Addr, &[u8])> {
    /// Where an IPv4 header has its source.
    const SOURCE_AT: usize = ETHERNET_HEADER_BYTES + 12;
    if is_arp(frame) {
        return None;
    }
    let source: &[u8; 4] = frame.get(SOURCE_AT..)?.first_chunk()?;
    Some((Ipv4Addr::from(*source), frame.get(HEADERS_BYTES..)?))
}

/// Writes a gratuitous ARP request into `frame`, replacing what it holds: everybody who has `address` in the cache, and
/// every switch on the way, learns that it is at `mac`.
pub fn write_gratuitous_arp(mac: Mac, address: Ipv4Addr, frame: &mut Vec<u8>) {
    frame.clear();
    frame.resize(ETHERNET_HEADER_BYTES + ARP_BYTES, 0);
    let ethernet = Ethernet { destination: Mac::BROADCAST, source: mac, ethertype: ETHERTYPE_ARP };
    let arp = Arp {
        operation: ARP_REQUEST,
        sender_mac: mac,
        sender_ip: address,
        target_mac: Mac::default(),
        target_ip: address,
    };
    let written = ethernet.write(frame).and_then(|at| frame.get_mut(at..)).and_then(|rest| arp.write(rest));
    debug_assert_eq!(written, Some(ARP_BYTES));
}
