//! The index: where a key may be, and how room is made for one more.
//!
//! A key has two buckets. The hash's upper bits choose the primary one by multiplication (Lemire, "Fast Random
//! Integer Generation in an Interval", 2019), so the number of buckets need not be a power of two and memory is
//! what the capacity asks for. The other bucket follows from the bucket and the tag alone, as in a cuckoo
//! filter (Fan et al., 2014): `other(b) = (s(tag) − b) mod n`, where `s` scatters the tag over the odd numbers
//! below `n`. Applied twice it gives `b` back, so an entry can be moved without looking at its key or hashing it
//! again; and since `n` is even and `s` odd, the two buckets are always different ones.
//!
//! Methods that change the index take `&self` because readers share the memory; only
//! [`SessionTable`](super::SessionTable), which is owned by one worker, calls them.

use super::bucket::{Bucket, LANES, Lane, Tag};
use super::cold::Cold;
use super::storage::Storage;
use crate::flow::{FlowHash, FlowKey};

/// Sessions per bucket when the table is full: 8 lanes, so 62.5 % of the lanes are taken.
const SESSIONS_PER_BUCKET: u32 = 5;

/// Most buckets one search for room looks at; at 62.5 % it looks at a handful.
const DISPLACEMENT_BUCKETS_MAX: usize = 128;

/// Both buckets of a key and all their neighbours' lanes are taken, as far as the search may go.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Crowded;

/// The arithmetic of bucket choice.
#[derive(Clone, Copy, Debug)]
pub(super) struct Geometry {
    buckets: u32,
}

impl Geometry {
    /// For a table of so many sessions (at least 1, at most the limit).
    pub(super) fn new(sessions_max: u32) -> Geometry {
        Geometry { buckets: sessions_max.div_ceil(SESSIONS_PER_BUCKET).next_multiple_of(2).max(2) }
    }

    /// Number of buckets; even.
    pub(super) fn buckets(self) -> u32 {
        self.buckets
    }

    /// Primary bucket and tag of a hash.
    #[inline]
    pub(super) fn primary(self, hash: FlowHash) -> (u32, Tag) {
        (self.scale(hash.0), Tag((hash.0 as u16).max(1)))
    }

    /// The other bucket of an entry with this tag.
    #[inline]
    pub(super) fn other(self, bucket: u32, tag: Tag) -> u32 {
        // An odd multiplier of the golden ratio's bits: neighbouring tags land far apart.
        let scattered = self.scale(u64::from(tag.0).wrapping_mul(0x9e37_79b9_7f4a_7c15)) | 1;
        if scattered >= bucket { scattered - bucket } else { scattered + self.buckets - bucket }
    }

    #[inline]
    fn scale(self, random: u64) -> u32 {
        ((u128::from(random) * u128::from(self.buckets)) >> 64) as u32
    }
}

/// A bucket of the search for room, and whose lane led to it.
#[derive(Clone, Copy, Default)]
struct Step {
    bucket: u32,
    parent: u16,
    lane: u8,
}

/// `parent` of the search's two roots.
const ROOT: u16 = u16::MAX;

