//! What the console tells of neighbours, routes and policy.

use core::net::IpAddr;

use holdfast_engine::interface::{PortId, ZoneId};
use holdfast_engine::neighbour::NeighbourView;
use holdfast_engine::route::RouteKind;

use super::appliance::Appliance;
use crate::config::RuleConfig;
use crate::console::ControlError;
use crate::report;

impl Appliance {
    /// `show arp` and `show ipv6 neighbors`: the box's own addresses, and what the workers know. Each worker has a
    /// table of its own; of an address known to several, the entry confirmed last is shown.
    pub(super) fn report_neighbours(&self, v6: bool) -> Result<Vec<report::NeighbourReport>, ControlError> {
        let now = self.now();
        let mut rows: Vec<report::NeighbourReport> = Vec::new();
        for interface in &self.engine.interfaces {
            let link_local = (v6 && interface.has_ipv6()).then(|| IpAddr::V6(interface.mac.link_local()));
            let own = interface.addresses.iter().map(|a| a.address).filter(|a| a.is_ipv6() == v6);
            rows.extend(own.chain(link_local).map(|address| report::NeighbourReport {
                address,
                mac: Some(interface.mac),
                interface: interface.name.clone(),
                kind: report::NeighbourKind::Own,
                state: report::NeighbourState::Reachable,
                age: None,
                waiting: 0,
            }));
        }
        let mut learned: Vec<NeighbourView> =
            self.ask_all(move |worker| worker.shard().neighbours(now))?.into_iter().flatten().collect();
        learned.retain(|n| n.address.is_ipv6() == v6);
        // A usable entry before one that is not, then the youngest.
        learned.sort_by_key(|n| (n.address, n.port, n.mac.is_none(), n.age));
        learned.dedup_by_key(|n| (n.address, n.port));
        rows.extend(learned.into_iter().filter_map(|n| self.neighbour_report(&n)));
        rows.sort_by_key(|row| row.address);
        Ok(rows)
    }

    fn neighbour_report(&self, n: &NeighbourView) -> Option<report::NeighbourReport> {
        use holdfast_engine::neighbour::NeighbourState as Engine;
        let state = match n.state {
            // Nobody asked yet; nothing to show.
            Engine::Unresolved => return None,
            Engine::Incomplete => report::NeighbourState::Incomplete,
            Engine::Reachable | Engine::Static => report::NeighbourState::Reachable,
            Engine::Stale => report::NeighbourState::Stale,
            Engine::Probe => report::NeighbourState::Probe,
            Engine::Failed => report::NeighbourState::Failed,
        };
        let is_static = n.state == Engine::Static;
        Some(report::NeighbourReport {
            address: n.address,
            mac: n.mac,
            interface: self.interface_name(n.port),
            kind: if is_static { report::NeighbourKind::Static } else { report::NeighbourKind::Dynamic },
            state,
            age: (!is_static).then_some(n.age),
            waiting: n.queued_packets.into(),
        })
    }

    /// `clear arp` and `clear ipv6 neighbors`; the number forgotten.
    pub(super) fn forget_neighbours(&self, v6: bool) -> Result<u64, ControlError> {
        let counts = self.ask_all(move |worker| worker.shard_mut().clear_neighbours(v6))?;
        Ok(counts.into_iter().map(|count| count as u64).sum())
    }

    /// `show ip route` and `show ipv6 route`.
    pub(super) fn report_routes(&self, family: report::RouteFamily) -> report::RouteTable {
        let v6 = family == report::RouteFamily::V6;
        let routes = self.engine.routes.routes().iter().filter(|r| r.prefix.addr().is_ipv6() == v6);
        let routes = routes
            .map(|route| report::RouteReport {
                prefix: route.prefix,
                kind: match route.kind {
                    RouteKind::Connected { .. } => report::RouteKind::Connected,
                    RouteKind::Local { .. } => report::RouteKind::Local,
                    RouteKind::Static { .. } | RouteKind::Blackhole => report::RouteKind::Static,
                },
                via: route.gateway(),
                interface: route.port().map(|port| self.interface_name(port)),
                blackhole: route.kind == RouteKind::Blackhole,
            })
            .collect();
        report::RouteTable { routes }
    }

    /// `show ip inspect config`.
    pub(super) fn report_inspect_config(&self) -> Result<report::InspectConfig, ControlError> {
        let hits = self.rule_hits()?;
        let s = &self.config.inspect;
        let rules = (1..)
            .zip(&self.config.rules)
            .map(|(number, rule)| report::InspectRule {
                rule: number,
                from: rule.from.clone(),
                to: rule.to.clone(),
                action: rule.action_word().to_owned(),
                matches: rule.matches(),
                hits: hits.get(number as usize - 1).copied().unwrap_or(0),
            })
            .collect();
        Ok(report::InspectConfig {
            audit_trail: s.audit_trail,
            tcp_pickup: s.tcp_pickup,
            one_minute_high: s.one_minute_high.into(),
            one_minute_low: s.one_minute_low.into(),
            max_incomplete_high: s.max_incomplete_high.into(),
            max_incomplete_low: s.max_incomplete_low.into(),
            host_incomplete: s.host_incomplete.into(),
            host_block_time: s.host_block_time,
            tcp_synwait: s.tcp_synwait,
            tcp_finwait: s.tcp_finwait,
            tcp_idle: s.tcp_idle,
            udp_idle: s.udp_idle,
            dns_timeout: s.dns_timeout,
            icmp_idle: s.icmp_idle,
            rules,
        })
    }

    /// First packets each rule decided, all workers together, in rule order.
    fn rule_hits(&self) -> Result<Vec<u64>, ControlError> {
        let mut sum = vec![0; self.config.rules.len()];
        for worker in self.ask_all(|worker| worker.shard().rule_hits().to_vec())? {
            sum.iter_mut().zip(worker).for_each(|(sum, hits)| *sum += hits);
        }
        Ok(sum)
    }

    /// `show ip inspect interfaces`.
    pub(super) fn report_inspect_interfaces(&self) -> report::InspectInterfaces {
        let interfaces = self
            .config
            .interfaces
            .iter()
            .map(|interface| {
                let rules_where = |zone_of: fn(&RuleConfig) -> &String| {
                    (1u32..)
                        .zip(&self.config.rules)
                        .filter(|(_, rule)| *zone_of(rule) == interface.zone)
                        .map(|(number, _)| number)
                        .collect()
                };
                report::InspectInterface {
                    interface: interface.name.clone(),
                    zone: interface.zone.clone(),
                    inbound_rules: rules_where(|rule| &rule.from),
                    outgoing_rules: rules_where(|rule| &rule.to),
                }
            })
            .collect();
        report::InspectInterfaces { interfaces }
    }

    /// Name of a port's interface.
    pub(super) fn interface_name(&self, port: PortId) -> String {
        self.engine.interface(port).map_or_else(|| format!("port {}", port.0), |i| i.name.clone())
    }

    /// Name of a zone.
    pub(super) fn zone_name(&self, zone: ZoneId) -> String {
        self.zones.get(usize::from(zone.0)).cloned().unwrap_or_default()
    }
}
