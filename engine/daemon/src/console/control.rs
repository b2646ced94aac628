//! What the console asks of a box, and what it may answer when it cannot.

use core::time::Duration;

use crate::report::{
    ArpTable, ConfigCores, ConfigFwd, ConfigRxtx, ForwardMode, ForwardStats, InspectConfig,
    InspectInterfaces, InspectStatistics, Interfaces, Ipv6Neighbors, Logging, PortInfos, PortStatsReport,
    PortXstatsReport, RouteFamily, RouteTable, RunningConfig, SessionId, SessionSelector, Sessions, Version,
};

/// Which ports a command means.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Ports {
    /// Every port.
    All,
    /// The port with this number.
    One(u8),
}

impl Ports {
    /// The numbers meant on a box with `count` ports; an error when there is no such port.
    pub fn of(self, count: u8) -> Result<core::ops::Range<u8>, ControlError> {
        match self {
            Ports::All => Ok(0..count),
            Ports::One(port) if port < count => Ok(port..port + 1),
            Ports::One(port) => Err(ControlError::NoSuchPort { port, ports: count }),
        }
    }
}

/// Why a box did not do what it was asked. Each prints as a sentence that tells the user what to do next.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ControlError {
    /// The port number is too high.
    #[error("there is no port {port}; this box has {ports}, numbered from 0")]
    NoSuchPort {
        /// The number asked for.
        port: u8,
        /// Number of ports.
        ports: u8,
    },
    /// The session is gone or never was.
    #[error("there is no session {id}")]
    NoSuchSession {
        /// The session asked for.
        id: SessionId,
    },
    /// The command changes something that only may change while forwarding is stopped.
    #[error("packet forwarding is started; `stop` it first")]
    Forwarding,
    /// `start` while started.
    #[error("packet forwarding is started already")]
    AlreadyForwarding,
    /// `stop` while stopped.
    #[error("packet forwarding is not started")]
    NotForwarding,
    /// A number is outside what the box can do.
    #[error("{what} must be {min} to {max}, not {value}")]
    OutOfRange {
        /// What the number is.
        what: &'static str,
        /// The number given.
        value: u64,
        /// Smallest that works.
        min: u64,
        /// Largest that works.
        max: u64,
    },
    /// The device or its driver refused.
    #[error("port {port}: the driver refused to {operation}: {reason}")]
    Device {
        /// Port number.
        port: u8,
        /// What was tried, for example `stop`.
        operation: &'static str,
        /// The driver's reason.
        reason: String,
    },
    /// A worker did not answer in time.
    #[error(
        "worker {worker} did not answer within {waited:?}; `show fwd stats all` shows whether it still polls"
    )]
    WorkerSilent {
        /// Worker index.
        worker: u16,
        /// How long it was waited for.
        waited: Duration,
    },
}

/// A box as the console sees it: one method per request. The control thread implements it and is the only
/// caller, so that an implementation needs no locks. Methods may wait for workers, but never without bound.
///
/// `show` methods of one family answer ports, workers and interfaces in ascending order.
pub trait Control {
    /// `show port info` and `show port summary`.
    fn port_info(&mut self, ports: Ports) -> Result<PortInfos, ControlError>;
    /// `show port stats`; rates are since the last call for that port.
    fn port_stats(&mut self, ports: Ports) -> Result<PortStatsReport, ControlError>;
    /// `show port xstats`.
    fn port_xstats(&mut self, ports: Ports) -> Result<PortXstatsReport, ControlError>;
    /// `show fwd stats all`.
    fn forward_stats(&mut self) -> Result<ForwardStats, ControlError>;
    /// `show config fwd`, and what `start` prints.
    fn config_fwd(&mut self) -> Result<ConfigFwd, ControlError>;
    /// `show config rxtx`.
    fn config_rxtx(&mut self) -> Result<ConfigRxtx, ControlError>;
    /// `show config cores`.
    fn config_cores(&mut self) -> Result<ConfigCores, ControlError>;
    /// `show ip inspect sessions`: at most `sessions_max` of them, worker by worker.
    fn sessions(&mut self, sessions_max: usize) -> Result<Sessions, ControlError>;
    /// `show ip inspect statistics`.
    fn inspect_statistics(&mut self) -> Result<InspectStatistics, ControlError>;
    /// `show ip inspect config`.
    fn inspect_config(&mut self) -> Result<InspectConfig, ControlError>;
    /// `show ip inspect interfaces`.
    fn inspect_interfaces(&mut self) -> Result<InspectInterfaces, ControlError>;
    /// `show arp`.
    fn arp(&mut self) -> Result<ArpTable, ControlError>;
    /// `show ipv6 neighbors`.
    fn ipv6_neighbors(&mut self) -> Result<Ipv6Neighbors, ControlError>;
    /// `show ip route` and `show ipv6 route`.
    fn routes(&mut self, family: RouteFamily) -> Result<RouteTable, ControlError>;
    /// `show interfaces`.
    fn interfaces(&mut self) -> Result<Interfaces, ControlError>;
    /// `show running-config`.
    fn running_config(&mut self) -> Result<RunningConfig, ControlError>;
    /// `show version`.
    fn version(&mut self) -> Result<Version, ControlError>;
    /// `show logging`.
    fn logging(&mut self) -> Result<Logging, ControlError>;

    /// `clear port stats`.
    fn clear_port_stats(&mut self, ports: Ports) -> Result<(), ControlError>;
    /// `clear fwd stats`: forwarding counters and drop reasons of every worker.
    fn clear_forward_stats(&mut self) -> Result<(), ControlError>;
    /// `clear ip inspect sessions`; the number removed.
    fn clear_sessions(&mut self, sessions: SessionSelector) -> Result<u64, ControlError>;
    /// `clear arp`: forgets what was learned, not what was configured; the number forgotten.
    fn clear_arp(&mut self) -> Result<u64, ControlError>;
    /// `clear ipv6 neighbors`: as `clear_arp`.
    fn clear_ipv6_neighbors(&mut self) -> Result<u64, ControlError>;

    /// `set fwd MODE`; refused while forwarding is started.
    fn set_forward_mode(&mut self, mode: ForwardMode) -> Result<(), ControlError>;
    /// `set burst N`, 1 to the engine's `BURST_PACKETS_MAX`.
    fn set_burst(&mut self, packets: u16) -> Result<(), ControlError>;
    /// `set verbose N`: 0 is off, above it packets are logged; the former level.
    fn set_verbose(&mut self, level: u8) -> Result<u8, ControlError>;
    /// `set promisc`.
    fn set_promiscuous(&mut self, ports: Ports, on: bool) -> Result<(), ControlError>;
    /// `start`.
    fn start(&mut self) -> Result<(), ControlError>;
    /// `stop`.
    fn stop(&mut self) -> Result<(), ControlError>;
    /// `port start`.
    fn port_start(&mut self, ports: Ports) -> Result<(), ControlError>;
    /// `port stop`.
    fn port_stop(&mut self, ports: Ports) -> Result<(), ControlError>;
    /// `debug clock advance`: the workers' clock jumps ahead, so that time-outs can be tried without waiting.
    fn advance_clock(&mut self, by: Duration) -> Result<(), ControlError>;
    /// `undebug all`: verbose level 0. A clock that was advanced stays ahead, since time never runs backwards.
    fn undebug_all(&mut self) -> Result<(), ControlError>;
}
