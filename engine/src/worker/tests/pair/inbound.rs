//! What a standby makes of what it is told.

use core::sync::atomic::Ordering;
use core::time::Duration;

use super::{connect, pair, web, with};
use crate::drop_reason::DropReason;
use crate::policy::Action;
use crate::replication::{Birth, FromHa, HaId, OwnFrame, SessionRecord};
use crate::role::Role;
use crate::testkit::frame::ACK;
use crate::testkit::frame::{Flow, Segment};
use crate::testkit::member::Member;
use crate::testkit::topology::{CLIENT, DMZ, INSIDE, OUTSIDE, PORTS, SERVER, Setup, rule};

/// A record of an open connection, as the active box makes it.
fn record_of(flow: Flow) -> SessionRecord {
    let (mut active, _) = pair();
    connect(&mut active, flow);
    active.records()[0]
}

/// As many records, of one connection each.
fn records(count: u16) -> Vec<SessionRecord> {
    let setup = Setup { sessions_max: u32::from(count), ..Setup::default() };
    let (mut active, _) = Member::pair(setup, Setup::default());
    for n in 0..count {
        active.lab.forwards(INSIDE, OUTSIDE, &Flow::new(CLIENT, SERVER, (n + 1, 443)).udp(b"x"));
    }
    active.records()
}

#[test]
fn a_removal_names_a_birth() {
    let mut standby = Member::new(Setup::default());
    let record = record_of(web());
    standby.install(record);
    let other = FromHa::Remove { key: record.key, birth: Birth(record.birth.0 ^ 1) };
    standby.tell_owner(&record.key, other);
    standby.lab.settle();
    assert_eq!(standby.lab.sessions().len(), 1, "another session of the key ended");
    for _ in 0..2 {
        standby.tell_owner(&record.key, FromHa::Remove { key: record.key, birth: record.birth });
        standby.lab.settle();
        assert_eq!((standby.lab.sessions(), standby.count(|s| &s.removed)), (vec![], 1));
    }
}

#[test]
fn a_complete_copy_leaves_what_it_named() {
    let all = records(3000);
    for workers in [1, 2] {
        let mut standby = Member::new(Setup { workers, sessions_max: 4000, ..Setup::default() });
        for record in &all {
            standby.tell_owner(&record.key, FromHa::Install(*record));
        }
        standby.lab.settle();
        assert_eq!(standby.digest().0, 3000);
        standby.tell(FromHa::CopyBegins);
        let kept: Vec<_> = all.iter().step_by(10).collect();
        for record in &kept {
            standby.tell_owner(&record.key, FromHa::Install(**record));
        }
        standby.tell(FromHa::CopyEnds);
        // What comes behind the end waits for the sweep and is not swept.
        let late = record_of(web());
        standby.tell_owner(&late.key, FromHa::Install(late));
        let mut polls = 0;
        while !standby.ends.iter().all(crate::replication::HaShardEnds::all_applied) {
            (0..usize::from(workers)).for_each(|worker| {
                let before = standby.lab.stats().current[0];
                standby.lab.poll_worker(worker);
                assert!(before - standby.lab.stats().current[0].min(before) <= 64, "a slice is bounded");
            });
            polls += 1;
        }
        assert!(polls > 2700 / usize::from(workers) / 64);
        assert_eq!(standby.digest().0, kept.len() as u64 + 1);
        assert!(standby.ends.iter().all(|e| e.status().copies_ended() == 1));
        assert_eq!(standby.count(|s| &s.removed), 2700);
        // The same over again: nothing is left to remove.
        standby.tell(FromHa::CopyBegins);
        for record in kept.iter().copied().chain([&late]) {
            standby.tell_owner(&record.key, FromHa::Install(*record));
        }
        standby.tell(FromHa::CopyEnds);
        standby.lab.settle();
        assert_eq!(standby.digest().0, kept.len() as u64 + 1);
        assert!(standby.ends.iter().all(|e| e.status().copies_ended() == 2));
    }
}

#[test]
fn a_copy_that_was_cut_off_by_a_takeover_sweeps_nothing() {
    let mut standby = Member::new(Setup::default());
    standby.install(record_of(web()));
    standby.tell(FromHa::CopyBegins);
    standby.order(Role::Active);
    standby.tell(FromHa::CopyEnds);
    standby.lab.settle();
    assert_eq!((standby.lab.sessions().len(), standby.ends[0].status().copies_ended()), (1, 1));
}

