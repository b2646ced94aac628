//! What a node is told at its start.

use core::net::Ipv4Addr;
use core::time::Duration;

use holdfast_engine::interface::PortId;
use holdfast_engine::replication::HaId;

use crate::heartbeat::ConfigHashes;
use crate::hsrp::GroupConfig;
use crate::link::LinkConfig;

/// A reason to lower a group's priority.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Track {
    /// While this port's link is down …
    pub port: PortId,
    /// … the priority is lower by this much.
    pub decrement: u8,
}

/// When a box that could be active takes the role from a living one (IOS `standby preempt`).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Preempt {
    /// Whether it ever does.
    pub enabled: bool,
    /// Time a member's link must have been up (`delay minimum`).
    pub delay: Duration,
    /// Time since the box started (`delay reload`).
    pub reload: Duration,
    /// From a router that is not the peer, too, only when every session of the peer is here (`delay sync`). From the
    /// peer itself the role is never taken before.
    pub sync: bool,
}

/// One interface of the box.
#[derive(Clone, Debug)]
pub struct MemberConfig {
    /// Its port.
    pub port: PortId,
    /// Its name, for events and alarms.
    pub name: String,
    /// Its number in the pair; 0 without a pair.
    pub ha_id: HaId,
    /// The box's own address there; unspecified when it has no IPv4 address.
    pub address: Ipv4Addr,
    /// Its HSRP group. The priority in it is the configured one.
    pub group: Option<GroupConfig>,
    /// Preemption, as configured with the group.
    pub preempt: Preempt,
    /// The group starts this long after its link came up (`standby delay minimum`).
    pub interface_delay: Duration,
    /// What lowers the group's priority.
    pub track: Vec<Track>,
}

/// A node's configuration.
#[derive(Clone, Debug)]
pub struct NodeConfig {
    /// The box's name.
    pub name: String,
    /// A number no other start of a box ever had.
    pub boot: u64,
    /// Every interface, by port.
    pub members: Vec<MemberConfig>,
    /// The HA link; `None` for HSRP without replication.
    pub link: Option<LinkConfig>,
    /// Time between heartbeats.
    pub heartbeat: Duration,
    /// Silence of the heartbeat after which the peer counts as dead.
    pub dead_after: Duration,
    /// What must be the same in both boxes.
    pub hashes: ConfigHashes,
}

impl NodeConfig {
    /// Shortest hold time of the groups: what a lease lasts, and what other times derive from. One second for a
    /// node without groups.
    pub fn hold(&self) -> Duration {
        let holds = self.members.iter().filter_map(|m| m.group.as_ref()).map(|g| g.hold);
        holds.min().unwrap_or(Duration::from_secs(1))
    }

    /// Longest hold time of the groups.
    pub fn hold_max(&self) -> Duration {
        let holds = self.members.iter().filter_map(|m| m.group.as_ref()).map(|g| g.hold);
        holds.max().unwrap_or(Duration::from_secs(1))
    }
}
