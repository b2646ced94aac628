//! The table is whole, and no segment does what it must not, whatever its numbers.

use proptest::prelude::*;

use super::state::STATE_MASK;
use super::table::{TABLE, cell};
use super::*;
use crate::session::{SessionFlags, TcpPeer};

const DIRECTIONS: [Direction; 2] = [Direction::Original, Direction::Reply];
const CLASSES: [Class; Class::COUNT] =
    [Class::Syn, Class::SynAck, Class::Ack, Class::AckAll, Class::Fin, Class::FinAckAll, Class::Rst];

#[test]
fn states_and_numbers_agree() {
    for (number, &state) in TcpState::ALL.iter().enumerate() {
        assert_eq!((state as usize, TcpState::from_u8(number as u8)), (number, Some(state)));
    }
    assert!((TcpState::ALL.len() as u8..=255).all(|n| TcpState::from_u8(n).is_none()));
    assert!(TcpState::ALL.len() <= usize::from(STATE_MASK), "a state must fit beside the mark of reuse");
}

#[test]
fn a_cell_that_changes_nothing_says_so() {
    for &state in &TcpState::ALL {
        for (direction, class) in DIRECTIONS.iter().flat_map(|&d| CLASSES.map(|c| (d, c))) {
            let cell = cell(state, direction, class);
            let stays = matches!(
                cell.why.check(),
                Check::Refuse(_)
                    | Check::Lingering
                    | Check::AnswerAgain
                    | Check::Reuse
                    | Check::ReuseTimeWait
                    | Check::Reopen
                    | Check::Challenge
            );
            assert!(!stays || cell.next == state, "{state:?} {direction:?} {class:?}: {cell:?}");
        }
    }
}

#[test]
fn a_reset_leads_nowhere_but_to_closed() {
    for &state in &TcpState::ALL[1..] {
        for direction in DIRECTIONS {
            assert_eq!(cell(state, direction, Class::Rst).next, TcpState::Closed, "{state:?}");
        }
    }
}

/// Exchanging the ends exchanges the suffixes, in every state after the handshake.
#[test]
fn closing_is_symmetric() {
    use TcpState::*;
    let mirror = |state| match state {
        FinWaitOriginal => FinWaitReply,
        FinWaitReply => FinWaitOriginal,
        CloseWaitOriginal => CloseWaitReply,
        CloseWaitReply => CloseWaitOriginal,
        LastAckOriginal => LastAckReply,
        LastAckReply => LastAckOriginal,
        other => other,
    };
    for &state in &TcpState::ALL[Established as usize..] {
        for (direction, class) in DIRECTIONS.iter().flat_map(|&d| CLASSES.map(|c| (d, c))) {
            let (here, there) =
                (cell(state, direction, class), cell(mirror(state), direction.reverse(), class));
            assert_eq!(mirror(here.next), there.next, "{state:?} {direction:?} {class:?}");
            assert!(here.why == there.why || class == Class::Syn, "{state:?} {direction:?} {class:?}");
        }
    }
}

/// Every state can be reached from `None` and leaves for an end.
#[test]
fn no_state_is_an_island() {
    let mut reached = vec![TcpState::None, TcpState::PickedUp];
    let mut at = 0;
    while at < reached.len() {
        for next in TABLE[reached[at] as usize].iter().flatten().map(|cell| cell.next) {
            if !reached.contains(&next) {
                reached.push(next);
            }
        }
        at += 1;
    }
    assert_eq!(reached.len(), TcpState::ALL.len());
}

/// Sequence numbers near something that matters, or anywhere.
fn number(near: u32) -> impl Strategy<Value = u32> {
    prop_oneof![
        4 => (-3i32..=3).prop_map(move |d| near.wrapping_add_signed(d)),
        3 => (-70_000i32..=70_000).prop_map(move |d| near.wrapping_add_signed(d)),
        1 => any::<u32>(),
    ]
}

fn segments() -> impl Strategy<Value = Vec<(bool, TcpSegment)>> {
    let flags = prop::sample::select(vec![0x02u8, 0x12, 0x10, 0x10, 0x18, 0x11, 0x04, 0x14]);
    let one = (any::<bool>(), flags, any::<u16>(), 0u32..3000, prop::option::of(0u8..=14)).prop_flat_map(
        |(reply, flags, window, payload_bytes, syn_scale)| {
            let (own, other) = if reply { (ISN_REPLY, ISN) } else { (ISN, ISN_REPLY) };
            (number(own.wrapping_add(1)), number(other.wrapping_add(1))).prop_map(move |(seq, ack)| {
                let segment = TcpSegment {
                    source_port: 1,
                    destination_port: 2,
                    seq,
                    ack,
                    window,
                    flags: TcpFlags(flags),
                    payload_bytes: if flags & 2 == 0 { payload_bytes } else { 0 },
                    syn_scale,
                };
                (reply, segment)
            })
        },
    );
    prop::collection::vec(one, 1..60)
}

const ISN: u32 = u32::MAX - 20_000;
const ISN_REPLY: u32 = 0x7fff_f000;

fn syn(seq: u32, flags: TcpFlags, ack: u32) -> TcpSegment {
    TcpSegment { seq, ack, window: 65_535, flags, syn_scale: Some(3), ..TcpSegment::default() }
}

