//! The ICMP tracker: queries and their replies. Which types may cross the box at all stands in `net::icmp`.
//!
//! A session is a pair of addresses and an identifier. Every request may be answered once: the sequence numbers
//! of the last [`OUTSTANDING_MAX`] requests without a reply are a bitmap in words that only TCP uses otherwise, so
//! that replies nobody asked for drop, and so do second ones. Requests further back count as lost.
//!
//! A session from the peer box may lack the requests of its last moment. While it lags, a number up to
//! [`OUTSTANDING_MAX`] ahead, of a request or of a reply, shows that those up to it were sent; each may be answered
//! once. The first request heard here ends that.
//!
//! Requests must come from the initiator. Windows always uses identifier 1, so two hosts that ping each other
//! share one key: a request from the responder is handed to policy as a new session ([`Outcome::Reopen`]).

use crate::drop_reason::DropReason;
use crate::net::icmp::{IcmpClass, QueryKind, classify_v4, classify_v6};
use crate::net::numbers::ICMP_HEADER_BYTES;
use crate::session::{Direction, SessionFlags, SessionState};

use super::{Change, Outcome, Transition};

/// Requests that may be waiting for their reply at once.
pub const OUTSTANDING_MAX: u32 = 128;

/// An ICMP query or reply.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct IcmpQuery {
    /// Which pair of types.
    pub kind: QueryKind,
    /// Request, or else reply.
    pub is_request: bool,
    /// Both ports of the session's key.
    pub identifier: u16,
    /// Tells the requests of a session apart.
    pub sequence: u16,
}

/// An ICMP message that may cross the box.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum IcmpMessage {
    /// Query or reply.
    Query(IcmpQuery),
    /// Error; the quoted packet begins 8 bytes into the message.
    Error {
        /// Type.
        icmp_type: u8,
        /// Code.
        code: u8,
    },
}

impl IcmpMessage {
    /// Reads a message from `icmp`: exactly the IP payload. The checksum and the quoted packet are not looked at.
    ///
    /// # Errors
    /// `L4HeaderBad` when shorter than 8 bytes, `IcmpTypeDenied` for types that never cross.
    #[inline]
    pub fn parse(icmp: &[u8], is_v6: bool) -> Result<IcmpMessage, DropReason> {
        let Some(&[icmp_type, code, _, _, i0, i1, s0, s1]) = icmp.first_chunk::<ICMP_HEADER_BYTES>() else {
            return Err(DropReason::L4HeaderBad);
        };
        let class = if is_v6 { classify_v6(icmp_type) } else { classify_v4(icmp_type) };
        let query = |kind, is_request| {
            IcmpMessage::Query(IcmpQuery {
                kind,
                is_request,
                identifier: u16::from_be_bytes([i0, i1]),
                sequence: u16::from_be_bytes([s0, s1]),
            })
        };
        match class {
            IcmpClass::Request(kind) => Ok(query(kind, true)),
            IcmpClass::Reply(kind) => Ok(query(kind, false)),
            IcmpClass::Error => Ok(IcmpMessage::Error { icmp_type, code }),
            IcmpClass::NeighbourDiscovery | IcmpClass::Denied => Err(DropReason::IcmpTypeDenied),
        }
    }
}

/// State of an ICMP session, in `SessionState::tracker`: the kind in the low half, bit 4 once a reply came.
const REPLIED: u8 = 1 << 4;
const KIND_MASK: u8 = 0x0f;

/// Whether a session of this module can have `tracker` for its state.
pub const fn is_state(tracker: u8) -> bool {
    let kind = tracker & !REPLIED;
    kind == QueryKind::Echo as u8 || kind == QueryKind::Timestamp as u8
}

/// Whether no request of the session was answered yet.
pub const fn is_unreplied(state: &SessionState) -> bool {
    state.tracker & REPLIED == 0
}

/// The outstanding requests: highest sequence number, and bit `i` set while `highest - i` waits for its reply.
#[derive(Clone, Copy)]
struct Outstanding {
    highest: u16,
    bitmap: u128,
}

impl Outstanding {
    fn load(state: &SessionState) -> Outstanding {
        let [a, b] = state.peers;
        let words = [a.max_end, a.max_window_bytes, b.max_end, b.max_window_bytes];
        let bitmap = words.iter().rev().fold(0, |bits, &word| bits << 32 | u128::from(word));
        Outstanding { highest: a.end as u16, bitmap }
    }

    fn store(self, state: &mut SessionState) {
        let word = |i: u32| (self.bitmap >> (32 * i)) as u32;
        let [a, b] = &mut state.peers;
        a.end = u32::from(self.highest);
        [a.max_end, a.max_window_bytes, b.max_end, b.max_window_bytes] = [word(0), word(1), word(2), word(3)];
    }

