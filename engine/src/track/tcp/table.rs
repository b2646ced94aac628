//! What each class of segment means in each state, as one constant table.
//!
//! Rows are states, one per direction; columns are the classes a segment can have once its flags and its
//! acknowledgement have been looked at. A cell names the state to go to and why; the [`Why`] in turn names the
//! [`Check`] a segment must still pass before anything changes. The table alone never lets a packet through.
//!
//! The states are those of the *pair* of endpoints as seen between them. A suffix says whose FIN a closing state
//! is about: in `FinWaitOriginal` the initiator has sent its FIN, in `LastAckReply` the responder's FIN is the
//! one still to be acknowledged.

use crate::drop_reason::DropReason;
use crate::session::Direction;

use super::segment::{TcpFlags, TcpSegment};

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
}

/// Class of a segment, the column of the table.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)]
pub enum Class {
    /// SYN without ACK.
    Syn = 0,
    /// SYN with ACK.
    SynAck,
    /// ACK, with or without data.
    Ack,
    /// ACK of everything the other end has sent, its FIN included if it sent one.
    AckAll,
    /// FIN with ACK.
    Fin,
    /// FIN with an ACK of everything the other end has sent.
    FinAckAll,
    /// RST, with or without ACK.
    Rst,
}

impl Class {
    /// Number of classes.
    pub const COUNT: usize = 7;

    /// Class of `segment`, `peer_end` being one past the highest sequence number the other end has sent. `None`
    /// for flags [`TcpSegment::parse`] refuses.
    pub fn of(segment: &TcpSegment, peer_end: u32) -> Option<Class> {
        let flags = segment.flags;
        let (syn, ack) = (flags.contains(TcpFlags::SYN), flags.contains(TcpFlags::ACK));
        let all = ack && segment.ack.wrapping_sub(peer_end) as i32 >= 0;
        Some(match (flags.contains(TcpFlags::RST), syn, flags.contains(TcpFlags::FIN), ack) {
            (true, false, false, _) => Class::Rst,
            (false, true, false, false) => Class::Syn,
            (false, true, false, true) => Class::SynAck,
            (false, false, false, true) => [Class::Ack, Class::AckAll][usize::from(all)],
            (false, false, true, true) => [Class::Fin, Class::FinAckAll][usize::from(all)],
            _ => return None,
        })
    }
}

/// What a segment must pass before its cell takes effect; each is one function in this folder.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Check {
    /// First SYN of a session, or again with new numbers while nobody has answered.
    Open,
    /// The responder's own SYN in answer to a SYN.
    CrossSyn,
    /// SYN or SYN-ACK of a simultaneous open: exactly the SYN already seen from that end.
    SameSyn,
    /// SYN-ACK that must acknowledge the SYN.
    Answer,
    /// SYN from the initiator once the responder has answered: a retransmission, else like `Reuse`.
    SynAgain,
    /// ACK or FIN that must acknowledge the responder's SYN.
    Complete,
    /// Inside the window; moves it.
    Window,
    /// Inside the window; passes and changes nothing.
    Lingering,
    /// A SYN-ACK seen before, or the answer to a SYN that reuses the ports.
    AnswerAgain,
    /// RST.
    Reset,
    /// RST that answers a SYN, or comes from its sender.
    ResetSyn,
    /// ACK in answer to a SYN: the challenge of an end that still holds an older connection.
    Challenge,
    /// SYN on a live connection: passes and is remembered; the answer decides.
    Reuse,
    /// SYN after both FINs: reopens if its sequence number is newer.
    ReuseTimeWait,
    /// SYN after a reset: reopens.
    Reopen,
    /// ACK of a simultaneous open before the SYN-ACK: refused unless configured.
    Split,
    /// Refused.
    Refuse(DropReason),
}

