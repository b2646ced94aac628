//! The UDP tracker: a reply makes a session established; the answer to a DNS query closes it.
//!
//! A resolver often sends two queries (A and AAAA) from one port, so a DNS session counts the queries that have
//! no answer yet, in a word that only TCP uses otherwise, and closes when the last one is answered. An answer
//! beyond that was asked for by nobody and drops: spoofed answers must be first.
//!
//! The count of a session from the peer box may lack the queries of its last moment. While it lags, two answers more
//! pass than were counted: the resolver's two queries.

use crate::drop_reason::DropReason;
use crate::session::{Direction, SessionFlags, SessionState};

use super::{Change, Outcome, Transition};

/// Port of DNS servers.
pub const DNS_PORT: u16 = 53;

/// State of a UDP session, in `SessionState::tracker`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)]
pub enum UdpState {
    /// Only the initiator has sent.
    Unreplied = 1,
    /// Both ends have sent.
    Replied = 2,
    /// The DNS answer came.
    Answered = 3,
}

/// A UDP header, reduced to what the tracker needs; `parse` has checked it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct UdpDatagram {
    /// Source port, never 0.
    pub source_port: u16,
    /// Destination port, never 0.
    pub destination_port: u16,
}

/// State of a session that begins with `datagram`.
pub fn open(datagram: &UdpDatagram) -> SessionState {
    let mut state = SessionState { tracker: UdpState::Unreplied as u8, ..SessionState::default() };
    if datagram.destination_port == DNS_PORT {
        state.flags = state.flags.with(SessionFlags::DNS, true);
        state.peers[0].end = 1;
    }
    state
}

/// Takes one datagram of a session into account; `catching_up` for a bounded time after a takeover.
#[inline]
pub fn track(state: &mut SessionState, direction: Direction, catching_up: bool) -> Outcome {
    if state.flags.contains(SessionFlags::DNS) {
        return track_dns(state, direction, catching_up);
    }
    if direction == Direction::Reply && state.tracker != UdpState::Replied as u8 {
        state.tracker = UdpState::Replied as u8;
        return Outcome::Pass(Change { transition: Transition::Established, rearm: false, keep_alive: true });
    }
    Outcome::PASS
}

fn track_dns(state: &mut SessionState, direction: Direction, catching_up: bool) -> Outcome {
    if catching_up && direction == Direction::Reply && state.peers[0].end == 0 && state.flags.lags() {
        return answer_unheard_query(state);
    }
    let unanswered = &mut state.peers[0].end;
    match direction {
        Direction::Original => {
            *unanswered = unanswered.saturating_add(1);
            if state.tracker == UdpState::Answered as u8 {
                state.tracker = UdpState::Unreplied as u8;
            }
            Outcome::PASS
        }
        Direction::Reply if *unanswered == 0 => Outcome::Drop(DropReason::UdpUnsolicited),
        Direction::Reply => {
            *unanswered -= 1;
            let (next, transition, rearm) = if *unanswered == 0 {
                (UdpState::Answered, Transition::Closed, true)
            } else if state.tracker == UdpState::Unreplied as u8 {
                (UdpState::Replied, Transition::Established, false)
            } else {
                (UdpState::Replied, Transition::None, false)
            };
            state.tracker = next as u8;
            Outcome::Pass(Change { transition, rearm, keep_alive: true })
        }
    }
}

/// Each of the two bits stands for one query that may be missing from the count.
#[cold]
fn answer_unheard_query(state: &mut SessionState) -> Outcome {
    let first = state.flags.lags_behind(Direction::Original);
    let bit = SessionFlags::lag_of(if first { Direction::Original } else { Direction::Reply });
    state.flags = state.flags.with(bit, false);
    Outcome::PASS
}

#[cfg(test)]
mod tests {
    use super::*;

    fn transition(outcome: Outcome) -> Transition {
        match outcome {
            Outcome::Pass(change) => change.transition,
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn a_reply_establishes_once() {
        let mut state = open(&UdpDatagram { source_port: 4000, destination_port: 123 });
        assert_eq!(track(&mut state, Direction::Original, false), Outcome::PASS);
        assert_eq!(state.tracker, UdpState::Unreplied as u8);
        assert_eq!(transition(track(&mut state, Direction::Reply, false)), Transition::Established);
        assert_eq!(track(&mut state, Direction::Reply, false), Outcome::PASS);
    }

    #[test]
    fn the_last_dns_answer_closes() {
        let mut state = open(&UdpDatagram { source_port: 4000, destination_port: 53 });
        assert_eq!(track(&mut state, Direction::Original, false), Outcome::PASS);
        assert_eq!(transition(track(&mut state, Direction::Reply, false)), Transition::Established);
        assert_eq!(transition(track(&mut state, Direction::Reply, false)), Transition::Closed);
        let before = state;
        assert_eq!(track(&mut state, Direction::Reply, false), Outcome::Drop(DropReason::UdpUnsolicited));
        assert_eq!(state, before);
        // A resolver that keeps its port asks again before the session is gone.
        assert_eq!(track(&mut state, Direction::Original, false), Outcome::PASS);
        assert_eq!(transition(track(&mut state, Direction::Reply, false)), Transition::Closed);
    }

    #[test]
    fn answers_to_queries_of_the_last_moment_before_a_takeover_pass() {
        let mut state = open(&UdpDatagram { source_port: 4000, destination_port: 53 });
        assert_eq!(transition(track(&mut state, Direction::Reply, false)), Transition::Closed);
        state.flags = state.flags.with(SessionFlags::LAGGING, true);
        let refused = Outcome::Drop(DropReason::UdpUnsolicited);
        assert_eq!(track(&mut state, Direction::Reply, false), refused, "not soon after a takeover");
        for _ in 0..2 {
            assert!(track(&mut state, Direction::Reply, true).passes());
        }
        assert_eq!(track(&mut state, Direction::Reply, true), refused);
    }
}
