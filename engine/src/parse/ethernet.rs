//! Ethernet: is the frame for us, and where does layer 3 begin?

use crate::drop_reason::DropReason;
use crate::interface::Mac;
use crate::net::bytes::be16;
use crate::net::numbers::{self, ETHERNET_HEADER_BYTES, VLAN_TAG_BYTES};

const VLAN_TAGS_MAX: usize = 2;
/// Jumbo frames and then some; offsets within a frame fit `u16`.
const FRAME_BYTES_MAX: usize = 16_384;

/// Which frames a port takes. The check is always made in software: promiscuous ports and drivers without a MAC
/// filter deliver everything.
#[derive(Clone, Copy, Debug)]
pub struct EthernetFilter {
    /// The port's own MAC.
    pub mac: Mac,
    /// A virtual MAC owned right now (HSRP active), if any.
    pub virtual_mac: Option<Mac>,
    /// The VLAN this interface lives in; `None` for untagged (and priority-tagged) frames.
    pub vlan: Option<u16>,
    /// Takes frames to the groups of HSRP as well.
    pub hsrp: bool,
}

/// Where HSRP speakers of version 1 and 2 send to: 224.0.0.2 and 224.0.0.102 (RFC 1112 section 6.4).
const HSRP_GROUPS: [Mac; 2] = [Mac([1, 0, 0x5e, 0, 0, 2]), Mac([1, 0, 0x5e, 0, 0, 0x66])];

impl EthernetFilter {
    /// Takes untagged frames to `mac`.
    pub const fn new(mac: Mac) -> EthernetFilter {
        EthernetFilter { mac, virtual_mac: None, vlan: None, hsrp: false }
    }
}

/// EtherType and offset of layer 3.
#[inline]
pub(super) fn parse(frame: &[u8], filter: &EthernetFilter) -> Result<(u16, usize), DropReason> {
    let Some(header) = frame.first_chunk::<ETHERNET_HEADER_BYTES>() else {
        return Err(DropReason::EthernetTruncated);
    };
    if frame.len() > FRAME_BYTES_MAX {
        return Err(DropReason::EthernetTruncated);
    }
    let [d0, d1, d2, d3, d4, d5, s0, .., t0, t1] = *header;
    let ethertype = u16::from_be_bytes([t0, t1]);
    let destination = Mac([d0, d1, d2, d3, d4, d5]);
    if destination != filter.mac {
        check_other(destination, filter)?;
    }
    if s0 & 1 == 1 {
        return Err(DropReason::SourceMacMulticast);
    }
    if ethertype == numbers::ETHERTYPE_VLAN || ethertype == numbers::ETHERTYPE_QINQ || filter.vlan.is_some() {
        return vlan(frame, ethertype, filter.vlan);
    }
    Ok((ethertype, ETHERNET_HEADER_BYTES))
}

/// A destination that is not the port's own MAC: ours for now, a group we serve, or somebody else's.
fn check_other(destination: Mac, filter: &EthernetFilter) -> Result<(), DropReason> {
    if Some(destination) == filter.virtual_mac {
        return Ok(());
    }
    if !destination.is_multicast() {
        return Err(DropReason::NotForUs);
    }
    // Broadcast carries ARP; 33:33 neighbour discovery. What else comes that way is refused by layer 3.
    let served = destination == Mac::BROADCAST
        || destination.0[..2] == [0x33, 0x33]
        || (filter.hsrp && HSRP_GROUPS.contains(&destination));
    if served { Ok(()) } else { Err(DropReason::MulticastUnserved) }
}

/// Walks the tags. An untagged interface takes priority tags (VLAN 0) only; a tagged one takes exactly its own.
#[cold]
fn vlan(frame: &[u8], outer: u16, wanted: Option<u16>) -> Result<(u16, usize), DropReason> {
    let mut ethertype = outer;
    let mut at = ETHERNET_HEADER_BYTES;
    let mut seen = None;
    for _ in 0..VLAN_TAGS_MAX {
        if ethertype != numbers::ETHERTYPE_VLAN && ethertype != numbers::ETHERTYPE_QINQ {
            break;
        }
        let (Some(tag), Some(next)) = (be16(frame, at), be16(frame, at + 2)) else {
            return Err(DropReason::EthernetTruncated);
        };
        let id = tag & 0x0fff;
        if id != 0 {
            if seen.is_some() {
                return Err(DropReason::VlanUnknown);
            }
            seen = Some(id);
        }
        ethertype = next;
        at += VLAN_TAG_BYTES;
    }
    if seen == wanted { Ok((ethertype, at)) } else { Err(DropReason::VlanUnknown) }
}
