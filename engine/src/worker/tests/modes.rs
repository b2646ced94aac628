//! testpmd's modes.

use crate::drop_reason::DropReason;
use crate::interface::{Mac, PortId};
use crate::testkit::frame::{Flow, SYN};
use crate::testkit::lab::Lab;
use crate::testkit::seen::Seen;
use crate::testkit::topology::{
    CLIENT, CLIENT6, DMZ, INSIDE, OUTSIDE, SERVER, SERVER6, Setup, box_mac, host_mac,
};
use crate::worker::ForwardMode;

fn web() -> Flow {
    Flow::new(CLIENT, SERVER, (40_000, 443))
}

/// What leaves when `frame` comes in on `port` in `mode`.
fn in_mode(mode: ForwardMode, port: PortId, frame: &[u8]) -> Vec<(PortId, Vec<u8>)> {
    let mut lab = Lab::default();
    lab.workers[0].set_mode(mode);
    lab.arrive(0, port, frame);
    lab.settle();
    lab.frames()
}

fn frame() -> Vec<u8> {
    web().tcp(SYN, 1, 0).frame(host_mac(INSIDE), box_mac(INSIDE), None)
}

#[test]
fn io_moves_frames_between_paired_ports_untouched() {
    // A frame that no protocol would take is a frame all the same.
    for frame in [frame(), vec![1, 2, 3]] {
        assert_eq!(in_mode(ForwardMode::Io, INSIDE, &frame), [(OUTSIDE, frame.clone())]);
        assert_eq!(in_mode(ForwardMode::Io, OUTSIDE, &frame), [(INSIDE, frame.clone())]);
        assert_eq!(in_mode(ForwardMode::Io, DMZ, &frame), [(DMZ, frame)], "the odd one out sends back");
    }
}

#[test]
fn mac_addresses_the_peer_of_the_port_it_leaves_by() {
    let sent = in_mode(ForwardMode::Mac, INSIDE, &frame());
    let [(OUTSIDE, bytes)] = &sent[..] else { panic!("{sent:?}") };
    let seen = Seen::read(bytes);
    assert_eq!((seen.source_mac, seen.destination_mac), (box_mac(OUTSIDE), Mac([2, 0, 0, 0, 0, 1])));
    assert_eq!(bytes[12..], frame()[12..]);
}

#[test]
fn macswap_turns_the_frame_round() {
    let sent = in_mode(ForwardMode::MacSwap, INSIDE, &frame());
    let seen = Seen::read(&sent[0].1);
    assert_eq!((seen.source_mac, seen.destination_mac), (box_mac(INSIDE), host_mac(INSIDE)));
    assert_eq!(sent[0].1[12..], frame()[12..]);
}

#[test]
fn five_tuple_swap_turns_the_conversation_round() {
    for flow in [web(), Flow::new(CLIENT6, SERVER6, (40_000, 443))] {
        for packet in [flow.tcp(SYN, 1, 0), flow.udp(b"data")] {
            let frame = packet.frame(host_mac(INSIDE), box_mac(INSIDE), None);
            let sent = in_mode(ForwardMode::FiveTupleSwap, INSIDE, &frame);
            let seen = Seen::read(&sent[0].1);
            assert_eq!((seen.flow(), seen.is_sound()), (flow.reply(), true), "sums stay right by themselves");
        }
    }
}

#[test]
fn rxonly_receives_and_sends_nothing() {
    let mut lab = Lab::default();
    lab.workers[0].set_mode(ForwardMode::RxOnly);
    lab.drops_silently(INSIDE, &web().tcp(SYN, 1, 0), DropReason::ModeSink);
    lab.workers[0].set_mode(ForwardMode::Firewall);
    lab.forwards(INSIDE, OUTSIDE, &web().tcp(SYN, 1, 0));
    assert_eq!(lab.sessions().len(), 1);
}

#[test]
fn every_mode_works_through_another_workers_transmit_queue() {
    for mode in ForwardMode::ALL {
        let mut lab = Lab::new(Setup { workers: 2, one_tx_queue: true, ..Setup::default() });
        lab.workers.iter_mut().for_each(|w| w.set_mode(mode));
        lab.arrive(1, INSIDE, &frame());
        lab.settle();
        let sent = lab.ports[0].borrow().sent[usize::from(OUTSIDE.0)].len();
        assert_eq!(sent, usize::from(mode != ForwardMode::RxOnly), "{mode:?}");
    }
}

#[test]
fn a_burst_is_as_long_as_it_was_set() {
    let mut lab = Lab::default();
    lab.workers[0].set_burst(4);
    lab.burst(INSIDE, &vec![web().udp(b"x"); 10]);
    assert_eq!((lab.counters()[0].received[0].packets, lab.counters()[0].received[0].bursts), (10, 3));
    // Out of range means the nearest there is.
    lab.workers[0].set_burst(0);
    lab.burst(INSIDE, &vec![web().udp(b"x"); 2]);
    assert_eq!(lab.counters()[0].received[0].bursts, 5);
    lab.workers[0].set_burst(10_000);
    lab.burst(INSIDE, &vec![web().udp(b"x"); 130]);
    assert_eq!(lab.counters()[0].received[0].bursts, 8);
}
