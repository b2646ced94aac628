//! The UDP tracker: a reply makes a session established; the answer to a DNS query closes it.
//!
//! A resolver often sends two queries (A and AAAA) from one port, so a DNS session counts the queries that have
//! no answer yet, in a word that only TCP uses otherwise, and closes when the last one is answered. An answer
//! beyond that was asked for by nobody and drops: spoofed answers must be first.

use crate::drop_reason::DropReason;
use crate::session::{Direction, SessionFlags, SessionState};

use super::{Change, Outcome, Transition};

/// Port of DNS servers.
pub const DNS_PORT: u16 = 53;

/// UDP header, in bytes.
const HEADER_BYTES: usize = 8;

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

impl UdpState {
    /// The state with number `value`; `None` for a number no state has.
    #[inline]
    pub const fn from_u8(value: u8) -> Option<UdpState> {
        match value {
            1 => Some(UdpState::Unreplied),
            2 => Some(UdpState::Replied),
            3 => Some(UdpState::Answered),
            _ => None,
        }
    }
}

/// A UDP header, reduced to what the tracker needs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct UdpDatagram {
    /// Source port, never 0.
    pub source_port: u16,
    /// Destination port, never 0.
    pub destination_port: u16,
}

impl UdpDatagram {
    /// Reads a datagram from `udp`: header and payload, exactly the IP payload. The checksum is not looked at.
    ///
    /// # Errors
    /// `L4HeaderBad` (truncated; length below 8 or beyond the IP payload), `PortZero`. A source port of 0 means
    /// "no reply wanted" in RFC 768; it has no place in a session.
    #[inline]
    pub fn parse(udp: &[u8]) -> Result<UdpDatagram, DropReason> {
        let Some(&[s0, s1, d0, d1, l0, l1, _, _]) = udp.first_chunk::<HEADER_BYTES>() else {
            return Err(DropReason::L4HeaderBad);
        };
        let length_bytes = usize::from(u16::from_be_bytes([l0, l1]));
        if length_bytes < HEADER_BYTES || length_bytes > udp.len() {
            return Err(DropReason::L4HeaderBad);
        }
        let (source_port, destination_port) = (u16::from_be_bytes([s0, s1]), u16::from_be_bytes([d0, d1]));
        if source_port == 0 || destination_port == 0 {
            return Err(DropReason::PortZero);
        }
        Ok(UdpDatagram { source_port, destination_port })
    }
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

/// Takes one datagram of a session into account.
#[inline]
pub fn track(state: &mut SessionState, direction: Direction) -> Outcome {
    if state.flags.contains(SessionFlags::DNS) {
        return track_dns(state, direction);
    }
    if direction == Direction::Reply && state.tracker != UdpState::Replied as u8 {
        state.tracker = UdpState::Replied as u8;
        return Outcome::Pass(Change { transition: Transition::Established, rearm: false, keep_alive: true });
    }
    Outcome::PASS
}

fn track_dns(state: &mut SessionState, direction: Direction) -> Outcome {
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
        assert_eq!(track(&mut state, Direction::Original), Outcome::PASS);
        assert_eq!(state.tracker, UdpState::Unreplied as u8);
        assert_eq!(transition(track(&mut state, Direction::Reply)), Transition::Established);
        assert_eq!(track(&mut state, Direction::Reply), Outcome::PASS);
    }

    #[test]
    fn the_last_dns_answer_closes() {
        let mut state = open(&UdpDatagram { source_port: 4000, destination_port: 53 });
        assert_eq!(track(&mut state, Direction::Original), Outcome::PASS);
        assert_eq!(transition(track(&mut state, Direction::Reply)), Transition::Established);
        assert_eq!(transition(track(&mut state, Direction::Reply)), Transition::Closed);
        let before = state;
        assert_eq!(track(&mut state, Direction::Reply), Outcome::Drop(DropReason::UdpUnsolicited));
        assert_eq!(state, before);
        // A resolver that keeps its port asks again before the session is gone.
        assert_eq!(track(&mut state, Direction::Original), Outcome::PASS);
        assert_eq!(transition(track(&mut state, Direction::Reply)), Transition::Closed);
    }

    #[test]
    fn headers_are_checked() {
        let good = [0x0f, 0xa0, 0, 53, 0, 9, 0, 0, 0xff];
        let expected = UdpDatagram { source_port: 4000, destination_port: 53 };
        assert_eq!(UdpDatagram::parse(&good), Ok(expected));
        assert_eq!(UdpDatagram::parse(&good[..7]), Err(DropReason::L4HeaderBad));
        assert_eq!(UdpDatagram::parse(&good[..8]), Err(DropReason::L4HeaderBad), "length beyond payload");
        let with = |at: usize, value: u8| {
            let mut bytes = good;
            bytes[at] = value;
            UdpDatagram::parse(&bytes)
        };
        assert_eq!(with(5, 7), Err(DropReason::L4HeaderBad), "length below the header");
        assert_eq!(with(3, 0), Err(DropReason::PortZero));
    }
}
