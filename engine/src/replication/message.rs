//! What travels over the two rings between a worker and the HA core. Both are bounded; neither side ever waits.

use core::net::Ipv4Addr;

use super::birth::Birth;
use super::record::SessionRecord;
use crate::flow::FlowKey;
use crate::interface::PortId;
use crate::role::Role;

/// Largest HSRP payload that is handed on; the longest legal one has 72 bytes, and unknown TLVs may follow.
pub const HSRP_PAYLOAD_BYTES_MAX: usize = 128;
/// Largest frame of the HA core's own: a hello with MD5 behind a VLAN tag has 118 bytes.
pub const OWN_FRAME_BYTES_MAX: usize = 160;

/// A role, and which order it was: workers publish the number of the last order they carried out.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct RoleOrder {
    /// The role from now on.
    pub role: Role,
    /// Counts orders, from 1.
    pub generation: u32,
}

/// A complete Ethernet frame of the HA core's own, for a port on which it has no transmit queue.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct OwnFrame {
    bytes: [u8; OWN_FRAME_BYTES_MAX],
    length: u8,
}

impl OwnFrame {
    /// A copy of `frame`; `None` when it is too long.
    pub fn new(frame: &[u8]) -> Option<OwnFrame> {
        let mut bytes = [0; OWN_FRAME_BYTES_MAX];
        bytes.get_mut(..frame.len())?.copy_from_slice(frame);
        Some(OwnFrame { bytes, length: frame.len() as u8 })
    }

    /// The frame.
    pub fn data(&self) -> &[u8] {
        self.bytes.get(..usize::from(self.length)).unwrap_or_default()
    }
}

/// From the HA core to a worker; carried out in order.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FromHa {
    /// The peer has this session: insert it, or merge it with what is here.
    Install(SessionRecord),
    /// The peer's session is gone; nothing happens when the key names another birth here.
    Remove {
        /// Its key.
        key: FlowKey,
        /// Which session of the key.
        birth: Birth,
    },
    /// A copy of everything the peer has begins: note which sessions it names.
    CopyBegins,
    /// The copy is complete: what it did not name is gone at the peer, and goes here.
    CopyEnds,
    /// Be active, or standby.
    Role(RoleOrder),
    /// Offer everything that waits for the next refresh to the HA core now.
    FlushRefresh,
    /// Send a frame of the HA core's own.
    Transmit {
        /// Where.
        port: PortId,
        /// What.
        frame: OwnFrame,
    },
}

/// From a worker to the HA core. Changed sessions do not travel here: see `change_set.rs`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ToHa {
    /// An HSRP packet arrived.
    Hsrp {
        /// Where.
        port: PortId,
        /// Its IP source.
        source: Ipv4Addr,
        /// Its UDP payload, cut off after [`HSRP_PAYLOAD_BYTES_MAX`].
        payload: [u8; HSRP_PAYLOAD_BYTES_MAX],
        /// Bytes of the payload; what is longer than the array was cut.
        length: u8,
    },
}
