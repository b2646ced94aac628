//! ICMP errors: those about a session's packets pass, all others were made up by somebody.

use super::{connect, ntp, ping, web, web6};
use crate::drop_reason::DropReason;
use crate::testkit::frame::{ACK, Flow, Packet, SYN, Segment, ip};
use crate::testkit::lab::Lab;
use crate::testkit::topology::{CLIENT, DMZ, INSIDE, OUTSIDE, SERVER, Setup, box_mac, host_mac};

const ROUTER: &str = "10.0.2.99";
const ROUTER6: &str = "fd00:2::99";

/// Port unreachable from a router outside, about `quoted`, to its sender.
fn error(quoted: &Packet) -> Packet {
    let (source, _) = crate::testkit::seen::addresses(&quoted.0);
    let router = Flow {
        source: ip(if quoted.is_v6() { ROUTER6 } else { ROUTER }),
        destination: source,
        ports: (0, 0),
    };
    let (kind, code) = if quoted.is_v6() { (1, 4) } else { (3, 3) };
    router.icmp(kind, code, [0; 4], &quoted.0)
}

fn data(flow: Flow, seq: u32) -> Packet {
    flow.segment(Segment { flags: ACK, seq, ack: 901, data: b"data" })
}

/// A lab without the check of sources, so that only the session's own checks stand between an error and the client.
fn lenient() -> Lab {
    Lab::new(Setup { tune: |c| c.reverse_path_checks = vec![false; 3], ..Setup::default() })
}

#[test]
fn errors_about_a_sessions_packets_reach_their_sender() {
    let mut lab = Lab::default();
    connect(&mut lab, web());
    connect(&mut lab, web6());
    lab.forwards(INSIDE, OUTSIDE, &ntp().udp(b"x"));
    lab.forwards(INSIDE, OUTSIDE, &ping().echo(true, 1));
    let gre = Flow { ports: (0, 0), ..web() }.packet(47, b"enough to quote");
    lab.forwards(INSIDE, OUTSIDE, &gre);
    let before = lab.sessions();
    for quoted in [data(web(), 101), data(web6(), 101), ntp().udp(b"x"), ping().echo(true, 1), gre] {
        // Eight bytes of layer 4 are all that old routers quote.
        for length in [quoted.0.len(), if quoted.is_v6() { 48 } else { 28 }] {
            let error = error(&Packet(quoted.0[..length].to_vec()));
            let seen = lab.forwards(OUTSIDE, INSIDE, &error);
            assert_eq!((seen.source_mac, seen.destination_mac), (box_mac(INSIDE), host_mac(INSIDE)));
            assert_eq!(seen.body, error.ttl(63).0);
        }
    }
    let after: Vec<_> = lab.sessions().iter().map(|s| (s.state.tracker, s.state.last_seen)).collect();
    let unchanged: Vec<_> = before.iter().map(|s| (s.state.tracker, s.state.last_seen)).collect();
    assert_eq!(after, unchanged, "an error is no sign of life");
}

#[test]
fn errors_from_the_initiators_side_reach_the_responder() {
    let mut lab = Lab::default();
    lab.forwards(INSIDE, OUTSIDE, &ntp().udp(b"x"));
    let late = ntp().reply().udp(b"late");
    lab.forwards(OUTSIDE, INSIDE, &late);
    let closed = Flow::new(CLIENT, SERVER, (0, 0)).icmp(3, 3, [0; 4], &late.0);
    lab.forwards(INSIDE, OUTSIDE, &closed);
}

#[test]
fn an_error_may_be_the_first_packet_that_needs_the_way_back() {
    let mut lab = Lab::new(Setup { hosts_known: false, ..Setup::default() });
    lab.pass(INSIDE, &ntp().udp(b"x"));
    lab.pass_frame(OUTSIDE, &lab.arp_reply(OUTSIDE, SERVER));
    lab.pass(OUTSIDE, &error(&ntp().udp(b"x")));
    let sent = lab.pass_frame(INSIDE, &lab.arp_reply(INSIDE, CLIENT));
    assert_eq!((sent.len(), sent[0].1.layer4().1[..2].to_vec()), (1, vec![3, 3]));
    lab.forwards(OUTSIDE, INSIDE, &ntp().reply().udp(b"y"));
}

