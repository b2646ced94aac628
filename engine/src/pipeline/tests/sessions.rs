//! Packets of one burst that meet each other's sessions; a full table; sessions that make room for new ones.

use super::{connect, ntp, ping, web};
use crate::drop_reason::DropReason;
use crate::pipeline::Phase;
use crate::policy::{Action, Rule};
use crate::testkit::frame::{ACK, FIN_ACK, Flow, Packet, RST, SYN, SYN_ACK, Segment};
use crate::testkit::lab::Lab;
use crate::testkit::topology::{CLIENT, DMZ, INSIDE, OUTSIDE, SERVER, Setup, rule};

#[test]
fn two_packets_of_a_new_flow_in_one_burst_make_one_session() {
    let mut lab = Lab::default();
    let sent = lab.burst(INSIDE, &[ntp().udp(b"1"), ntp().udp(b"2"), ntp().udp(b"3")]);
    assert_eq!((sent.len(), lab.sessions().len()), (3, 1));
    let bodies: Vec<_> = sent.iter().map(|(_, seen)| seen.layer4().1[8]).collect();
    assert_eq!(bodies, *b"123", "in order");
    assert_eq!((lab.stats().created.iter().sum::<u64>(), lab.workers[0].shard().rule_hits()[0]), (1, 1));
}

#[test]
fn a_whole_connection_in_one_burst() {
    // A TCP pair on one port, as tagged ports see it; here the zones make the answers drop, one by one.
    let mut lab = Lab::default();
    let sent = lab.burst(
        INSIDE,
        &[web().tcp(SYN, 100, 0), web().reply().tcp(SYN_ACK, 900, 101), web().tcp(SYN, 100, 0)],
    );
    assert_eq!((sent.len(), lab.drops()), (2, vec![(DropReason::SessionZoneMismatch, 1)]));
}

#[test]
fn a_session_replaced_within_the_burst_leaves_nothing_to_the_packets_behind() {
    let mut lab = Lab::default();
    closed(&mut lab);
    let old = lab.sessions()[0].handle;
    // The SYN replaces the session in TIME_WAIT; the packets behind it were looked up before.
    let data = Segment { flags: ACK, seq: 50_001, ack: 1, data: b"x" };
    let burst = [web().tcp(SYN, 50_000, 0), web().tcp(SYN, 50_000, 0), web().segment(data)];
    let sent = lab.burst(INSIDE, &burst);
    assert_eq!((sent.len(), lab.drops()), (2, vec![(DropReason::TcpStateBad, 1)]));
    let [session] = lab.sessions()[..] else { panic!("{:?}", lab.sessions()) };
    assert_ne!(session.handle, old);
    assert_eq!((lab.stats().ended, lab.stats().current), (1, [1, 0, 0]));
}

/// A connection that both ends have closed.
fn closed(lab: &mut Lab) {
    connect(lab, web());
    lab.forwards(INSIDE, OUTSIDE, &web().tcp(FIN_ACK, 101, 901));
    lab.forwards(OUTSIDE, INSIDE, &web().reply().tcp(FIN_ACK, 901, 102));
    lab.forwards(INSIDE, OUTSIDE, &web().tcp(ACK, 102, 902));
    assert_eq!(lab.stats().current, [0, 0, 1]);
}

#[test]
fn a_new_connection_takes_the_place_of_one_in_time_wait() {
    let mut lab = Lab::default();
    closed(&mut lab);
    lab.forwards(INSIDE, OUTSIDE, &web().tcp(SYN, 50_000, 0));
    lab.forwards(OUTSIDE, INSIDE, &web().reply().tcp(SYN_ACK, 7000, 50_001));
    lab.forwards(INSIDE, OUTSIDE, &web().tcp(ACK, 50_001, 7001));
    let [session] = lab.sessions()[..] else { panic!("{:?}", lab.sessions()) };
    assert_eq!(session.details.counters.map(|c| c.packets), [2, 1]);
    assert_eq!((lab.stats().created[0], lab.stats().ended, lab.stats().current), (2, 1, [0, 1, 0]));
}

/// Windows pings with identifier 1, so two hosts that ping each other share a key: a request from the server asks
/// policy for a session of its own. The client's ping must not suffer when the answer is no, however it is said.
#[test]
fn a_refused_reopening_does_not_end_the_session() {
    for action in [None, Some(Action::Drop), Some(Action::Reject)] {
        let mut rules = vec![rule(INSIDE, OUTSIDE, Action::Inspect)];
        rules.extend(action.map(|action| rule(OUTSIDE, INSIDE, action)));
        let mut lab = Lab::new(Setup { rules, ..Setup::default() });
        lab.forwards(INSIDE, OUTSIDE, &ping().echo(true, 1));
        let session = lab.sessions()[0].handle;
        lab.pass(OUTSIDE, &ping().reply().echo(true, 9));
        assert_eq!(lab.sessions().first().map(|s| s.handle), Some(session), "{action:?}");
        lab.forwards(OUTSIDE, INSIDE, &ping().reply().echo(false, 1));
    }
}

#[test]
fn an_admitted_reopening_turns_the_session_round() {
    let rules = vec![Rule::any(Action::Inspect)];
    let mut lab = Lab::new(Setup { rules, ..Setup::default() });
    lab.forwards(INSIDE, OUTSIDE, &ping().echo(true, 1));
    lab.forwards(OUTSIDE, INSIDE, &ping().reply().echo(true, 9));
    lab.forwards(INSIDE, OUTSIDE, &ping().echo(false, 9));
    assert_eq!((lab.sessions().len(), lab.stats().ended, lab.workers[0].shard().rule_hits()[0]), (1, 1, 2));
}

