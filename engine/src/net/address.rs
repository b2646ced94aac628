//! Which addresses can be one host's.

use core::net::IpAddr;

/// Whether `address` can be one host's on a network: neither "this network", loopback, a group nor reserved
/// (RFC 1122 section 3.2.1.3, RFC 6890), nor an IPv4 address in IPv6 clothes (RFC 4291 section 2.5.5.2), which has
/// no place on a wire.
#[inline]
pub const fn is_unicast(address: IpAddr) -> bool {
    match address {
        IpAddr::V4(v4) => {
            let first = v4.octets()[0];
            first != 0 && first != 127 && first < 224
        }
        IpAddr::V6(v6) => {
            !v6.is_multicast() && !v6.is_unspecified() && !v6.is_loopback() && v6.to_ipv4_mapped().is_none()
        }
    }
}
