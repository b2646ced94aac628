//! Trackers: what a packet means to the session it belongs to.
//!
//! Pure functions over [`crate::session::SessionState`]: no packet buffer beyond a slice of bytes, no clock, no
//! table. The pipeline parses layer 4 once into an [`L4`], then calls [`open`] for a session's first packet and
//! [`track`] for every other. What happened comes back as an [`Outcome`]; a session whose packet is dropped is
//! exactly as it was before.

pub mod icmp;
mod l4;
mod name;
pub mod other;
pub mod tcp;
mod timeouts;
pub mod udp;

pub use l4::{L4, TrackConfig, is_half_open, open, track};
pub use name::{IosState, ios_state, state_name};
pub use timeouts::{TimeoutClass, TimeoutDurations, Timeouts};

use crate::drop_reason::DropReason;

/// What the tracker says of a packet.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[must_use]
pub enum Outcome {
    /// Forward it; the session changed as told.
    Pass(Change),
    /// Drop it; the session is untouched.
    Drop(DropReason),
    /// The packet begins a new session under this one's key: let policy judge it as a first packet, its sender
    /// being the initiator. Only if it is admitted does the new session replace this one, which is untouched.
    Reopen,
}

impl Outcome {
    /// Passes, keeps the session alive, and nothing else to do: nearly every packet.
    pub const PASS: Outcome =
        Outcome::Pass(Change { transition: Transition::None, rearm: false, keep_alive: true });

    /// Passes, and is no sign of life: it does not put off the session's end.
    pub const PASS_UNNOTICED: Outcome =
        Outcome::Pass(Change { transition: Transition::None, rearm: false, keep_alive: false });

    /// Whether the packet is forwarded under this session.
    pub const fn passes(self) -> bool {
        matches!(self, Outcome::Pass(_))
    }
}

/// What a forwarded packet did to its session.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Change {
    /// Change of state worth telling: to the peer box, to the counters, to the log.
    pub transition: Transition,
    /// The session may now end sooner than its timer stands: re-arm the wheel from [`Timeouts::deadline`].
    pub rearm: bool,
    /// The packet counts as a sign of life: `last_seen` moves.
    pub keep_alive: bool,
}

/// Change of state of a session, coarse enough for every protocol.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Transition {
    /// Same state, or one that only the tracker tells apart.
    None,
    /// No longer half-open.
    Established,
    /// A TCP end sent its FIN, or a FIN was acknowledged.
    Closing,
    /// Over: both FINs acknowledged, reset, or the DNS answer came. What is left of it ages out.
    Closed,
    /// The initiator began again and the responder agreed: the session is half-open once more.
    Restarted,
}
