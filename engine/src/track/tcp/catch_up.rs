//! Connections that came from the peer box and are behind what their ends know.
//!
//! The peer replicates a busy connection's numbers every so often, so after a takeover they may be tens of megabytes
//! old, and the last step of a handshake may be missing. A session carries one bit for each end whose numbers may
//! lag. What the bits allow, and for how long:
//!
//! 1. **Slack.** While an end's bit is set and the takeover was a moment ago ([`super::TcpConfig::catch_up_bytes`] is not
//!    zero) that end may be ahead of its right edge, and the other may acknowledge beyond its `end`, by the slack.
//!    Left edges are what they always are, and a segment beyond the right edge moves nothing of its sender's: the left
//!    edges that would follow from it belong to a window that has perhaps grown since. (Once it was the deadlock of a
//!    retransmission below the left edge and an acknowledgement below its own.) Neither does a forged one.
//! 2. **The bit goes when the *other* end is heard.** Its acknowledgement and window say how far the first may send,
//!    and a right edge never moves left, so all the first end ever sent is below it: `max_end` is right again. The
//!    end's own segment proves nothing of the kind: it may be the repetition of something old.
//! 3. **`end` takes longer.** What an end sent before the takeover may still be acknowledged, all at once, when a hole
//!    in it is filled. So for as long as there is slack at all, and while the bit is set, acknowledgements of a
//!    session from the peer may reach `max_end` instead of `end`. That leaves nothing to gain for a forger: the
//!    bounds it can move this way stay inside the window that its victim has open.
//!
//! After the slack's time a silent connection still has its bits, and rule 3 lets it go on: a few bytes that were
//! under way at the takeover must not end it a day later. Nothing beyond a window passes any more.
//!
//! A RST never gets slack (`super::reset`), and a FIN that was replicated ends it, for its number is final. A FIN beyond
//! the right edge passes like data; a session that misses it so ends when it is idle.
//!
//! # Handshakes
//! A handshake that was completed at the peer box, unheard of here, is believed from the first segment that could not
//! exist otherwise: one of the initiator that acknowledges, one of the responder with data (or, once its SYN-ACK is
//! known, any). It must be within [`OPENED_AHEAD_MAX_BYTES`] of the numbers that are known; so close together are
//! the SYN that was replicated and what the ends can have sent since. Strict checks come first, so nothing changes for
//! handshakes that take place here.

use crate::session::{Direction, SessionFlags, SessionState, TcpPeer};

use super::handshake::{SYN_WINDOW_MAX_BYTES, after_reply_syn, between, settle_scale};
use super::segment::{SCALE_MAX, TcpFlags, TcpSegment};
use super::state::TcpState;
use super::table::Class;
use super::window::{self, SLACK_MAX_BYTES, advertised_bytes, later};
use super::{Step, TcpConfig};

/// How far the ends of a connection may have come since the last step of its handshake that was replicated, in bytes.
const OPENED_AHEAD_MAX_BYTES: u32 = 1 << 20;

/// Most of a window that an acknowledgement may be ahead, in bytes: a record may hold any numbers.
const UNSEEN_MAX_BYTES: u32 = 1 << 30;

/// How far beyond its right edge the sender of `direction` may be.
pub(super) fn sequence_slack_bytes(state: &SessionState, direction: Direction, config: &TcpConfig) -> u32 {
    let half_open = TcpState::of(state).is_none_or(TcpState::is_half_open);
    if half_open || !state.flags.lags_behind(direction) {
        return 0;
    }
    config.catch_up_bytes.min(SLACK_MAX_BYTES)
}

/// How far beyond what the other end is known to have sent the sender of `direction` may acknowledge.
pub(super) fn ack_slack_bytes(state: &SessionState, direction: Direction, config: &TcpConfig) -> u32 {
    let other = direction.reverse();
    let half_open = TcpState::of(state).is_none_or(TcpState::is_half_open);
    let catching_up = config.catch_up_bytes > 0 && state.flags.contains(SessionFlags::FROM_PEER);
    if half_open || !(catching_up || state.flags.lags_behind(other)) {
        return 0;
    }
    let to = &state.peers[other as usize];
    let unseen_bytes = to.max_end.wrapping_sub(to.end).min(UNSEEN_MAX_BYTES);
    unseen_bytes + sequence_slack_bytes(state, other, config)
}

/// Moves the bounds for a segment that is inside them, slack included.
pub(super) fn advance(state: &mut SessionState, direction: Direction, segment: &TcpSegment) {
    let known = state.peers[direction as usize];
    window::advance(state, direction, segment);
    if state.flags.lags_behind(direction) && later(known.max_end, segment.end()) != known.max_end {
        let from = &mut state.peers[direction as usize];
        (from.end, from.max_end) = (known.end, known.max_end);
    }
}

