//! A box that answers with fixed values and notes what it was asked to change.
#![allow(clippy::expect_used)] // helpers of tests

pub mod pair;

use std::net::IpAddr;
use std::time::Duration;

use holdfast::console::{
    Control, ControlError, DebugTopic, HaCleared, Ports, may_clear_sessions, may_switch_over, what_clear_does,
};
use holdfast::protocol::Protocol;
use holdfast::report::*;
use holdfast_engine::interface::Mac;
use holdfast_ha::status::Status;

/// Ports of the fake box.
const PORTS: u8 = 2;

/// The fake box.
#[derive(Debug)]
pub struct FakeBox {
    /// Changes asked for, in order.
    pub changes: Vec<String>,
    /// Forwarding is started.
    pub forwarding: bool,
    /// What its HA core tells; a single firewall has none.
    pub pair: Option<Status>,
}

impl Default for FakeBox {
    fn default() -> Self {
        FakeBox { changes: Vec::new(), forwarding: false, pair: Some(pair::active()) }
    }
}

impl FakeBox {
    fn order(&self) -> Result<&Status, ControlError> {
        self.pair.as_ref().ok_or(ControlError::NoPair)
    }

    fn change(&mut self, what: String) {
        self.changes.push(what);
    }
}

fn ip(text: &str) -> IpAddr {
    text.parse().expect("an address")
}

fn mac(last: u8) -> Mac {
    Mac([2, 0, 0, 0, 0, last])
}

fn names(port: u8) -> (&'static str, String) {
    (if port == 0 { "inside" } else { "outside" }, format!("net_null{port}"))
}

fn session(id: u64, source: (&str, u16), destination: (&str, u16), protocol: Protocol) -> SessionReport {
    SessionReport {
        id: SessionId(id),
        source: ip(source.0),
        source_port: source.1,
        destination: ip(destination.0),
        destination_port: destination.1,
        protocol,
        state: IosState::Open,
        tcp_state: None,
        worker: 0,
        rule: Some(1),
        age: Duration::from_millis(7_400),
        idle: Duration::from_millis(100),
        expires: Duration::from_secs(3_600),
        bytes: [137, 319],
        packets: [3, 2],
        birth: id as u32 + 1,
    }
}

fn neighbour(address: &str, kind: NeighbourKind, state: NeighbourState) -> NeighbourReport {
    NeighbourReport {
        address: ip(address),
        mac: (state != NeighbourState::Incomplete).then_some(mac(9)),
        interface: "inside".into(),
        kind,
        state,
        age: (kind == NeighbourKind::Dynamic).then_some(Duration::from_secs(125)),
        waiting: 0,
    }
}

impl Control for FakeBox {
    fn port_info(&mut self, ports: Ports) -> Result<PortInfos, ControlError> {
        let info = |port| PortInfo {
            port,
            interface: names(port).0.into(),
            device: names(port).1,
            driver: "net_null".into(),
            mac: mac(port),
            socket: 0,
            link: LinkReport { up: true, speed_mbps: 10_000, full_duplex: true, autoneg: false },
            mtu: 1500,
            promiscuous: true,
            started: true,
            rx_queues: 1,
            rx_queues_max: 1024,
            tx_queues: 1,
            tx_queues_max: 1024,
            rx_descriptors: 1024,
            tx_descriptors: 1024,
            mac_addresses_max: 1,
            rss: false,
        };
        Ok(PortInfos { ports: ports.of(PORTS)?.map(info).collect() })
    }

    fn port_stats(&mut self, ports: Ports) -> Result<PortStatsReport, ControlError> {
        let stats =
            |port| PortStats { port, rx_packets: 10, rx_bytes: 640, tx_pps: 5, ..PortStats::default() };
        Ok(PortStatsReport { ports: ports.of(PORTS)?.map(stats).collect() })
    }

