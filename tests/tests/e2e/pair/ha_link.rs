//! The cable between the boxes fails and nothing else does.

use super::SEVERAL_HOLDS;
use holdfast_tests::net::LabResult;
use holdfast_tests::net::pair::traffic::{Connections, Probe, ProbeKind};
use holdfast_tests::net::pair::{PairLab, Which};
use holdfast_tests::net::wait::observe_for;
use std::time::Duration;

const PORT: u16 = 7000;

/// Breaks the link with `fail`, opens and closes connections meanwhile, mends it with `mend`.
fn link_failure(
    fail: impl FnOnce(&PairLab) -> LabResult,
    mend: impl FnOnce(&PairLab) -> LabResult,
) -> LabResult {
    let lab = PairLab::standard()?;
    let mut stay = Connections::open(&lab, PORT, 200)?;
    let leave = Connections::open(&lab, PORT + 1, 100)?;
    assert_eq!(lab.wait_equal()?.len(), 300);
    let probe = Probe::start(&lab, ProbeKind::Up, PORT + 2, 1_000)?;

    fail(&lab)?;
    drop(leave);
    let mut come = Connections::open(&lab, PORT + 3, 150)?;
    observe_for(SEVERAL_HOLDS)?;
    let (a, b) = (lab.a.redundancy()?, lab.b.redundancy()?);
    assert_eq!((a.role.as_str(), b.role.as_str()), ("active", "standby"));
    assert_eq!((a.takeovers, b.takeovers), (1, 0));
    assert!(!a.alarms.is_empty() && !b.alarms.is_empty(), "a dead HA link is an alarm");
    assert_ne!(b.sync, "hot", "a standby that hears nothing does not know what it lacks");
    stay.exchange()?;
    come.exchange()?;

    mend(&lab)?;
    lab.b.wait_hot()?;
    let ledger = probe.finish()?;
    assert_eq!(ledger.lost(), 0, "{ledger:?}");
    let equal = lab.wait_equal()?;
    assert!(equal.len() >= 350, "{}", equal.len());
    for which in Which::BOTH {
        assert_eq!(lab.node(which).redundancy()?.alarms, Vec::<String>::new());
    }
    Ok(())
}

#[test]
fn cut_without_a_trace_changes_no_role_and_heals() -> LabResult {
    link_failure(|lab| lab.ha().cut(), |lab| lab.ha().heal())
}

#[test]
fn pulled_changes_no_role_and_heals() -> LabResult {
    link_failure(|lab| lab.ha().unplug(), |lab| lab.ha().replug())
}

#[test]
fn a_link_that_loses_delivers_everything_in_the_end() -> LabResult {
    let lab = PairLab::standard()?;
    lab.ha().lose(5)?;
    let mut stay = Connections::open(&lab, PORT, 500)?;
    for round in 0..5 {
        let mut leave = Connections::open(&lab, PORT + 1 + round, 100)?;
        leave.exchange()?;
        stay.exchange()?;
    }
    observe_for(Duration::from_secs(1))?;
    let equal = lab.wait_equal()?;
    assert!(equal.len() >= 500, "{}", equal.len());
    assert_eq!(lab.b.redundancy()?.role, "standby");
    Ok(())
}
