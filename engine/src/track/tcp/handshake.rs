//! SYNs, their answers, and SYNs that come where none is expected.
//!
//! The numbers of the handshake are exact, so the checks here are equalities where those of the windows are
//! ranges. `mod.rs` tells how the number after each SYN is kept.

use crate::drop_reason::DropReason;
use crate::session::{Direction, SessionFlags, SessionState, TcpPeer};

use super::segment::{SCALE_MAX, TcpFlags, TcpSegment};
use super::state::{STATE_MASK, TcpState};
use super::table::Class;
use super::why::Why;
use super::window::{self, advertised_bytes, later};
use super::{Step, TcpConfig};

/// Largest window there is: 65,535 << 14.
pub const WINDOW_MAX_BYTES: u32 = 65_535 << SCALE_MAX;

/// Largest window a SYN can advertise, and so the most data that can go ahead of a handshake.
pub(super) const SYN_WINDOW_MAX_BYTES: u32 = 65_535;

/// Whether `number` is one of `first ..= last`, across the wrap.
pub(super) const fn between(first: u32, number: u32, last: u32) -> bool {
    number.wrapping_sub(first) <= last.wrapping_sub(first)
}

/// The number after a segment's SYN.
const fn after_syn(segment: &TcpSegment) -> u32 {
    segment.seq.wrapping_add(1)
}

/// The number after the responder's SYN, in `SynReceived`.
pub(super) const fn after_reply_syn(state: &SessionState) -> u32 {
    state.peers[1].max_end.wrapping_sub(state.peers[0].max_window_bytes)
}

fn first_syn(segment: &TcpSegment) -> TcpPeer {
    TcpPeer {
        end: segment.end(),
        max_end: after_syn(segment),
        max_window_bytes: u32::from(segment.window).max(1),
    }
}

/// Begins with the initiator's SYN; what is not TCP's stays.
pub(super) fn open(state: &mut SessionState, segment: &TcpSegment) {
    state.peers = [first_syn(segment), TcpPeer::default()];
    state.scale = [segment.syn_scale.unwrap_or(0), 0];
    state.flags = state
        .flags
        .with(SessionFlags::WINDOW_SCALING, false)
        .with(SessionFlags::SCALE_OFFERED, segment.syn_scale.is_some())
        .with(SessionFlags::FAST_OPEN, segment.payload_bytes > 0)
        .with(SessionFlags::LAGGING, false);
    state.tracker = TcpState::SynSent as u8;
}

/// A SYN while nobody has answered: the same again, perhaps without its Fast Open data; or new numbers, because
/// the initiator tries again from the same port. Then an answer to the older SYN would be of no use to it.
pub(super) fn reopen(state: &mut SessionState, segment: &TcpSegment) {
    if after_syn(segment) == state.peers[0].max_end {
        let initiator = &mut state.peers[0];
        initiator.end = later(initiator.end, segment.end());
        initiator.max_window_bytes = initiator.max_window_bytes.max(u32::from(segment.window));
    } else {
        open(state, segment);
    }
}

/// Begins in mid-stream. Scales are unknown and taken as the largest; the other end's window likewise.
pub(super) fn pick_up(state: &mut SessionState, segment: &TcpSegment) {
    let window_bytes = (u32::from(segment.window) << SCALE_MAX).max(1);
    let end = segment.end();
    state.peers = [
        TcpPeer { end, max_end: end.wrapping_add(WINDOW_MAX_BYTES), max_window_bytes: window_bytes },
        TcpPeer {
            end: segment.ack,
            max_end: segment.ack.wrapping_add(window_bytes),
            max_window_bytes: WINDOW_MAX_BYTES,
        },
    ];
    state.scale = [SCALE_MAX; 2];
    state.flags = state.flags.with(SessionFlags::WINDOW_SCALING, true);
    let fin = segment.flags.contains(TcpFlags::FIN);
    state.tracker = if fin { TcpState::FinWaitOriginal } else { TcpState::PickedUp } as u8;
}

/// Scaling is on only if both SYNs carried the option; else both shifts are zero.
pub(super) fn settle_scale(state: &mut SessionState, reply_scale: Option<u8>) {
    let on = state.flags.contains(SessionFlags::SCALE_OFFERED) && reply_scale.is_some();
    state.flags = state.flags.with(SessionFlags::WINDOW_SCALING, on);
    state.scale = if on { [state.scale[0], reply_scale.unwrap_or(0)] } else { [0; 2] };
}

/// The responder's SYN-ACK was accepted: from here on windows limit both ends.
fn begin_windows(state: &mut SessionState, segment: &TcpSegment) {
    let window_bytes = advertised_bytes(state, Direction::Reply, segment);
    let [initiator, responder] = &mut state.peers;
    // Fast Open data that the responder did not take comes again, however small the window.
    let not_taken_bytes = initiator.end.wrapping_sub(segment.ack);
    *responder = TcpPeer {
        end: segment.end(),
        max_end: after_syn(segment).wrapping_add(initiator.max_window_bytes),
        max_window_bytes: window_bytes.max(not_taken_bytes),
    };
    initiator.max_end =
        later(later(initiator.max_end, segment.ack.wrapping_add(window_bytes)), initiator.end);
}

