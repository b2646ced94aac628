//! A member interface of a box, as its heartbeat tells it.

use core::net::Ipv4Addr;

use holdfast_engine::replication::HaId;

/// Most members a heartbeat names: every port a box may have.
pub const MEMBERS_MAX: usize = holdfast_engine::interface::PORTS_MAX;

/// One interface of the pair; with a group unless `group` is `None`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Member {
    /// Which interface, by the number both boxes use.
    pub ha_id: HaId,
    /// Its link is up, and the delay after it came up is over.
    pub link_up: bool,
    /// The sender's own address there; hellos come from it.
    pub address: Ipv4Addr,
    /// HSRP version and group.
    pub group: Option<(u8, u16)>,
    /// The virtual address; unspecified when there is none.
    pub virtual_address: Ipv4Addr,
}
