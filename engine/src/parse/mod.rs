//! From a frame to a flow: everything a packet says about itself before any table is asked.
//!
//! [`parse`] reads Ethernet, up to two VLAN tags, ARP, IPv4 or IPv6 with its extension headers, and the ports of
//! the layer 4 header. It checks what must hold for every packet (lengths, header checksum, fragment rules);
//! what must hold only for a session's first packet (addresses, layer 4 checksum) waits until the table misses.
//! Any bytes may come in; nothing here can panic.

mod address;
mod ethernet;
mod icmp_error;
mod ipv4;
mod ipv6;
mod layer4;
#[cfg(test)]
mod tests;

pub use address::{AddressCheck, check_addresses};
pub use ethernet::EthernetFilter;
pub use icmp_error::quoted_layer4;

use crate::drop_reason::DropReason;
use crate::flow::{FlowKey, Side};
use crate::net::numbers;

/// What a packet is, as far as the pipeline's next pass is concerned.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Class {
    /// ARP; never leaves the box.
    Arp,
    /// IPv6 neighbour discovery (ICMPv6 133–137); never leaves the box.
    Nd,
    /// A packet of a flow: look the session up.
    Flow,
    /// An ICMP or ICMPv6 error: the key is that of the packet it quotes, the side that of the quoted sender.
    IcmpError,
}

/// Where a packet's headers are and which flow it belongs to. Offsets count from the start of the frame.
#[derive(Clone, Copy, Debug)]
pub struct Parsed {
    /// What to do next.
    pub class: Class,
    /// IPv6 rather than IPv4 (meaningless for ARP).
    pub v6: bool,
    /// A first fragment: the layer 4 checksum cannot be verified.
    pub first_fragment: bool,
    /// IP protocol of the layer 4 header, after extension headers.
    pub protocol: u8,
    /// TTL or hop limit.
    pub ttl: u8,
    /// Start of the layer 3 header.
    pub l3: u16,
    /// Start of the layer 4 header (of the ARP packet's body for ARP).
    pub l4: u16,
    /// End of the IP packet; Ethernet padding lies beyond.
    pub end: u16,
    /// Canonical key.
    pub key: FlowKey,
    /// Which end of the key sent it.
    pub side: Side,
}

impl Parsed {
    /// Bytes of the IP packet.
    #[inline]
    pub const fn ip_bytes(&self) -> u16 {
        self.end - self.l3
    }
}

/// Routing table id of every flow until several exist.
pub(crate) const TABLE_MAIN: u8 = 0;

/// Parses one frame received on a port whose filter is `filter`.
///
/// # Errors
/// The reason the packet is to be dropped under.
#[inline]
pub fn parse(frame: &[u8], filter: &EthernetFilter) -> Result<Parsed, DropReason> {
    let (ethertype, l3) = ethernet::parse(frame, filter)?;
    match ethertype {
        numbers::ETHERTYPE_IPV4 => ipv4::parse(frame, l3),
        numbers::ETHERTYPE_IPV6 => ipv6::parse(frame, l3),
        numbers::ETHERTYPE_ARP => Ok(arp(frame, l3)),
        _ => Err(DropReason::EthertypeUnknown),
    }
}

fn arp(frame: &[u8], l3: usize) -> Parsed {
    Parsed {
        class: Class::Arp,
        v6: false,
        first_fragment: false,
        protocol: 0,
        ttl: 0,
        l3: l3 as u16,
        l4: l3 as u16,
        end: frame.len() as u16,
        key: FlowKey::default(),
        side: Side::Low,
    }
}