/// SYN-ACK in answer to the SYN, or repeated. It acknowledges the SYN alone or some of its data. Repeated it may
/// come with other numbers (SYN cookies change with time); the acknowledgement proves that it is an answer. One that
/// answers another SYN may be for an initiator that starts over.
pub(super) fn answer(state: &mut SessionState, segment: &TcpSegment, why: Why) -> Result<Step, DropReason> {
    let initiator = state.peers[0];
    let repeated = why == Why::AnswerRepeated;
    let first_ack = match (repeated, state.flags.contains(SessionFlags::FAST_OPEN)) {
        (false, _) => initiator.max_end,
        (true, false) => initiator.end,
        (true, true) => initiator.end.wrapping_sub(SYN_WINDOW_MAX_BYTES),
    };
    let too_much_data = segment.payload_bytes > initiator.max_window_bytes;
    if !between(first_ack, segment.ack, initiator.end) || too_much_data {
        return restart(state, segment);
    }
    if repeated && after_syn(segment) == after_reply_syn(state) {
        // The window may have opened since; the initiator goes by whichever copy reaches it first.
        let window_bytes = advertised_bytes(state, Direction::Reply, segment);
        let [initiator, responder] = &mut state.peers;
        initiator.max_end = later(initiator.max_end, segment.ack.wrapping_add(window_bytes));
        responder.end = later(responder.end, segment.end());
        responder.max_window_bytes = responder.max_window_bytes.max(window_bytes);
        return Ok(Step::Go);
    }
    if !repeated {
        settle_scale(state, segment.syn_scale);
    }
    begin_windows(state, segment);
    Ok(Step::Go)
}

/// The responder's own SYN crossed the initiator's, or so it says.
pub(super) fn cross_syn(state: &mut SessionState, segment: &TcpSegment) -> Result<Step, DropReason> {
    state.peers[1] = first_syn(segment);
    settle_scale(state, segment.syn_scale);
    Ok(Step::Go)
}

/// SYN or SYN-ACK of a simultaneous open: the SYN must be the one already seen from that end, and a SYN-ACK must
/// acknowledge the other's. The responder's SYN-ACK begins the windows.
pub(super) fn same_syn(
    state: &mut SessionState,
    direction: Direction,
    class: Class,
    segment: &TcpSegment,
) -> Result<Step, DropReason> {
    let own = state.peers[direction as usize];
    let other = state.peers[direction.reverse() as usize];
    if after_syn(segment) != own.max_end || !between(own.max_end, segment.end(), own.end) {
        return Err(DropReason::TcpSynOnSession);
    }
    if class == Class::SynAck {
        if !between(other.max_end, segment.ack, other.end) {
            return Err(DropReason::TcpOutOfWindow);
        }
        if direction == Direction::Reply {
            begin_windows(state, segment);
            state.peers[1].end = own.end;
        }
    }
    Ok(Step::Go)
}

/// A configured split handshake ends with the responder's bare ACK, which must acknowledge the SYN.
pub(super) fn split(
    state: &mut SessionState,
    segment: &TcpSegment,
    config: &TcpConfig,
) -> Result<Step, DropReason> {
    if !config.split_handshake {
        return Err(DropReason::TcpSplitHandshake);
    }
    let [initiator, responder] = state.peers;
    if !between(initiator.max_end, segment.ack, initiator.end) {
        return Err(DropReason::TcpOutOfWindow);
    }
    state.peers[1].max_end = responder.max_end.wrapping_add(initiator.max_window_bytes);
    state.peers[0].max_end = later(initiator.max_end, initiator.end);
    if !window::inside(state, Direction::Reply, segment, state.peers[1].max_end, 0) {
        return Err(DropReason::TcpOutOfWindow);
    }
    window::advance(state, Direction::Reply, segment);
    Ok(Step::Go)
}

/// SYN of the initiator after the SYN-ACK: it did not get that, or it starts over.
pub(super) fn syn_again(state: &mut SessionState, segment: &TcpSegment) -> Result<Step, DropReason> {
    let end = state.peers[0].end;
    let ahead_bytes = if state.flags.contains(SessionFlags::FAST_OPEN) { SYN_WINDOW_MAX_BYTES } else { 0 };
    let first = end.wrapping_sub(ahead_bytes);
    if between(first, after_syn(segment), end) && between(first, segment.end(), end) {
        return Ok(Step::Stay);
    }
    Ok(mark_reuse(state, segment))
}

