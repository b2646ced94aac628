//! What the console asks of a box, and what it may answer when it cannot.

use core::time::Duration;

use holdfast_ha::node::CommandError;
use holdfast_ha::status::{BoxRole, Status, SyncState};

use super::pair::{DebugTopic, HaCleared, peer_or_other};
use crate::report::{
    ArpTable, ConfigCores, ConfigFwd, ConfigRxtx, ForwardMode, ForwardStats, InspectConfig,
    InspectInterfaces, InspectStatistics, Interfaces, Ipv6Neighbors, Logging, PortInfos, PortStatsReport,
    PortXstatsReport, RouteFamily, RouteTable, RunningConfig, SessionId, SessionSelector, Sessions, Version,
    role_phrase, sync_word,
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
    /// The box is a single firewall.
    #[error(
        "this box has no [[standby]] group; to make it one of a pair, add [ha] and [[standby]] to its configuration and start it again"
    )]
    NoPair,
    /// There is HSRP, but no link to a peer.
    #[error(
        "this box has [[standby]] groups but no [ha], so that it knows no peer; add [ha] to its configuration and start it again"
    )]
    NoHaLink,
    /// The peer is not heard over the HA link.
    #[error(
        "the peer is not heard over the HA link; `show redundancy states` shows the link, and the peer must run"
    )]
    NoPeer,
    /// What only the active box does.
    #[error("this box is not active but {}; give the command to {}", role_phrase(*.role), peer_or_other(.peer))]
    NotActive {
        /// Its role.
        role: BoxRole,
        /// The peer's name where it is active.
        peer: Option<String>,
    },
    /// The role moves just now.
    #[error("a switchover is under way; `show redundancy states` shows when it is over")]
    SwitchoverUnderWay,
    /// The peer could not take over: it is not in line.
    #[error("the peer \"{peer}\" is not standby but {}; `show standby` there shows why", role_phrase(*.role))]
    PeerNotStandby {
        /// Its name.
        peer: String,
        /// Its role.
        role: BoxRole,
    },
    /// The peer does not hold every session yet.
    #[error(
        "the peer \"{peer}\" does not hold every session yet (its copy is {}); wait until `show redundancy states` says STANDBY HOT",
        sync_word(*.sync)
    )]
    PeerNotHot {
        /// Its name.
        peer: String,
        /// How far it is.
        sync: SyncState,
    },
    /// The peer would have to give the role back.
    #[error(
        "the peer \"{peer}\" has fewer working interfaces or workers than this box; `show redundancy states` there shows what is down"
    )]
    PeerUnfit {
        /// Its name.
        peer: String,
    },
    /// The node found a reason that the status did not show, or that came since.
    #[error("the HA core refuses: {0}")]
    Refused(CommandError),
    /// The HA core did not answer in time.
    #[error("the HA core did not answer within {waited:?}; it may be stalled, which ends this box's role")]
    HaCoreSilent {
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
    /// `show standby`, `show redundancy states`, `show ip inspect ha …`: everything the HA core tells of itself.
    fn ha_status(&mut self) -> Result<Status, ControlError>;
    /// Names of the interfaces in order of their ports, which [`Status`] has numbers for.
    fn interface_names(&mut self) -> Vec<String>;
    /// `redundancy force-switchover`: begins to hand over to the peer. When it is over, the status shows.
    fn force_switchover(&mut self) -> Result<(), ControlError>;
    /// `clear ip inspect ha`: has the standby throw its copy away and ask for a complete one.
    fn clear_ha(&mut self) -> Result<HaCleared, ControlError>;
    /// `debug standby|redundancy|ip inspect ha`: log lines about the topic at level INFO, or none any more.
    fn set_ha_debug(&mut self, topic: DebugTopic, on: bool) -> Result<(), ControlError>;
    /// `undebug all`: verbose level 0, every [`DebugTopic`] off. A clock that was advanced stays ahead, since time never runs backwards.
    fn undebug_all(&mut self) -> Result<(), ControlError>;
}
