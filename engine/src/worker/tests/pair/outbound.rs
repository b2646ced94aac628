//! What the active box tells, and when.

use core::time::Duration;

use super::{connect, conversations, pair, web, with};
use crate::flow::Side;
use crate::replication::{FromHa, SessionRecord};
use crate::role::Role;
use crate::session::NextHopRef;
use crate::testkit::frame::{ACK, FIN_ACK, Flow, RST, SYN, SYN_ACK, Segment};
use crate::testkit::member::{Member, UPDATE_INTERVAL};
use crate::testkit::topology::{CLIENT, INSIDE, OUTSIDE, SERVER};
use crate::time::Tick;

const TICK: Duration = Duration::from_nanos(Tick::NANOS);

/// Long enough for any traffic to have been told.
const REFRESHED: Duration = Duration::from_millis(500);

fn installs(changes: &[FromHa]) -> Vec<SessionRecord> {
    changes.iter().filter_map(|c| if let FromHa::Install(r) = c { Some(*r) } else { None }).collect()
}

#[test]
fn every_kind_of_session_is_the_same_on_both_boxes_whatever_their_workers() {
    for (here, there) in [(1, 1), (1, 2), (2, 1), (2, 2)] {
        let (mut active, mut standby) = Member::pair(with(here), with(there));
        for step in 0..3 {
            for packets in conversations() {
                let packet = &packets[step];
                let source = crate::testkit::seen::addresses(&packet.0).0;
                let from = if source.to_string().ends_with("10") { INSIDE } else { OUTSIDE };
                let to = if from == INSIDE { OUTSIDE } else { INSIDE };
                active.lab.forwards(from, to, packet);
                // Some between two looks of the HA core, some not.
                if step != 1 {
                    active.replicate(&mut standby);
                }
            }
            active.lab.wait(REFRESHED);
            standby.lab.wait(REFRESHED);
            active.replicate(&mut standby);
            assert_eq!(standby.shared(), active.shared(), "step {step} of {here} to {there}");
            assert_eq!(standby.digest(), active.digest());
            assert_eq!(standby.lab.stats().current, active.lab.stats().current);
        }
        assert_eq!(standby.digest().0, 10);
        let resolved =
            |s: &crate::session::Snapshot| s.state.next_hop.iter().all(|&h| h != NextHopRef::UNRESOLVED);
        assert!(standby.lab.sessions().iter().all(resolved), "the first packet would have to look routes up");
        assert_eq!(standby.lab.stats().created, [0; 4], "they began elsewhere");
    }
}

#[test]
fn idle_times_travel_as_times_rounded_up() {
    let (mut active, mut standby) = pair();
    connect(&mut active, web());
    active.lab.wait(Duration::from_secs(70));
    active.ends[0].mark_changed(0);
    active.replicate(&mut standby);
    let there = standby.lab.sessions()[0];
    assert_eq!(standby.lab.now.tick().since(there.state.last_seen), 701);
    assert_eq!(standby.lab.now.tick().since(there.details.created), 700);
}

#[test]
fn states_are_told_at_once_and_traffic_once_an_interval() {
    let (mut active, mut standby) = pair();
    active.lab.forwards(INSIDE, OUTSIDE, &web().tcp(SYN, 100, 0));
    assert_eq!(active.replicate(&mut standby), 1, "begun");
    active.lab.forwards(OUTSIDE, INSIDE, &web().reply().tcp(SYN_ACK, 900, 101));
    assert_eq!(active.replicate(&mut standby), 1, "answered");
    active.lab.forwards(INSIDE, OUTSIDE, &web().tcp(ACK, 101, 901));
    assert_eq!(active.replicate(&mut standby), 1, "open");
    active.lab.wait(REFRESHED);
    active.replicate(&mut standby);
    let mut told = 0;
    for n in 0..30 {
        let data = Segment { flags: ACK, seq: 101 + n * 4, ack: 901, data: b"data" };
        active.lab.forwards(INSIDE, OUTSIDE, &web().segment(data));
        active.lab.wait(TICK);
        told += active.replicate(&mut standby);
    }
    assert!((14..=15).contains(&told), "{told} records of 30 ticks of traffic");
    active.lab.wait(REFRESHED);
    active.replicate(&mut standby);
    assert_eq!(standby.shared(), active.shared());
    active.lab.wait(Duration::from_secs(60));
    assert_eq!(active.changes(), [], "silence is not told");
}

/// The packets of a tick after its first make no note; they must not be missed for that.
#[test]
fn the_last_packet_of_a_burst_is_told() {
    let (mut active, mut standby) = pair();
    connect(&mut active, web());
    active.lab.wait(REFRESHED);
    active.replicate(&mut standby);
    for late in 0..8 {
        let seq = 101 + late * 100;
        let data = |seq| web().segment(Segment { flags: ACK, seq, ack: 901, data: b"data" });
        active.lab.forwards(INSIDE, OUTSIDE, &data(seq));
        active.lab.wait(TICK * (late % 4));
        active.lab.forwards(INSIDE, OUTSIDE, &data(seq + 4));
        active.replicate(&mut standby);
        active.lab.forwards(INSIDE, OUTSIDE, &data(seq + 8));
        active.lab.wait(UPDATE_INTERVAL + TICK);
        active.replicate(&mut standby);
        assert_eq!(standby.shared(), active.shared(), "{late}");
    }
}

