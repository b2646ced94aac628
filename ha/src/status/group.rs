//! One HSRP group.

use core::net::Ipv4Addr;
use core::time::Duration;

use holdfast_engine::interface::{Mac, PortId};

use super::GroupState;

/// One group, for `show standby`.
#[derive(Clone, Debug)]
pub struct GroupStatus {
    /// Its port.
    pub port: PortId,
    /// Group number.
    pub group: u16,
    /// HSRP version, 1 or 2.
    pub version: u8,
    /// State.
    pub state: GroupState,
    /// Priority in force, tracking included.
    pub priority: u8,
    /// Priority as configured.
    pub priority_configured: u8,
    /// Whether it preempts.
    pub preempt: bool,
    /// Virtual addresses; the first is the one on the wire.
    pub virtual_addresses: Vec<Ipv4Addr>,
    /// Virtual MAC.
    pub virtual_mac: Mac,
    /// The active router's address; the box's own when it is active.
    pub active_router: Option<Ipv4Addr>,
    /// The active router's priority.
    pub active_priority: Option<u8>,
    /// The standby router's address; the box's own when it is standby.
    pub standby_router: Option<Ipv4Addr>,
    /// Hello time in force.
    pub hello: Duration,
    /// Hold time in force.
    pub hold: Duration,
    /// Time until the next hello; `None` when none is sent in this state.
    pub next_hello_in: Option<Duration>,
    /// `none`, `text` or `md5`.
    pub authentication: &'static str,
    /// Times the state changed.
    pub state_changes: u32,
    /// Time since it last did.
    pub last_change: Duration,
    /// What the last change was for.
    pub last_change_why: &'static str,
    /// Packets sent, by opcode: hello, coup, resign.
    pub sent: [u64; 3],
    /// Packets received and believed, by opcode: hello, coup, resign, advertise.
    pub received: [u64; 4],
    /// Packets whose authentication failed.
    pub authentication_failures: u64,
    /// Packets that no HSRP speaker sends, or of another group or version.
    pub malformed: u64,
}
