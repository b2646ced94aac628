//! ping, traceroute, and ICMP errors that belong to a session.

use holdfast_tests::net::addresses::{
    BOX_INSIDE, BOX_INSIDE6, BOX_OUTSIDE, CLIENT, CLIENT6, SERVER, SERVER6, SERVERS,
};
use holdfast_tests::net::ping::{ping, received, traceroute};
use holdfast_tests::net::sockets::udp;
use holdfast_tests::net::{Lab, LabResult};
use std::io::ErrorKind;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

#[test]
fn echo_crosses_the_box_and_the_box_answers_itself() -> LabResult {
    let (lab, _firewall) = Lab::standard()?;
    for target in [SERVER.into(), SERVER6.into(), BOX_INSIDE.into(), BOX_INSIDE6.into()] {
        let finished = ping(&lab.client, target, 5, &[])?;
        assert_eq!(received(&finished)?, 5, "{target}: {}", finished.stdout);
    }
    Ok(())
}

#[test]
fn large_echoes_arrive_whole() -> LabResult {
    let (lab, _firewall) = Lab::standard()?;
    // 1472 + 8 + 20 and 1452 + 8 + 40: exactly one full packet.
    for (target, size) in [(IpAddr::from(SERVER), "1472"), (SERVER6.into(), "1452")] {
        assert_eq!(received(&ping(&lab.client, target, 3, &["-M", "do", "-s", size])?)?, 3, "{target}");
    }
    Ok(())
}

#[test]
fn an_echo_from_outside_does_not_come_in() -> LabResult {
    let (lab, firewall) = Lab::standard()?;
    for target in [CLIENT.into(), CLIENT6.into()] {
        assert_eq!(received(&ping(&lab.server, target, 2, &[])?)?, 0, "{target}");
    }
    assert!(firewall.console().drops()?.of("policy_no_match") >= 4);
    // The outside may still talk to the box itself.
    assert_eq!(received(&ping(&lab.server, BOX_OUTSIDE.into(), 2, &[])?)?, 2);
    Ok(())
}

#[test]
fn traceroute_sees_the_box_and_the_server() -> LabResult {
    let (lab, _firewall) = Lab::standard()?;
    let expected: [(IpAddr, [IpAddr; 2]); 2] = [
        (SERVER.into(), [BOX_INSIDE.into(), SERVER.into()]),
        (SERVER6.into(), [BOX_INSIDE6.into(), SERVER6.into()]),
    ];
    for (target, hops) in expected {
        assert_eq!(traceroute(&lab.client, target)?, hops.map(Some), "{target}");
    }
    Ok(())
}

#[test]
fn port_unreachable_finds_its_way_back() -> LabResult {
    let (lab, firewall) = Lab::standard()?;
    for server in SERVERS {
        let any: IpAddr =
            if server.is_ipv4() { Ipv4Addr::UNSPECIFIED.into() } else { Ipv6Addr::UNSPECIFIED.into() };
        let socket = udp(&lab.client, any, 0)?;
        // A connected socket gets the ICMP error as a refused connection.
        socket.connect((server, 9)).unwrap();
        socket.send(b"anybody there?").unwrap();
        let answer = socket.recv(&mut [0; 64]).map_err(|e| e.kind());
        assert_eq!(answer, Err(ErrorKind::ConnectionRefused), "{server}");
    }
    assert_eq!(firewall.console().drops()?.of("icmp_error_no_session"), 0);
    Ok(())
}
