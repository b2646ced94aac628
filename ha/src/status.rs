//! What the HA core says about itself: plain data for the console, tests and metrics.

use core::net::Ipv4Addr;
use core::time::Duration;

use holdfast_engine::interface::{Mac, PortId};
use serde::Serialize;

/// State of one HSRP group (RFC 2281 section 5.2).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum GroupState {
    /// Not running: interface down, or not configured completely.
    Initial,
    /// The virtual address is not known yet.
    Learn,
    /// Knows the address; neither active nor standby.
    Listen,
    /// Takes part in the election.
    Speak,
    /// Next in line.
    Standby,
    /// Forwards.
    Active,
}

/// Role of the whole box.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Default)]
pub enum BoxRole {
    /// Neither active nor in line: starting, or its interfaces are down.
    #[default]
    Init,
    /// The peer (or another router) is active; this box takes over from it.
    Standby,
    /// Workers were told to be active; gratuitous ARP and hellos go out when all of them are.
    TakingOver,
    /// Forwards.
    Active,
    /// Active, and handing over: flushes what the peer lacks.
    HandingOver,
    /// Handed over; forwards what still arrives.
    Lingering,
}

/// How far a standby's sessions are complete.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Default)]
pub enum SyncState {
    /// Not replicating: no peer, or no link.
    #[default]
    Cold,
    /// A complete copy is under way.
    Bulk,
    /// The standby holds what the active holds, and changes follow.
    Hot,
}

/// State of the HA link.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum LinkState {
    /// None is configured.
    None,
    /// Nothing authentic heard for `dead_after`.
    Down,
    /// Shaking hands.
    Connecting,
    /// Authentic datagrams arrive.
    Up,
}

/// One group, for `show standby`.
#[derive(Clone, Debug)]
pub struct GroupStatus {
    /// Its port.
    pub port: PortId,
    /// Group number.
    pub group: u16,
    /// HSRP version, 1 or 2.
    pub version: u8,
    /// State.
    pub state: GroupState,
    /// Priority in force, tracking included.
    pub priority: u8,
    /// Priority as configured.
    pub priority_configured: u8,
    /// Whether it preempts.
    pub preempt: bool,
    /// Virtual addresses; the first is the one on the wire.
    pub virtual_addresses: Vec<Ipv4Addr>,
    /// Virtual MAC.
    pub virtual_mac: Mac,
    /// The active router's address; the box's own when it is active.
    pub active_router: Option<Ipv4Addr>,
    /// The active router's priority.
    pub active_priority: Option<u8>,
    /// The standby router's address; the box's own when it is standby.
    pub standby_router: Option<Ipv4Addr>,
    /// Hello time in force.
    pub hello: Duration,
    /// Hold time in force.
    pub hold: Duration,
    /// Time until the next hello; `None` when none is sent in this state.
    pub next_hello_in: Option<Duration>,
    /// `none`, `text` or `md5`.
    pub authentication: &'static str,
    /// Times the state changed.
    pub state_changes: u32,
    /// Time since it last did.
    pub last_change: Duration,
    /// What the last change was for.
    pub last_change_why: &'static str,
    /// Packets sent, by opcode: hello, coup, resign.
    pub sent: [u64; 3],
    /// Packets received and believed, by opcode: hello, coup, resign, advertise.
    pub received: [u64; 4],
    /// Packets whose authentication failed.
    pub authentication_failures: u64,
    /// Packets that no HSRP speaker sends, or of another group or version.
    pub malformed: u64,
}

/// Counters of the replication, since start. The fields are the keys of `show ip inspect ha statistics | json`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub struct ReplicationCounters {
    /// Records sent: sessions.
    pub records_sent: u64,
    /// Records sent: removals.
    pub removals_sent: u64,
    /// Records sent again because a datagram was lost.
    pub records_resent: u64,
    /// Datagrams with records sent.
    pub datagrams_sent: u64,
    /// Datagrams the peer reported lost, or that timed out.
    pub datagrams_lost: u64,
    /// Records received and handed to a worker: sessions.
    pub records_received: u64,
    /// Records received and handed to a worker: removals.
    pub removals_received: u64,
    /// Datagrams with records received.
    pub datagrams_received: u64,
    /// Datagrams that came twice.
    pub duplicates: u64,
    /// Datagrams that came after their successors had been applied.
    pub late: u64,
    /// Datagrams refused because a worker's ring had no room; the peer sends them again.
    pub no_room: u64,
    /// Records of a kind or version this box does not know, skipped.
    pub unknown_records: u64,
    /// Datagrams that were authentic and yet made no sense.
    pub malformed: u64,
    /// Datagrams of an older term or another epoch, ignored.
    pub outdated: u64,
}

/// One stream (a shard of the sender), for `show ip inspect ha statistics`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct StreamStatus {
    /// Sequence number of the newest datagram sent.
    pub sent: u64,
    /// Highest such that the peer has reported on everything up to it.
    pub acknowledged: u64,
    /// Datagrams on their way.
    pub in_flight: u32,
    /// Highest sequence number applied from the peer's stream of this number.
    pub applied: u64,
}

