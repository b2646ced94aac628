//! One failure a test, every kind of traffic at once: sessions live, bytes are right, hosts notice nothing but a
//! pause shorter than hold + 100 ms, and of a planned switchover not even that.

use super::{BLACKOUT_MAX, SEVERAL_HOLDS};
use holdfast_tests::net::LabResult;
use holdfast_tests::net::pair::traffic::{Everything, Load, Outcome};
use holdfast_tests::net::pair::{PairLab, Side, Which};
use holdfast_tests::net::wait::observe_for;
use std::time::Duration;

/// Traffic before the failure, and after everything has settled.
const BEFORE: Duration = Duration::from_millis(1_500);
const AFTER: Duration = Duration::from_secs(3);

/// Runs all traffic while `failure` happens, which returns once it is over as far as the boxes are concerned.
fn traffic_through(lab: &mut PairLab, failure: impl FnOnce(&mut PairLab) -> LabResult) -> LabResult<Outcome> {
    let traffic = Everything::start(lab, &Load::default())?;
    observe_for(BEFORE)?;
    failure(lab)?;
    observe_for(AFTER)?;
    let outcome = traffic.finish(lab)?;
    eprintln!("{outcome}");
    assert!(outcome.up.sent > 4_000, "{outcome}");
    Ok(outcome)
}

fn survives(failure: impl FnOnce(&mut PairLab) -> LabResult) -> LabResult {
    let mut lab = PairLab::standard()?;
    let outcome = traffic_through(&mut lab, failure)?;
    assert_eq!(outcome.complaints(BLACKOUT_MAX), Vec::<String>::new());
    // A failure that nobody noticed did not happen.
    assert!(outcome.up.lost() + outcome.down.lost() > 0, "{outcome}");
    assert_eq!(lab.b.redundancy()?.takeovers, 1);
    lab.b.assert_alive()
}

#[test]
fn kill_of_the_active() -> LabResult {
    survives(|lab| {
        lab.a.kill()?;
        lab.b.wait_role("active")
    })
}

#[test]
fn inside_cable_of_the_active_pulled() -> LabResult {
    cable_pulled(Side::Inside)
}

#[test]
fn outside_cable_of_the_active_pulled() -> LabResult {
    cable_pulled(Side::Outside)
}

/// The whole box leaves, the interface that still has its cable included, and comes back as standby.
fn cable_pulled(side: Side) -> LabResult {
    survives(|lab| {
        let pid = lab.a.firewall()?.pid();
        lab.switch.unplug(side, Which::A)?;
        lab.b.wait_role("active")?;
        lab.a.wait_for("no longer active", SEVERAL_HOLDS, |seen| {
            !["active", "taking_over"].contains(&seen.role.as_str())
        })?;
        assert!(lab.b.standby()?.all("active"), "{:?}", lab.b.standby()?);
        lab.switch.replug(side, Which::A)?;
        lab.a.wait_role("standby")?;
        lab.a.wait_hot()?;
        assert_eq!(lab.a.firewall()?.pid(), pid, "demoted in place");
        lab.b.wait_role("active")
    })
}

#[test]
fn active_stopped_and_continued() -> LabResult {
    survives(|lab| {
        let pid = lab.a.firewall()?.pid();
        lab.a.pause()?;
        lab.b.wait_role("active")?;
        observe_for(SEVERAL_HOLDS / 2)?;
        lab.a.resume()?;
        lab.a.wait_role("standby")?;
        lab.a.wait_hot()?;
        assert_eq!(lab.a.firewall()?.pid(), pid, "demoted in place");
        lab.b.wait_role("active")
    })
}

/// There and back again: nothing is lost of the streams in either direction.
#[test]
fn planned_switchover_loses_no_packet() -> LabResult {
    let mut lab = PairLab::standard()?;
    let outcome = traffic_through(&mut lab, |lab| {
        for (from, to) in [(Which::A, Which::B), (Which::B, Which::A)] {
            lab.node(from).console()?.text("redundancy force-switchover")?;
            lab.node(to).wait_role("active")?;
            lab.node(from).wait_role("standby")?;
            lab.node(from).wait_hot()?;
            observe_for(Duration::from_secs(1))?;
        }
        Ok(())
    })?;
    assert_eq!(outcome.complaints(BLACKOUT_MAX), Vec::<String>::new());
    assert_eq!((outcome.up.lost(), outcome.down.lost(), outcome.echo.lost()), (0, 0, 0), "{outcome}");
    assert_eq!((lab.a.redundancy()?.takeovers, lab.b.redundancy()?.takeovers), (2, 1));
    lab.a.assert_alive()?;
    lab.b.assert_alive()
}

/// A standby that leaves and comes back costs nothing at all.
#[test]
fn kill_of_the_standby_is_not_noticed() -> LabResult {
    let mut lab = PairLab::standard()?;
    let outcome = traffic_through(&mut lab, |lab| {
        lab.b.kill()?;
        observe_for(SEVERAL_HOLDS / 2)?;
        lab.b.start()?;
        lab.b.wait_hot()
    })?;
    assert_eq!(outcome.complaints(BLACKOUT_MAX / 4), Vec::<String>::new());
    assert_eq!((outcome.up.lost(), outcome.down.lost()), (0, 0), "{outcome}");
    assert_eq!(lab.a.redundancy()?.takeovers, 1);
    lab.a.assert_alive()
}
