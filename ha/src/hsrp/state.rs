//! The state machine of RFC 2281 section 5.7 as one constant table: in a state, on an event, what to do, where to go, and
//! why. Two things are not as in the RFC: the active timer that runs out in Speak is started again (a box alone could
//! otherwise stay in Standby for ever), and events that depend on the configuration have a column for each case.
//!
//! The table is the protocol's. That a box decides for all its groups together is [`Group`](super::Group)'s doing: it
//! carries out the cells that enter or leave Active only when told to.

use super::event::Event;
use crate::status::GroupState;

/// An action of RFC 2281 section 5.6, by its letter there.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Action {
    /// A.
    StartActiveTimer,
    /// B.
    StartStandbyTimer,
    /// C.
    StopActiveTimer,
    /// D.
    StopStandbyTimer,
    /// E: take over the sender's timers and, where it is not configured, virtual address.
    Learn,
    /// F.
    SendHello,
    /// G.
    SendCoup,
    /// H.
    SendResign,
    /// I: gratuitous ARP.
    Announce,
}

/// One cell: what to do, in order, where to go, and why.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Cell {
    /// Actions in order, before the state changes.
    pub actions: &'static [Action],
    /// State afterwards.
    pub next: GroupState,
    /// The reason.
    pub why: &'static str,
}

impl GroupState {
    /// All of them, in the order of the table's rows.
    pub const ALL: [GroupState; 6] = [
        GroupState::Initial,
        GroupState::Learn,
        GroupState::Listen,
        GroupState::Speak,
        GroupState::Standby,
        GroupState::Active,
    ];
}

/// The cell for an event in a state.
pub const fn cell(state: GroupState, event: Event) -> &'static Cell {
    &TABLE[state as usize][event as usize]
}

const fn to(actions: &'static [Action], next: GroupState, why: &'static str) -> Cell {
    Cell { actions, next, why }
}

type Row = [Cell; Event::COUNT];