/// A stateless rule has no session to put in its place, but the old one would swallow the answer.
#[test]
fn a_reopening_that_a_rule_passes_statelessly_ends_the_session() {
    let rules = vec![rule(INSIDE, OUTSIDE, Action::Inspect), rule(OUTSIDE, INSIDE, Action::Pass)];
    let mut lab = Lab::new(Setup { rules, ..Setup::default() });
    lab.forwards(INSIDE, OUTSIDE, &ping().echo(true, 1));
    lab.forwards(OUTSIDE, INSIDE, &ping().reply().echo(true, 9));
    assert_eq!((lab.sessions().len(), lab.stats().passed_stateless), (0, 1));
}

fn client_port(port: u16) -> Flow {
    Flow::new(CLIENT, SERVER, (port, 123))
}

#[test]
fn a_full_table_refuses_new_sessions_and_serves_the_others() {
    let mut lab = Lab::new(Setup { sessions_max: 10, ..Setup::default() });
    let first: Vec<Packet> = (1..=15).map(|port| client_port(port).udp(b"x")).collect();
    assert_eq!(lab.burst(INSIDE, &first).len(), 10);
    assert_eq!(lab.drops(), [(DropReason::SessionTableFull, 5)]);
    for port in 1..=10 {
        lab.forwards(OUTSIDE, INSIDE, &client_port(port).reply().udp(b"y"));
        lab.forwards(INSIDE, OUTSIDE, &client_port(port).udp(b"z"));
    }
    lab.drops_silently(INSIDE, &client_port(11).udp(b"x"), DropReason::SessionTableFull);
    let handle = lab.sessions()[3].handle;
    assert!(lab.workers[0].end_session(handle));
    lab.forwards(INSIDE, OUTSIDE, &client_port(11).udp(b"x"));
}

/// A packet that was dropped for its way, not for what it is, has not happened.
#[test]
fn a_reply_that_finds_no_next_hop_changes_nothing() {
    let tune = |c: &mut crate::config::EngineConfig| {
        c.static_neighbours.retain(|n| n.port == OUTSIDE);
        c.neighbours.neighbours_max = 2;
    };
    let mut lab = Lab::new(Setup { tune, ..Setup::default() });
    lab.forwards(INSIDE, OUTSIDE, &ntp().udp(b"x"));
    let before = lab.sessions();
    for _ in 0..3 {
        lab.drops_silently(OUTSIDE, &ntp().reply().udp(b"y"), DropReason::NeighbourTableFull);
    }
    assert_eq!((lab.sessions(), lab.stats().current), (before, [1, 0, 0]));
}

#[test]
fn phases_follow_the_trackers_whatever_they_do() {
    let mut lab = Lab::default();
    let dns = Flow::new(CLIENT, SERVER, (5000, 53));
    let phase = |lab: &Lab, phase: Phase| lab.stats().current[phase as usize];
    lab.forwards(INSIDE, OUTSIDE, &client_port(9).udp(b"stays half-open"));
    lab.forwards(INSIDE, OUTSIDE, &dns.udp(b"A?"));
    assert_eq!(phase(&lab, Phase::HalfOpen), 2);
    // The answer ends the session at the next tick; a query before that finds it and takes it up again.
    for _ in 0..3 {
        lab.forwards(OUTSIDE, INSIDE, &dns.reply().udp(b"A"));
        assert_eq!((phase(&lab, Phase::HalfOpen), phase(&lab, Phase::Terminating)), (1, 1));
        lab.forwards(INSIDE, OUTSIDE, &dns.udp(b"AAAA?"));
        assert_eq!((phase(&lab, Phase::HalfOpen), phase(&lab, Phase::Terminating)), (2, 0));
    }
}

#[test]
fn a_reset_ends_a_session_only_at_the_number_that_is_due() {
    let mut lab = Lab::default();
    connect(&mut lab, web());
    lab.forwards(OUTSIDE, INSIDE, &web().reply().tcp(RST, 950, 0));
    assert_eq!(lab.stats().current, [0, 1, 0]);
    lab.drops_silently(OUTSIDE, &web().reply().tcp(RST, 500_000, 0), DropReason::TcpOutOfWindow);
    lab.forwards(OUTSIDE, INSIDE, &web().reply().tcp(RST, 901, 0));
    assert_eq!(lab.stats().current, [0, 0, 1]);
}

#[test]
fn what_begins_no_connection_begins_no_session() {
    let mut lab = Lab::default();
    lab.drops_silently(INSIDE, &web().tcp(ACK, 100, 1), DropReason::TcpNoSession);
    lab.drops_silently(INSIDE, &web().tcp(SYN | 1, 100, 0), DropReason::TcpFlagsBad);
    lab.drops_silently(INSIDE, &ping().echo(false, 1), DropReason::IcmpUnsolicited);
    assert_eq!(lab.sessions(), []);
    assert!(lab.neighbours(0).iter().all(|n| n.references == 0));
}

#[test]
fn sessions_of_one_flow_in_two_directions_are_apart_by_port() {
    let rules = vec![Rule::any(Action::Inspect)];
    let mut lab = Lab::new(Setup { rules, ..Setup::default() });
    connect(&mut lab, web());
    let other = Flow::new(SERVER, "10.0.3.30", (443, 25));
    lab.forwards(OUTSIDE, DMZ, &other.tcp(SYN, 1, 0));
    assert_eq!(lab.sessions().len(), 2);
}
