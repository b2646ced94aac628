//! One bucket of the index: a cache line that says for eight lanes which slot may hold a key with which tag.
//!
//! | word | content |
//! | ---: | --- |
//! | 0 | version (upper 40 bits, odd while the owner writes) · overflow (lower 24 bits) |
//! | 1–2 | eight 16-bit tags, lane 0 lowest; 0 is an empty lane |
//! | 3–6 | eight 32-bit slots, two to a word, even lane lower |
//! | 7 | bit per lane: the entry is here because its primary bucket had no room |
//!
//! `overflow` counts the entries whose primary bucket this is and that live in their secondary one. While it is
//! zero, which it is in most buckets, a miss ends after this one line.

use super::memory::Row;
use super::sync::{Ordering, fence};

/// Lanes of a bucket.
pub(super) const LANES: u32 = 8;

const VERSION: usize = 0;
const TAGS: usize = 1;
const SLOTS: usize = 3;
const SECONDARY: usize = 7;

const OVERFLOW_BITS: u32 = 24;
const OVERFLOW_MASK: u64 = (1 << OVERFLOW_BITS) - 1;
const VERSION_ONE: u64 = 1 << OVERFLOW_BITS;

/// Most sessions one table can index: the overflow count of one bucket must be able to count them all.
pub(super) const SESSIONS_LIMIT: u32 = OVERFLOW_MASK as u32;

/// Sixteen bits of the hash that choose no primary bucket; never zero.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Tag(pub(super) u16);

/// What one lane holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Lane {
    pub(super) tag: Tag,
    pub(super) slot: u32,
    pub(super) secondary: bool,
}

/// Word 0 as a reader saw it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct BucketVersion(u64);

impl BucketVersion {
    /// The owner is in the middle of a change.
    #[inline]
    pub(super) const fn is_writing(self) -> bool {
        self.0 & VERSION_ONE != 0
    }

    /// Entries of this bucket that live in their secondary one.
    #[inline]
    pub(super) const fn overflow(self) -> u32 {
        (self.0 & OVERFLOW_MASK) as u32
    }
}

/// A bucket's line. Methods that change it are the owner's alone.
#[derive(Clone, Copy)]
pub(super) struct Bucket<'a>(pub(super) &'a Row<8>);

