//! Routers that talk, carrying out at once what HSRP alone would.

use super::lan::{Frame, Lan};
use super::*;
use GroupState::{Active, Initial, Listen, Speak, Standby};

fn with_priority(host: u8, priority: u8) -> GroupConfig {
    GroupConfig { priority, ..config(host) }
}

fn settled(configs: impl IntoIterator<Item = GroupConfig>) -> Lan {
    let mut lan = Lan::new(configs);
    lan.up();
    lan.run(ms(5_000));
    lan
}

/// A pair with hosts 5 and 6 of which the first is active.
fn pair() -> Lan {
    let lan = settled([with_priority(5, 110), with_priority(6, 100)]);
    assert_eq!(lan.states(), [Active, Standby]);
    lan
}

#[test]
fn a_lone_router_becomes_active_within_twice_hold_and_a_hello() {
    for (version, hello, hold) in [
        (Version::V2, 250, 800),
        (Version::V2, 15, 50),
        (Version::V1, 3_000, 10_000),
        (Version::V2, 3_000, 10_000),
    ] {
        let mut lan = Lan::new([GroupConfig { version, hello: ms(hello), hold: ms(hold), ..config(5) }]);
        lan.up();
        lan.run(ms(2 * hold + hello));
        assert_eq!(lan.states(), [Active]);
        let took = lan.nodes[0].entered(Active).unwrap().since(START);
        assert!(took <= ms(2 * hold + hello), "{took:?}");
    }
}

#[test]
fn the_higher_priority_is_elected_then_the_higher_address() {
    for version in [Version::V1, Version::V2] {
        let of = |host, priority| GroupConfig { version, ..with_priority(host, priority) };
        assert_eq!(settled([of(5, 110), of(6, 100)]).states(), [Active, Standby]);
        assert_eq!(settled([of(5, 100), of(6, 110)]).states(), [Standby, Active]);
        assert_eq!(settled([of(5, 100), of(200, 100)]).states(), [Standby, Active]);
        assert_eq!(settled([of(5, 100), of(6, 90), of(7, 80)]).states(), [Active, Standby, Listen]);
    }
}

#[test]
fn the_standby_takes_over_after_the_hold_time_and_no_sooner() {
    let mut lan = pair();
    let last_hello = lan.nodes[0].sent.last().unwrap().0;
    lan.nodes[0].cut = true;
    lan.run(ms(2_000));
    let took = lan.nodes[1].entered(Active).unwrap().since(last_hello);
    assert_eq!(took, ms(801), "hold time and the millisecond on the wire");
    // Healed, the lower one has to go, without a Resign; its neighbour answers with Coup and gratuitous ARP.
    let (before, healed) = (lan.nodes[0].sent.len(), lan.now);
    lan.nodes[0].cut = false;
    lan.run(ms(3_000));
    assert_eq!(lan.states(), [Active, Standby]);
    assert!(lan.nodes[1].entered(Speak).unwrap().since(healed) <= ms(252));
    let after: Vec<&Frame> = lan.nodes[0].sent[before..].iter().map(|(_, frame)| frame).collect();
    let coups = after.iter().filter(|f| f.said() == Some((Opcode::Coup, Active))).count();
    let announcements = after.iter().filter(|f| matches!(f, Frame::Arp { .. })).count();
    assert!(coups <= 1 && announcements >= 2 * coups, "{coups} {announcements}");
}

#[test]
fn a_resign_hands_over_at_once() {
    let mut lan = pair();
    let asked = lan.now;
    lan.input(0, Input::Demote { why: "planned" });
    lan.run(ms(10));
    assert_eq!(lan.states(), [Speak, Active]);
    assert_eq!(lan.nodes[1].entered(Active).unwrap().since(asked), ms(1));
    lan.run(ms(5_000));
    assert_eq!(lan.states(), [Standby, Active], "without preemption it stays so");
}

#[test]
fn an_interface_that_goes_down_hands_over_and_comes_back_as_standby() {
    let mut lan = pair();
    lan.input(0, Input::Down);
    lan.run(ms(10));
    assert_eq!(lan.states(), [Initial, Active]);
    lan.input(0, Input::Up);
    lan.run(ms(5_000));
    assert_eq!(lan.states(), [Standby, Active]);
}

#[test]
fn preemption_takes_over_with_a_coup_and_the_old_active_resigns() {
    let mut lan = Lan::new([GroupConfig { preempt: true, ..with_priority(5, 110) }, with_priority(6, 100)]);
    lan.input(1, Input::Up);
    lan.run(ms(5_000));
    assert_eq!(lan.states(), [Initial, Active]);
    lan.input(0, Input::Up);
    lan.run(ms(500));
    assert_eq!(lan.states(), [Active, Speak]);
    let said = |node: usize| lan.nodes[node].sent.iter().filter_map(|(at, frame)| Some((*at, frame.said()?)));
    let coup = said(0).find(|(_, said)| said.0 == Opcode::Coup).unwrap();
    let resign = said(1).find(|(_, said)| said.0 == Opcode::Resign).unwrap();
    assert_eq!(resign.0.since(coup.0), ms(1));
    assert_eq!(resign.1, (Opcode::Resign, Active));
    lan.run(ms(5_000));
    assert_eq!(lan.states(), [Active, Standby]);
}