impl Storage {
    #[inline]
    pub(super) fn bucket(&self, bucket: u32) -> Bucket<'_> {
        Bucket(self.buckets.row(bucket))
    }

    /// The slot of a key, for the owner.
    #[inline]
    pub(super) fn find(&self, key: &FlowKey, hash: FlowHash) -> Option<u32> {
        let (primary, tag) = self.geometry.primary(hash);
        let bucket = self.bucket(primary);
        let found = self.find_in(bucket, tag, key);
        if found.is_some() || bucket.overflow() == 0 {
            return found;
        }
        self.find_in(self.bucket(self.geometry.other(primary, tag)), tag, key)
    }

    #[inline]
    fn find_in(&self, bucket: Bucket<'_>, tag: Tag, key: &FlowKey) -> Option<u32> {
        bucket.matches(tag).map(|lane| bucket.slot(lane)).find(|&slot| self.entry(slot).is(key))
    }

    /// Finds or makes an empty lane for a hash. Keys that are present stay findable at every moment.
    pub(super) fn reserve(&self, hash: FlowHash) -> Result<(u32, u32), Crowded> {
        let (primary, tag) = self.geometry.primary(hash);
        let secondary = self.geometry.other(primary, tag);
        let free = |bucket: u32| Some((bucket, self.bucket(bucket).free_lane()?));
        free(primary)
            .or_else(|| free(secondary))
            .or_else(|| free(self.make_room([primary, secondary])?))
            .ok_or(Crowded)
    }

    /// Points a reserved lane at a filled slot.
    pub(super) fn link(&self, (bucket, at): (u32, u32), hash: FlowHash, slot: u32) {
        let (primary, tag) = self.geometry.primary(hash);
        let secondary = bucket != primary;
        if secondary {
            self.bucket(primary).add_overflow(1);
        }
        self.place(bucket, at, Lane { tag, slot, secondary }, 0);
    }

    /// Takes a slot out of the index.
    pub(super) fn unlink(&self, slot: u32) {
        let position = Cold(self.cold.row(slot)).position();
        let (number, at) = (position / LANES, position % LANES);
        let bucket = self.bucket(number);
        let lane = bucket.lane(at);
        debug_assert!(lane.is_some_and(|lane| lane.slot == slot));
        bucket.clear(at, 0);
        if let Some(Lane { tag, secondary: true, .. }) = lane {
            self.bucket(self.geometry.other(number, tag)).add_overflow(-1);
        }
    }

    fn place(&self, bucket: u32, at: u32, lane: Lane, overflow_change: i32) {
        self.bucket(bucket).put(at, lane, overflow_change);
        Cold(self.cold.row(lane.slot)).set_position(bucket * LANES + at);
    }

    /// Moves an entry to its other bucket, if that has room. It stands in both for a moment and is never in
    /// neither; both versions change, the new place's first.
    pub(super) fn relocate(&self, bucket: u32, at: u32) -> bool {
        let Some(lane) = self.bucket(bucket).lane(at) else { return false };
        let other = self.geometry.other(bucket, lane.tag);
        let Some(free) = self.bucket(other).free_lane() else { return false };
        // The overflow count belongs to the primary bucket, and changes in one step with the lane there.
        let (there, here) = if lane.secondary { (-1, 0) } else { (0, 1) };
        self.place(other, free, Lane { secondary: !lane.secondary, ..lane }, there);
        self.bucket(bucket).clear(at, here);
        true
    }

    /// Breadth-first search for the nearest bucket with an empty lane, then every entry on the way to it moves
    /// one bucket further, the last one first. Returns the root that now has an empty lane.
    #[cold]
    fn make_room(&self, roots: [u32; 2]) -> Option<u32> {
        let mut steps = [Step::default(); DISPLACEMENT_BUCKETS_MAX];
        for (step, bucket) in steps.iter_mut().zip(roots) {
            *step = Step { bucket, parent: ROOT, lane: 0 };
        }
        let (mut looked, mut seen) = (0, roots.len());
        while looked < seen {
            for lane in 0..LANES {
                let bucket = steps[looked].bucket;
                let Some(entry) = self.bucket(bucket).lane(lane) else { continue };
                let other = self.geometry.other(bucket, entry.tag);
                // A bucket comes up once only: a path that crossed itself could move one entry twice.
                if seen == steps.len() || steps[..seen].iter().any(|step| step.bucket == other) {
                    continue;
                }
                steps[seen] = Step { bucket: other, parent: looked as u16, lane: lane as u8 };
                if self.bucket(other).free_lane().is_some() {
                    return self.move_along(&steps, seen);
                }
                seen += 1;
            }
            looked += 1;
        }
        None
    }

    fn move_along(&self, steps: &[Step], last: usize) -> Option<u32> {
        let mut step = steps[last];
        while step.parent != ROOT {
            let parent = steps[usize::from(step.parent)];
            if !self.relocate(parent.bucket, step.lane.into()) {
                debug_assert!(false, "the way was free a moment ago, and nobody else writes");
                return None;
            }
            step = parent;
        }
        Some(step.bucket)
    }
}

#[cfg(test)]
#[cfg(not(loom))]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn two_different_buckets_that_lead_to_each_other(sessions in 1u32..10_000_000, hash: u64) {
            let geometry = Geometry::new(sessions);
            let (primary, tag) = geometry.primary(FlowHash(hash));
            let other = geometry.other(primary, tag);
            prop_assert!(tag.0 != 0 && primary < geometry.buckets() && other < geometry.buckets());
            prop_assert!(primary != other);
            prop_assert_eq!(geometry.other(other, tag), primary);
        }
    }

    #[test]
    fn the_other_bucket_spreads_over_all_of_the_other_half() {
        let geometry = Geometry::new(1000);
        let mut load = vec![0u32; geometry.buckets() as usize];
        for tag in 1..=u16::MAX {
            load[geometry.other(0, Tag(tag)) as usize] += 1;
        }
        let (even, odd): (Vec<_>, Vec<_>) = load.iter().enumerate().partition(|(i, _)| i % 2 == 0);
        assert!(even.iter().all(|&(_, &n)| n == 0));
        let mean = 65_535 / 100;
        assert!(odd.iter().all(|&(_, &n)| n > mean * 8 / 10 && n < mean * 12 / 10), "{odd:?}");
    }
}
