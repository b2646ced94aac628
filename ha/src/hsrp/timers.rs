//! The three timers of a group.

use core::time::Duration;

use holdfast_engine::time::Instant;

/// Shortest time a timer runs, so that a zero in a configuration cannot make a busy loop.
pub(super) const TIMER_MIN: Duration = Duration::from_millis(1);

/// Hello and hold time.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Times {
    pub hello: Duration,
    pub hold: Duration,
}

/// When each timer runs out; `None` when it is stopped.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Timers {
    /// The active router is silent then.
    pub active: Option<Instant>,
    /// The standby router is silent then.
    pub standby: Option<Instant>,
    /// The next Hello is due then.
    pub hello: Option<Instant>,
}

impl Timers {
    /// The earliest.
    pub fn next(&self) -> Option<Instant> {
        [self.active, self.standby, self.hello].into_iter().flatten().min()
    }

    /// Stops a timer that has run out; whether it had.
    pub fn take_due(timer: &mut Option<Instant>, now: Instant) -> bool {
        timer.take_if(|at| *at <= now).is_some()
    }
}

/// When the Hello after the one due at `due` is: on the same grid, so that lateness does not add up, and after `now`,
/// so that hellos missed in a stall are not made up for.
pub(super) fn next_hello(due: Instant, now: Instant, hello: Duration) -> Instant {
    let step = u64::try_from(hello.max(TIMER_MIN).as_nanos()).unwrap_or(u64::MAX);
    let missed = now.since(due).as_nanos() as u64 / step;
    Instant(due.0.saturating_add(step.saturating_mul(missed.saturating_add(1))))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hellos_stay_on_their_grid() {
        let hello = Duration::from_millis(10);
        let at = |ms: u64| Instant(ms * 1_000_000);
        assert_eq!(next_hello(at(100), at(100), hello), at(110));
        assert_eq!(next_hello(at(100), at(103), hello), at(110));
        assert_eq!(next_hello(at(100), at(110), hello), at(120));
        assert_eq!(next_hello(at(100), at(175), hello), at(180));
        // Nothing of this can overflow or stand still.
        assert!(next_hello(Instant(0), at(5), Duration::ZERO) > at(5));
        assert_eq!(next_hello(Instant(u64::MAX), at(1), Duration::MAX), Instant(u64::MAX));
    }
}
