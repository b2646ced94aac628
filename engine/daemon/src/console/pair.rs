//! The pair's commands: what they may do in which state, and what they say.

use holdfast_ha::status::{BoxRole, LinkState, Status, SyncState};

use super::control::{Control, ControlError};
use super::grammar::Arguments;
use crate::report::{
    Format, HaSessions, HaSessionsDetail, HaStatistics, Redundancy, SESSIONS_SHOWN_MAX, Standby,
    StandbyBrief, peer_is_heard, render,
};

pub use holdfast_ha::node::DebugTopic;

/// What `clear ip inspect ha` did.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum HaCleared {
    /// This box is standby: it drops its copy and has asked the peer for a complete one.
    Here {
        /// Sessions in the copy.
        sessions: u64,
    },
    /// This box is active: it has told the peer to drop its copy and ask for a complete one.
    Peer {
        /// Sessions in the peer's copy.
        sessions: u64,
    },
}

/// What stands against a switchover, in the few words that `show redundancy states` has room for.
fn in_short(error: &ControlError) -> &'static str {
    match error {
        ControlError::NotActive { .. } => "this box is not active",
        ControlError::NoPeer => "the peer is not heard",
        ControlError::PeerNotStandby { .. } => "the peer is not standby",
        ControlError::PeerNotHot { .. } => "the peer does not hold every session yet",
        ControlError::PeerUnfit { .. } => "the peer has fewer working interfaces or workers",
        ControlError::SwitchoverUnderWay => "a switchover is under way",
        _ => "there is no HA link",
    }
}

/// Who has the role that this box lacks.
pub(super) fn peer_or_other(peer: &Option<String>) -> String {
    peer.as_ref().map_or_else(|| "the one that is".to_owned(), |name| format!("\"{name}\""))
}

/// Whether `redundancy force-switchover` may begin: this box is active, and the peer holds every session and is in
/// line.
///
/// # Errors
/// What stands against it.
pub fn may_switch_over(status: &Status) -> Result<(), ControlError> {
    may_order(status)?;
    if status.role != BoxRole::Active {
        return Err(ControlError::NotActive { role: status.role, peer: active_peer(status) });
    }
    let peer = status.peer.as_ref().filter(|_| peer_is_heard(status)).ok_or(ControlError::NoPeer)?;
    if peer.role != BoxRole::Standby {
        return Err(ControlError::PeerNotStandby { peer: peer.name.clone(), role: peer.role });
    }
    // While active, `sync` is how far the peer is, as this box knows it; the peer's own word may be older.
    if status.sync != SyncState::Hot {
        return Err(ControlError::PeerNotHot { peer: peer.name.clone(), sync: status.sync });
    }
    if !peer.fit {
        return Err(ControlError::PeerUnfit { peer: peer.name.clone() });
    }
    Ok(())
}

/// Whether `clear ip inspect sessions` may end sessions: on a standby it would only make holes in the copy, which
/// the next switchover would turn into broken connections.
///
/// # Errors
/// Who has to be asked instead.
pub fn may_clear_sessions(status: &Status) -> Result<(), ControlError> {
    match (status.link, status.role) {
        // Plain HSRP: there is no copy.
        (LinkState::None, _) | (_, BoxRole::Active | BoxRole::TakingOver) => Ok(()),
        (_, BoxRole::HandingOver | BoxRole::Lingering) => Err(ControlError::SwitchoverUnderWay),
        (_, role) => Err(ControlError::NotActive { role, peer: active_peer(status) }),
    }
}

/// The peer's name where it is active.
fn active_peer(status: &Status) -> Option<String> {
    let peer = status.peer.as_ref().filter(|_| peer_is_heard(status))?;
    (peer.role == BoxRole::Active).then(|| peer.name.clone())
}

/// What `clear ip inspect ha` does in this state.
///
/// # Errors
/// What stands against it.
pub fn what_clear_does(status: &Status) -> Result<HaCleared, ControlError> {
    may_order(status)?;
    let peer = status.peer.as_ref().filter(|_| peer_is_heard(status)).ok_or(ControlError::NoPeer)?;
    match (status.role, peer.role) {
        (BoxRole::Active, BoxRole::Standby) => Ok(HaCleared::Peer { sessions: peer.sessions }),
        (BoxRole::Active, role) => Err(ControlError::PeerNotStandby { peer: peer.name.clone(), role }),
        // Without an active box there is nobody to copy from.
        (_, BoxRole::Active) => Ok(HaCleared::Here { sessions: status.sessions }),
        (role, _) => Err(ControlError::NotActive { role, peer: None }),
    }
}

