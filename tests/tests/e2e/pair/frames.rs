//! Every HSRP frame of an election, a failover, a return and a planned switchover, read by programs that are not ours.

use super::SEVERAL_HOLDS;
use holdfast_tests::net::LabResult;
use holdfast_tests::net::capture::Capture;
use holdfast_tests::net::pair::frames::{HSRP_FILTER, by_scapy, by_tshark};
use holdfast_tests::net::pair::{Authentication, HOT_LIMIT, PairBox, PairConfig, PairLab};
use holdfast_tests::net::wait::{Look, observe_for, wait_until};

fn frames_are_correct(version: u8, authentication: &Authentication) -> LabResult {
    let mut lab = PairLab::new(&PairConfig::speaking(version, authentication))?;
    let capture = |lab: &PairLab| -> LabResult<[Capture; 2]> {
        Ok([
            Capture::start(&lab.client, "eth0", HSRP_FILTER, lab.dir())?,
            Capture::start(&lab.server, "eth0", HSRP_FILTER, lab.dir())?,
        ])
    };
    let captures = capture(&lab)?;
    // An election, a planned switchover, a failover, a return, an end in order.
    lab.start_both()?;
    // Hot is sooner than HSRP's election of the next in line, whose hellos are to be seen.
    wait_elected(&lab.b)?;
    lab.a.console()?.text("redundancy force-switchover")?;
    lab.b.wait_role("active")?;
    lab.a.wait_hot()?;
    wait_elected(&lab.a)?;
    lab.b.kill()?;
    lab.a.wait_role("active")?;
    lab.b.start()?;
    lab.b.wait_hot()?;
    lab.a.stop()?;
    lab.b.wait_role("active")?;
    observe_for(SEVERAL_HOLDS / 4)?;
    let files = captures.into_iter().map(Capture::stop).collect::<LabResult<Vec<_>>>()?;

    let frames = by_scapy(version, authentication, &files)?;
    let wrong: Vec<_> = frames.iter().filter(|f| !f.problems.is_empty()).collect();
    assert!(wrong.is_empty(), "{} of {}: {:?}", wrong.len(), frames.len(), &wrong[..wrong.len().min(5)]);
    let (opcodes, remarks) = by_tshark(version, &files)?;
    assert_eq!(remarks, Vec::<String>::new());
    assert_eq!(opcodes.len(), frames.len(), "tshark and scapy see the same frames");

    let has = |opcode: &str, state: &str| {
        frames.iter().any(|f| f.opcode.as_deref() == Some(opcode) && f.state.as_deref() == Some(state))
    };
    for state in ["speak", "standby", "active"] {
        assert!(has("hello", state), "no hello of a box in state {state}");
    }
    assert!(frames.iter().any(|f| f.opcode.as_deref() == Some("resign")), "nobody resigned");
    // The virtual MAC speaks while it is active, the interface's own otherwise.
    for frame in frames.iter().filter(|f| f.opcode.as_deref() == Some("hello")) {
        let is_virtual = frame.source_mac.starts_with("00:00:0c:");
        assert_eq!(is_virtual, frame.state.as_deref() == Some("active"), "{frame:?}");
    }
    // The reader is no yes-man: under another key every frame is wrong.
    let other = by_scapy(version, &Authentication::Md5("another".into()), &files)?;
    assert!(other.iter().all(|f| !f.problems.is_empty()));
    Ok(())
}

/// Waits until a box is the next in line on every interface.
fn wait_elected(node: &PairBox) -> LabResult {
    wait_until("the standby router's election", HOT_LIMIT, || {
        let standby = node.standby()?;
        Ok(if standby.all("standby") {
            Look::Done(())
        } else {
            Look::NotYet(format!("{:?}", standby.states()))
        })
    })
}

fn text() -> Authentication {
    Authentication::Text("holdfast".into())
}

fn md5() -> Authentication {
    Authentication::Md5("s3cret".into())
}

#[test]
fn version_1_default_authentication() -> LabResult {
    frames_are_correct(1, &Authentication::Default)
}

#[test]
fn version_1_text() -> LabResult {
    frames_are_correct(1, &text())
}

#[test]
fn version_1_md5() -> LabResult {
    frames_are_correct(1, &md5())
}

#[test]
fn version_2_default_authentication() -> LabResult {
    frames_are_correct(2, &Authentication::Default)
}

#[test]
fn version_2_text() -> LabResult {
    frames_are_correct(2, &text())
}

#[test]
fn version_2_md5() -> LabResult {
    frames_are_correct(2, &md5())
}
