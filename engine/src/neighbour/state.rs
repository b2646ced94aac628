//! What becomes of a neighbour: a table of state × event, with the reason in each cell.
//!
//! The states and the rules about fresh evidence are those of RFC 4861 section 7.3 and appendix C; ARP entries go
//! through the same ones (RFC 1122 section 2.3.2.1 asks for unicast polls of exactly this kind). There is no
//! DELAY state: it waits for upper layers to confirm, and a forwarder has none. The interval at which stale
//! entries are looked at takes its place.

/// What is known of a neighbour.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
#[repr(u8)]
pub enum NeighbourState {
    /// Nothing is known and nothing was asked.
    #[default]
    Unresolved = 0,
    /// Asked by broadcast or multicast, no answer yet; packets wait.
    Incomplete = 1,
    /// It answered recently.
    Reachable = 2,
    /// Its address is known, but not confirmed recently; used until a probe says otherwise.
    Stale = 3,
    /// Its address is known and being confirmed by unicast; used meanwhile.
    Probe = 4,
    /// It did not answer; left alone for a while.
    Failed = 5,
    /// Configured; never changes.
    Static = 6,
}

impl NeighbourState {
    const COUNT: usize = 7;

    /// Whether packets may be sent to the recorded address.
    #[inline]
    pub const fn is_usable(self) -> bool {
        matches!(
            self,
            NeighbourState::Reachable
                | NeighbourState::Stale
                | NeighbourState::Probe
                | NeighbourState::Static
        )
    }

    /// Whether a request is outstanding, so that an answer is expected.
    #[inline]
    pub const fn is_asking(self) -> bool {
        matches!(self, NeighbourState::Incomplete | NeighbourState::Probe)
    }

    /// The word on the console, as in Linux and IOS.
    pub const fn name(self) -> &'static str {
        match self {
            NeighbourState::Unresolved => "unresolved",
            NeighbourState::Incomplete => "incomplete",
            NeighbourState::Reachable => "reachable",
            NeighbourState::Stale => "stale",
            NeighbourState::Probe => "probe",
            NeighbourState::Failed => "failed",
            NeighbourState::Static => "static",
        }
    }
}

/// What can happen to a neighbour. "New" and "Other" are about the link-layer address: New may replace what is
/// recorded (ARP, or ND with the override flag, or nothing usable is recorded), Other may not.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)]
pub(super) enum Event {
    /// A packet wants to go there.
    Wanted = 0,
    /// The answer to our request, with the address on record.
    AnswerSame = 1,
    /// The answer to our request, with an address to record.
    AnswerNew = 2,
    /// The answer to our request, with another address and no override flag.
    AnswerOther = 3,
    /// Not asked for, with the address on record.
    HeardSame = 4,
    /// Not asked for, with an address to record.
    HeardNew = 5,
    /// Not asked for, with another address and no override flag.
    HeardOther = 6,
    /// No answer in time, requests left.
    Retry = 7,
    /// No answer in time, no requests left.
    Exhausted = 8,
    /// The state's time ended.
    Elapsed = 9,
    /// The state's time ended and packets used the entry meanwhile.
    ElapsedInUse = 10,
}

impl Event {
    const COUNT: usize = 11;
}

/// What a transition asks its caller to do; a set.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Effects(u8);

impl Effects {
    pub const NONE: Effects = Effects(0);
    /// Record the link-layer address.
    pub const RECORD: Effects = Effects(1);
    /// Send a request; the count begins anew if the state changed.
    pub const REQUEST: Effects = Effects(2);
    /// Hand out the packets that wait.
    pub const RELEASE: Effects = Effects(4);
    /// Record the address, then hand out the packets.
    pub const RECORD_RELEASE: Effects = Effects(1 | 4);

    pub const fn contains(self, other: Effects) -> bool {
        self.0 & other.0 == other.0
    }
}

/// One cell: where to go, what to do, and why.
#[derive(Clone, Copy, Debug)]
pub(super) struct Transition {
    pub next: NeighbourState,
    pub effects: Effects,
    #[cfg_attr(
        not(test),
        expect(dead_code, reason = "for the reader, and for the test that every cell has one")
    )]
    pub why: &'static str,
}

