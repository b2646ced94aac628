//! What a worker tells the control thread as it happens: the audit trail, logged rules, packets under `set verbose`.
//!
//! A worker never logs: it puts a small value into a bounded ring and goes on. When the ring is full the event is
//! lost and counted. Without an audit trail, logged rules or verbosity nothing is ever put in.

use crate::drop_reason::DropReason;
use crate::flow::{FlowKey, Side};
use crate::interface::PortId;
use crate::neighbour::AddressConflict;
use crate::policy::{Action, RuleIndex};
use crate::session::Snapshot;

/// Events a worker's ring holds.
pub const EVENT_RING_EVENTS: usize = 4096;
/// Bytes of a frame that [`Event::Received`] keeps: enough for the headers.
pub const EVENT_FRAME_BYTES_MAX: usize = 96;

/// Why a session ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SessionEnd {
    /// Its timer ran out, after closing or for silence.
    Expired,
    /// An operator cleared it, or a new connection took its place.
    Cleared,
}

/// One event.
#[derive(Clone, Debug)]
pub enum Event {
    /// A session began.
    SessionBegan(Snapshot),
    /// A session ended.
    SessionEnded(Snapshot, SessionEnd),
    /// A rule with `log = true` decided a packet that began no session.
    RuleDecided {
        /// The rule.
        rule: RuleIndex,
        /// What it did.
        action: Action,
        /// Where the packet came in.
        port: PortId,
        /// The packet's flow.
        key: FlowKey,
        /// Which end sent it.
        side: Side,
        /// Why it was dropped, if it was.
        reason: Option<DropReason>,
    },
    /// Somebody else claims one of the box's addresses.
    AddressConflict(AddressConflict),
    /// A packet was received while verbose.
    Received {
        /// Where.
        port: PortId,
        /// Its length in bytes.
        bytes: u16,
        /// Its first bytes.
        frame: [u8; EVENT_FRAME_BYTES_MAX],
    },
}
