//! What happens to a node, what it is ordered to do, and where what it sends goes.

use core::net::Ipv4Addr;

use holdfast_engine::interface::PortId;

/// Something that happened to the box. Orders, which can be refused, come through [`Node::command`](super::Node::command).
#[derive(Debug)]
pub enum Input<'a> {
    /// Nothing more has arrived by now: decide, and do what is due.
    Timeout,
    /// A datagram from the HA link's socket. Decrypted in place.
    Datagram(&'a [u8]),
    /// The kernel refused to send a datagram of this many bytes: too large for the path.
    DatagramTooBig(usize),
    /// An HSRP packet.
    Hsrp {
        /// Where it arrived.
        port: PortId,
        /// Its IP source.
        source: Ipv4Addr,
        /// Its UDP payload.
        payload: &'a [u8],
    },
    /// A port's link, as it is now.
    LinkState {
        /// Which port.
        port: PortId,
        /// Whether it is up.
        up: bool,
    },
}

/// What an operator may want.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Command {
    /// Give the active role to the peer, losing nothing.
    ForceSwitchover,
    /// Throw the standby's copy away and make a new one.
    ClearHa,
    /// The box is going to end: resign.
    ShutDown,
}

/// Why a command was not carried out.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum CommandError {
    /// Only the active box can hand over.
    #[error("this box is not active; give the command on the active one")]
    NotActive,
    /// There is nobody to hand over to.
    #[error("no peer is heard over the HA link")]
    NoPeer,
    /// The peer would lose sessions.
    #[error("the peer is not ready: its copy of the sessions is not complete")]
    PeerNotHot,
    /// The role would come back at once.
    #[error("the peer has fewer working interfaces or workers than this box")]
    PeerUnfit,
    /// A hand-over or a takeover is under way.
    #[error("a change of role is under way")]
    Busy,
    /// Without a link nothing is replicated.
    #[error("no HA link is configured")]
    NoLink,
}

/// Where a frame or datagram goes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Destination {
    /// A complete Ethernet frame without VLAN tag, out of this port.
    Port(PortId),
    /// A datagram for the HA link's socket.
    HaLink,
}
