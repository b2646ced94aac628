//! The configuration as plain typed fields; what each key means stands here.

use core::fmt;
use core::net::IpAddr;
use core::time::Duration;
use std::path::PathBuf;

use holdfast_engine::interface::{InterfaceAddress, Mac, ZoneId};
use holdfast_engine::policy::Action;
use holdfast_engine::track::TimeoutDurations;
use ipnet::IpNet;

use super::pair::{HaConfig, StandbyConfig};
use crate::protocol::Protocol;

/// A whole box.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Config {
    /// `name`: the box's name.
    pub name: String,
    /// `control_socket`: Unix socket of the console; `/run/holdfast/NAME.sock` by default.
    pub control_socket: PathBuf,
    /// `[eal]`.
    pub eal: EalConfig,
    /// `[workers]`.
    pub workers: WorkersConfig,
    /// `[[interface]]`; its position is its port number.
    pub interfaces: Vec<InterfaceConfig>,
    /// `[[neighbour]]`.
    pub neighbours: Vec<NeighbourConfig>,
    /// `[[route]]`.
    pub routes: Vec<RouteConfig>,
    /// `[[rule]]`, in order; users count them from 1.
    pub rules: Vec<RuleConfig>,
    /// `[inspect]`.
    pub inspect: InspectSettings,
    /// `[log]`.
    pub log: LogConfig,
    /// `[ha]`; `None` for a single firewall.
    pub ha: Option<HaConfig>,
    /// `[[standby]]`.
    pub standby: Vec<StandbyConfig>,
}

impl Config {
    /// Zone names in their own order, not that of the interfaces: rule hashes name zones by number, and both boxes
    /// of a pair must come to the same. The first is [`ZoneId`] 1, since zone 0 is the box itself.
    pub fn zones(&self) -> Vec<&str> {
        let mut zones: Vec<&str> = self.interfaces.iter().map(|interface| interface.zone.as_str()).collect();
        zones.sort_unstable();
        zones.dedup();
        zones
    }

    /// Index of a zone; `None` when no interface is in it.
    pub fn zone_id(&self, name: &str) -> Option<ZoneId> {
        let position = self.zones().iter().position(|zone| *zone == name)?;
        u8::try_from(position + 1).ok().map(ZoneId)
    }

    /// What is accepted but will surprise.
    pub fn warnings(&self) -> Vec<ConfigWarning> {
        let mut warnings = Vec::new();
        if self.ha.as_ref().is_some_and(|ha| ha.insecure) {
            warnings.push(ConfigWarning::HaInsecure);
        }
        if self.ha.is_none() && !self.standby.is_empty() {
            warnings.push(ConfigWarning::StandbyWithoutHa);
        }
        if !self.inspect.has_default_limits() {
            warnings.push(ConfigWarning::LimitsNotEnforced);
        }
        if self.rules.is_empty() {
            warnings.push(ConfigWarning::NoRules);
        }
        warnings
    }
}

/// Something a user should know about a configuration that is otherwise right.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ConfigWarning {
    /// `ha.insecure` is set.
    #[error(
        "[ha] insecure = true: whoever reaches the HA link can read, forge and remove sessions; a key_file is not used"
    )]
    HaInsecure,
    /// `[[standby]]` is there, `[ha]` is not.
    #[error(
        "there is [[standby]] but no [ha]: the box speaks plain HSRP and replicates no sessions, so that a switchover ends them"
    )]
    StandbyWithoutHa,
    /// A half-open limit differs from its default.
    #[error("[inspect] max_incomplete_*, one_minute_*, host_*: accepted but not enforced in this version")]
    LimitsNotEnforced,
    /// No `[[rule]]` is there.
    #[error("there is no [[rule]]: nothing will pass")]
    NoRules,
}

/// `[eal]`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct EalConfig {
    /// `memory_mb`: memory for DPDK in megabytes.
    pub memory_mb: u32,
    /// `mbufs`: packet buffers; as many as rings and queues need by default.
    pub mbufs: Option<u32>,
    /// `extra`: arguments passed to EAL as they are.
    pub extra: Vec<String>,
}

/// `workers.poll`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PollMode {
    /// Spins, for dedicated cores.
    Busy,
    /// Sleeps at most `sleep_max` after empty polls.
    Adaptive,
}

/// `[workers]`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct WorkersConfig {
    /// `lcores`: one worker each, in this order.
    pub lcores: Vec<u16>,
    /// `poll`.
    pub poll: PollMode,
    /// `sleep_max`: longest sleep with `poll = "adaptive"`.
    pub sleep_max: Duration,
    /// `sessions_max`: sessions the box can hold, allocated at start.
    pub sessions_max: u32,
    /// `burst`: packets a burst.
    pub burst: u16,
}

impl WorkersConfig {
    /// Capacity of each worker's table: `sessions_max` in equal parts, rounded up.
    pub fn sessions_per_worker(&self) -> u32 {
        self.sessions_max.div_ceil(self.lcores.len().max(1) as u32)
    }
}

/// `[[interface]]`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct InterfaceConfig {
    /// `name`.
    pub name: String,
    /// `ha_id`: the same number on the peer's same-side interface.
    pub ha_id: Option<u16>,
    /// `device`: a vdev string or a PCI address.
    pub device: String,
    /// `addresses`.
    pub addresses: Vec<InterfaceAddress>,
    /// `zone`.
    pub zone: String,
    /// `mtu`: largest IP packet in bytes.
    pub mtu: u16,
    /// `vlan`: the 802.1Q tag the interface lives behind; untagged by default.
    pub vlan: Option<u16>,
    /// `promiscuous`.
    pub promiscuous: bool,
    /// `rx_descriptors`: descriptors of each receive queue.
    pub rx_descriptors: u16,
    /// `tx_descriptors`: descriptors of each transmit queue.
    pub tx_descriptors: u16,
    /// `reverse_path_check`: a packet's source must route back to the interface it came from (RFC 3704).
    pub reverse_path_check: bool,
}