    fn port_xstats(&mut self, ports: Ports) -> Result<PortXstatsReport, ControlError> {
        let xstats = || vec![Xstat { name: "rx_good_packets".into(), value: 10 }];
        Ok(PortXstatsReport {
            ports: ports.of(PORTS)?.map(|port| PortXstats { port, xstats: xstats() }).collect(),
        })
    }

    fn forward_stats(&mut self) -> Result<ForwardStats, ControlError> {
        let port = |port| PortForwardStats {
            port,
            rx_packets: 10,
            rx_dropped: 2,
            rx_total: 11,
            tx_packets: 8,
            tx_dropped: 0,
            tx_total: 8,
        };
        let ports: Vec<PortForwardStats> = (0..PORTS).map(port).collect();
        Ok(ForwardStats {
            mode: ForwardMode::Firewall,
            forwarding: self.forwarding,
            total: ForwardStats::sum(&ports),
            ports,
            workers: vec![WorkerForwardStats {
                worker: 0,
                lcore: 1,
                rx_packets: 20,
                tx_packets: 16,
                dropped: 4,
                steered_out: 0,
                steered_in: 0,
                polls: 100,
                empty_polls: 90,
                sleeps: 80,
                sessions: 2,
            }],
            drops: vec![DropCount { reason: "policy_no_match", packets: 4 }],
        })
    }

    fn config_fwd(&mut self) -> Result<ConfigFwd, ControlError> {
        let stream =
            |rx_port| Stream { worker: 0, lcore: 1, rx_port, rx_queue: 0, tx_port: None, tx_queue: 0 };
        Ok(ConfigFwd {
            mode: ForwardMode::Firewall,
            forwarding: self.forwarding,
            ports: u16::from(PORTS),
            cores: 1,
            streams: (0..PORTS).map(stream).collect(),
        })
    }

    fn config_rxtx(&mut self) -> Result<ConfigRxtx, ControlError> {
        let port = |port| PortQueueConfig {
            port,
            rx_queues: 1,
            tx_queues: 1,
            rx_descriptors: 1024,
            tx_descriptors: 1024,
        };
        Ok(ConfigRxtx {
            mode: ForwardMode::Firewall,
            burst: 32,
            cores: 1,
            ports: (0..PORTS).map(port).collect(),
        })
    }

    fn config_cores(&mut self) -> Result<ConfigCores, ControlError> {
        Ok(ConfigCores {
            cores: vec![
                CoreConfig { lcore: 0, role: CoreRole::Control, worker: None },
                CoreConfig { lcore: 1, role: CoreRole::Worker, worker: Some(0) },
            ],
        })
    }

    fn sessions(&mut self, _sessions_max: usize) -> Result<Sessions, ControlError> {
        let mut tcp = session(0x1a2b, ("10.0.1.5", 51_514), ("10.0.2.9", 443), Protocol::TCP);
        tcp.tcp_state = Some("ESTABLISHED");
        let mut half = session(0x1a2c, ("10.0.1.5", 51_515), ("10.0.2.9", 80), Protocol::TCP);
        half.state = IosState::Opening;
        half.tcp_state = Some("SYN_SENT");
        half.rule = None;
        let v6 = session(0x2f, ("fd00:1::5", 5_353), ("fd00:2::9", 53), Protocol::UDP);
        Ok(Sessions { sessions: vec![tcp, half, v6], total: 3, truncated: false })
    }

    fn inspect_statistics(&mut self) -> Result<InspectStatistics, ControlError> {
        Ok(InspectStatistics {
            interfaces: 2,
            current: SessionCounts { established: 2, half_open: 1, terminating: 0 },
            max_ever: SessionCounts { established: 5, half_open: 3, terminating: 1 },
            created: 42,
            expired: 30,
            cleared: 9,
            table_full: 0,
            sessions_max: 1_000_000,
            last_created: Some(Duration::from_secs(12)),
            last_cleared: None,
            created_last_minute: 3,
            created_minute_max: 8,
            table_bytes: 124_804_096,
            table_ipv6_bytes: 32_000_000,
            bytes_per_session: 124.8,
        })
    }

