//! Packets that no host stack sends: each drops under its own reason, and the box goes on.

use holdfast_tests::net::addresses::{SERVER, SERVER6};
use holdfast_tests::net::ping::{ping, received};
use holdfast_tests::net::wait::{Look, wait_until};
use holdfast_tests::net::{Firewall, Lab, LabError, LabResult, scapy};
use serde::Deserialize;
use std::collections::BTreeMap;
use std::time::Duration;

const COUNTED_LIMIT: Duration = Duration::from_secs(10);

/// Reasons under which the hosts' own multicast listener reports drop meanwhile, so that more may be counted.
const CHATTER: &[&str] = &["icmp_type_denied", "multicast_unserved"];

/// One line of `tests/scapy/malformed.py`: what was sent, how often, and the reason it must drop under.
#[derive(Debug, Deserialize)]
struct Sent {
    case: String,
    reason: String,
    packets: u64,
}

fn assert_traffic_passes(lab: &Lab, firewall: &mut Firewall) -> LabResult {
    firewall.assert_alive()?;
    for server in [SERVER.into(), SERVER6.into()] {
        assert_eq!(received(&ping(&lab.client, server, 3, &[])?)?, 3, "{server}");
    }
    Ok(())
}

#[test]
fn every_kind_of_malformed_packet_drops_under_its_reason() -> LabResult {
    let (lab, mut firewall) = Lab::standard()?;
    // Neighbours are resolved before, so that nothing else is dropped meanwhile.
    assert_traffic_passes(&lab, &mut firewall)?;
    let mac = firewall.console().port("inside")?.mac;
    let before = firewall.console().drops()?;
    let output = scapy::run(&lab.client, "malformed.py", &["eth0", &mac])?.stdout;

    let mut expected: BTreeMap<String, u64> = BTreeMap::new();
    let mut cases: BTreeMap<String, Vec<String>> = BTreeMap::new();
    for line in output.lines() {
        let sent: Sent = serde_json::from_str(line).map_err(|source| LabError::Json {
            command: "malformed.py".into(),
            source,
            text: line.to_owned(),
        })?;
        *expected.entry(sent.reason.clone()).or_default() += sent.packets;
        cases.entry(sent.reason).or_default().push(sent.case);
    }
    assert!(expected.len() > 10, "{output}");

    // Workers add up their counters once a burst; the last may be a moment late.
    let total: u64 = expected.values().sum();
    let seen = wait_until("every packet to be counted", COUNTED_LIMIT, || {
        let seen = firewall.console().drops()?.since(&before);
        Ok(if seen.total() >= total { Look::Done(seen) } else { Look::NotYet(format!("{seen:?}")) })
    });
    let seen = match seen {
        Err(LabError::Deadline { .. }) => firewall.console().drops()?.since(&before),
        other => other?,
    };
    let wrong: Vec<String> = expected
        .iter()
        .filter(|(reason, sent)| {
            let extra_allowed = CHATTER.contains(&reason.as_str());
            seen.of(reason) < **sent || (seen.of(reason) > **sent && !extra_allowed)
        })
        .map(|(reason, sent)| format!("{reason}: {} of {sent} ({:?})", seen.of(reason), cases[reason]))
        .collect();
    assert!(wrong.is_empty(), "\n{}\nall: {seen:?}", wrong.join("\n"));
    assert_traffic_passes(&lab, &mut firewall)
}

#[test]
fn random_and_mutated_frames_do_not_bring_the_box_down() -> LabResult {
    let (lab, mut firewall) = Lab::standard()?;
    let seed = std::env::var("HOLDFAST_FUZZ_SEED").unwrap_or_else(|_| "1".into());
    eprintln!("HOLDFAST_FUZZ_SEED={seed}");
    for (namespace, interface) in [(&lab.client, "inside"), (&lab.server, "outside")] {
        let mac = firewall.console().port(interface)?.mac;
        scapy::run(namespace, "fuzz.py", &["eth0", &mac, &seed, "20000"])?;
        firewall.assert_alive()?;
    }
    let drops = firewall.console().drops()?;
    assert!(drops.total() > 10_000, "{drops:?}");
    // The fuzz may have moved the hosts' addresses about (gratuitous ARP); established rules decide again after.
    firewall.console().text("clear arp")?;
    firewall.console().text("clear ipv6 neighbors")?;
    assert_traffic_passes(&lab, &mut firewall)
}