#[test]
fn forged_errors_are_dropped() {
    let mut lab = lenient();
    connect(&mut lab, web());
    lab.forwards(INSIDE, OUTSIDE, &ntp().udp(b"x"));
    let quoted = ntp().udp(b"x");
    let good = error(&quoted);
    let to = |destination: &str| Flow::new(ROUTER, destination, (0, 0));
    let from = |source: &str| Flow::new(source, CLIENT, (0, 0));
    let cases = [
        (
            "no such session",
            error(&Flow { ports: (1, 2), ..ntp() }.udp(b"x")),
            DropReason::IcmpErrorNoSession,
        ),
        ("sequence number beyond the window", error(&data(web(), 5_000_000)), DropReason::IcmpErrorBad),
        ("sequence number never sent", error(&data(web(), 101 + 100)), DropReason::IcmpErrorBad),
        (
            "to another than the sender",
            to("10.0.1.77").icmp(3, 3, [0; 4], &quoted.0),
            DropReason::IcmpErrorBad,
        ),
        ("quote cut short", to(CLIENT).icmp(3, 3, [0; 4], &quoted.0[..27]), DropReason::IcmpErrorBad),
        ("an error about an error", error(&good), DropReason::IcmpErrorBad),
        ("wrong checksum", good.clone().broken_at(30, 1), DropReason::L4ChecksumBad),
        ("source quench", to(CLIENT).icmp(4, 0, [0; 4], &quoted.0), DropReason::IcmpTypeDenied),
        ("redirect", to(CLIENT).icmp(5, 1, [0; 4], &quoted.0), DropReason::IcmpTypeDenied),
        ("from loopback", from("127.0.0.1").icmp(3, 3, [0; 4], &quoted.0), DropReason::Martian),
        ("from a group", from("224.0.0.9").icmp(3, 3, [0; 4], &quoted.0), DropReason::Martian),
        ("from the box itself", from("10.0.2.1").icmp(3, 3, [0; 4], &quoted.0), DropReason::SourceIsOurs),
        ("from the client itself", from(CLIENT).icmp(3, 3, [0; 4], &quoted.0), DropReason::Land),
        (
            "ttl ends here, and an error about an error there is not",
            good.clone().ttl(1),
            DropReason::TtlExceeded,
        ),
    ];
    for (what, packet, reason) in cases {
        let before = lab.dropped(reason);
        assert_eq!(lab.pass(OUTSIDE, &packet), [], "{what}");
        assert_eq!(lab.dropped(reason), before + 1, "{what}: {:?}", lab.drops());
    }
    lab.drops_silently(DMZ, &good, DropReason::SessionZoneMismatch);
    lab.drops_silently(INSIDE, &good, DropReason::SessionZoneMismatch);
    lab.forwards(OUTSIDE, INSIDE, &good);
}

/// The numbers of ICMP and ICMPv6 mean different things; in the other family's packets they mean nothing.
#[test]
fn icmp_of_the_other_family_is_refused() {
    let mut lab = lenient();
    let udp6 = Flow { ports: (40_001, 123), ..web6() }.udp(b"x");
    lab.forwards(INSIDE, OUTSIDE, &ntp().udp(b"x"));
    lab.forwards(INSIDE, OUTSIDE, &udp6);
    let message = |kind: u8, quoted: &Packet| {
        let mut message = vec![kind, 3, 0, 0, 0, 0, 0, 0];
        message.extend(&quoted.0);
        message
    };
    // Type 3 is an error in both families, so only the protocol number is wrong. Their checksums are, too; the
    // type comes first.
    let in_v6 = Flow::new(ROUTER6, crate::testkit::topology::CLIENT6, (0, 0)).packet(1, &message(3, &udp6));
    let in_v4 = Flow::new(ROUTER, CLIENT, (0, 0)).packet(58, &message(3, &ntp().udp(b"x")));
    lab.drops_silently(OUTSIDE, &in_v6, DropReason::IcmpTypeDenied);
    lab.drops_silently(OUTSIDE, &in_v4, DropReason::IcmpTypeDenied);
}

#[test]
fn an_error_about_a_connection_that_has_only_begun_quotes_its_syn() {
    let mut lab = Lab::default();
    lab.forwards(INSIDE, OUTSIDE, &web().tcp(SYN, 100, 0));
    lab.drops_silently(OUTSIDE, &error(&web().tcp(SYN, 99, 0)), DropReason::IcmpErrorBad);
    lab.drops_silently(OUTSIDE, &error(&web().tcp(SYN, 102, 0)), DropReason::IcmpErrorBad);
    lab.forwards(OUTSIDE, INSIDE, &error(&web().tcp(SYN, 100, 0)));
}
