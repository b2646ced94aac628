//! What a router takes over from the active router's Hello.
//!
//! Timers below a second are not learned, as on the routers this must work with. Version 1 cannot even say them: its
//! fields are whole seconds, written rounded up ([`wire`](super::wire)). So a group of version 1 that is itself
//! configured with sub-second timers learns none at all: what it hears from its like is "1 s" where 250 ms are meant.

use core::net::Ipv4Addr;
use core::time::Duration;

use super::Version;
use super::timers::Times;
use super::wire::Packet;

/// Shortest time that is learned.
const LEARNED_MIN: Duration = Duration::from_secs(1);

/// Longest hold time that is learned, the longest version 1 can say: whoever may speak at all shall not be able to
/// keep a group waiting for weeks.
const LEARNED_HOLD_MAX: Duration = Duration::from_secs(255);

/// The timers to use, having heard `packet` of the active router: its own, if they are fit to be learned, else those
/// configured.
pub(super) fn times(packet: &Packet, configured: Times) -> Times {
    let sub_second = configured.hello < LEARNED_MIN || configured.hold < LEARNED_MIN;
    let learnable = packet.hello >= LEARNED_MIN
        && packet.hold > packet.hello
        && packet.hold <= LEARNED_HOLD_MAX
        && !(packet.version == Version::V1 && sub_second);
    if learnable { Times { hello: packet.hello, hold: packet.hold } } else { configured }
}

/// Whether `address` can be a router's: a host's address, not one of many, none, or this machine.
pub(super) const fn is_host(address: Ipv4Addr) -> bool {
    !(address.is_unspecified() || address.is_multicast() || address.is_broadcast() || address.is_loopback())
}
