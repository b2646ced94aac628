//! What a worker publishes for the HA core, which reads it whenever it likes. Plain atomics: nothing is ordered by
//! them but what is said here.

use core::sync::atomic::{AtomicU32, AtomicU64};

/// One worker's figures. Written by the worker alone.
#[derive(Debug, Default)]
pub struct WorkerStatus {
    /// Polls; a worker whose count stands still is stalled.
    pub polls: AtomicU64,
    /// The worker's present tick, which idle times are counted from.
    pub tick: AtomicU32,
    /// Number of the last role order carried out.
    pub role_generation: AtomicU32,
    /// Number of complete copies whose end was carried out (`FromHa::CopyEnds`).
    pub copies_ended: AtomicU32,
    /// Number of `FromHa::FlushRefresh` carried out.
    pub flushes: AtomicU32,
    /// Live sessions, stored with `digest`.
    pub sessions: AtomicU32,
    /// Sum over the live sessions of a hash of (key, birth, tracker state): equal on two boxes that hold the same.
    pub digest: AtomicU64,
    /// Sessions installed from records.
    pub installed: AtomicU64,
    /// Records merged into sessions that were here.
    pub merged: AtomicU64,
    /// Sessions removed because the peer's is gone, a complete copy's end included.
    pub removed: AtomicU64,
    /// Records whose rule is unknown here and that the rules here admit.
    pub rule_reevaluated: AtomicU64,
    /// Records that no rule here admits, or whose interfaces are unknown here.
    pub refused_by_policy: AtomicU64,
    /// Records that found the table full.
    pub refused_full: AtomicU64,
    /// HSRP packets lost because the ring to the HA core was full.
    pub hsrp_lost: AtomicU64,
}
