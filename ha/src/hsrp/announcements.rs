//! When to send gratuitous ARP: a pair for every virtual address at once, and again after 3 and after 6 seconds, as real
//! routers do. Caches and switches that missed one get another.

use core::time::Duration;

use holdfast_engine::time::Instant;

/// Frames per address each time.
pub(super) const FRAMES_PER_ADDRESS: usize = 2;

/// How often a series announces.
const REPETITIONS: u8 = 3;

/// Time between two announcements of a series.
const APART: Duration = Duration::from_secs(3);

/// A rival that says hello many times a second gets no more than one series a second.
const RESTART_APART: Duration = Duration::from_secs(1);

/// A series of announcements.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Announcements {
    started: Option<Instant>,
    next: Option<Instant>,
    left: u8,
}

impl Announcements {
    /// Begins a new series, the first announcement of which is due now.
    pub fn start(&mut self, now: Instant) {
        *self = Announcements { started: Some(now), next: Some(now), left: REPETITIONS };
    }

    /// The same, unless one began a moment ago.
    pub fn restart(&mut self, now: Instant) {
        if self.started.is_none_or(|started| now.since(started) >= RESTART_APART) {
            self.start(now);
        }
    }

    /// Ends the series.
    pub fn stop(&mut self) {
        *self = Announcements::default();
    }

    /// When the next is due.
    pub fn next(&self) -> Option<Instant> {
        self.next
    }

    /// Whether one is due now; the next follows a full interval after its time, or after `now` if that has passed too.
    pub fn take_due(&mut self, now: Instant) -> bool {
        let Some(due) = self.next.take_if(|at| *at <= now) else { return false };
        self.left = self.left.saturating_sub(1);
        if self.left > 0 {
            let next = due + APART;
            self.next = Some(if next > now { next } else { now + APART });
        }
        true
    }
}
