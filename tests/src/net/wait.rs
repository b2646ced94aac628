//! The one place of the tests that reads a clock and sleeps.
//!
//! A test never sleeps for a time that should be enough: it waits for a condition and says how long that may
//! take at most. The limit is generous, because it is only ever reached when something is broken.

use super::error::{LabError, LabResult};
use std::cell::Cell;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

/// Pause between two looks at a condition.
const POLL_INTERVAL: Duration = Duration::from_millis(5);

static INTERRUPTED: AtomicBool = AtomicBool::new(false);

/// Makes every wait in this process end with [`LabError::Interrupted`]; called from signal handling.
pub fn interrupt() {
    INTERRUPTED.store(true, Ordering::Relaxed);
}

thread_local! {
    /// Set while this thread cleans up.
    static SHIELDED: Cell<bool> = const { Cell::new(false) };
}

/// Runs `work` without regard to an interruption: taking a lab down is what an interruption is for.
pub fn shielded<T>(work: impl FnOnce() -> T) -> T {
    let before = SHIELDED.replace(true);
    let done = work();
    SHIELDED.set(before);
    done
}

fn interrupted(flag: &AtomicBool) -> bool {
    flag.load(Ordering::Relaxed) && !SHIELDED.get()
}

/// Measures how long something took. Figures are printed or compared with limits the product promises (a stop
/// within a second), never with what a machine happens to manage.
#[derive(Clone, Copy, Debug)]
pub struct Stopwatch(Instant);

impl Stopwatch {
    /// Starts now.
    #[expect(clippy::disallowed_methods, reason = "the tests' only clock")]
    pub fn start() -> Stopwatch {
        Stopwatch(Instant::now())
    }

    /// Time since the start.
    pub fn elapsed(self) -> Duration {
        self.0.elapsed()
    }
}

/// Time since 1970 on the clock that the kernel stamps received packets with.
#[expect(clippy::disallowed_methods, reason = "the tests' only clock")]
pub fn wall_clock() -> Duration {
    // A clock before 1970 is no clock.
    std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).unwrap_or_default()
}

/// A beat for traffic: moments at equal distances. A beat that was missed is made up for at once.
#[derive(Clone, Copy, Debug)]
pub struct Pace {
    clock: Stopwatch,
    period: Duration,
    beats: u32,
}

impl Pace {
    /// The first beat is one period from now.
    pub fn every(period: Duration) -> Pace {
        Pace { clock: Stopwatch::start(), period, beats: 0 }
    }

    /// Waits for the next beat.
    pub fn wait(&mut self) {
        self.beats += 1;
        let early = (self.period * self.beats).saturating_sub(self.clock.elapsed());
        if !early.is_zero() {
            pause(early);
        }
    }
}

/// One look at a condition.
pub enum Look<T> {
    /// It holds.
    Done(T),
    /// Not yet; what was seen instead, for the error message.
    NotYet(String),
}

/// Looks at a condition until it holds. Errors: whatever `look` returns at once; [`LabError::Deadline`] with the
/// last thing seen when `limit` has passed.
pub fn wait_until<T>(what: &str, limit: Duration, look: impl FnMut() -> LabResult<Look<T>>) -> LabResult<T> {
    wait_unless(&INTERRUPTED, what, limit, look)
}

fn wait_unless<T>(
    flag: &AtomicBool,
    what: &str,
    limit: Duration,
    mut look: impl FnMut() -> LabResult<Look<T>>,
) -> LabResult<T> {
    let clock = Stopwatch::start();
    loop {
        let last = match look()? {
            Look::Done(value) => return Ok(value),
            Look::NotYet(seen) => seen,
        };
        if interrupted(flag) {
            return Err(LabError::Interrupted);
        }
        if clock.elapsed() >= limit {
            return Err(LabError::Deadline { what: what.to_owned(), limit, last });
        }
        pause(POLL_INTERVAL);
    }
}

/// Lets `period` pass so that something can be measured over it (CPU time of an idle box). Not a way to wait
/// for a condition.
pub fn observe_for(period: Duration) -> LabResult {
    let clock = Stopwatch::start();
    while clock.elapsed() < period {
        if interrupted(&INTERRUPTED) {
            return Err(LabError::Interrupted);
        }
        pause(POLL_INTERVAL.min(period.saturating_sub(clock.elapsed())));
    }
    Ok(())
}

#[expect(clippy::disallowed_methods, reason = "the tests' only sleep")]
fn pause(period: Duration) {
    std::thread::sleep(period);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_condition_that_holds_ends_the_wait() {
        let mut looks = 0;
        let third = wait_until("the third look", Duration::from_secs(5), || {
            looks += 1;
            Ok(if looks == 3 { Look::Done(looks) } else { Look::NotYet(format!("look {looks}")) })
        });
        assert_eq!(third.unwrap(), 3);
    }

    #[test]
    fn an_interruption_ends_waits_but_not_the_cleaning_up() {
        let flag = AtomicBool::new(true);
        let waiting = || {
            let mut looks = 0;
            wait_unless(&flag, "the second look", Duration::from_secs(5), || {
                looks += 1;
                Ok(if looks == 2 { Look::Done(()) } else { Look::NotYet(String::new()) })
            })
        };
        assert!(matches!(waiting(), Err(LabError::Interrupted)));
        assert!(shielded(waiting).is_ok());
        assert!(matches!(waiting(), Err(LabError::Interrupted)), "the shield is down again");
    }

    #[test]
    fn a_deadline_tells_what_was_seen_last() {
        let never =
            wait_until::<()>("the moon", Duration::from_millis(20), || Ok(Look::NotYet("stars".into())));
        match never {
            Err(LabError::Deadline { what, last, .. }) => assert_eq!((&*what, &*last), ("the moon", "stars")),
            other => panic!("{other:?}"),
        }
    }
}
