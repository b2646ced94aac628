//! The standby is silent: no answer for a virtual address, no packet forwarded, whatever reaches it.

use holdfast_tests::net::addresses::{CLIENT, SERVER};
use holdfast_tests::net::pair::traffic::Connections;
use holdfast_tests::net::pair::{PairLab, Side, VIRTUAL_INSIDE, VIRTUAL_OUTSIDE, Which};
use holdfast_tests::net::ping::{ping, received};
use holdfast_tests::net::sockets::udp;
use holdfast_tests::net::{LabError, LabResult, Namespace, scapy};
use serde::Deserialize;
use std::net::Ipv4Addr;
use std::time::Duration;

#[derive(Debug, Deserialize)]
struct Answer {
    source_mac: String,
    gives: String,
}

/// Every answer to three ARP requests for `address`.
fn who_has(host: &Namespace, own: Ipv4Addr, address: Ipv4Addr) -> LabResult<Vec<Answer>> {
    let output =
        scapy::run(host, "arp_who.py", &["eth0", &own.to_string(), &address.to_string(), "3"])?.stdout;
    let answer = |line: &str| {
        serde_json::from_str(line).map_err(|source| LabError::Json {
            command: "arp_who.py".into(),
            source,
            text: line.to_owned(),
        })
    };
    output.lines().map(answer).collect()
}

fn mac(host: &Namespace) -> LabResult<String> {
    let text = host.ip(["link", "show", "eth0"])?.stdout;
    let found = text.split_once("link/ether ").and_then(|(_, rest)| rest.split_whitespace().next());
    found.map(str::to_owned).ok_or(LabError::Missing { what: "MAC address".into(), text })
}

#[test]
fn only_the_active_answers_for_virtual_addresses_and_everybody_for_his_own() -> LabResult {
    let mut lab = PairLab::standard()?;
    let macs = ["00:00:0c:9f:f0:01", "00:00:0c:9f:f0:02"];
    let ask = |lab: &PairLab| -> LabResult {
        for ((host, own, address), mac) in
            [(&lab.client, CLIENT, VIRTUAL_INSIDE), (&lab.server, SERVER, VIRTUAL_OUTSIDE)]
                .into_iter()
                .zip(macs)
        {
            let answers = who_has(host, own, address)?;
            assert_eq!(answers.len(), 3, "one answer a request: {answers:?}");
            assert!(answers.iter().all(|a| a.gives == mac && a.source_mac == mac), "{answers:?}");
        }
        Ok(())
    };
    ask(&lab)?;
    // Real addresses are each box's own, in every role.
    for which in Which::BOTH {
        let answers = who_has(&lab.client, CLIENT, lab.address(Side::Inside, which))?;
        let own = lab.node(which).console()?.port("inside")?.mac.to_lowercase();
        assert!(answers.len() == 3 && answers.iter().all(|a| a.gives == own), "{own} {answers:?}");
    }
    lab.a.kill()?;
    lab.b.wait_role("active")?;
    ask(&lab)
}

#[test]
fn the_standby_alone_on_a_network_answers_nobody() -> LabResult {
    let mut lab = PairLab::standard()?;
    // Box a is still there for b: it is only the client that cannot reach it.
    assert_eq!(received(&ping(&lab.client, VIRTUAL_INSIDE.into(), 2, &[])?)?, 2);
    let standby = lab.b.console()?.port("inside")?.mac.to_lowercase();
    let before = lab.b.console()?.drops()?;

    let listener = udp(&lab.server, SERVER.into(), 7000)?;
    listener.set_read_timeout(Some(Duration::from_millis(1500))).unwrap();
    let client = mac(&lab.client)?;
    let (source, target) = (format!("{CLIENT}:7001"), format!("{SERVER}:7000"));
    // To the standby's own MAC, as a host with a stale route would; and to the virtual MAC, as a switch does that
    // has forgotten where it is and floods.
    scapy::run(&lab.client, "udp_frames.py", &["eth0", &client, &standby, &source, &target, "50"])?;
    let virtual_mac = "00:00:0c:9f:f0:01";
    let port = Side::Inside.port(Which::B);
    scapy::run(
        &lab.switch.namespace,
        "udp_frames.py",
        &[port, &client, virtual_mac, &source, &target, "50"],
    )?;
    let mut bytes = [0; 64];
    match listener.recv_from(&mut bytes) {
        Ok((n, from)) => panic!("the standby forwarded {n} bytes from {from}"),
        Err(error) => assert_eq!(error.kind(), std::io::ErrorKind::WouldBlock),
    }
    let drops = lab.b.console()?.drops()?.since(&before);
    assert!(drops.total() >= 100, "dropped, and counted: {drops:?}");
    let sessions = lab.b.console()?.sessions()?;
    assert!(sessions.sessions.iter().all(|s| s.source_port != 7001), "the standby began one: {sessions:?}");

    // The same frames do cross when the active gets them: the test can fail.
    let active = lab.a.console()?.port("inside")?.mac.to_lowercase();
    scapy::run(&lab.client, "udp_frames.py", &["eth0", &client, &active, &source, &target, "5"])?;
    assert!(listener.recv_from(&mut bytes).is_ok());
    Connections::open(&lab, 7002, 5)?.exchange()?;
    lab.b.assert_alive()
}