    fn request(&mut self, sequence: u16) {
        let ahead = sequence.wrapping_sub(self.highest);
        if ahead < 0x8000 {
            self.bitmap = self.bitmap.checked_shl(u32::from(ahead)).unwrap_or(0) | 1;
            self.highest = sequence;
        } else if let Some(bit) = Self::bit(ahead.wrapping_neg()) {
            self.bitmap |= bit;
        }
    }

    /// Takes the requests up to `sequence` for sent, if it is ahead and not by too many.
    fn catch_up(&mut self, sequence: u16) {
        let ahead = u32::from(sequence.wrapping_sub(self.highest));
        if ahead < OUTSTANDING_MAX {
            self.bitmap = (self.bitmap << ahead) | ((1 << ahead) - 1);
            self.highest = sequence;
        }
    }

    /// Whether `sequence` was waiting; it no longer is.
    fn reply(&mut self, sequence: u16) -> bool {
        let bit = Self::bit(self.highest.wrapping_sub(sequence)).unwrap_or(0);
        let waiting = self.bitmap & bit != 0;
        self.bitmap &= !bit;
        waiting
    }

    fn bit(behind: u16) -> Option<u128> {
        1u128.checked_shl(u32::from(behind))
    }
}

/// State of a session that begins with `query`.
///
/// # Errors
/// `IcmpUnsolicited` for a reply.
pub fn open(query: &IcmpQuery) -> Result<SessionState, DropReason> {
    if !query.is_request {
        return Err(DropReason::IcmpUnsolicited);
    }
    let mut state = SessionState { tracker: query.kind as u8, ..SessionState::default() };
    Outstanding { highest: query.sequence, bitmap: 1 }.store(&mut state);
    Ok(state)
}