/// Why a cell is what it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)]
pub enum Why {
    /// Only a SYN begins a session.
    NoSession,
    /// A SYN begins a session.
    FirstSyn,
    /// The initiator repeats its SYN or, unanswered, tries again with new numbers.
    SynRepeated,
    /// Both ends opened at once (RFC 9293 section 3.5).
    SimultaneousOpen,
    /// Each end of a simultaneous open sends the SYN it sent before, now with an acknowledgement.
    SimultaneousAnswer,
    /// The responder answered the SYN.
    SynAnswered,
    /// The initiator does not answer its own SYN.
    AnswerToNobody,
    /// The initiator cannot acknowledge what the responder has not sent.
    AckOfNothing,
    /// The responder closes what it has not yet accepted.
    FinBeforeOpen,
    /// The responder acknowledges a SYN without one of its own, the first half of a split handshake, unless the
    /// acknowledgement is for an older connection.
    SplitOrChallenge,
    /// A simultaneous open is completed by SYN-ACKs only; a bare ACK makes it a split handshake.
    SplitHandshake,
    /// The port answered that it is closed, or the initiator gave up.
    Refused,
    /// The handshake is complete.
    HandshakeComplete,
    /// The initiator completes the handshake and closes at once.
    OpenedAndClosed,
    /// The responder sends before the handshake is complete (RFC 7413 section 4.2).
    EarlyData,
    /// The initiator did not get the SYN-ACK yet, or starts over.
    SynBeforeComplete,
    /// The responder repeats its SYN-ACK, or its SYN cookie changed.
    AnswerRepeated,
    /// Data and acknowledgements of an open connection.
    Traffic,
    /// A late copy of the handshake; the receiver answers with an acknowledgement (RFC 5961 section 4).
    LateAnswer,
    /// The initiator may have restarted; the responder challenges or answers (RFC 5961 section 4).
    ReuseOfPorts,
    /// The responder does not open towards the initiator on a connection it serves.
    SynFromResponder,
    /// A FIN ends one direction.
    FirstFin,
    /// The FIN was acknowledged; the other direction goes on.
    HalfClosed,
    /// The other end closes too.
    SecondFin,
    /// A FIN is repeated until it is acknowledged.
    FinRepeated,
    /// Every FIN was acknowledged.
    BothClosed,
    /// Copies after both FINs; TIME-WAIT answers them (RFC 9293 section 3.6).
    AfterClose,
    /// A newer SYN may end TIME-WAIT early (RFC 9293 section 3.10.7.4, RFC 6191).
    NewIncarnation,
    /// A reset ends the connection if it is exactly in order (RFC 5961 section 3).
    ResetInOrder,
    /// What was on its way when the connection was reset.
    AfterReset,
    /// After a reset the ports are free.
    FreeAfterReset,
}

impl Why {
    /// The check that belongs to the reason.
    pub const fn check(self) -> Check {
        match self {
            Why::NoSession => Check::Refuse(DropReason::TcpNoSession),
            Why::FirstSyn | Why::SynRepeated => Check::Open,
            Why::SimultaneousOpen => Check::CrossSyn,
            Why::SimultaneousAnswer => Check::SameSyn,
            Why::SynAnswered | Why::AnswerRepeated => Check::Answer,
            Why::AnswerToNobody | Why::AckOfNothing | Why::FinBeforeOpen => {
                Check::Refuse(DropReason::TcpStateBad)
            }
            Why::SplitOrChallenge => Check::Challenge,
            Why::SplitHandshake => Check::Split,
            Why::Refused => Check::ResetSyn,
            Why::HandshakeComplete | Why::OpenedAndClosed => Check::Complete,
            Why::SynBeforeComplete => Check::SynAgain,
            Why::EarlyData
            | Why::Traffic
            | Why::FirstFin
            | Why::HalfClosed
            | Why::SecondFin
            | Why::FinRepeated
            | Why::BothClosed => Check::Window,
            Why::LateAnswer => Check::AnswerAgain,
            Why::ReuseOfPorts => Check::Reuse,
            Why::SynFromResponder => Check::Refuse(DropReason::TcpSynOnSession),
            Why::AfterClose | Why::AfterReset => Check::Lingering,
            Why::NewIncarnation => Check::ReuseTimeWait,
            Why::ResetInOrder => Check::Reset,
            Why::FreeAfterReset => Check::Reopen,
        }
    }
}

/// One cell: where to go, and why.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Cell {
    /// State after the segment, if it passes its check.
    pub next: TcpState,
    /// The reason.
    pub why: Why,
}

const fn to(next: TcpState, why: Why) -> Cell {
    Cell { next, why }
}

type Row = [Cell; Class::COUNT];

/// What an open connection and all its closing states have in common; each row changes the four middle cells.
const fn live(state: TcpState, initiator: bool, middle: [Cell; 4]) -> Row {
    let syn = if initiator { Why::ReuseOfPorts } else { Why::SynFromResponder };
    let [ack, ack_all, fin, fin_ack_all] = middle;
    let late = to(state, Why::LateAnswer);
    [to(state, syn), late, ack, ack_all, fin, fin_ack_all, to(TcpState::Closed, Why::ResetInOrder)]
}

