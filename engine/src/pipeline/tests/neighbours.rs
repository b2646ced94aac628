//! Next hops that have to be asked for.

use core::net::IpAddr;
use core::time::Duration;

use super::{connect, ntp, web, web6};
use crate::drop_reason::DropReason;
use crate::event::Event;
use crate::interface::Mac;
use crate::neighbour::NeighbourState;
use crate::net::build::Arp;
use crate::net::numbers::{ARP_REQUEST, ETHERTYPE_ARP};
use crate::testkit::frame::{Flow, SYN, SYN_ACK, ip};
use crate::testkit::lab::{Lab, arp_frame};
use crate::testkit::topology::{CLIENT, INSIDE, OUTSIDE, SERVER, Setup, box_address, box_mac, host_mac};

fn unknown_hosts() -> Lab {
    Lab::new(Setup { hosts_known: false, ..Setup::default() })
}

#[test]
fn a_first_packet_waits_for_arp_and_then_goes() {
    let mut lab = unknown_hosts();
    let frame = lab.frame(INSIDE, &web().tcp(SYN, 100, 0));
    lab.arrive(0, INSIDE, &frame);
    lab.poll_worker(0);
    let sent = lab.sent();
    let [(OUTSIDE, request)] = &sent[..] else { panic!("asked in the same poll: {sent:?}") };
    assert_eq!((request.destination_mac, request.source_mac), (Mac::BROADCAST, box_mac(OUTSIDE)));
    assert_eq!((request.ethertype, &request.body[6..8]), (ETHERTYPE_ARP, &[0, 1][..]));
    assert_eq!((&request.body[14..18], &request.body[24..28]), (&[10, 0, 2, 1][..], &[10, 0, 2, 20][..]));
    assert_eq!(lab.sessions().len(), 1);
    let [waiting] = lab.neighbours(0)[..] else { panic!("{:?}", lab.neighbours(0)) };
    assert_eq!(
        (waiting.state, waiting.queued_packets, waiting.references),
        (NeighbourState::Incomplete, 1, 1)
    );

    assert_eq!(lab.pass(INSIDE, &web().tcp(SYN, 100, 0)), [], "the same SYN again waits, nobody asks again");
    let sent = lab.pass_frame(OUTSIDE, &lab.arp_reply(OUTSIDE, SERVER));
    assert_eq!(sent.len(), 2);
    for (port, seen) in &sent {
        assert_eq!(
            (*port, seen.destination_mac, seen.source_mac),
            (OUTSIDE, host_mac(OUTSIDE), box_mac(OUTSIDE))
        );
        assert_eq!((seen.ttl(), seen.flow(), seen.is_sound()), (63, web(), true));
    }
    // The way back is another question.
    assert_eq!(lab.pass(OUTSIDE, &web().reply().tcp(SYN_ACK, 900, 101))[0].1.ethertype, ETHERTYPE_ARP);
    let sent = lab.pass_frame(INSIDE, &lab.arp_reply(INSIDE, CLIENT));
    assert_eq!((sent.len(), sent[0].1.destination_mac), (1, host_mac(INSIDE)));
    assert_eq!(lab.drops(), [(DropReason::LocalConsumed, 2)]);
}

#[test]
fn ipv6_asks_by_neighbour_solicitation() {
    let mut lab = unknown_hosts();
    let sent = lab.pass(INSIDE, &web6().tcp(SYN, 100, 0));
    let [(OUTSIDE, request)] = &sent[..] else { panic!("{sent:?}") };
    assert_eq!(request.destination_mac, Mac([0x33, 0x33, 0xff, 0, 0, 0x20]));
    assert_eq!(
        (request.layer4().0, request.layer4().1[0], request.ttl(), request.is_sound()),
        (58, 135, 255, true)
    );
    // The advertisement: solicited, override, with the address.
    let mut body = web6().destination_octets();
    body.extend([2, 1]);
    body.extend(host_mac(OUTSIDE).0);
    let answer = Flow { source: web6().destination, destination: box_address(OUTSIDE, true), ports: (0, 0) };
    let advertisement = answer.icmp(136, 0, [0x60, 0, 0, 0], &body).ttl(255);
    let sent = lab.pass(OUTSIDE, &advertisement);
    assert_eq!((sent.len(), sent[0].1.flow(), sent[0].1.destination_mac), (1, web6(), host_mac(OUTSIDE)));
}

