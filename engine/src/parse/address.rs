//! Addresses that a first packet must not carry (RFC 1122, RFC 1812 section 5.3.7, RFC 6890, RFC 4291).

use core::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use crate::drop_reason::DropReason;
use crate::net::address::is_unicast;

/// How far a packet with acceptable addresses may go.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum AddressCheck {
    /// Anywhere.
    Global,
    /// Not beyond its link (link-local source or destination).
    LinkOnly,
    /// To a group or broadcast address: for the box itself or for nobody.
    Group,
}

/// Judges source and destination of a packet that has no session.
///
/// # Errors
/// [`DropReason::Martian`] or [`DropReason::Land`].
pub fn check_addresses(source: IpAddr, destination: IpAddr) -> Result<AddressCheck, DropReason> {
    if source == destination {
        return Err(DropReason::Land);
    }
    let (destination_ok, check) = match (source, destination) {
        (IpAddr::V4(s), IpAddr::V4(d)) => (destination4(d), reach4(s, d)),
        (IpAddr::V6(s), IpAddr::V6(d)) => (destination6(d), reach6(s, d)),
        _ => return Err(DropReason::Martian),
    };
    if is_unicast(source) && destination_ok { Ok(check) } else { Err(DropReason::Martian) }
}

const fn destination4(a: Ipv4Addr) -> bool {
    let first = a.octets()[0];
    first != 0 && first != 127 && (first < 240 || a.is_broadcast())
}

const fn reach4(s: Ipv4Addr, d: Ipv4Addr) -> AddressCheck {
    if d.is_multicast() || d.is_broadcast() {
        AddressCheck::Group
    } else if s.is_link_local() || d.is_link_local() {
        AddressCheck::LinkOnly
    } else {
        AddressCheck::Global
    }
}

const fn destination6(a: Ipv6Addr) -> bool {
    !a.is_unspecified() && !a.is_loopback() && a.to_ipv4_mapped().is_none()
}

const fn reach6(s: Ipv6Addr, d: Ipv6Addr) -> AddressCheck {
    if d.is_multicast() {
        AddressCheck::Group
    } else if s.is_unicast_link_local() || d.is_unicast_link_local() {
        AddressCheck::LinkOnly
    } else {
        AddressCheck::Global
    }
}
