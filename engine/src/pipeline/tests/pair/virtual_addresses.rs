//! The active box, and no other, is where the virtual addresses are.

use super::super::{ntp, web, web6};
use super::{
    OUTSIDE_VIRTUAL, OUTSIDE_VIRTUAL_MAC, VIRTUAL, VIRTUAL_MAC, VIRTUAL6, by_virtual_mac, gratuitous_arp,
    heard, lab_in, pair, who_has,
};
use crate::drop_reason::DropReason;
use crate::event::Event;
use crate::interface::Mac;
use crate::net::numbers::ETHERTYPE_ARP;
use crate::role::Role;
use crate::testkit::frame::{Flow, Packet, SYN, ethernet, ip};
use crate::testkit::lab::Lab;
use crate::testkit::topology::{
    CLIENT, CLIENT6, DMZ, INSIDE, OUTSIDE, SERVER, Setup, box_address, box_mac, host_mac,
};

#[test]
fn only_the_active_answers_arp_with_the_virtual_mac() {
    for vlan in [None, Some(100)] {
        let mut lab = Lab::new(Setup { vlans: [vlan, None, None], ..pair() });
        for (role, answers) in [
            (Role::Standby, false),
            (Role::Active, true),
            (Role::Lingering, false),
            (Role::Active, true),
            (Role::Standby, false),
        ] {
            lab.set_role(role);
            let sent = lab.pass_frame(INSIDE, &who_has(VIRTUAL, vlan));
            assert_eq!(sent.len(), usize::from(answers), "{role:?}");
            for (port, reply) in &sent {
                let macs = (reply.source_mac, reply.destination_mac);
                assert_eq!((*port, macs, reply.vlan), (INSIDE, (VIRTUAL_MAC, host_mac(INSIDE)), vlan));
                assert_eq!((reply.ethertype, &reply.body[6..8]), (ETHERTYPE_ARP, &[0, 2][..]));
                assert_eq!(
                    (&reply.body[8..14], &reply.body[14..18]),
                    (&VIRTUAL_MAC.0[..], &[10, 0, 1, 254][..])
                );
            }
            // The real address has the real MAC in every role, and the other port's virtual one is not here.
            let sent = lab.pass_frame(INSIDE, &who_has("10.0.1.1", vlan));
            assert_eq!((sent.len(), sent[0].1.source_mac), (1, box_mac(INSIDE)));
            assert_eq!(lab.pass_frame(INSIDE, &who_has(OUTSIDE_VIRTUAL, vlan)), []);
        }
    }
}

/// A solicitation for `target` from the client inside.
fn solicitation(target: &str) -> Vec<u8> {
    let target_octets = match ip(target) {
        core::net::IpAddr::V6(v6) => v6.octets(),
        core::net::IpAddr::V4(_) => panic!("{target}"),
    };
    let mut body = target_octets.to_vec();
    body.extend([1, 1]);
    body.extend(host_mac(INSIDE).0);
    let low = &target_octets[13..];
    let group = format!("ff02::1:ff{:02x}:{:02x}{:02x}", low[0], low[1], low[2]);
    let packet = Flow::new(CLIENT6, &group, (0, 0)).icmp(135, 0, [0; 4], &body).ttl(255);
    packet.frame(host_mac(INSIDE), Mac([0x33, 0x33, 0xff, low[0], low[1], low[2]]), None)
}

#[test]
fn the_same_by_neighbour_discovery() {
    let mut lab = lab_in(Role::Standby);
    assert_eq!(lab.pass_frame(INSIDE, &solicitation(VIRTUAL6)), []);
    assert_eq!(lab.pass_frame(INSIDE, &solicitation("fd00:1::1")).len(), 1);
    lab.set_role(Role::Active);
    let sent = lab.pass_frame(INSIDE, &solicitation(VIRTUAL6));
    let [(INSIDE, advertisement)] = &sent[..] else { panic!("{sent:?}, {:?}", lab.drops()) };
    let (protocol, message) = advertisement.layer4();
    assert_eq!((protocol, message[0], &message[26..32]), (58, 136, &VIRTUAL_MAC.0[..]));
    assert_eq!((advertisement.source_mac, advertisement.is_sound()), (VIRTUAL_MAC, true));
    lab.set_role(Role::Lingering);
    assert_eq!(lab.pass_frame(INSIDE, &solicitation(VIRTUAL6)), []);
}

