//! The TCP tracker.
//!
//! A segment meets three questions. What is it, in the state the connection is in: the constant table
//! (`table.rs`) answers with a target state and a reason. May it be what it claims: each reason names a check,
//! most often the windows (`window.rs`), for segments of the handshake the exact numbers of the SYNs
//! (`handshake.rs`). What happened: an [`Outcome`]. Data and acknowledgements of an established connection take
//! a short cut that asks only for the windows.
//!
//! # What is remembered
//! Per end the three numbers of [`crate::session::TcpPeer`]. While only an end's SYN is known nothing limits
//! what it may send, so its `max_end` holds the number just after the SYN itself and its `end` the number after
//! the SYN's Fast Open data: an answer acknowledges something from the one to the other. Once the SYN-ACK was
//! seen the responder's `max_end` is the number after its SYN plus the initiator's window; the number itself is
//! had back by subtraction until the handshake is complete. `max_end ≥ end` holds from then on.
//!
//! # Resets
//! RFC 5961 accepts a RST only at exactly the next expected number. Between the endpoints that is `end` of its
//! sender; after its FIN also the FIN's own number, where a closed socket answers data that crossed the FIN.
//! Anything else in the window is let through without a change of state: the receiver challenges it, and the
//! answer to the challenge is exact. When segments were lost behind the firewall and their sender is gone, a RST
//! that the receiver accepts may be below `end`: the session then ages out by its idle time.
//!
//! A session from the peer box may lag behind its ends for a moment after a takeover: `catch_up.rs`.
//!
//! # Reuse of ports
//! A SYN from the initiator on a live connection may be a host that restarted. It passes and changes nothing but
//! a mark in the upper four bits of `SessionState::tracker`: 1 + the window scale it offered. Then the responder
//! decides: a challenge ACK in the window draws an exact RST from the initiator if it did restart; a SYN-ACK
//! outside the old windows means that the responder has forgotten the old connection too, and the session starts
//! over with the new numbers. Any other traffic in the window takes the mark away. Both sides must take part,
//! each from its own zone, so nobody on one side alone can replace a connection.

mod catch_up;
mod handshake;
mod segment;
mod state;
mod table;
mod why;
mod window;

use crate::drop_reason::DropReason;
use crate::session::{Direction, SessionState};

pub use handshake::WINDOW_MAX_BYTES;
pub use segment::{SCALE_MAX, TcpFlags, TcpSegment};
pub use state::TcpState;
pub use window::{SLACK_MAX_BYTES, later};

use super::{Change, Outcome, TimeoutClass, Transition};
use table::Class;
use why::{Check, Why};

/// What the operator may choose about TCP.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
pub struct TcpConfig {
    /// Let a session begin in mid-stream: for migrations, never for good.
    pub pickup: bool,
    /// Let the responder of a simultaneous open complete it with a bare ACK (Beardsley and Qian, "The TCP Split
    /// Handshake", 2010).
    pub split_handshake: bool,
    /// Forward movement beyond the known windows to accept of ends whose sessions lag, in bytes: zero except for a
    /// bounded time after a takeover. At most [`SLACK_MAX_BYTES`] counts.
    pub catch_up_bytes: u32,
}

const ESTABLISHED: u8 = TcpState::Established as u8;

/// State of a session that begins with `segment`. Fields that are not TCP's (zones, next hops, times, the
/// initiator's side) are at their defaults; the caller sets them.
///
/// # Errors
/// `TcpNoSession` for anything but a SYN without ACK, unless [`TcpConfig::pickup`] and the segment is no RST and
/// no SYN-ACK.
pub fn open(segment: &TcpSegment, config: &TcpConfig) -> Result<SessionState, DropReason> {
    let mut state = SessionState::default();
    let class = Class::of(segment, 0).ok_or(DropReason::TcpFlagsBad)?;
    match class {
        Class::Syn => handshake::open(&mut state, segment),
        Class::Ack | Class::AckAll | Class::Fin | Class::FinAckAll if config.pickup => {
            handshake::pick_up(&mut state, segment);
        }
        _ => return Err(DropReason::TcpNoSession),
    }
    Ok(state)
}

/// Takes one segment of a session into account.
#[inline]
pub fn track(
    state: &mut SessionState,
    direction: Direction,
    segment: &TcpSegment,
    config: &TcpConfig,
) -> Outcome {
    // State and flags lie in one word of the entry. A session that lags takes the long way, where it catches up.
    if state.tracker == ESTABLISHED && !state.flags.lags() && segment.flags.is_plain_ack() {
        let right_edge = state.peers[direction as usize].max_end;
        if window::inside(state, direction, segment, right_edge, 0) {
            window::advance(state, direction, segment);
            return Outcome::PASS;
        }
    }
    track_by_table(state, direction, segment, config)
}