const fn go(next: NeighbourState, effects: Effects, why: &'static str) -> Transition {
    Transition { next, effects, why }
}

/// The transition for `event` in `state`.
pub(super) fn transition(state: NeighbourState, event: Event) -> Transition {
    TABLE[state as usize][event as usize]
}

use Effects as Do;
use NeighbourState::{Failed, Incomplete, Probe, Reachable, Stale, Static, Unresolved};

const NO_TIMER: &str = "this state has no such timer";
const NO_REQUEST: &str = "no request is outstanding, so the caller files it as heard";
const NOTHING_RECORDED: &str = "nothing is recorded that it could equal or contradict";

const fn configured() -> Transition {
    go(Static, Do::NONE, "the configuration is stronger than anything heard")
}

/// Rows in the order of [`NeighbourState`], columns in the order of [`Event`].
static TABLE: [[Transition; Event::COUNT]; NeighbourState::COUNT] = [
    // Unresolved
    [
        go(Incomplete, Do::REQUEST, "the first packet starts resolution"),
        go(Unresolved, Do::NONE, NO_REQUEST),
        go(Unresolved, Do::NONE, NO_REQUEST),
        go(Unresolved, Do::NONE, NO_REQUEST),
        go(Unresolved, Do::NONE, NOTHING_RECORDED),
        go(Stale, Do::RECORD, "an entry exists, so what is heard updates it; unconfirmed, hence stale"),
        go(Unresolved, Do::NONE, NOTHING_RECORDED),
        go(Unresolved, Do::NONE, NO_TIMER),
        go(Unresolved, Do::NONE, NO_TIMER),
        go(Unresolved, Do::NONE, "still nothing known; the caller may forget the entry"),
        go(Unresolved, Do::NONE, "still nothing known; the caller may forget the entry"),
    ],
    // Incomplete
    [
        go(Incomplete, Do::NONE, "already asking"),
        go(Incomplete, Do::NONE, NOTHING_RECORDED),
        go(Reachable, Do::RECORD_RELEASE, "the answer"),
        go(Incomplete, Do::NONE, NOTHING_RECORDED),
        go(Incomplete, Do::NONE, NOTHING_RECORDED),
        go(Stale, Do::RECORD_RELEASE, "RFC 4861 7.2.5: usable, but nobody confirmed that it hears us"),
        go(Incomplete, Do::NONE, NOTHING_RECORDED),
        go(Incomplete, Do::REQUEST, "requests get lost"),
        go(Failed, Do::RELEASE, "nobody answered; whoever waits is told that the host is unreachable"),
        go(Incomplete, Do::NONE, NO_TIMER),
        go(Incomplete, Do::NONE, NO_TIMER),
    ],
    // Reachable
    [
        go(Reachable, Do::NONE, "already known"),
        go(Reachable, Do::NONE, NO_REQUEST),
        go(Reachable, Do::NONE, NO_REQUEST),
        go(Reachable, Do::NONE, NO_REQUEST),
        go(Reachable, Do::NONE, "agrees; only an answer makes it fresher"),
        go(Stale, Do::RECORD, "moved, says someone we did not ask: believe, and confirm soon"),
        go(Stale, Do::NONE, "RFC 4861 7.2.5: keep the address, but doubt it"),
        go(Reachable, Do::NONE, NO_TIMER),
        go(Reachable, Do::NONE, NO_TIMER),
        go(Stale, Do::NONE, "the confirmation has grown old"),
        go(Stale, Do::NONE, "the confirmation has grown old; use from here on starts a probe"),
    ],
    // Stale
    [
        go(Stale, Do::NONE, "already known; its timer sees the use"),
        go(Stale, Do::NONE, NO_REQUEST),
        go(Stale, Do::NONE, NO_REQUEST),
        go(Stale, Do::NONE, NO_REQUEST),
        go(Stale, Do::NONE, "agrees; only an answer makes it fresher"),
        go(Stale, Do::RECORD, "moved; still unconfirmed"),
        go(Stale, Do::NONE, "RFC 4861 7.2.5: without override the address stays"),
        go(Stale, Do::NONE, NO_TIMER),
        go(Stale, Do::NONE, NO_TIMER),
        go(Stale, Do::NONE, "nobody needs it; the caller may forget the entry"),
        go(Probe, Do::REQUEST, "in use and unconfirmed: ask it directly"),
    ],
    // Probe
    [
        go(Probe, Do::NONE, "already known, and being confirmed"),
        go(Reachable, Do::NONE, "confirmed"),
        go(Reachable, Do::RECORD, "the answer, from a new address"),
        go(Probe, Do::NONE, "RFC 4861 7.2.5: without override neither confirms nor changes"),
        go(Probe, Do::NONE, "agrees, but is no answer"),
        go(Stale, Do::RECORD, "moved: the probe asks an address that is no longer its own"),
        go(Probe, Do::NONE, "RFC 4861 7.2.5: without override the address stays"),
        go(Probe, Do::REQUEST, "requests get lost"),
        go(Incomplete, Do::REQUEST, "gone from that address; perhaps it is at another, so ask everyone"),
        go(Probe, Do::NONE, NO_TIMER),
        go(Probe, Do::NONE, NO_TIMER),
    ],
    // Failed
    [
        go(Failed, Do::NONE, "it did not answer a moment ago; asking at packet rate would flood the link"),
        go(Failed, Do::NONE, NO_REQUEST),
        go(Failed, Do::NONE, NO_REQUEST),
        go(Failed, Do::NONE, NO_REQUEST),
        go(Failed, Do::NONE, NOTHING_RECORDED),
        go(Stale, Do::RECORD, "it is back, and said so"),
        go(Failed, Do::NONE, NOTHING_RECORDED),
        go(Failed, Do::NONE, NO_TIMER),
        go(Failed, Do::NONE, NO_TIMER),
        go(Unresolved, Do::NONE, "the hold is over; the next packet may ask again"),
        go(Unresolved, Do::NONE, "the hold is over; the next packet may ask again"),
    ],
    // Static
    [configured(); Event::COUNT],
];

