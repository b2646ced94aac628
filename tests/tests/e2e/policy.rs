//! What begins outside without a rule is refused, as configured; answers to what began inside come in.

use holdfast_tests::net::addresses::{CLIENT, CLIENT6, SERVERS};
use holdfast_tests::net::config::INSIDE_TO_OUTSIDE;
use holdfast_tests::net::sockets::{accept, echo_to_end, exchange, listen, open, try_connect, udp};
use holdfast_tests::net::{BoxConfig, Lab, LabResult};
use std::io::ErrorKind;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};
use std::time::Duration;

const PORT: u16 = 7001;
const CLIENTS: [IpAddr; 2] = [IpAddr::V4(CLIENT), IpAddr::V6(CLIENT6)];

/// Long enough for a refusal to come back, short enough to wait for one that must not.
const REFUSAL_LIMIT: Duration = Duration::from_millis(1500);

#[test]
fn without_a_rule_a_connection_from_outside_is_dropped() -> LabResult {
    let (lab, firewall) = Lab::standard()?;
    for client in CLIENTS {
        let _listener = listen(&lab.client, client, PORT)?;
        let outcome = try_connect(&lab.server, client, PORT, REFUSAL_LIMIT)?.map_err(|e| e.kind());
        assert_eq!(outcome.err(), Some(ErrorKind::TimedOut), "{client}: a dropped SYN gets no answer");
    }
    assert!(firewall.console().drops()?.of("policy_no_match") >= 2);
    assert_eq!(firewall.console().sessions()?.total, 0);
    Ok(())
}

#[test]
fn a_reject_rule_answers_at_once() -> LabResult {
    let lab = Lab::new()?;
    let rules =
        format!("{INSIDE_TO_OUTSIDE}\n[[rule]]\nfrom = \"outside\"\nto = \"inside\"\naction = \"reject\"\n");
    let firewall = lab.start(&BoxConfig::with_rules(&rules))?;
    for client in CLIENTS {
        let _listener = listen(&lab.client, client, PORT)?;
        let outcome = try_connect(&lab.server, client, PORT, Duration::from_secs(10))?.map_err(|e| e.kind());
        assert_eq!(outcome.err(), Some(ErrorKind::ConnectionRefused), "{client}: TCP gets a RST");

        let any: IpAddr =
            if client.is_ipv4() { Ipv4Addr::UNSPECIFIED.into() } else { Ipv6Addr::UNSPECIFIED.into() };
        let socket = udp(&lab.server, any, 0)?;
        socket.connect((client, PORT)).unwrap();
        socket.send(b"let me in").unwrap();
        let answer = socket.recv(&mut [0; 64]).map_err(|e| e.kind());
        assert_eq!(answer, Err(ErrorKind::ConnectionRefused), "{client}: UDP gets an ICMP error");
    }
    assert!(firewall.console().drops()?.of("policy_reject") >= 4);
    Ok(())
}

#[test]
fn answers_to_what_began_inside_come_in() -> LabResult {
    let (lab, firewall) = Lab::standard()?;
    for server in SERVERS {
        let echo = echo_to_end(listen(&lab.server, server, PORT)?, 1);
        assert_eq!(exchange(open(&lab.client, server, PORT)?, b"answer me").unwrap(), b"answer me");
        echo.join().unwrap().unwrap();
    }
    assert_eq!(firewall.console().drops()?.of("policy_no_match"), 0);
    Ok(())
}

#[test]
fn the_first_matching_rule_decides_by_port() -> LabResult {
    let lab = Lab::new()?;
    let rules = r#"
[[rule]]
from = "inside"
to = "outside"
action = "drop"
protocol = "tcp"
destination_ports = ["7100-7199"]

[[rule]]
from = "inside"
to = "outside"
action = "inspect"
protocol = "tcp"
destination_ports = ["7001", "7150"]
"#;
    let firewall = lab.start(&BoxConfig::with_rules(rules))?;
    for server in SERVERS {
        let (open_port, closed_port) =
            (listen(&lab.server, server, PORT)?, listen(&lab.server, server, 7150)?);
        let stream = open(&lab.client, server, PORT)?;
        accept(&open_port)?;
        drop(stream);
        let refused = try_connect(&lab.client, server, 7150, REFUSAL_LIMIT)?.map_err(|e| e.kind());
        assert_eq!(refused.err(), Some(ErrorKind::TimedOut), "{server}: the drop rule stands first");
        drop(closed_port);
    }
    assert!(firewall.console().drops()?.of("policy_drop") >= 2);
    Ok(())
}