impl Bucket<'_> {
    /// Lanes with this tag, bit per lane.
    #[inline]
    pub(super) fn matches(self, tag: Tag) -> Lanes {
        self.lanes_equal(tag.0)
    }

    #[inline]
    fn lanes_equal(self, tag: u16) -> Lanes {
        let (low, high) = (self.0[TAGS].load(Ordering::Relaxed), self.0[TAGS + 1].load(Ordering::Relaxed));
        Lanes(equal_lanes(low, high, tag))
    }

    /// The slot of a lane; meaningful when the lane is not empty.
    #[inline]
    pub(super) fn slot(self, lane: u32) -> u32 {
        let word = self.0[(SLOTS + (lane >> 1) as usize) & 7].load(Ordering::Relaxed);
        (word >> ((lane & 1) * 32)) as u32
    }

    /// Entries of this bucket that live in their secondary one, as the owner sees it.
    #[inline]
    pub(super) fn overflow(self) -> u32 {
        BucketVersion(self.0[VERSION].load(Ordering::Relaxed)).overflow()
    }

    /// First empty lane.
    pub(super) fn free_lane(self) -> Option<u32> {
        self.lanes_equal(0).next()
    }

    /// What a lane holds, `None` when it is empty.
    pub(super) fn lane(self, lane: u32) -> Option<Lane> {
        let tag = (self.0[TAGS + (lane >> 2) as usize].load(Ordering::Relaxed) >> ((lane & 3) * 16)) as u16;
        let secondary = self.0[SECONDARY].load(Ordering::Relaxed) >> lane & 1 == 1;
        (tag != 0).then(|| Lane { tag: Tag(tag), slot: self.slot(lane), secondary })
    }

    /// Fills an empty lane; in the same step `overflow` changes by `overflow_change`.
    pub(super) fn put(self, at: u32, lane: Lane, overflow_change: i32) {
        debug_assert!(self.lane(at).is_none() && lane.tag.0 != 0);
        self.write(overflow_change, || {
            self.merge(SLOTS + (at >> 1) as usize, u64::from(u32::MAX), lane.slot.into(), (at & 1) * 32);
            self.merge(SECONDARY, 1, lane.secondary.into(), at);
            self.merge(TAGS + (at >> 2) as usize, u64::from(u16::MAX), lane.tag.0.into(), (at & 3) * 16);
        });
    }

    /// Empties a lane; in the same step `overflow` changes by `overflow_change`.
    pub(super) fn clear(self, at: u32, overflow_change: i32) {
        debug_assert!(self.lane(at).is_some());
        self.write(overflow_change, || {
            self.merge(TAGS + (at >> 2) as usize, u64::from(u16::MAX), 0, (at & 3) * 16);
            self.merge(SECONDARY, 1, 0, at);
        });
    }

    /// Changes `overflow` alone.
    pub(super) fn add_overflow(self, change: i32) {
        self.write(change, || {});
    }

    /// The owner's half of the sequence lock: an odd version before the first changed word can be seen, an even
    /// one after the last.
    fn write(self, overflow_change: i32, change: impl FnOnce()) {
        let before = self.0[VERSION].load(Ordering::Relaxed);
        self.0[VERSION].store(before.wrapping_add(VERSION_ONE), Ordering::Relaxed);
        fence(Ordering::Release);
        change();
        let overflow = (before & OVERFLOW_MASK) as u32;
        debug_assert!(overflow.checked_add_signed(overflow_change).is_some_and(|n| n <= SESSIONS_LIMIT));
        let overflow = u64::from(overflow.wrapping_add_signed(overflow_change)) & OVERFLOW_MASK;
        let after = (before & !OVERFLOW_MASK).wrapping_add(2 * VERSION_ONE) | overflow;
        self.0[VERSION].store(after, Ordering::Release);
    }

    /// Stores `value`, as wide as `mask`, `shift` bits up in a word, unless it is there already.
    #[inline]
    fn merge(self, word: usize, mask: u64, value: u64, shift: u32) {
        let before = self.0[word].load(Ordering::Relaxed);
        let after = before & !(mask << shift) | value << shift;
        if after != before {
            self.0[word].store(after, Ordering::Relaxed);
        }
    }

    /// A reader's first look.
    pub(super) fn version(self) -> BucketVersion {
        BucketVersion(self.0[VERSION].load(Ordering::Acquire))
    }

    /// A reader's last look: whether everything it read from this bucket, and from entries through it, since
    /// `version` was one state.
    pub(super) fn unchanged_since(self, version: BucketVersion) -> bool {
        fence(Ordering::Acquire);
        self.0[VERSION].load(Ordering::Relaxed) == version.0
    }
}

/// A set of lanes, iterated from the lowest.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Lanes(pub(super) u32);

impl Iterator for Lanes {
    type Item = u32;

    #[inline]
    fn next(&mut self) -> Option<u32> {
        if self.0 == 0 {
            return None;
        }
        let lane = self.0.trailing_zeros();
        self.0 &= self.0 - 1;
        Some(lane)
    }
}