/// Takes one query or reply of a session into account; `catching_up` for a bounded time after a takeover.
pub fn track(
    state: &mut SessionState,
    direction: Direction,
    query: &IcmpQuery,
    catching_up: bool,
) -> Outcome {
    let same_kind = state.tracker & KIND_MASK == query.kind as u8;
    let mut outstanding = Outstanding::load(state);
    if catching_up && same_kind && state.flags.lags_behind(Direction::Original) {
        outstanding.catch_up(query.sequence);
    }
    match (direction, query.is_request) {
        (Direction::Reply, true) => Outcome::Reopen,
        (Direction::Original, true) => {
            state.flags = state.flags.with(SessionFlags::LAGS_ORIGINAL, false);
            if same_kind {
                outstanding.request(query.sequence);
            } else {
                // The same identifier for another kind of query: the older requests are given up.
                state.tracker = (state.tracker & REPLIED) | query.kind as u8;
                outstanding = Outstanding { highest: query.sequence, bitmap: 1 };
            }
            outstanding.store(state);
            Outcome::PASS
        }
        (Direction::Reply, false) if same_kind && outstanding.reply(query.sequence) => {
            outstanding.store(state);
            if state.tracker & REPLIED != 0 {
                return Outcome::PASS;
            }
            state.tracker |= REPLIED;
            let transition = Transition::Established;
            Outcome::Pass(Change { transition, rearm: false, keep_alive: true })
        }
        _ => Outcome::Drop(DropReason::IcmpUnsolicited),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use std::collections::BTreeSet;

    fn echo(is_request: bool, sequence: u16) -> IcmpQuery {
        IcmpQuery { kind: QueryKind::Echo, is_request, identifier: 7, sequence }
    }

    fn track(state: &mut SessionState, direction: Direction, query: &IcmpQuery) -> Outcome {
        super::track(state, direction, query, false)
    }

    #[test]
    fn requests_of_the_last_moment_before_a_takeover_are_made_up_for() {
        let track = super::track;
        let mut state = open(&echo(true, 100)).unwrap();
        let unknown = Outcome::Drop(DropReason::IcmpUnsolicited);
        assert_eq!(
            track(&mut state, Direction::Reply, &echo(false, 103), true),
            unknown,
            "it is this box's own"
        );
        state.flags = state.flags.with(SessionFlags::LAGGING, true);
        assert_eq!(track(&mut state, Direction::Reply, &echo(false, 103), false), unknown, "long after");
        let far = 100 + OUTSTANDING_MAX as u16;
        assert_eq!(track(&mut state, Direction::Reply, &echo(false, far), true), unknown);
        for sequence in [103, 101, 100] {
            assert!(track(&mut state, Direction::Reply, &echo(false, sequence), true).passes(), "{sequence}");
            assert_eq!(track(&mut state, Direction::Reply, &echo(false, sequence), true), unknown);
        }
        // The first request heard shows that there were others before it, and ends the guessing.
        assert!(track(&mut state, Direction::Original, &echo(true, 110), true).passes());
        for sequence in [109, 110, 104, 102] {
            assert!(track(&mut state, Direction::Reply, &echo(false, sequence), true).passes(), "{sequence}");
        }
        assert_eq!(track(&mut state, Direction::Reply, &echo(false, 111), true), unknown);
        assert_eq!(track(&mut state, Direction::Reply, &echo(false, 103), true), unknown);
    }

    #[test]
    fn one_reply_for_each_request() {
        let mut state = open(&echo(true, 65_535)).unwrap();
        assert!(track(&mut state, Direction::Original, &echo(true, 0)).passes());
        assert!(track(&mut state, Direction::Reply, &echo(false, 65_535)).passes());
        assert!(!is_unreplied(&state));
        let before = state;
        for unasked in [65_535, 1, 65_534] {
            let outcome = track(&mut state, Direction::Reply, &echo(false, unasked));
            assert_eq!(outcome, Outcome::Drop(DropReason::IcmpUnsolicited), "{unasked}");
        }
        assert_eq!(state, before);
        assert!(track(&mut state, Direction::Reply, &echo(false, 0)).passes());
    }

    #[test]
    fn replies_match_kind_and_direction() {
        let mut state = open(&echo(true, 1)).unwrap();
        let timestamp = IcmpQuery { kind: QueryKind::Timestamp, ..echo(false, 1) };
        assert!(!track(&mut state, Direction::Reply, &timestamp).passes());
        assert!(!track(&mut state, Direction::Original, &echo(false, 1)).passes());
        assert_eq!(track(&mut state, Direction::Reply, &echo(true, 1)), Outcome::Reopen);
        assert_eq!(open(&echo(false, 1)), Err(DropReason::IcmpUnsolicited));
    }

    #[test]
    fn another_kind_under_the_same_identifier_starts_afresh() {
        let mut state = open(&echo(true, 1)).unwrap();
        let request = IcmpQuery { kind: QueryKind::Timestamp, ..echo(true, 9) };
        assert!(track(&mut state, Direction::Original, &request).passes());
        assert!(!track(&mut state, Direction::Reply, &echo(false, 1)).passes());
        let reply = IcmpQuery { is_request: false, ..request };
        assert!(track(&mut state, Direction::Reply, &reply).passes());
    }

    #[test]
    fn what_never_crosses() {
        for denied in [4, 5, 9, 10, 15, 17, 18, 30, 255] {
            let message = IcmpMessage::parse(&[denied, 0, 0, 0, 0, 0, 0, 0], false);
            assert_eq!(message, Err(DropReason::IcmpTypeDenied), "{denied}");
        }
        for denied in (130..=143).chain([0, 5, 100, 127, 151, 255]) {
            let message = IcmpMessage::parse(&[denied, 0, 0, 0, 0, 0, 0, 0], true);
            assert_eq!(message, Err(DropReason::IcmpTypeDenied), "v6 {denied}");
        }
    }

    #[test]
    fn messages_are_read() {
        let bytes = [8, 0, 0, 0, 0x12, 0x34, 0, 9];
        let expected = IcmpQuery { kind: QueryKind::Echo, is_request: true, identifier: 0x1234, sequence: 9 };
        assert_eq!(IcmpMessage::parse(&bytes, false), Ok(IcmpMessage::Query(expected)));
        assert_eq!(IcmpMessage::parse(&bytes[..7], false), Err(DropReason::L4HeaderBad));
        let error = IcmpMessage::Error { icmp_type: 3, code: 4 };
        assert_eq!(IcmpMessage::parse(&[3, 4, 0, 0, 0, 0, 5, 220], false), Ok(error));
    }

    proptest! {
        /// Against a plain set of outstanding numbers; requests count up, as every ping does.
        #[test]
        fn equals_a_set(start: u16, steps in prop::collection::vec((any::<bool>(), 0u16..160), 1..300)) {
            let mut state = open(&echo(true, start)).unwrap();
            let mut waiting = BTreeSet::from([0u32]);
            let mut sent = 0u32;
            for (is_request, n) in steps {
                if is_request {
                    sent += u32::from(n % 3);
                    waiting.insert(sent);
                    let query = echo(true, start.wrapping_add(sent as u16));
                    prop_assert!(track(&mut state, Direction::Original, &query).passes());
                } else {
                    let Some(number) = sent.checked_sub(u32::from(n)) else { continue };
                    let expected = waiting.remove(&number) && sent - number < OUTSTANDING_MAX;
                    let query = echo(false, start.wrapping_add(number as u16));
                    let before = state;
                    let outcome = track(&mut state, Direction::Reply, &query);
                    prop_assert_eq!(outcome.passes(), expected);
                    prop_assert!(expected || state == before);
                }
            }
        }
    }
}
