//! From the configuration to what the engine is told.

use core::net::IpAddr;

use holdfast_engine::config::{EngineConfig, StaticNeighbour};
use holdfast_engine::flow::HashKey;
use holdfast_engine::interface::{Interface, Mac, PortId, ZoneId};
use holdfast_engine::policy::{Rule, RuleSet};
use holdfast_engine::replication::HaId;
use holdfast_engine::route::{RouteTable, StaticRoute, Target};
use holdfast_engine::track::{TimeoutDurations, Timeouts, TrackConfig};

use super::classifier::AclClassifier;
use super::error::RunError;
use super::fib::DpdkFib;
use crate::config::{self, Config, RouteTarget};

/// The engine's interfaces; `macs` are the ports' own addresses in the order of the configuration.
pub fn interfaces(config: &Config, macs: &[Mac]) -> Vec<Interface> {
    (0..)
        .zip(&config.interfaces)
        .zip(macs)
        .map(|((port, interface), &mac)| Interface {
            port: PortId(port),
            name: interface.name.clone(),
            mac,
            mtu: interface.mtu,
            vlan: interface.vlan,
            zone: config.zone_id(&interface.zone).unwrap_or_default(),
            ha_id: interface.ha_id.map(HaId),
            addresses: interface.addresses.clone(),
        })
        .collect()
}

/// Everything the workers share.
///
/// # Errors
/// Routes or rules that the engine or DPDK's libraries refuse.
pub fn engine_config(
    eal: &dpdk::eal::EalRef,
    config: &Config,
    macs: &[Mac],
) -> Result<EngineConfig, RunError> {
    let interfaces = interfaces(config, macs);
    let routes: Vec<StaticRoute> = config.routes.iter().map(|route| static_route(config, route)).collect();
    let routes = RouteTable::new(&interfaces, &routes)?.with_fib(|routes| DpdkFib::boxed(eal, routes))?;
    let rules: Vec<Rule> = config.rules.iter().map(|rule| engine_rule(config, rule)).collect();
    let classifier = AclClassifier::shared(eal, &rules)?;
    let rules = RuleSet::new(rules, classifier)?;
    let mut engine = EngineConfig::new(interfaces, routes, rules);
    engine.workers = config.workers.lcores.len() as u8;
    engine.timeouts = Timeouts::new(&timeouts(config));
    engine.track = TrackConfig::default();
    engine.track.tcp.pickup = config.inspect.tcp_pickup;
    engine.audit_trail = config.inspect.audit_trail;
    engine.static_neighbours = config.neighbours.iter().filter_map(|n| static_neighbour(config, n)).collect();
    engine.virtual_routers = super::ha::virtual_routers(config);
    engine.reverse_path_checks = config.interfaces.iter().map(|i| i.reverse_path_check).collect();
    Ok(engine)
}

fn static_route(config: &Config, route: &config::RouteConfig) -> StaticRoute {
    let target = match route.target {
        RouteTarget::Blackhole => Target::Blackhole,
        RouteTarget::Via(gateway) => Target::Via { gateway, port: port_of(config, gateway) },
    };
    StaticRoute { prefix: route.prefix, target }
}

/// The port whose connected network holds an address.
fn port_of(config: &Config, address: IpAddr) -> Option<PortId> {
    (0..).zip(&config.interfaces).find_map(|(port, interface)| {
        interface.connected().any(|net| net.contains(&address)).then_some(PortId(port))
    })
}

fn static_neighbour(config: &Config, n: &config::NeighbourConfig) -> Option<StaticNeighbour> {
    let port = config.interfaces.iter().position(|i| i.name == n.interface)?;
    Some(StaticNeighbour { port: PortId(port as u8), address: n.address, mac: n.mac })
}

fn engine_rule(config: &Config, rule: &config::RuleConfig) -> Rule {
    let zone = |name: &str| -> Option<ZoneId> { config.zone_id(name) };
    let ports = |ranges: &[config::PortRange]| ranges.iter().map(|r| r.low..=r.high).collect();
    Rule {
        from: zone(&rule.from),
        to: zone(&rule.to),
        action: rule.action,
        protocol: rule.protocol.map(|p| p.0),
        sources: rule.source.clone(),
        destinations: rule.destination.clone(),
        source_ports: ports(&rule.source_ports),
        destination_ports: ports(&rule.destination_ports),
        log: rule.log,
    }
}

fn timeouts(config: &Config) -> TimeoutDurations {
    let s = &config.inspect;
    TimeoutDurations {
        tcp_synwait: s.tcp_synwait,
        tcp_finwait: s.tcp_finwait,
        tcp_idle: s.tcp_idle,
        udp_idle: s.udp_idle,
        dns: s.dns_timeout,
        icmp_idle: s.icmp_idle,
        ..TimeoutDurations::default()
    }
}

/// A hash key that nobody outside can know.
///
/// # Errors
/// When the system has no randomness.
pub fn random_hash_key() -> Result<HashKey, RunError> {
    let mut bytes = [0; 32];
    getrandom::fill(&mut bytes).map_err(RunError::Randomness)?;
    let (words, _) = bytes.as_chunks::<8>();
    let mut key = HashKey([0; 4]);
    key.0.iter_mut().zip(words).for_each(|(k, w)| *k = u64::from_ne_bytes(*w));
    Ok(key)
}
