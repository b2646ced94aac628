//! The states of a TCP connection as seen between its endpoints.
//!
//! They are states of the *pair*. A suffix says whose FIN a closing state is about: in `FinWaitOriginal` the initiator
//! has sent its FIN, in `LastAckReply` the responder's FIN is the one still to be acknowledged.

use crate::session::{Direction, SessionState};

/// Bits of `SessionState::tracker` that hold the state; the others hold a mark of reuse (`mod.rs`).
pub(super) const STATE_MASK: u8 = 0x0f;

/// State of a TCP connection as the firewall sees it; the low four bits of `SessionState::tracker`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[repr(u8)]
pub enum TcpState {
    /// Nothing seen yet.
    None = 0,
    /// The initiator's SYN was seen.
    SynSent,
    /// A SYN from each end was seen: simultaneous open.
    SynSent2,
    /// The responder's SYN-ACK was seen.
    SynReceived,
    /// The handshake is complete.
    Established,
    /// Taken up in mid-stream; windows are loose because their scale is not known.
    PickedUp,
    /// The initiator's FIN was seen and not yet acknowledged.
    FinWaitOriginal,
    /// The responder's FIN was seen and not yet acknowledged.
    FinWaitReply,
    /// The initiator's FIN was acknowledged; the responder may go on sending.
    CloseWaitOriginal,
    /// The responder's FIN was acknowledged; the initiator may go on sending.
    CloseWaitReply,
    /// Both FINs were seen, neither is acknowledged.
    Closing,
    /// Both FINs were seen, the initiator's is still to be acknowledged.
    LastAckOriginal,
    /// Both FINs were seen, the responder's is still to be acknowledged.
    LastAckReply,
    /// Both FINs were acknowledged.
    TimeWait,
    /// Reset.
    Closed,
}

impl TcpState {
    /// Every state, in the order of their numbers.
    pub const ALL: [TcpState; 15] = [
        TcpState::None,
        TcpState::SynSent,
        TcpState::SynSent2,
        TcpState::SynReceived,
        TcpState::Established,
        TcpState::PickedUp,
        TcpState::FinWaitOriginal,
        TcpState::FinWaitReply,
        TcpState::CloseWaitOriginal,
        TcpState::CloseWaitReply,
        TcpState::Closing,
        TcpState::LastAckOriginal,
        TcpState::LastAckReply,
        TcpState::TimeWait,
        TcpState::Closed,
    ];

    /// The state with number `value`; `None` for a number no state has. A replicated record may hold any byte.
    #[inline]
    pub const fn from_u8(value: u8) -> Option<TcpState> {
        if (value as usize) < Self::ALL.len() { Some(Self::ALL[value as usize]) } else { None }
    }

    /// The state of a TCP session; `None` for a byte that holds no state.
    #[inline]
    pub const fn of(state: &SessionState) -> Option<TcpState> {
        TcpState::from_u8(state.tracker & STATE_MASK)
    }

    /// Whether the handshake is still incomplete.
    pub const fn is_half_open(self) -> bool {
        matches!(self, TcpState::None | TcpState::SynSent | TcpState::SynSent2 | TcpState::SynReceived)
    }

    /// Whether the sender of `direction` has sent its FIN: it may repeat, not add.
    pub const fn fin_sent(self, direction: Direction) -> bool {
        use TcpState::*;
        match self {
            Closing | LastAckOriginal | LastAckReply | TimeWait => true,
            FinWaitOriginal | CloseWaitOriginal => matches!(direction, Direction::Original),
            FinWaitReply | CloseWaitReply => matches!(direction, Direction::Reply),
            _ => false,
        }
    }

    /// Name on the console and in test scripts.
    pub const fn name(self) -> &'static str {
        match self {
            TcpState::None => "none",
            TcpState::SynSent => "syn-sent",
            TcpState::SynSent2 => "syn-sent-2",
            TcpState::SynReceived => "syn-received",
            TcpState::Established => "established",
            TcpState::PickedUp => "picked-up",
            TcpState::FinWaitOriginal => "fin-wait-original",
            TcpState::FinWaitReply => "fin-wait-reply",
            TcpState::CloseWaitOriginal => "close-wait-original",
            TcpState::CloseWaitReply => "close-wait-reply",
            TcpState::Closing => "closing",
            TcpState::LastAckOriginal => "last-ack-original",
            TcpState::LastAckReply => "last-ack-reply",
            TcpState::TimeWait => "time-wait",
            TcpState::Closed => "closed",
        }
    }
}