impl InterfaceConfig {
    /// The networks of its addresses.
    pub fn connected(&self) -> impl Iterator<Item = IpNet> + '_ {
        self.addresses.iter().filter_map(|a| IpNet::new(a.address, a.prefix_len).ok().map(|net| net.trunc()))
    }
}

/// `[[neighbour]]`: an entry that is never asked for and never ages.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NeighbourConfig {
    /// `interface`: its name.
    pub interface: String,
    /// `address`.
    pub address: IpAddr,
    /// `mac`.
    pub mac: Mac,
}

/// Where a route leads.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RouteTarget {
    /// `via`: a next hop on a connected network.
    Via(IpAddr),
    /// `blackhole = true`: packets drop.
    Blackhole,
}

/// `[[route]]`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RouteConfig {
    /// `prefix`.
    pub prefix: IpNet,
    /// `via` or `blackhole`.
    pub target: RouteTarget,
}

/// Ports from `low` to `high`, both included.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PortRange {
    /// Lowest.
    pub low: u16,
    /// Highest.
    pub high: u16,
}

impl fmt::Display for PortRange {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.low == self.high {
            true => write!(f, "{}", self.low),
            false => write!(f, "{}-{}", self.low, self.high),
        }
    }
}

/// `rule.replicate`: which sessions of the rule the peer learns of.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Replicate {
    /// `"always"`.
    Always,
    /// `"never"`.
    Never,
    /// `{ after = "1s" }`: once they have lived that long.
    After(Duration),
}

/// `[[rule]]`. Empty lists match everything.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RuleConfig {
    /// `from`: zone of the initiator.
    pub from: String,
    /// `to`: zone of the responder.
    pub to: String,
    /// `action`.
    pub action: Action,
    /// `protocol`; `None` for any.
    pub protocol: Option<Protocol>,
    /// `source`: prefixes of the initiator.
    pub source: Vec<IpNet>,
    /// `destination`: prefixes of the responder.
    pub destination: Vec<IpNet>,
    /// `source_ports`.
    pub source_ports: Vec<PortRange>,
    /// `destination_ports`.
    pub destination_ports: Vec<PortRange>,
    /// `log`: sessions (or drops) of this rule are logged.
    pub log: bool,
    /// `replicate`.
    pub replicate: Replicate,
}

/// `[inspect]`: time-outs and limits.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct InspectSettings {
    /// `tcp_synwait`: time for a TCP handshake.
    pub tcp_synwait: Duration,
    /// `tcp_finwait`: how long a closed TCP session is kept.
    pub tcp_finwait: Duration,
    /// `tcp_idle`.
    pub tcp_idle: Duration,
    /// `udp_idle`.
    pub udp_idle: Duration,
    /// `dns_timeout`.
    pub dns_timeout: Duration,
    /// `icmp_idle`.
    pub icmp_idle: Duration,
    /// `max_incomplete_high`: half-open sessions above which the oldest go.
    pub max_incomplete_high: u32,
    /// `max_incomplete_low`: and down to which.
    pub max_incomplete_low: u32,
    /// `one_minute_high`: sessions begun in a minute above which half-opens go.
    pub one_minute_high: u32,
    /// `one_minute_low`: and down to which.
    pub one_minute_low: u32,
    /// `host_incomplete`: half-open TCP sessions per destination host.
    pub host_incomplete: u32,
    /// `host_block_time`: how long a host above it is blocked; zero evicts its oldest half-open instead.
    pub host_block_time: Duration,
    /// `tcp_pickup`: TCP without a session is picked up in mid-stream.
    pub tcp_pickup: bool,
    /// `audit_trail`: begin and end of every session are logged.
    pub audit_trail: bool,
}

impl Default for InspectSettings {
    /// The engine's times, which are those of classic IOS inspection; limits for today's rates.
    fn default() -> Self {
        let times = TimeoutDurations::default();
        InspectSettings {
            tcp_synwait: times.tcp_synwait,
            tcp_finwait: times.tcp_finwait,
            tcp_idle: times.tcp_idle,
            udp_idle: times.udp_idle,
            dns_timeout: times.dns,
            icmp_idle: times.icmp_idle,
            max_incomplete_high: 500_000,
            max_incomplete_low: 400_000,
            one_minute_high: 500_000,
            one_minute_low: 400_000,
            host_incomplete: 5_000,
            host_block_time: Duration::ZERO,
            tcp_pickup: false,
            audit_trail: false,
        }
    }
}

impl InspectSettings {
    /// Whether the half-open limits are those of a configuration that names none.
    fn has_default_limits(&self) -> bool {
        let default = InspectSettings::default();
        let limits = |s: &InspectSettings| {
            let half_open =
                (s.max_incomplete_high, s.max_incomplete_low, s.one_minute_high, s.one_minute_low);
            (half_open, s.host_incomplete, s.host_block_time)
        };
        limits(self) == limits(&default)
    }
}

/// `log.format`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LogFormat {
    /// For people.
    Text,
    /// One JSON object a line.
    Json,
}

/// `log.level`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LogLevel {
    /// Failures.
    Error,
    /// And what may need attention.
    Warn,
    /// And state changes.
    Info,
    /// And reasons.
    Debug,
    /// And everything.
    Trace,
}

/// `[log]`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LogConfig {
    /// `format`.
    pub format: LogFormat,
    /// `level`; the environment's `RUST_LOG` goes before it.
    pub level: LogLevel,
}