/// The initiator's acknowledgement of the responder's SYN.
pub(super) fn complete(state: &mut SessionState, segment: &TcpSegment) -> Result<Step, DropReason> {
    let [initiator, responder] = state.peers;
    if !between(after_reply_syn(state), segment.ack, responder.end)
        || !window::sequence_inside(&initiator, &responder, segment.end(), initiator.max_end, 0)
    {
        return Err(DropReason::TcpOutOfWindow);
    }
    let new_syn =
        segment.flags.contains(TcpFlags::SYN) && later(initiator.end, segment.end()) != initiator.end;
    if new_syn {
        return Err(DropReason::TcpStateBad);
    }
    window::advance(state, Direction::Original, segment);
    Ok(Step::Go)
}

/// ACK of the responder where a SYN-ACK belongs. One that acknowledges the SYN is a split handshake. Another one
/// challenges the SYN on behalf of an older connection (RFC 9293 section 3.5.1); the initiator will reset that.
pub(super) fn challenge(
    state: &SessionState,
    segment: &TcpSegment,
    config: &TcpConfig,
) -> Result<Step, DropReason> {
    let initiator = &state.peers[0];
    if segment.payload_bytes > 0 {
        return Err(DropReason::TcpStateBad);
    }
    if between(initiator.max_end, segment.ack, initiator.end) && !config.split_handshake {
        return Err(DropReason::TcpSplitHandshake);
    }
    Ok(Step::Unnoticed)
}

/// RST while only the SYN was seen. The responder's must acknowledge the SYN (RFC 9293 section 3.10.7.3). The
/// initiator's ends the attempt if in order; without ACK and out of order it answers a challenge on behalf of an
/// older connection.
pub(super) fn reset_syn(
    state: &SessionState,
    direction: Direction,
    segment: &TcpSegment,
) -> Result<Step, DropReason> {
    let initiator = &state.peers[0];
    let has_ack = segment.flags.contains(TcpFlags::ACK);
    let in_order = |number: u32| between(initiator.max_end, number, initiator.end);
    match direction {
        Direction::Reply if has_ack && in_order(segment.ack) => Ok(Step::Go),
        Direction::Original if in_order(segment.seq) => Ok(Step::Go),
        Direction::Original if !has_ack => Ok(Step::Unnoticed),
        _ => Err(DropReason::TcpRstInexact),
    }
}

/// Whether a SYN that reuses the ports has passed since the last ordinary segment.
pub(super) const fn reuse_marked(state: &SessionState) -> bool {
    state.tracker & !STATE_MASK != 0
}

/// Lets a SYN on a live connection pass, and remembers that it did and the scale it offered. No option and a
/// shift of zero come to the same, because the answer carries the option only if the SYN did.
pub(super) fn mark_reuse(state: &mut SessionState, segment: &TcpSegment) -> Step {
    let mark = 1 + segment.syn_scale.unwrap_or(0).min(SCALE_MAX);
    state.tracker = (state.tracker & STATE_MASK) | (mark << 4);
    Step::Unnoticed
}

/// A SYN after both FINs. Newer than all its sender ever sent it is a new connection, from either end. An older
/// one from the initiator may still be (RFC 6191 lets time stamps decide); the responder knows.
pub(super) fn reuse_time_wait(
    state: &mut SessionState,
    direction: Direction,
    segment: &TcpSegment,
) -> Result<Step, DropReason> {
    let newer = segment.seq.wrapping_sub(state.peers[direction as usize].end) as i32 >= 0;
    match direction {
        _ if newer => Ok(Step::Reopen),
        Direction::Original => Ok(mark_reuse(state, segment)),
        Direction::Reply => Err(DropReason::TcpSynOnSession),
    }
}

/// SYN-ACK on a live connection: a copy of the old one, or the answer to a SYN that reused the ports. In the
/// latter case the responder has let go of the old connection and the session starts over with its numbers.
pub(super) fn answer_again(
    state: &mut SessionState,
    direction: Direction,
    segment: &TcpSegment,
) -> Result<Step, DropReason> {
    let end = state.peers[direction as usize].end;
    if window::inside(state, direction, segment, end, 0) {
        return Ok(Step::Unnoticed);
    }
    match direction {
        Direction::Original => Err(DropReason::TcpOutOfWindow),
        Direction::Reply => restart(state, segment),
    }
}

/// Starts over with the numbers of the responder's answer to a SYN that reused the ports, if there was one.
fn restart(state: &mut SessionState, segment: &TcpSegment) -> Result<Step, DropReason> {
    if !reuse_marked(state) || segment.payload_bytes > SYN_WINDOW_MAX_BYTES {
        return Err(DropReason::TcpOutOfWindow);
    }
    let offered = (state.tracker >> 4) - 1;
    state.peers[0] =
        TcpPeer { end: segment.ack, max_end: segment.ack, max_window_bytes: SYN_WINDOW_MAX_BYTES };
    state.scale[0] = offered;
    state.flags = state
        .flags
        .with(SessionFlags::SCALE_OFFERED, true)
        .with(SessionFlags::FAST_OPEN, false)
        .with(SessionFlags::LAGGING, false);
    settle_scale(state, segment.syn_scale);
    begin_windows(state, segment);
    Ok(Step::Restart)
}
