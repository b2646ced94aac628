//! The table against decisions worked out by hand.

use super::*;
use crate::drop_reason::DropReason;
use crate::interface::{Interface, PortId};
use crate::interface::{InterfaceAddress, Mac, ZoneId};
use core::net::IpAddr;
use ipnet::IpNet;

fn interface(port: u8, addresses: &[&str]) -> Interface {
    let address = |text: &&str| {
        let (address, len) = text.split_once('/').unwrap();
        InterfaceAddress { address: ip(address), prefix_len: len.parse().unwrap() }
    };
    Interface {
        port: PortId(port),
        name: format!("port{port}"),
        mac: Mac([2, 0, 0, 0, 0, port + 1]),
        mtu: 1500,
        vlan: None,
        zone: ZoneId(1),
        ha_id: None,
        addresses: addresses.iter().map(address).collect(),
    }
}

fn ip(text: &str) -> IpAddr {
    text.parse().unwrap()
}

fn net(text: &str) -> IpNet {
    text.parse().unwrap()
}

fn via(prefix: &str, gateway: &str) -> StaticRoute {
    StaticRoute { prefix: net(prefix), target: Target::Via { gateway: ip(gateway), port: None } }
}

fn two_interfaces() -> [Interface; 2] {
    [interface(0, &["10.0.1.2/24", "fd00:1::2/64"]), interface(1, &["10.0.2.2/24", "10.0.2.3/24"])]
}

fn table(routes: &[StaticRoute]) -> Result<RouteTable, RouteError> {
    RouteTable::new(&two_interfaces(), routes)
}

fn forward(port: u8, next_hop: &str) -> Decision {
    Decision::Forward(Egress { port: PortId(port), next_hop: ip(next_hop) })
}

#[test]
fn the_longest_prefix_decides() {
    let port = Some(PortId(0));
    let routes = [
        via("0.0.0.0/0", "10.0.2.254"),
        via("192.0.2.0/24", "10.0.1.254"),
        via("192.0.2.128/25", "10.0.2.253"),
        StaticRoute { prefix: net("192.0.2.200/32"), target: Target::Blackhole },
        StaticRoute { prefix: net("::/0"), target: Target::Via { gateway: ip("fe80::1"), port } },
    ];
    let table = table(&routes).unwrap();
    let linear = |routes: &[Route]| Ok::<_, ()>(Box::new(LinearFib::new(routes)) as Box<dyn Fib>);
    let with_linear = super::tests::table(&routes).unwrap().with_fib(linear).unwrap();
    let expected = [
        ("10.0.1.77", forward(0, "10.0.1.77")),
        ("10.0.2.77", forward(1, "10.0.2.77")),
        ("8.8.8.8", forward(1, "10.0.2.254")),
        ("192.0.2.1", forward(0, "10.0.1.254")),
        ("192.0.2.129", forward(1, "10.0.2.253")),
        ("192.0.2.200", Decision::Drop(DropReason::Blackhole)),
        ("10.0.1.2", Decision::Local(PortId(0))),
        ("10.0.2.3", Decision::Local(PortId(1))),
        ("fd00:1::99", forward(0, "fd00:1::99")),
        ("2001:db8::1", forward(0, "fe80::1")),
        ("10.0.1.255", Decision::Drop(DropReason::MulticastUnserved)),
        ("10.0.1.0", Decision::Drop(DropReason::MulticastUnserved)),
    ];
    for (destination, decision) in expected {
        assert_eq!(table.decide(ip(destination)), decision, "{destination}");
        assert_eq!(with_linear.decide(ip(destination)), decision, "{destination}");
    }
    assert_eq!(table.lookup(ip("10.0.1.2")), Err(DropReason::LocalUnserved));
    let egress = Egress { port: PortId(1), next_hop: ip("10.0.2.254") };
    assert_eq!(table.lookup(ip("8.8.8.8")), Ok(egress));
}

#[test]
fn without_a_default_there_is_no_route() {
    let table = table(&[]).unwrap();
    assert_eq!(table.lookup(ip("8.8.8.8")), Err(DropReason::NoRoute));
    assert_eq!(table.lookup(ip("2001:db8::1")), Err(DropReason::NoRoute));
}

#[test]
fn some_destinations_are_never_routed() {
    let table = table(&[via("0.0.0.0/0", "10.0.2.254"), via("::/0", "fd00:1::1")]).unwrap();
    for multicast in ["224.0.0.5", "239.255.255.255", "255.255.255.255", "ff02::1", "ff0e::1"] {
        assert_eq!(table.lookup(ip(multicast)), Err(DropReason::MulticastUnserved), "{multicast}");
    }
    for martian in
        ["0.1.2.3", "127.0.0.1", "169.254.1.1", "240.0.0.1", "::", "::1", "fe80::1", "::ffff:1.2.3.4"]
    {
        assert_eq!(table.lookup(ip(martian)), Err(DropReason::Martian), "{martian}");
    }
}

