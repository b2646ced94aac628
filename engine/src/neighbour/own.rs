//! Which addresses the box answers for, and with which MAC.

use core::net::IpAddr;

use crate::interface::{Interface, Mac};

/// Addresses the box owns just now, the virtual ones of a pair's active box included.
pub trait OwnAddresses {
    /// The MAC with which the box answers for `address` on `interface`; `None` when the address is not ours.
    fn mac_for(&self, interface: &Interface, address: IpAddr) -> Option<Mac>;
}

/// Only the configured and link-local addresses of the interface itself.
#[derive(Clone, Copy, Debug, Default)]
pub struct InterfaceAddresses;

impl OwnAddresses for InterfaceAddresses {
    fn mac_for(&self, interface: &Interface, address: IpAddr) -> Option<Mac> {
        interface.owns(address).then_some(interface.mac)
    }
}

impl<F: Fn(&Interface, IpAddr) -> Option<Mac>> OwnAddresses for F {
    fn mac_for(&self, interface: &Interface, address: IpAddr) -> Option<Mac> {
        self(interface, address)
    }
}
