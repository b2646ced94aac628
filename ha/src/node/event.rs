//! What a node tells its surroundings to log.

use core::net::{IpAddr, Ipv4Addr};

use holdfast_engine::interface::PortId;

use crate::status::{BoxRole, GroupState, LinkState, SyncState};

/// Something happened that an operator may want to know.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum NodeEvent {
    /// The box's role changed.
    Role {
        /// From.
        old: BoxRole,
        /// To.
        new: BoxRole,
        /// For what.
        why: &'static str,
        /// Term afterwards.
        term: u64,
    },
    /// A group's HSRP state changed.
    Group {
        /// Its port.
        port: PortId,
        /// Its number.
        group: u16,
        /// From.
        old: GroupState,
        /// To.
        new: GroupState,
        /// For what.
        why: &'static str,
    },
    /// The completeness of this box's sessions, or of the peer's while this box is active, changed.
    Sync {
        /// From.
        old: SyncState,
        /// To.
        new: SyncState,
        /// For what.
        why: &'static str,
    },
    /// A complete copy of all sessions ended.
    CopyEnded {
        /// Sessions in it.
        sessions: u64,
        /// How long it took, in milliseconds.
        took_ms: u64,
        /// This box received it (else it sent it).
        received: bool,
    },
    /// The HA link's state changed.
    Link {
        /// From.
        old: LinkState,
        /// To.
        new: LinkState,
    },
    /// A peer answered over the HA link, for the first time or after a restart of either box.
    PeerConnected {
        /// Its name.
        name: String,
        /// Protocol version in use.
        version: u16,
    },
    /// Something is wrong with the pair: told once, and again when it is over.
    Alarm {
        /// What, in a sentence.
        text: String,
        /// Whether it began (else it is over).
        raised: bool,
    },
    /// An HSRP packet from `source` could not be authenticated (told once in a while).
    AuthenticationFailed {
        /// Where.
        port: PortId,
        /// From whom.
        source: Ipv4Addr,
    },
    /// Another router uses this box's own address.
    DuplicateAddress {
        /// Where.
        port: PortId,
        /// The address.
        address: IpAddr,
    },
    /// Detail for `debug standby`, `debug redundancy`, `debug ip inspect ha`.
    Debug {
        /// Which of the three.
        topic: DebugTopic,
        /// What.
        text: String,
    },
}

/// What can be followed in detail.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum DebugTopic {
    /// `debug standby`: HSRP packets and events.
    Standby,
    /// `debug redundancy`: heartbeats, decisions.
    Redundancy,
    /// `debug ip inspect ha`: copies, losses, acknowledgements.
    InspectHa,
}

impl DebugTopic {
    /// Every topic.
    pub const ALL: [DebugTopic; 3] = [DebugTopic::Standby, DebugTopic::Redundancy, DebugTopic::InspectHa];

    /// What IOS calls it.
    pub const fn name(self) -> &'static str {
        match self {
            DebugTopic::Standby => "HSRP",
            DebugTopic::Redundancy => "Redundancy",
            DebugTopic::InspectHa => "INSPECT HA",
        }
    }
}
