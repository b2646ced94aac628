//! The only file of the daemon that reads a clock; everything else takes `now`.
#![allow(clippy::disallowed_methods)]

use holdfast_engine::time::Instant;

/// Monotonic time since this clock was made. Threads that share a copy agree on `now`.
#[derive(Clone, Copy, Debug)]
pub struct Clock {
    start: std::time::Instant,
}

impl Clock {
    /// A clock that begins now, at [`Instant`] 0.
    pub fn start() -> Clock {
        Clock { start: std::time::Instant::now() }
    }

    /// Now.
    pub fn now(&self) -> Instant {
        // 584 years of nanoseconds fit.
        Instant(u64::try_from(self.start.elapsed().as_nanos()).unwrap_or(u64::MAX))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn time_goes_on() {
        let clock = Clock::start();
        let copy = clock;
        let first = clock.now();
        while clock.now() == first {}
        assert!(copy.now() > first);
    }
}
