//! Tags come, go and change on the way through.

use core::net::IpAddr;

use super::{connect, conversations, ntp, web, web6};
use crate::drop_reason::DropReason;
use crate::interface::Mac;
use crate::net::build::Arp;
use crate::net::numbers::{ARP_REQUEST, ETHERTYPE_ARP};
use crate::policy::Action;
use crate::testkit::frame::{Flow, SYN, ip};
use crate::testkit::lab::{Lab, arp_frame};
use crate::testkit::topology::{
    CLIENT, INSIDE, OUTSIDE, SERVER, Setup, box_address, box_mac, host_mac, rule,
};

fn tagged(inside: Option<u16>, outside: Option<u16>) -> Setup {
    Setup { vlans: [inside, outside, None], ..Setup::default() }
}

#[test]
fn a_tag_is_added_removed_and_changed() {
    for (inside, outside) in
        [(None, Some(200)), (Some(100), None), (Some(100), Some(200)), (Some(5), Some(5))]
    {
        let mut lab = Lab::new(tagged(inside, outside));
        for (first, answer) in conversations() {
            let seen = lab.forwards(INSIDE, OUTSIDE, &first);
            assert_eq!(
                (seen.vlan, seen.source_mac, seen.destination_mac),
                (outside, box_mac(OUTSIDE), host_mac(OUTSIDE))
            );
            assert_eq!((seen.ethertype, seen.body), (first.ethertype(), first.clone().ttl(63).0));
            let seen = lab.forwards(OUTSIDE, INSIDE, &answer);
            assert_eq!(
                (seen.vlan, seen.source_mac, seen.destination_mac),
                (inside, box_mac(INSIDE), host_mac(INSIDE))
            );
            assert_eq!((seen.ethertype, seen.body), (answer.ethertype(), answer.clone().ttl(63).0));
        }
    }
}

#[test]
fn the_tag_does_not_count_for_the_mtu() {
    let mut lab = Lab::new(Setup { mtus: [1500, 1400, 1500], ..tagged(Some(100), Some(200)) });
    lab.forwards(INSIDE, OUTSIDE, &ntp().udp(&[0; 1372]));
    let sent = lab.pass(INSIDE, &ntp().udp(&[0; 1373]));
    assert_eq!((sent.len(), sent[0].0, sent[0].1.vlan), (1, INSIDE, Some(100)));
    assert_eq!(lab.dropped(DropReason::MtuExceeded), 1);
}

#[test]
fn frames_of_another_vlan_are_not_ours() {
    let mut lab = Lab::new(tagged(Some(100), None));
    let syn = web().tcp(SYN, 100, 0);
    for vlan in [None, Some(0), Some(101)] {
        let frame = syn.frame(host_mac(INSIDE), box_mac(INSIDE), vlan);
        lab.drops_frame(INSIDE, &frame, DropReason::VlanUnknown);
    }
    let frame = syn.frame(host_mac(OUTSIDE), box_mac(OUTSIDE), Some(100));
    lab.drops_frame(OUTSIDE, &frame, DropReason::VlanUnknown);
    connect(&mut lab, web());
}

#[test]
fn a_priority_tag_ends_at_the_box() {
    let mut lab = Lab::default();
    let frame = web().tcp(SYN, 100, 0).frame(host_mac(INSIDE), box_mac(INSIDE), Some(0));
    let sent = lab.pass_frame(INSIDE, &frame);
    assert_eq!((sent[0].1.vlan, sent[0].1.is_sound()), (None, true));
}

#[test]
fn arp_is_asked_and_answered_with_the_tag() {
    let mut lab = Lab::new(Setup { hosts_known: false, ..tagged(Some(100), Some(200)) });
    let sent = lab.pass(INSIDE, &web().tcp(SYN, 100, 0));
    let [(OUTSIDE, request)] = &sent[..] else { panic!("{sent:?}") };
    assert_eq!(
        (request.vlan, request.ethertype, request.destination_mac),
        (Some(200), ETHERTYPE_ARP, Mac::BROADCAST)
    );
    assert_eq!(request.body[24..28], [10, 0, 2, 20]);
    let sent = lab.pass_frame(OUTSIDE, &lab.arp_reply(OUTSIDE, SERVER));
    assert_eq!((sent.len(), sent[0].1.vlan, sent[0].1.destination_mac), (1, Some(200), host_mac(OUTSIDE)));
    assert_eq!(sent[0].1.body, web().tcp(SYN, 100, 0).ttl(63).0);

    let (IpAddr::V4(sender_ip), IpAddr::V4(target_ip)) = (ip(CLIENT), box_address(INSIDE, false)) else {
        panic!()
    };
    let (sender_mac, target_mac) = (host_mac(INSIDE), Mac::default());
    let question = Arp { operation: ARP_REQUEST, sender_mac, sender_ip, target_mac, target_ip };
    let sent = lab.pass_frame(INSIDE, &arp_frame(sender_mac, Mac::BROADCAST, Some(100), &question));
    let [(INSIDE, reply)] = &sent[..] else { panic!("{sent:?}") };
    assert_eq!((reply.vlan, reply.destination_mac, reply.body[7]), (Some(100), sender_mac, 2));
}

#[test]
fn neighbour_discovery_is_asked_with_the_tag() {
    let mut lab = Lab::new(Setup { hosts_known: false, ..tagged(None, Some(200)) });
    let sent = lab.pass(INSIDE, &web6().tcp(SYN, 100, 0));
    assert_eq!((sent[0].1.vlan, sent[0].1.layer4().1[0], sent[0].1.is_sound()), (Some(200), 135, true));
}

#[test]
fn the_boxs_own_words_carry_the_tag() {
    let rules = vec![rule(INSIDE, OUTSIDE, Action::Reject)];
    let mut lab = Lab::new(Setup { rules, ..tagged(Some(100), None) });
    let echo = Flow { source: ip(CLIENT), destination: box_address(INSIDE, false), ports: (7, 7) };
    for packet in [
        web().tcp(SYN, 1, 0),
        ntp().udp(b"x"),
        web6().tcp(SYN, 1, 0),
        web().udp(b"x").ttl(1),
        echo.echo(true, 1),
    ] {
        let sent = lab.pass(INSIDE, &packet);
        let [(INSIDE, seen)] = &sent[..] else { panic!("{sent:?}") };
        assert_eq!((seen.vlan, seen.ethertype), (Some(100), packet.ethertype()));
        assert_eq!((seen.source_mac, seen.destination_mac), (box_mac(INSIDE), host_mac(INSIDE)));
        assert!(seen.is_sound(), "{seen:?}");
    }
}