#[test]
fn a_lowered_priority_gives_the_role_to_a_router_that_preempts() {
    let mut lan = settled([with_priority(5, 110), GroupConfig { preempt: true, ..with_priority(6, 105) }]);
    assert_eq!(lan.states(), [Active, Standby]);
    lan.input(0, Input::SetPriority(100));
    lan.run(ms(5_000));
    assert_eq!(lan.states(), [Standby, Active]);
}

#[test]
fn boxes_that_are_told_nothing_stay_where_they_are() {
    let mut lan = pair();
    lan.nodes[1].obeys = false;
    lan.nodes[0].cut = true;
    lan.run(ms(5_000));
    assert_eq!(lan.states(), [Active, Standby]);
    lan.nodes[0].cut = false;
    lan.run(ms(5_000));
    assert_eq!(lan.states(), [Active, Standby]);
    assert!(!lan.nodes[1].group.is_active_silent(lan.now));
}

#[test]
fn hellos_keep_their_schedule() {
    let mut lan = pair();
    let begin = lan.nodes[0].sent.len();
    lan.run(ms(10_000));
    let hellos: Vec<u64> =
        lan.nodes[0].sent[begin..].iter().filter(|(_, f)| f.packet().is_some()).map(|(at, _)| at.0).collect();
    assert_eq!(hellos.len(), 40);
    assert!(hellos.windows(2).all(|pair| pair[1] - pair[0] == 250_000_000));
}

#[test]
fn speak_to_standby_keeps_the_schedule() {
    let mut lan = Lan::new([config(5)]);
    lan.nodes[0].obeys = false;
    lan.up();
    lan.run(ms(3_000));
    assert_eq!(lan.states(), [Standby]);
    let hellos: Vec<u128> = lan.nodes[0].sent.iter().map(|(at, _)| at.since(START).as_millis()).collect();
    assert_eq!(hellos, [800, 1_050, 1_300, 1_550, 1_800, 2_050, 2_300, 2_550, 2_800]);
}

#[test]
fn a_late_caller_gets_one_hello_and_the_old_grid() {
    let mut bench = Bench::in_state(config(5), Active);
    bench.now = bench.now + ms(10_000);
    bench.input(Input::Timeout);
    bench.frames();
    let due = bench.group.wake().unwrap();
    for (late, next) in [(3, 250), (100, 500), (1_130, 1_750), (0, 2_000)] {
        bench.now = bench.now.max(bench.group.wake().unwrap() + ms(late));
        bench.input(Input::Timeout);
        assert_eq!(bench.sent(), [(Opcode::Hello, Active)]);
        assert_eq!(bench.group.wake(), Some(due + ms(next)));
    }
}

#[test]
fn routers_of_another_group_or_version_do_not_meet() {
    for stranger in [
        GroupConfig { group: 8, ..with_priority(6, 200) },
        GroupConfig { version: Version::V1, ..with_priority(6, 200) },
        GroupConfig { authentication: Authentication::from_key("other"), ..with_priority(6, 200) },
        GroupConfig { authentication: Authentication::None, ..with_priority(6, 200) },
    ] {
        let lan = settled([config(5), stranger]);
        assert_eq!(lan.states(), [Active, Active]);
        let status = lan.nodes[0].group.status(lan.now);
        assert_eq!(status.received, [0; 4]);
        assert!(status.malformed + status.authentication_failures > 10);
    }
}

#[test]
fn the_status_tells_what_there_is() {
    let mut lan = pair();
    lan.run(ms(100));
    let [active, standby] = [0, 1].map(|node: usize| lan.nodes[node].group.status(lan.now));
    for status in [&active, &standby] {
        assert_eq!((status.active_router, status.active_priority), (Some(address(5)), Some(110)));
        assert_eq!(status.standby_router, Some(address(6)));
        assert_eq!((status.version, status.group, status.authentication), (2, 7, "md5"));
        assert_eq!(status.virtual_addresses, [VIRTUAL]);
        assert!(status.next_hello_in.unwrap() <= ms(250));
        assert!(status.sent[0] > 10 && status.received[0] > 10);
    }
    assert_eq!(active.last_change_why, TakeoverWhy::ActiveSilent.as_str());
    assert_eq!(active.state_changes, 4);
    assert_eq!(lan.nodes[0].entered(Active).map(|at| lan.now.since(at)), Some(active.last_change));
}