/// Everything that is not plain traffic of an established connection.
#[cold]
fn track_by_table(
    state: &mut SessionState,
    direction: Direction,
    segment: &TcpSegment,
    config: &TcpConfig,
) -> Outcome {
    let Some(before) = TcpState::of(state) else {
        return Outcome::Drop(DropReason::TcpNoSession);
    };
    let Some(class) = Class::of(segment, state.peers[direction.reverse() as usize].end) else {
        return Outcome::Drop(DropReason::TcpFlagsBad);
    };
    let cell = table::cell(before, direction, class);
    let mut after = *state;
    let step = match cell.why.check() {
        Check::Open => {
            handshake::reopen(&mut after, segment);
            Ok(Step::Go)
        }
        Check::CrossSyn => handshake::cross_syn(&mut after, segment),
        Check::SameSyn => handshake::same_syn(&mut after, direction, class, segment),
        Check::Answer => handshake::answer(&mut after, segment, cell.why),
        Check::SynAgain => handshake::syn_again(&mut after, segment),
        Check::Complete => handshake::complete(&mut after, segment),
        Check::AnswerAgain => handshake::answer_again(&mut after, direction, segment),
        Check::ResetSyn => handshake::reset_syn(&after, direction, segment),
        Check::Challenge => handshake::challenge(&after, segment, config),
        Check::Split => handshake::split(&mut after, segment, config),
        Check::Window => ordinary(&mut after, before, direction, class, segment, config),
        Check::Lingering => lingering(&after, before, direction, segment),
        Check::Reset => reset(&after, before, direction, segment, config),
        Check::Reuse => Ok(handshake::mark_reuse(&mut after, segment)),
        Check::ReuseTimeWait => handshake::reuse_time_wait(&mut after, direction, segment),
        Check::Reopen => Ok(Step::Reopen),
        Check::Refuse(reason) => Err(reason),
    };
    let step = match step {
        Err(reason) if catch_up::may_have_opened(state, before, config) => {
            after = *state;
            catch_up::opened_elsewhere(&mut after, before, direction, class, segment).ok_or(reason)
        }
        step => step,
    };
    let next = match step {
        Err(reason) => return Outcome::Drop(reason),
        Ok(Step::Reopen) => return Outcome::Reopen,
        Ok(Step::Unnoticed) => {
            *state = after;
            return Outcome::PASS_UNNOTICED;
        }
        Ok(Step::Stay) => before,
        Ok(Step::Go) => cell.next,
        Ok(Step::Restart) => TcpState::SynReceived,
        Ok(Step::Opened) if segment.flags.contains(TcpFlags::FIN) => match direction {
            Direction::Original => TcpState::FinWaitOriginal,
            Direction::Reply => TcpState::FinWaitReply,
        },
        Ok(Step::Opened) => TcpState::Established,
    };
    catch_up::heard(&mut after, direction, next, segment);
    after.tracker = next as u8;
    *state = after;
    Outcome::Pass(change(before, next, cell.why))
}

/// What a check leads to when it does not refuse.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Step {
    /// The cell's target state.
    Go,
    /// Passes in the same state.
    Stay,
    /// Passes in the same state and is no sign of life; a mark of reuse stays.
    Unnoticed,
    /// The responder accepted a new connection in place of the old.
    Restart,
    /// For policy to judge as a new session.
    Reopen,
    /// The handshake was completed at the peer box.
    Opened,
}

fn change(before: TcpState, next: TcpState, why: Why) -> Change {
    let transition = match next {
        _ if next == before => Transition::None,
        TcpState::TimeWait | TcpState::Closed => Transition::Closed,
        TcpState::Established | TcpState::PickedUp => Transition::Established,
        TcpState::SynReceived if why == Why::LateAnswer => Transition::Restarted,
        _ if next.is_half_open() => Transition::None,
        _ => Transition::Closing,
    };
    let (old, new) = (TimeoutClass::of_tcp(before), TimeoutClass::of_tcp(next));
    Change {
        transition,
        rearm: old != new && new != TimeoutClass::TcpIdle,
        // A handshake has its time as a whole; repeating a SYN does not buy more.
        keep_alive: !(before.is_half_open() && next.is_half_open()),
    }
}

