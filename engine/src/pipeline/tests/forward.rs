//! What a packet looks like when it leaves, and what its sender hears when it cannot.

use super::{connect, conversations, web, web6};
use crate::drop_reason::DropReason;
use crate::session::Direction;
use crate::testkit::frame::{ACK, Packet, Segment};
use crate::testkit::lab::Lab;
use crate::testkit::seen::addresses;
use crate::testkit::topology::{INSIDE, OUTSIDE, Setup, box_address, box_mac, host_mac};

#[test]
fn a_first_packet_begins_a_session_and_leaves_with_new_macs_and_one_less_to_live() {
    for (first, _) in conversations() {
        let mut lab = Lab::default();
        let seen = lab.forwards(INSIDE, OUTSIDE, &first);
        assert_eq!((seen.source_mac, seen.destination_mac), (box_mac(OUTSIDE), host_mac(OUTSIDE)));
        assert_eq!((seen.ttl(), seen.vlan, seen.ethertype), (63, None, first.ethertype()));
        assert_eq!(seen.body, first.clone().ttl(63).0, "nothing else changed");
        let [session] = lab.sessions()[..] else { panic!("{:?}", lab.sessions()) };
        assert_eq!(session.details.rule, 0);
        let carried = session.details.counters[Direction::Original as usize];
        assert_eq!((carried.packets, carried.bytes), (1, first.0.len() as u64));
        let stats = lab.stats();
        assert_eq!((stats.created.iter().sum::<u64>(), stats.packets.iter().sum::<u64>()), (1, 1));
        assert_eq!((stats.current, stats.last_created), ([1, 0, 0], Some(lab.now.tick())));
    }
}

#[test]
fn the_answer_comes_back_under_the_session_although_no_rule_allows_it() {
    for (first, answer) in conversations() {
        let mut lab = Lab::default();
        lab.drops_silently(OUTSIDE, &answer, DropReason::PolicyNoMatch);
        lab.forwards(INSIDE, OUTSIDE, &first);
        let seen = lab.forwards(OUTSIDE, INSIDE, &answer);
        assert_eq!((seen.source_mac, seen.destination_mac), (box_mac(INSIDE), host_mac(INSIDE)));
        assert_eq!(seen.body, answer.clone().ttl(63).0);
        let [session] = lab.sessions()[..] else { panic!("{:?}", lab.sessions()) };
        let carried = session.details.counters[Direction::Reply as usize];
        assert_eq!((carried.packets, carried.bytes), (1, answer.0.len() as u64));
    }
}

#[test]
fn traceroute_sees_the_box() {
    for (first, answer) in conversations() {
        let v6 = first.is_v6();
        let mut lab = Lab::default();
        let sent = lab.pass(INSIDE, &first.clone().ttl(1));
        let [(INSIDE, error)] = &sent[..] else { panic!("{sent:?}") };
        assert!(error.is_sound());
        assert_eq!(error.addresses(), (box_address(INSIDE, v6), addresses(&first.0).0));
        let (protocol, message) = error.layer4();
        assert_eq!((protocol, message[0], message[1]), if v6 { (58, 3, 0) } else { (1, 11, 0) });
        assert!(first.clone().ttl(1).0.starts_with(error.quote()));
        assert_eq!((error.source_mac, error.destination_mac), (box_mac(INSIDE), host_mac(INSIDE)));
        assert_eq!((lab.dropped(DropReason::TtlExceeded), lab.sessions().len()), (1, 0));

        lab.forwards(INSIDE, OUTSIDE, &first.clone().ttl(2));
        assert_eq!(lab.pass(OUTSIDE, &answer.clone().ttl(1)).len(), 1, "within a session, too");
        assert_eq!(lab.dropped(DropReason::TtlExceeded), 2);
        assert_eq!(lab.stats().current, [1, 0, 0], "an answer that did not arrive establishes nothing");
    }
}

/// Narrow behind the box, wide in front of it.
fn narrow() -> Lab {
    Lab::new(Setup { mtus: [1500, 1400, 1500], ..Setup::default() })
}

fn of_bytes(total: usize, v6: bool) -> Packet {
    if v6 { web6().udp(&vec![7; total - 48]) } else { web().udp(&vec![7; total - 28]) }
}

