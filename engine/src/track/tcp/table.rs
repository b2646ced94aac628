//! What each class of segment means in each state, as one constant table.
//!
//! Rows are states, one per direction; columns are the classes a segment can have once its flags and its
//! acknowledgement have been looked at. A cell names the state to go to and why; the [`Why`] in turn names the
//! check a segment must still pass before anything changes. The table alone never lets a packet through.

use crate::session::Direction;

use super::segment::{TcpFlags, TcpSegment};
use super::state::TcpState;
use super::why::Why;

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
