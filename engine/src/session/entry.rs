//! A session's hot line: what a packet of an established session reads, and all it may write.
//!
//! | word | content |
//! | ---: | --- |
//! | 0 | version (upper 32 bits, odd while the owner writes) · generation (lower 32 bits, odd while filled) |
//! | 1–2 | the key's head and tail; an IPv6 key's addresses stand in a side row |
//! | 3–7 | [`SessionState::encode`] |

use super::SessionState;
use super::memory::Row;
use super::state::{STATE_WORDS, Stored, TRACKER_WORD};
use super::sync::{Ordering, fence};
use crate::flow::FlowKey;

const VERSION: usize = 0;
const HEAD: usize = 1;
const TAIL: usize = 2;
const STATE: usize = 3;

const VERSION_ONE: u64 = 1 << 32;

/// Word 0: which generation, and which state of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct EntryVersion(u64);

impl EntryVersion {
    /// The owner is in the middle of a change.
    #[inline]
    pub(super) const fn is_writing(self) -> bool {
        self.0 & VERSION_ONE != 0
    }

    /// Generation of the slot.
    #[inline]
    pub(super) const fn generation(self) -> u32 {
        self.0 as u32
    }

    /// Whether the slot holds a session.
    #[inline]
    pub(super) const fn is_filled(self) -> bool {
        self.0 & 1 == 1
    }
}

/// An entry's line and the side row with its IPv6 addresses. Methods that change it are the owner's alone.
#[derive(Clone, Copy)]
pub(super) struct Entry<'a> {
    pub(super) line: &'a Row<8>,
    pub(super) v6: &'a Row<4>,
}

impl Entry<'_> {
    /// Word 0 as the owner sees it.
    #[inline]
    pub(super) fn peek(self) -> EntryVersion {
        EntryVersion(self.line[VERSION].load(Ordering::Relaxed))
    }

    /// Whether the key here is `key`. For the owner; a reader must bracket it with its two looks at the version.
    #[inline]
    pub(super) fn is(self, key: &FlowKey) -> bool {
        let load = |word: usize| self.line[word].load(Ordering::Relaxed);
        load(HEAD) == key.head && load(TAIL) == key.tail && (!key.is_v6() || self.addresses() == key.v6)
    }

    /// Whether a session with this key is here now, for the owner. A freed entry still shows its last key.
    #[inline]
    pub(super) fn holds(self, key: &FlowKey) -> bool {
        self.is(key) && self.peek().is_filled()
    }

    /// The key.
    #[inline]
    pub(super) fn key(self) -> FlowKey {
        let load = |word: usize| self.line[word].load(Ordering::Relaxed);
        let mut key = FlowKey { head: load(HEAD), tail: load(TAIL), v6: [0; 4] };
        if key.is_v6() {
            key.v6 = self.addresses();
        }
        key
    }

    #[inline]
    fn addresses(self) -> [u64; 4] {
        core::array::from_fn(|i| self.v6[i].load(Ordering::Relaxed))
    }

    /// The state.
    #[inline]
    pub(super) fn state(self) -> SessionState {
        SessionState::decode(&core::array::from_fn(|i| self.line[STATE + i].load(Ordering::Relaxed)))
    }

    /// Makes the state `new`, writing only words that differ, and nothing at all when none does: an established
    /// flow's line then stays shared in the readers' caches and clean in the owner's.
    #[inline]
    pub(super) fn store(self, new: &SessionState) -> Stored {
        let new = new.encode();
        let differs = |i: usize| self.line[STATE + i].load(Ordering::Relaxed) != new[i];
        // Not short-circuited: five compares without a branch between them.
        if !(0..STATE_WORDS).fold(false, |any, i| any | differs(i)) {
            return Stored::Nothing;
        }
        let stored = if differs(TRACKER_WORD) { Stored::Tracker } else { Stored::Numbers };
        self.write(0, || {
            for (i, &word) in new.iter().enumerate() {
                if differs(i) {
                    self.line[STATE + i].store(word, Ordering::Relaxed);
                }
            }
        });
        stored
    }

    /// Fills a free entry; `beside` writes what else must appear in the same step. Returns the new generation.
    pub(super) fn fill(self, key: &FlowKey, state: &SessionState, beside: impl FnOnce()) -> u32 {
        debug_assert!(!self.peek().is_filled());
        self.write(1, || {
            self.line[HEAD].store(key.head, Ordering::Relaxed);
            self.line[TAIL].store(key.tail, Ordering::Relaxed);
            if key.is_v6() {
                for (word, &value) in self.v6.iter().zip(&key.v6) {
                    word.store(value, Ordering::Relaxed);
                }
            }
            for (word, value) in self.line[STATE..].iter().zip(state.encode()) {
                word.store(value, Ordering::Relaxed);
            }
            beside();
        });
        self.peek().generation()
    }

    /// Frees a filled entry. One store: what a reader still sees of the words is the session as it was.
    pub(super) fn free(self) {
        debug_assert!(self.peek().is_filled());
        self.line[VERSION].store(advanced(self.peek().0, 2, 1), Ordering::Release);
    }

    /// The owner's half of the sequence lock: an odd version before the first changed word can be seen, an even
    /// one after the last.
    #[inline]
    pub(super) fn write(self, generations: u32, change: impl FnOnce()) {
        let before = self.line[VERSION].load(Ordering::Relaxed);
        self.line[VERSION].store(advanced(before, 1, 0), Ordering::Relaxed);
        fence(Ordering::Release);
        change();
        self.line[VERSION].store(advanced(before, 2, generations), Ordering::Release);
    }

    /// A reader's first look.
    pub(super) fn version(self) -> EntryVersion {
        EntryVersion(self.line[VERSION].load(Ordering::Acquire))
    }

    /// A reader's last look: whether all it read of the entry since `version` was one state.
    pub(super) fn unchanged_since(self, version: EntryVersion) -> bool {
        fence(Ordering::Acquire);
        self.line[VERSION].load(Ordering::Relaxed) == version.0
    }
}