/// A connection after so many packets of its handshake.
fn begun(packets: usize, config: &TcpConfig) -> SessionState {
    let mut state = open(&syn(ISN, TcpFlags::SYN, 0), config).unwrap();
    let answer = syn(ISN_REPLY, TcpFlags(0x12), ISN.wrapping_add(1));
    let ack = TcpSegment { syn_scale: None, ..syn(ISN.wrapping_add(1), TcpFlags::ACK, ISN_REPLY + 1) };
    let rest = [(Direction::Reply, answer), (Direction::Original, ack)];
    for (direction, segment) in &rest[..packets.min(2)] {
        assert!(track(&mut state, *direction, segment, config).passes());
    }
    state
}

fn not_before(new: u32, old: u32) -> bool {
    new.wrapping_sub(old) as i32 >= 0
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2000))]

    #[test]
    fn a_dropped_segment_changes_nothing_and_windows_never_move_back(
        packets in 0usize..3, catch_up_bytes in prop_oneof![Just(0), Just(5000u32), Just(u32::MAX)],
        split_handshake: bool, lagging: bool, segments in segments(),
    ) {
        let config = TcpConfig { pickup: false, split_handshake, catch_up_bytes };
        let mut state = begun(packets, &config);
        state.flags = state.flags.with(SessionFlags::LAGGING, lagging);
        for (reply, segment) in segments {
            let direction = DIRECTIONS[usize::from(reply)];
            let before = state;
            let outcome = track(&mut state, direction, &segment, &config);
            let Outcome::Pass(change) = outcome else {
                prop_assert_eq!(state, before);
                continue;
            };
            let (was, is) = (TcpState::of(&before).unwrap(), TcpState::of(&state).unwrap());
            if was.is_half_open() || change.transition == Transition::Restarted {
                continue;
            }
            prop_assert_eq!(state.flags.0 & !before.flags.0, 0, "nothing begins to lag");
            for (new, old) in state.peers.iter().zip(&before.peers) {
                prop_assert!(not_before(new.end, old.end));
                prop_assert!(not_before(new.max_end, old.max_end));
                prop_assert!(new.max_window_bytes >= old.max_window_bytes);
                prop_assert!(not_before(new.max_end, new.end));
            }
            // Only these may ever leave a trace on a connection; a RST only when it is exact.
            if segment.flags.contains(TcpFlags::SYN) {
                prop_assert_eq!(is, was);
                prop_assert_eq!(state.peers, before.peers);
            }
            if is == TcpState::Closed && was != TcpState::Closed {
                let end = before.peers[usize::from(reply)].end;
                let fin = was.fin_sent(direction) && segment.seq.wrapping_add(1) == end;
                prop_assert!(segment.seq == end || fin);
            }
        }
    }

    /// A replicated record may hold anything; nothing panics and nothing is accepted from a state that is none.
    #[test]
    fn any_state_is_survived(words: [u64; 5], catch_up_bytes: u32, segments in segments()) {
        let mut state = SessionState::decode(&words);
        for (reply, segment) in segments {
            let known = TcpState::of(&state).is_some();
            let config = TcpConfig { catch_up_bytes, ..TcpConfig::default() };
            let outcome = track(&mut state, DIRECTIONS[usize::from(reply)], &segment, &config);
            prop_assert!(known || !outcome.passes());
            let _ = quoted_in_window(&state, Direction::Original, segment.seq);
        }
    }
}

#[test]
fn quoted_numbers_must_have_been_sent() {
    let mut state = begun(0, &TcpConfig::default());
    assert!(quoted_in_window(&state, Direction::Original, ISN));
    assert!(!quoted_in_window(&state, Direction::Original, ISN.wrapping_add(2)));
    assert!(!quoted_in_window(&state, Direction::Original, ISN.wrapping_sub(1)));
    assert!(!quoted_in_window(&state, Direction::Reply, 0), "the responder has sent nothing");
    state = begun(2, &TcpConfig::default());
    state.peers[0] = TcpPeer { end: 10_000, max_end: 60_000, max_window_bytes: 1 };
    state.peers[1].max_window_bytes = 4000;
    for (seq, expected) in [(10_000, true), (6_000, true), (5_998, false), (10_001, false)] {
        assert_eq!(quoted_in_window(&state, Direction::Original, seq), expected, "{seq}");
    }
}

/// What two boxes know of one connection adds up, whatever each has seen; and no segment takes a state back, but the
/// one that restarts the connection.
#[test]
fn states_join_and_only_a_restart_goes_back() {
    for a in TcpState::ALL {
        for b in TcpState::ALL {
            let both = a.join(b);
            assert_eq!((both, both), (b.join(a), both.join(a)), "{a:?} {b:?}");
            for c in TcpState::ALL {
                assert_eq!(both.join(c), a.join(b.join(c)), "{a:?} {b:?} {c:?}");
            }
            for direction in DIRECTIONS {
                assert!(
                    a == TcpState::Closed
                        || !a.fin_sent(direction)
                        || both.fin_sent(direction)
                        || b == TcpState::Closed
                );
            }
        }
        assert_eq!(a.join(a), a);
        for row in TABLE[a as usize].iter().flatten() {
            assert_eq!(a.join(row.next), row.next, "{a:?} to {:?}", row.next);
        }
    }
    assert_eq!(TcpState::FinWaitOriginal.join(TcpState::FinWaitReply), TcpState::Closing);
    assert_eq!(TcpState::CloseWaitOriginal.join(TcpState::CloseWaitReply), TcpState::TimeWait);
    assert_eq!(TcpState::PickedUp.join(TcpState::Established), TcpState::Established);
}
