//! Messages from somebody who has no key: they count, and that is all they do.

use super::SEVERAL_HOLDS;
use holdfast_tests::net::pair::traffic::{Connections, Probe, ProbeKind};
use holdfast_tests::net::pair::{
    Authentication, HA_DEVICE, PairLab, Speaker, SpeakerLink, VIRTUAL_INSIDE, VIRTUAL_OUTSIDE, Which,
    count_of,
};
use holdfast_tests::net::wait::observe_for;
use holdfast_tests::net::{LabError, LabResult, scapy};
use serde_json::Value;

fn assert_roles_unchanged(lab: &PairLab) -> LabResult {
    let (a, b) = (lab.a.redundancy()?, lab.b.redundancy()?);
    assert_eq!((a.role.as_str(), b.role.as_str()), ("active", "standby"), "{a:?} {b:?}");
    assert_eq!((a.takeovers, b.takeovers), (1, 0));
    Ok(())
}

/// A host on each network claims to be the better router, in every way there is.
#[test]
fn hsrp_under_another_key_changes_no_role() -> LabResult {
    let lab = PairLab::standard()?;
    let stream = Probe::start(&lab, ProbeKind::Up, 7000, 1_000)?;
    for (host, address, group, gateway) in
        [(&lab.client, "10.0.1.66", 1, VIRTUAL_INSIDE), (&lab.server, "10.0.2.66", 2, VIRTUAL_OUTSIDE)]
    {
        for key in ["none", "text:cisco", "md5:wrong", "md5:s3cre"] {
            let link = SpeakerLink {
                interface: "eth0".into(),
                address: address.into(),
                group,
                virtual_address: gateway.to_string(),
            };
            let mut forger = Speaker::start(host, 2, &Authentication::Default, &[link])?;
            forger.say(&format!("key {key}"))?;
            // Not the virtual MAC as source: a switch that learns it from the forger is another matter.
            forger.say("hello speak 255")?;
            for _ in 0..20 {
                forger.say("coup 255")?;
                forger.say("resign 255")?;
            }
            observe_for(SEVERAL_HOLDS / 8)?;
        }
    }
    observe_for(SEVERAL_HOLDS / 2)?;
    assert_roles_unchanged(&lab)?;
    let ledger = stream.finish()?;
    assert_eq!(ledger.lost(), 0, "{ledger:?}");
    for which in Which::BOTH {
        for group in lab.node(which).standby()?.groups {
            assert!(group.authentication_failures >= 100, "{} {group:?}", which.box_name());
        }
    }
    Ok(())
}

/// From the cable itself: what was said before, what is almost right, and noise.
#[test]
fn forged_and_replayed_ha_datagrams_change_nothing() -> LabResult {
    let mut lab = PairLab::standard()?;
    let mut connections = Connections::open(&lab, 7000, 200)?;
    for (seed, (from, to)) in [(Which::A, Which::B), (Which::B, Which::A)].into_iter().enumerate() {
        let statistics = |lab: &PairLab| lab.node(to).console()?.json("show ip inspect ha statistics");
        let before = statistics(&lab)?;
        // Something to overhear: records in both directions.
        Connections::open(&lab, 7001 + seed as u16, 100)?.exchange()?;
        let output =
            scapy::run(&lab.node(from).namespace, "ha_forge.py", &[HA_DEVICE, "5000", &seed.to_string()])?
                .stdout;
        let sent: Value = serde_json::from_str(&output).map_err(|source| LabError::Json {
            command: "ha_forge.py".into(),
            source,
            text: output.clone(),
        })?;
        eprintln!("{} to {}: {sent}", from.box_name(), to.box_name());
        observe_for(SEVERAL_HOLDS / 4)?;
        let after = statistics(&lab)?;
        let grown = |key: &str| count_of(&after["link"], key) - count_of(&before["link"], key);
        let all_sent = |kinds: &[&str]| {
            let counts: Vec<u64> = kinds.iter().map(|kind| count_of(&sent, kind)).collect();
            assert!(counts.iter().all(|&count| count > 0), "{kinds:?} in {sent}");
            counts.iter().sum::<u64>()
        };
        assert!(grown("replayed") + grown("outdated") >= all_sent(&["replayed"]) * 9 / 10, "{sent} {after}");
        // Most altered ones have a number that came before, which is looked at first; a few have a new one.
        assert!(grown("forged") > 0, "{sent} {after}");
        let refused = grown("replayed") + grown("outdated") + grown("forged") + grown("malformed");
        let bad = all_sent(&["replayed", "flipped", "cut", "grown", "random"]);
        assert!(refused >= bad * 9 / 10, "{refused} of {bad} refused: {sent} {after}");
        assert_roles_unchanged(&lab)?;
        connections.exchange()?;
    }
    lab.b.wait_hot()?;
    lab.wait_equal()?;
    lab.a.assert_alive()?;
    lab.b.assert_alive()
}
