//! The packet that provokes an answer, read as far as the answer needs.

use core::net::IpAddr;

use thiserror::Error;

use crate::interface::Mac;
use crate::net::address::is_unicast;
use crate::net::bytes;
use crate::net::ipv6_extension::{extension_bytes, is_extension};
use crate::net::numbers::{IPV4_HEADER_BYTES, IPV6_HEADER_BYTES, PROTOCOL_FRAGMENT};

/// Why a packet gets no answer. None of these is a fault of the box; the packet is counted under the reason it
/// was dropped for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
pub enum NotAnswered {
    /// Headers truncated or inconsistent.
    #[error("malformed")]
    Malformed,
    /// A fragment other than the first, or for a reset any fragment: what it belongs to is not known.
    #[error("a fragment")]
    Fragment,
    /// The source is not one host, so there is nobody to answer.
    #[error("source is not unicast")]
    SourceNotUnicast,
    /// It went to many, and all might answer.
    #[error("went to a group")]
    ToGroup,
    /// It is itself an ICMP error, or of an ICMP type nobody knows to be a query.
    #[error("is an error itself")]
    IsError,
    /// It is a reset, or not TCP.
    #[error("no reset for this")]
    NoReset,
    /// The address to answer from is of the other family.
    #[error("no address of that family")]
    NoSource,
    /// The answer does not fit the buffer.
    #[error("no room")]
    NoRoom,
}

/// A packet that provokes an answer: its IP packet, and how it was addressed on the link.
#[derive(Clone, Copy, Debug)]
pub struct Offending<'a> {
    /// From the IP header on; may carry padding.
    pub packet: &'a [u8],
    /// It came as link-layer broadcast or multicast.
    pub link_group: bool,
}

impl<'a> Offending<'a> {
    /// The packet whose IP header begins at `l3` in an Ethernet frame, and the MACs an answer over the same link
    /// uses, from `mac`; `None` when the frame is shorter.
    pub fn in_frame(frame: &'a [u8], l3: usize, mac: Mac) -> Option<(Offending<'a>, AnswerMacs)> {
        let macs = AnswerMacs { source: mac, destination: bytes::mac(frame, 6)? };
        let link_group = bytes::mac(frame, 0)?.is_multicast();
        Some((Offending { packet: frame.get(l3..)?, link_group }, macs))
    }
}

/// Link-layer addresses of an answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct AnswerMacs {
    /// Ours, on the port it leaves by.
    pub source: Mac,
    /// The next hop towards whoever sent the offending packet.
    pub destination: Mac,
}

/// An IP packet, either family.
#[derive(Clone, Copy, Debug)]
pub(super) struct IpPacket<'a> {
    pub source: IpAddr,
    pub destination: IpAddr,
    /// What follows all IP headers.
    pub protocol: u8,
    /// The packet from its first byte, without padding; shorter than it says if it was cut.
    pub whole: &'a [u8],
    /// What follows all IP headers, as far as it is there.
    pub payload: &'a [u8],
    /// Its length as the IP header says.
    pub payload_bytes: usize,
    /// A fragment of a larger packet.
    pub fragment: bool,
    /// A fragment other than the first: `payload` does not begin with a header.
    pub later_fragment: bool,
}

/// Most IPv6 extension headers looked through.
const EXTENSION_HEADERS_MAX: usize = 8;

impl<'a> IpPacket<'a> {
    pub fn parse(packet: &'a [u8]) -> Option<IpPacket<'a>> {
        match packet.first()? >> 4 {
            4 => Self::parse_v4(packet),
            6 => Self::parse_v6(packet),
            _ => None,
        }
    }

    fn parse_v4(packet: &'a [u8]) -> Option<IpPacket<'a>> {
        let header_bytes = usize::from(packet.first()? & 15) * 4;
        let total_bytes = usize::from(bytes::be16(packet, 2)?);
        if header_bytes < IPV4_HEADER_BYTES || total_bytes < header_bytes {
            return None;
        }
        let whole = packet.get(..total_bytes).unwrap_or(packet);
        let (more, offset) = (bytes::be16(packet, 6)? & 0x2000 != 0, bytes::be16(packet, 6)? & 0x1fff);
        Some(IpPacket {
            source: bytes::ipv4(packet, 12)?.into(),
            destination: bytes::ipv4(packet, 16)?.into(),
            protocol: *packet.get(9)?,
            whole,
            payload: whole.get(header_bytes..)?,
            payload_bytes: total_bytes - header_bytes,
            fragment: more || offset > 0,
            later_fragment: offset > 0,
        })
    }

    fn parse_v6(packet: &'a [u8]) -> Option<IpPacket<'a>> {
        let total_bytes = IPV6_HEADER_BYTES + usize::from(bytes::be16(packet, 4)?);
        let whole = packet.get(..total_bytes).unwrap_or(packet);
        let mut protocol = *packet.get(6)?;
        let mut at = IPV6_HEADER_BYTES;
        let (mut fragment, mut later_fragment) = (false, false);
        for _ in 0..EXTENSION_HEADERS_MAX {
            if !is_extension(protocol) {
                break;
            }
            let header_bytes = extension_bytes(protocol, whole, at)?;
            if protocol == PROTOCOL_FRAGMENT {
                let field = bytes::be16(whole, at + 2)?;
                fragment = field & 0xfff9 != 0;
                later_fragment |= field & 0xfff8 != 0;
            }
            protocol = *whole.get(at)?;
            at += header_bytes;
            if later_fragment {
                break;
            }
        }
        // A chain this long hides something, perhaps an error.
        if is_extension(protocol) && !later_fragment {
            return None;
        }
        Some(IpPacket {
            source: bytes::ipv6(packet, 8)?.into(),
            destination: bytes::ipv6(packet, 24)?.into(),
            protocol,
            whole,
            payload: whole.get(at..)?,
            payload_bytes: total_bytes.checked_sub(at)?,
            fragment,
            later_fragment,
        })
    }

    /// An answer to it is for one host and about a packet to one host. RFC 1122 section 3.2.2 and RFC 4443
    /// section 2.4(e) for the addresses.
    pub fn is_answerable(&self, link_group: bool, group_allowed: bool) -> Result<(), NotAnswered> {
        if !is_unicast(self.source) {
            return Err(NotAnswered::SourceNotUnicast);
        }
        if !group_allowed && (link_group || !is_unicast(self.destination)) {
            return Err(NotAnswered::ToGroup);
        }
        Ok(())
    }
}
