//! A token bucket in one word of state.
//!
//! The generic cell rate algorithm (ITU-T I.371, "virtual scheduling"): instead of counting tokens it keeps the
//! time at which the bucket would be full again. Nothing has to refill, and nothing overflows however long the
//! bucket lay idle.

use crate::time::Instant;

/// Grants at most `burst_max` at once and `per_second_max` a second over time.
#[derive(Clone, Copy, Debug)]
pub struct TokenBucket {
    /// Nanoseconds one token takes to come back; `None` grants nothing, ever.
    interval_ns: Option<u64>,
    burst_max: u32,
    /// Nanoseconds; every token beyond `now` is one interval.
    full_at_ns: u64,
}

impl TokenBucket {
    /// A full bucket. A rate or burst of zero grants nothing; rates above 1,000,000,000 count as that.
    pub fn new(per_second_max: u32, burst_max: u32) -> TokenBucket {
        let interval_ns = match (per_second_max, burst_max) {
            (0, _) | (_, 0) => None,
            (rate, _) => Some((1_000_000_000 / u64::from(rate)).max(1)),
        };
        TokenBucket { interval_ns, burst_max, full_at_ns: 0 }
    }

    /// Takes a token; `false` when there is none.
    #[inline]
    pub fn take(&mut self, now: Instant) -> bool {
        self.take_above(now, 0)
    }

    /// Takes a token if that leaves at least `reserve` for others; a reserve as large as the burst leaves none
    /// to take.
    #[inline]
    pub fn take_above(&mut self, now: Instant, reserve: u32) -> bool {
        let Some(interval_ns) = self.interval_ns else { return false };
        let Some(usable) = self.burst_max.checked_sub(reserve).filter(|&n| n > 0) else { return false };
        let missing_ns = self.full_at_ns.saturating_sub(now.0);
        if missing_ns > interval_ns * u64::from(usable - 1) {
            return false;
        }
        self.full_at_ns = self.full_at_ns.max(now.0).saturating_add(interval_ns);
        true
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    /// The bucket as textbooks draw it: tokens, in billionths.
    struct Model {
        rate: u64,
        burst: u64,
        billionths: u64,
        at: u64,
    }

    impl Model {
        fn take(&mut self, now: u64) -> bool {
            let refill = (now - self.at).saturating_mul(self.rate);
            self.at = now;
            self.billionths = self.billionths.saturating_add(refill).min(self.burst * 1_000_000_000);
            let granted = self.billionths >= 1_000_000_000;
            if granted {
                self.billionths -= 1_000_000_000;
            }
            granted
        }
    }

    proptest! {
        #[test]
        fn equals_a_counting_bucket(
            rate in prop::sample::select(vec![1u32, 2, 5, 10, 1000, 8000, 1_000_000]),
            burst in 1u32..20,
            gaps in prop::collection::vec(prop_oneof![Just(0u64), 0u64..3_000_000, 0u64..5_000_000_000], 1..200),
        ) {
            let mut bucket = TokenBucket::new(rate, burst);
            let mut model = Model { rate: rate.into(), burst: burst.into(), billionths: u64::from(burst) * 1_000_000_000, at: 0 };
            let mut now = 0;
            for gap in gaps {
                now += gap;
                prop_assert_eq!(bucket.take(Instant(now)), model.take(now));
            }
        }
    }

    #[test]
    fn burst_then_rate() {
        let mut bucket = TokenBucket::new(1000, 50);
        let start = Instant(7_000_000_000);
        let granted = |bucket: &mut TokenBucket, at| (0..200).filter(|_| bucket.take(at)).count();
        assert_eq!(granted(&mut bucket, start), 50);
        assert_eq!(granted(&mut bucket, Instant(start.0 + 999_999)), 0);
        assert_eq!(granted(&mut bucket, Instant(start.0 + 10_000_000)), 10);
        assert_eq!(granted(&mut bucket, Instant(1 << 63)), 50);
    }

    #[test]
    fn a_reserve_is_kept_for_those_who_may_use_it() {
        let mut bucket = TokenBucket::new(1, 10);
        let granted = (0..20).filter(|_| bucket.take_above(Instant(0), 4)).count();
        assert_eq!(granted, 6);
        assert_eq!((0..20).filter(|_| bucket.take(Instant(0))).count(), 4);
        assert!(!bucket.take_above(Instant(1 << 60), 10));
    }

    #[test]
    fn zero_grants_nothing() {
        assert!(!TokenBucket::new(0, 10).take(Instant(1 << 60)));
        assert!(!TokenBucket::new(10, 0).take(Instant(1 << 60)));
    }
}