/// A segment with ACK and without SYN: inside the windows, then they move. A sender whose FIN was seen may repeat
/// what it sent and no more.
fn ordinary(
    after: &mut SessionState,
    before: TcpState,
    direction: Direction,
    class: Class,
    segment: &TcpSegment,
    config: &TcpConfig,
) -> Result<Step, DropReason> {
    let from = after.peers[direction as usize];
    let to = &after.peers[direction.reverse() as usize];
    let fin_sent = before.fin_sent(direction);
    let (right_edge, right_slack) = match before {
        // What an end has sent is final once its FIN was seen.
        _ if fin_sent => (from.end, 0),
        TcpState::PickedUp => (from.max_end, SLACK_MAX_BYTES),
        _ => (from.max_end, catch_up::sequence_slack_bytes(after, direction, config)),
    };
    let ack_slack = match before {
        _ if before.fin_sent(direction.reverse()) => 0,
        TcpState::PickedUp => SLACK_MAX_BYTES,
        _ => catch_up::ack_slack_bytes(after, direction, config),
    };
    if !window::sequence_inside(&from, to, segment.end(), right_edge, right_slack)
        || !window::ack_inside(&from, to, segment.ack, ack_slack)
    {
        return Err(DropReason::TcpOutOfWindow);
    }
    catch_up::advance(after, direction, segment);
    // A first FIN below what its sender has sent already is no end of anything; let the receiver make sense of it.
    let first_fin = matches!(class, Class::Fin | Class::FinAckAll) && !fin_sent;
    let premature = first_fin && after.peers[direction as usize].end != segment.end();
    Ok(if premature { Step::Stay } else { Step::Go })
}

/// A copy of something after the end, or its answer: passes inside the window and leaves no trace.
fn lingering(
    state: &SessionState,
    before: TcpState,
    direction: Direction,
    segment: &TcpSegment,
) -> Result<Step, DropReason> {
    let from = &state.peers[direction as usize];
    let right_edge = if before.fin_sent(direction) { from.end } else { from.max_end };
    let inside = if segment.flags.contains(TcpFlags::ACK) && !segment.flags.contains(TcpFlags::RST) {
        window::inside(state, direction, segment, right_edge, 0)
    } else {
        let to = &state.peers[direction.reverse() as usize];
        window::sequence_inside(from, to, segment.seq, from.max_end, 0)
    };
    if inside { Ok(Step::Unnoticed) } else { Err(DropReason::TcpOutOfWindow) }
}

/// A RST ends the connection only in order; what it may carry (RFC 9293 section 3.5.3 allows text) does not count.
/// Slack makes no number exact: a RST within it passes and changes nothing, so that a guess ends no connection and
/// the receiver, who knows, decides.
fn reset(
    state: &SessionState,
    before: TcpState,
    direction: Direction,
    segment: &TcpSegment,
    config: &TcpConfig,
) -> Result<Step, DropReason> {
    let (from, to) = (&state.peers[direction as usize], &state.peers[direction.reverse() as usize]);
    let unacknowledged_fin = before.fin_sent(direction) && segment.seq == from.end.wrapping_sub(1);
    if segment.seq == from.end || unacknowledged_fin {
        return Ok(Step::Go);
    }
    let slack_bytes = catch_up::sequence_slack_bytes(state, direction, config);
    if window::sequence_inside(from, to, segment.seq, from.max_end, slack_bytes) {
        return Ok(Step::Unnoticed);
    }
    // The port is closed, says the responder to a SYN that reuses the ports; the old connection is no witness.
    let refuses_reuse = direction == Direction::Reply
        && handshake::reuse_marked(state)
        && segment.flags.contains(TcpFlags::ACK);
    if refuses_reuse { Ok(Step::Unnoticed) } else { Err(DropReason::TcpOutOfWindow) }
}

/// Whether sequence number `seq`, quoted by an ICMP error from a header that was sent in `direction`, is one that
/// end may have sent: within a window of the highest (RFC 5927 section 4.1). A connection that has seen only
/// SYNs knows them exactly.
pub fn quoted_in_window(state: &SessionState, direction: Direction, seq: u32) -> bool {
    let (from, to) = (&state.peers[direction as usize], &state.peers[direction.reverse() as usize]);
    let Some(tcp_state) = TcpState::of(state) else { return false };
    let back_bytes = match (tcp_state, direction) {
        (TcpState::None, _) | (TcpState::SynSent, Direction::Reply) => return false,
        (TcpState::SynSent, Direction::Original) | (TcpState::SynSent2, _) => {
            // From the SYN itself to the end of its Fast Open data.
            from.end.wrapping_sub(from.max_end).wrapping_add(1)
        }
        // The SYN counts before the window does.
        _ => to.max_window_bytes.saturating_add(1),
    };
    from.end.wrapping_sub(seq) <= back_bytes
}

#[cfg(test)]
mod tests;
