//! Two workers: whatever queue a packet comes from, its session's owner decides.

use crate::drop_reason::DropReason;
use crate::flow::{FlowKey, OwnerMap};
use crate::neighbour::NeighbourState;
use crate::testkit::frame::{ACK, Flow, Packet, SYN, SYN_ACK};
use crate::testkit::lab::Lab;
use crate::testkit::topology::{CLIENT, CLIENT6, INSIDE, OUTSIDE, SERVER, SERVER6, Setup, host_mac};
use crate::worker::steering::{FRAME_RING_MESSAGES, PACKET_RING_MESSAGES};

fn two() -> Lab {
    Lab::new(Setup { workers: 2, sessions_max: 4096, ..Setup::default() })
}

fn owner(flow: Flow, protocol: u8) -> usize {
    let key = FlowKey::new(flow.source, flow.destination, flow.ports, protocol, 0);
    usize::from(OwnerMap::new(2).owner(&key.unwrap().0))
}

/// TCP or UDP flows from the client to the server that `worker` owns.
fn owned_by(worker: usize) -> impl Iterator<Item = Flow> {
    let flows = (1024..).map(|port| Flow::new(CLIENT, SERVER, (port, 443)));
    flows.filter(move |&flow| owner(flow, 17) == worker)
}

/// Gives `packet` to one worker, polls both, and returns how many frames left.
fn deliver(lab: &mut Lab, worker: usize, port: crate::interface::PortId, packet: &Packet) -> usize {
    let frame = lab.frame(port, packet);
    lab.arrive(worker, port, &frame);
    lab.settle();
    lab.frames().len()
}

#[test]
fn both_directions_meet_at_the_owner_wherever_they_arrive() {
    let mut lab = two();
    let mut flows: Vec<Flow> = (0..50).map(|n| Flow::new(CLIENT, SERVER, (2000 + n, 443))).collect();
    flows.extend((0..50).map(|n| Flow::new(CLIENT6, SERVER6, (2000 + n, 443))));
    for (n, flow) in flows.iter().enumerate() {
        assert_eq!(deliver(&mut lab, n % 2, INSIDE, &flow.tcp(SYN, 100, 0)), 1);
        assert_eq!(deliver(&mut lab, n / 2 % 2, OUTSIDE, &flow.reply().tcp(SYN_ACK, 900, 101)), 1);
        assert_eq!(deliver(&mut lab, n / 4 % 2, INSIDE, &flow.tcp(ACK, 101, 901)), 1);
    }
    assert_eq!((lab.sessions().len(), lab.drops()), (100, vec![]));
    for (worker, counters) in lab.counters().iter().enumerate() {
        let owned = flows.iter().filter(|&&flow| owner(flow, 6) == worker).count() as u64;
        assert_eq!(counters.inspect.current, [0, owned, 0]);
        assert_eq!(counters.inspect.packets[0], owned * 3);
        assert!(counters.inspect.steered_in > 0 && counters.inspect.steered_out > 0);
    }
}

#[test]
fn an_icmp_error_finds_the_owner_of_what_it_quotes() {
    let mut lab = two();
    for worker in [0, 1] {
        let flow = owned_by(worker).next().unwrap();
        assert_eq!(deliver(&mut lab, 0, INSIDE, &flow.udp(b"x")), 1);
        let error = Flow::new(SERVER, CLIENT, (0, 0)).icmp(3, 3, [0; 4], &flow.udp(b"x").0);
        for arrives in [0, 1] {
            assert_eq!(deliver(&mut lab, arrives, OUTSIDE, &error), 1, "{:?}", lab.drops());
        }
    }
}

#[test]
fn a_full_ring_drops_and_counts_and_the_rest_arrives_in_order() {
    let mut lab = two();
    let flow = owned_by(1).next().unwrap();
    for n in 0..PACKET_RING_MESSAGES as u32 + 10 {
        let frame = lab.frame(INSIDE, &flow.udp(&n.to_be_bytes()));
        lab.arrive(0, INSIDE, &frame);
    }
    while lab.poll_worker(0) > 0 {}
    assert_eq!(lab.drops(), [(DropReason::SteerRingFull, 10)]);
    assert_eq!(lab.stats().steered_out, PACKET_RING_MESSAGES as u64);
    // A burst from each ring a poll, so that no worker starves its own ports.
    assert_eq!(lab.poll_worker(1), crate::io::BURST_PACKETS_MAX);
    lab.settle();
    let sent = lab.sent();
    assert_eq!((sent.len(), lab.stats().steered_in), (PACKET_RING_MESSAGES, PACKET_RING_MESSAGES as u64));
    for (n, (_, seen)) in sent.iter().enumerate() {
        assert_eq!(seen.layer4().1[8..], (n as u32).to_be_bytes());
    }
}

#[test]
fn a_worker_without_a_transmit_queue_sends_through_another() {
    let mut lab = Lab::new(Setup { workers: 2, one_tx_queue: true, sessions_max: 4096, ..Setup::default() });
    for worker in [0, 1] {
        let flow = owned_by(worker).next().unwrap();
        assert_eq!(deliver(&mut lab, 1, INSIDE, &flow.udp(b"x")), 1);
        assert_eq!(deliver(&mut lab, 0, OUTSIDE, &flow.reply().udp(b"y")), 1);
    }
    let counters = lab.counters();
    assert_eq!((counters[1].relayed_out, counters[0].relayed_in), (2, 2));
    assert_eq!((counters[0].relayed_out, counters[1].relayed_in), (0, 0));
    assert!(counters[1].sent.iter().all(|s| s.packets == 0));
    // The relay does not touch what is behind in the ring, and a full ring costs packets, not time.
    let flow = owned_by(1).next().unwrap();
    for _ in 0..FRAME_RING_MESSAGES + 7 {
        let frame = lab.frame(INSIDE, &flow.udp(b"x"));
        lab.arrive(1, INSIDE, &frame);
    }
    while lab.poll_worker(1) > 0 {}
    assert_eq!(lab.drops(), [(DropReason::SteerRingFull, 7)]);
    lab.settle();
    assert_eq!(lab.frames().len(), FRAME_RING_MESSAGES);
}

#[test]
fn what_one_worker_hears_of_a_neighbour_the_other_knows() {
    let mut lab = Lab::new(Setup { workers: 2, hosts_known: false, ..Setup::default() });
    for worker in [0, 1] {
        let flow = owned_by(worker).next().unwrap();
        assert_eq!(deliver(&mut lab, worker, INSIDE, &flow.udp(b"x")), 1, "its own request");
    }
    lab.arrive(0, OUTSIDE, &lab.arp_reply(OUTSIDE, SERVER));
    lab.settle();
    let sent = lab.sent();
    assert_eq!(sent.len(), 2, "the packet of each worker");
    assert!(sent.iter().all(|(_, seen)| seen.destination_mac == host_mac(OUTSIDE)));
    for worker in [0, 1] {
        let known = lab.neighbours(worker);
        assert_eq!((known.len(), known[0].state, known[0].queued_packets), (1, NeighbourState::Reachable, 0));
    }
}

#[test]
fn a_stopped_worker_serves_what_others_hand_over() {
    let mut lab = two();
    lab.workers[1].set_running(false);
    let flow = owned_by(1).next().unwrap();
    assert_eq!(deliver(&mut lab, 0, INSIDE, &flow.udp(b"x")), 1);
    assert_eq!(deliver(&mut lab, 1, INSIDE, &flow.udp(b"x")), 0);
}
