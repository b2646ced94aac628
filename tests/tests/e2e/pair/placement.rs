//! Different numbers of workers: a session's place is each box's own affair.

use holdfast_tests::net::LabResult;
use holdfast_tests::net::addresses::SERVER;
use holdfast_tests::net::pair::traffic::{Connections, Probe, ProbeKind};
use holdfast_tests::net::pair::{PairConfig, PairLab};
use holdfast_tests::net::ping::{ping, received};
use holdfast_tests::net::wait::observe_for;
use std::time::Duration;

const PORT: u16 = 7000;
const CONNECTIONS: usize = 300;

fn workers(a: u16, b: u16) -> LabResult {
    let mut lab = PairLab::running(&PairConfig::with_workers(a, b))?;
    let mut connections = Connections::open(&lab, PORT, CONNECTIONS)?;
    let closed = Connections::open(&lab, PORT + 1, 50)?;
    connections.exchange()?;
    drop(closed);
    assert_eq!(received(&ping(&lab.client, SERVER.into(), 3, &[])?)?, 3);
    let probe = Probe::start(&lab, ProbeKind::Down, PORT + 2, 100)?;
    observe_for(Duration::from_secs(1))?;
    let equal = lab.wait_equal()?;
    assert!(equal.len() > CONNECTIONS, "{}", equal.len());
    let counts = [lab.a.console()?.workers()?, lab.b.console()?.workers()?];
    assert_eq!(counts.each_ref().map(Vec::len), [usize::from(a), usize::from(b)]);
    for list in &counts {
        assert!(
            list.iter().all(|w| w.sessions > CONNECTIONS as u64 / 10),
            "every worker has a share: {list:?}"
        );
    }

    lab.a.kill()?;
    lab.b.wait_role("active")?;
    connections.exchange()?;
    observe_for(Duration::from_secs(1))?;
    let ledger = probe.finish()?;
    assert!(ledger.blackout < super::BLACKOUT_MAX, "{ledger:?}");
    lab.b.assert_alive()
}

#[test]
fn one_worker_to_two() -> LabResult {
    workers(1, 2)
}

#[test]
fn two_workers_to_one() -> LabResult {
    workers(2, 1)
}
