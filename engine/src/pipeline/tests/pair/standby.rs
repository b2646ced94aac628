//! A standby, and a box whose lease is over, forward nothing and keep quiet about it.

use core::time::Duration;

use super::super::{connect, conversations, ntp, ping, web, web6};
use super::{VIRTUAL, by_virtual_mac, lab_in, pair, who_has};
use crate::drop_reason::DropReason;
use crate::neighbour::NeighbourState;
use crate::policy::Action;
use crate::role::Role;
use crate::testkit::frame::{ACK, Flow, Packet, RST, SYN, SYN_ACK, ip};
use crate::testkit::lab::Lab;
use crate::testkit::topology::{
    CLIENT, CLIENT6, DMZ, INSIDE, OUTSIDE, SERVER, Setup, box_address, box_mac, host_mac, rule,
};

/// What an active box forwards or answers: beginnings, mid-stream segments, TTL 1, too large, without a route, ICMP
/// errors, what a rule rejects.
fn provocations() -> Vec<Packet> {
    let mut all: Vec<Packet> = conversations().into_iter().map(|(first, _)| first).collect();
    let (nowhere, dmz) =
        (Flow::new(CLIENT, "192.0.2.1", (1, 2)), Flow::new(CLIENT, "10.0.3.30", (40_000, 25)));
    all.extend([
        web().tcp(ACK, 101, 901),
        web().tcp(RST, 101, 0),
        web().tcp(SYN, 100, 0).ttl(1),
        web6().udp(b"x").ttl(1),
        ntp().udp(&[0; 1472]),
        nowhere.udp(b"x"),
        dmz.tcp(SYN, 1, 0),
        dmz.tcp(ACK, 1, 1),
        dmz.udp(b"x"),
        web().icmp(3, 3, [0; 4], &web().reply().udp(b"x").0),
        Flow::new(CLIENT, VIRTUAL, (7, 7)).echo(true, 1),
    ]);
    all
}

fn provocative() -> Setup {
    Setup {
        mtus: [1500, 1400, 1500],
        rules: vec![rule(INSIDE, OUTSIDE, Action::Inspect), rule(INSIDE, DMZ, Action::Reject)],
        ..pair()
    }
}

#[track_caller]
fn is_silent(lab: &mut Lab) {
    let packets = provocations();
    let before = lab.dropped(DropReason::NotActive);
    for packet in &packets {
        lab.drops_silently(INSIDE, packet, DropReason::NotActive);
    }
    assert_eq!(lab.burst(INSIDE, &packets), []);
    assert_eq!(lab.dropped(DropReason::NotActive), before + 2 * packets.len() as u64);
    // Nobody is addressed who does not have the virtual MAC.
    let frame = by_virtual_mac(&web().tcp(SYN, 100, 0), None);
    lab.drops_frame(INSIDE, &frame, DropReason::NotForUs);
}

#[test]
fn a_standby_forwards_nothing_and_says_nothing() {
    let mut lab = Lab::new(provocative());
    lab.set_role(Role::Standby);
    is_silent(&mut lab);
    assert_eq!(lab.sessions(), []);
    assert_eq!((lab.stats().created, lab.stats().packets), ([0; 4], [0; 4]));
    lab.set_role(Role::Active);
    assert!(provocations().iter().any(|p| !lab.pass(INSIDE, p).is_empty()), "they do provoke");
}

#[test]
fn live_sessions_rest_while_standby() {
    let mut lab = lab_in(Role::Active);
    connect(&mut lab, web());
    lab.set_role(Role::Standby);
    let before = lab.sessions();
    lab.drops_silently(INSIDE, &web().tcp(ACK, 101, 901), DropReason::NotActive);
    lab.drops_silently(OUTSIDE, &web().reply().tcp(RST, 901, 0), DropReason::NotActive);
    lab.wait(Duration::from_secs(2 * 3600));
    assert_eq!(lab.sessions(), before, "none ages");
    lab.set_role(Role::Active);
    lab.settle();
    assert_eq!((lab.role(), lab.dropped(DropReason::NotActive)), (Role::Active, 2));
}

