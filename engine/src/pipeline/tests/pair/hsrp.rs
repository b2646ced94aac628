//! HSRP packets reach the HA core, whole, and nothing else does.

use super::super::web;
use super::{VIRTUAL, lab_in, pair, v4};
use crate::drop_reason::DropReason;
use crate::interface::{Mac, PortId};
use crate::replication::{HSRP_PAYLOAD_BYTES_MAX, ToHa};
use crate::role::Role;
use crate::testkit::frame::{Flow, Packet, SYN, ip};
use crate::testkit::lab::Lab;
use crate::testkit::topology::{DMZ, INSIDE, OUTSIDE, Setup, box_address, box_mac, host_mac};

const PEER: &str = "10.0.1.2";
const GROUP_1: &str = "224.0.0.2";
const GROUP_2: &str = "224.0.0.102";
const MAC_1: Mac = Mac([1, 0, 0x5e, 0, 0, 2]);
const MAC_2: Mac = Mac([1, 0, 0x5e, 0, 0, 0x66]);
const RING: usize = 64;

fn hello(group: &str, payload: &[u8]) -> Packet {
    Flow::new(PEER, group, (1985, 1985)).udp(payload)
}

fn attached(setup: Setup) -> (Lab, rtrb::Consumer<ToHa>) {
    let mut lab = Lab::new(setup);
    let (producer, consumer) = rtrb::RingBuffer::new(RING);
    lab.workers[0].set_hsrp_ring(producer);
    (lab, consumer)
}

fn received(ring: &mut rtrb::Consumer<ToHa>) -> Vec<(PortId, core::net::Ipv4Addr, Vec<u8>)> {
    let read = |ToHa::Hsrp { port, source, payload, length }| {
        (port, source, payload[..usize::from(length)].to_vec())
    };
    std::iter::from_fn(|| ring.pop().ok()).map(read).collect()
}

#[test]
fn both_versions_are_handed_over_in_every_role() {
    let (mut lab, mut ring) = attached(pair());
    for role in [Role::Standby, Role::Active, Role::Lingering] {
        lab.set_role(role);
        for (group, mac) in [(GROUP_1, MAC_1), (GROUP_2, MAC_2)] {
            for (port, sender) in [(INSIDE, host_mac(INSIDE)), (OUTSIDE, super::OUTSIDE_VIRTUAL_MAC)] {
                let frame = hello(group, b"hello").ttl(1).frame(sender, mac, None);
                lab.drops_frame(port, &frame, DropReason::LocalConsumed);
                assert_eq!(received(&mut ring), [(port, v4(PEER), b"hello".to_vec())]);
            }
        }
    }
    lab.workers[0].set_lease_holds(false);
    let frame = hello(GROUP_2, b"hello").frame(host_mac(INSIDE), MAC_2, None);
    lab.drops_frame(INSIDE, &frame, DropReason::LocalConsumed);
    assert_eq!(received(&mut ring).len(), 1, "a fenced box finds out who is active");
    assert_eq!(lab.workers[0].hsrp_lost(), 0);
}

#[test]
fn behind_a_tag() {
    let (mut lab, mut ring) = attached(Setup { vlans: [Some(100), None, None], ..pair() });
    let hello = hello(GROUP_2, b"hello");
    lab.drops_frame(INSIDE, &hello.frame(host_mac(INSIDE), MAC_2, Some(100)), DropReason::LocalConsumed);
    lab.drops_frame(INSIDE, &hello.frame(host_mac(INSIDE), MAC_2, None), DropReason::VlanUnknown);
    assert_eq!(received(&mut ring), [(INSIDE, v4(PEER), b"hello".to_vec())]);
}

#[test]
fn what_is_too_long_is_cut_and_what_follows_udp_is_not_taken() {
    let (mut lab, mut ring) = attached(pair());
    let long: Vec<u8> = (0..200).map(|n| n as u8).collect();
    for (bytes, expected) in [(127, 127), (128, 128), (129, HSRP_PAYLOAD_BYTES_MAX), (200, 128), (1, 1)] {
        let mut frame = hello(GROUP_2, &long[..bytes]).frame(host_mac(INSIDE), MAC_2, None);
        frame.extend([0xee; 30]);
        lab.drops_frame(INSIDE, &frame, DropReason::LocalConsumed);
        assert_eq!(received(&mut ring), [(INSIDE, v4(PEER), long[..expected].to_vec())]);
    }
    // UDP says less than IP does.
    let mut l4 = [1985u16.to_be_bytes(), 1985u16.to_be_bytes(), 9u16.to_be_bytes(), [0, 0]].concat();
    l4.extend(b"ab");
    let frame = Flow::new(PEER, GROUP_2, (0, 0)).packet(17, &l4).frame(host_mac(INSIDE), MAC_2, None);
    lab.drops_frame(INSIDE, &frame, DropReason::LocalConsumed);
    assert_eq!(received(&mut ring), [(INSIDE, v4(PEER), b"a".to_vec())]);
}

