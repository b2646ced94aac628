//! What must hold between values: names that exist, addresses that do not collide, limits in order.

use core::net::IpAddr;

use holdfast_engine::interface::PORTS_MAX;
use holdfast_engine::policy::RULES_MAX;
use holdfast_engine::session::SESSIONS_MAX_LIMIT;
use ipnet::IpNet;

use super::model::{Config, InterfaceConfig, RouteTarget, RuleConfig};
use super::places::{Places, Step, key_path};

/// Checks everything; what is wrong goes to the places' problems.
pub(super) fn check(config: &Config, places: &Places<'_, '_, '_>) {
    workers(config, places);
    interfaces(config, places);
    addresses(config, places);
    neighbours(config, places);
    routes(config, places);
    rules(config, places);
    inspect(config, places);
    super::pair::check(config, places);
}

/// For each value that equals an earlier one: both positions.
pub(super) fn repeated<'a, T: PartialEq + 'a>(values: impl Iterator<Item = T>) -> Vec<(usize, usize)> {
    let values: Vec<T> = values.collect();
    let earlier = |i: usize| values[..i].iter().position(|value| *value == values[i]);
    (1..values.len()).filter_map(|i| earlier(i).map(|first| (first, i))).collect()
}

fn workers(config: &Config, places: &Places<'_, '_, '_>) {
    let lcores = &config.workers.lcores;
    if lcores.is_empty() {
        places.expected(key_path!["workers", "lcores"], "at least one lcore");
    }
    if config.workers.sessions_per_worker() > SESSIONS_MAX_LIMIT {
        let most = u64::from(SESSIONS_MAX_LIMIT) * lcores.len().max(1) as u64;
        let expected = format!("at most {most}, which is {SESSIONS_MAX_LIMIT} for each worker");
        places.expected(key_path!["workers", "sessions_max"], expected);
    }
    for (first, i) in repeated(lcores.iter()) {
        let conflict = format!("workers.lcores[{}] is the same; each worker needs its own", first + 1);
        places.conflict(key_path!["workers", "lcores", i], conflict);
    }
}

fn interfaces(config: &Config, places: &Places<'_, '_, '_>) {
    let all = &config.interfaces;
    if all.is_empty() {
        places.expected(key_path!["interface"], "at least one [[interface]]");
    }
    if all.len() > PORTS_MAX {
        places.expected(key_path!["interface", PORTS_MAX], format!("at most {PORTS_MAX} interfaces"));
    }
    for (first, i) in repeated(all.iter().map(|interface| &interface.name)) {
        places.conflict(key_path!["interface", i, "name"], format!("interface[{}] has that name", first + 1));
    }
    for (first, i) in repeated(all.iter().map(|interface| &interface.device)) {
        places.conflict(
            key_path!["interface", i, "device"],
            format!("interface[{}] uses that device", first + 1),
        );
    }
    // Vdevs are told apart by the name before the first comma, whatever their arguments.
    let vdev = |interface: &InterfaceConfig| interface.device.split(',').next().map(str::to_owned);
    for (first, i) in repeated(all.iter().map(vdev)) {
        if all[first].device != all[i].device {
            let conflict = format!("interface[{}] uses a device of that name; number them", first + 1);
            places.conflict(key_path!["interface", i, "device"], conflict);
        }
    }
    for (i, interface) in all.iter().enumerate() {
        let same = |other: &InterfaceConfig| other.ha_id.is_some() && other.ha_id == interface.ha_id;
        if let Some(first) = all[..i].iter().position(same) {
            places.conflict(
                key_path!["interface", i, "ha_id"],
                format!("interface[{}] has that number", first + 1),
            );
        }
        // RFC 8200 section 5.
        if interface.mtu < 1280 && interface.addresses.iter().any(|a| a.address.is_ipv6()) {
            places.expected(
                key_path!["interface", i, "mtu"],
                "at least 1280, since the interface has an IPv6 address",
            );
        }
    }
}

/// Networks of different interfaces must not overlap, or a route to them would be a matter of luck.
fn addresses(config: &Config, places: &Places<'_, '_, '_>) {
    let mut earlier: Vec<(usize, IpAddr, IpNet)> = Vec::new();
    for (i, interface) in config.interfaces.iter().enumerate() {
        for (j, (own, net)) in interface.addresses.iter().zip(interface.connected()).enumerate() {
            let same = earlier.iter().find(|(_, address, _)| *address == own.address);
            let overlap = |(other, _, taken): &&(usize, IpAddr, IpNet)| {
                *other != i && (taken.contains(&net) || net.contains(taken))
            };
            if let Some((other, ..)) = same {
                let conflict = format!("interface \"{}\" has that address", config.interfaces[*other].name);
                places.conflict(key_path!["interface", i, "addresses", j], conflict);
            } else if let Some((other, _, taken)) = earlier.iter().find(overlap) {
                let name = &config.interfaces[*other].name;
                let conflict = format!("its network overlaps {taken} of interface \"{name}\"");
                places.conflict(key_path!["interface", i, "addresses", j], conflict);
            }
            earlier.push((i, own.address, net));
        }
    }
}

/// The interface that has `address`.
pub(super) fn own(config: &Config, address: IpAddr) -> Option<&InterfaceConfig> {
    config.interfaces.iter().find(|interface| interface.addresses.iter().any(|a| a.address == address))
}