    fn inspect_config(&mut self) -> Result<InspectConfig, ControlError> {
        Ok(InspectConfig {
            audit_trail: false,
            tcp_pickup: false,
            one_minute_high: 500,
            one_minute_low: 400,
            max_incomplete_high: 500,
            max_incomplete_low: 400,
            host_incomplete: 50,
            host_block_time: Duration::ZERO,
            tcp_synwait: Duration::from_secs(30),
            tcp_finwait: Duration::from_secs(5),
            tcp_idle: Duration::from_secs(3_600),
            udp_idle: Duration::from_secs(30),
            dns_timeout: Duration::from_secs(5),
            icmp_idle: Duration::from_secs(10),
            rules: vec![InspectRule {
                rule: 1,
                from: "inside".into(),
                to: "outside".into(),
                action: "inspect".into(),
                matches: String::new(),
                hits: 42,
            }],
        })
    }

    fn inspect_interfaces(&mut self) -> Result<InspectInterfaces, ControlError> {
        Ok(InspectInterfaces {
            interfaces: vec![InspectInterface {
                interface: "inside".into(),
                zone: "inside".into(),
                inbound_rules: vec![1, 2],
                outgoing_rules: vec![],
            }],
        })
    }

    fn arp(&mut self) -> Result<ArpTable, ControlError> {
        Ok(ArpTable {
            neighbours: vec![
                neighbour("10.0.1.2", NeighbourKind::Own, NeighbourState::Reachable),
                neighbour("10.0.1.5", NeighbourKind::Dynamic, NeighbourState::Reachable),
                neighbour("10.0.1.6", NeighbourKind::Dynamic, NeighbourState::Incomplete),
            ],
        })
    }

    fn ipv6_neighbors(&mut self) -> Result<Ipv6Neighbors, ControlError> {
        Ok(Ipv6Neighbors {
            neighbours: vec![neighbour("fd00:1::5", NeighbourKind::Dynamic, NeighbourState::Stale)],
        })
    }

    fn routes(&mut self, family: RouteFamily) -> Result<RouteTable, ControlError> {
        let route = |prefix: &str, kind, via: Option<&str>, interface: Option<&str>| RouteReport {
            prefix: prefix.parse().expect("a prefix"),
            kind,
            via: via.map(ip),
            interface: interface.map(str::to_owned),
            blackhole: interface.is_none(),
        };
        Ok(RouteTable {
            routes: match family {
                RouteFamily::V4 => vec![
                    route("0.0.0.0/0", RouteKind::Static, Some("10.0.2.254"), Some("outside")),
                    route("10.0.1.0/24", RouteKind::Connected, None, Some("inside")),
                    route("192.168.0.0/16", RouteKind::Static, None, None),
                ],
                RouteFamily::V6 => vec![route("fd00:1::/64", RouteKind::Connected, None, Some("inside"))],
            },
        })
    }

    fn interfaces(&mut self) -> Result<Interfaces, ControlError> {
        Ok(Interfaces {
            interfaces: vec![InterfaceReport {
                name: "inside".into(),
                port: 0,
                zone: "inside".into(),
                started: true,
                link_up: true,
                speed_mbps: 10_000,
                driver: "net_null".into(),
                mac: mac(0),
                addresses: vec!["10.0.1.2/24".parse().expect("a prefix")],
                mtu: 1500,
                counters: Counters { rx_packets: 10, rx_bytes: 640, ..Counters::default() },
            }],
        })
    }

    fn running_config(&mut self) -> Result<RunningConfig, ControlError> {
        Ok(RunningConfig { toml: "name = \"fw-a\"\n".into() })
    }

    fn version(&mut self) -> Result<Version, ControlError> {
        Ok(Version {
            holdfast: "0.1.0".into(),
            dpdk: "DPDK 22.11.6".into(),
            name: "fw-a".into(),
            config_file: "fw-a.toml".into(),
            pid: 4242,
            uptime: Duration::from_secs(93_784),
        })
    }

