//! What the HA core says about itself: plain data for the console, tests and metrics.

mod counters;
mod group;
mod state;

pub use counters::{InstallCounters, LinkCounters, ReplicationCounters};
pub use group::GroupStatus;
pub use state::{BoxRole, GroupState, LinkState, SyncState};

use core::net::SocketAddr;
use core::time::Duration;

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
    /// How long its heartbeats have come without a break, up to the last one.
    pub heard_for: Duration,
    /// Time since its last heartbeat.
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
    pub link_local: Option<SocketAddr>,
    /// The peer's end of the link.
    pub link_peer: Option<SocketAddr>,
    /// Largest plaintext proven to arrive in one datagram, bytes.
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
    /// Age of the oldest change that was sent and that the peer does not hold yet, from when it was first sent.
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