/// Counters of the HA link, since start. The fields are the keys of `show ip inspect ha statistics | json`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub struct LinkCounters {
    /// Datagrams sent.
    pub sent: u64,
    /// Authentic datagrams received.
    pub received: u64,
    /// Bytes sent, UDP payload.
    pub sent_bytes: u64,
    /// Bytes of authentic datagrams received.
    pub received_bytes: u64,
    /// Datagrams that failed authentication: forged, damaged, or under another key.
    pub forged: u64,
    /// Datagrams with a number that came before; whether they are authentic is then not looked at any more.
    pub replayed: u64,
    /// Datagrams too short or of no known form.
    pub malformed: u64,
    /// Datagrams of a session that is over.
    pub outdated: u64,
    /// Handshakes completed.
    pub handshakes: u64,
    /// Handshake messages that failed under our key.
    pub handshake_failures: u64,
    /// Peers whose protocol versions do not meet ours.
    pub version_mismatches: u64,
    /// Datagrams the kernel refused to send.
    pub send_failures: u64,
}

/// What the workers did with the peer's records, since start, summed over them
/// ([`holdfast_engine::replication::WorkerStatus`]). The fields are the keys of
/// `show ip inspect ha statistics | json`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub struct InstallCounters {
    /// Sessions installed.
    pub installed: u64,
    /// Records merged into sessions that were here.
    pub merged: u64,
    /// Sessions removed because the peer's is gone.
    pub removed: u64,
    /// Records whose rule is unknown here and that the rules here admit.
    pub rule_reevaluated: u64,
    /// Records that no rule here admits, or whose interfaces are unknown here.
    pub refused_by_policy: u64,
    /// Records of sessions that cannot be.
    pub refused_unsound: u64,
    /// Records that found the table full.
    pub refused_full: u64,
    /// HSRP packets lost because the ring to the HA core was full.
    pub hsrp_lost: u64,
}

/// The peer as the HA link tells it.
#[derive(Clone, Debug)]
pub struct PeerStatus {
    /// Whether it has as many working interfaces and workers as this box, so that the role may go there.
    pub fit: bool,
    /// Its configured name.
    pub name: String,
    /// Its role.
    pub role: BoxRole,
    /// Its sync state.
    pub sync: SyncState,
    /// Its term.
    pub term: u64,
    /// Live sessions there.
    pub sessions: u64,
    /// Its protocol version in use.
    pub version: u16,
    /// Since when it is heard.
    pub heard_for: Duration,
    /// Since its last heartbeat.
    pub silent_for: Duration,
}

/// The whole pair, for `show redundancy states` and all the others.
#[derive(Clone, Debug)]
pub struct Status {
    /// The box's name.
    pub name: String,
    /// Role.
    pub role: BoxRole,
    /// What the last change of role was for.
    pub role_why: &'static str,
    /// Time since the last change of role.
    pub role_since: Duration,
    /// Times the box became active.
    pub takeovers: u32,
    /// Own sync state (meaningful while standby), or the peer's (while active).
    pub sync: SyncState,
    /// Term in force.
    pub term: u64,
    /// Groups, in configuration order.
    pub groups: Vec<GroupStatus>,
    /// HA link.
    pub link: LinkState,
    /// Own end of the link.
    pub link_local: Option<core::net::SocketAddr>,
    /// The peer's end of the link.
    pub link_peer: Option<core::net::SocketAddr>,
    /// Largest UDP payload proven to arrive, bytes.
    pub link_payload_bytes: u32,
    /// Smoothed round-trip time of the link.
    pub link_round_trip: Option<Duration>,
    /// The peer; `None` before it was ever heard.
    pub peer: Option<PeerStatus>,
    /// Sessions here.
    pub sessions: u64,
    /// Whether both tables are equal; `None` while something is under way, or nothing is known of the peer.
    pub tables_equal: Option<bool>,
    /// Changed sessions not yet sent, and records sent but not acknowledged.
    pub lag_records: u64,
    /// Age of the oldest datagram that the peer has not acknowledged.
    pub lag: Duration,
    /// Time since the last complete copy ended; `None` when there was none.
    pub last_bulk_age: Option<Duration>,
    /// Sessions in it.
    pub last_bulk_sessions: u64,
    /// How long it took.
    pub last_bulk_took: Duration,
    /// Sessions of a copy under way: sent or received so far, and expected.
    pub bulk_progress: Option<(u64, u64)>,
    /// Streams to the peer and from it, by number.
    pub streams: Vec<StreamStatus>,
    /// Replication counters.
    pub replication: ReplicationCounters,
    /// Link counters.
    pub link_counters: LinkCounters,
    /// What the workers did with the peer's records.
    pub installs: InstallCounters,
    /// What is wrong with the pair just now, in sentences that say what to do. Empty when all is well.
    pub alarms: Vec<String>,
}
