//! Who is who in the standard topology.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

const fn v6(link: u16, host: u16) -> Ipv6Addr {
    Ipv6Addr::new(0xfd00, link, 0, 0, 0, 0, 0, host)
}

/// The client, inside.
pub const CLIENT: Ipv4Addr = Ipv4Addr::new(10, 0, 1, 5);
/// The client, inside, IPv6.
pub const CLIENT6: Ipv6Addr = v6(1, 5);
/// The box towards the client.
pub const BOX_INSIDE: Ipv4Addr = Ipv4Addr::new(10, 0, 1, 2);
/// The box towards the client, IPv6.
pub const BOX_INSIDE6: Ipv6Addr = v6(1, 2);
/// The box towards the server.
pub const BOX_OUTSIDE: Ipv4Addr = Ipv4Addr::new(10, 0, 2, 2);
/// The box towards the server, IPv6.
pub const BOX_OUTSIDE6: Ipv6Addr = v6(2, 2);
/// The server, outside.
pub const SERVER: Ipv4Addr = Ipv4Addr::new(10, 0, 2, 9);
/// The server, outside, IPv6.
pub const SERVER6: Ipv6Addr = v6(2, 9);

/// The server in both families, for tests that must hold in either.
pub const SERVERS: [IpAddr; 2] = [IpAddr::V4(SERVER), IpAddr::V6(SERVER6)];

/// `address` as it stands in a URL.
pub fn in_url(address: IpAddr) -> String {
    match address {
        IpAddr::V4(v4) => v4.to_string(),
        IpAddr::V6(v6) => format!("[{v6}]"),
    }
}