#[test]
fn a_standby_is_there_at_its_real_addresses() {
    let mut lab = lab_in(Role::Standby);
    for v6 in [false, true] {
        let source = ip(if v6 { CLIENT6 } else { CLIENT });
        let flow = Flow { source, destination: box_address(INSIDE, v6), ports: (7, 7) };
        let sent = lab.pass(INSIDE, &flow.echo(true, 1));
        let [(INSIDE, reply)] = &sent[..] else { panic!("{sent:?}, {:?}", lab.drops()) };
        assert_eq!((reply.source_mac, reply.flow(), reply.is_sound()), (box_mac(INSIDE), flow.reply(), true));
        lab.drops_silently(INSIDE, &flow.tcp(SYN, 1, 0), DropReason::LocalUnserved);
        let broken = flow.udp(b"x").broken_at(if v6 { 48 } else { 28 }, b'y');
        lab.drops_silently(INSIDE, &broken, DropReason::L4ChecksumBad);
    }
    let spoofed =
        Flow { source: box_address(DMZ, false), destination: box_address(INSIDE, false), ports: (7, 7) };
    lab.drops_silently(INSIDE, &spoofed.echo(true, 1), DropReason::SourceIsOurs);
    // The virtual address is the active box's now, which may ask, too.
    let peer = Flow { source: ip(VIRTUAL), ..spoofed };
    assert_eq!(lab.pass(INSIDE, &peer.echo(true, 1)).len(), 1);
    let sent = lab.pass_frame(INSIDE, &who_has("10.0.1.1", None));
    assert_eq!((sent.len(), sent[0].1.source_mac), (1, box_mac(INSIDE)));
}

/// It was away for nobody knows how long: no timer means anything.
#[test]
fn no_timer_runs_without_a_lease() {
    let mut lab = Lab::new(Setup { hosts_known: false, ..pair() });
    assert_eq!(lab.pass(INSIDE, &web().tcp(SYN, 100, 0)).len(), 1, "it asks for the server");
    lab.workers[0].set_lease_holds(false);
    lab.wait(Duration::from_secs(60));
    assert_eq!(lab.sent(), []);
    lab.workers[0].set_lease_holds(true);
    lab.wait(Duration::from_secs(1));
    assert!(!lab.sent().is_empty());
}

/// They began to wait for their neighbour's answer while the box was active.
#[test]
fn packets_that_wait_do_not_leave_a_standby() {
    for fenced in [false, true] {
        let mut lab = Lab::new(Setup { hosts_known: false, ..pair() });
        lab.pass(INSIDE, &web().tcp(SYN, 100, 0));
        if fenced {
            lab.workers[0].set_lease_holds(false);
        } else {
            lab.set_role(Role::Standby);
        }
        assert_eq!(lab.pass_frame(OUTSIDE, &lab.arp_reply(OUTSIDE, SERVER)), []);
        assert_eq!(lab.dropped(DropReason::NotActive), 1);
        assert!(
            lab.neighbours(0).iter().any(|n| n.state == NeighbourState::Reachable),
            "but it is known now"
        );
    }
    let mut lab = Lab::new(Setup { hosts_known: false, ..pair() });
    lab.pass(INSIDE, &web().tcp(SYN, 100, 0));
    lab.pass_frame(INSIDE, &who_has("10.0.1.1", None));
    lab.set_role(Role::Standby);
    lab.wait(Duration::from_secs(5));
    let of_ip = |ethertype| ethertype == 0x0800;
    assert!(lab.sent().iter().all(|(_, seen)| !of_ip(seen.ethertype)), "no \"host unreachable\"");
    assert_eq!(lab.dropped(DropReason::NeighbourUnreachable), 1);
}

#[test]
fn without_a_lease_no_role_counts() {
    for role in [Role::Active, Role::Lingering, Role::Standby] {
        let mut lab = Lab::new(provocative());
        connect(&mut lab, web());
        lab.set_role(role);
        lab.workers[0].set_lease_holds(false);
        is_silent(&mut lab);
        assert_eq!(lab.pass_frame(INSIDE, &who_has(VIRTUAL, None)), []);
        assert_eq!(lab.pass_frame(INSIDE, &who_has("10.0.1.1", None)).len(), 1);
        let before = lab.sessions();
        lab.wait(Duration::from_secs(2 * 3600));
        assert_eq!(lab.sessions(), before);
        // What it was told is not forgotten, nor is it when it is told something else meanwhile.
        assert_eq!(lab.role(), role);
        lab.set_role(Role::Active);
        is_silent(&mut lab);
        lab.workers[0].set_lease_holds(true);
        let sent = lab.pass_frame(INSIDE, &who_has(VIRTUAL, None));
        assert_eq!(sent.len(), 1);
        lab.forwards(INSIDE, OUTSIDE, &ping().echo(true, 1));
    }
}

#[test]
fn a_lease_that_comes_and_goes_leaves_the_rest_alone() {
    let mut lab = lab_in(Role::Active);
    connect(&mut lab, web());
    for _ in 0..3 {
        lab.workers[0].set_lease_holds(false);
        lab.drops_silently(INSIDE, &web().tcp(ACK, 101, 901), DropReason::NotActive);
        lab.workers[0].set_lease_holds(true);
        lab.workers[0].set_lease_holds(true);
        lab.forwards(INSIDE, OUTSIDE, &web().tcp(ACK, 101, 901));
        let sent = lab.pass_frame(INSIDE, &by_virtual_mac(&web().tcp(ACK, 101, 901), None));
        assert_eq!((sent.len(), sent[0].1.source_mac), (1, box_mac(OUTSIDE)));
    }
}

