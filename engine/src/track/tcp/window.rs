//! Which sequence numbers may pass.
//!
//! After Guido van Rooij, "Real Stateful TCP Packet Filtering in IP Filter" (2001). The firewall stands between
//! the endpoints and cannot know which of the packets it saw arrive, so it keeps bounds that hold whatever was
//! lost after it. For a segment from end A, B being the other:
//!
//! 1. It ends at or before `A.max_end`: the highest acknowledgement plus window B ever sent.
//! 2. It ends no more than B's largest window before `A.end`. Everything older was acknowledged, because A may not
//!    have more than a window outstanding; so retransmissions, also those that begin with old bytes, and
//!    keep-alives (one byte below) are inside.
//! 3. It acknowledges nothing B has not sent: `ack ≤ B.end`.
//! 4. Its acknowledgement is at most two windows below `B.end`: RFC 5961 section 5.2 lets B discard what is more than
//!    one below what it knows to be acknowledged, and that is at most another below what it has sent. At least
//!    66,000 bytes are allowed, so that reordering on a connection with tiny windows stays harmless.
//!
//! 1 and 2 together say that the segment's end lies in one span of sequence space, 3 and 4 say it of the
//! acknowledgement. A span is tested by the distance from its left edge in unsigned wrapping arithmetic: one
//! subtraction and one comparison, and right across the wrap for spans up to 4 GiB. The largest legal windows
//! (65,535 << 14) give spans of 2 GiB.
//!
//! A window of zero counts as one byte, or a probe of it would be outside.

use crate::session::{Direction, SessionFlags, SessionState, TcpPeer};

use super::segment::{TcpFlags, TcpSegment};

/// Least distance an acknowledgement may lag behind, in bytes.
const ACK_LAG_MIN_BYTES: u32 = 66_000;

/// Largest such distance: an acknowledgement this old and the right edge it would once have given are less than
/// 2 GiB from the present right edge, or [`later`] could not tell which comes first. Still a whole window.
const ACK_LAG_MAX_BYTES: u32 = 1 << 30;

/// Most slack a check may be given, in bytes: with it all spans stay below 4 GiB.
pub const SLACK_MAX_BYTES: u32 = 1 << 29;

/// The window `segment` advertises, in bytes, at least 1. Windows of SYNs are never scaled (RFC 7323 section 2.2).
#[inline]
pub(super) fn advertised_bytes(state: &SessionState, direction: Direction, segment: &TcpSegment) -> u32 {
    let scaled = state.flags.contains(SessionFlags::WINDOW_SCALING) && !segment.flags.contains(TcpFlags::SYN);
    let shift = if scaled { state.scale[direction as usize] & 15 } else { 0 };
    (u32::from(segment.window) << shift).max(1)
}

/// Whether a segment of `from` that ends at `end` reaches into the window before all it has sent, and not beyond
/// `right_edge` plus `slack_bytes`.
#[inline]
pub(super) fn sequence_inside(
    from: &TcpPeer,
    to: &TcpPeer,
    end: u32,
    right_edge: u32,
    slack_bytes: u32,
) -> bool {
    let left_edge = from.end.wrapping_sub(to.max_window_bytes);
    let span = right_edge.wrapping_sub(left_edge).saturating_add(slack_bytes);
    end.wrapping_sub(left_edge) <= span
}

/// Whether `ack` from `from` acknowledges what `to` sent, and nothing too old.
#[inline]
pub(super) fn ack_inside(from: &TcpPeer, to: &TcpPeer, ack: u32, slack_bytes: u32) -> bool {
    let lag = from.max_window_bytes.saturating_mul(2).clamp(ACK_LAG_MIN_BYTES, ACK_LAG_MAX_BYTES);
    ack.wrapping_sub(to.end.wrapping_sub(lag)) <= lag.saturating_add(slack_bytes)
}