/// The table: state × direction × class.
pub static TABLE: [[Row; 2]; TcpState::ALL.len()] = {
    use TcpState as S;
    use Why as W;
    const NONE: Cell = to(S::None, W::NoSession);
    const TRAFFIC: Cell = to(S::Established, W::Traffic);
    const LOOSE: Cell = to(S::PickedUp, W::Traffic);
    const FIN_O: Cell = to(S::FinWaitOriginal, W::FirstFin);
    const FIN_R: Cell = to(S::FinWaitReply, W::FirstFin);
    const SPLIT: Cell = to(S::Established, W::SplitHandshake);
    const COMPLETE: Cell = to(S::Established, W::HandshakeComplete);
    const LINGER: Cell = to(S::TimeWait, W::AfterClose);
    const RESET: Cell = to(S::Closed, W::AfterReset);
    const GONE: Cell = to(S::Closed, W::ResetInOrder);
    [
        // None: only the initiator's SYN gets anywhere.
        [[to(S::SynSent, W::FirstSyn), NONE, NONE, NONE, NONE, NONE, NONE], [NONE; 7]],
        // SynSent
        [
            [
                to(S::SynSent, W::SynRepeated),
                to(S::SynSent, W::AnswerToNobody),
                to(S::SynSent, W::AckOfNothing),
                to(S::SynSent, W::AckOfNothing),
                to(S::SynSent, W::AckOfNothing),
                to(S::SynSent, W::AckOfNothing),
                to(S::Closed, W::Refused),
            ],
            [
                to(S::SynSent2, W::SimultaneousOpen),
                to(S::SynReceived, W::SynAnswered),
                to(S::SynSent, W::SplitOrChallenge),
                to(S::SynSent, W::SplitOrChallenge),
                to(S::SynSent, W::FinBeforeOpen),
                to(S::SynSent, W::FinBeforeOpen),
                to(S::Closed, W::Refused),
            ],
        ],
        // SynSent2
        [
            [
                to(S::SynSent2, W::SimultaneousAnswer),
                to(S::SynSent2, W::SimultaneousAnswer),
                to(S::SynSent2, W::AckOfNothing),
                to(S::SynSent2, W::AckOfNothing),
                to(S::SynSent2, W::AckOfNothing),
                to(S::SynSent2, W::AckOfNothing),
                GONE,
            ],
            [
                to(S::SynSent2, W::SimultaneousAnswer),
                to(S::SynReceived, W::SimultaneousAnswer),
                SPLIT,
                SPLIT,
                to(S::SynSent2, W::FinBeforeOpen),
                to(S::SynSent2, W::FinBeforeOpen),
                GONE,
            ],
        ],
        // SynReceived: the initiator's SYN-ACK is that of a simultaneous open, and completes it.
        [
            [
                to(S::SynReceived, W::SynBeforeComplete),
                COMPLETE,
                COMPLETE,
                COMPLETE,
                to(S::FinWaitOriginal, W::OpenedAndClosed),
                to(S::FinWaitOriginal, W::OpenedAndClosed),
                GONE,
            ],
            [
                to(S::SynReceived, W::SynFromResponder),
                to(S::SynReceived, W::AnswerRepeated),
                to(S::SynReceived, W::EarlyData),
                to(S::SynReceived, W::EarlyData),
                FIN_R,
                FIN_R,
                GONE,
            ],
        ],
        // Established
        [
            live(S::Established, true, [TRAFFIC, TRAFFIC, FIN_O, FIN_O]),
            live(S::Established, false, [TRAFFIC, TRAFFIC, FIN_R, FIN_R]),
        ],
        // PickedUp
        [
            live(S::PickedUp, true, [LOOSE, LOOSE, FIN_O, FIN_O]),
            live(S::PickedUp, false, [LOOSE, LOOSE, FIN_R, FIN_R]),
        ],
        // FinWaitOriginal
        [
            {
                let stay = to(S::FinWaitOriginal, W::Traffic);
                let again = to(S::FinWaitOriginal, W::FinRepeated);
                live(S::FinWaitOriginal, true, [stay, stay, again, again])
            },
            live(
                S::FinWaitOriginal,
                false,
                [
                    to(S::FinWaitOriginal, W::Traffic),
                    to(S::CloseWaitOriginal, W::HalfClosed),
                    to(S::Closing, W::SecondFin),
                    to(S::LastAckReply, W::SecondFin),
                ],
            ),
        ],
        // FinWaitReply
        [
            live(
                S::FinWaitReply,
                true,
                [
                    to(S::FinWaitReply, W::Traffic),
                    to(S::CloseWaitReply, W::HalfClosed),
                    to(S::Closing, W::SecondFin),
                    to(S::LastAckOriginal, W::SecondFin),
                ],
            ),
            {
                let stay = to(S::FinWaitReply, W::Traffic);
                let again = to(S::FinWaitReply, W::FinRepeated);
                live(S::FinWaitReply, false, [stay, stay, again, again])
            },
        ],
        // CloseWaitOriginal: the responder may send for hours yet.
        [
            {
                let stay = to(S::CloseWaitOriginal, W::Traffic);
                let again = to(S::CloseWaitOriginal, W::FinRepeated);
                live(S::CloseWaitOriginal, true, [stay, stay, again, again])
            },
            {
                let stay = to(S::CloseWaitOriginal, W::Traffic);
                let fin = to(S::LastAckReply, W::SecondFin);
                live(S::CloseWaitOriginal, false, [stay, stay, fin, fin])
            },
        ],
        // CloseWaitReply
        [
            {
                let stay = to(S::CloseWaitReply, W::Traffic);
                let fin = to(S::LastAckOriginal, W::SecondFin);
                live(S::CloseWaitReply, true, [stay, stay, fin, fin])
            },
            {
                let stay = to(S::CloseWaitReply, W::Traffic);
                let again = to(S::CloseWaitReply, W::FinRepeated);
                live(S::CloseWaitReply, false, [stay, stay, again, again])
            },
        ],
        // Closing: whoever acknowledges the other's FIN leaves only its own to be acknowledged.
        [
            live(
                S::Closing,
                true,
                [
                    to(S::Closing, W::Traffic),
                    to(S::LastAckOriginal, W::HalfClosed),
                    to(S::Closing, W::FinRepeated),
                    to(S::LastAckOriginal, W::FinRepeated),
                ],
            ),
            live(
                S::Closing,
                false,
                [
                    to(S::Closing, W::Traffic),
                    to(S::LastAckReply, W::HalfClosed),
                    to(S::Closing, W::FinRepeated),
                    to(S::LastAckReply, W::FinRepeated),
                ],
            ),
        ],
        // LastAckOriginal
        [
            {
                let stay = to(S::LastAckOriginal, W::Traffic);
                let again = to(S::LastAckOriginal, W::FinRepeated);
                live(S::LastAckOriginal, true, [stay, stay, again, again])
            },
            {
                let stay = to(S::LastAckOriginal, W::Traffic);
                let again = to(S::LastAckOriginal, W::FinRepeated);
                let done = to(S::TimeWait, W::BothClosed);
                live(S::LastAckOriginal, false, [stay, done, again, done])
            },
        ],
        // LastAckReply
        [
            {
                let stay = to(S::LastAckReply, W::Traffic);
                let again = to(S::LastAckReply, W::FinRepeated);
                let done = to(S::TimeWait, W::BothClosed);
                live(S::LastAckReply, true, [stay, done, again, done])
            },
            {
                let stay = to(S::LastAckReply, W::Traffic);
                let again = to(S::LastAckReply, W::FinRepeated);
                live(S::LastAckReply, false, [stay, stay, again, again])
            },
        ],
        // TimeWait: a newer SYN may come from either end.
        [
            {
                let [_, rest @ ..] = live(S::TimeWait, true, [LINGER; 4]);
                let [late, a, b, c, d, rst] = rest;
                [to(S::TimeWait, W::NewIncarnation), late, a, b, c, d, rst]
            },
            {
                let [_, rest @ ..] = live(S::TimeWait, false, [LINGER; 4]);
                let [late, a, b, c, d, rst] = rest;
                [to(S::TimeWait, W::NewIncarnation), late, a, b, c, d, rst]
            },
        ],
        // Closed
        [[to(S::Closed, W::FreeAfterReset), RESET, RESET, RESET, RESET, RESET, RESET]; 2],
    ]
};

/// The cell for one segment.
#[inline]
pub fn cell(state: TcpState, direction: Direction, class: Class) -> Cell {
    TABLE[state as usize][direction as usize][class as usize]
}
