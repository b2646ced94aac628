//! What is configured of a group.

use core::net::Ipv4Addr;
use core::time::Duration;

use holdfast_engine::interface::{Mac, PortId};

use super::{Authentication, Version};

/// One group on one interface. Ranges are checked where the configuration is read.
#[derive(Clone, Debug)]
pub struct GroupConfig {
    /// The interface's port.
    pub port: PortId,
    /// The interface's own MAC.
    pub interface_mac: Mac,
    /// The interface's own address, from which packets are sent; no virtual one.
    pub address: Ipv4Addr,
    /// Group number, at most [`Version::group_max`].
    pub group: u16,
    /// Version.
    pub version: Version,
    /// Virtual addresses; the first is the one on the wire. Empty: learned from the active router.
    pub virtual_addresses: Vec<Ipv4Addr>,
    /// Priority.
    pub priority: u8,
    /// Whether an active router of lower priority is replaced.
    pub preempt: bool,
    /// Time between hellos, while the active router does not say otherwise.
    pub hello: Duration,
    /// How long a Hello holds, at least three times `hello`.
    pub hold: Duration,
    /// Authentication.
    pub authentication: Authentication,
}
