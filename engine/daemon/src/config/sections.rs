//! Reads each table of the file into its struct, with defaults and the limits of single values.

use core::net::{IpAddr, Ipv4Addr};
use core::time::Duration;
use std::path::PathBuf;

use holdfast_engine::interface::Mac;
use holdfast_engine::io::BURST_PACKETS_MAX;
use holdfast_engine::policy::Action;
use ipnet::IpNet;
use toml::Spanned;
use toml::de::DeTable;

use super::model::{
    Config, EalConfig, InspectSettings, InterfaceConfig, LogConfig, LogFormat, LogLevel, NeighbourConfig,
    PollMode, Replicate, RouteConfig, RouteTarget, RuleConfig, WorkersConfig,
};
use super::pair::{self, HaMode};
use super::reader::{Problems, Section};
use super::values::{
    address, boolean, duration, integer, interface_address, mac, name, one_of, ports, prefix, protocol, text,
};

pub(super) const POLL: &[(&str, PollMode)] = &[("busy", PollMode::Busy), ("adaptive", PollMode::Adaptive)];
pub(super) const ACTIONS: &[(&str, Action)] = &[
    ("inspect", Action::Inspect),
    ("pass", Action::Pass),
    ("drop", Action::Drop),
    ("reject", Action::Reject),
];
pub(super) const FORMATS: &[(&str, LogFormat)] = &[("text", LogFormat::Text), ("json", LogFormat::Json)];
pub(super) const LEVELS: &[(&str, LogLevel)] = &[
    ("error", LogLevel::Error),
    ("warn", LogLevel::Warn),
    ("info", LogLevel::Info),
    ("debug", LogLevel::Debug),
    ("trace", LogLevel::Trace),
];
pub(super) const HA_MODES: &[(&str, HaMode)] = &[("async", HaMode::Async), ("commit", HaMode::Commit)];
const REPLICATE: &[(&str, Replicate)] = &[("always", Replicate::Always), ("never", Replicate::Never)];

/// Highest lcore number, below DPDK's default `RTE_MAX_LCORE`.
pub(super) const LCORE_MAX: u16 = 127;
/// Smallest link every IPv4 host must take packets of (RFC 791), and the largest frame size in common use.
const MTU: core::ops::RangeInclusive<u16> = 576..=9216;
const DESCRIPTORS: core::ops::RangeInclusive<u16> = 64..=32_768;
const SESSIONS: core::ops::RangeInclusive<u32> = 1_024..=268_435_456;
const COUNT: core::ops::RangeInclusive<u32> = 1..=u32::MAX;

const SECOND: Duration = Duration::from_secs(1);
const DAY: Duration = Duration::from_secs(86_400);
const HOUR: Duration = Duration::from_secs(3_600);
/// Sessions store time in ticks of 100 ms, so that shorter time-outs would not be kept.
const TICK: Duration = Duration::from_millis(100);

/// Reads the document; whatever is wrong goes to `problems`, and then the result is of no use.
pub(super) fn read(document: &Spanned<DeTable<'_>>, problems: &Problems<'_>) -> Config {
    let root = Section::root(document, problems);
    root.only(&[
        "name",
        "control_socket",
        "eal",
        "workers",
        "interface",
        "neighbour",
        "route",
        "rule",
        "inspect",
        "log",
        "ha",
        "standby",
    ]);
    let box_name = root.required("name", "the box's name", String::new(), name);
    let control_socket = root.optional("control_socket", text).map(PathBuf::from);
    if !root.has("workers") {
        root.missing("workers", "a table with the lcores of the workers");
    }
    if !root.has("interface") {
        root.missing("interface", "at least one [[interface]]");
    }
    Config {
        control_socket: control_socket.unwrap_or_else(|| format!("/run/holdfast/{box_name}.sock").into()),
        name: box_name,
        eal: eal(root.table("eal")),
        workers: workers(root.table("workers")),
        interfaces: root.tables("interface").iter().map(interface).collect(),
        neighbours: root.tables("neighbour").iter().map(neighbour).collect(),
        routes: root.tables("route").iter().map(route).collect(),
        rules: root.tables("rule").iter().map(rule).collect(),
        inspect: inspect(root.table("inspect")),
        log: log(root.table("log")),
        ha: root.table("ha").as_ref().map(pair::ha),
        standby: root.tables("standby").iter().map(pair::standby).collect(),
    }
}

