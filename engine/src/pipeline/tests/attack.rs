//! Floods: what one sender can take from everybody else.

use core::time::Duration;

use super::{connect, ping, web};
use crate::drop_reason::DropReason;
use crate::neighbour::{NeighbourState, NeighboursConfig};
use crate::net::build::Arp;
use crate::net::numbers::ARP_REQUEST;
use crate::policy::Action;
use crate::session::Direction;
use crate::testkit::frame::{ACK, FIN_ACK, Flow, Packet, RST, SYN, SYN_ACK, Segment, ip};
use crate::testkit::lab::{Lab, arp_frame};
use crate::testkit::topology::{CLIENT, DMZ, INSIDE, OUTSIDE, SERVER, Setup, box_mac, host_mac, rule};

const DATA_BYTES_MAX: usize = 1400;

/// The client's ARP request for the box.
fn client_asks() -> Vec<u8> {
    let (std::net::IpAddr::V4(sender_ip), std::net::IpAddr::V4(target_ip)) = (ip(CLIENT), ip("10.0.1.1"))
    else {
        panic!("ARP is for IPv4")
    };
    let request = Arp {
        operation: ARP_REQUEST,
        sender_mac: host_mac(INSIDE),
        sender_ip,
        target_mac: Default::default(),
        target_ip,
    };
    arp_frame(host_mac(INSIDE), box_mac(INSIDE), None, &request)
}

/// Packets from outside that end at the box do not keep it from telling those inside how large theirs may be.
#[test]
fn expired_packets_from_outside_do_not_silence_path_mtu_discovery_inside() {
    let mut lab = Lab::new(Setup { mtus: [1500, 1000, 1500], ..Setup::default() });
    connect(&mut lab, web());
    let expired = Flow::new(SERVER, CLIENT, (1, 2)).udp(b"x").ttl(1);
    let answers: usize = (0..20).map(|_| lab.burst(OUTSIDE, &vec![expired.clone(); 32]).len()).sum();
    assert!((1..100).contains(&answers), "limited: {answers}");
    let large = web().segment(Segment { flags: ACK, seq: 101, ack: 901, data: &[0; DATA_BYTES_MAX] });
    let sent = lab.pass(INSIDE, &large);
    let [(INSIDE, answer)] = &sent[..] else { panic!("{sent:?}") };
    assert_eq!(answer.layer4().1[..2], [3, 4]);
}

/// A scan of a whole network, each packet with its session, and a host that was never heard of until it speaks.
#[test]
fn a_scan_does_not_lock_out_a_host_that_speaks() {
    let scan = Setup {
        rules: vec![rule(OUTSIDE, DMZ, Action::Inspect), rule(INSIDE, OUTSIDE, Action::Inspect)],
        hosts_known: false,
        sessions_max: 4096,
        tune: |c| c.neighbours = NeighboursConfig { neighbours_max: 64, ..NeighboursConfig::default() },
        ..Setup::default()
    };
    let mut lab = Lab::new(scan);
    lab.pass(INSIDE, &web().tcp(SYN, 100, 0));
    lab.pass_frame(OUTSIDE, &lab.arp_reply(OUTSIDE, SERVER));
    for n in 2..200 {
        lab.pass(OUTSIDE, &Flow::new(SERVER, &format!("10.0.3.{n}"), (9, 80)).tcp(SYN, 1, 0));
        lab.wait(Duration::from_millis(20));
    }
    assert!(lab.dropped(DropReason::NeighbourTableFull) > 100, "{:?}", lab.drops());
    lab.sent();
    lab.pass_frame(INSIDE, &client_asks());
    lab.sent();
    assert_eq!(lab.pass(OUTSIDE, &web().reply().tcp(SYN_ACK, 900, 101)).len(), 1);
    let client = lab.neighbours(0).into_iter().find(|n| n.address == ip(CLIENT)).unwrap();
    assert_eq!((client.state, client.references), (NeighbourState::Stale, 1));
}

/// A full table and a flood for it: established traffic, both ways, loses nothing.
#[test]
fn a_flood_of_new_sessions_does_not_touch_established_ones() {
    let mut lab = Lab::default();
    connect(&mut lab, web());
    for n in 0..500 {
        lab.pass(INSIDE, &Flow::new(CLIENT, SERVER, (2000 + n, 80)).tcp(SYN, 1, 0));
    }
    assert_eq!(lab.sessions().len(), 64);
    assert!(lab.dropped(DropReason::SessionTableFull) > 400);
    lab.forwards(INSIDE, OUTSIDE, &web().segment(Segment { flags: ACK, seq: 101, ack: 901, data: b"up" }));
    let down = Segment { flags: ACK, seq: 901, ack: 103, data: b"down" };
    lab.forwards(OUTSIDE, INSIDE, &web().reply().segment(down));
}

/// Whoever knows addresses and ports but not the numbers: nothing it sends ends or moves the connection.
#[test]
fn blind_segments_change_nothing() {
    let mut lab = Lab::default();
    connect(&mut lab, web());
    let state = |lab: &Lab| {
        let sessions = lab.sessions();
        let [session] = &sessions[..] else { panic!("{sessions:?}") };
        (session.state.tracker & 15, session.state.peers)
    };
    let before = state(&lab);
    for (flow, port) in [(web(), INSIDE), (web().reply(), OUTSIDE)] {
        for step in 0..1024u32 {
            // Every 4 MiB, but not within a window of the true numbers.
            let number = (step << 22) ^ 0x0020_0000;
            for flags in [RST, FIN_ACK, ACK, SYN_ACK] {
                lab.pass(port, &flow.tcp(flags, number, number));
            }
        }
    }
    assert_eq!(state(&lab), before);
    lab.forwards(OUTSIDE, INSIDE, &web().reply().tcp(RST, 901, 0));
    assert_ne!(state(&lab).0, before.0, "the true number does");
}

/// Nobody but the initiator's side speaks in its direction, whatever the packet says.
#[test]
fn the_other_side_cannot_speak_for_the_initiator() {
    let mut lab = Lab::new(Setup { tune: |c| c.reverse_path_checks = vec![false; 3], ..Setup::default() });
    connect(&mut lab, web());
    lab.forwards(INSIDE, OUTSIDE, &ping().echo(true, 1));
    let before: Vec<_> = lab.sessions().iter().map(|s| s.state).collect();
    let forged: [Packet; 4] = [
        web().tcp(RST, 101, 0),
        web().tcp(SYN, 5000, 0),
        web().segment(Segment { flags: ACK, seq: 101, ack: 901, data: b"GET /" }),
        ping().echo(true, 2),
    ];
    for port in [OUTSIDE, DMZ] {
        for packet in &forged {
            lab.drops_silently(port, packet, DropReason::SessionZoneMismatch);
        }
    }
    let after: Vec<_> = lab.sessions().iter().map(|s| s.state).collect();
    assert_eq!(before, after);
    assert!(after.iter().all(|state| state.direction(state.initiator()) == Direction::Original));
}
