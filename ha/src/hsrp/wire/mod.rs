//! HSRP packets: the payload of a UDP datagram, read into plain structs and written from them.
//!
//! Version 1 is a fixed part of 20 bytes, version 2 a chain of TLVs; both carry the MD5 TLV at the end. Reading
//! does not check authentication, it only finds it: [`Parsed::seen`] goes to
//! [`Authentication::accepts`](super::Authentication::accepts) together with the same payload.

mod error;
pub mod md5;
mod opcode;
mod tlv;
mod v1;
mod v2;

use core::net::Ipv4Addr;
use core::time::Duration;

use holdfast_engine::interface::Mac;

pub use error::ParseError;
pub use opcode::Opcode;
pub use tlv::Md5Tlv;

use super::{Authentication, Version};
use crate::status::GroupState;

/// Bytes of a text authentication, NUL-padded.
pub const TEXT_BYTES: usize = 8;

/// Largest payload written here: version 2 with MD5.
pub const PAYLOAD_BYTES_MAX: usize = 72;

/// A Hello, Coup or Resign of one group.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Packet {
    /// Version of the packet.
    pub version: Version,
    /// What it says.
    pub opcode: Opcode,
    /// The sender's state; `None` when the field holds no known value. A Hello always has one.
    pub state: Option<GroupState>,
    /// Group number.
    pub group: u16,
    /// The sender's priority.
    pub priority: u8,
    /// The sender's hello time: whole seconds in version 1 (written rounded up), milliseconds in version 2.
    pub hello: Duration,
    /// How long this packet holds, in the same unit.
    pub hold: Duration,
    /// The virtual address; 0.0.0.0 when the sender does not know it.
    pub virtual_address: Ipv4Addr,
    /// The sender's interface MAC, in version 2 only.
    pub identifier: Option<Mac>,
}

/// The authentication a packet carries, not yet checked.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Seen {
    /// None: version 2 without either TLV.
    None,
    /// A text, NUL-padded.
    Text([u8; TEXT_BYTES]),
    /// The MD5 TLV.
    Md5(Md5Tlv),
}

/// How many groups of the sender are active and passive on the interface. Real routers send it all the time; it
/// changes nothing.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Advertise {
    /// Version of the packet.
    pub version: Version,
    /// Groups in which the sender is active.
    pub active_groups: u16,
    /// Its other groups.
    pub passive_groups: u16,
}

/// What a payload was.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Message {
    /// A packet of a group.
    Group(Parsed),
    /// An interface state advertisement (opcode 3, or version 2 with the interface TLV alone).
    Advertise(Advertise),
}

/// A packet of a group with the authentication it came with.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Parsed {
    /// The packet.
    pub packet: Packet,
    /// What to check before believing it.
    pub seen: Seen,
}

/// Reads a UDP payload. Nothing is believed yet.
pub fn parse(payload: &[u8]) -> Result<Message, ParseError> {
    // Version 1 begins with its version, 0; version 2 with a TLV type, and type 0 does not exist.
    match payload.first() {
        None => Err(ParseError::Short { needed: 1, got: 0 }),
        Some(0) => v1::parse(payload),
        Some(_) => v2::parse(payload),
    }
}

/// Version and group of a payload, for the caller to find the right [`Group`](super::Group) by; `None` when it is
/// malformed or of no group.
pub fn group_of(payload: &[u8]) -> Option<(Version, u16)> {
    match parse(payload) {
        Ok(Message::Group(Parsed { packet, .. })) => Some((packet.version, packet.group)),
        Ok(Message::Advertise(_)) | Err(_) => None,
    }
}

impl Packet {
    /// Appends the payload to `out`: 20 bytes, 50 with MD5; version 2: 52, 72 with MD5. `source` is the address the
    /// datagram will be sent from. Authentication "none" writes the text every HSRP speaker expects then.
    pub fn write(&self, authentication: &Authentication, source: Ipv4Addr, out: &mut Vec<u8>) {
        let begin = out.len();
        match self.version {
            Version::V1 => v1::write(self, authentication, out),
            Version::V2 => v2::write(self, authentication, out),
        }
        if let Authentication::Md5 { key, key_id } = authentication {
            Md5Tlv::write_unsigned(source, *key_id, out);
            md5::sign(key, out.get_mut(begin..).unwrap_or_default());
        }
    }
}
