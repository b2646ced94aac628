//! What the box may do just now: the role it was told, unless its lease is over, and the virtual addresses that go
//! with it.

use core::net::IpAddr;

use hashbrown::HashMap;

use crate::config::VirtualRouter;
use crate::interface::{Interface, Mac, PortId};
use crate::neighbour::OwnAddresses;
use crate::role::Role;
use crate::time::Tick;

/// Role, lease, and what the active box answers for.
pub(super) struct Duty {
    /// The role of the last order.
    ordered: Role,
    /// Without a lease no order counts (`role::Lease`).
    lease_holds: bool,
    /// What follows from both.
    in_force: Role,
    /// Until when sessions from the peer have slack; `None` when none have.
    pub(super) slack_until: Option<Tick>,
    /// Virtual addresses of all ports.
    by_address: HashMap<IpAddr, (PortId, Mac)>,
}

impl Duty {
    /// The duty of a single firewall.
    pub(super) fn new(routers: &[VirtualRouter]) -> Duty {
        let addresses =
            routers.iter().flat_map(|r| r.addresses.iter().map(|&address| (address, (r.port, r.mac))));
        Duty {
            ordered: Role::Active,
            lease_holds: true,
            in_force: Role::Active,
            slack_until: None,
            by_address: addresses.collect(),
        }
    }

    /// The role that counts.
    #[inline]
    pub(super) fn in_force(&self) -> Role {
        self.in_force
    }

    /// The role of the last order.
    pub(super) fn ordered(&self) -> Role {
        self.ordered
    }

    /// Whether orders count.
    #[inline]
    pub(super) fn lease_holds(&self) -> bool {
        self.lease_holds
    }

    pub(super) fn order(&mut self, role: Role) {
        self.ordered = role;
        self.settle();
    }

    pub(super) fn set_lease_holds(&mut self, holds: bool) {
        self.lease_holds = holds;
        self.settle();
    }

    fn settle(&mut self) {
        self.in_force = if self.lease_holds { self.ordered } else { Role::Standby };
    }

    /// Whether `address` is a virtual one that the box answers for now.
    #[inline]
    pub(super) fn owns(&self, address: IpAddr) -> bool {
        self.in_force.is_active() && self.by_address.contains_key(&address)
    }

    /// The MAC with which the box answers now for a virtual address of `port`.
    pub(super) fn virtual_mac(&self, port: PortId, address: IpAddr) -> Option<Mac> {
        let &(at, mac) = self.by_address.get(&address)?;
        (self.in_force.is_active() && at == port).then_some(mac)
    }
}

impl OwnAddresses for Duty {
    fn mac_for(&self, interface: &Interface, address: IpAddr) -> Option<Mac> {
        if interface.owns(address) {
            return Some(interface.mac);
        }
        self.virtual_mac(interface.port, address)
    }
}
