//! A link that loses, repeats, delays and reorders, the same way for the same seed.

use core::time::Duration;
use std::collections::BTreeMap;

use holdfast_engine::time::Instant;

use super::Rng;

/// How bad a link is; chances per thousand.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Badness {
    pub(crate) loss: u64,
    pub(crate) duplication: u64,
    /// Datagrams by which one may be overtaken, at the spacing of [`SPACING`].
    pub(crate) reordering: u64,
    /// That a row of 5 to 40 is lost.
    pub(crate) burst: u64,
}

impl Badness {
    pub(crate) const NONE: Badness = Badness { loss: 0, duplication: 0, reordering: 1, burst: 0 };
    /// What the pair promises to bear.
    pub(crate) const PROMISED: Badness = Badness { loss: 50, duplication: 50, reordering: 32, burst: 0 };
    pub(crate) const AWFUL: Badness = Badness { loss: 150, duplication: 100, reordering: 64, burst: 5 };
}

/// Time between two datagrams when a sender has much to say.
pub(crate) const SPACING: Duration = Duration::from_micros(10);
const DELAY: Duration = Duration::from_micros(80);

#[derive(Debug)]
pub(crate) struct Link {
    pub(crate) badness: Badness,
    pub(crate) is_cut: bool,
    rng: Rng,
    burst_left: u64,
    count: u64,
    /// By time of arrival.
    under_way: BTreeMap<(Instant, u64), Vec<u8>>,
}

impl Link {
    pub(crate) fn new(badness: Badness, seed: u64) -> Link {
        let rng = Rng(seed);
        Link { badness, is_cut: false, rng, burst_left: 0, count: 0, under_way: BTreeMap::new() }
    }

    pub(crate) fn send(&mut self, now: Instant, datagram: &[u8]) {
        if self.burst_left > 0 {
            self.burst_left -= 1;
            return;
        }
        if self.rng.permille(self.badness.burst) {
            self.burst_left = 5 + self.rng.below(36);
        }
        if self.is_cut || self.rng.permille(self.badness.loss) {
            return;
        }
        let copies = 1 + u64::from(self.rng.permille(self.badness.duplication));
        for _ in 0..copies {
            let overtaken = self.rng.below(self.badness.reordering.max(1));
            self.count += 1;
            let at = now + DELAY + SPACING * overtaken as u32;
            self.under_way.insert((at, self.count), datagram.to_vec());
        }
    }

    pub(crate) fn receive(&mut self, now: Instant) -> Option<Vec<u8>> {
        let entry = self.under_way.first_entry()?;
        (entry.key().0 <= now).then(|| entry.remove())
    }
}