impl Flow {
    fn destination_octets(&self) -> Vec<u8> {
        match self.destination {
            IpAddr::V4(v4) => v4.octets().to_vec(),
            IpAddr::V6(v6) => v6.octets().to_vec(),
        }
    }
}

#[test]
fn the_queue_of_one_neighbour_is_bounded() {
    let mut lab = unknown_hosts();
    let packets: Vec<_> = (0..20).map(|n| ntp().udp(&[n])).collect();
    lab.burst(INSIDE, &packets);
    assert_eq!(lab.dropped(DropReason::NeighbourQueueFull), 12);
    let sent = lab.pass_frame(OUTSIDE, &lab.arp_reply(OUTSIDE, SERVER));
    let payloads: Vec<_> = sent.iter().map(|(_, seen)| seen.layer4().1[8]).collect();
    assert_eq!(payloads, [0, 1, 2, 3, 4, 5, 6, 7], "the oldest, in order");
}

/// What the client hears when the server does not answer: at once for what waited, and for what comes after.
fn unreachable(setup: Setup) {
    let mut lab = Lab::new(Setup { tune: |c| c.static_neighbours.retain(|n| n.port == INSIDE), ..setup });
    for (flow, expected) in [(web(), (1, 3, 1)), (web6(), (58, 1, 3))] {
        let syn = flow.tcp(SYN, 100, 0);
        lab.pass(INSIDE, &syn);
        lab.wait(Duration::from_millis(2900));
        assert_eq!(lab.dropped(DropReason::NeighbourUnreachable), 0, "three requests, a second each");
        lab.sent();
        lab.wait(Duration::from_millis(200));
        let waited = lab.sent();
        let later = lab.pass(INSIDE, &syn);
        for sent in [waited, later] {
            let [(INSIDE, error)] = &sent[..] else { panic!("{sent:?}") };
            assert!(error.is_sound());
            assert_eq!(error.addresses(), (box_address(INSIDE, syn.is_v6()), flow.source));
            assert_eq!((error.source_mac, error.destination_mac), (box_mac(INSIDE), host_mac(INSIDE)));
            let (protocol, message) = error.layer4();
            assert_eq!((protocol, message[0], message[1]), expected);
            assert_eq!(crate::testkit::seen::flow(error.quote()), flow);
        }
        assert_eq!(lab.drops(), [(DropReason::NeighbourUnreachable, 2)]);
        lab.workers[0].clear_counters();
        lab.ports[0].borrow_mut().freed = 0;
    }
}

#[test]
fn an_unreachable_host_is_told_to_the_sender() {
    unreachable(Setup::default());
}

#[test]
fn an_unreachable_host_behind_a_tagged_port_is_told_to_the_sender() {
    unreachable(Setup { vlans: [None, Some(200), None], ..Setup::default() });
    unreachable(Setup { vlans: [Some(100), Some(200), None], ..Setup::default() });
}

#[test]
fn nobody_is_told_that_an_error_or_a_reset_did_not_arrive() {
    let mut lab =
        Lab::new(Setup { tune: |c| c.static_neighbours.retain(|n| n.port == OUTSIDE), ..Setup::default() });
    lab.forwards(INSIDE, OUTSIDE, &ntp().udp(b"x"));
    let router = Flow::new(SERVER, CLIENT, (0, 0));
    lab.pass(OUTSIDE, &router.icmp(3, 3, [0; 4], &ntp().udp(b"x").0));
    lab.wait(Duration::from_secs(4));
    let sent = lab.sent();
    assert!(sent.iter().all(|(port, seen)| *port == INSIDE && seen.ethertype == ETHERTYPE_ARP), "{sent:?}");
    assert_eq!(lab.drops(), [(DropReason::NeighbourUnreachable, 1)]);
}

