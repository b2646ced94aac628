//! What a box makes of a record about a session it has: a pure function.
//!
//! Records of one session may come in another order than they were made, or from a peer that knows less than this box
//! (both were active for a moment). So nothing that only ever moves forward may go back: counters, `last_seen`,
//! the bounds of an open TCP connection, its FINs and its end. Sequence numbers wrap and are compared as such.
//!
//! What does not only move forward is taken from whoever has seen more packets of the session. That needs no clock and no
//! version: a session counts every packet, and a packet that was not counted changed nothing. Of this kind are
//!
//! - the numbers of a TCP handshake, which an initiator may begin again, and a responder answer differently;
//! - the mark of a SYN that reuses the ports (`track::tcp`), flags and scales;
//! - everything of the other protocols: how many DNS queries, which ICMP requests wait for an answer.
//!
//! If both have seen as many, the record is believed: records are told after the fact.

use crate::net::numbers::PROTOCOL_TCP;
use crate::session::{Counter, SessionFlags, SessionState, TcpPeer};
use crate::track::tcp::{TcpState, later};

use super::record::SessionRecord;

/// A session as far as records tell of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
pub struct Known {
    /// Its state; next hops and zones are the box's own business.
    pub state: SessionState,
    /// What it carried, by direction.
    pub counters: [Counter; 2],
}

impl Known {
    fn packets(&self) -> u64 {
        self.counters[0].packets.saturating_add(self.counters[1].packets)
    }
}

/// What is known of a session of IP protocol `protocol` by what is known `here` and what a record says. Zones, next
/// hops, the initiator and flags that do not travel are those of `here`.
#[must_use]
pub fn merge(protocol: u8, here: &Known, record: &Known) -> Known {
    let newer = if record.packets() >= here.packets() { record } else { here };
    let told = if protocol == PROTOCOL_TCP { merge_tcp(here, record, newer) } else { newer.state };
    let flags =
        SessionFlags(here.state.flags.0 & !SessionRecord::FLAGS.0 | told.flags.0 & SessionRecord::FLAGS.0);
    let state = SessionState {
        flags,
        last_seen: here.state.last_seen.max(record.state.last_seen),
        next_hop: here.state.next_hop,
        zone: here.state.zone,
        ..told
    };
    let most = |d: usize| Counter {
        packets: here.counters[d].packets.max(record.counters[d].packets),
        bytes: here.counters[d].bytes.max(record.counters[d].bytes),
    };
    Known { state, counters: [most(0), most(1)] }
}

fn merge_tcp(here: &Known, record: &Known, newer: &Known) -> SessionState {
    let (Some(a), Some(b)) = (TcpState::of(&here.state), TcpState::of(&record.state)) else {
        // Records without a state are refused before they come here, and no session is without one.
        return here.state;
    };
    let joined = a.join(b);
    let whole = match (a.is_half_open(), b.is_half_open()) {
        // The numbers of a handshake mean something together, and something else than those of an open connection.
        (true, true) if a == b => return newer.state,
        (true, true) => {
            if joined == b {
                record
            } else {
                here
            }
        }
        (true, false) => record,
        (false, true) => here,
        (false, false) => newer,
    };
    let both_open = !a.is_half_open() && !b.is_half_open();
    let peer = |d: usize| {
        let (mine, theirs) = (here.state.peers[d], record.state.peers[d]);
        if both_open { forward(mine, theirs) } else { whole.state.peers[d] }
    };
    SessionState {
        peers: [peer(0), peer(1)],
        tracker: whole.state.tracker & TcpState::MARK_MASK | joined as u8,
        ..whole.state
    }
}

/// The bounds of one end that hold by what either box has seen.
fn forward(a: TcpPeer, b: TcpPeer) -> TcpPeer {
    TcpPeer {
        end: later(a.end, b.end),
        max_end: later(a.max_end, b.max_end),
        max_window_bytes: a.max_window_bytes.max(b.max_window_bytes),
    }
}

