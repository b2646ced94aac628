//! What a worker publishes for the HA core, which reads it whenever it likes. Plain atomics: nothing is ordered by
//! them but what is said here.

use core::sync::atomic::{AtomicU32, AtomicU64, Ordering};

/// One worker's figures. Written by the worker alone. What changes with every poll is in the first cache line.
///
/// Who sees a number in `role_generation`, `copies_ended`, `flushes` or `applied` also sees what the worker did to get
/// there: they are stored with release, and read by the methods with acquire.
#[derive(Debug, Default)]
#[repr(C, align(64))]
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
    /// Messages carried out, of all that were ever put into the worker's ring; wraps.
    pub applied: AtomicU32,
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
    /// Records of sessions that cannot be: another version's, or damaged where it was made.
    pub refused_unsound: AtomicU64,
    /// Records that found the table full.
    pub refused_full: AtomicU64,
    /// HSRP packets lost because the ring to the HA core was full.
    pub hsrp_lost: AtomicU64,
}

const _: () = assert!(core::mem::offset_of!(WorkerStatus, installed) <= 64);

impl WorkerStatus {
    /// Number of the last role order carried out.
    pub fn role_generation(&self) -> u32 {
        self.role_generation.load(Ordering::Acquire)
    }

    /// Number of complete copies whose end was carried out.
    pub fn copies_ended(&self) -> u32 {
        self.copies_ended.load(Ordering::Acquire)
    }

    /// Number of refresh flushes carried out.
    pub fn flushes(&self) -> u32 {
        self.flushes.load(Ordering::Acquire)
    }

    /// Messages carried out; wraps.
    pub fn applied(&self) -> u32 {
        self.applied.load(Ordering::Acquire)
    }

    /// Tells that something was done which others wait for.
    #[inline]
    pub(crate) fn tell(number: &AtomicU32, value: u32) {
        number.store(value, Ordering::Release);
    }

    /// Counts one more, as the only writer.
    #[inline]
    pub(crate) fn count(counter: &AtomicU64) {
        counter.store(counter.load(Ordering::Relaxed).wrapping_add(1), Ordering::Relaxed);
    }
}