#[test]
fn the_box_answers_arp_for_its_own_addresses_only() {
    let mut lab = Lab::default();
    let ask = |target: &str| {
        let (IpAddr::V4(sender_ip), IpAddr::V4(target_ip)) = (ip(CLIENT), ip(target)) else { panic!() };
        let request = Arp {
            operation: ARP_REQUEST,
            sender_mac: host_mac(INSIDE),
            sender_ip,
            target_mac: Mac::default(),
            target_ip,
        };
        arp_frame(host_mac(INSIDE), Mac::BROADCAST, None, &request)
    };
    let sent = lab.pass_frame(INSIDE, &ask("10.0.1.1"));
    let [(INSIDE, reply)] = &sent[..] else { panic!("{sent:?}") };
    assert_eq!((reply.destination_mac, reply.source_mac), (host_mac(INSIDE), box_mac(INSIDE)));
    assert_eq!((&reply.body[6..8], &reply.body[8..14]), (&[0, 2][..], &box_mac(INSIDE).0[..]));
    for other in ["10.0.1.99", "10.0.2.1", SERVER] {
        lab.drops_frame(INSIDE, &ask(other), DropReason::ArpNotForUs);
    }
}

#[test]
fn whoever_claims_an_address_of_the_box_is_noticed() {
    let mut lab = Lab::default();
    let claim = lab.arp_reply(INSIDE, "10.0.1.1");
    lab.drops_frame(INSIDE, &claim, DropReason::ArpNotForUs);
    assert_eq!(lab.stats().address_conflicts, 1);
    let events = lab.events();
    let [Event::AddressConflict(conflict)] = events[..] else { panic!("{events:?}") };
    assert_eq!((conflict.mac, conflict.address), (host_mac(INSIDE), ip("10.0.1.1")));
    connect(&mut lab, web());
}

#[test]
fn a_neighbour_that_moved_is_followed() {
    let mut lab = unknown_hosts();
    lab.pass(INSIDE, &ntp().udp(b"x"));
    lab.pass_frame(OUTSIDE, &lab.arp_reply(OUTSIDE, SERVER));
    let moved = Mac([2, 0xbb, 0, 0, 0, 9]);
    let (IpAddr::V4(sender_ip), IpAddr::V4(target_ip)) = (ip(SERVER), ip(SERVER)) else { panic!() };
    let gratuitous =
        Arp { operation: ARP_REQUEST, sender_mac: moved, sender_ip, target_mac: Mac::default(), target_ip };
    lab.drops_frame(OUTSIDE, &arp_frame(moved, Mac::BROADCAST, None, &gratuitous), DropReason::LocalConsumed);
    assert_eq!(lab.forwards(INSIDE, OUTSIDE, &ntp().udp(b"x")).destination_mac, moved);
}

#[test]
fn clearing_arp_makes_live_sessions_ask_again() {
    let mut lab = unknown_hosts();
    lab.pass(INSIDE, &ntp().udp(b"x"));
    lab.pass_frame(OUTSIDE, &lab.arp_reply(OUTSIDE, SERVER));
    assert_eq!(lab.workers[0].shard_mut().clear_neighbours(false), 1);
    let sent = lab.pass(INSIDE, &ntp().udp(b"y"));
    assert_eq!((sent.len(), sent[0].1.ethertype), (1, ETHERTYPE_ARP));
    assert_eq!(lab.pass_frame(OUTSIDE, &lab.arp_reply(OUTSIDE, SERVER)).len(), 1);
}
