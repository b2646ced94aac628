//! When to try again.

use core::time::Duration;

use holdfast_engine::time::Instant;

/// Time to the second try.
const DELAY_MIN: Duration = Duration::from_millis(50);
/// Longest time between two tries.
const DELAY_MAX: Duration = Duration::from_millis(500);

/// A try at once, then ever less often.
#[derive(Clone, Copy, Debug)]
pub(super) struct Retry {
    at: Instant,
    delay: Duration,
}

impl Retry {
    pub(super) fn new(now: Instant) -> Retry {
        Retry { at: now, delay: DELAY_MIN }
    }

    /// When the next try is due.
    pub(super) fn at(&self) -> Instant {
        self.at
    }

    /// A try was made.
    pub(super) fn advance(&mut self, now: Instant) {
        self.at = now + self.delay;
        self.delay = (self.delay * 2).min(DELAY_MAX);
    }

    /// There is no reason to try; when there is one again, the first try is at once.
    pub(super) fn reset(&mut self, now: Instant) {
        *self = Retry::new(now);
    }
}