#[test]
fn what_does_not_fit_the_next_link_is_refused_with_the_size_that_does() {
    for v6 in [false, true] {
        let mut lab = narrow();
        lab.forwards(INSIDE, OUTSIDE, &of_bytes(1400, v6));
        let large = of_bytes(1401, v6);
        let sent = lab.pass(INSIDE, &large);
        let [(INSIDE, error)] = &sent[..] else { panic!("{sent:?}") };
        assert!(error.is_sound());
        let (protocol, message) = error.layer4();
        let mtu = [0, 0, (1400u16 >> 8) as u8, (1400u16 & 0xff) as u8];
        let expected = if v6 { (58, 2, 0) } else { (1, 3, 4) };
        assert_eq!(((protocol, message[0], message[1]), &message[4..8]), (expected, &mtu[..]));
        assert!(large.0.starts_with(error.quote()), "the TTL in the quote is the one it came with");
        assert_eq!(lab.dropped(DropReason::MtuExceeded), 1);
        // The other way there is room.
        let back = if v6 { web6() } else { web() }.reply();
        lab.forwards(OUTSIDE, INSIDE, &back.udp(&[7; 1400]));
    }
}

#[test]
fn a_packet_that_may_be_fragmented_is_refused_the_same_way() {
    let mut lab = narrow();
    let sent = lab.pass(INSIDE, &of_bytes(1401, false).header(6, 0));
    assert_eq!(sent[0].1.layer4().1[..2], [3, 4]);
}

#[test]
fn bytes_behind_the_packet_do_not_leave_the_box() {
    let mut lab = narrow();
    let packet = of_bytes(1400, false);
    let mut frame = lab.frame(INSIDE, &packet);
    frame.extend([0xee; 300]);
    let sent = lab.pass_frame(INSIDE, &frame);
    assert_eq!(sent[0].1.body, packet.ttl(63).0, "a frame larger than the link");
    // A short frame keeps its padding: without it some devices would have to make up their own.
    let packet = web().tcp(crate::testkit::frame::SYN, 100, 0);
    let mut frame = lab.frame(INSIDE, &packet);
    frame.resize(60, 0);
    assert_eq!(lab.pass_frame(INSIDE, &frame)[0].1.body.len(), 46);
}

#[test]
fn data_flows_both_ways() {
    for flow in [web(), web6()] {
        let mut lab = Lab::default();
        connect(&mut lab, flow);
        let (mut client, mut server) = (101u32, 901u32);
        for round in 0..100 {
            let data = vec![round; 1000];
            let request = Segment { flags: ACK, seq: client, ack: server, data: &data };
            lab.forwards(INSIDE, OUTSIDE, &flow.segment(request));
            client += 1000;
            let response = Segment { flags: ACK, seq: server, ack: client, data: &data[..10] };
            lab.forwards(OUTSIDE, INSIDE, &flow.reply().segment(response));
            server += 10;
        }
        let [session] = lab.sessions()[..] else { panic!("{:?}", lab.sessions()) };
        assert_eq!(session.details.counters.map(|c| c.packets), [102, 101]);
        assert_eq!((lab.stats().current, lab.drops()), ([0, 1, 0], vec![]));
    }
}

#[test]
fn counters_count_bytes_and_bursts_of_each_port() {
    let mut lab = Lab::default();
    let packets: Vec<_> = (0..40).map(|at| Packet(web().udp(&[at; 10]).0)).collect();
    lab.burst(INSIDE, &packets);
    let counters = &lab.counters()[0];
    let frame_bytes = 14 + packets[0].0.len() as u64;
    let received = counters.received[0];
    assert_eq!((received.packets, received.bytes, received.bursts), (40, 40 * frame_bytes, 2));
    let sent = counters.sent[1];
    assert_eq!((sent.packets, sent.bytes, sent.refused), (40, 40 * frame_bytes, 0));
    assert_eq!((counters.polls, counters.idle_polls), (3, 1));
    lab.workers[0].clear_counters();
    let counters = &lab.counters()[0];
    assert_eq!((counters.received[0].packets, counters.sent[1].packets, counters.polls), (0, 0, 0));
    assert_eq!(counters.inspect.current, [1, 0, 0], "what exists is no count of events");
}

#[test]
fn what_a_port_does_not_take_is_dropped_and_counted() {
    let mut lab = Lab::default();
    lab.ports[0].borrow_mut().tx_room = 5;
    let packets: Vec<_> = (0..8).map(|at| web().udp(&[at])).collect();
    assert_eq!(lab.burst(INSIDE, &packets).len(), 5);
    assert_eq!((lab.dropped(DropReason::TxFull), lab.counters()[0].sent[1].refused), (3, 3));
}
