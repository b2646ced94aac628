//! What was counted since the start.

use serde::Serialize;

/// Counters of the replication, since start. The fields are the keys of `show ip inspect ha statistics | json`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub struct ReplicationCounters {
    /// Records sent: sessions.
    pub records_sent: u64,
    /// Records sent: removals.
    pub removals_sent: u64,
    /// Records in datagrams that were lost; what is true by then is sent in their place.
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
    /// Datagrams refused because a worker's ring had no room and as many as may wait did; the peer tells of their
    /// sessions again.
    pub no_room: u64,
    /// Records of a kind or version this box does not know, skipped.
    pub unknown_records: u64,
    /// Datagrams that were authentic and yet made no sense, or held a record that did not.
    pub malformed: u64,
    /// Datagrams with records or acknowledgements of another epoch, ignored.
    pub outdated: u64,
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
    /// Not of records: HSRP packets lost because the ring to the HA core was full.
    pub hsrp_lost: u64,
}
