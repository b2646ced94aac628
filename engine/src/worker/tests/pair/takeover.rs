//! The standby becomes active.

use core::time::Duration;

use super::{connect, pair, web};
use crate::replication::{FromHa, RoleOrder};
use crate::role::Role;
use crate::session::SessionFlags;
use crate::testkit::frame::{ACK, FIN_ACK, Flow, Segment};
use crate::testkit::topology::{CLIENT, INSIDE, OUTSIDE, SERVER};
use crate::time::Tick;

const TICK: Duration = Duration::from_nanos(Tick::NANOS);

fn ntp() -> Flow {
    Flow::new(CLIENT, SERVER, (40_001, 123))
}

#[test]
fn a_standby_ages_nothing_and_after_a_takeover_everything_has_its_whole_time() {
    let (mut active, mut standby) = pair();
    active.lab.forwards(INSIDE, OUTSIDE, &ntp().udp(b"x"));
    connect(&mut active, web());
    active.replicate(&mut standby);
    standby.lab.wait(Duration::from_secs(300));
    assert_eq!(standby.lab.sessions().len(), 2, "the peer says when they end");
    standby.order(Role::Active);
    standby.lab.wait(Duration::from_secs(30) - TICK);
    assert_eq!(standby.lab.sessions().len(), 2, "thirty seconds of silence begin now");
    standby.lab.wait(TICK);
    assert_eq!((standby.lab.sessions().len(), standby.lab.stats().expired), (1, 1));
    standby.lab.wait(Duration::from_secs(3570) - TICK);
    assert_eq!(standby.lab.sessions().len(), 1);
    standby.lab.wait(TICK);
    assert_eq!((standby.lab.sessions(), standby.digest()), (vec![], (0, 0)));
}

#[test]
fn sessions_go_on_where_they_were() {
    let (mut active, mut standby) = pair();
    connect(&mut active, web());
    active.lab.forwards(INSIDE, OUTSIDE, &ntp().udp(b"x"));
    active.replicate(&mut standby);
    standby.order(Role::Active);
    standby.lab.forwards(INSIDE, OUTSIDE, &web().tcp(ACK, 101, 901));
    standby.lab.forwards(OUTSIDE, INSIDE, &web().reply().tcp(ACK, 901, 101));
    standby.lab.forwards(OUTSIDE, INSIDE, &ntp().reply().udp(b"y"));
    // What happens here is told to whoever comes back.
    active.order(Role::Standby);
    standby.lab.wait(Duration::from_millis(500));
    standby.replicate(&mut active);
    assert_eq!((active.shared(), active.digest()), (standby.shared(), standby.digest()));
}

/// The wheel looks at a session when its time would have been over as it was installed; what closed since must not
/// have to wait for that.
#[test]
fn what_closed_before_a_takeover_goes_soon_after() {
    let (mut active, mut standby) = pair();
    connect(&mut active, web());
    active.replicate(&mut standby);
    active.lab.forwards(INSIDE, OUTSIDE, &web().tcp(FIN_ACK, 101, 901));
    active.lab.forwards(OUTSIDE, INSIDE, &web().reply().tcp(FIN_ACK, 901, 102));
    active.lab.forwards(INSIDE, OUTSIDE, &web().tcp(ACK, 102, 902));
    active.replicate(&mut standby);
    standby.order(Role::Active);
    standby.lab.wait(Duration::from_secs(5) - TICK);
    assert_eq!(standby.lab.sessions().len(), 1);
    standby.lab.wait(TICK);
    assert_eq!(standby.lab.sessions(), []);
}

#[test]
fn an_order_counts_when_everything_before_it_was_carried_out() {
    let (mut active, mut standby) = pair();
    for port in 0..50 {
        connect(&mut active, Flow::new(CLIENT, SERVER, (1000 + port, 443)));
    }
    let changes = active.changes();
    changes.iter().for_each(|change| standby.ends[0].send(*change).unwrap());
    standby.tell(FromHa::Role(RoleOrder { role: Role::Active, generation: 9 }));
    assert!(!standby.ends[0].all_applied());
    assert_eq!(standby.ends[0].status().role_generation(), 0);
    standby.lab.settle();
    assert_eq!((standby.ends[0].status().role_generation(), standby.lab.sessions().len()), (9, 50));
    assert!(standby.ends[0].all_applied());
    assert_eq!(standby.lab.workers[0].shard().role(), Role::Active);
}

#[test]
fn sessions_of_the_peer_are_marked_and_those_of_an_active_box_are_not() {
    let (mut active, mut standby) = pair();
    connect(&mut active, web());
    active.replicate(&mut standby);
    assert!(standby.only().flags.contains(SessionFlags::LAGGING));
    let mut record = standby.records()[0];
    assert_eq!(record.flags.0 & SessionFlags::LAGGING.0, 0, "that is between this box and itself");
    record.counters[0].packets += 1;
    active.install(record);
    assert!(!active.only().flags.contains(SessionFlags::FROM_PEER));
    assert_eq!(active.count(|s| &s.merged), 1);
}

#[test]
fn an_active_box_keeps_its_own_session_of_a_key() {
    let (mut active, mut standby) = pair();
    connect(&mut active, web());
    active.replicate(&mut standby);
    let mut record = standby.records()[0];
    record.birth.0 ^= 1;
    let before = active.shared();
    active.install(record);
    assert_eq!(active.shared(), before);
    standby.install(record);
    assert_eq!(standby.lab.sessions()[0].details.birth, record.birth, "a standby has what the peer has");
}

/// Packets make a note when they are a tick's first of their session; those of a box that just took over, too.
#[test]
fn traffic_in_the_tick_of_a_takeover_is_told() {
    let (mut active, mut standby) = pair();
    connect(&mut active, web());
    let data = |seq| web().segment(Segment { flags: ACK, seq, ack: 901, data: b"data" });
    for (n, role) in (0..).zip([Role::Active, Role::Lingering, Role::Standby, Role::Active]) {
        active.order(role);
        if role != Role::Standby {
            active.lab.forwards(INSIDE, OUTSIDE, &data(101 + n * 4));
        }
    }
    active.lab.wait(Duration::from_millis(500));
    active.replicate(&mut standby);
    assert_eq!(standby.shared(), active.shared());
    standby.order(Role::Active);
    standby.lab.forwards(INSIDE, OUTSIDE, &data(200));
    active.order(Role::Standby);
    standby.lab.wait(Duration::from_millis(500));
    standby.replicate(&mut active);
    assert_eq!(active.shared(), standby.shared());
}