    fn logging(&mut self) -> Result<Logging, ControlError> {
        Ok(Logging { lines: vec!["INFO link is up port=1".into()], dropped: 0, lines_max: 1000 })
    }

    fn clear_port_stats(&mut self, ports: Ports) -> Result<(), ControlError> {
        ports.of(PORTS)?;
        self.change(format!("clear port stats {ports:?}"));
        Ok(())
    }

    fn clear_forward_stats(&mut self) -> Result<(), ControlError> {
        self.change("clear fwd stats".into());
        Ok(())
    }

    fn clear_sessions(&mut self, sessions: SessionSelector) -> Result<u64, ControlError> {
        if let Some(status) = &self.pair {
            may_clear_sessions(status)?;
        }
        match sessions {
            SessionSelector::One(id) if id.0 > 0xffff => Err(ControlError::NoSuchSession { id }),
            SessionSelector::One(id) => {
                self.change(format!("clear session {id}"));
                Ok(1)
            }
            SessionSelector::All => {
                self.change("clear all sessions".into());
                Ok(3)
            }
        }
    }

    fn clear_arp(&mut self) -> Result<u64, ControlError> {
        self.change("clear arp".into());
        Ok(2)
    }

    fn clear_ipv6_neighbors(&mut self) -> Result<u64, ControlError> {
        self.change("clear ipv6 neighbors".into());
        Ok(1)
    }

    fn set_forward_mode(&mut self, mode: ForwardMode) -> Result<(), ControlError> {
        if self.forwarding {
            return Err(ControlError::Forwarding);
        }
        self.change(format!("set fwd {}", mode.name()));
        Ok(())
    }

    fn set_burst(&mut self, packets: u16) -> Result<(), ControlError> {
        self.change(format!("set burst {packets}"));
        Ok(())
    }

    fn set_verbose(&mut self, level: u8) -> Result<u8, ControlError> {
        self.change(format!("set verbose {level}"));
        Ok(0)
    }

    fn set_promiscuous(&mut self, ports: Ports, on: bool) -> Result<(), ControlError> {
        ports.of(PORTS)?;
        self.change(format!("set promisc {ports:?} {on}"));
        Ok(())
    }

    fn start(&mut self) -> Result<(), ControlError> {
        if self.forwarding {
            return Err(ControlError::AlreadyForwarding);
        }
        self.forwarding = true;
        Ok(())
    }

    fn stop(&mut self) -> Result<(), ControlError> {
        if !self.forwarding {
            return Err(ControlError::NotForwarding);
        }
        self.forwarding = false;
        Ok(())
    }

    fn port_start(&mut self, ports: Ports) -> Result<(), ControlError> {
        self.change(format!("port start {ports:?}"));
        Ok(())
    }

    fn port_stop(&mut self, ports: Ports) -> Result<(), ControlError> {
        self.change(format!("port stop {ports:?}"));
        Ok(())
    }

    fn advance_clock(&mut self, by: Duration) -> Result<(), ControlError> {
        self.change(format!("advance {by:?}"));
        Ok(())
    }

    fn ha_status(&mut self) -> Result<Status, ControlError> {
        self.order().cloned()
    }

    fn interface_names(&mut self) -> Vec<String> {
        vec!["inside".into(), "outside".into()]
    }

    fn force_switchover(&mut self) -> Result<(), ControlError> {
        may_switch_over(self.order()?)?;
        self.change("switchover".into());
        Ok(())
    }

    fn clear_ha(&mut self) -> Result<HaCleared, ControlError> {
        let cleared = what_clear_does(self.order()?)?;
        self.change(format!("clear {cleared:?}"));
        Ok(cleared)
    }

    fn set_ha_debug(&mut self, topic: DebugTopic, on: bool) -> Result<(), ControlError> {
        self.order()?;
        self.change(format!("debug {topic:?} {on}"));
        Ok(())
    }

    fn undebug_all(&mut self) -> Result<(), ControlError> {
        self.change("undebug all".into());
        Ok(())
    }
}
