//! CPU time of a process, from `/proc`.

use super::error::{IoContext, LabError, LabResult};
use super::wait::{Stopwatch, observe_for};
use std::time::Duration;

/// Ticks a second in `/proc/<pid>/stat`: `USER_HZ`, 100 on every Linux this runs on.
const TICKS_PER_SECOND: f64 = 100.0;

/// Share of one core that process `pid` (all its threads) used over `period`: 1.0 is a whole core.
pub fn share_of_core(pid: u32, period: Duration) -> LabResult<f64> {
    let clock = Stopwatch::start();
    let before = ticks(pid)?;
    observe_for(period)?;
    let used = ticks(pid)? - before;
    Ok(used as f64 / TICKS_PER_SECOND / clock.elapsed().as_secs_f64())
}

fn ticks(pid: u32) -> LabResult<u64> {
    let path = format!("/proc/{pid}/stat");
    let stat = std::fs::read_to_string(&path).doing(format!("reading {path}"))?;
    parse(&stat).ok_or(LabError::Missing { what: "CPU times".into(), text: stat })
}

/// utime + stime: fields 14 and 15 of proc(5). The second field is in brackets and may contain anything.
fn parse(stat: &str) -> Option<u64> {
    let mut fields = stat.rsplit_once(')')?.1.split_whitespace().skip(11);
    Some(fields.next()?.parse::<u64>().ok()? + fields.next()?.parse::<u64>().ok()?)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_are_found_behind_any_name() {
        let stat = "42 (a ) b (c) S 1 42 42 0 -1 4194560 100 0 0 0 17 25 0 0 20 0 3 0 100 1 1";
        assert_eq!(parse(stat), Some(42));
    }

    #[test]
    fn a_busy_thread_uses_about_a_core() {
        let stop = std::sync::atomic::AtomicBool::new(false);
        let share = std::thread::scope(|scope| {
            scope.spawn(|| {
                while !stop.load(std::sync::atomic::Ordering::Relaxed) {
                    std::hint::spin_loop();
                }
            });
            let share = share_of_core(std::process::id(), Duration::from_millis(500));
            stop.store(true, std::sync::atomic::Ordering::Relaxed);
            share.unwrap()
        });
        assert!(share > 0.05, "{share}");
    }
}