/// A segment was accepted, and `next` is the state after it: what it says of the other end is news.
#[inline]
pub(super) fn heard(after: &mut SessionState, direction: Direction, next: TcpState, segment: &TcpSegment) {
    let tells = segment.flags.contains(TcpFlags::ACK) && !segment.flags.contains(TcpFlags::RST);
    if after.flags.lags() && tells && !next.is_half_open() {
        after.flags = after.flags.with(SessionFlags::lag_of(direction.reverse()), false);
    }
}

/// Whether the handshake of a session may have gone on at the peer box.
pub(super) fn may_have_opened(state: &SessionState, before: TcpState, config: &TcpConfig) -> bool {
    config.catch_up_bytes > 0
        && state.flags.lags()
        && matches!(before, TcpState::SynSent | TcpState::SynReceived)
}

/// What a segment does that does not fit the handshake as far as it is known, but may be of a later moment; `None`
/// when it is not.
pub(super) fn opened_elsewhere(
    after: &mut SessionState,
    before: TcpState,
    direction: Direction,
    class: Class,
    segment: &TcpSegment,
) -> Option<Step> {
    match (before, class) {
        (_, Class::Syn | Class::SynAck) => None,
        (TcpState::SynSent, _) => since_syn(after, direction, class, segment),
        _ => since_syn_ack(after, direction, class, segment),
    }
}

/// Only the initiator's SYN is known. The responder's window scale is not; the largest limits least. Nor is what either
/// has outstanding, which is no more than both may have come ahead.
fn since_syn(
    state: &mut SessionState,
    direction: Direction,
    class: Class,
    segment: &TcpSegment,
) -> Option<Step> {
    let initiator = state.peers[0];
    let number = match direction {
        Direction::Original => segment.seq,
        Direction::Reply if segment.flags.contains(TcpFlags::ACK) => segment.ack,
        Direction::Reply => return None,
    };
    if !between(initiator.max_end, number, initiator.end.wrapping_add(OPENED_AHEAD_MAX_BYTES)) {
        return None;
    }
    if class == Class::Rst {
        return Some(Step::Unnoticed);
    }
    // The responder's bare ACK may as well be half of a split handshake; the initiator will speak.
    if direction == Direction::Reply && segment.sequence_len() == 0 {
        return None;
    }
    settle_scale(state, Some(SCALE_MAX));
    let window_bytes = advertised_bytes(state, direction, segment);
    let sender = |end: u32, may_send_bytes: u32, window_bytes: u32| TcpPeer {
        end,
        max_end: end.wrapping_add(may_send_bytes),
        max_window_bytes: window_bytes,
    };
    let outstanding_bytes = window_bytes.max(OPENED_AHEAD_MAX_BYTES);
    state.peers = match direction {
        Direction::Original => [
            sender(later(initiator.end, segment.end()), SYN_WINDOW_MAX_BYTES, outstanding_bytes),
            sender(segment.ack, window_bytes, OPENED_AHEAD_MAX_BYTES),
        ],
        Direction::Reply => [
            sender(later(initiator.end, segment.ack), window_bytes, OPENED_AHEAD_MAX_BYTES),
            sender(segment.end(), initiator.max_window_bytes, outstanding_bytes),
        ],
    };
    Some(Step::Opened)
}

/// Both SYNs are known, the acknowledgement of the second is not.
fn since_syn_ack(
    state: &mut SessionState,
    direction: Direction,
    class: Class,
    segment: &TcpSegment,
) -> Option<Step> {
    let (from, to) = (state.peers[direction as usize], state.peers[direction.reverse() as usize]);
    if class == Class::Rst {
        let inside = window::sequence_inside(&from, &to, segment.seq, from.max_end, OPENED_AHEAD_MAX_BYTES);
        return inside.then_some(Step::Unnoticed);
    }
    let first_ack = match direction {
        Direction::Original => after_reply_syn(state),
        // The SYN-ACK may have left Fast Open data for later.
        Direction::Reply if state.flags.contains(SessionFlags::FAST_OPEN) => {
            to.end.wrapping_sub(SYN_WINDOW_MAX_BYTES)
        }
        Direction::Reply => to.end,
    };
    if !between(first_ack, segment.ack, to.end.wrapping_add(OPENED_AHEAD_MAX_BYTES))
        || !window::sequence_inside(&from, &to, segment.end(), from.max_end, OPENED_AHEAD_MAX_BYTES)
    {
        return None;
    }
    advance(state, direction, segment);
    Some(Step::Opened)
}
