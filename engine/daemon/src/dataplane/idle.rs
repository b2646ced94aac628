//! When a worker may sleep.
//!
//! A poll-mode worker that finds nothing spins. With `poll = "adaptive"` it sleeps after a run of empty polls, a
//! little at first and twice as long each time up to a configured bound, and is wide awake again after the first
//! packet: an idle box costs a few per cent of a core, a busy one never sleeps, and a packet that comes after a
//! silence waits at most the bound.

use core::time::Duration;

/// Empty polls in a row before the first sleep; some 20 µs on a virtual port.
const EMPTY_POLLS_BEFORE_SLEEP: u32 = 128;
/// The first sleep. Shorter ones cost more in system calls than they save.
const SLEEP_MIN: Duration = Duration::from_micros(20);

/// How a worker waits for packets.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PollMode {
    /// Never sleeps.
    Busy,
    /// Sleeps at most this long at once.
    Adaptive(Duration),
}

/// One worker's run of empty polls.
#[derive(Clone, Copy, Debug)]
pub struct Idle {
    mode: PollMode,
    empty_polls: u32,
    next: Duration,
}

impl Idle {
    /// Awake.
    pub fn new(mode: PollMode) -> Idle {
        Idle { mode, empty_polls: 0, next: SLEEP_MIN }
    }

    /// Tells of a poll that found `packets`; returns how long to sleep before the next one, if at all.
    #[inline]
    pub fn after_poll(&mut self, packets: usize) -> Option<Duration> {
        let PollMode::Adaptive(bound) = self.mode else { return None };
        if packets > 0 {
            self.empty_polls = 0;
            self.next = SLEEP_MIN;
            return None;
        }
        self.empty_polls = self.empty_polls.saturating_add(1);
        if self.empty_polls < EMPTY_POLLS_BEFORE_SLEEP {
            return None;
        }
        let sleep = self.next.min(bound);
        self.next = (self.next * 2).min(bound);
        Some(sleep)
    }
}

/// Sleeps. Only a worker with nothing to do may, and only for as long as [`Idle::after_poll`] says.
#[expect(clippy::disallowed_methods, reason = "the one place that sleeps; see above")]
pub fn sleep(pause: Duration) {
    std::thread::sleep(pause);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn busy_never_sleeps() {
        let mut idle = Idle::new(PollMode::Busy);
        assert!((0..10_000).all(|_| idle.after_poll(0).is_none()));
    }

    #[test]
    fn adaptive_sleeps_longer_and_longer_up_to_its_bound() {
        let bound = Duration::from_micros(500);
        let mut idle = Idle::new(PollMode::Adaptive(bound));
        let sleeps: Vec<Duration> = (0..200).filter_map(|_| idle.after_poll(0)).collect();
        assert_eq!(sleeps.first(), Some(&SLEEP_MIN));
        assert!(sleeps.is_sorted());
        assert_eq!(sleeps.last(), Some(&bound));
        assert_eq!(idle.after_poll(1), None);
        assert_eq!(idle.after_poll(0), None, "awake again after a packet");
    }
}