/// Both checks for a segment with ACK. `right_edge` is `max_end` of its sender, or `end` once its FIN was seen.
#[inline]
pub(super) fn inside(
    state: &SessionState,
    direction: Direction,
    segment: &TcpSegment,
    right_edge: u32,
    slack_bytes: u32,
) -> bool {
    let from = &state.peers[direction as usize];
    let to = &state.peers[direction.reverse() as usize];
    // `&`, not `&&`: both are cheap and the branch would be the dearer part.
    sequence_inside(from, to, segment.end(), right_edge, slack_bytes)
        & ack_inside(from, to, segment.ack, slack_bytes)
}

/// Moves the bounds forward, never back, for a segment that is [`inside`].
#[inline]
pub(super) fn advance(state: &mut SessionState, direction: Direction, segment: &TcpSegment) {
    let window_bytes = advertised_bytes(state, direction, segment);
    let [mut from, mut to] = [state.peers[direction as usize], state.peers[direction.reverse() as usize]];
    from.end = later(from.end, segment.end());
    from.max_window_bytes = from.max_window_bytes.max(window_bytes);
    // With slack a segment may be beyond what is known; the bounds catch up with it.
    from.max_end = later(from.max_end, from.end);
    to.end = later(to.end, segment.ack);
    to.max_end = later(to.max_end, segment.ack.wrapping_add(window_bytes));
    state.peers[direction as usize] = from;
    state.peers[direction.reverse() as usize] = to;
}

/// The later of two sequence numbers no more than 2 GiB apart.
#[inline]
pub const fn later(a: u32, b: u32) -> u32 {
    if b.wrapping_sub(a) as i32 > 0 { b } else { a }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn peer(end: u32, max_end: u32, max_window_bytes: u32) -> TcpPeer {
        TcpPeer { end, max_end, max_window_bytes }
    }

    #[test]
    fn edges_are_exact_even_across_the_wrap() {
        for base in [1_000_000u32, u32::MAX - 50, u32::MAX, 0, 49] {
            let from = peer(base, base.wrapping_add(100), 10);
            let to = peer(7, 7, 60);
            let inside = |at: i32| sequence_inside(&from, &to, base.wrapping_add_signed(at), from.max_end, 0);
            assert!(inside(100) && !inside(101), "right edge at {base}");
            assert!(inside(-60) && !inside(-61), "left edge at {base}");
            assert!(!inside(i32::MIN) && !inside(i32::MAX), "far side at {base}");
        }
    }

    #[test]
    fn acks_reach_exactly_to_what_was_sent() {
        for end in [5, 70_000, u32::MAX] {
            let (from, to) = (peer(0, 0, 10), peer(end, end, 10));
            assert!(ack_inside(&from, &to, end, 0));
            assert!(!ack_inside(&from, &to, end.wrapping_add(1), 0));
            assert!(ack_inside(&from, &to, end.wrapping_add(1), 1));
            assert!(ack_inside(&from, &to, end.wrapping_sub(66_000), 0));
            assert!(!ack_inside(&from, &to, end.wrapping_sub(66_001), 0));
        }
    }

    #[test]
    fn largest_windows_leave_a_hole_to_refuse() {
        let window = 65_535 << 14;
        let (from, to) = (peer(0, window, window), peer(0, window, window));
        let inside = |seq: u32| sequence_inside(&from, &to, seq, from.max_end, 0);
        assert!(inside(window) && inside(0u32.wrapping_sub(window)));
        assert!(!inside(window + 1) && !inside(0u32.wrapping_sub(window + 1)) && !inside(1 << 31));
    }

    proptest! {
        /// Against the four rules written out in 64-bit numbers that do not wrap.
        #[test]
        fn equals_the_rules_without_wrapping(
            base in 1u64 << 33..1 << 40,
            room in 0u64..1 << 30, window in 1u64..1 << 30,
            end_at in -(1i64 << 31)..1 << 31,
        ) {
            let (from, to) = (peer(base as u32, (base + room) as u32, 1), peer(0, 0, window as u32));
            let end = base.wrapping_add_signed(end_at);
            let expected = end <= base + room && end >= base - window;
            let got = sequence_inside(&from, &to, end as u32, from.max_end, 0);
            prop_assert_eq!(got, expected);
        }
    }
}
