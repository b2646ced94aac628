//! The states of a TCP connection as seen between its endpoints.
//!
//! They are states of the *pair*. A suffix says whose FIN a closing state is about: in `FinWaitOriginal` the initiator
//! has sent its FIN, in `LastAckReply` the responder's FIN is the one still to be acknowledged.

use crate::session::{Direction, SessionState};

/// Bits of `SessionState::tracker` that hold the state; the others hold a mark of reuse (`mod.rs`).
pub(super) const STATE_MASK: u8 = 0x0f;

/// By direction: its FIN was seen.
const FIN: [u8; 2] = [1, 4];
/// By direction: its FIN was acknowledged.
const FIN_ACKED: [u8; 2] = [2, 8];

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
    /// The bits of `SessionState::tracker` that hold no state but a mark of reuse.
    pub const MARK_MASK: u8 = !STATE_MASK;

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

    /// What is known when one box has seen the connection come to `self` and the other to `other`: of two handshakes
    /// the one further on, of two closings every FIN and every acknowledgement that either saw, and a reset for good.
    /// `Restarted` is the one step back that a connection can make, and then the session has another birth.
    #[must_use]
    pub fn join(self, other: TcpState) -> TcpState {
        if self == other || self == TcpState::Closed || other == TcpState::Closed {
            return if self == other { self } else { TcpState::Closed };
        }
        match (self.closing(), other.closing()) {
            (None, None) => TcpState::ALL[(self as usize).max(other as usize)],
            (Some(_), None) => self,
            (None, Some(_)) => other,
            (Some(mine), Some(theirs)) => TcpState::of_closing(mine | theirs),
        }
    }

    /// What was seen of the FINs, as bits; `None` while the handshake is incomplete.
    const fn closing(self) -> Option<u8> {
        use TcpState::*;
        Some(match self {
            None | SynSent | SynSent2 | SynReceived => return Option::None,
            Established | PickedUp | Closed => 0,
            FinWaitOriginal => FIN[0],
            FinWaitReply => FIN[1],
            CloseWaitOriginal => FIN[0] | FIN_ACKED[0],
            CloseWaitReply => FIN[1] | FIN_ACKED[1],
            Closing => FIN[0] | FIN[1],
            LastAckOriginal => FIN[0] | FIN[1] | FIN_ACKED[1],
            LastAckReply => FIN[0] | FIN[1] | FIN_ACKED[0],
            TimeWait => FIN[0] | FIN[1] | FIN_ACKED[0] | FIN_ACKED[1],
        })
    }

    fn of_closing(seen: u8) -> TcpState {
        TcpState::ALL.into_iter().find(|s| s.closing() == Some(seen)).unwrap_or(TcpState::Established)
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
