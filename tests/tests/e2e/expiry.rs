//! Idle sessions go at their configured time: the box's clock is advanced, nobody waits.

use holdfast_tests::net::addresses::{SERVER, SERVERS};
use holdfast_tests::net::ping::{ping, received};
use holdfast_tests::net::sockets::{accept, listen, open, try_connect, udp};
use holdfast_tests::net::{BoxConfig, Firewall, Lab, LabResult};
use std::io::{Read, Write};
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, UdpSocket};
use std::time::Duration;

const PORT: u16 = 7002;

/// Time a worker may take from the advanced clock to the removed session: the wheel turns between bursts.
const REMOVAL_LIMIT: Duration = Duration::from_secs(10);

fn wait_until_gone(firewall: &Firewall, protocol: &str) -> LabResult {
    let what = format!("the {protocol} sessions to go");
    firewall.console().wait_for(&what, "show ip inspect sessions", REMOVAL_LIMIT, |seen| {
        let sessions = seen["sessions"].as_array()?;
        sessions.iter().all(|s| s["protocol"] != protocol).then_some(())
    })
}

fn live(firewall: &Firewall, protocol: &str) -> LabResult<usize> {
    Ok(firewall.console().sessions()?.of(protocol).len())
}

/// One question and one answer over UDP; both sockets stay open.
fn udp_exchange(lab: &Lab, server: IpAddr) -> LabResult<(UdpSocket, UdpSocket)> {
    let any: IpAddr =
        if server.is_ipv4() { Ipv4Addr::UNSPECIFIED.into() } else { Ipv6Addr::UNSPECIFIED.into() };
    let (client, responder) = (udp(&lab.client, any, 0)?, udp(&lab.server, server, PORT)?);
    client.connect((server, PORT)).unwrap();
    client.send(b"question").unwrap();
    let mut buffer = [0; 64];
    let (_, from) = responder.recv_from(&mut buffer).unwrap();
    responder.send_to(b"answer", from).unwrap();
    assert_eq!(client.recv(&mut buffer).unwrap(), b"answer".len());
    Ok((client, responder))
}

#[test]
fn udp_goes_after_its_idle_time_and_not_before() -> LabResult {
    let (lab, firewall) = Lab::standard()?;
    let mut sockets = Vec::new();
    for server in SERVERS {
        sockets.push(udp_exchange(&lab, server)?);
    }
    assert_eq!(live(&firewall, "udp")?, 2);
    firewall.console().advance_clock("20s")?;
    // A packet now starts the idle time again.
    for (client, responder) in &sockets {
        client.send(b"still there?").unwrap();
        responder.recv(&mut [0; 64]).unwrap();
    }
    firewall.console().advance_clock("20s")?;
    assert_eq!(live(&firewall, "udp")?, 2, "40 s old, idle for 20 s");
    firewall.console().advance_clock("31s")?;
    wait_until_gone(&firewall, "udp")?;

    // What the server sends now belongs to nothing.
    let before = firewall.console().drops()?;
    for (client, responder) in &sockets {
        responder.send_to(b"late", client.local_addr().unwrap()).unwrap();
        client.set_read_timeout(Some(Duration::from_millis(300))).unwrap();
        assert!(client.recv(&mut [0; 64]).is_err());
    }
    assert_eq!(firewall.console().drops()?.since(&before).of("policy_no_match"), 2);
    Ok(())
}

#[test]
fn configured_times_replace_the_defaults() -> LabResult {
    let lab = Lab::new()?;
    let more = "\n[inspect]\nudp_idle = \"7s\"\ntcp_idle = \"2m\"\n".to_owned();
    let firewall = lab.start(&BoxConfig { more, ..BoxConfig::default() })?;
    let _sockets = udp_exchange(&lab, SERVER.into())?;
    let listener = listen(&lab.server, SERVER.into(), PORT)?;
    let _pair = (open(&lab.client, SERVER.into(), PORT)?, accept(&listener)?);
    firewall.console().advance_clock("8s")?;
    wait_until_gone(&firewall, "udp")?;
    assert_eq!(live(&firewall, "tcp")?, 1);
    firewall.console().advance_clock("2m")?;
    wait_until_gone(&firewall, "tcp")
}

#[test]
fn tcp_goes_after_an_hour_and_does_not_come_back_in_mid_stream() -> LabResult {
    let (lab, firewall) = Lab::standard()?;
    let listener = listen(&lab.server, SERVER.into(), PORT)?;
    let (mut client, mut server) = (open(&lab.client, SERVER.into(), PORT)?, accept(&listener)?);
    client.write_all(b"x").unwrap();
    server.read_exact(&mut [0]).unwrap();

    firewall.console().advance_clock("59m")?;
    assert_eq!(live(&firewall, "tcp")?, 1);
    firewall.console().advance_clock("2m")?;
    wait_until_gone(&firewall, "tcp")?;

    server.set_read_timeout(Some(Duration::from_millis(500))).unwrap();
    client.write_all(b"y").unwrap();
    assert!(server.read_exact(&mut [0]).is_err(), "data without a session came through");
    assert!(firewall.console().drops()?.of("tcp_no_session") > 0);
    assert_eq!(live(&firewall, "tcp")?, 0);
    Ok(())
}

#[test]
fn a_closed_connection_goes_after_the_finwait_time() -> LabResult {
    let (lab, firewall) = Lab::standard()?;
    let listener = listen(&lab.server, SERVER.into(), PORT)?;
    let (client, server) = (open(&lab.client, SERVER.into(), PORT)?, accept(&listener)?);
    drop(client);
    drop(server);
    // A finished connection is not idle for an hour but gone five seconds after its FINs.
    firewall.console().wait_for("the FINs", "show ip inspect sessions", REMOVAL_LIMIT, |seen| {
        seen["sessions"].as_array()?.iter().all(|s| s["state"] != "SIS_OPEN").then_some(())
    })?;
    firewall.console().advance_clock("6s")?;
    wait_until_gone(&firewall, "tcp")
}

#[test]
fn a_handshake_that_nobody_answers_goes_after_the_synwait_time() -> LabResult {
    let (lab, firewall) = Lab::standard()?;
    // The server's answers leave for nowhere.
    lab.server.ip(["route", "add", "blackhole", "10.0.1.5/32"])?;
    let silence = try_connect(&lab.client, SERVER.into(), PORT, Duration::from_millis(500))?;
    assert!(silence.is_err());
    let sessions = firewall.console().sessions()?;
    assert!(sessions.sessions.iter().all(|s| s.state == "SIS_OPENING"), "{sessions:?}");
    assert_eq!(sessions.of("tcp").len(), 1);
    firewall.console().advance_clock("31s")?;
    wait_until_gone(&firewall, "tcp")
}

#[test]
fn an_echo_goes_after_ten_seconds() -> LabResult {
    let (lab, firewall) = Lab::standard()?;
    assert_eq!(received(&ping(&lab.client, SERVER.into(), 1, &[])?)?, 1);
    assert_eq!(live(&firewall, "icmp")?, 1);
    firewall.console().advance_clock("11s")?;
    wait_until_gone(&firewall, "icmp")
}
