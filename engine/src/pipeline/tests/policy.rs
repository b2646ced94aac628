//! Rules: which decides, and what each action does.

use super::{connect, ntp, ping, web, web6};
use crate::drop_reason::DropReason;
use crate::event::Event;
use crate::policy::{Action, Rule};
use crate::testkit::frame::{ACK, Flow, RST, RST_ACK, SYN, SYN_ACK, Segment};
use crate::testkit::lab::Lab;
use crate::testkit::topology::{
    CLIENT, DMZ, INSIDE, MAIL, OUTSIDE, SERVER, Setup, box_address, box_mac, host_mac, rule,
};

fn with_rules(rules: Vec<Rule>) -> Lab {
    Lab::new(Setup { rules, ..Setup::default() })
}

/// Inside to outside, `action`; the rest is inspected.
fn with_action(action: Action) -> Lab {
    with_rules(vec![rule(INSIDE, OUTSIDE, action), Rule::any(Action::Inspect)])
}

#[test]
fn what_no_rule_allows_is_dropped_in_silence() {
    let mut lab = Lab::default();
    for packet in [web().reply().tcp(SYN, 1, 0), web6().reply().udp(b"x"), ping().reply().echo(true, 1)] {
        lab.drops_silently(OUTSIDE, &packet, DropReason::PolicyNoMatch);
    }
    assert_eq!(lab.sessions(), []);
}

#[test]
fn the_first_rule_that_matches_decides() {
    let web_only = Rule { destination_ports: vec![443..=443], ..rule(INSIDE, OUTSIDE, Action::Inspect) };
    let mut lab = with_rules(vec![web_only, rule(INSIDE, OUTSIDE, Action::Drop), Rule::any(Action::Inspect)]);
    connect(&mut lab, web());
    lab.drops_silently(INSIDE, &Flow { ports: (1, 80), ..web() }.tcp(SYN, 1, 0), DropReason::PolicyDrop);
    lab.drops_silently(INSIDE, &ping().echo(true, 1), DropReason::PolicyDrop);
    lab.forwards(INSIDE, DMZ, &Flow::new(CLIENT, MAIL, (1, 25)).tcp(SYN, 1, 0));
    assert_eq!(lab.workers[0].shard().rule_hits(), [1, 2, 1], "a session's packets are no hits");
}

#[test]
fn rejected_tcp_is_answered_with_a_reset_in_the_name_of_the_server() {
    for flow in [web(), web6()] {
        let mut lab = with_action(Action::Reject);
        let sent = lab.pass(INSIDE, &flow.segment(Segment { flags: SYN, seq: 100, ack: 0, data: b"early" }));
        let [(INSIDE, reset)] = &sent[..] else { panic!("{sent:?}") };
        assert!(reset.is_sound());
        assert_eq!(reset.flow(), flow.reply());
        assert_eq!((reset.source_mac, reset.destination_mac), (box_mac(INSIDE), host_mac(INSIDE)));
        let (_, tcp) = reset.layer4();
        assert_eq!((tcp[13], &tcp[4..8], &tcp[8..12]), (RST_ACK, &[0; 4][..], &106u32.to_be_bytes()[..]));
        // A segment with ACK gets the number that it acknowledges.
        let sent = lab.pass(INSIDE, &flow.tcp(ACK, 100, 900));
        let (_, tcp) = sent[0].1.layer4();
        assert_eq!((tcp[13], &tcp[4..8]), (RST, &900u32.to_be_bytes()[..]));
        lab.drops_silently(INSIDE, &flow.tcp(RST, 100, 0), DropReason::PolicyReject);
        assert_eq!((lab.dropped(DropReason::PolicyReject), lab.sessions().len()), (3, 0));
    }
}

#[test]
fn what_else_is_rejected_is_answered_with_an_icmp_error() {
    for (flow, udp, others) in [(web(), (1, 3, 3), (1, 3, 13)), (web6(), (58, 1, 4), (58, 1, 1))] {
        let mut lab = with_action(Action::Reject);
        let ping = Flow { ports: (7, 7), ..flow };
        for (packet, expected) in
            [(flow.udp(b"x"), udp), (ping.echo(true, 1), others), (flow.packet(47, b"gre"), others)]
        {
            let sent = lab.pass(INSIDE, &packet);
            let [(INSIDE, error)] = &sent[..] else { panic!("{sent:?}") };
            assert!(error.is_sound());
            assert_eq!(error.addresses(), (box_address(INSIDE, packet.is_v6()), flow.source));
            let (protocol, message) = error.layer4();
            assert_eq!((protocol, message[0], message[1]), expected);
            assert_eq!(error.quote(), packet.0);
        }
        assert_eq!(lab.dropped(DropReason::PolicyReject), 3);
    }
}

#[test]
fn answers_are_limited_and_the_drops_are_not() {
    let mut lab = with_action(Action::Reject);
    for _ in 0..10 {
        lab.burst(INSIDE, &vec![ntp().udp(b"x"); 20]);
    }
    let limits = crate::local::LocalLimits::default();
    assert_eq!(lab.dropped(DropReason::PolicyReject), 200);
    assert_eq!(lab.counters()[0].originated, u64::from(limits.errors_burst_max));
    assert_eq!(lab.dropped(DropReason::PoolExhausted), 0);
}