#[cfg(test)]
mod tests {
    use super::*;

    const STATES: [NeighbourState; NeighbourState::COUNT] =
        [Unresolved, Incomplete, Reachable, Stale, Probe, Failed, Static];
    const EVENTS: [Event; Event::COUNT] = [
        Event::Wanted,
        Event::AnswerSame,
        Event::AnswerNew,
        Event::AnswerOther,
        Event::HeardSame,
        Event::HeardNew,
        Event::HeardOther,
        Event::Retry,
        Event::Exhausted,
        Event::Elapsed,
        Event::ElapsedInUse,
    ];

    fn every_cell() -> impl Iterator<Item = (NeighbourState, Event, Transition)> {
        STATES.into_iter().flat_map(|s| EVENTS.into_iter().map(move |e| (s, e, transition(s, e))))
    }

    #[test]
    fn every_cell_keeps_the_invariants() {
        for (state, event, t) in every_cell() {
            let cell = format!("{state:?} × {event:?}: {t:?}");
            assert!(!t.why.is_empty(), "{cell}");
            // Only with an address recorded may a state be entered that uses one.
            if t.next.is_usable() && !state.is_usable() {
                assert!(t.effects.contains(Effects::RECORD), "{cell}");
            }
            // Packets wait in Incomplete only, so leaving it must let them go.
            let leaves = state == Incomplete && t.next != Incomplete;
            assert_eq!(leaves, t.effects.contains(Effects::RELEASE), "{cell}");
            // Whoever asks must have sent something.
            if t.next.is_asking() && t.next != state {
                assert!(t.effects.contains(Effects::REQUEST), "{cell}");
            }
            assert!(t.next.is_asking() || !t.effects.contains(Effects::REQUEST), "{cell}");
            assert_eq!(state == Static, t.next == Static, "{cell}");
        }
    }

    #[test]
    fn only_an_answer_makes_a_neighbour_reachable() {
        for (state, event, t) in every_cell() {
            if t.next == Reachable && state != Reachable {
                assert!(matches!(event, Event::AnswerSame | Event::AnswerNew), "{state:?} × {event:?}");
                assert!(state.is_asking());
            }
        }
    }
}
