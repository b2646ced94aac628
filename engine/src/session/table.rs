//! The session table of one shard.
//!
//! # What it must do
//!
//! One worker owns the table and asks it about every packet; two million sessions do not fit in any cache, so
//! a look-up is a wait for memory, and the design is about how many lines it waits for and whether the waits
//! overlap. At the same time the console, digests and bulk synchronisation read the live table and must never
//! make the worker wait: not with a lock, not with a reference count, not by asking it to keep old memory.
//!
//! # Shape
//!
//! A key leads to a bucket of the *index* (one line: eight tags of 16 bits, eight slots of 32), the tag to a
//! slot, the slot to an *entry* (one line: key, state). Two lines for a hit, both prefetched burst by burst; and
//! one for a miss, since a stray tag matches in fewer than one look-up in eight thousand. The entry's line is also
//! all that a packet of an established session writes; its counters are one more line, in the *cold* row.
//!
//! Two buckets of eight lanes per key instead of one, because one is not enough: with keys thrown at random and
//! five sessions to a bucket, one bucket in fourteen would get more than eight. With a second choice and moving
//! what is in the way (cuckoo hashing; Dietzfelbinger and Weidling, "Balanced Allocation and Dictionaries with
//! Tightly Packed Constant Size Bins", 2007: two buckets of eight fill to 99 % and more) every insert finds
//! room at 62.5 %, usually with nothing moved. Nor does the second choice cost a second line in general: each
//! bucket counts its entries that had to live elsewhere, and where that count is zero the search is over. A
//! chained table would do as well on average; this one has no chains for anyone to make long, and no resize.
//!
//! Bytes per session of a full table: 12.8 of index + 64 + 48 = 124.8. The addresses of IPv6 keys are in a side
//! row of 32 bytes a slot, memory the kernel only provides where an IPv6 session was (156.8 then). The list of
//! free slots goes through the cold rows of free slots; the wheel's heads are 4 KiB a shard.
//! [`SessionTable::memory_bytes`] adds it up.
//!
//! # How readers read
//!
//! Every shared word is an `AtomicU64`. Bucket and entry each begin with a version word and are *sequence
//! locks*: the owner makes the version odd, fences, stores relaxed, and makes it even with release; a reader
//! loads the version with acquire, loads relaxed, fences, and compares (Boehm, "Can Seqlocks Get Along with
//! Programming Language Memory Models?", 2012). On x86-64 all of that is plain moves. The owner never looks at
//! anything a reader writes, for readers write nothing: that is why they cannot block it.
//!
//! *A hit needs no bucket version.* Whatever a torn bucket suggested, the entry's key and state come out of one
//! unchanged version of the entry, so they belong together; and a filled entry is a session that is, was or is
//! about to be in the index.
//!
//! *A miss does.* An entry that moves between its two buckets is written to the new place first and cleared from
//! the old place after, so it is always in one of them, but a reader may look at the new place before and at the
//! old place after. Then the new place's version has changed by the time the reader looks at it again: having
//! seen the clearing through an acquire, it must see what the owner wrote earlier. A miss therefore counts only
//! if the versions of both buckets, or of the one that had no overflow, are at the end what they were at the
//! beginning. The key was then in neither at the moment the second was read. Otherwise the reader starts again.
//!
//! A slot that is freed and filled while a reader holds its number is a different *generation* (odd while
//! filled), in the same word as the version. Handles carry it and every use of a handle compares it. Versions of
//! entries wrap after 2^31 writes and buckets' after 2^39, within which a reader would have to sleep.
//!
//! If the kernel stops the owner in the middle of a write, readers give up after a bounded number of attempts
//! with [`Contended`](super::Contended); nothing waits for ever.
//!
//! # How that is known
//!
//! Property tests against hashbrown (`tests/`), and a loom model of owner and reader (`loom.rs`), which tries
//! the interleavings and the stale values that the memory model allows:
//! `RUSTFLAGS="--cfg loom" cargo test -p holdfast-engine --release --lib session::loom`. Miri runs the tests of
//! this folder where a nightly toolchain has it (`cargo +nightly miri test -p holdfast-engine --lib session`);
//! with a stable toolchain alone it cannot run.

use core::sync::atomic::Ordering as PlainOrdering;

use super::cold::{Counter, NIL};
use super::config::{
    Admission, IndexCounters, InsertError, MemoryBytes, SESSIONS_MAX_LIMIT, TableConfig, TableError,
};
use super::reader::SessionReader;
use super::state::{Direction, Stored};
use super::storage::Storage;
use super::sync::Arc;
use super::wheel::Wheel;
use super::{SessionDetails, SessionHandle, SessionState, Snapshot};
use crate::flow::{FlowHash, FlowKey};
use crate::replication::Birth;
use crate::time::Tick;