/// Word 0 some versions and generations later; both halves wrap on their own.
#[inline]
const fn advanced(word: u64, versions: u64, generations: u32) -> u64 {
    let version = word.wrapping_add(versions * VERSION_ONE) & !(u32::MAX as u64);
    version | (word as u32).wrapping_add(generations) as u64
}

#[cfg(test)]
#[cfg(not(loom))]
mod tests {
    use super::*;
    use crate::session::memory::{Backing, Block};
    use crate::time::Tick;

    #[test]
    fn an_equal_store_writes_nothing_and_a_change_writes_one_version() {
        let (line, v6) =
            (Block::<8>::zeroed(1, Backing::Small).unwrap(), Block::<4>::zeroed(1, Backing::Small).unwrap());
        let entry = Entry { line: line.row(0), v6: v6.row(0) };
        let key = FlowKey::ipv6(7, 9, 1, 2, 17, 0).0;
        let state = SessionState { last_seen: Tick(5), tracker: 3, ..Default::default() };
        assert_eq!(entry.fill(&key, &state, || {}), 1);
        assert!(entry.is(&key) && entry.key() == key && entry.state() == state);
        assert!(!entry.is(&FlowKey { v6: [0, 7, 0, 8], ..key }), "same fold, other address");

        let version = entry.version();
        entry.store(&state);
        assert!(entry.unchanged_since(version));
        let newer = SessionState { last_seen: Tick(6), ..state };
        entry.store(&newer);
        assert!(!entry.unchanged_since(version) && !entry.version().is_writing());
        assert_eq!((entry.state(), entry.version().generation()), (newer, 1));

        entry.free();
        assert_eq!((entry.version().is_filled(), entry.version().generation()), (false, 2));
        assert_eq!(entry.fill(&key, &state, || {}), 3);
    }

    #[test]
    fn version_and_generation_wrap_apart() {
        assert_eq!(advanced(u64::from(u32::MAX), 0, 1), 0);
        assert_eq!(advanced(u64::MAX, 2, 0), VERSION_ONE | u64::from(u32::MAX));
    }
}
