//! What the console asks of the pair: the HA core's status, and orders to it.

use holdfast_engine::session::Snapshot;
use holdfast_ha::status::Status;

use super::appliance::Appliance;
use crate::console::{ControlError, DebugTopic, HaCleared, may_switch_over, what_clear_does};

/// What the console orders of the HA core. It has decided already that the state allows it, and the HA core decides
/// again, since the state may have changed meanwhile.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum HaOrder {
    /// Hand over to the peer.
    ForceSwitchover,
    /// Throw the copy away and ask for a complete one: oneself when standby, the peer when active.
    StartOver,
    /// Log about a topic, or no longer.
    Debug(DebugTopic, bool),
}

// HOOK: everything between here and the next HOOK is to be replaced when the HA core's thread is there. `HaHandle`
// becomes its end for the control thread (a field of `Appliance`), `ha` returns it, `birth` reads the session's.

/// The HA core as the control thread reaches it; there is none yet.
pub enum HaHandle {}

impl HaHandle {
    fn status(&self) -> Result<Status, ControlError> {
        match *self {}
    }

    fn order(&self, _: HaOrder) -> Result<(), ControlError> {
        match *self {}
    }
}

/// Which session of its flow a session is.
pub(super) fn birth(_: &Snapshot) -> u32 {
    0
}

impl Appliance {
    fn ha(&self) -> Option<&HaHandle> {
        None
    }
}

// HOOK: end.

impl Appliance {
    fn ha_or_error(&self) -> Result<&HaHandle, ControlError> {
        self.ha().ok_or(ControlError::NoPair)
    }

    /// Everything the HA core tells of itself.
    pub(super) fn report_ha_status(&self) -> Result<Status, ControlError> {
        self.ha_or_error()?.status()
    }

    /// `redundancy force-switchover`.
    pub(super) fn order_switchover(&self) -> Result<(), ControlError> {
        let ha = self.ha_or_error()?;
        may_switch_over(&ha.status()?)?;
        ha.order(HaOrder::ForceSwitchover)
    }

    /// `clear ip inspect ha`.
    pub(super) fn order_start_over(&self) -> Result<HaCleared, ControlError> {
        let ha = self.ha_or_error()?;
        let cleared = what_clear_does(&ha.status()?)?;
        ha.order(HaOrder::StartOver).map(|()| cleared)
    }

    /// `debug standby|redundancy|ip inspect ha`.
    pub(super) fn order_debug(&self, topic: DebugTopic, on: bool) -> Result<(), ControlError> {
        self.ha_or_error()?.order(HaOrder::Debug(topic, on))
    }

    /// The pair's part of `undebug all`; a single firewall has none.
    pub(super) fn end_ha_debug(&self) -> Result<(), ControlError> {
        let Some(ha) = self.ha() else { return Ok(()) };
        DebugTopic::ALL.into_iter().try_for_each(|topic| ha.order(HaOrder::Debug(topic, false)))
    }
}