#[test]
fn after_a_handover_only_live_sessions_pass() {
    let mut lab = lab_in(Role::Active);
    connect(&mut lab, web());
    lab.forwards(INSIDE, OUTSIDE, &ntp().udp(b"x"));
    lab.set_role(Role::Lingering);
    lab.forwards(INSIDE, OUTSIDE, &web().tcp(ACK, 101, 901));
    lab.forwards(OUTSIDE, INSIDE, &web().reply().tcp(ACK, 901, 101));
    lab.forwards(OUTSIDE, INSIDE, &ntp().reply().udp(b"y"));
    // Frames to the virtual MAC were on their way when it moved.
    let frame = by_virtual_mac(&web().tcp(ACK, 101, 901), None);
    assert_eq!(lab.pass_frame(INSIDE, &frame).len(), 1);

    let other = Flow { ports: (50_000, 443), ..web() };
    for first in [other.tcp(SYN, 1, 0), other.udp(b"x"), other.tcp(ACK, 1, 1), other.echo(true, 1)] {
        lab.drops_silently(INSIDE, &first, DropReason::NotActive);
    }
    let virtual_echo = Flow::new(CLIENT, VIRTUAL, (7, 7)).echo(true, 1);
    lab.drops_silently(INSIDE, &virtual_echo, DropReason::NotActive);
    let real = Flow { source: ip(CLIENT), destination: box_address(INSIDE, false), ports: (7, 7) };
    assert_eq!(lab.pass(INSIDE, &real.echo(true, 1)).len(), 1);
    assert_eq!(lab.pass_frame(INSIDE, &who_has(VIRTUAL, None)), []);
    assert_eq!(lab.sessions().len(), 2);
}

/// A SYN that may replace a session whose ports it reuses is the first packet of a new one.
#[test]
fn nothing_is_reopened_after_a_handover() {
    let mut lab = lab_in(Role::Active);
    lab.forwards(INSIDE, OUTSIDE, &web().tcp(SYN, 100, 0));
    lab.forwards(OUTSIDE, INSIDE, &web().reply().tcp(SYN_ACK, 900, 101));
    lab.forwards(INSIDE, OUTSIDE, &web().tcp(ACK, 101, 901));
    lab.forwards(INSIDE, OUTSIDE, &web().tcp(RST, 101, 0));
    let before = lab.sessions();
    lab.set_role(Role::Lingering);
    lab.drops_silently(INSIDE, &web().tcp(SYN, 700, 0), DropReason::NotActive);
    assert_eq!(lab.sessions(), before);
    lab.set_role(Role::Active);
    lab.forwards(INSIDE, OUTSIDE, &web().tcp(SYN, 700, 0));
}

#[test]
fn a_stateless_rule_passes_nothing_unless_active() {
    let rules = vec![rule(INSIDE, OUTSIDE, Action::Pass)];
    let mut lab = Lab::new(Setup { rules, ..pair() });
    for (role, passes) in [(Role::Standby, 0), (Role::Lingering, 0), (Role::Active, 1)] {
        lab.set_role(role);
        assert_eq!(lab.pass(INSIDE, &ntp().udp(b"x")).len(), passes, "{role:?}");
    }
}

/// Steered packets meet the role of the worker that owns them.
#[test]
fn every_worker_of_a_standby_is_silent() {
    let mut lab = Lab::new(Setup { workers: 2, ..pair() });
    lab.set_role(Role::Standby);
    let packets: Vec<Packet> =
        (0..40).map(|n| Flow::new(CLIENT, SERVER, (2000 + n, 443)).tcp(SYN, 1, 0)).collect();
    assert_eq!(lab.burst(INSIDE, &packets), []);
    // One worker is quicker to become active than the other.
    lab.workers[0].shard_mut().set_role(Role::Active, lab.now);
    let forwarded = lab.burst(INSIDE, &packets).len();
    assert!((1..40).contains(&forwarded));
    assert_eq!(lab.dropped(DropReason::NotActive), 80 - forwarded as u64);
    lab.set_role(Role::Active);
    assert_eq!(lab.burst(INSIDE, &packets).len(), 40);
}

#[test]
fn frames_to_others_are_not_ours_in_any_role() {
    for role in [Role::Standby, Role::Lingering, Role::Active] {
        let mut lab = lab_in(role);
        let frame = web().tcp(SYN, 1, 0).frame(host_mac(INSIDE), host_mac(DMZ), None);
        lab.drops_frame(INSIDE, &frame, DropReason::NotForUs);
        // The other port's virtual MAC.
        let frame = web().tcp(SYN, 1, 0).frame(host_mac(DMZ), super::VIRTUAL_MAC, None);
        lab.drops_frame(DMZ, &frame, DropReason::NotForUs);
    }
}
