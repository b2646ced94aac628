//! Which addresses are on an interface's own networks.

use core::net::{IpAddr, Ipv4Addr};

use ipnet::IpNet;

use crate::interface::{Interface, InterfaceAddress};

/// The connected network of an interface address; `None` when the prefix length is impossible.
pub fn network(address: &InterfaceAddress) -> Option<IpNet> {
    IpNet::new(address.address, address.prefix_len).ok().map(|net| net.trunc())
}

/// Whether `address` can be a host on the interface's link: in a connected network and neither its network nor
/// its broadcast address, or, where IPv6 runs, link-local.
pub fn is_on_link(interface: &Interface, address: IpAddr) -> bool {
    if let IpAddr::V6(v6) = address
        && v6.is_unicast_link_local()
    {
        return interface.has_ipv6();
    }
    let in_network = |net: IpNet| net.contains(&address) && !is_network_or_broadcast(&net, address);
    interface.addresses.iter().filter_map(network).any(in_network)
}

/// Whether `address` is the first or the last of an IPv4 network that has such (RFC 3021: /31 and /32 have not).
pub fn is_network_or_broadcast(net: &IpNet, address: IpAddr) -> bool {
    match (net, address) {
        (IpNet::V4(net), IpAddr::V4(address)) if net.prefix_len() < 31 => {
            address == net.network() || address == net.broadcast()
        }
        _ => false,
    }
}

/// Our address to speak to `target` with: the one on the same network, link-local to link-local, else the first.
/// `None` when the interface has none of that family.
pub fn source_for(interface: &Interface, target: IpAddr) -> Option<IpAddr> {
    match target {
        IpAddr::V6(v6) if v6.is_unicast_link_local() => {
            return interface.has_ipv6().then(|| interface.mac.link_local().into());
        }
        _ => {}
    }
    let same_network = |a: &&InterfaceAddress| network(a).is_some_and(|net| net.contains(&target));
    if let Some(found) = interface.addresses.iter().find(same_network) {
        return Some(found.address);
    }
    match target {
        IpAddr::V4(_) => interface.ipv4().map(Ipv4Addr::into),
        IpAddr::V6(_) => interface.has_ipv6().then(|| interface.ipv6().into()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::interface::{Mac, PortId, ZoneId};

    fn interface(addresses: &[(&str, u8)]) -> Interface {
        Interface {
            port: PortId(0),
            name: "inside".into(),
            mac: Mac([2, 0, 0, 0, 0, 1]),
            mtu: 1500,
            vlan: None,
            zone: ZoneId(1),
            ha_id: None,
            addresses: addresses
                .iter()
                .map(|&(a, prefix_len)| InterfaceAddress { address: a.parse().unwrap(), prefix_len })
                .collect(),
        }
    }

    fn ip(text: &str) -> IpAddr {
        text.parse().unwrap()
    }

    #[test]
    fn hosts_of_connected_networks_are_on_link() {
        let i = interface(&[("10.0.1.2", 24), ("10.9.0.0", 31), ("fd00:1::2", 64)]);
        for on in ["10.0.1.1", "10.0.1.254", "10.9.0.0", "10.9.0.1", "fd00:1::99", "fe80::1"] {
            assert!(is_on_link(&i, ip(on)), "{on}");
        }
        for off in
            ["10.0.1.0", "10.0.1.255", "10.0.2.1", "10.9.0.2", "fd00:2::1", "0.0.0.0", "224.0.0.1", "ff02::1"]
        {
            assert!(!is_on_link(&i, ip(off)), "{off}");
        }
        assert!(!is_on_link(&interface(&[("10.0.1.2", 24)]), ip("fe80::1")));
        assert!(!is_on_link(&interface(&[("10.0.1.2", 77)]), ip("10.0.1.1")));
    }

    #[test]
    fn source_is_on_the_targets_network() {
        let i = interface(&[("10.0.1.2", 24), ("10.0.2.2", 24), ("fd00:1::2", 64)]);
        assert_eq!(source_for(&i, ip("10.0.2.9")), Some(ip("10.0.2.2")));
        assert_eq!(source_for(&i, ip("192.0.2.1")), Some(ip("10.0.1.2")));
        assert_eq!(source_for(&i, ip("fd00:1::9")), Some(ip("fd00:1::2")));
        assert_eq!(source_for(&i, ip("fe80::9")), Some(ip("fe80::ff:fe00:1")));
        assert_eq!(source_for(&interface(&[("10.0.1.2", 24)]), ip("fe80::9")), None);
        assert_eq!(source_for(&interface(&[("fd00:1::2", 64)]), ip("10.0.0.1")), None);
    }
}