#[test]
fn errors_say_what_is_wrong() {
    let cases: [(StaticRoute, &str); 9] = [
        (
            via("10.0.9.1/24", "10.0.2.254"),
            "route 10.0.9.1/24: has bits set beyond its length; write 10.0.9.0/24",
        ),
        (
            via("10.0.1.0/24", "10.0.2.254"),
            "route 10.0.1.0/24: given twice, or also the network or address of an interface",
        ),
        (
            via("10.0.9.0/24", "fd00:1::1"),
            "route 10.0.9.0/24: gateway fd00:1::1 is of the other address family",
        ),
        (via("10.0.9.0/24", "10.0.3.1"), "route 10.0.9.0/24: gateway 10.0.3.1 is on no connected network"),
        (
            via("10.0.9.0/24", "10.0.2.255"),
            "route 10.0.9.0/24: gateway 10.0.2.255 is on no connected network",
        ),
        (via("10.0.9.0/24", "10.0.2.3"), "route 10.0.9.0/24: gateway 10.0.2.3 is this box's own address"),
        (via("::/0", "fe80::1"), "route ::/0: link-local gateway fe80::1 needs an interface"),
        (
            via("224.0.0.0/4", "10.0.2.254"),
            "route 224.0.0.0/4: multicast, loopback and link-local addresses are never routed",
        ),
        (
            via("fe80::/64", "fd00:1::1"),
            "route fe80::/64: multicast, loopback and link-local addresses are never routed",
        ),
    ];
    for (route, message) in cases {
        assert_eq!(table(&[route]).unwrap_err().to_string(), message);
    }
    let twice = [via("0.0.0.0/0", "10.0.2.254"), via("0.0.0.0/0", "10.0.1.254")];
    assert_eq!(table(&twice).unwrap_err(), RouteError::DuplicatePrefix { prefix: net("0.0.0.0/0") });
    let same_network = [interface(0, &["10.0.1.2/24"]), interface(1, &["10.0.1.3/24"])];
    let error = RouteTable::new(&same_network, &[]).unwrap_err();
    assert_eq!(error, RouteError::DuplicatePrefix { prefix: net("10.0.1.0/24") });
    let too_long = [interface(0, &["10.0.1.2/33"])];
    assert_eq!(
        RouteTable::new(&too_long, &[]).unwrap_err().to_string(),
        "interface port0: 10.0.1.2/33 is no network: the prefix is too long"
    );
    // A link-local gateway on a port without IPv6.
    let target = Target::Via { gateway: ip("fe80::1"), port: Some(PortId(1)) };
    let error = table(&[StaticRoute { prefix: net("::/0"), target }]).unwrap_err();
    assert!(matches!(error, RouteError::GatewayNotConnected { .. }));
}

#[test]
fn half_defaults_and_host_prefixes_are_fine() {
    let halves = [via("0.0.0.0/1", "10.0.2.254"), via("128.0.0.0/1", "10.0.1.254")];
    let table = table(&halves).unwrap();
    assert_eq!(table.decide(ip("8.8.8.8")), forward(1, "10.0.2.254"));
    assert_eq!(table.decide(ip("200.8.8.8")), forward(0, "10.0.1.254"));
    let loopback = RouteTable::new(&[interface(0, &["10.9.9.9/32"])], &[]).unwrap();
    assert_eq!(loopback.decide(ip("10.9.9.9")), Decision::Local(PortId(0)));
    assert_eq!(loopback.routes().len(), 1);
}

#[test]
fn routes_are_listed_by_prefix_with_their_kind() {
    let table = table(&[via("0.0.0.0/0", "10.0.2.254"), via("192.0.2.0/24", "10.0.1.254")]).unwrap();
    let (inside, outside) = (PortId(0), PortId(1));
    let connected = |port| RouteKind::Connected { port };
    let local = |port| RouteKind::Local { port };
    let expected = [
        ("0.0.0.0/0", RouteKind::Static { gateway: ip("10.0.2.254"), port: outside }),
        ("10.0.1.0/24", connected(inside)),
        ("10.0.1.2/32", local(inside)),
        ("10.0.2.0/24", connected(outside)),
        ("10.0.2.2/32", local(outside)),
        ("10.0.2.3/32", local(outside)),
        ("192.0.2.0/24", RouteKind::Static { gateway: ip("10.0.1.254"), port: inside }),
        ("fd00:1::/64", connected(inside)),
        ("fd00:1::2/128", local(inside)),
    ];
    let expected = expected.map(|(prefix, kind)| Route { prefix: prefix.parse().unwrap(), kind });
    assert_eq!(table.routes(), expected);
    assert_eq!(
        (table.routes()[0].gateway(), table.routes()[0].port()),
        (Some(ip("10.0.2.254")), Some(PortId(1)))
    );
}
