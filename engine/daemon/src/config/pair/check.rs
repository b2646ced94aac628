//! What must hold between `[ha]`, `[[standby]]` and the rest of the file.

use core::net::{IpAddr, Ipv4Addr, SocketAddr};
use core::time::Duration;

use holdfast_ha::tables::SHARDS_MAX;
use ipnet::{IpNet, Ipv4Net};

use super::model::{HaConfig, HaMode, StandbyConfig};
use crate::config::check::{named, own, repeated};
use crate::config::model::{Config, InterfaceConfig};
use crate::config::places::{Places, key_path};

/// Heartbeats that may be lost before the peer counts as dead, and hellos likewise.
const LOST_MAX: u32 = 3;
const SECOND: Duration = Duration::from_secs(1);

/// Checks both tables.
pub(in crate::config) fn check(config: &Config, places: &Places<'_, '_, '_>) {
    if let Some(config_ha) = &config.ha {
        ha(config_ha, places);
        pair(config, places);
    }
    if !config.standby.is_empty() && config.workers.lcores.len() > usize::from(SHARDS_MAX) {
        let expected = format!("at most {SHARDS_MAX} workers in a box that is one of a pair");
        places.expected(key_path!["workers", "lcores", usize::from(SHARDS_MAX)], expected);
    }
    for (first, i) in repeated(config.standby.iter().map(|s| &s.interface)) {
        let conflict = format!(
            "standby[{}] is on that interface; an interface has one group, since all groups of a box move together",
            first + 1
        );
        places.conflict(key_path!["standby", i, "interface"], conflict);
    }
    for (i, group) in config.standby.iter().enumerate() {
        number_and_times(i, group, places);
        let interface = named(config, &group.interface, key_path!["standby", i, "interface"], places);
        if let Some(interface) = interface {
            addresses(config, i, group, interface, places);
        }
        track(config, i, group, places);
    }
}

fn words(duration: Duration) -> String {
    humantime::format_duration(duration).to_string().replace(' ', "")
}

fn ha(ha: &HaConfig, places: &Places<'_, '_, '_>) {
    let least = LOST_MAX * ha.heartbeat;
    if ha.dead_after < least {
        let expected = format!("at least \"{}\", three times the heartbeat", words(least));
        places.expected(key_path!["ha", "dead_after"], expected);
    }
    if ha.mode == HaMode::Commit {
        places.conflict(key_path!["ha", "mode"], "commit mode comes later; use \"async\"");
    }
    let usable = |end: SocketAddr| {
        end.port() != 0 && !end.ip().is_unspecified() && !end.ip().is_multicast() && !is_broadcast(end.ip())
    };
    for (key, end) in [("local", ha.local), ("peer", ha.peer)] {
        if !usable(end) {
            places.expected(key_path!["ha", key], "a unicast address and a port that is not 0");
        }
    }
    if ha.local == ha.peer {
        places.conflict(key_path!["ha", "peer"], "that is local");
    } else if ha.local.is_ipv4() != ha.peer.is_ipv4() {
        places.conflict(key_path!["ha", "peer"], "local is of the other address family");
    }
}

fn is_broadcast(address: IpAddr) -> bool {
    matches!(address, IpAddr::V4(v4) if v4.is_broadcast())
}

/// What a box must have to be one of a pair.
fn pair(config: &Config, places: &Places<'_, '_, '_>) {
    for (i, _) in config.interfaces.iter().enumerate().filter(|(_, interface)| interface.ha_id.is_none()) {
        let expected = "the number of the peer's same-side interface, since [ha] makes the box one of a pair";
        places.missing(key_path!["interface", i, "ha_id"], expected);
    }
    if config.standby.is_empty() {
        places.conflict(key_path!["ha"], "there is no [[standby]]; a pair needs at least one HSRP group");
    }
}

fn number_and_times(i: usize, group: &StandbyConfig, places: &Places<'_, '_, '_>) {
    if group.version == 1 && group.group > 255 {
        let expected = "an integer from 0 to 255, as HSRP version 1 has it; version = 2 goes to 4095";
        places.expected(key_path!["standby", i, "group"], expected);
    }
    // Version 1 has whole seconds on the wire; shorter times are agreed upon by configuration alone.
    let told = |time: Duration| time < SECOND || time.subsec_nanos() == 0;
    for (key, time) in [("hello", group.hello), ("hold", group.hold)] {
        if group.version == 1 && group.hello >= SECOND && !told(time) {
            places.expected(
                key_path!["standby", i, key],
                "whole seconds, as HSRP version 1 has it; version = 2 has milliseconds",
            );
        }
    }
    let least = LOST_MAX * group.hello;
    if group.hold < least {
        let expected = format!("at least \"{}\", three times hello", words(least));
        places.expected(key_path!["standby", i, "hold"], expected);
    }
}

/// The IPv4 networks of an interface.
fn networks(interface: &InterfaceConfig) -> impl Iterator<Item = Ipv4Net> + '_ {
    interface.connected().filter_map(|net| match net {
        IpNet::V4(v4) => Some(v4),
        IpNet::V6(_) => None,
    })
}

fn addresses(
    config: &Config,
    i: usize,
    group: &StandbyConfig,
    interface: &InterfaceConfig,
    places: &Places<'_, '_, '_>,
) {
    if networks(interface).next().is_none() {
        let conflict = "that interface has no IPv4 address, from which HSRP speaks";
        places.conflict(key_path!["standby", i, "interface"], conflict);
        return;
    }
    if group.virtual_addresses.is_empty() {
        places.expected(key_path!["standby", i, "virtual_addresses"], "at least one address");
    }
    for (first, j) in repeated(group.virtual_addresses.iter()) {
        let conflict = format!("virtual_addresses[{}] is the same", first + 1);
        places.conflict(key_path!["standby", i, "virtual_addresses", j], conflict);
    }
    for (j, &address) in group.virtual_addresses.iter().enumerate() {
        let key = key_path!["standby", i, "virtual_addresses", j];
        if let Some(owner) = own(config, address.into()) {
            let conflict = format!(
                "interface \"{}\" has that address; a virtual address is nobody's real one",
                owner.name
            );
            places.conflict(key, conflict);
        } else if !networks(interface).any(|net| is_host(net, address)) {
            let name = &interface.name;
            places.expected(key, format!("a host's address on an IPv4 network of interface \"{name}\""));
        }
    }
}

/// Whether a host on `net` may have `address`.
fn is_host(net: Ipv4Net, address: Ipv4Addr) -> bool {
    net.contains(&address)
        && (net.prefix_len() >= 31 || (address != net.network() && address != net.broadcast()))
}

fn track(config: &Config, i: usize, group: &StandbyConfig, places: &Places<'_, '_, '_>) {
    for (first, j) in repeated(group.track.iter().map(|t| &t.interface)) {
        let conflict = format!("track[{}] names it too", first + 1);
        places.conflict(key_path!["standby", i, "track", j, "interface"], conflict);
    }
    for (j, tracked) in group.track.iter().enumerate() {
        let key = key_path!["standby", i, "track", j, "interface"];
        if tracked.interface == group.interface {
            places.conflict(key, "that is the group's own, with which the whole group goes down");
        } else {
            named(config, &tracked.interface, key, places);
        }
    }
}
