//! The memory one shard's owner and its readers share, and what readers do with it.

use core::sync::atomic::{AtomicU32, Ordering as PlainOrdering};

use crossbeam::utils::CachePadded;

use super::cold::Cold;
use super::entry::{Entry, EntryVersion};
use super::index::Geometry;
use super::memory::{Backing, Block};
use super::state::Direction;
use super::sync::spin_loop;
use super::{SessionDetails, SessionHandle, Snapshot, TableConfig};
use crate::flow::{FlowHash, FlowKey, HashKey};

/// Attempts at one consistent view before a reader gives up. A write takes tens of nanoseconds, so two or three
/// are many; all of them fail only when the owner was stopped by the kernel in the middle of one.
#[cfg(not(loom))]
const READ_ATTEMPTS_MAX: u32 = 10_000;
#[cfg(loom)]
const READ_ATTEMPTS_MAX: u32 = 3;

/// A reader met the owner in the middle of a write every time it looked; the owner must have lost its core just
/// there. Nothing is known about the session; ask again later.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the session was being written during every attempt to read it")]
pub struct Contended;

/// Arrays of one shard; row `i` of `entries`, `cold` and `v6` belongs to slot `i`.
pub(super) struct Storage {
    pub(super) buckets: Block<8>,
    pub(super) entries: Block<8>,
    pub(super) cold: Block<6>,
    pub(super) v6: Block<4>,
    pub(super) geometry: Geometry,
    pub(super) hash_key: HashKey,
    /// Figures for readers that order nothing, hence plain atomics, invisible to loom.
    pub(super) published: CachePadded<Published>,
}

/// What the owner tells readers about the whole table.
#[derive(Default)]
pub(super) struct Published {
    /// Slots from here on were never filled.
    pub(super) used_slots: AtomicU32,
    /// Live sessions.
    pub(super) sessions: AtomicU32,
}

impl Storage {
    /// Zeroed memory for `config`; `None` when there is not enough.
    pub(super) fn new(config: &TableConfig) -> Option<Storage> {
        let geometry = Geometry::new(config.sessions_max);
        let slots = config.sessions_max as usize;
        let backing = if config.touch_at_start { Backing::HugeTouched } else { Backing::Huge };
        Some(Storage {
            buckets: Block::zeroed(geometry.buckets() as usize, backing)?,
            entries: Block::zeroed(slots, backing)?,
            cold: Block::zeroed(slots, backing)?,
            // Few networks fill this one, and a huge page for each of a few scattered sessions would.
            v6: Block::zeroed(slots, Backing::Small)?,
            geometry,
            hash_key: config.hash_key,
            published: CachePadded::default(),
        })
    }

    #[inline]
    pub(super) fn entry(&self, slot: u32) -> Entry<'_> {
        Entry { line: self.entries.row(slot), v6: self.v6.row(slot) }
    }

    #[inline]
    pub(super) fn cold(&self, slot: u32) -> Cold<'_> {
        Cold(self.cold.row(slot))
    }

    /// Slots that may hold a session.
    pub(super) fn used_slots(&self) -> u32 {
        self.published.used_slots.load(PlainOrdering::Acquire)
    }

    /// The filled slot `slot` in full. Consistent for the owner; for a reader only between two looks at the
    /// entry's version.
    pub(super) fn copy(&self, slot: u32, version: EntryVersion) -> Snapshot {
        let (entry, cold) = (self.entry(slot), self.cold(slot));
        let (rule, created) = cold.admitted();
        Snapshot {
            handle: SessionHandle { index: slot, generation: version.generation() },
            key: entry.key(),
            state: entry.state(),
            details: SessionDetails {
                rule,
                created,
                counters: [cold.counter(Direction::Original), cold.counter(Direction::Reply)],
                birth: cold.birth(),
            },
        }
    }

    /// A reader's copy of a slot, `None` when it is free or does not exist, or when `wanted` refuses its key
    /// (asked first, to spare the copy; the answer counts only if the version held).
    fn read_slot(
        &self,
        slot: u32,
        wanted: impl Fn(Entry<'_>) -> bool,
    ) -> Result<Option<Snapshot>, Contended> {
        if slot as usize >= self.entries.rows().len() {
            return Ok(None);
        }
        let entry = self.entry(slot);
        for _ in 0..READ_ATTEMPTS_MAX {
            let version = entry.version();
            if !version.is_writing() {
                let copy = (version.is_filled() && wanted(entry)).then(|| self.copy(slot, version));
                if entry.unchanged_since(version) {
                    return Ok(copy);
                }
            }
            spin_loop();
        }
        Err(Contended)
    }

    /// A reader's copy of a slot, `None` when it is free or does not exist.
    pub(super) fn read(&self, slot: u32) -> Result<Option<Snapshot>, Contended> {
        self.read_slot(slot, |_| true)
    }

    /// A reader's look-up. See the protocol in `table.rs`.
    pub(super) fn read_key(&self, key: &FlowKey, hash: FlowHash) -> Result<Option<Snapshot>, Contended> {
        let (primary, tag) = self.geometry.primary(hash);
        let numbers = [primary, self.geometry.other(primary, tag)];
        'attempt: for _ in 0..READ_ATTEMPTS_MAX {
            let mut versions = [None; 2];
            for (number, seen) in numbers.into_iter().zip(&mut versions) {
                let bucket = self.bucket(number);
                let version = bucket.version();
                if version.is_writing() {
                    spin_loop();
                    continue 'attempt;
                }
                *seen = Some(version);
                for lane in bucket.matches(tag) {
                    // The lane may be torn or stale; the entry says for itself whose state it holds.
                    let hit = self.read_slot(bucket.slot(lane), |entry| entry.is(key))?;
                    if hit.is_some() {
                        return Ok(hit);
                    }
                }
                if number == primary && version.overflow() == 0 {
                    break;
                }
            }
            // A miss counts only if nothing moved behind our back.
            let held = numbers.into_iter().zip(versions).all(|(number, seen)| {
                seen.is_none_or(|version| self.bucket(number).unchanged_since(version))
            });
            if held {
                return Ok(None);
            }
            spin_loop();
        }
        Err(Contended)
    }
}
