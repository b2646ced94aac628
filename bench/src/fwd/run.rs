//! Every combination of parameters: files, a box, sessions, trials.

use core::time::Duration;
use std::path::Path;

use indicatif::ProgressBar;

use super::Mode;
use super::result::{Common, ForwardResult, results};
use super::trial::{self, Trial};
use crate::cli::FwdArgs;
use crate::clock::Interruption;
use crate::error::BenchError;
use crate::progress;
use crate::report::{Column, Machine, Report, SCHEMA, commit, flat, memory_available_mb, print_table};
use crate::rig::{self, BoxConfig, Device, Memory, PORT_MACS};
use crate::traffic::{Plan, frame_bytes_min, write_files};

/// Below this share of its core a worker was disturbed, and the user is told.
const CPU_SHARE_QUIET: f64 = 0.98;

const COLUMNS: &[Column] = &[
    Column::plain("sessions", "sessions"),
    Column::plain("size", "bytes"),
    Column::plain("family", "IP"),
    Column::plain("protocol", "L4"),
    Column::plain("mode", "mode"),
    Column::figure("mpps", "Mpps", 2),
    Column::figure("min", "min", 2),
    Column::figure("max", "max", 2),
    Column::figure("ns_per_packet", "ns/packet", 1),
    Column::figure("ns_over_io", "ns over io", 1),
    Column::figure("ratio_io", "/io", 3),
    Column::figure("ratio_5tswap", "/5tswap", 3),
    Column::figure("mpps_wall", "Mpps wall", 2),
    Column::figure("drop_percent", "drops %", 3),
    Column::figure("cpu_share", "CPU", 2),
    Column::figure("bytes_per_session", "bytes/session", 1),
];

/// Runs `fwd` and reports.
///
/// # Errors
/// The first thing that went wrong; nothing is reported then.
pub fn run(args: &FwdArgs, interruption: &Interruption) -> Result<(), BenchError> {
    let binary = rig::find_binary(args.holdfast.as_deref())?;
    let plans = plans(args);
    let mut machine = Machine::survey();
    for plan in &plans {
        let memory = Memory::choose(plan.sessions, machine.hugepages_free_mb);
        let (needed_mb, available_mb) = (memory.ordinary_needed_mb(plan.sessions), memory_available_mb());
        if needed_mb > available_mb {
            return Err(BenchError::Memory { sessions: plan.sessions, needed_mb, available_mb });
        }
    }
    machine.holdfast = Some(rig::version(&binary)?);
    let bar = progress::bar(plans.len() as u64 * u64::from(args.trials) * args.mode.len() as u64);
    let mut all = Vec::new();
    for plan in &plans {
        let (dpdk, results) = measure(args, &binary, plan, &bar, interruption)?;
        machine.dpdk = Some(dpdk);
        all.extend(results);
    }
    bar.finish_and_clear();
    let rows = all.iter().map(flat).collect::<Result<Vec<_>, _>>()?;
    let control = all.iter().filter(|r| r.mode == Mode::Io).map(flat).collect::<Result<Vec<_>, _>>()?;
    print_table(COLUMNS, &rows);
    let least = all.iter().filter_map(|r| r.cpu_share).fold(1.0, f64::min);
    if least < CPU_SHARE_QUIET {
        eprintln!(
            "The worker had its core for as little as {:.0} % of a trial. Rates are of the time it had; its caches were not \
             its own either.",
            least * 100.0
        );
    }
    let report = Report { schema: SCHEMA, id: "fwd", machine, commit: commit(), control, results: rows };
    args.json.as_deref().map_or(Ok(()), |path| report.write_json(path))
}

/// Every combination, in the order of the arguments; a size that the headers do not fit becomes the least that does.
fn plans(args: &FwdArgs) -> Vec<Plan> {
    let mut plans = Vec::new();
    for &family in &args.family {
        for &transport in &args.protocol {
            for &sessions in &args.sessions {
                for &size in &args.size {
                    let frame_bytes = size.max(frame_bytes_min(family, transport));
                    plans.push(Plan { sessions, frame_bytes, family, transport, seed: args.seed });
                }
            }
        }
    }
    plans
}

/// One box: its version of DPDK, and the results of all modes.
fn measure(
    args: &FwdArgs,
    binary: &Path,
    plan: &Plan,
    bar: &ProgressBar,
    interruption: &Interruption,
) -> Result<(String, Vec<ForwardResult>), BenchError> {
    let what = format!(
        "{} sessions, {} bytes, {:?} {:?}",
        plan.sessions, plan.frame_bytes, plan.family, plan.transport
    );
    bar.set_message(format!("{what}: writing frames"));
    let folder = tempfile::Builder::new().prefix("holdfast-bench-").tempdir();
    let folder = folder.map_err(BenchError::system("making a temporary folder"))?;
    let files = write_files(plan, &PORT_MACS, folder.path())?;
    let name = format!("bench-{}", std::process::id());
    let lcore =
        args.lcore.unwrap_or_else(|| std::thread::available_parallelism().map_or(0, |n| n.get() as u16 - 1));
    let memory = Memory::choose(plan.sessions, Machine::survey().hugepages_free_mb);
    let config = BoxConfig {
        name: &name,
        socket: &folder.path().join("box.sock"),
        lcore,
        sessions: plan.sessions,
        burst: args.burst,
        memory,
        files: &files,
    };
    bar.set_message(format!("{what}: starting the box"));
    let mut device = Device::start(binary, &config, folder.path(), interruption)?;
    bar.set_message(format!("{what}: establishing sessions"));
    device.establish(plan.sessions)?;

    let mut trials: Vec<(Mode, Vec<Trial>)> = args.mode.iter().map(|&mode| (mode, Vec::new())).collect();
    for round in 1..=args.trials {
        for (mode, trials) in &mut trials {
            bar.set_message(format!("{what}: {} ({round})", mode.name()));
            trials.push(trial::run(&mut device, *mode, Duration::from_secs(args.seconds), interruption)?);
            bar.inc(1);
        }
    }

    let statistics = device.inspect_statistics()?;
    if statistics.current.established != u64::from(plan.sessions) {
        let (expected, found) = (plan.sessions.into(), statistics.current.established);
        return Err(BenchError::Sessions { expected, found });
    }
    let common = Common {
        plan: *plan,
        burst: args.burst,
        hugepages: memory == Memory::Huge,
        seconds: args.seconds,
        bytes_per_session: statistics.session_bytes(plan.family),
    };
    Ok((device.dpdk_version()?, results(&common, &trials)))
}

#[cfg(test)]
mod tests {
    use clap::Parser as _;

    use super::*;
    use crate::cli::{Cli, Command};

    #[test]
    fn combinations_are_complete_and_frames_hold_their_headers() {
        let line = ["holdfast-bench", "fwd", "--family", "4,6", "--size", "64,1518", "--protocol", "tcp,udp"];
        let Command::Fwd(args) = Cli::parse_from(line).command else { panic!("fwd") };
        let plans = plans(&args);
        assert_eq!(plans.len(), 16);
        let sizes: Vec<u16> = plans.iter().step_by(2).map(|p| p.frame_bytes).collect();
        assert_eq!(sizes, [64, 64, 64, 64, 78, 78, 66, 66], "IPv6: 14 + 40 + 20 or 8, and 4");
    }
}
