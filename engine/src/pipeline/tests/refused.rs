//! Packets that are wrong, or not for the box, or pretend to be somebody else's.

use super::{connect, ntp, ping, web, web6};
use crate::drop_reason::DropReason;
use crate::interface::Mac;
use crate::policy::{Action, Rule};
use crate::testkit::frame::{ACK, Flow, Packet, SYN, ip};
use crate::testkit::lab::Lab;
use crate::testkit::seen::Seen;
use crate::testkit::topology::{
    CLIENT, CLIENT6, INSIDE, OUTSIDE, SERVER, SERVER6, Setup, box_address, box_mac, host_mac,
};

/// Everything is allowed by policy, so that what drops does so for its own reason.
fn open_box() -> Lab {
    Lab::new(Setup { rules: vec![Rule::any(Action::Inspect)], ..Setup::default() })
}

fn udp(source: &str, destination: &str) -> Packet {
    Flow::new(source, destination, (1000, 2000)).udp(b"x")
}

#[test]
fn addresses_that_nobody_may_use_here() {
    let mut lab = open_box();
    let cases = [
        (udp("127.0.0.1", SERVER), DropReason::Martian),
        (udp("0.0.0.1", SERVER), DropReason::Martian),
        (udp("224.0.0.1", SERVER), DropReason::Martian),
        (udp("255.255.255.255", SERVER), DropReason::Martian),
        (udp(CLIENT, "127.0.0.1"), DropReason::Martian),
        (udp(CLIENT, "240.0.0.1"), DropReason::Martian),
        (udp("169.254.1.1", SERVER), DropReason::Martian),
        (udp("fe80::5", SERVER6), DropReason::Martian),
        (udp("::1", SERVER6), DropReason::Martian),
        (udp("::ffff:10.0.1.10", SERVER6), DropReason::Martian),
        (udp(SERVER, SERVER), DropReason::Land),
        (udp(SERVER6, SERVER6), DropReason::Land),
        (udp("10.0.1.1", SERVER), DropReason::SourceIsOurs),
        (udp("10.0.2.1", SERVER), DropReason::SourceIsOurs),
        (udp("fd00:2::1", SERVER6), DropReason::SourceIsOurs),
        (udp(SERVER, "10.0.3.30"), DropReason::ReversePath),
        (udp("192.0.2.7", SERVER), DropReason::ReversePath),
        (udp("fd00:3::30", SERVER6), DropReason::ReversePath),
        (udp("10.0.1.255", SERVER), DropReason::ReversePath),
        (udp(CLIENT, "224.0.0.5"), DropReason::MulticastUnserved),
        (udp(CLIENT, "255.255.255.255"), DropReason::MulticastUnserved),
        (udp(CLIENT, "10.0.2.255"), DropReason::MulticastUnserved),
        (udp(CLIENT6, "ff0e::1"), DropReason::MulticastUnserved),
    ];
    for (packet, reason) in cases {
        lab.drops_silently(INSIDE, &packet, reason);
    }
    assert_eq!(lab.sessions(), []);
}

#[test]
fn no_route_is_told_to_the_sender_and_a_blackhole_is_not() {
    let blackhole = crate::route::StaticRoute {
        prefix: "192.0.2.0/24".parse().unwrap(),
        target: crate::route::Target::Blackhole,
    };
    let mut lab = Lab::new(Setup { routes: vec![blackhole], ..Setup::default() });
    let sent = lab.pass(INSIDE, &udp(CLIENT, "198.51.100.1"));
    assert_eq!(
        (sent.len(), &sent[0].1.layer4().1[..2], lab.drops()),
        (1, &[3, 0][..], vec![(DropReason::NoRoute, 1)])
    );
    lab.drops_silently(INSIDE, &udp(CLIENT, "192.0.2.1"), DropReason::Blackhole);
}

#[test]
fn the_check_of_sources_can_be_off() {
    let tune = |c: &mut crate::config::EngineConfig| c.reverse_path_checks = vec![false, true, true];
    let mut lab = Lab::new(Setup { tune, ..Setup::default() });
    lab.forwards(INSIDE, OUTSIDE, &udp("192.0.2.7", SERVER));
}

#[test]
fn checksums_of_first_packets_are_verified() {
    for flow in [web(), web6()] {
        let (l4, mut lab) = (if flow.source.is_ipv6() { 40 } else { 20 }, open_box());
        let ping = Flow { ports: (7, 7), ..flow };
        for packet in [flow.tcp(SYN, 1, 0).broken_at(l4 + 5, 9), flow.udp(b"x").broken_at(l4 + 8, 9)] {
            lab.drops_silently(INSIDE, &packet, DropReason::L4ChecksumBad);
        }
        lab.drops_silently(INSIDE, &ping.echo(true, 1).broken_at(l4 + 9, 0), DropReason::L4ChecksumBad);
        assert_eq!(lab.sessions(), []);
    }
    let mut lab = open_box();
    lab.drops_silently(INSIDE, &web().tcp(SYN, 1, 0).broken_at(10, 0), DropReason::Ipv4ChecksumBad);
    // UDP over IPv4 may go without; over IPv6 it may not.
    let bare = |flow: Flow, l4: usize| flow.udp(b"x").broken_at(l4 + 6, 0).broken_at(l4 + 7, 0);
    lab.forwards(INSIDE, OUTSIDE, &{
        let mut packet = bare(ntp(), 20);
        packet.0[26..28].fill(0);
        packet
    });
    lab.drops_silently(INSIDE, &bare(web6(), 40), DropReason::L4ChecksumBad);
}