/// Orders wait until a switchover is over, and need a link.
fn may_order(status: &Status) -> Result<(), ControlError> {
    match (status.link, status.role) {
        (LinkState::None, _) => Err(ControlError::NoHaLink),
        (_, BoxRole::TakingOver | BoxRole::HandingOver | BoxRole::Lingering) => {
            Err(ControlError::SwitchoverUnderWay)
        }
        _ => Ok(()),
    }
}

type Shown = Result<String, ControlError>;

pub(super) fn standby(control: &mut dyn Control, _: &Arguments, format: Format) -> Shown {
    Ok(render(&Standby::new(&control.ha_status()?, &control.interface_names()), format))
}

pub(super) fn standby_brief(control: &mut dyn Control, _: &Arguments, format: Format) -> Shown {
    let standby = Standby::new(&control.ha_status()?, &control.interface_names());
    Ok(render(&StandbyBrief(standby), format))
}

pub(super) fn redundancy(control: &mut dyn Control, _: &Arguments, format: Format) -> Shown {
    let status = control.ha_status()?;
    let obstacle = may_switch_over(&status).err().map(|error| in_short(&error));
    Ok(render(&Redundancy::new(&status, obstacle), format))
}

pub(super) fn ha_statistics(control: &mut dyn Control, _: &Arguments, format: Format) -> Shown {
    Ok(render(&HaStatistics::from(&control.ha_status()?), format))
}

fn sessions_of(control: &mut dyn Control) -> Result<HaSessions, ControlError> {
    let role = control.ha_status()?.role;
    Ok(HaSessions::new(control.sessions(SESSIONS_SHOWN_MAX)?, role))
}

pub(super) fn ha_sessions(control: &mut dyn Control, _: &Arguments, format: Format) -> Shown {
    Ok(render(&sessions_of(control)?, format))
}

pub(super) fn ha_sessions_detail(control: &mut dyn Control, _: &Arguments, format: Format) -> Shown {
    Ok(render(&HaSessionsDetail(sessions_of(control)?), format))
}

pub(super) fn clear_ha(control: &mut dyn Control, _: &Arguments) -> Shown {
    Ok(match control.clear_ha()? {
        HaCleared::Here { sessions } => {
            format!("Copy of {sessions} sessions thrown away, a complete one asked for\n")
        }
        HaCleared::Peer { sessions } => {
            format!("Peer told to throw its copy of {sessions} sessions away and ask for a complete one\n")
        }
    })
}

pub(super) fn force_switchover(control: &mut dyn Control, _: &Arguments) -> Shown {
    control.force_switchover()?;
    Ok("Switchover begun; `show redundancy states` shows when it is over\n".to_owned())
}

fn debug(control: &mut dyn Control, topic: DebugTopic, on: bool) -> Shown {
    control.set_ha_debug(topic, on)?;
    let name = topic.name();
    Ok(match on {
        true => format!("{name} debugging is on; it goes to the log (`show logging | include {name}:`)\n"),
        false => format!("{name} debugging is off\n"),
    })
}

pub(super) fn debug_standby(control: &mut dyn Control, _: &Arguments) -> Shown {
    debug(control, DebugTopic::Standby, true)
}

pub(super) fn debug_redundancy(control: &mut dyn Control, _: &Arguments) -> Shown {
    debug(control, DebugTopic::Redundancy, true)
}

pub(super) fn debug_inspect_ha(control: &mut dyn Control, _: &Arguments) -> Shown {
    debug(control, DebugTopic::InspectHa, true)
}

pub(super) fn undebug_standby(control: &mut dyn Control, _: &Arguments) -> Shown {
    debug(control, DebugTopic::Standby, false)
}

pub(super) fn undebug_redundancy(control: &mut dyn Control, _: &Arguments) -> Shown {
    debug(control, DebugTopic::Redundancy, false)
}

pub(super) fn undebug_inspect_ha(control: &mut dyn Control, _: &Arguments) -> Shown {
    debug(control, DebugTopic::InspectHa, false)
}