/// A record names a rule, but the key is not one that the rule admits: what the rules here say counts.
#[test]
fn the_name_of_a_rule_admits_no_more_than_the_rule() {
    let mut standby = Member::new(Setup::default());
    let good = record_of(web());
    let ssh = Flow::new(SERVER, CLIENT, (40_000, 22));
    let inward =
        SessionRecord { initiator: good.initiator.other(), ha_ids: [good.ha_ids[1], good.ha_ids[0]], ..good };
    let other = SessionRecord { key: record_of(Flow::new(CLIENT, SERVER, (1, 2))).key, ..inward };
    assert_ne!(ssh, web());
    for (n, record) in (1..).zip([inward, other]) {
        standby.install(record);
        assert_eq!((standby.count(|s| &s.refused_by_policy), standby.lab.sessions()), (n, vec![]));
    }
    standby.install(good);
    assert_eq!((standby.lab.sessions().len(), standby.count(|s| &s.rule_reevaluated)), (1, 0));
}

/// A hello that waited in the ring while the box was stopped is said by nobody: it comes from the virtual MAC, which is
/// the peer's by now.
#[test]
fn no_frame_of_an_active_box_leaves_after_its_lease() {
    for (role, holds, sent) in [
        (Role::Active, true, 1),
        (Role::Active, false, 0),
        (Role::Standby, false, 1),
        (Role::Lingering, false, 1),
    ] {
        let mut member = Member::new(Setup::default());
        member.order(role);
        member.frames();
        member.tell(FromHa::Transmit { port: INSIDE, frame: OwnFrame::new(&[7; 60]).unwrap() });
        member.lab.workers[0].set_lease_holds(holds);
        member.lab.settle();
        assert_eq!(member.frames().len(), sent, "{role:?} {holds}");
    }
}

#[test]
fn a_full_table_is_counted() {
    let all = records(20);
    let mut standby = Member::new(Setup { sessions_max: 16, ..Setup::default() });
    for record in &all {
        standby.install(*record);
    }
    assert_eq!((standby.count(|s| &s.installed), standby.count(|s| &s.refused_full)), (16, 4));
    assert_eq!(standby.lab.stats().current, [16, 0, 0]);
    // What has a place keeps it.
    standby.install(all[0]);
    assert_eq!(standby.count(|s| &s.merged), 1);
}

#[test]
fn a_rule_that_is_unknown_is_asked_for_again() {
    let narrow = crate::policy::Rule { protocol: Some(6), ..rule(INSIDE, OUTSIDE, Action::Inspect) };
    let record = record_of(web());
    for (rules, expected) in [
        (vec![rule(INSIDE, DMZ, Action::Inspect), rule(INSIDE, OUTSIDE, Action::Inspect)], (1, 0, 0)),
        (vec![rule(INSIDE, DMZ, Action::Inspect), narrow.clone()], (1, 1, 0)),
        (vec![rule(INSIDE, OUTSIDE, Action::Drop), narrow.clone()], (0, 0, 1)),
        (vec![rule(INSIDE, OUTSIDE, Action::Pass)], (0, 0, 1)),
        (vec![], (0, 0, 1)),
    ] {
        let mut standby = Member::new(Setup { rules, ..Setup::default() });
        standby.install(record);
        let counts = (
            standby.count(|s| &s.installed),
            standby.count(|s| &s.rule_reevaluated),
            standby.count(|s| &s.refused_by_policy),
        );
        assert_eq!(counts, expected);
        assert_eq!(standby.lab.stats().current, [0, expected.0, 0]);
        let rule = standby.lab.sessions().first().map(|s| s.details.rule);
        assert_eq!(rule, (expected.0 == 1).then_some(1), "the rule's place here");
    }
}

/// The direction counts: what the rules admit is the initiator's first packet.
#[test]
fn a_rule_is_asked_about_the_initiator() {
    let mut record = record_of(web());
    let rules = vec![crate::policy::Rule {
        destination_ports: vec![443..=443],
        destinations: vec!["10.0.2.0/24".parse().unwrap()],
        ..rule(INSIDE, OUTSIDE, Action::Inspect)
    }];
    let mut standby = Member::new(Setup { rules, ..Setup::default() });
    record.initiator = record.initiator.other();
    standby.install(record);
    assert_eq!((standby.count(|s| &s.refused_by_policy), standby.lab.sessions()), (1, vec![]));
    record.initiator = record.initiator.other();
    standby.install(record);
    assert_eq!(standby.count(|s| &s.rule_reevaluated), 1);
}