fn eal(section: Option<Section<'_, '_, '_>>) -> EalConfig {
    let mut eal = EalConfig { memory_mb: 512, mbufs: None, extra: Vec::new() };
    if let Some(s) = section {
        s.only(&["memory_mb", "mbufs", "extra"]);
        eal.memory_mb = s.optional("memory_mb", integer(32..=1_048_576)).unwrap_or(eal.memory_mb);
        eal.mbufs = s.optional("mbufs", integer(1024..=8_388_608));
        eal.extra = s.list("extra", text);
    }
    eal
}

fn workers(section: Option<Section<'_, '_, '_>>) -> WorkersConfig {
    let mut workers = WorkersConfig {
        lcores: Vec::new(),
        poll: PollMode::Adaptive,
        sleep_max: Duration::from_millis(1),
        sessions_max: 1_000_000,
        burst: 32,
    };
    if let Some(s) = section {
        s.only(&["lcores", "poll", "sleep_max", "sessions_max", "burst"]);
        if !s.has("lcores") {
            s.missing("lcores", "a list of lcores, one for each worker, such as [1]");
        }
        workers.lcores = s.list("lcores", integer(0..=LCORE_MAX));
        workers.poll = s.optional("poll", one_of(POLL)).unwrap_or(workers.poll);
        let sleep = duration(Duration::from_micros(1)..=Duration::from_millis(100));
        workers.sleep_max = s.optional("sleep_max", sleep).unwrap_or(workers.sleep_max);
        workers.sessions_max = s.optional("sessions_max", integer(SESSIONS)).unwrap_or(workers.sessions_max);
        let burst = integer(1..=BURST_PACKETS_MAX as u16);
        workers.burst = s.optional("burst", burst).unwrap_or(workers.burst);
    }
    workers
}

fn interface(s: &Section<'_, '_, '_>) -> InterfaceConfig {
    s.only(&[
        "name",
        "ha_id",
        "device",
        "addresses",
        "zone",
        "mtu",
        "vlan",
        "promiscuous",
        "rx_descriptors",
        "tx_descriptors",
        "reverse_path_check",
    ]);
    InterfaceConfig {
        name: s.required("name", "the interface's name", String::new(), name),
        ha_id: s.optional("ha_id", integer(1..=u16::MAX)),
        device: s.required(
            "device",
            "a vdev string such as \"net_af_packet0,iface=eth1\", or a PCI address",
            String::new(),
            text,
        ),
        addresses: s.list("addresses", interface_address),
        zone: s.required("zone", "the name of its zone", String::new(), name),
        mtu: s.optional("mtu", integer(MTU)).unwrap_or(1500),
        vlan: s.optional("vlan", integer(1..=4094)),
        promiscuous: s.optional("promiscuous", boolean).unwrap_or(true),
        rx_descriptors: s.optional("rx_descriptors", integer(DESCRIPTORS)).unwrap_or(1024),
        tx_descriptors: s.optional("tx_descriptors", integer(DESCRIPTORS)).unwrap_or(1024),
        reverse_path_check: s.optional("reverse_path_check", boolean).unwrap_or(true),
    }
}

const NO_ADDRESS: IpAddr = IpAddr::V4(Ipv4Addr::UNSPECIFIED);

fn neighbour(s: &Section<'_, '_, '_>) -> NeighbourConfig {
    s.only(&["interface", "address", "mac"]);
    NeighbourConfig {
        interface: s.required("interface", "the name of an interface", String::new(), name),
        address: s.required("address", "the neighbour's address", NO_ADDRESS, address),
        mac: s.required("mac", "the neighbour's MAC address", Mac::default(), mac),
    }
}

fn route(s: &Section<'_, '_, '_>) -> RouteConfig {
    s.only(&["prefix", "via", "blackhole"]);
    let via = s.optional("via", address);
    let blackhole = s.optional("blackhole", boolean).unwrap_or(false);
    if s.has("via") == blackhole {
        s.missing("via", "either via = \"ADDRESS\" or blackhole = true, and not both");
    }
    RouteConfig {
        prefix: s.required("prefix", "the destination", IpNet::default(), prefix),
        target: via.map_or(RouteTarget::Blackhole, RouteTarget::Via),
    }
}