/// Bit per 16-bit lane of `low`, then `high`, that equals `tag`.
#[cfg(target_arch = "x86_64")]
#[inline]
#[allow(unsafe_code)]
fn equal_lanes(low: u64, high: u64, tag: u16) -> u32 {
    use core::arch::x86_64::{
        _mm_cmpeq_epi16, _mm_movemask_epi8, _mm_packs_epi16, _mm_set_epi64x, _mm_set1_epi16,
        _mm_setzero_si128,
    };
    const { assert!(cfg!(target_feature = "sse2")) };
    // SAFETY: SSE2 is part of x86-64, as asserted; these instructions work on values and touch no memory.
    let mask = unsafe {
        let tags = _mm_set_epi64x(high.cast_signed(), low.cast_signed());
        let equal = _mm_cmpeq_epi16(tags, _mm_set1_epi16(tag.cast_signed()));
        // Sixteen-bit lanes of all ones saturate to eight-bit lanes of all ones: one bit a lane.
        _mm_movemask_epi8(_mm_packs_epi16(equal, _mm_setzero_si128()))
    };
    mask.cast_unsigned()
}

#[cfg(not(target_arch = "x86_64"))]
#[inline]
fn equal_lanes(low: u64, high: u64, tag: u16) -> u32 {
    equal_lanes_swar(low, high, tag)
}

/// The same in ordinary registers: a lane of the exclusive-or is zero exactly where adding 0x7fff to its lower
/// fifteen bits does not carry and its top bit is clear; no carry crosses lanes.
#[cfg(any(all(test, not(loom)), not(target_arch = "x86_64")))]
#[inline]
fn equal_lanes_swar(low: u64, high: u64, tag: u16) -> u32 {
    const LOW_BITS: u64 = 0x7fff_7fff_7fff_7fff;
    let pattern = u64::from(tag) * 0x0001_0001_0001_0001;
    let half = |word: u64| {
        let x = word ^ pattern;
        let zero = !(((x & LOW_BITS) + LOW_BITS) | x | LOW_BITS);
        ((zero >> 15 & 1) | (zero >> 30 & 2) | (zero >> 45 & 4) | (zero >> 60 & 8)) as u32
    };
    half(low) | half(high) << 4
}

#[cfg(test)]
#[cfg(not(loom))]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::session::memory::{Backing, Block};

    proptest! {
        #[test]
        fn equal_lanes_are_the_equal_lanes(tags: [u16; 8], pick in 0usize..9, near in 0u32..16) {
            // A random tag matches almost never, so take one that is there, or one bit away from it.
            let tag = tags.get(pick).map_or(0, |t| t ^ ((1 << near) * u16::from(near % 2 == 0)));
            let word = |t: &[u16]| t.iter().rev().fold(0u64, |w, &t| w << 16 | u64::from(t));
            let expected = (0..8).filter(|&i| tags[i] == tag).fold(0, |m, i| m | 1 << i);
            let (low, high) = (word(&tags[..4]), word(&tags[4..]));
            prop_assert_eq!(equal_lanes(low, high, tag), expected);
            prop_assert_eq!(equal_lanes_swar(low, high, tag), expected);
        }

        #[test]
        fn lanes_hold_what_was_put(steps in prop::collection::vec((0u32..8, 1u16.., any::<u32>(), any::<bool>()), 1..60)) {
            let block = Block::<8>::zeroed(1, Backing::Small).unwrap();
            let bucket = Bucket(block.row(0));
            let mut model: [Option<Lane>; 8] = [None; 8];
            let mut overflow = 0i32;
            for (at, tag, slot, secondary) in steps {
                let version = bucket.version();
                if model[at as usize].take().is_some() {
                    let change = if overflow > 0 { -1 } else { 0 };
                    overflow += change;
                    bucket.clear(at, change);
                } else {
                    let lane = Lane { tag: Tag(tag), slot, secondary };
                    model[at as usize] = Some(lane);
                    overflow += 1;
                    bucket.put(at, lane, 1);
                }
                prop_assert!(!bucket.unchanged_since(version) && !bucket.version().is_writing());
                prop_assert_eq!(bucket.overflow() as i32, overflow);
                for lane in 0..LANES {
                    prop_assert_eq!(bucket.lane(lane), model[lane as usize]);
                }
                prop_assert_eq!(bucket.free_lane(), model.iter().position(Option::is_none).map(|l| l as u32));
            }
        }
    }
}
