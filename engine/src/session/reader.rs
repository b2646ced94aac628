//! The table as everybody but its owner sees it.

use core::sync::atomic::Ordering as PlainOrdering;

use super::storage::{Contended, Storage};
use super::sync::Arc;
use super::{SessionHandle, Snapshot};
use crate::flow::{FlowHash, FlowKey};

/// Reads a live table from any thread without the owner's help or notice; `table.rs` tells how. It keeps the
/// memory alive after the owner is gone.
#[derive(Clone)]
pub struct SessionReader {
    storage: Arc<Storage>,
}

/// What a slice of a walk has come to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Walk {
    /// Where to go on from; `None` at the end.
    pub next: Option<u32>,
    /// Sessions that could not be read, see [`Contended`]; ask for them again if each one matters.
    pub contended: u32,
}

impl SessionReader {
    pub(super) fn new(storage: Arc<Storage>) -> SessionReader {
        SessionReader { storage }
    }

    /// Live sessions, a moment ago.
    pub fn len(&self) -> u32 {
        self.storage.published.sessions.load(PlainOrdering::Relaxed)
    }

    /// Whether no session was live a moment ago.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Slots of the table; slot numbers are below it.
    pub fn slots(&self) -> u32 {
        self.storage.entries.rows().len() as u32
    }

    /// Slots that were ever used, a moment ago; a walk ends there.
    pub fn used_slots(&self) -> u32 {
        self.storage.used_slots()
    }

    /// Hints that a slot will be read soon; a number that is no slot's is ignored.
    pub fn prefetch(&self, index: u32) {
        self.storage.entries.prefetch(index as usize, 0);
        // A row of 48 bytes may lie across two lines.
        self.storage.cold.prefetch(index as usize, 0);
        self.storage.cold.prefetch(index as usize, 5);
    }

    /// The session of a key. A session that lived throughout the call is found.
    pub fn lookup(&self, key: &FlowKey) -> Result<Option<Snapshot>, Contended> {
        self.lookup_hashed(key, key.hash(&self.storage.hash_key))
    }

    /// The session of a key whose hash is known.
    pub fn lookup_hashed(&self, key: &FlowKey, hash: FlowHash) -> Result<Option<Snapshot>, Contended> {
        self.storage.read_key(key, hash)
    }

    /// The session in a slot; `None` when there is none, or no such slot.
    pub fn snapshot(&self, index: u32) -> Result<Option<Snapshot>, Contended> {
        self.storage.read(index)
    }

    /// The session a handle names; `None` when it is gone.
    pub fn get(&self, handle: SessionHandle) -> Result<Option<Snapshot>, Contended> {
        Ok(self.storage.read(handle.index)?.filter(|session| session.handle == handle))
    }

    /// Visits the sessions among the `budget` slots from `cursor` on; start with 0. A session that lives during
    /// the whole walk is visited exactly once, unless it is counted as contended.
    pub fn walk(&self, cursor: u32, budget: u32, mut visit: impl FnMut(&Snapshot)) -> Walk {
        let used = self.storage.used_slots();
        let end = used.min(cursor.saturating_add(budget));
        let mut contended = 0;
        for slot in cursor..end {
            match self.storage.read(slot) {
                Ok(Some(session)) => visit(&session),
                Ok(None) => {}
                Err(Contended) => contended += 1,
            }
        }
        Walk { next: (end < used).then_some(end), contended }
    }
}