/// Why `address` cannot be another host's, if it cannot.
fn of_the_box(config: &Config, address: IpAddr) -> Option<&'static str> {
    let is_virtual = config.standby.iter().any(|s| s.virtual_addresses.iter().any(|v| *v == address));
    match own(config, address) {
        Some(_) => Some("that is the box's own address"),
        None => is_virtual.then_some("that is a virtual address of the box"),
    }
}

/// The interface called `name`, or a complaint that there is none.
pub(super) fn named<'c>(
    config: &'c Config,
    name: &str,
    key: &[Step],
    places: &Places<'_, '_, '_>,
) -> Option<&'c InterfaceConfig> {
    let found = config.interfaces.iter().find(|interface| interface.name == name);
    if found.is_none() {
        places.expected(
            key,
            choice("the name of an interface", config.interfaces.iter().map(|i| i.name.as_str())),
        );
    }
    found
}

fn choice<'a>(what: &str, names: impl Iterator<Item = &'a str>) -> String {
    let names: Vec<String> = names.map(|name| format!("\"{name}\"")).collect();
    format!("{what}: {}", names.join(", "))
}

fn neighbours(config: &Config, places: &Places<'_, '_, '_>) {
    for (i, n) in config.neighbours.iter().enumerate() {
        let Some(interface) = named(config, &n.interface, key_path!["neighbour", i, "interface"], places)
        else {
            continue;
        };
        let key = key_path!["neighbour", i, "address"];
        let link_local = matches!(n.address, IpAddr::V6(v6) if v6.is_unicast_link_local());
        if let Some(conflict) = of_the_box(config, n.address) {
            places.conflict(key, conflict);
        } else if !link_local && !interface.connected().any(|net| net.contains(&n.address)) {
            places.expected(key, format!("an address on a network of interface \"{}\"", interface.name));
        }
    }
    for (first, i) in repeated(config.neighbours.iter().map(|n| (&n.interface, n.address))) {
        places
            .conflict(key_path!["neighbour", i, "address"], format!("neighbour[{}] is the same", first + 1));
    }
}

fn routes(config: &Config, places: &Places<'_, '_, '_>) {
    let connected = |address: IpAddr| {
        config.interfaces.iter().any(|interface| interface.connected().any(|net| net.contains(&address)))
    };
    for (first, i) in repeated(config.routes.iter().map(|route| route.prefix)) {
        places.conflict(key_path!["route", i, "prefix"], format!("route[{}] has that prefix", first + 1));
    }
    for (i, route) in config.routes.iter().enumerate() {
        let here =
            config.interfaces.iter().find(|interface| interface.connected().any(|net| net == route.prefix));
        if let Some(interface) = here {
            let conflict = format!("interface \"{}\" is connected to that network", interface.name);
            places.conflict(key_path!["route", i, "prefix"], conflict);
        }
        let RouteTarget::Via(via) = route.target else { continue };
        let key = key_path!["route", i, "via"];
        let family = if route.prefix.addr().is_ipv4() { "an IPv4" } else { "an IPv6" };
        if via.is_ipv4() != route.prefix.addr().is_ipv4() {
            places.expected(key, format!("{family} address, as its prefix is"));
        } else if let Some(conflict) = of_the_box(config, via) {
            places.conflict(key, conflict);
        } else if !connected(via) {
            places.expected(key, format!("{family} address on a network that an interface is connected to"));
        }
    }
}

fn rules(config: &Config, places: &Places<'_, '_, '_>) {
    if config.rules.len() > RULES_MAX {
        places.expected(key_path!["rule", RULES_MAX], format!("at most {RULES_MAX} rules"));
    }
    let zones = config.zones();
    for (i, rule) in config.rules.iter().enumerate() {
        for (key, zone) in [("from", &rule.from), ("to", &rule.to)] {
            if !zones.contains(&zone.as_str()) {
                let expected = choice("the zone of an interface", zones.iter().copied());
                places.expected(key_path!["rule", i, key], expected);
            }
        }
        rule_matches(i, rule, places);
    }
}

/// A rule that can never match is a mistake, and here one that would be found too late.
fn rule_matches(i: usize, rule: &RuleConfig, places: &Places<'_, '_, '_>) {
    if !rule.protocol.is_some_and(|protocol| protocol.has_ports()) {
        for (key, ports) in
            [("source_ports", &rule.source_ports), ("destination_ports", &rule.destination_ports)]
        {
            if !ports.is_empty() {
                places.conflict(key_path!["rule", i, key], "ports need protocol = \"tcp\" or \"udp\"");
            }
        }
    }
    let families = |nets: &[IpNet]| {
        let has = |v4: bool| nets.is_empty() || nets.iter().any(|net| net.addr().is_ipv4() == v4);
        (has(true), has(false))
    };
    let (from, to) = (families(&rule.source), families(&rule.destination));
    let one_family_fits = (from.0 && to.0) || (from.1 && to.1);
    if !one_family_fits {
        places.conflict(key_path!["rule", i, "destination"], "source is of the other address family only");
    }
}

fn inspect(config: &Config, places: &Places<'_, '_, '_>) {
    let i = &config.inspect;
    for (low, low_value, high, high_value) in [
        ("max_incomplete_low", i.max_incomplete_low, "max_incomplete_high", i.max_incomplete_high),
        ("one_minute_low", i.one_minute_low, "one_minute_high", i.one_minute_high),
    ] {
        if low_value > high_value {
            places.conflict(
                key_path!["inspect", low],
                format!("{high} is {high_value}, which must not be lower"),
            );
        }
    }
}