#[test]
fn a_flush_tells_what_would_have_waited_and_what_comes_later_in_the_tick_is_told_later() {
    let (mut active, mut standby) = pair();
    connect(&mut active, web());
    active.lab.wait(Duration::from_secs(1));
    active.replicate(&mut standby);
    let data = |seq| web().segment(Segment { flags: ACK, seq, ack: 901, data: b"data" });
    active.lab.forwards(INSIDE, OUTSIDE, &data(101));
    assert_eq!(active.changes(), []);
    active.tell(FromHa::FlushRefresh);
    active.lab.settle();
    assert_eq!(active.ends[0].status().flushes(), 1);
    assert_eq!(active.replicate(&mut standby), 1);
    assert_eq!(standby.shared(), active.shared());
    active.lab.forwards(INSIDE, OUTSIDE, &data(105));
    active.lab.wait(REFRESHED);
    active.replicate(&mut standby);
    assert_eq!(standby.shared(), active.shared());
}

#[test]
fn a_handshake_that_starts_over_with_other_numbers_is_told() {
    let (mut active, mut standby) = pair();
    active.lab.forwards(INSIDE, OUTSIDE, &web().tcp(SYN, 100, 0));
    active.replicate(&mut standby);
    active.lab.wait(REFRESHED);
    active.lab.forwards(INSIDE, OUTSIDE, &web().tcp(SYN, 3_000_000_000, 0));
    active.lab.wait(REFRESHED);
    assert_eq!(active.replicate(&mut standby), 1);
    assert_eq!(standby.shared(), active.shared());
    assert_eq!(standby.only().peers[0].max_end, 3_000_000_001);
}

#[test]
fn every_way_to_end_is_told() {
    let (mut active, mut standby) = pair();
    // By its time, cleared, and replaced by another connection of the same ports.
    active.lab.forwards(INSIDE, OUTSIDE, &Flow::new(CLIENT, SERVER, (1, 123)).udp(b"x"));
    active.replicate(&mut standby);
    active.lab.wait(Duration::from_secs(30));
    active.replicate(&mut standby);
    assert_eq!((active.digest(), standby.digest()), ((0, 0), (0, 0)));

    connect(&mut active, web());
    active.replicate(&mut standby);
    let handle = active.lab.sessions()[0].handle;
    assert!(active.lab.workers[0].end_session(handle));
    active.replicate(&mut standby);
    assert_eq!((standby.lab.sessions(), standby.lab.stats().current), (vec![], [0; 3]));

    connect(&mut active, web());
    active.lab.forwards(OUTSIDE, INSIDE, &web().reply().tcp(RST, 901, 0));
    active.replicate(&mut standby);
    let old = standby.lab.sessions()[0].details.birth;
    active.lab.forwards(INSIDE, OUTSIDE, &web().tcp(SYN, 5000, 0));
    active.replicate(&mut standby);
    assert_eq!(standby.shared(), active.shared());
    assert_ne!(standby.lab.sessions()[0].details.birth, old);
    assert_eq!((standby.digest(), standby.lab.stats().current), (active.digest(), [1, 0, 0]));
}

#[test]
fn a_session_that_nobody_looked_at_while_it_lived_costs_nothing() {
    let (mut active, mut standby) = pair();
    active.lab.forwards(INSIDE, OUTSIDE, &Flow::new(CLIENT, SERVER, (1, 53)).udp(b"x"));
    active.lab.wait(Duration::from_secs(5));
    assert_eq!(active.lab.sessions(), []);
    assert_eq!(active.replicate(&mut standby), 0);
}

/// The responder has forgotten the connection and accepts another one in its place: numbers go back.
#[test]
fn a_connection_that_starts_over_is_another_one_for_the_peer() {
    let (mut active, mut standby) = pair();
    connect(&mut active, web());
    active.replicate(&mut standby);
    let before = standby.lab.sessions()[0];
    active.lab.forwards(INSIDE, OUTSIDE, &web().tcp(SYN, 2_000_000_000, 0));
    active.lab.forwards(OUTSIDE, INSIDE, &web().reply().tcp(SYN_ACK, 70, 2_000_000_001));
    active.lab.forwards(INSIDE, OUTSIDE, &web().tcp(ACK, 2_000_000_001, 71));
    let told = installs(&active.changes());
    assert_eq!(told.len(), 1);
    assert_ne!(told[0].birth, before.details.birth);
    standby.install(told[0]);
    assert_eq!((standby.shared(), standby.digest()), (active.shared(), active.digest()));
    assert_eq!(standby.count(|s| &s.removed), 1);
}

#[test]
fn closing_is_told_step_by_step() {
    let (mut active, mut standby) = pair();
    connect(&mut active, web());
    for (port, to, packet) in [
        (INSIDE, OUTSIDE, web().tcp(FIN_ACK, 101, 901)),
        (OUTSIDE, INSIDE, web().reply().tcp(FIN_ACK, 901, 102)),
        (INSIDE, OUTSIDE, web().tcp(ACK, 102, 902)),
    ] {
        active.lab.forwards(port, to, &packet);
        assert_eq!(active.replicate(&mut standby), 1);
        assert_eq!((standby.shared(), standby.digest()), (active.shared(), active.digest()));
        assert_eq!(standby.lab.stats().current, active.lab.stats().current);
    }
    assert_eq!(standby.lab.stats().current, [0, 0, 1]);
}

#[test]
fn only_an_active_box_tells() {
    let (mut active, mut standby) = pair();
    connect(&mut active, web());
    active.replicate(&mut standby);
    assert_eq!(standby.changes(), [], "what came from the peer is not told to the peer");
    active.lab.forwards(INSIDE, OUTSIDE, &web().tcp(ACK, 101, 901));
    active.order(Role::Lingering);
    active.lab.wait(REFRESHED);
    let handle = active.lab.sessions()[0].handle;
    active.lab.workers[0].end_session(handle);
    assert_eq!(active.changes(), []);
    let record = standby.records()[0];
    assert_eq!((record.initiator, standby.lab.sessions().len()), (Side::Low, 1));
}
