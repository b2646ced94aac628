//! The only file that reads a clock or sleeps.

use core::time::Duration;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Instant;

use nix::time::{ClockId, clock_gettime};

use crate::error::BenchError;

/// Longest time an interruption goes unnoticed.
const NAP: Duration = Duration::from_millis(20);

/// Measures on the monotonic clock.
#[derive(Clone, Copy, Debug)]
pub struct Stopwatch(Instant);

impl Stopwatch {
    /// Starts now.
    #[expect(clippy::disallowed_methods, reason = "the bench's only clock")]
    pub fn start() -> Stopwatch {
        Stopwatch(Instant::now())
    }

    /// Time since the start.
    pub fn elapsed(self) -> Duration {
        self.0.elapsed()
    }
}

/// Measures the time this thread was on a core: what a computation took, whatever else ran meanwhile.
#[derive(Clone, Copy, Debug)]
pub struct CoreTime(Duration);

impl CoreTime {
    /// Starts now.
    pub fn start() -> CoreTime {
        CoreTime(Self::so_far())
    }

    /// Time on a core since the start.
    pub fn elapsed(self) -> Duration {
        Self::so_far().saturating_sub(self.0)
    }

    fn so_far() -> Duration {
        // Every Linux has this clock.
        clock_gettime(ClockId::CLOCK_THREAD_CPUTIME_ID).map_or(Duration::ZERO, Duration::from)
    }
}

/// Told by SIGINT and SIGTERM that the run shall end, with everything put away.
#[derive(Clone, Debug)]
pub struct Interruption(Arc<AtomicBool>);

impl Interruption {
    /// Listens for the signals from now on.
    ///
    /// # Errors
    /// [`BenchError::System`] when the system lets nobody listen.
    pub fn listen() -> Result<Interruption, BenchError> {
        let flag = Arc::new(AtomicBool::new(false));
        for signal in [signal_hook::consts::SIGINT, signal_hook::consts::SIGTERM] {
            signal_hook::flag::register(signal, Arc::clone(&flag))
                .map_err(BenchError::system("listening for signals"))?;
        }
        Ok(Interruption(flag))
    }

    /// # Errors
    /// [`BenchError::Interrupted`] once a signal came.
    pub fn check(&self) -> Result<(), BenchError> {
        if self.0.load(Ordering::Relaxed) { Err(BenchError::Interrupted) } else { Ok(()) }
    }

    /// Sleeps for `time`.
    ///
    /// # Errors
    /// [`BenchError::Interrupted`] as soon as a signal came.
    pub fn pause(&self, time: Duration) -> Result<(), BenchError> {
        let watch = Stopwatch::start();
        loop {
            self.check()?;
            let left = time.saturating_sub(watch.elapsed());
            if left.is_zero() {
                return Ok(());
            }
            nap(left.min(NAP));
        }
    }
}

/// Sleeps, without regard to signals.
#[expect(clippy::disallowed_methods, reason = "the bench's only sleep")]
pub fn nap(time: Duration) {
    std::thread::sleep(time);
}
