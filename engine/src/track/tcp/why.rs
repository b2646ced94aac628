//! The reasons that stand in the table's cells, and the check each calls for.

use crate::drop_reason::DropReason;

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
