//! Time comes in as an argument, always: [`Instant`] per loop iteration, [`Tick`] in every stored field.

use core::ops::{Add, Sub};
use core::time::Duration;

/// Monotonic nanoseconds since an arbitrary start; the worker loop reads it once an iteration.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub struct Instant(pub u64);

impl Instant {
    /// This instant in coarse ticks, rounded down.
    #[inline]
    pub const fn tick(self) -> Tick {
        Tick((self.0 / Tick::NANOS) as u32)
    }

    /// Time since `earlier`; zero if `earlier` is later.
    #[inline]
    pub const fn since(self, earlier: Instant) -> Duration {
        Duration::from_nanos(self.0.saturating_sub(earlier.0))
    }
}

impl Add<Duration> for Instant {
    type Output = Instant;
    #[inline]
    fn add(self, d: Duration) -> Instant {
        Instant(self.0.saturating_add(d.as_nanos() as u64))
    }
}

impl Sub for Instant {
    type Output = Duration;
    #[inline]
    fn sub(self, earlier: Instant) -> Duration {
        self.since(earlier)
    }
}

/// A coarse time stamp, 100 ms a tick, 13 years in a `u32`. Sessions store these; a session's `last_seen` is
/// written only when the tick changed, so an established flow dirties no cache line for its idle time.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub struct Tick(pub u32);

impl Tick {
    /// Nanoseconds in one tick.
    pub const NANOS: u64 = 100_000_000;

    /// `d` in ticks, rounded up, so that nothing expires early.
    #[inline]
    pub const fn ticks(d: Duration) -> u32 {
        let ticks = d.as_nanos().div_ceil(Self::NANOS as u128);
        if ticks > u32::MAX as u128 { u32::MAX } else { ticks as u32 }
    }

    /// Ticks since `earlier`; zero if `earlier` is later.
    #[inline]
    pub const fn since(self, earlier: Tick) -> u32 {
        self.0.saturating_sub(earlier.0)
    }

    /// This tick plus `ticks`, saturating.
    #[inline]
    pub const fn after(self, ticks: u32) -> Tick {
        Tick(self.0.saturating_add(ticks))
    }
}
