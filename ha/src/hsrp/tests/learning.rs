//! What is taken over from the active router, and what is not.

use super::*;

fn times(bench: &Bench) -> (Duration, Duration) {
    let status = bench.group.status(bench.now);
    (status.hello, status.hold)
}

/// Hello of router 9 in Active with priority 200 and these timers.
fn hear(bench: &mut Bench, hello: u64, hold: u64) {
    let packet = packet(bench.group.config(), Opcode::Hello, GroupState::Active, 200);
    bench.hear(9, &Packet { hello: ms(hello), hold: ms(hold), ..packet });
}

#[test]
fn timers_of_whole_seconds_only() {
    for state in [GroupState::Listen, GroupState::Speak, GroupState::Standby] {
        let mut bench = Bench::in_state(config(5), state);
        for (hello, hold, learned) in [
            (3_000, 10_000, true),
            (1_000, 3_000, true),
            (999, 3_000, false),
            (100, 300, false),
            (3_000, 3_000, false),
            (3_000, 256_000, false),
            (5_000, 15_000, true),
            // Not fit to be learned: back to what is configured.
            (0, 0, false),
        ] {
            hear(&mut bench, hello, hold);
            let expected = if learned { (ms(hello), ms(hold)) } else { (ms(250), ms(800)) };
            assert_eq!(times(&bench), expected);
        }
    }
}

#[test]
fn learned_hold_time_is_waited() {
    let mut bench = Bench::in_state(config(5), GroupState::Standby);
    hear(&mut bench, 3_000, 10_000);
    let heard = bench.now;
    while !bench.events().iter().any(|event| matches!(event, GroupEvent::TakeoverDue { .. })) {
        bench.advance();
    }
    assert_eq!(bench.now.since(heard), ms(10_000));
    // Active, it uses its own.
    bench.input(Input::Promote { why: "test" });
    assert_eq!(times(&bench), (ms(250), ms(800)));
    assert_eq!(bench.group.wake(), Some(bench.now + ms(250)));
}

#[test]
fn a_shorter_hello_time_counts_from_now_on() {
    let mut bench =
        Bench::in_state(GroupConfig { hello: ms(10_000), hold: ms(30_000), ..config(5) }, GroupState::Speak);
    bench.advance();
    assert_eq!(bench.group.status(bench.now).next_hello_in, Some(ms(10_000)));
    hear(&mut bench, 2_000, 6_000);
    assert_eq!(bench.group.status(bench.now).next_hello_in, Some(ms(2_000)));
}

#[test]
fn an_active_router_learns_nothing() {
    let mut bench = Bench::in_state(config(5), GroupState::Active);
    hear(&mut bench, 3_000, 10_000);
    assert_eq!(times(&bench), (ms(250), ms(800)));
}

#[test]
fn nothing_is_learned_from_others_than_the_active() {
    let mut bench = Bench::in_state(config(5), GroupState::Listen);
    for state in [GroupState::Speak, GroupState::Standby] {
        let packet = packet(bench.group.config(), Opcode::Hello, state, 200);
        bench.hear(9, &Packet { hello: ms(3_000), hold: ms(10_000), ..packet });
        assert_eq!(times(&bench), (ms(250), ms(800)));
    }
    let packet = packet(bench.group.config(), Opcode::Coup, GroupState::Active, 200);
    bench.hear(9, &Packet { hello: ms(3_000), hold: ms(10_000), ..packet });
    assert_eq!(times(&bench), (ms(250), ms(800)));
}

#[test]
fn version_1_with_sub_second_timers_learns_none() {
    // A like router's 900 ms and 2,700 ms look like 1 s and 3 s.
    let quick = GroupConfig { version: Version::V1, hello: ms(900), hold: ms(2_700), ..config(5) };
    let slow = GroupConfig { hello: ms(1_000), hold: ms(4_000), ..quick.clone() };
    for (config, expected) in [(quick, (ms(900), ms(2_700))), (slow, (ms(1_000), ms(3_000)))] {
        let mut bench = Bench::in_state(config, GroupState::Listen);
        hear(&mut bench, 900, 2_700);
        assert_eq!(times(&bench), expected);
    }
}

#[test]
fn the_virtual_address() {
    let mut bench = Bench::new(GroupConfig { virtual_addresses: vec![], ..config(5) });
    bench.input(Input::Up);
    assert_eq!(bench.group.state(), GroupState::Learn);
    // However long it is silent, whoever speaks, whatever the box wants: without an address it stays.
    for _ in 0..5 {
        if bench.group.wake().is_some() {
            bench.advance();
        }
    }
    bench.hello(9, GroupState::Standby, 1);
    bench.input(Input::Promote { why: "test" });
    for wrong in [Ipv4Addr::UNSPECIFIED, Ipv4Addr::BROADCAST, Version::V2.multicast(), address(5)] {
        let packet = packet(bench.group.config(), Opcode::Hello, GroupState::Active, 200);
        bench.hear(9, &Packet { virtual_address: wrong, ..packet });
    }
    assert_eq!(bench.group.state(), GroupState::Learn);
    assert_eq!(bench.sent(), []);
    // Of the active router of lower priority just as well.
    bench.hello(9, GroupState::Active, 1);
    assert_eq!(bench.group.state(), GroupState::Listen);
    assert_eq!(bench.group.virtual_addresses(), [VIRTUAL]);
    // A configured one is never replaced; a learned one is forgotten with the interface.
    bench.input(Input::Down);
    assert!(bench.group.virtual_addresses().is_empty());
    bench.input(Input::Up);
    assert_eq!(bench.group.state(), GroupState::Learn);
}

#[test]
fn another_virtual_address_is_an_alarm_and_not_learned() {
    let mut bench = Bench::in_state(config(5), GroupState::Listen);
    let packet = packet(bench.group.config(), Opcode::Hello, GroupState::Active, 200);
    let theirs = address(77);
    let alarm = GroupEvent::MismatchedVirtualAddress { source: address(9), theirs };
    for expected in [1, 0] {
        bench.hear(9, &Packet { virtual_address: theirs, ..packet });
        let alarms = bench.events().into_iter().filter(|event| *event == alarm).count();
        assert_eq!(alarms, expected);
    }
    assert_eq!(bench.group.virtual_addresses(), [VIRTUAL]);
    bench.now = bench.now + ms(1_000);
    bench.hear(9, &Packet { virtual_address: theirs, ..packet });
    assert!(bench.events().contains(&alarm), "again after a second");
    // Somebody who does not know it yet is no mismatch.
    bench.now = bench.now + ms(1_000);
    bench.hear(8, &Packet { virtual_address: Ipv4Addr::UNSPECIFIED, ..packet });
    assert!(!bench.events().iter().any(|e| matches!(e, GroupEvent::MismatchedVirtualAddress { .. })));
}