#[test]
fn malformed_packets_have_their_reasons() {
    let (mut lab, mut ring) = attached(pair());
    let good = hello(GROUP_2, b"hello");
    let frame = |packet: &Packet| packet.frame(host_mac(INSIDE), MAC_2, None);
    for (packet, reason) in [
        (good.clone().broken_at(30, 0xff), DropReason::L4ChecksumBad),
        (good.clone().broken_at(24, 0xff), DropReason::L4HeaderBad),
        (good.clone().broken_at(25, 7), DropReason::L4HeaderBad),
        (hello(GROUP_2, b""), DropReason::HsrpBad),
        (good.clone().header(6, 0x20), DropReason::HsrpBad),
        (good.clone().header(6, 0x01), DropReason::FragmentNonFirst),
        (Flow::new("224.0.0.5", GROUP_2, (1985, 1985)).udp(b"x"), DropReason::Martian),
        (Flow::new("0.0.0.0", GROUP_2, (1985, 1985)).udp(b"x"), DropReason::Martian),
        (Flow::new("127.0.0.1", GROUP_2, (1985, 1985)).udp(b"x"), DropReason::Martian),
        (Flow::new(PEER, GROUP_2, (1985, 1986)).udp(b"x"), DropReason::MulticastUnserved),
        (Flow::new(PEER, GROUP_2, (1985, 1985)).tcp(SYN, 1, 0), DropReason::MulticastUnserved),
        (Flow::new(PEER, "224.0.0.103", (1985, 1985)).udp(b"x"), DropReason::MulticastUnserved),
        // The frame is for one group, the packet for the other, or for a host.
        (hello(GROUP_1, b"x"), DropReason::MulticastUnserved),
        (Flow::new(PEER, VIRTUAL, (1985, 1985)).udp(b"x"), DropReason::MulticastUnserved),
    ] {
        lab.drops_frame(INSIDE, &frame(&packet), reason);
    }
    for mac in [Mac::BROADCAST, Mac([0x33, 0x33, 0, 0, 0, 0x66])] {
        lab.drops_frame(INSIDE, &good.frame(host_mac(INSIDE), mac, None), DropReason::MulticastUnserved);
    }
    let short = frame(&good);
    for length in [0, 13, 14, 20, 33, 34, 41] {
        let before = lab.drops().iter().map(|&(_, count)| count).sum::<u64>();
        assert_eq!(lab.pass_frame(INSIDE, &short[..length]), []);
        assert_eq!(lab.drops().iter().map(|&(_, count)| count).sum::<u64>(), before + 1);
    }
    assert_eq!(received(&mut ring), []);
}

#[test]
fn hsrp_over_unicast_is_no_service() {
    let (mut lab, mut ring) = attached(pair());
    for destination in [box_address(INSIDE, false), ip(VIRTUAL)] {
        let flow = Flow { source: ip(PEER), destination, ports: (1985, 1985) };
        lab.drops_silently(INSIDE, &flow.udp(b"hello"), DropReason::LocalUnserved);
    }
    let frame = hello(GROUP_2, b"hello").frame(host_mac(INSIDE), box_mac(INSIDE), None);
    lab.drops_frame(INSIDE, &frame, DropReason::MulticastUnserved);
    assert_eq!(received(&mut ring), []);
}

#[test]
fn ports_without_a_group_and_boxes_without_an_ha_core_do_not_listen() {
    let (mut lab, mut ring) = attached(pair());
    let frame = hello(GROUP_2, b"hello").frame(host_mac(DMZ), MAC_2, None);
    lab.drops_frame(DMZ, &frame, DropReason::MulticastUnserved);
    assert_eq!(received(&mut ring), []);
    let mut lab = lab_in(Role::Active);
    let frame = hello(GROUP_2, b"hello").frame(host_mac(INSIDE), MAC_2, None);
    lab.drops_frame(INSIDE, &frame, DropReason::MulticastUnserved);
    let (mut lab, mut ring) = attached(Setup::default());
    lab.drops_frame(INSIDE, &frame, DropReason::MulticastUnserved);
    assert_eq!(received(&mut ring), []);
}

/// A flood over one port is cut down before it fills the ring, and leaves the other port's hellos alone.
#[test]
fn a_flood_is_bounded_and_counted() {
    let (mut lab, mut ring) = attached(pair());
    let frame = hello(GROUP_2, b"flood").frame(host_mac(OUTSIDE), MAC_2, None);
    (0..1000).for_each(|_| lab.arrive(0, OUTSIDE, &frame));
    lab.arrive(0, INSIDE, &hello(GROUP_2, b"hello").frame(host_mac(INSIDE), MAC_2, None));
    lab.settle();
    let got = received(&mut ring);
    assert_eq!((got.len(), lab.dropped(DropReason::HsrpLost)), (51, 950));
    assert!(got.contains(&(INSIDE, v4(PEER), b"hello".to_vec())));
    assert_eq!(lab.workers[0].hsrp_lost(), 0, "the ring was never full");
    // And a core that does not come round for its mail loses it.
    for _ in 0..10 {
        lab.wait(core::time::Duration::from_millis(100));
        (0..20).for_each(|_| lab.arrive(0, OUTSIDE, &frame));
        lab.settle();
    }
    assert_eq!((received(&mut ring).len(), lab.workers[0].hsrp_lost()), (RING, 200 - RING as u64));
}

#[test]
fn nothing_else_in_a_group_frame_gets_anywhere() {
    let (mut lab, mut ring) = attached(pair());
    for packet in [web().tcp(SYN, 1, 0), web().udp(b"x"), Flow::new(PEER, VIRTUAL, (7, 7)).echo(true, 1)] {
        for mac in [MAC_1, MAC_2] {
            lab.drops_frame(
                INSIDE,
                &packet.frame(host_mac(INSIDE), mac, None),
                DropReason::MulticastUnserved,
            );
        }
    }
    assert_eq!((received(&mut ring), lab.sessions()), (vec![], vec![]));
}