fn rule(s: &Section<'_, '_, '_>) -> RuleConfig {
    s.only(&[
        "from",
        "to",
        "action",
        "protocol",
        "source",
        "destination",
        "source_ports",
        "destination_ports",
        "log",
        "replicate",
    ]);
    RuleConfig {
        from: s.required("from", "the zone of the initiator", String::new(), name),
        to: s.required("to", "the zone of the responder", String::new(), name),
        action: s.required(
            "action",
            "\"inspect\", \"pass\", \"drop\" or \"reject\"",
            Action::Drop,
            one_of(ACTIONS),
        ),
        protocol: s.optional("protocol", protocol).flatten(),
        source: s.list("source", prefix),
        destination: s.list("destination", prefix),
        source_ports: s.list("source_ports", ports),
        destination_ports: s.list("destination_ports", ports),
        log: s.optional("log", boolean).unwrap_or(false),
        replicate: replicate(s),
    }
}

/// `"always"`, `"never"`, or a table with `after`.
fn replicate(s: &Section<'_, '_, '_>) -> Replicate {
    let word = |value: &toml::de::DeValue<'_>| match value.is_table() {
        true => Ok(Replicate::Always),
        false => one_of(REPLICATE)(value).map_err(|words| format!("{words} or {{ after = \"1s\" }}")),
    };
    let named = s.optional("replicate", word).unwrap_or(Replicate::Always);
    match s.table_if_any("replicate") {
        Some(table) => {
            table.only(&["after"]);
            let age = table.required("after", "a duration", SECOND, duration(TICK..=HOUR));
            Replicate::After(age)
        }
        None => named,
    }
}

fn inspect(section: Option<Section<'_, '_, '_>>) -> InspectSettings {
    let mut i = InspectSettings::default();
    let Some(s) = section else { return i };
    s.only(&[
        "tcp_synwait",
        "tcp_finwait",
        "tcp_idle",
        "udp_idle",
        "dns_timeout",
        "icmp_idle",
        "max_incomplete_high",
        "max_incomplete_low",
        "one_minute_high",
        "one_minute_low",
        "host_incomplete",
        "host_block_time",
        "tcp_pickup",
        "audit_trail",
    ]);
    let timeout = |key, default: &mut Duration| {
        *default = s.optional(key, duration(TICK..=30 * DAY)).unwrap_or(*default);
    };
    timeout("tcp_synwait", &mut i.tcp_synwait);
    timeout("tcp_finwait", &mut i.tcp_finwait);
    timeout("tcp_idle", &mut i.tcp_idle);
    timeout("udp_idle", &mut i.udp_idle);
    timeout("dns_timeout", &mut i.dns_timeout);
    timeout("icmp_idle", &mut i.icmp_idle);
    let limit = |key, default: &mut u32| *default = s.optional(key, integer(COUNT)).unwrap_or(*default);
    limit("max_incomplete_high", &mut i.max_incomplete_high);
    limit("max_incomplete_low", &mut i.max_incomplete_low);
    limit("one_minute_high", &mut i.one_minute_high);
    limit("one_minute_low", &mut i.one_minute_low);
    limit("host_incomplete", &mut i.host_incomplete);
    i.host_block_time =
        s.optional("host_block_time", duration(Duration::ZERO..=DAY)).unwrap_or(i.host_block_time);
    i.tcp_pickup = s.optional("tcp_pickup", boolean).unwrap_or(i.tcp_pickup);
    i.audit_trail = s.optional("audit_trail", boolean).unwrap_or(i.audit_trail);
    i
}

fn log(section: Option<Section<'_, '_, '_>>) -> LogConfig {
    let mut log = LogConfig { format: LogFormat::Text, level: LogLevel::Info };
    if let Some(s) = section {
        s.only(&["format", "level"]);
        log.format = s.optional("format", one_of(FORMATS)).unwrap_or(log.format);
        log.level = s.optional("level", one_of(LEVELS)).unwrap_or(log.level);
    }
    log
}
