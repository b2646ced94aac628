//! Sessions end when their time is over, and take with them what they held.

use core::time::Duration;

use super::{connect, ntp, ping, web, web6};
use crate::drop_reason::DropReason;
use crate::testkit::frame::{ACK, FIN_ACK, Flow, Packet, RST, SYN};
use crate::testkit::lab::Lab;
use crate::testkit::topology::{CLIENT, INSIDE, OUTSIDE, SERVER, Setup};
use crate::time::Tick;

const TICK: Duration = Duration::from_nanos(Tick::NANOS);

/// The session lives one tick before `lifetime` has passed and is gone when it has.
#[track_caller]
fn lives_for(lab: &mut Lab, lifetime: Duration) {
    lab.wait(lifetime - TICK);
    assert_eq!(lab.sessions().len(), 1, "too early");
    lab.wait(TICK);
    assert_eq!(lab.sessions(), [], "too late");
    assert_eq!((lab.stats().expired, lab.stats().current), (1, [0; 3]));
}

#[test]
fn each_kind_of_session_has_its_time() {
    let seconds = Duration::from_secs;
    let dns = Flow::new(CLIENT, SERVER, (5000, 53));
    let cases: [(Packet, Duration); 5] = [
        (web().tcp(SYN, 100, 0), seconds(30)),
        (web6().tcp(SYN, 100, 0), seconds(30)),
        (ntp().udp(b"x"), seconds(30)),
        (dns.udp(b"x"), seconds(5)),
        (ping().echo(true, 1), seconds(10)),
    ];
    for (packet, lifetime) in cases {
        let mut lab = Lab::default();
        lab.forwards(INSIDE, OUTSIDE, &packet);
        lives_for(&mut lab, lifetime);
    }
}

#[test]
fn an_established_connection_lives_an_hour_from_its_last_packet() {
    let mut lab = Lab::default();
    connect(&mut lab, web());
    lab.wait(Duration::from_secs(3000));
    lab.forwards(OUTSIDE, INSIDE, &web().reply().tcp(ACK, 901, 101));
    lives_for(&mut lab, Duration::from_secs(3600));
}

#[test]
fn a_closed_connection_goes_after_five_seconds() {
    let mut lab = Lab::default();
    connect(&mut lab, web());
    lab.forwards(INSIDE, OUTSIDE, &web().tcp(FIN_ACK, 101, 901));
    lab.forwards(OUTSIDE, INSIDE, &web().reply().tcp(FIN_ACK, 901, 102));
    lab.forwards(INSIDE, OUTSIDE, &web().tcp(ACK, 102, 902));
    lives_for(&mut lab, Duration::from_secs(5));

    let mut lab = Lab::default();
    connect(&mut lab, web());
    lab.forwards(INSIDE, OUTSIDE, &web().tcp(RST, 101, 0));
    lives_for(&mut lab, Duration::from_secs(5));
}

/// A worker that slept, or was busy elsewhere, finds the packet and the end of the session at the same time.
#[test]
fn a_packet_that_comes_too_late_does_not_revive_its_session() {
    let mut lab = Lab::default();
    lab.forwards(INSIDE, OUTSIDE, &ntp().udp(b"x"));
    lab.now = lab.now + Duration::from_secs(30);
    lab.drops_silently(OUTSIDE, &ntp().reply().udp(b"late"), DropReason::PolicyNoMatch);
    assert_eq!(lab.sessions(), []);
}

#[test]
fn many_ends_at_once_are_spread_over_polls() {
    let mut lab = Lab::new(Setup { sessions_max: 1000, ..Setup::default() });
    let first: Vec<Packet> = (1..=1000).map(|p| Flow::new(CLIENT, SERVER, (p, 9)).udp(b"x")).collect();
    assert_eq!(lab.burst(INSIDE, &first).len(), 1000);
    lab.now = lab.now + Duration::from_secs(31);
    lab.poll_worker(0);
    assert_eq!(lab.sessions().len(), 1000 - crate::worker::EXPIRY_BUDGET_SESSIONS);
    for _ in 0..crate::worker::HOUSEKEEPING_POLLS * 3 {
        lab.poll_worker(0);
    }
    assert_eq!(lab.sessions(), []);
}

/// Every session holds a reference to the next hop of each direction. When the last is gone the hosts may go, too.
#[test]
fn when_all_sessions_are_gone_the_neighbours_go() {
    let mut lab = Lab::new(Setup { hosts_known: false, ..Setup::default() });
    let flows: Vec<Flow> = (1..=20).map(|p| Flow::new(CLIENT, SERVER, (p, 80))).collect();
    let first: Vec<Packet> = flows.iter().map(|f| f.tcp(SYN, 100, 0)).collect();
    lab.burst(INSIDE, &first);
    lab.arrive(0, OUTSIDE, &lab.arp_reply(OUTSIDE, SERVER));
    lab.settle();
    for flow in &flows {
        lab.pass(OUTSIDE, &flow.reply().tcp(crate::testkit::frame::SYN_ACK, 900, 101));
    }
    lab.arrive(0, INSIDE, &lab.arp_reply(INSIDE, CLIENT));
    lab.settle();
    // Some end by a reset, some are cleared, one is reopened, the rest time out.
    for flow in &flows[..5] {
        lab.pass(INSIDE, &flow.tcp(ACK, 101, 901));
        lab.pass(INSIDE, &flow.tcp(RST, 101, 0));
    }
    lab.pass(INSIDE, &flows[0].tcp(SYN, 90_000, 0));
    for session in &lab.sessions()[10..15] {
        assert!(lab.workers[0].end_session(session.handle));
    }
    let references = |lab: &Lab| lab.neighbours(0).iter().map(|n| n.references).sum::<u32>();
    let held: usize = lab
        .sessions()
        .iter()
        .flat_map(|s| s.state.next_hop)
        .filter(|&hop| hop != crate::session::NextHopRef::UNRESOLVED)
        .count();
    assert!(held > 20, "replies have their next hops");
    assert_eq!(references(&lab), held as u32);
    lab.wait(Duration::from_secs(31));
    assert_eq!((lab.sessions().len(), references(&lab)), (0, 0));
    lab.wait(Duration::from_secs(200));
    assert_eq!(lab.neighbours(0), []);
}
