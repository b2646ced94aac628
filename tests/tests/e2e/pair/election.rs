//! An election against an independent HSRP router (`tests/scapy/hsrp_speaker.py`) in the other box's place. The letters
//! are the events of RFC 2281's state table.

use super::{HOLD, SEVERAL_HOLDS};
use holdfast_tests::net::LabResult;
use holdfast_tests::net::pair::{Authentication, PairConfig, PairLab, ROLE_LIMIT, Speaker};
use holdfast_tests::net::wait::{Look, Stopwatch, observe_for, wait_until};
use std::time::Duration;

const HELLO: Duration = Duration::from_millis(250);

/// What scheduling on a busy machine may add to a timer.
const SLACK: Duration = Duration::from_millis(400);

/// Box a with priority 110 and nobody else yet.
fn alone(version: u8, authentication: &Authentication, preempt: bool) -> LabResult<(PairLab, Speaker)> {
    let mut config = PairConfig::speaking(version, authentication);
    // A router of another make speaks no Holdfast over the HA link.
    config.a.ha = None;
    config.a.groups.iter_mut().for_each(|group| group.preempt = preempt);
    let lab = PairLab::new(&config)?;
    let speaker = Speaker::in_place_of_b(&lab, version, authentication)?;
    Ok((lab, speaker))
}

fn wait_state(lab: &PairLab, state: &str, limit: Duration) -> LabResult {
    wait_until(&format!("every group to be {state}"), limit, || {
        let seen = lab.a.standby()?;
        Ok(if seen.all(state) { Look::Done(()) } else { Look::NotYet(format!("{:?}", seen.states())) })
    })
}

/// Every group stays in `state` for several hold times.
fn stays(lab: &PairLab, state: &str) -> LabResult {
    let clock = Stopwatch::start();
    while clock.elapsed() < SEVERAL_HOLDS / 2 {
        let seen = lab.a.standby()?;
        assert!(seen.all(state), "{:?}", seen.states());
        observe_for(Duration::from_millis(50))?;
    }
    Ok(())
}

fn election(version: u8, authentication: &Authentication) -> LabResult {
    let (mut lab, mut speaker) = alone(version, authentication, false)?;
    // a, c, d: a lone box ends up active, within 2 × hold + hello of its first words at the latest.
    lab.a.start()?;
    speaker.wait_heard("hello", Some("speak"), ROLE_LIMIT)?;
    speaker.wait_heard("hello", Some("active"), 2 * HOLD + HELLO + SLACK)?;
    lab.a.wait_role("active")?;
    // f, l: somebody with a lower priority speaks, and becomes standby.
    speaker.say("hello speak 50")?;
    stays(&lab, "active")?;
    speaker.say("hello standby 50")?;
    stays(&lab, "active")?;
    let groups = lab.a.standby()?.groups;
    let standby: Vec<_> = groups.iter().map(|g| g.standby_router.map(|a| a.to_string())).collect();
    assert_eq!(standby, [Some("10.0.1.3".to_owned()), Some("10.0.2.3".to_owned())]);
    // h in Active: a second active with a lower priority is told so.
    speaker.say("hello active 50")?;
    speaker.wait_heard("coup", None, HOLD)?;
    stays(&lab, "active")?;
    // g in Active: one with a higher priority wins; then d: the box becomes its standby.
    speaker.say("hello active 200")?;
    wait_state(&lab, "standby", ROLE_LIMIT)?;
    speaker.wait_heard("hello", Some("standby"), ROLE_LIMIT)?;
    stays(&lab, "standby")?;
    let groups = lab.a.standby()?.groups;
    assert!(
        groups.iter().all(|g| g.active_router.is_some_and(|a| a.to_string().ends_with(".3"))),
        "{groups:?}"
    );
    // i in Standby: the active resigns, the box takes over without waiting for a hold time.
    speaker.take_heard();
    speaker.say("silent")?;
    speaker.say("resign 200")?;
    speaker.wait_heard("hello", Some("active"), HOLD / 2)?;
    // j: a Coup of a higher priority is obeyed with a Resign.
    speaker.say("coup 200")?;
    speaker.wait_heard("resign", None, HOLD)?;
    speaker.say("hello active 200")?;
    wait_state(&lab, "standby", ROLE_LIMIT)?;
    // c in Standby: the active falls silent.
    speaker.take_heard();
    speaker.say("silent")?;
    speaker.wait_heard("hello", Some("active"), HOLD + HELLO + SLACK)?;
    lab.a.wait_role("active")?;
    // b: the box goes down in order.
    lab.a.stop()?;
    speaker.wait_heard("resign", None, HOLD)?;
    assert!(speaker.problems().is_empty(), "{:?}", speaker.problems());
    Ok(())
}

#[test]
fn version_1() -> LabResult {
    election(1, &Authentication::Default)
}

#[test]
fn version_1_with_md5() -> LabResult {
    election(1, &Authentication::Md5("s3cret".into()))
}

#[test]
fn version_2() -> LabResult {
    election(2, &Authentication::Default)
}

#[test]
fn version_2_with_md5() -> LabResult {
    election(2, &Authentication::Md5("s3cret".into()))
}

/// h with preemption, from every state that listens: Coup, then active.
#[test]
fn preemption_takes_over_from_a_lower_priority() -> LabResult {
    for version in [1, 2] {
        let authentication = Authentication::Md5("s3cret".into());
        let (mut lab, mut speaker) = alone(version, &authentication, true)?;
        speaker.say("hello active 50")?;
        lab.a.start()?;
        speaker.wait_heard("coup", None, ROLE_LIMIT)?;
        speaker.say("resign 50")?;
        speaker.say("hello speak 50")?;
        speaker.wait_heard("hello", Some("active"), ROLE_LIMIT)?;
        lab.a.wait_role("active")?;
    }
    Ok(())
}

#[test]
fn without_preemption_a_lower_priority_keeps_the_role() -> LabResult {
    let authentication = Authentication::Md5("s3cret".into());
    let (mut lab, mut speaker) = alone(2, &authentication, false)?;
    speaker.say("hello active 50")?;
    lab.a.start()?;
    wait_state(&lab, "standby", ROLE_LIMIT)?;
    stays(&lab, "standby")?;
    let heard = speaker.take_heard();
    assert!(heard.iter().all(|packet| !packet.is("coup", None)), "{heard:?}");
    Ok(())
}

/// Ties go to the higher address: the speaker's.
#[test]
fn equal_priorities_are_decided_by_address() -> LabResult {
    let authentication = Authentication::Default;
    let (mut lab, mut speaker) = alone(2, &authentication, true)?;
    lab.a.start()?;
    lab.a.wait_role("active")?;
    speaker.say("hello active 110")?;
    wait_state(&lab, "standby", ROLE_LIMIT)?;
    stays(&lab, "standby")
}