#[cfg(test)]
#[cfg(not(loom))]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::interface::ZoneId;
    use crate::session::{NextHopRef, STATE_WORDS};
    use crate::time::Tick;

    const PROTOCOLS: [u8; 5] = [6, 17, 1, 58, 47];

    fn counter() -> impl Strategy<Value = Counter> {
        (0u64..5, 0u64..1 << 50).prop_map(|(packets, bytes)| Counter { packets, bytes })
    }

    /// Anything a record can say, the impossible included.
    fn anything() -> impl Strategy<Value = Known> {
        (any::<[u64; STATE_WORDS]>(), counter(), counter())
            .prop_map(|(words, a, b)| Known { state: SessionState::decode(&words), counters: [a, b] })
    }

    /// An open TCP connection whose numbers are within 1 GiB of `BASE`, as those of one connection are.
    fn open_tcp() -> impl Strategy<Value = Known> {
        const BASE: u32 = u32::MAX - (1 << 29);
        let number = || (0u32..1 << 30).prop_map(|n| BASE.wrapping_add(n));
        let peer = (number(), number(), 1u32..1 << 30);
        let peer =
            peer.prop_map(|(end, max_end, max_window_bytes)| TcpPeer { end, max_end, max_window_bytes });
        let states = prop::sample::select(TcpState::ALL[4..].to_vec());
        (prop::array::uniform2(peer), states, 0u32..9, counter(), counter()).prop_map(
            |(peers, s, seen, a, b)| {
                let state =
                    SessionState { peers, tracker: s as u8, last_seen: Tick(seen), ..Default::default() };
                Known { state, counters: [a, b] }
            },
        )
    }

    proptest! {
        /// Twice the same record is once, and a session merged with itself is itself.
        #[test]
        fn idempotent(here in anything(), record in anything(), protocol in prop::sample::select(&PROTOCOLS)) {
            let once = merge(protocol, &here, &record);
            prop_assert_eq!(merge(protocol, &once, &record), once);
            prop_assert_eq!(merge(protocol, &here, &here), here);
        }

        #[test]
        fn what_is_the_boxs_own_stays(here in anything(), record in anything(), protocol: u8) {
            let merged = merge(protocol, &here, &record).state;
            let own = |s: &SessionState| (s.zone, s.next_hop, s.flags.0 & !SessionRecord::FLAGS.0);
            prop_assert_eq!(own(&merged), own(&here.state));
        }

        #[test]
        fn counters_and_idle_times_never_go_back(here in anything(), record in anything(), protocol: u8) {
            let merged = merge(protocol, &here, &record);
            for known in [&here, &record] {
                prop_assert!(merged.state.last_seen >= known.state.last_seen);
                for d in [0, 1] {
                    prop_assert!(merged.counters[d].packets >= known.counters[d].packets);
                    prop_assert!(merged.counters[d].bytes >= known.counters[d].bytes);
                }
            }
        }

        #[test]
        fn an_open_connection_never_goes_back_whoever_tells_first(a in open_tcp(), b in open_tcp(), c in open_tcp()) {
            let merged = merge(6, &a, &b);
            for known in [&a, &b] {
                for d in [0, 1] {
                    let (m, k) = (merged.state.peers[d], known.state.peers[d]);
                    prop_assert_eq!((later(k.end, m.end), later(k.max_end, m.max_end)), (m.end, m.max_end));
                    prop_assert!(m.max_window_bytes >= k.max_window_bytes);
                }
                let (m, k) = (TcpState::of(&merged.state).unwrap(), TcpState::of(&known.state).unwrap());
                prop_assert_eq!(k.join(m), m);
            }
            prop_assert_eq!(merge(6, &b, &a), merged, "commutative");
            prop_assert_eq!(merge(6, &merged, &c), merge(6, &a, &merge(6, &b, &c)), "associative");
        }
    }

    fn tcp(state: TcpState, end: u32, packets: u64) -> Known {
        let peers = [TcpPeer { end, max_end: end, max_window_bytes: 1 }; 2];
        let state = SessionState { peers, tracker: state as u8, ..SessionState::default() };
        Known { state, counters: [Counter { packets, bytes: 0 }, Counter::default()] }
    }

    #[test]
    fn a_handshake_that_began_again_replaces_the_numbers() {
        let (first, second) = (tcp(TcpState::SynSent, 4_000_000_000, 1), tcp(TcpState::SynSent, 7, 2));
        assert_eq!(merge(6, &first, &second).state.peers, second.state.peers);
        assert_eq!(merge(6, &second, &first).state.peers, second.state.peers, "told late");
    }

    #[test]
    fn handshake_numbers_and_windows_do_not_mix() {
        let (half_open, open) =
            (tcp(TcpState::SynReceived, 4_000_000_000, 2), tcp(TcpState::Established, 7, 3));
        for merged in [merge(6, &half_open, &open), merge(6, &open, &half_open)] {
            assert_eq!((merged.state.peers, merged.state.tracker), (open.state.peers, open.state.tracker));
        }
    }

    #[test]
    fn a_mark_of_reuse_is_taken_and_taken_away() {
        let (plain, mut marked) = (tcp(TcpState::Established, 7, 3), tcp(TcpState::Established, 7, 4));
        marked.state.tracker |= 0x80;
        assert_eq!(merge(6, &plain, &marked).state.tracker, marked.state.tracker);
        let later = tcp(TcpState::Established, 9, 5);
        assert_eq!(merge(6, &marked, &later).state.tracker, later.state.tracker);
    }

    #[test]
    fn of_other_protocols_the_one_with_more_packets_is_right() {
        let dns = |unanswered: u32, tracker: u8, packets: u64| {
            let mut known = tcp(TcpState::None, 0, packets);
            (known.state.peers, known.state.tracker) =
                ([TcpPeer { end: unanswered, ..TcpPeer::default() }; 2], tracker);
            known
        };
        let (asked, answered) = (dns(2, 1, 2), dns(0, 3, 4));
        for merged in [merge(17, &asked, &answered), merge(17, &answered, &asked)] {
            assert_eq!((merged.state.peers, merged.state.tracker), (answered.state.peers, 3));
        }
        let asked_again = dns(1, 1, 5);
        assert_eq!(merge(17, &answered, &asked_again).state.tracker, 1, "a DNS session may begin anew");
    }

    #[test]
    fn zones_are_not_the_records() {
        let mut record = tcp(TcpState::Established, 7, 9);
        (record.state.zone, record.state.next_hop) = ([ZoneId(9); 2], [NextHopRef(9); 2]);
        let here = tcp(TcpState::Established, 7, 3);
        assert_eq!(merge(6, &here, &record).state.zone, here.state.zone);
    }
}