static TABLE: [Row; GroupState::ALL.len()] = {
    use Action::{
        Announce as I, Learn as E, SendCoup as G, SendHello as F, SendResign as H, StartActiveTimer as A,
        StartStandbyTimer as B, StopActiveTimer as C, StopStandbyTimer as D,
    };
    use GroupState::{Active, Initial, Learn, Listen, Speak, Standby};

    const RUNNING: &str = "up already";
    const DOWN: &str = "interface down or group disabled";
    const NOT_RUNNING: &str = "not running";
    const NO_ADDRESS: &str = "no part in the election without the virtual address";
    const NOT_SPEAKING: &str = "no Hello in this state";
    const HELLO_DUE: &str = "time for a Hello";
    const ACTIVE_LIVES: &str = "the active router is there";
    const LEARNED: &str = "heard the active router and its virtual address";
    const COUP: &str = "a Coup is for the active router";
    const SPEAK_LOST: &str = "a higher-priority router speaks";
    const NOT_A_CANDIDATE: &str = "takes no part in the election";
    const STANDBY_LIVES: &str = "a standby router is there";
    const STANDBY_HIGHER: &str = "a higher-priority standby router is there";
    const STANDBY_LOWER: &str = "the standby router has a lower priority";
    const STANDBY_SILENT: &str = "no standby router was heard for the hold time";
    const PREEMPT: &str = "preempts the active router of lower priority";
    const RESIGNED: &str = "the active router resigned";

    [
        // Initial: only coming up gets anywhere.
        [
            to(&[A, B], Listen, "interface up"),
            to(&[A, B], Learn, "interface up, virtual address to be learned"),
            to(&[], Initial, NOT_RUNNING),
            to(&[], Initial, NOT_RUNNING),
            to(&[], Initial, NOT_RUNNING),
            to(&[], Initial, NOT_RUNNING),
            to(&[], Initial, NOT_RUNNING),
            to(&[], Initial, NOT_RUNNING),
            to(&[], Initial, NOT_RUNNING),
            to(&[], Initial, NOT_RUNNING),
            to(&[], Initial, NOT_RUNNING),
            to(&[], Initial, NOT_RUNNING),
            to(&[], Initial, NOT_RUNNING),
            to(&[], Initial, NOT_RUNNING),
        ],
        // Learn: waits for an active router, whatever its priority.
        [
            to(&[], Learn, RUNNING),
            to(&[], Learn, RUNNING),
            to(&[C, D], Initial, DOWN),
            to(&[], Learn, NO_ADDRESS),
            to(&[], Learn, NO_ADDRESS),
            to(&[], Learn, NOT_SPEAKING),
            to(&[], Learn, NO_ADDRESS),
            to(&[E, A, B], Listen, LEARNED),
            to(&[E, A, B], Listen, LEARNED),
            to(&[E, A, B], Listen, LEARNED),
            to(&[], Learn, NO_ADDRESS),
            to(&[], Learn, COUP),
            to(&[], Learn, NO_ADDRESS),
            to(&[], Learn, NO_ADDRESS),
        ],
        // Listen: both others are there, or may be.
        [
            to(&[], Listen, RUNNING),
            to(&[], Listen, RUNNING),
            to(&[C, D], Initial, DOWN),
            to(&[A, B], Speak, "no active router was heard for the hold time"),
            to(&[B], Speak, STANDBY_SILENT),
            to(&[], Listen, NOT_SPEAKING),
            to(&[], Listen, NOT_A_CANDIDATE),
            to(&[E, A], Listen, ACTIVE_LIVES),
            to(&[A], Listen, ACTIVE_LIVES),
            to(&[B, G, F, I], Active, PREEMPT),
            to(&[A, B], Speak, RESIGNED),
            to(&[], Listen, COUP),
            to(&[B], Listen, STANDBY_LIVES),
            to(&[B], Speak, STANDBY_LOWER),
        ],
        // Speak: wants to be standby.
        [
            to(&[], Speak, RUNNING),
            to(&[], Speak, RUNNING),
            to(&[C, D], Initial, DOWN),
            to(&[A], Speak, "waits to become standby first"),
            to(&[D], Standby, STANDBY_SILENT),
            to(&[F], Speak, HELLO_DUE),
            to(&[B], Listen, SPEAK_LOST),
            to(&[E, A], Speak, ACTIVE_LIVES),
            to(&[A], Speak, ACTIVE_LIVES),
            to(&[B, G, F, I], Active, PREEMPT),
            to(&[A], Speak, "the active router resigned, the standby router is next"),
            to(&[], Speak, COUP),
            to(&[B], Listen, STANDBY_HIGHER),
            to(&[D], Standby, STANDBY_LOWER),
        ],
        // Standby: next in line.
        [
            to(&[], Standby, RUNNING),
            to(&[], Standby, RUNNING),
            to(&[C, D], Initial, DOWN),
            to(&[C, D, F, I], Active, "the active router was silent for the hold time"),
            to(&[], Standby, "is the standby router itself"),
            to(&[F], Standby, HELLO_DUE),
            to(&[B], Listen, SPEAK_LOST),
            to(&[E, A], Standby, ACTIVE_LIVES),
            to(&[A], Standby, ACTIVE_LIVES),
            to(&[B, G, F, I], Active, PREEMPT),
            to(&[C, F, I], Active, RESIGNED),
            to(&[], Standby, COUP),
            to(&[B], Listen, STANDBY_HIGHER),
            to(&[], Standby, "the other standby router gives way"),
        ],
        // Active: forwards.
        [
            to(&[], Active, RUNNING),
            to(&[], Active, RUNNING),
            to(&[C, D, H], Initial, DOWN),
            to(&[], Active, "is the active router itself"),
            to(&[], Active, "no standby router was heard for the hold time; goes on alone"),
            to(&[F], Active, HELLO_DUE),
            to(&[], Active, "speakers are not its matter"),
            to(&[A, B], Speak, "a higher-priority router is active"),
            to(&[G], Active, "answers the active router of lower priority"),
            to(&[G], Active, "answers the active router of lower priority"),
            to(&[], Active, "is the active router itself"),
            to(&[A, B, H], Speak, "a higher-priority router takes over"),
            to(&[B], Active, STANDBY_LIVES),
            to(&[B], Active, STANDBY_LIVES),
        ],
    ]
};