#[test]
fn the_active_answers_echo_from_the_virtual_mac() {
    for vlan in [None, Some(100)] {
        let mut lab = Lab::new(Setup { vlans: [vlan, None, None], ..pair() });
        for (source, address) in [(CLIENT, VIRTUAL), (CLIENT6, VIRTUAL6)] {
            let flow = Flow::new(source, address, (7, 7));
            for asked in [VIRTUAL_MAC, box_mac(INSIDE)] {
                let sent = lab.pass_frame(INSIDE, &flow.echo(true, 1).frame(host_mac(INSIDE), asked, vlan));
                let [(INSIDE, reply)] = &sent[..] else { panic!("{sent:?}, {:?}", lab.drops()) };
                assert_eq!((reply.source_mac, reply.vlan), (VIRTUAL_MAC, vlan));
                assert_eq!((reply.destination_mac, reply.flow()), (host_mac(INSIDE), flow.reply()));
                assert!(reply.is_sound());
            }
            // Nothing else is served there.
            let frame = by_virtual_mac(&flow.tcp(SYN, 1, 0), vlan);
            lab.drops_frame(INSIDE, &frame, DropReason::LocalUnserved);
        }
        // Through the gateway to the address on its other side: this link's MACs.
        for far in [ip(OUTSIDE_VIRTUAL), box_address(OUTSIDE, false)] {
            let flow = Flow { source: ip(CLIENT), destination: far, ports: (7, 7) };
            let sent = lab.pass_frame(INSIDE, &by_virtual_mac(&flow.echo(true, 1), vlan));
            assert_eq!((sent.len(), sent[0].1.source_mac), (1, VIRTUAL_MAC));
        }
    }
}

#[test]
fn hosts_reach_the_world_through_the_virtual_mac() {
    let mut lab = lab_in(Role::Active);
    for first in [web().tcp(SYN, 100, 0), web6().tcp(SYN, 100, 0), ntp().udp(b"x")] {
        let sent = lab.pass_frame(INSIDE, &by_virtual_mac(&first, None));
        assert_eq!((sent.len(), sent[0].0, sent[0].1.source_mac), (1, OUTSIDE, box_mac(OUTSIDE)));
    }
    let back = ntp().reply().udp(b"y").frame(host_mac(OUTSIDE), OUTSIDE_VIRTUAL_MAC, None);
    assert_eq!(heard(&mut lab, OUTSIDE, &back), 1);
    lab.drops_frame(DMZ, &by_virtual_mac(&ntp().udp(b"x"), None), DropReason::NotForUs);
}

/// While the addresses are the peer's, packets from them are anybody's; while they are ours they are forged.
#[test]
fn nobody_else_sends_from_a_virtual_address_while_it_is_ours() {
    let mut lab = lab_in(Role::Active);
    let forged = Flow::new(VIRTUAL, SERVER, (7, 7));
    let forged6 = Flow { source: ip(VIRTUAL6), ..web6() };
    for packet in [forged.udp(b"x"), forged6.tcp(SYN, 1, 0)] {
        lab.drops_silently(INSIDE, &packet, DropReason::SourceIsOurs);
    }
    let error = |flow: Flow| -> Packet { flow.icmp(3, 1, [0; 4], &web().reply().tcp(SYN, 1, 0).0) };
    lab.forwards(INSIDE, OUTSIDE, &web().tcp(SYN, 100, 0));
    let quoting = Flow::new(OUTSIDE_VIRTUAL, CLIENT, (0, 0)).icmp(3, 1, [0; 4], &web().tcp(SYN, 100, 0).0);
    lab.drops_silently(OUTSIDE, &quoting, DropReason::SourceIsOurs);
    lab.set_role(Role::Standby);
    lab.drops_silently(INSIDE, &error(forged), DropReason::NotActive);
}

