//! One trial: put the box in a mode, let it settle, count for some seconds.
//!
//! A worker is meant to have a core to itself. Where it has not, packets by wall time would say more about what
//! else ran than about the box, so the rate is that of the time the kernel gave the worker, and the share it got
//! is reported beside it. What others did to the caches meanwhile stays in the figure.

use core::time::Duration;

use super::Mode;
use crate::clock::{Interruption, Stopwatch};
use crate::error::BenchError;
use crate::rig::Device;

/// Time before counting, for caches and branch predictors to get used to the mode.
const SETTLE: Duration = Duration::from_millis(300);
/// Share of packets that may be dropped: more, and the figure is not one of forwarding.
pub const DROPS_MAX_PERCENT: f64 = 0.1;

/// What one trial measured.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Trial {
    /// Million packets forwarded in each second that the worker was on its core.
    pub mpps: f64,
    /// Million packets forwarded in each second of the clock on the wall.
    pub mpps_wall: f64,
    /// Packets dropped, in percent of those received.
    pub drop_percent: f64,
    /// Share of the time that the worker was on its core; below 1 on a machine with other things to do.
    pub cpu_share: Option<f64>,
}

/// Runs one trial of `mode` for `time`.
///
/// # Errors
/// [`BenchError::Drops`] above [`DROPS_MAX_PERCENT`]; those of the console.
pub fn run(
    device: &mut Device,
    mode: Mode,
    time: Duration,
    interruption: &Interruption,
) -> Result<Trial, BenchError> {
    device.set_mode(mode.name())?;
    interruption.pause(SETTLE)?;
    let before = device.forward_stats()?;
    let (watch, cpu_before) = (Stopwatch::start(), device.worker_cpu_time());
    interruption.pause(time)?;
    let after = device.forward_stats()?;
    let (elapsed, cpu_after) = (watch.elapsed(), device.worker_cpu_time());
    let traffic = after.since(&before);
    let drop_percent = traffic.dropped as f64 * 100.0 / traffic.received.max(1) as f64;
    if drop_percent > DROPS_MAX_PERCENT {
        let reasons = traffic.reasons.iter().map(|d| format!("{} {}", d.reason, d.packets));
        return Err(BenchError::Drops {
            mode: mode.name(),
            dropped: traffic.dropped,
            received: traffic.received,
            limit_percent: DROPS_MAX_PERCENT,
            reasons: reasons.collect::<Vec<_>>().join(", "),
        });
    }
    let wall = elapsed.as_secs_f64();
    let on_core = cpu_before.zip(cpu_after).map(|(before, after)| after.saturating_sub(before));
    let cpu_share = on_core.map(|time| (time.as_secs_f64() / wall).min(1.0)).filter(|share| *share > 0.0);
    let mpps_wall = traffic.sent as f64 / wall / 1e6;
    Ok(Trial { mpps: mpps_wall / cpu_share.unwrap_or(1.0), mpps_wall, drop_percent, cpu_share })
}
