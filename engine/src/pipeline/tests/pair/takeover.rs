//! What the peer replicated was a moment old when it died.

use core::time::Duration;

use super::super::{connect, ntp, ping, web, web6};
use super::{lab_in, pair};
use crate::drop_reason::DropReason;
use crate::pipeline::role::SLACK_TIME;
use crate::policy::Action;
use crate::role::Role;
use crate::session::SessionFlags;
use crate::testkit::frame::{ACK, FIN_ACK, Flow, RST, RST_ACK, SYN, SYN_ACK, Segment};
use crate::testkit::lab::Lab;
use crate::testkit::topology::{CLIENT, DMZ, INSIDE, MAIL, OUTSIDE, SERVER, Setup, rule};

/// Marks all sessions as what they would be had the peer sent them.
fn mark_as_replicated(lab: &mut Lab) {
    let table = &mut lab.workers[0].shard_mut().table;
    for index in 0..table.len() {
        let mut state = table.load(index);
        state.flags = state.flags.with(SessionFlags::LAGGING, true);
        table.store(index, &state);
    }
}

/// A box that had `begin` happen at its peer and has just taken over.
fn took_over(setup: Setup, begin: fn(&mut Lab)) -> Lab {
    let mut lab = Lab::new(setup);
    begin(&mut lab);
    mark_as_replicated(&mut lab);
    lab.set_role(Role::Standby);
    lab.set_role(Role::Active);
    lab
}

fn data(flow: Flow, seq: u32, ack: u32) -> crate::testkit::frame::Packet {
    flow.segment(Segment { flags: ACK, seq, ack, data: &[b'x'; 1000] })
}

#[test]
fn a_busy_connection_goes_on_tens_of_megabytes_further() {
    for flow in [web(), web6()] {
        let mut lab = took_over(pair(), |lab| {
            connect(lab, web());
            connect(lab, web6());
        });
        let back = flow.reply();
        let (a, b) = (40_000_000, 70_000_000);
        lab.forwards(INSIDE, OUTSIDE, &data(flow, a, b));
        lab.forwards(OUTSIDE, INSIDE, &data(back, b, a + 1000));
        lab.forwards(INSIDE, OUTSIDE, &data(flow, a + 1000, b + 1000));
        // Both have been heard: nothing beyond the windows passes any more, and nothing that is long gone.
        lab.drops_silently(INSIDE, &data(flow, a + 70_000, b + 1000), DropReason::TcpOutOfWindow);
        lab.drops_silently(OUTSIDE, &data(back, b + 70_000, a), DropReason::TcpOutOfWindow);
        lab.drops_silently(INSIDE, &data(flow, 101, 901), DropReason::TcpOutOfWindow);
        let state = lab.sessions().iter().find(|s| s.key.is_v6() == flow.source.is_ipv6()).unwrap().state;
        assert!(!state.flags.lags() && state.flags.contains(SessionFlags::FROM_PEER));
    }
}

#[test]
fn there_is_slack_for_sessions_of_the_peer_only_and_for_a_time_only() {
    let far = data(web(), 40_000_000, 901);
    let mut own = lab_in(Role::Active);
    connect(&mut own, web());
    own.drops_silently(INSIDE, &far, DropReason::TcpOutOfWindow);
    // A session that begins after the takeover has its numbers from the beginning.
    let mut new = took_over(pair(), |_| {});
    connect(&mut new, web());
    new.drops_silently(INSIDE, &far, DropReason::TcpOutOfWindow);

    for (waited, passes) in [(SLACK_TIME - Duration::from_millis(100), true), (SLACK_TIME, false)] {
        let mut lab = took_over(pair(), |lab| connect(lab, web()));
        lab.wait(waited);
        assert_eq!(lab.pass(INSIDE, &far).len(), usize::from(passes), "{waited:?}");
        // Within its window a silent connection goes on all the same.
        let mut lab = took_over(pair(), |lab| connect(lab, web()));
        lab.wait(waited);
        lab.forwards(INSIDE, OUTSIDE, &data(web(), 5000, 20_000));
    }
    let mut lab = took_over(pair(), |lab| connect(lab, web()));
    lab.set_role(Role::Lingering);
    lab.drops_silently(INSIDE, &far, DropReason::TcpOutOfWindow);
    lab.set_role(Role::Active);
    lab.forwards(INSIDE, OUTSIDE, &far);
}

#[test]
fn a_blind_attacker_needs_more_than_the_slack_gives() {
    let mut lab = took_over(pair(), |lab| connect(lab, web()));
    let before = lab.sessions();
    // Beyond the slack, behind the window, and acknowledging what nobody can have sent.
    for (seq, ack) in
        [(700_000_000, 901), (0x9000_0000, 901), (101, 700_000_000), (101, 0x9000_0000), (0xfff0_0000, 901)]
    {
        lab.drops_silently(INSIDE, &data(web(), seq, ack), DropReason::TcpOutOfWindow);
        lab.drops_silently(OUTSIDE, &data(web().reply(), seq, ack), DropReason::TcpOutOfWindow);
    }
    for seq in [102, 50_000, 1_000_000, 500_000_000] {
        // It reaches the server, who knows, and nothing here believes it.
        lab.forwards(INSIDE, OUTSIDE, &web().tcp(RST, seq, 0));
        lab.forwards(INSIDE, OUTSIDE, &web().tcp(RST_ACK, seq, 901));
    }
    lab.drops_silently(INSIDE, &web().tcp(RST, 700_000_000, 0), DropReason::TcpOutOfWindow);
    lab.drops_silently(INSIDE, &web().tcp(RST, 0xffff_0000 - 1_000_000, 0), DropReason::TcpOutOfWindow);
    assert_eq!(
        lab.sessions().iter().map(|s| s.state).collect::<Vec<_>>(),
        before.iter().map(|s| s.state).collect::<Vec<_>>()
    );
    lab.forwards(INSIDE, OUTSIDE, &data(web(), 101, 901));
}

