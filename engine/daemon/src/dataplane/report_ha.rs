//! What the console asks of the pair: the HA core's status, and orders to it.

use holdfast_engine::session::Snapshot;
use holdfast_ha::node::{Command, DebugTopic};
use holdfast_ha::status::Status;

use super::appliance::Appliance;
use super::ha::HaHandle;
use crate::console::{ControlError, HaCleared, may_clear_sessions, may_switch_over, what_clear_does};

impl HaHandle {
    fn status(&self) -> Result<Status, ControlError> {
        self.ask(|core| core.status())
    }

    /// Gives a command. The console has looked whether the state allows it, and the node looks again, since the state
    /// may have changed meanwhile.
    fn order(&self, command: Command) -> Result<(), ControlError> {
        self.ask(move |core| core.command(command))?.map_err(ControlError::Refused)
    }

    fn debug(&self, topic: DebugTopic, on: bool) -> Result<(), ControlError> {
        self.ask(move |core| core.node.set_debug(topic, on))
    }
}

/// Which session of its flow a session is.
pub(super) fn birth(session: &Snapshot) -> u32 {
    session.details.birth.0
}

impl Appliance {
    fn ha_or_error(&self) -> Result<&HaHandle, ControlError> {
        self.ha.as_ref().ok_or(ControlError::NoPair)
    }

    /// Everything the HA core tells of itself.
    pub(super) fn report_ha_status(&self) -> Result<Status, ControlError> {
        self.ha_or_error()?.status()
    }

    /// `redundancy force-switchover`.
    pub(super) fn order_switchover(&self) -> Result<(), ControlError> {
        let ha = self.ha_or_error()?;
        may_switch_over(&ha.status()?)?;
        ha.order(Command::ForceSwitchover)
    }

    /// Whether sessions may be ended here; always on a single firewall.
    pub(super) fn may_end_sessions(&self) -> Result<(), ControlError> {
        self.ha.as_ref().map_or(Ok(()), |ha| may_clear_sessions(&ha.status()?))
    }

    /// `clear ip inspect ha`.
    pub(super) fn order_start_over(&self) -> Result<HaCleared, ControlError> {
        let ha = self.ha_or_error()?;
        let cleared = what_clear_does(&ha.status()?)?;
        ha.order(Command::ClearHa).map(|()| cleared)
    }

    /// `debug standby|redundancy|ip inspect ha`.
    pub(super) fn order_debug(&self, topic: DebugTopic, on: bool) -> Result<(), ControlError> {
        self.ha_or_error()?.debug(topic, on)
    }

    /// The pair's part of `undebug all`; a single firewall has none.
    pub(super) fn end_ha_debug(&self) -> Result<(), ControlError> {
        let Some(ha) = &self.ha else { return Ok(()) };
        DebugTopic::ALL.into_iter().try_for_each(|topic| ha.debug(topic, false))
    }
}
