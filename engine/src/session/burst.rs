//! Look-ups by burst: memory is slow, but many waits may overlap.
//!
//! Three passes over the same keys: ask for all primary buckets; compare tags and ask for all first candidates'
//! entries; compare keys. When a pass touches a line, the rest of the burst lies between the request and the
//! use. The passes are public so that the pipeline can do other work between them;
//! [`SessionTable::lookup_burst`] runs them back to back.

use super::cold::COUNTERS;
use super::{SessionHandle, SessionTable};
use crate::flow::{FlowHash, FlowKey};
use crate::io::BURST_PACKETS_MAX;

/// Most keys one [`SessionTable::lookup_burst`] takes.
pub const LOOKUP_KEYS_MAX: usize = BURST_PACKETS_MAX;

/// Keys whose lines are asked for together, and so the distance between asking for a line and using it. A core
/// has some dozens of outstanding line fills; asking for more only queues.
pub const PREFETCH_KEYS: usize = 32;

/// The slot a key is probably in, after comparing tags; [`SessionTable::confirm`] finds out.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Candidate(u32);

impl Candidate {
    /// No tag matched in the primary bucket.
    pub const NONE: Candidate = Candidate(u32::MAX);
}

impl SessionTable {
    /// First pass: asks for the primary bucket of each hash.
    #[inline]
    pub fn prefetch_buckets(&self, hashes: &[FlowHash]) {
        for &hash in hashes {
            self.storage.buckets.prefetch(self.storage.geometry.primary(hash).0 as usize, 0);
        }
    }

    /// Second pass: the first slot in the primary bucket whose tag matches, and a request for its entry (and
    /// for its counters' line with `counters`), or for the secondary bucket when that has to be searched.
    /// Handles as many as the shorter slice has.
    #[inline]
    pub fn probe(&self, hashes: &[FlowHash], candidates: &mut [Candidate], counters: bool) {
        let storage = &*self.storage;
        for (&hash, candidate) in hashes.iter().zip(candidates) {
            let (primary, tag) = storage.geometry.primary(hash);
            let bucket = storage.bucket(primary);
            *candidate = match bucket.matches(tag).next() {
                Some(lane) => {
                    let slot = bucket.slot(lane);
                    storage.entries.prefetch(slot as usize, 0);
                    if counters {
                        storage.cold.prefetch(slot as usize, COUNTERS);
                    }
                    Candidate(slot)
                }
                None => {
                    if bucket.overflow() != 0 {
                        storage.buckets.prefetch(storage.geometry.other(primary, tag) as usize, 0);
                    }
                    Candidate::NONE
                }
            };
        }
    }

    /// Third pass: the sessions. Candidates must come from [`SessionTable::probe`] with the same hashes; the
    /// table may have changed since, the answer is right by now. Handles as many as the shortest slice has.
    #[inline]
    pub fn confirm(
        &self,
        keys: &[FlowKey],
        hashes: &[FlowHash],
        candidates: &[Candidate],
        found: &mut [Option<SessionHandle>],
    ) {
        let storage = &*self.storage;
        for (((key, &hash), &candidate), found) in keys.iter().zip(hashes).zip(candidates).zip(found) {
            *found = match storage.entries.rows().get(candidate.0 as usize) {
                // The slot may have been freed since; then the key is still readable there.
                Some(_) if storage.entry(candidate.0).holds(key) => Some(self.handle(candidate.0)),
                _ => self.lookup(key, hash),
            };
        }
    }

    /// The session of each key, in the order of the keys; at most [`LOOKUP_KEYS_MAX`], and as many as the
    /// shortest slice has. With `counters` the counters' line is fetched along.
    pub fn lookup_burst(
        &self,
        keys: &[FlowKey],
        hashes: &[FlowHash],
        found: &mut [Option<SessionHandle>],
        counters: bool,
    ) {
        debug_assert!(
            keys.len() == hashes.len() && keys.len() <= LOOKUP_KEYS_MAX && keys.len() <= found.len()
        );
        let mut candidates = [Candidate::NONE; PREFETCH_KEYS];
        let parts = keys.chunks(PREFETCH_KEYS).zip(hashes.chunks(PREFETCH_KEYS));
        for ((keys, hashes), found) in parts.zip(found.chunks_mut(PREFETCH_KEYS)) {
            let candidates = &mut candidates[..hashes.len()];
            self.prefetch_buckets(hashes);
            self.probe(hashes, candidates, counters);
            self.confirm(keys, hashes, candidates, found);
        }
    }
}
