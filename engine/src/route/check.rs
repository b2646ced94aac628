//! From interfaces and configuration to routes, with everything checked on the way.

use core::net::{IpAddr, Ipv6Addr};

use ipnet::IpNet;

use super::error::RouteError;
use super::on_link::{is_on_link, network};
use super::table::{Route, RouteKind, StaticRoute, Target};
use crate::drop_reason::DropReason;
use crate::interface::Interface;

/// Destinations that no router forwards, whatever its routes say (RFC 6890, RFC 4291 section 2.5.6).
pub(super) fn never_routed(destination: IpAddr) -> Option<DropReason> {
    match destination {
        IpAddr::V4(a) if a.is_multicast() || a.is_broadcast() => Some(DropReason::MulticastUnserved),
        IpAddr::V4(a) => {
            let first = a.octets()[0];
            let martian = first == 0 || first >= 240 || a.is_loopback() || a.is_link_local();
            martian.then_some(DropReason::Martian)
        }
        IpAddr::V6(a) if a.is_multicast() => Some(DropReason::MulticastUnserved),
        IpAddr::V6(a) => {
            let martian = a == Ipv6Addr::UNSPECIFIED
                || a.is_loopback()
                || a.is_unicast_link_local()
                || a.to_ipv4_mapped().is_some();
            martian.then_some(DropReason::Martian)
        }
    }
}

/// Connected and local routes of all interfaces.
pub(super) fn interface_routes(interfaces: &[Interface]) -> Result<Vec<Route>, RouteError> {
    let mut routes: Vec<Route> = Vec::new();
    for interface in interfaces {
        let port = interface.port;
        for address in &interface.addresses {
            let bad = || RouteError::PrefixLength {
                interface: interface.name.clone(),
                address: address.address,
                prefix_len: address.prefix_len,
            };
            let connected = network(address).ok_or_else(bad)?;
            let local = IpNet::from(address.address);
            routes.push(Route { prefix: local, kind: RouteKind::Local { port } });
            let route = Route { prefix: connected, kind: RouteKind::Connected { port } };
            // A host prefix is its own network; a second address in a network adds no second route.
            if connected != local && !routes.contains(&route) {
                routes.push(route);
            }
        }
    }
    Ok(routes)
}

/// A configured route with its port found.
pub(super) fn checked(interfaces: &[Interface], route: &StaticRoute) -> Result<Route, RouteError> {
    let prefix = route.prefix;
    if prefix.trunc() != prefix {
        return Err(RouteError::HostBits { prefix, truncated: prefix.trunc() });
    }
    if prefix.prefix_len() > 0 && never_routed(prefix.network()).is_some() && prefix.addr() != zero(prefix) {
        return Err(RouteError::NotRoutable { prefix });
    }
    let Target::Via { gateway, port } = route.target else {
        return Ok(Route { prefix, kind: RouteKind::Blackhole });
    };
    if prefix.addr().is_ipv4() != gateway.is_ipv4() {
        return Err(RouteError::FamilyMismatch { prefix, gateway });
    }
    if interfaces.iter().any(|interface| interface.owns(gateway)) {
        return Err(RouteError::GatewayIsOurs { prefix, gateway });
    }
    if port.is_none() && matches!(gateway, IpAddr::V6(v6) if v6.is_unicast_link_local()) {
        return Err(RouteError::GatewayNeedsPort { prefix, gateway });
    }
    // Of nested connected networks the longest has the gateway, as the look-up itself would say.
    let reaches = |i: &&Interface| port.is_none_or(|port| port == i.port) && is_on_link(i, gateway);
    let closest = |i: &&Interface| {
        let containing = i.addresses.iter().filter_map(network).filter(|net| net.contains(&gateway));
        containing.map(|net| net.prefix_len()).max()
    };
    let interface = interfaces.iter().filter(reaches).max_by_key(closest);
    let port = interface.ok_or(RouteError::GatewayNotConnected { prefix, gateway })?.port;
    Ok(Route { prefix, kind: RouteKind::Static { gateway, port } })
}

/// The all-zero address of a prefix's family: prefixes such as 0.0.0.0/1 begin with it and are routable.
fn zero(prefix: IpNet) -> IpAddr {
    match prefix {
        IpNet::V4(_) => core::net::Ipv4Addr::UNSPECIFIED.into(),
        IpNet::V6(_) => Ipv6Addr::UNSPECIFIED.into(),
    }
}
