//! The standby ages nothing by its own clock, and its clock decides nothing.

use super::SEVERAL_HOLDS;
use holdfast_tests::net::LabResult;
use holdfast_tests::net::addresses::SERVER;
use holdfast_tests::net::pair::PairLab;
use holdfast_tests::net::pair::traffic::{Connections, Probe, ProbeKind};
use holdfast_tests::net::ping::{ping, received};
use holdfast_tests::net::wait::observe_for;
use std::time::Duration;

const PORT: u16 = 7000;

#[test]
fn a_standby_whose_clock_is_an_hour_ahead_keeps_every_session_through_a_failover() -> LabResult {
    let mut lab = PairLab::standard()?;
    let mut idle = Connections::open(&lab, PORT, 200)?;
    let stream = Probe::start(&lab, ProbeKind::Down, PORT + 1, 200)?;
    observe_for(Duration::from_secs(1))?;
    let before = lab.b.session_set()?;
    assert!(before.len() > 200, "{}", before.len());

    // Longer than every time-out there is.
    lab.b.console()?.advance_clock("1h")?;
    lab.b.console()?.advance_clock("1h")?;
    observe_for(SEVERAL_HOLDS)?;
    assert_eq!(lab.b.session_set()?, before);
    let seen = lab.b.redundancy()?;
    assert_eq!((seen.role.as_str(), seen.sync.as_str()), ("standby", "hot"), "{seen:?}");
    assert_eq!(lab.a.redundancy()?.role, "active");

    lab.a.kill()?;
    lab.b.wait_role("active")?;
    observe_for(Duration::from_secs(1))?;
    idle.exchange()?;
    let ledger = stream.finish()?;
    assert!(ledger.blackout < super::BLACKOUT_MAX, "{ledger:?}");
    // It does age once it is active: the same push ends what is idle now.
    lab.b.console()?.advance_clock("2h")?;
    lab.b.console()?.wait_for("idle sessions to end", "show ip inspect sessions", SEVERAL_HOLDS, |seen| {
        (seen["total"].as_u64()? < 10).then_some(())
    })?;
    assert_eq!(received(&ping(&lab.client, SERVER.into(), 2, &[])?)?, 2);
    Ok(())
}
