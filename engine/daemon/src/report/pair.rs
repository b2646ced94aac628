//! The pair's states in the words and numbers that its reports share.

use holdfast_ha::status::{BoxRole, GroupState, LinkState, Status, SyncState};
use serde::Serializer;

/// A role in one word, as in JSON.
pub(crate) const fn role_word(role: BoxRole) -> &'static str {
    match role {
        BoxRole::Init => "init",
        BoxRole::Standby => "standby",
        BoxRole::TakingOver => "taking_over",
        BoxRole::Active => "active",
        BoxRole::HandingOver => "handing_over",
        BoxRole::Lingering => "lingering",
    }
}

/// A role in the middle of a sentence.
pub(crate) fn role_phrase(role: BoxRole) -> String {
    role_word(role).replace('_', " ")
}

/// A sync state in one word.
pub(crate) const fn sync_word(sync: SyncState) -> &'static str {
    match sync {
        SyncState::Cold => "cold",
        SyncState::Bulk => "bulk",
        SyncState::Hot => "hot",
    }
}

/// A link's state in one word.
pub(crate) const fn link_word(link: LinkState) -> &'static str {
    match link {
        LinkState::None => "none",
        LinkState::Down => "down",
        LinkState::Connecting => "connecting",
        LinkState::Up => "up",
    }
}

pub(crate) fn role<S: Serializer>(role: &BoxRole, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.serialize_str(role_word(*role))
}

pub(crate) fn sync<S: Serializer>(sync: &SyncState, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.serialize_str(sync_word(*sync))
}

pub(crate) fn link<S: Serializer>(link: &LinkState, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.serialize_str(link_word(*link))
}

pub(crate) fn group<S: Serializer>(state: &GroupState, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.serialize_str(state.name())
}

/// A state of IOS's redundancy facility: number and name.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct RfState {
    pub(crate) code: u8,
    pub(crate) name: &'static str,
}

const fn rf(code: u8, name: &'static str) -> RfState {
    RfState { code, name }
}

const DISABLED: RfState = rf(1, "DISABLED");
const INITIALIZATION: RfState = rf(2, "INITIALIZATION");
const NEGOTIATION: RfState = rf(3, "NEGOTIATION");
const STANDBY_COLD: RfState = rf(4, "STANDBY COLD");
const STANDBY_COLD_BULK: RfState = rf(7, "STANDBY COLD-BULK");
const STANDBY_HOT: RfState = rf(8, "STANDBY HOT");
const ACTIVE_FAST: RfState = rf(9, "ACTIVE-FAST");
const ACTIVE_DRAIN: RfState = rf(10, "ACTIVE-DRAIN");
const ACTIVE: RfState = rf(13, "ACTIVE");

/// A box in IOS's words. `vacant`: nobody is active as far as is known.
const fn rf_state(role: BoxRole, sync: SyncState, vacant: bool) -> RfState {
    match (role, sync) {
        (BoxRole::Init, _) => INITIALIZATION,
        (BoxRole::Standby, _) if vacant => NEGOTIATION,
        (BoxRole::Standby, SyncState::Cold) => STANDBY_COLD,
        (BoxRole::Standby, SyncState::Bulk) => STANDBY_COLD_BULK,
        (BoxRole::Standby, SyncState::Hot) => STANDBY_HOT,
        (BoxRole::TakingOver, _) => ACTIVE_FAST,
        (BoxRole::Active, _) => ACTIVE,
        (BoxRole::HandingOver | BoxRole::Lingering, _) => ACTIVE_DRAIN,
    }
}

/// Whether the peer is heard over the HA link now.
pub(crate) fn peer_is_heard(status: &Status) -> bool {
    status.peer.is_some() && status.link == LinkState::Up
}

/// This box and its peer in IOS's words.
pub(crate) fn rf_states(status: &Status) -> (RfState, RfState) {
    let peer = status.peer.as_ref().filter(|_| peer_is_heard(status));
    let in_office = |role| !matches!(role, BoxRole::Init | BoxRole::Standby);
    let vacant = status.groups.iter().all(|group| group.active_router.is_none())
        && !in_office(status.role)
        && !peer.is_some_and(|peer| in_office(peer.role));
    let mine = rf_state(status.role, status.sync, vacant);
    (mine, peer.map_or(DISABLED, |peer| rf_state(peer.role, peer.sync, vacant)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ios_numbers() {
        let code = |role, sync, vacant| rf_state(role, sync, vacant).code;
        assert_eq!(code(BoxRole::Init, SyncState::Hot, false), 2);
        assert_eq!(code(BoxRole::Standby, SyncState::Hot, true), 3);
        assert_eq!(code(BoxRole::Standby, SyncState::Cold, false), 4);
        assert_eq!(code(BoxRole::Standby, SyncState::Bulk, false), 7);
        assert_eq!(code(BoxRole::Standby, SyncState::Hot, false), 8);
        assert_eq!(code(BoxRole::TakingOver, SyncState::Hot, true), 9);
        assert_eq!(code(BoxRole::HandingOver, SyncState::Hot, false), 10);
        assert_eq!(code(BoxRole::Lingering, SyncState::Cold, false), 10);
        assert_eq!(code(BoxRole::Active, SyncState::Cold, true), 13);
    }
}