/// The table as its owner has it. Everyone else uses a [`SessionReader`].
pub struct SessionTable {
    pub(super) storage: Arc<Storage>,
    pub(super) wheel: Wheel,
    /// First of the list of slots that were used and freed.
    free: u32,
    /// Slots from here on were never used; their memory is untouched.
    fresh: u32,
    sessions: u32,
    sessions_max: u32,
    counters: IndexCounters,
}

impl SessionTable {
    /// An empty table of fixed capacity.
    pub fn new(config: TableConfig) -> Result<SessionTable, TableError> {
        let sessions_max = config.sessions_max;
        if sessions_max == 0 || sessions_max > SESSIONS_MAX_LIMIT {
            return Err(TableError::SessionsMax(sessions_max));
        }
        let storage = Storage::new(&config).ok_or(TableError::Memory(sessions_max))?;
        Ok(SessionTable {
            storage: Arc::new(storage),
            wheel: Wheel::new(),
            free: NIL,
            fresh: 0,
            sessions: 0,
            sessions_max,
            counters: IndexCounters::default(),
        })
    }

    /// A reader for another thread.
    pub fn reader(&self) -> SessionReader {
        SessionReader::new(Arc::clone(&self.storage))
    }

    /// Live sessions.
    #[inline]
    pub fn len(&self) -> u32 {
        self.sessions
    }

    /// Whether no session is live.
    #[inline]
    pub fn is_empty(&self) -> bool {
        self.sessions == 0
    }

    /// Most sessions it can hold.
    #[inline]
    pub fn capacity(&self) -> u32 {
        self.sessions_max
    }

    /// What became of inserts, since start.
    pub fn index_counters(&self) -> IndexCounters {
        self.counters
    }

    /// Memory reserved.
    pub fn memory_bytes(&self) -> MemoryBytes {
        MemoryBytes {
            index: self.storage.buckets.bytes(),
            entries: self.storage.entries.bytes(),
            cold: self.storage.cold.bytes(),
            wheel: self.wheel.bytes(),
            ipv6: self.storage.v6.bytes(),
        }
    }

    /// The hash of a key under this boot's hash key.
    #[inline]
    pub fn hash(&self, key: &FlowKey) -> FlowHash {
        key.hash(&self.storage.hash_key)
    }

    /// The session of a key whose hash is `hash`.
    #[inline]
    pub fn lookup(&self, key: &FlowKey, hash: FlowHash) -> Option<SessionHandle> {
        self.storage.find(key, hash).map(|slot| self.handle(slot))
    }

    /// The handle of a slot as it is now.
    #[inline]
    pub(super) fn handle(&self, index: u32) -> SessionHandle {
        SessionHandle { index, generation: self.storage.entry(index).peek().generation() }
    }

    /// Whether the session a handle names still lives.
    #[inline]
    pub fn is_live(&self, handle: SessionHandle) -> bool {
        let slots = self.storage.entries.rows().len();
        (handle.index as usize) < slots && {
            let version = self.storage.entry(handle.index).peek();
            version.is_filled() && version.generation() == handle.generation
        }
    }

    /// State of the live session in slot `index`: from a handle that was looked up since the last removal.
    /// Panics when the table has no such slot.
    #[inline]
    pub fn load(&self, index: u32) -> SessionState {
        debug_assert!(self.storage.entry(index).peek().is_filled());
        self.storage.entry(index).state()
    }

    /// Key of the live session in slot `index`. Panics when the table has no such slot.
    #[inline]
    pub fn key_of(&self, index: u32) -> FlowKey {
        debug_assert!(self.storage.entry(index).peek().is_filled());
        self.storage.entry(index).key()
    }

    /// Makes `state` the state of the live session in slot `index`. Compares with what is there and writes only
    /// words that differ, so a caller need not know whether anything changed, and learns it. Panics when the table
    /// has no such slot.
    #[inline]
    pub fn store(&mut self, index: u32, state: &SessionState) -> Stored {
        debug_assert!(self.storage.entry(index).peek().is_filled());
        self.storage.entry(index).store(state)
    }

    /// Counts one packet of `bytes` for the live session in slot `index`. Panics when the table has no such slot.
    #[inline]
    pub fn count(&mut self, index: u32, direction: Direction, bytes: u32) {
        debug_assert!(self.storage.entry(index).peek().is_filled());
        let cold = self.storage.cold(index);
        if !cold.count(direction, bytes) {
            self.storage.entry(index).write(0, || cold.count_carrying(direction, bytes));
        }
    }

    /// Inserts a session that is looked at by the wheel at `expires`. The key must not be in the table.
    pub fn insert(
        &mut self,
        key: &FlowKey,
        hash: FlowHash,
        state: &SessionState,
        admission: Admission,
        expires: Tick,
    ) -> Result<SessionHandle, InsertError> {
        debug_assert!(self.lookup(key, hash).is_none(), "a key is inserted once: {key:?}");
        if self.sessions == self.sessions_max {
            self.counters.full += 1;
            return Err(InsertError::Full);
        }
        let Ok(place) = self.storage.reserve(hash) else {
            self.counters.crowded += 1;
            return Err(InsertError::Crowded);
        };
        let slot = self.take_free_slot();
        let cold = self.storage.cold(slot);
        let begin = || cold.begin(admission.rule, admission.now, admission.birth);
        let generation = self.storage.entry(slot).fill(key, state, begin);
        self.storage.link(place, hash, slot);
        self.wheel.arm(&self.storage.cold, slot, expires);
        self.sessions += 1;
        self.publish();
        Ok(SessionHandle { index: slot, generation })
    }