/// A host that claims an address under ever new MACs fills no log, and crowds nothing else out of it.
#[test]
fn claims_are_told_at_a_bounded_rate() {
    let mut lab = lab_in(Role::Active);
    for n in 0..1_000u16 {
        let [high, low] = n.to_be_bytes();
        heard(&mut lab, INSIDE, &gratuitous_arp(VIRTUAL, Mac([2, 9, 9, 9, high, low])));
        if n % 100 == 99 {
            lab.wait(core::time::Duration::from_millis(100));
        }
    }
    assert!((1..=2).contains(&conflicts(&mut lab).len()));
}

fn conflicts(lab: &mut Lab) -> Vec<Mac> {
    let of = |event| match event {
        Event::AddressConflict(conflict) => Some(conflict.mac),
        _ => None,
    };
    lab.events().into_iter().filter_map(of).collect()
}

#[test]
fn whoever_claims_a_virtual_address_is_noticed_but_for_the_pair_itself() {
    let thief = host_mac(DMZ);
    let mut lab = lab_in(Role::Active);
    // The peer's announcement, or the own one come back over a loop: it is the same frame.
    assert_eq!(heard(&mut lab, INSIDE, &gratuitous_arp(VIRTUAL, VIRTUAL_MAC)), 0);
    assert_eq!(conflicts(&mut lab), []);
    assert_eq!(heard(&mut lab, INSIDE, &gratuitous_arp(VIRTUAL, thief)), 0);
    assert_eq!(conflicts(&mut lab), [thief]);
    assert_eq!(lab.stats().address_conflicts, 1);
    // The announcement of the virtual address of another group, though by the same pair, is none of this port's.
    heard(&mut lab, OUTSIDE, &gratuitous_arp(OUTSIDE_VIRTUAL, OUTSIDE_VIRTUAL_MAC));
    assert_eq!(conflicts(&mut lab), []);
    for role in [Role::Lingering, Role::Standby] {
        lab.set_role(role);
        heard(&mut lab, INSIDE, &gratuitous_arp(VIRTUAL, VIRTUAL_MAC));
        heard(&mut lab, INSIDE, &gratuitous_arp(VIRTUAL, thief));
        assert_eq!(conflicts(&mut lab), [], "{role:?}: it is the peer's to mind");
    }
}

#[test]
fn a_claim_by_neighbour_advertisement_is_noticed_too() {
    let mut lab = lab_in(Role::Active);
    let claim = |mac: Mac| {
        let mut body = match ip(VIRTUAL6) {
            core::net::IpAddr::V6(v6) => v6.octets().to_vec(),
            core::net::IpAddr::V4(_) => panic!(),
        };
        body.extend([2, 1]);
        body.extend(mac.0);
        let packet = Flow::new(VIRTUAL6, "ff02::1", (0, 0)).icmp(136, 0, [0x20, 0, 0, 0], &body).ttl(255);
        packet.frame(mac, Mac([0x33, 0x33, 0, 0, 0, 1]), None)
    };
    heard(&mut lab, INSIDE, &claim(VIRTUAL_MAC));
    assert_eq!(conflicts(&mut lab), []);
    heard(&mut lab, INSIDE, &claim(host_mac(DMZ)));
    assert_eq!(conflicts(&mut lab), [host_mac(DMZ)]);
}

/// RFC 5227: a host about to take the address asks whether anybody has it.
#[test]
fn a_probe_for_a_virtual_address_is_answered_by_the_active() {
    let mut probe = who_has(VIRTUAL, None);
    probe[28..32].fill(0);
    let mut lab = lab_in(Role::Standby);
    assert_eq!(heard(&mut lab, INSIDE, &probe), 0);
    lab.set_role(Role::Active);
    let sent = lab.pass_frame(INSIDE, &probe);
    assert_eq!((sent.len(), sent[0].1.source_mac), (1, VIRTUAL_MAC));
}

#[test]
fn a_single_firewall_has_none() {
    let mut lab = Lab::default();
    assert_eq!(lab.role(), Role::Active);
    assert_eq!(heard(&mut lab, INSIDE, &who_has(VIRTUAL, None)), 0);
    lab.drops_frame(INSIDE, &by_virtual_mac(&ntp().udp(b"x"), None), DropReason::NotForUs);
    let to_group = ethernet(host_mac(INSIDE), Mac([1, 0, 0x5e, 0, 0, 2]), None, 0x0800, &ntp().udp(b"x").0);
    lab.drops_frame(INSIDE, &to_group, DropReason::MulticastUnserved);
}
