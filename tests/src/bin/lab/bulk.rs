//! How long a standby that joins takes to get every session, and what live traffic notices of it.

use holdfast_tests::net::pair::traffic::{Crowd, Ledger, Probe, ProbeKind};
use holdfast_tests::net::pair::{NodeConfig, PairBox, PairConfig, PairLab};
use holdfast_tests::net::wait::{Look, Stopwatch, observe_for, wait_until};
use holdfast_tests::net::{LabError, LabResult};
use serde_json::json;
use std::process::ExitCode;
use std::time::Duration;

/// Rounds of packets until every session exists: a queue that overflows loses some.
const ROUNDS_MAX: u32 = 50;
/// Table beyond the sessions wanted, in percent: shares of workers differ.
const SPARE_PERCENT: u32 = 25;
/// Time the copy may take on a slow machine.
const COPY_LIMIT: Duration = Duration::from_secs(300);
/// Live traffic before and after the copy.
const BASELINE: Duration = Duration::from_secs(5);
const PORT: u16 = 1_500;

struct Figures {
    sessions: u64,
    fill: Duration,
    behind: Duration,
    /// From the standby's start until it is hot, its own start-up included.
    joined: Duration,
    /// The copy alone, as the box measured it, and the sessions in it.
    copy: (f64, u64),
    /// Live streams with both boxes at rest: up, down.
    baseline: [Ledger; 2],
    /// The same from the standby's start until it is hot.
    meanwhile: [Ledger; 2],
}

/// Measures and prints.
pub fn run(sessions: u32, rate: u32, as_json: bool) -> LabResult<ExitCode> {
    let figures = measure(sessions, rate)?;
    if as_json {
        print_json(&figures, rate);
    } else {
        print_text(&figures, rate);
    }
    Ok(ExitCode::SUCCESS)
}

fn measure(sessions: u32, rate: u32) -> LabResult<Figures> {
    let config = PairConfig::with(|node: &mut NodeConfig| {
        node.base.sessions_max = (sessions / 100).saturating_mul(100 + SPARE_PERCENT).max(65_536);
        node.base.memory_mb = 512;
        // Sessions stay as long as the measurement takes.
        node.base.more = "\n[inspect]\nudp_idle = \"1h\"\n".into();
    });
    eprintln!("starting the pair");
    let mut lab = PairLab::running(&config)?;
    lab.quiet();

    eprintln!("{sessions} sessions");
    let clock = Stopwatch::start();
    fill(&lab, sessions)?;
    let fill = clock.elapsed();
    let clock = Stopwatch::start();
    let wanted = u64::from(sessions);
    wait_sessions(&lab.b, wanted)?;
    let behind = clock.elapsed();

    eprintln!("live streams alone, {} s", BASELINE.as_secs());
    let streams = probes(&lab, rate)?;
    observe_for(BASELINE)?;
    let baseline = finish(streams)?;

    eprintln!("a new standby joins");
    lab.b.kill()?;
    let streams = probes(&lab, rate)?;
    let clock = Stopwatch::start();
    lab.b.start()?;
    lab.b.wait_for("hot", COPY_LIMIT, |seen| seen.role == "standby" && seen.sync == "hot")?;
    let joined = clock.elapsed();
    let meanwhile = finish(streams)?;
    let seen = lab.b.redundancy()?;
    if seen.sessions < wanted {
        return Err(LabError::Missing { what: format!("{wanted} sessions"), text: format!("{seen:?}") });
    }
    let copy = &seen.more["last_bulk"];
    let copy = (copy["took_s"].as_f64().unwrap_or(f64::NAN), copy["sessions"].as_u64().unwrap_or(0));
    Ok(Figures { sessions: seen.sessions, fill, behind, joined, copy, baseline, meanwhile })
}

fn fill(lab: &PairLab, sessions: u32) -> LabResult {
    let crowd = Crowd::new(lab, sessions)?;
    for _ in 0..ROUNDS_MAX {
        crowd.send_round()?;
        let have = live(&lab.a)?;
        eprintln!("  {have}");
        if have >= u64::from(sessions) {
            return Ok(());
        }
    }
    let text = format!("{} after {ROUNDS_MAX} rounds", live(&lab.a)?);
    Err(LabError::Missing { what: format!("{sessions} sessions"), text })
}

fn live(node: &PairBox) -> LabResult<u64> {
    Ok(node.console()?.workers()?.iter().map(|worker| worker.sessions).sum())
}

fn wait_sessions(node: &PairBox, wanted: u64) -> LabResult {
    wait_until("the standby to have every session", COPY_LIMIT, || {
        let have = live(node)?;
        Ok(if have >= wanted { Look::Done(()) } else { Look::NotYet(have.to_string()) })
    })
}

fn probes(lab: &PairLab, rate: u32) -> LabResult<[Probe; 2]> {
    Ok([Probe::start(lab, ProbeKind::Up, PORT, rate)?, Probe::start(lab, ProbeKind::Down, PORT + 1, rate)?])
}

fn finish(probes: [Probe; 2]) -> LabResult<[Ledger; 2]> {
    let [up, down] = probes.map(Probe::finish);
    Ok([up?, down?])
}

fn percent(ledger: &Ledger) -> f64 {
    100.0 * ledger.arrived as f64 / ledger.sent.max(1) as f64
}

fn print_text(f: &Figures, rate: u32) {
    println!("sessions on the active            {}", f.sessions);
    println!("made in                           {:.2} s", f.fill.as_secs_f64());
    println!("standby had the last of them      {:.2} s later", f.behind.as_secs_f64());
    println!("complete copy                     {:.2} s for {} sessions", f.copy.0, f.copy.1);
    println!("from the standby's start to HOT   {:.2} s", f.joined.as_secs_f64());
    println!("live streams, {rate} packets a second each way:");
    for (when, ledgers) in [("at rest", &f.baseline), ("while it joined", &f.meanwhile)] {
        for (way, l) in ["up", "down"].into_iter().zip(ledgers) {
            println!(
                "  {when:<16} {way:<5} {:>8} sent, {:>6} lost, {:.3} % arrived, longest pause {} ms",
                l.sent,
                l.lost(),
                percent(l),
                l.blackout.as_millis()
            );
        }
    }
}

fn print_json(f: &Figures, rate: u32) {
    let streams = |ledgers: &[Ledger; 2]| {
        let one = |l: &Ledger| {
            json!({ "sent": l.sent, "lost": l.lost(), "arrived_percent": percent(l),
                "longest_pause_ms": l.blackout.as_secs_f64() * 1e3 })
        };
        json!({ "up": one(&ledgers[0]), "down": one(&ledgers[1]) })
    };
    println!(
        "{}",
        json!({ "id": "bulk", "sessions": f.sessions, "fill_s": f.fill.as_secs_f64(),
            "standby_behind_s": f.behind.as_secs_f64(), "copy_s": f.copy.0, "copy_sessions": f.copy.1,
            "start_to_hot_s": f.joined.as_secs_f64(), "rate": rate,
            "at_rest": streams(&f.baseline), "while_joining": streams(&f.meanwhile) })
    );
}