#[test]
fn a_record_may_not_name_a_rule_that_admits_nothing() {
    let rules = vec![rule(INSIDE, OUTSIDE, Action::Drop)];
    let mut record = record_of(web());
    record.rule = rules[0].hash();
    let mut standby = Member::new(Setup { rules, ..Setup::default() });
    standby.install(record);
    assert_eq!((standby.count(|s| &s.refused_by_policy), standby.lab.sessions()), (1, vec![]));
}

#[test]
fn interfaces_that_are_unknown_here_are_refused() {
    let mut standby = Member::new(Setup::default());
    for ids in [[HaId(101), HaId(7)], [HaId(7), HaId(102)], [HaId(0); 2]] {
        standby.install(SessionRecord { ha_ids: ids, ..record_of(web()) });
    }
    assert_eq!((standby.count(|s| &s.refused_by_policy), standby.lab.sessions()), (3, vec![]));
}

#[test]
fn neighbours_are_asked_for_before_a_packet_needs_them() {
    let mut standby = Member::new(Setup { hosts_known: false, ..Setup::default() });
    standby.install(record_of(web()));
    let asked: Vec<_> = standby.frames().iter().map(|(port, _)| *port).collect();
    assert_eq!(asked.len(), 2, "both ends");
    assert!(asked.contains(&INSIDE) && asked.contains(&OUTSIDE));
    let reply = standby.lab.arp_reply(OUTSIDE, SERVER);
    standby.lab.arrive(0, OUTSIDE, &reply);
    standby.lab.settle();
    standby.order(Role::Active);
    let data = web().segment(Segment { flags: ACK, seq: 101, ack: 901, data: b"x" });
    standby.lab.forwards(INSIDE, OUTSIDE, &data);
    assert_eq!(standby.lab.dropped(DropReason::NeighbourUnreachable), 0);
}

#[test]
fn messages_are_taken_in_bounded_numbers_a_poll() {
    let all = records(200);
    let mut standby = Member::new(Setup { sessions_max: 400, ..Setup::default() });
    standby.order(Role::Active);
    let frame = standby.lab.frame(INSIDE, &web().udp(b"x"));
    standby.lab.arrive(0, INSIDE, &frame);
    standby.lab.poll_worker(0);
    all.iter().for_each(|record| standby.tell_owner(&record.key, FromHa::Install(*record)));
    // The poll behind one that found packets.
    standby.lab.poll_worker(0);
    assert_eq!(standby.count(|s| &s.installed), 64);
    standby.lab.poll_worker(0);
    assert_eq!(standby.count(|s| &s.installed), 200, "nothing else to do");
}

#[test]
fn frames_of_the_ha_core_leave_with_the_interfaces_tag() {
    let hello: Vec<u8> = (0..62).collect();
    for (vlan, sent) in
        [(None, hello.clone()), (Some(7), [&hello[..12], &[0x81, 0, 0, 7], &hello[12..]].concat())]
    {
        let mut member = Member::new(Setup { vlans: [None, vlan, None], ..Setup::default() });
        let frame = OwnFrame::new(&hello).unwrap();
        for port in [OUTSIDE, crate::interface::PortId(9)] {
            member.tell(FromHa::Transmit { port, frame });
        }
        member.tell(FromHa::Transmit { port: OUTSIDE, frame: OwnFrame::new(&hello[..13]).unwrap() });
        member.lab.settle();
        assert_eq!(member.frames(), [(OUTSIDE, sent)]);
        assert_eq!(member.lab.dropped(DropReason::PortDown), 1);
    }
    assert!(PORTS.len() < 9);
}

#[test]
fn the_worker_says_how_it_is() {
    let mut member = Member::new(with(2));
    member.lab.wait(Duration::from_secs(1));
    let status = member.ends[1].status();
    assert_eq!(status.tick.load(Ordering::Relaxed), member.lab.now.tick().0);
    assert_eq!(status.polls.load(Ordering::Relaxed), member.lab.counters()[1].polls);
    assert!(status.polls.load(Ordering::Relaxed) >= 10);
}