#[test]
fn an_empty_pool_costs_the_answer_only() {
    let mut lab = with_action(Action::Reject);
    lab.ports[0].borrow_mut().pool_packets = 0;
    assert_eq!(lab.pass(INSIDE, &web().tcp(SYN, 1, 0)), []);
    assert_eq!(lab.drops(), [(DropReason::PolicyReject, 1), (DropReason::PoolExhausted, 1)]);
    lab.ports[0].borrow_mut().pool_packets = 1;
    assert_eq!(lab.pass(INSIDE, &web().tcp(SYN, 1, 0)).len(), 1);
    lab.forwards(INSIDE, DMZ, &Flow::new(CLIENT, MAIL, (1, 25)).tcp(SYN, 1, 0));
}

#[test]
fn pass_forwards_without_a_session() {
    let mut lab = with_rules(vec![rule(INSIDE, OUTSIDE, Action::Pass)]);
    let seen = lab.forwards(INSIDE, OUTSIDE, &web().tcp(ACK, 5, 5));
    assert_eq!((seen.ttl(), seen.destination_mac), (63, host_mac(OUTSIDE)));
    lab.drops_silently(OUTSIDE, &web().reply().tcp(ACK, 5, 5), DropReason::PolicyNoMatch);
    assert_eq!((lab.sessions().len(), lab.stats().passed_stateless), (0, 1));
}

#[test]
fn a_session_stays_between_its_zones() {
    // Without the check of sources, so that nothing but the session itself can tell.
    let mut lab = Lab::new(Setup { tune: |c| c.reverse_path_checks = vec![false; 3], ..Setup::default() });
    connect(&mut lab, web());
    lab.drops_silently(DMZ, &web().reply().tcp(ACK, 901, 101), DropReason::SessionZoneMismatch);
    lab.drops_silently(INSIDE, &web().reply().tcp(ACK, 901, 101), DropReason::SessionZoneMismatch);
    lab.drops_silently(OUTSIDE, &web().tcp(ACK, 101, 901), DropReason::SessionZoneMismatch);
    lab.drops_silently(DMZ, &web().tcp(ACK, 101, 901), DropReason::SessionZoneMismatch);
    lab.forwards(OUTSIDE, INSIDE, &web().reply().tcp(ACK, 901, 101));
}

/// Somebody outside uses the client's address. Without the check of sources policy sees a packet from outside to
/// the mail server, and may allow it; the answers must not cross into the inside, where no session began.
#[test]
fn answers_do_not_leave_into_a_zone_that_the_session_did_not_begin_in() {
    let mut lab = Lab::new(Setup {
        rules: vec![rule(OUTSIDE, DMZ, Action::Inspect)],
        tune: |c| c.reverse_path_checks = vec![false; 3],
        ..Setup::default()
    });
    let spoofed = Flow::new(CLIENT, MAIL, (5, 25));
    lab.forwards(OUTSIDE, DMZ, &spoofed.tcp(SYN, 1, 0));
    lab.drops_silently(DMZ, &spoofed.reply().tcp(SYN_ACK, 9, 2), DropReason::SessionZoneMismatch);
    assert_eq!(lab.stats().current, [1, 0, 0]);
}

#[test]
fn begin_and_end_are_told_when_somebody_wants_to_know() {
    let logged = Rule { log: true, ..rule(INSIDE, OUTSIDE, Action::Inspect) };
    let refused = Rule { log: true, ..rule(INSIDE, DMZ, Action::Drop) };
    let mut lab = with_rules(vec![logged, refused, Rule::any(Action::Inspect)]);
    lab.forwards(INSIDE, OUTSIDE, &web().tcp(SYN, 100, 0));
    lab.drops_silently(INSIDE, &Flow::new(CLIENT, MAIL, (1, 25)).tcp(SYN, 1, 0), DropReason::PolicyDrop);
    lab.forwards(OUTSIDE, DMZ, &Flow::new(SERVER, MAIL, (1, 25)).tcp(SYN, 1, 0));
    let session = *lab.sessions().iter().find(|s| s.details.rule == 0).unwrap();
    assert!(lab.workers[0].end_session(session.handle));
    assert!(!lab.workers[0].end_session(session.handle), "it is gone");
    let events = lab.events();
    let [Event::SessionBegan(began), Event::RuleDecided { reason, port, .. }, Event::SessionEnded(ended, _)] =
        &events[..]
    else {
        panic!("{events:?}")
    };
    assert_eq!((began.handle, ended.handle), (session.handle, session.handle));
    assert_eq!((*reason, *port), (Some(DropReason::PolicyDrop), INSIDE));
}

#[test]
fn verbose_shows_every_packet() {
    let mut lab = Lab::default();
    lab.workers[0].set_verbose(true);
    lab.forwards(INSIDE, OUTSIDE, &web().tcp(SYN, 100, 0));
    let events = lab.events();
    let [Event::Received { port, bytes, frame }] = &events[..] else { panic!("{events:?}") };
    assert_eq!((*port, *bytes, frame[12..14].to_vec()), (INSIDE, 54, vec![8, 0]));
}
