//! Events of the state machine, and which of them a packet is.

use core::net::Ipv4Addr;

use super::wire::{Opcode, Packet};
use crate::status::GroupState;

/// An event of RFC 2281 section 5.3, by its letter there. Where the RFC's table depends on the configuration (the
/// address known or not, preemption on or off) there is an event for each case, so that the table decides alone.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[repr(u8)]
pub enum Event {
    /// a: configured and up, the virtual address known.
    UpAddressed = 0,
    /// a: configured and up, the virtual address to be learned.
    UpUnaddressed,
    /// b: disabled or down.
    Down,
    /// c: the active timer ran out.
    ActiveTimer,
    /// d: the standby timer ran out.
    StandbyTimer,
    /// e: time for a Hello.
    HelloTimer,
    /// f: Hello of a higher-priority router in Speak.
    HigherSpeak,
    /// g: Hello of a higher-priority router in Active.
    HigherActive,
    /// h: Hello of a lower-priority router in Active, this one does not preempt.
    LowerActive,
    /// h: Hello of a lower-priority router in Active, this one preempts.
    LowerActivePreempt,
    /// i: Resign of the active router.
    Resign,
    /// j: Coup of a higher-priority router.
    Coup,
    /// k: Hello of a higher-priority router in Standby.
    HigherStandby,
    /// l: Hello of a lower-priority router in Standby.
    LowerStandby,
}

impl Event {
    /// Number of events.
    pub const COUNT: usize = 14;

    /// All of them, in the order of the table's columns.
    pub const ALL: [Event; Event::COUNT] = [
        Event::UpAddressed,
        Event::UpUnaddressed,
        Event::Down,
        Event::ActiveTimer,
        Event::StandbyTimer,
        Event::HelloTimer,
        Event::HigherSpeak,
        Event::HigherActive,
        Event::LowerActive,
        Event::LowerActivePreempt,
        Event::Resign,
        Event::Coup,
        Event::HigherStandby,
        Event::LowerStandby,
    ];
}

/// What is compared in an election: priority first, then the interface address, unsigned.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Rank {
    /// Priority.
    pub priority: u8,
    /// Interface address.
    pub address: Ipv4Addr,
}

/// The event that a believed packet from `theirs` is to a router of rank `ours`; `None` when it is none. The opcode
/// decides before the state field is looked at: a Resign of `known_active` is one whatever state it names.
pub fn classify(
    packet: &Packet,
    theirs: Rank,
    ours: Rank,
    known_active: Option<Ipv4Addr>,
    preempt: bool,
) -> Option<Event> {
    let higher = theirs > ours;
    match packet.opcode {
        Opcode::Resign => (known_active == Some(theirs.address)).then_some(Event::Resign),
        Opcode::Coup => higher.then_some(Event::Coup),
        Opcode::Hello => match (packet.state?, higher) {
            (GroupState::Active, true) => Some(Event::HigherActive),
            (GroupState::Active, false) if preempt => Some(Event::LowerActivePreempt),
            (GroupState::Active, false) => Some(Event::LowerActive),
            (GroupState::Standby, true) => Some(Event::HigherStandby),
            (GroupState::Standby, false) => Some(Event::LowerStandby),
            (GroupState::Speak, true) => Some(Event::HigherSpeak),
            (GroupState::Speak, false) => None,
            (GroupState::Initial | GroupState::Learn | GroupState::Listen, _) => None,
        },
    }
}