    /// Removes a session and returns it as it was; `None` when it is gone already.
    pub fn remove(&mut self, handle: SessionHandle) -> Option<Snapshot> {
        if !self.is_live(handle) {
            return None;
        }
        self.wheel.unlink(&self.storage.cold, handle.index);
        Some(self.release(handle.index))
    }

    /// Frees a live slot that is in no list of the wheel. Out of the index first: a reader that finds the slot
    /// in the index and the entry free or another's knows by the bucket's version that it must look again.
    pub(super) fn release(&mut self, slot: u32) -> Snapshot {
        let entry = self.storage.entry(slot);
        let session = self.storage.copy(slot, entry.peek());
        self.storage.unlink(slot);
        entry.free();
        self.storage.cold(slot).set_links(self.free, NIL);
        self.free = slot;
        self.sessions -= 1;
        self.publish();
        session
    }

    /// A slot nobody uses; there is one while fewer than `sessions_max` sessions live. The one freed last comes
    /// first, its lines being warm.
    fn take_free_slot(&mut self) -> u32 {
        let slot = self.free;
        if slot != NIL {
            self.free = self.storage.cold(slot).links().0;
            return slot;
        }
        self.fresh += 1;
        self.fresh - 1
    }

    fn publish(&self) {
        self.storage.published.used_slots.store(self.fresh, PlainOrdering::Release);
        self.storage.published.sessions.store(self.sessions, PlainOrdering::Relaxed);
    }

    /// All that is known of a session; `None` when it is gone.
    pub fn snapshot(&self, handle: SessionHandle) -> Option<Snapshot> {
        self.is_live(handle).then(|| self.storage.copy(handle.index, self.storage.entry(handle.index).peek()))
    }

    /// A session's rule, times and counters; `None` when it is gone.
    pub fn details(&self, handle: SessionHandle) -> Option<SessionDetails> {
        self.snapshot(handle).map(|session| session.details)
    }

    /// Names another rule as the one that admits a session, after a change of policy. `false` when it is gone.
    pub fn set_rule(&mut self, handle: SessionHandle, rule: u32) -> bool {
        let live = self.is_live(handle);
        if live {
            self.storage.cold(handle.index).set_rule(rule);
        }
        live
    }

    /// Which session of its key the live one in slot `index` is. Panics when the table has no such slot.
    #[inline]
    pub fn birth(&self, index: u32) -> Birth {
        debug_assert!(self.storage.entry(index).peek().is_filled());
        self.storage.cold(index).birth()
    }

    /// Makes a session another one of its key: the ends began again without an end in between. `false` when it is
    /// gone.
    pub fn set_birth(&mut self, handle: SessionHandle, birth: Birth) -> bool {
        let live = self.is_live(handle);
        if live {
            let cold = self.storage.cold(handle.index);
            self.storage.entry(handle.index).write(0, || cold.set_birth(birth));
        }
        live
    }

    /// Sets what a session has carried so far. `false` when it is gone.
    pub fn set_counters(&mut self, handle: SessionHandle, counters: [Counter; 2]) -> bool {
        let live = self.is_live(handle);
        if live {
            let cold = self.storage.cold(handle.index);
            self.storage.entry(handle.index).write(0, || {
                cold.set_counter(Direction::Original, counters[0]);
                cold.set_counter(Direction::Reply, counters[1]);
            });
        }
        live
    }

    /// The live session in slot `index`, if there is one.
    #[inline]
    pub fn at(&self, index: u32) -> Option<SessionHandle> {
        let filled = (index as usize) < self.storage.entries.rows().len()
            && self.storage.entry(index).peek().is_filled();
        filled.then(|| self.handle(index))
    }

    /// Slots that were ever used; slot numbers of sessions are below it.
    #[inline]
    pub fn used_slots(&self) -> u32 {
        self.fresh
    }

    /// Visits the live sessions among the `budget` slots from `cursor` on, and returns the cursor to go on from;
    /// `None` at the end. Start with 0. A session that lives during the whole walk is visited exactly once.
    pub fn walk(&self, cursor: u32, budget: u32, mut visit: impl FnMut(&Snapshot)) -> Option<u32> {
        let end = self.fresh.min(cursor.saturating_add(budget));
        for slot in cursor..end {
            let version = self.storage.entry(slot).peek();
            if version.is_filled() {
                visit(&self.storage.copy(slot, version));
            }
        }
        (end < self.fresh).then_some(end)
    }
}
