//! Opcodes, and the state field of both versions.

use super::Version;
use crate::status::GroupState;

/// What a packet of a group says.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Opcode {
    /// "I run, in this state."
    Hello,
    /// "I take over from you."
    Coup,
    /// "I am active no longer."
    Resign,
}

impl Opcode {
    /// Opcode of an interface state advertisement, which is no packet of a group.
    pub(super) const ADVERTISE: u8 = 3;

    /// The number on the wire, the same in both versions.
    pub const fn number(self) -> u8 {
        match self {
            Opcode::Hello => 0,
            Opcode::Coup => 1,
            Opcode::Resign => 2,
        }
    }

    pub(super) const fn from_number(number: u8) -> Option<Opcode> {
        match number {
            0 => Some(Opcode::Hello),
            1 => Some(Opcode::Coup),
            2 => Some(Opcode::Resign),
            _ => None,
        }
    }
}

/// The state field of a version.
pub(super) const fn state_number(version: Version, state: GroupState) -> u8 {
    match (version, state) {
        (Version::V1, GroupState::Initial) => 0,
        (Version::V1, GroupState::Learn) => 1,
        (Version::V1, GroupState::Listen) => 2,
        (Version::V1, GroupState::Speak) => 4,
        (Version::V1, GroupState::Standby) => 8,
        (Version::V1, GroupState::Active) => 16,
        (Version::V2, GroupState::Initial) => 1,
        (Version::V2, GroupState::Learn) => 2,
        (Version::V2, GroupState::Listen) => 3,
        (Version::V2, GroupState::Speak) => 4,
        (Version::V2, GroupState::Standby) => 5,
        (Version::V2, GroupState::Active) => 6,
    }
}

/// The state a field says. Version 2's "disabled" (0) is [`GroupState::Initial`] too.
pub(super) const fn state_from_number(version: Version, number: u8) -> Option<GroupState> {
    match (version, number) {
        (Version::V1, 0) | (Version::V2, 0 | 1) => Some(GroupState::Initial),
        (Version::V1, 1) | (Version::V2, 2) => Some(GroupState::Learn),
        (Version::V1, 2) | (Version::V2, 3) => Some(GroupState::Listen),
        (Version::V1 | Version::V2, 4) => Some(GroupState::Speak),
        (Version::V1, 8) | (Version::V2, 5) => Some(GroupState::Standby),
        (Version::V1, 16) | (Version::V2, 6) => Some(GroupState::Active),
        _ => None,
    }
}
