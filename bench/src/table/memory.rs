//! What one random cache line costs: waited for, and with others on their way. Figures of a table mean little
//! without it.

use serde::Serialize;

use crate::clock::CoreTime;
use crate::report::round;

/// More than any cache holds.
const BYTES: usize = 512 << 20;
const LINE_BYTES: usize = 64;
const LINES: usize = BYTES / LINE_BYTES;
/// Lines touched in each measurement.
const TOUCHES: usize = 2_000_000;

/// One line, of which only the first word is used.
type Line = [u64; LINE_BYTES / 8];

/// The control: nanoseconds for a random line out of ordinary pages, page walk included.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct MemoryControl {
    /// What was touched.
    pub bytes: usize,
    /// Each line named by the one before it.
    pub ns_waited: f64,
    /// Lines named in advance, so that the core asks for many at once.
    pub ns_overlapped: f64,
}

/// Measures; takes a few seconds.
pub fn measure(seed: u64) -> MemoryControl {
    let mut random = fastrand::Rng::with_seed(seed);
    let lines = one_cycle(LINES, &mut random);
    let watch = CoreTime::start();
    let mut at = 0;
    for _ in 0..TOUCHES {
        at = lines[at][0] as usize;
    }
    let waited = watch.elapsed();
    core::hint::black_box(at);
    let order: Vec<u32> = (0..TOUCHES).map(|_| random.u32(..LINES as u32)).collect();
    let watch = CoreTime::start();
    let sum = order.iter().fold(0u64, |sum, &at| sum.wrapping_add(lines[at as usize][0]));
    let overlapped = watch.elapsed();
    core::hint::black_box(sum);
    let each = |time: core::time::Duration| round(time.as_nanos() as f64 / TOUCHES as f64);
    MemoryControl { bytes: BYTES, ns_waited: each(waited), ns_overlapped: each(overlapped) }
}

/// Lines that lead through all of them in random order and back to the first (Sattolo's shuffle).
fn one_cycle(count: usize, random: &mut fastrand::Rng) -> Vec<Line> {
    let mut lines: Vec<Line> = (0..count as u64).map(|next| [next, 0, 0, 0, 0, 0, 0, 0]).collect();
    for last in (1..count).rev() {
        lines.swap(last, random.usize(..last));
    }
    lines
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_cycle_visits_every_line_once() {
        const COUNT: usize = 1000;
        let lines = one_cycle(COUNT, &mut fastrand::Rng::with_seed(7));
        let mut seen = [false; COUNT];
        let mut at = 0;
        for _ in 0..COUNT {
            assert!(!core::mem::replace(&mut seen[at], true), "line {at} came twice");
            at = lines[at][0] as usize;
        }
        assert_eq!(at, 0);
    }
}