#[test]
fn a_handshake_may_have_been_completed_at_the_peer() {
    let begun: [fn(&mut Lab); 2] = [
        |lab| {
            lab.forwards(INSIDE, OUTSIDE, &web().tcp(SYN, 100, 0));
        },
        |lab| {
            lab.forwards(INSIDE, OUTSIDE, &web().tcp(SYN, 100, 0));
            lab.forwards(OUTSIDE, INSIDE, &web().reply().tcp(SYN_ACK, 900, 101));
        },
    ];
    for begin in begun {
        // The initiator is heard first, with its acknowledgement, with data, or at its end; or the responder is.
        for packet in [web().tcp(ACK, 101, 901), data(web(), 5101, 3901), web().tcp(FIN_ACK, 5101, 3901)] {
            let mut lab = took_over(pair(), begin);
            lab.forwards(INSIDE, OUTSIDE, &packet);
            assert_eq!(lab.stats().current[0], 0, "no longer half-open");
            lab.forwards(OUTSIDE, INSIDE, &data(web().reply(), 3901, 101));
        }
        let mut lab = took_over(pair(), begin);
        lab.forwards(OUTSIDE, INSIDE, &data(web().reply(), 901, 101));
        lab.forwards(INSIDE, OUTSIDE, &web().tcp(ACK, 101, 1901));
        assert_eq!(lab.stats().current[0], 0);
        // Guesses are not believed, and neither is anything on a box that was active all the time.
        let mut lab = took_over(pair(), begin);
        assert_eq!(lab.pass(INSIDE, &data(web(), 9_000_000, 901)), []);
        assert_eq!(lab.pass(OUTSIDE, &data(web().reply(), 901, 9_000_000)), []);
        assert_eq!(lab.stats().current[0], 1);
    }
    let mut lab = lab_in(Role::Active);
    lab.forwards(INSIDE, OUTSIDE, &web().tcp(SYN, 100, 0));
    lab.drops_silently(INSIDE, &web().tcp(ACK, 101, 901), DropReason::TcpStateBad);
    lab.drops_silently(OUTSIDE, &data(web().reply(), 901, 101), DropReason::TcpStateBad);
}

#[test]
fn queries_of_the_last_moment_are_answered() {
    let dns = || Flow::new(CLIENT, SERVER, (40_000, 53));
    let mut lab = took_over(pair(), |lab| {
        lab.forwards(INSIDE, OUTSIDE, &ping().echo(true, 1));
        lab.forwards(INSIDE, OUTSIDE, &ntp().udp(b"x"));
    });
    lab.forwards(OUTSIDE, INSIDE, &ping().reply().echo(false, 4));
    lab.drops_silently(OUTSIDE, &ping().reply().echo(false, 4), DropReason::IcmpUnsolicited);
    lab.drops_silently(OUTSIDE, &ping().reply().echo(false, 500), DropReason::IcmpUnsolicited);
    lab.forwards(OUTSIDE, INSIDE, &ping().reply().echo(false, 3));
    lab.forwards(OUTSIDE, INSIDE, &ntp().reply().udp(b"y"));
    let mut lab = took_over(pair(), |lab| {
        lab.forwards(INSIDE, OUTSIDE, &Flow::new(CLIENT, SERVER, (40_000, 53)).udp(b"A?"));
    });
    for _ in 0..3 {
        lab.forwards(OUTSIDE, INSIDE, &dns().reply().udp(b"A!"));
    }
    lab.drops_silently(OUTSIDE, &dns().reply().udp(b"A!"), DropReason::UdpUnsolicited);
}

/// The peer admitted it and died before it could say so. A reset would end for good what may come back with a SYN.
#[test]
fn unknown_connections_are_not_reset_soon_after_a_takeover() {
    let mail = Flow::new(CLIENT, MAIL, (40_000, 25));
    let rules = || vec![rule(INSIDE, OUTSIDE, Action::Inspect), rule(INSIDE, DMZ, Action::Reject)];
    let mut lab = took_over(Setup { rules: rules(), ..pair() }, |_| {});
    for flags in [ACK, FIN_ACK, SYN_ACK] {
        lab.drops_silently(INSIDE, &mail.tcp(flags, 100, 900), DropReason::PolicyReject);
        lab.drops_silently(INSIDE, &web().tcp(flags, 100, 900), DropReason::TcpNoSession);
    }
    assert_eq!(lab.pass(INSIDE, &mail.tcp(SYN, 100, 0)).len(), 1, "who begins hears that it is refused");
    lab.wait(SLACK_TIME);
    assert_eq!(lab.pass(INSIDE, &mail.tcp(ACK, 100, 900)).len(), 1);
    let mut single = Lab::new(Setup { rules: rules(), ..Setup::default() });
    assert_eq!(single.pass(INSIDE, &mail.tcp(ACK, 100, 900)).len(), 1);
}
