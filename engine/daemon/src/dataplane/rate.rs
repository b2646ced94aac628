//! Session creations in the last minute, as `show ip inspect statistics` tells them.

use std::collections::VecDeque;

use core::time::Duration;

use holdfast_engine::time::Instant;

/// How far apart samples are.
const SAMPLE_INTERVAL: Duration = Duration::from_secs(5);
/// Samples in a minute.
const SAMPLES_MAX: usize = 12;

/// A sliding minute of the total of created sessions.
#[derive(Clone, Debug, Default)]
pub struct CreationRate {
    samples: VecDeque<(Instant, u64)>,
    /// Most in any minute so far.
    pub most: u64,
}

impl CreationRate {
    /// Whether it is time for another sample.
    pub fn due(&self, now: Instant) -> bool {
        self.samples.back().is_none_or(|(at, _)| now.since(*at) >= SAMPLE_INTERVAL)
    }

    /// Takes a sample of the running total.
    pub fn sample(&mut self, now: Instant, created: u64) {
        if self.samples.len() > SAMPLES_MAX {
            self.samples.pop_front();
        }
        self.samples.push_back((now, created));
        self.most = self.most.max(self.last_minute(created));
    }

    /// Sessions created since the oldest sample, which is about a minute old.
    pub fn last_minute(&self, created: u64) -> u64 {
        self.samples.front().map_or(created, |(_, then)| created.saturating_sub(*then))
    }

    /// The total began again from zero.
    pub fn reset(&mut self) {
        *self = CreationRate::default();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_minute_slides() {
        let mut rate = CreationRate::default();
        let at = |s: u64| Instant(s * 1_000_000_000);
        for step in 0..30 {
            assert!(rate.due(at(step * 5)));
            rate.sample(at(step * 5), step * 100);
            assert!(!rate.due(at(step * 5 + 4)));
        }
        assert_eq!(rate.last_minute(2900), 1200);
        assert_eq!(rate.most, 1200);
        rate.reset();
        assert_eq!((rate.last_minute(7), rate.most), (7, 0));
    }
}