#[test]
fn the_udp_length_is_what_the_checksum_covers() {
    // Two bytes behind the datagram, within the IP packet: legal, and not part of the sum.
    let mut l4 = ntp().udp(b"data").0.split_off(20);
    l4.extend([1, 2]);
    let mut lab = open_box();
    let sent = lab.pass(INSIDE, &ntp().packet(17, &l4));
    assert_eq!((sent.len(), lab.drops()), (1, vec![]));
}

/// RFC 1812 section 5.3.4, RFC 1122 section 3.3.6. Of a pair of boxes both would forward it.
#[test]
fn a_unicast_packet_in_a_broadcast_frame_is_nobodys() {
    let mut lab = open_box();
    connect(&mut lab, web());
    for (packet, group) in [
        (web().tcp(ACK, 101, 901), Mac::BROADCAST),
        (ntp().udp(b"x"), Mac::BROADCAST),
        (web6().udp(b"x"), Mac([0x33, 0x33, 0, 0, 0, 1])),
        (ping().echo(true, 1), Mac::BROADCAST),
    ] {
        let frame = packet.frame(host_mac(INSIDE), group, None);
        lab.drops_frame(INSIDE, &frame, DropReason::MulticastUnserved);
    }
    let frame = ntp().udp(b"x").frame(host_mac(INSIDE), Mac([2, 9, 9, 9, 9, 9]), None);
    lab.drops_frame(INSIDE, &frame, DropReason::NotForUs);
    let frame = ntp().udp(b"x").frame(Mac([3, 0, 0, 0, 0, 9]), box_mac(INSIDE), None);
    lab.drops_frame(INSIDE, &frame, DropReason::SourceMacMulticast);
}

#[test]
fn the_box_answers_echo_and_nothing_else() {
    let mut lab = Lab::default();
    for (client, v6) in [(CLIENT, false), (CLIENT6, true)] {
        let flow = Flow { source: ip(client), destination: box_address(INSIDE, v6), ports: (7, 7) };
        let sent = lab.pass(INSIDE, &flow.echo(true, 3));
        let [(INSIDE, reply)] = &sent[..] else { panic!("{sent:?}") };
        assert!(reply.is_sound());
        let expected = flow.reply().echo(false, 3);
        assert_eq!(reply.body, expected.0);
        assert_eq!((reply.source_mac, reply.destination_mac), (box_mac(INSIDE), host_mac(INSIDE)));
        lab.drops_silently(INSIDE, &flow.echo(false, 3), DropReason::LocalUnserved);
        lab.drops_silently(INSIDE, &flow.tcp(SYN, 1, 0), DropReason::LocalUnserved);
        lab.drops_silently(INSIDE, &flow.udp(b"x"), DropReason::LocalUnserved);
        lab.drops_silently(INSIDE, &flow.packet(89, b"ospf"), DropReason::LocalUnserved);
        // TTL 1 is enough to get here; the other side's address is ours as well.
        let far = Flow { destination: box_address(OUTSIDE, v6), ..flow };
        assert_eq!(lab.pass(INSIDE, &far.echo(true, 4).ttl(1)).len(), 1);
    }
    assert_eq!((lab.stats().echo_replies, lab.sessions().len()), (4, 0));
}

#[test]
fn a_scan_of_the_box_does_not_use_up_its_echo_replies() {
    let tune = |c: &mut crate::config::EngineConfig| c.answers.echo_replies_burst_max = 2;
    let mut lab = Lab::new(Setup { tune, ..Setup::default() });
    let flow = Flow { source: ip(CLIENT), destination: box_address(INSIDE, false), ports: (7, 7) };
    lab.burst(INSIDE, &vec![flow.tcp(SYN, 1, 0); 20]);
    assert_eq!(lab.dropped(DropReason::LocalUnserved), 20);
    let sent: Vec<(_, Seen)> = lab.burst(INSIDE, &vec![flow.echo(true, 1); 5]);
    assert_eq!((sent.len(), lab.dropped(DropReason::LocalRateLimited)), (2, 3));
}

#[test]
fn a_port_that_is_stopped_receives_nothing() {
    let mut lab = Lab::default();
    lab.workers[0].set_running(false);
    assert_eq!(lab.pass(INSIDE, &web().tcp(SYN, 1, 0)), []);
    lab.workers[0].set_running(true);
    lab.settle();
    assert_eq!(lab.sent().len(), 1);
}

#[test]
fn neighbour_discovery_never_crosses() {
    let mut lab = open_box();
    let flow = Flow::new(CLIENT6, SERVER6, (0, 0));
    for kind in [133, 134, 135, 136, 137] {
        let body = [0xfd, 0, 0, 2, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0x20];
        let packet = flow.icmp(kind, 0, [0; 4], &body);
        lab.drops_silently(INSIDE, &packet, DropReason::NdBad);
        lab.drops_silently(INSIDE, &packet.ttl(255), DropReason::NdNotForUs);
    }
}
