//! Whoever is on the link may send anything. Nothing panics, and nothing but counters and alarms changes unless the
//! sender knows the secret.

use proptest::prelude::*;

use super::*;

/// All of a group that an attacker could want to change.
fn essence(bench: &Bench) -> String {
    let status = bench.group.status(bench.now);
    format!(
        "{:?}",
        (
            (status.state, status.priority, status.hello, status.hold, status.state_changes),
            (status.virtual_addresses, status.active_router, status.standby_router, status.sent),
            (status.next_hello_in, status.received[..3].to_vec(), bench.group.wake()),
            (
                bench.group.active_router(),
                bench.group.standby_router(),
                bench.group.is_active_silent(bench.now)
            ),
        )
    )
}

/// Nothing moved: no frame, no event but alarms.
fn assert_unmoved(bench: &mut Bench, before: &str) {
    assert_eq!(bench.sent(), []);
    for event in bench.events() {
        assert!(
            matches!(event, GroupEvent::AuthenticationFailed { .. } | GroupEvent::DuplicateAddress { .. }),
            "{event:?}"
        );
    }
    assert_eq!(essence(bench), before);
}

fn any_state() -> impl Strategy<Value = GroupState> {
    prop::sample::select(vec![
        GroupState::Initial,
        GroupState::Listen,
        GroupState::Speak,
        GroupState::Standby,
        GroupState::Active,
    ])
}

fn any_version() -> impl Strategy<Value = Version> {
    prop::sample::select(vec![Version::V1, Version::V2])
}

/// Payloads: any bytes, or a good packet under `authentication`, some bytes changed, then cut or lengthened.
fn payload(authentication: Authentication) -> impl Strategy<Value = Vec<u8>> {
    let changes = prop::collection::vec((0usize..72, any::<u8>()), 0..4);
    let states = prop::sample::select(GroupState::ALL.to_vec());
    let opcodes = prop::sample::select(vec![Opcode::Hello, Opcode::Coup, Opcode::Resign]);
    let nearly = (any_version(), opcodes, states, any::<u8>(), changes, prop::option::of(0usize..100))
        .prop_map(move |(version, opcode, state, priority, changes, len)| {
            let config = GroupConfig { version, ..config(5) };
            let mut payload = Vec::new();
            packet(&config, opcode, state, priority).write(&authentication, address(9), &mut payload);
            for (at, byte) in changes {
                if let Some(b) = payload.get_mut(at) {
                    *b = byte;
                }
            }
            if let Some(len) = len {
                payload.resize(len, 0);
            }
            payload
        });
    prop_oneof![1 => any::<Vec<u8>>(), 4 => nearly]
}

fn sources() -> impl Strategy<Value = Ipv4Addr> {
    prop_oneof![Just(address(9)), Just(address(5)), any::<u32>().prop_map(Ipv4Addr::from_bits)]
}

proptest! {
    #[test]
    fn without_the_key_nothing_moves(
        state in any_state(),
        version in any_version(),
        payloads in prop::collection::vec((sources(), payload(Authentication::from_key("guessed"))), 1..8),
    ) {
        let mut bench = Bench::in_state(GroupConfig { version, ..config(5) }, state);
        if state != GroupState::Initial && state != GroupState::Active {
            bench.hello(9, GroupState::Active, 200);
            bench.frames();
            bench.events();
        }
        let before = essence(&bench);
        for (source, payload) in &payloads {
            bench.input(Input::Packet { source: *source, payload });
        }
        assert_unmoved(&mut bench, &before);
    }

    #[test]
    fn without_the_text_nothing_moves(state in any_state(), payload in payload(Authentication::None)) {
        let authentication = Authentication::from_text("s3cret").unwrap();
        let mut bench = Bench::in_state(GroupConfig { authentication, ..config(5) }, state);
        let before = essence(&bench);
        bench.input(Input::Packet { source: address(9), payload: &payload });
        assert_unmoved(&mut bench, &before);
    }

    /// With the secret (here: none) anything may be said in any order: no panic, no state that the box did not
    /// order, no flood, and timers that do not stand still.
    #[test]
    fn whatever_is_said_active_is_the_boxs_to_decide(
        state in any_state(),
        version in any_version(),
        preempt: bool,
        steps in prop::collection::vec((sources(), payload(Authentication::None), 0u64..1_000), 0..20),
    ) {
        let authentication = Authentication::None;
        let mut bench = Bench::in_state(GroupConfig { authentication, version, preempt, ..config(5) }, state);
        for (source, payload, wait) in &steps {
            bench.input(Input::Packet { source: *source, payload });
            prop_assert!(bench.frames().len() <= 4);
            let end = bench.now + ms(*wait);
            let mut calls = 0;
            while let Some(at) = bench.group.wake().filter(|at| *at <= end) {
                bench.now = bench.now.max(at);
                bench.input(Input::Timeout);
                prop_assert!(bench.frames().len() <= 4);
                calls += 1;
                prop_assert!(calls < 20);
            }
            bench.now = end;
            prop_assert_eq!(bench.group.state() == GroupState::Active, state == GroupState::Active);
            prop_assert_eq!(bench.group.state() == GroupState::Initial, state == GroupState::Initial);
            let status = bench.group.status(bench.now);
            prop_assert!(status.hold >= ms(800) && status.hold <= Duration::from_secs(255));
            prop_assert_eq!(&status.virtual_addresses, &[VIRTUAL]);
            prop_assert!(bench.events().len() <= 16);
        }
    }
}

#[test]
fn a_packet_sent_on_under_another_address_is_not_believed() {
    let mut bench = Bench::in_state(config(5), GroupState::Active);
    let mut payload = Vec::new();
    let coup = packet(bench.group.config(), Opcode::Coup, GroupState::Standby, 255);
    coup.write(&bench.group.config().authentication, address(9), &mut payload);
    let before = essence(&bench);
    bench.input(Input::Packet { source: address(8), payload: &payload });
    assert_eq!(bench.events(), [GroupEvent::AuthenticationFailed { source: address(8) }]);
    assert_eq!(essence(&bench), before);
    bench.input(Input::Packet { source: address(9), payload: &payload });
    assert!(matches!(bench.events()[..], [GroupEvent::YieldDue { why: YieldWhy::Coup, .. }]));
}

#[test]
fn failures_are_counted_all_and_told_once_a_second() {
    let mut bench = Bench::in_state(config(5), GroupState::Standby);
    let mut payload = Vec::new();
    packet(&config(5), Opcode::Hello, GroupState::Active, 255).write(
        &Authentication::None,
        address(9),
        &mut payload,
    );
    let mut told = 0;
    let begin = bench.now;
    for i in 0..3_000u32 {
        bench.now = begin + ms(u64::from(i));
        let source = Ipv4Addr::from_bits(0x0a00_0200 + i);
        bench.input(Input::Packet { source, payload: &payload });
        told += bench.events().len();
    }
    assert_eq!(told, 3);
    assert_eq!(bench.group.status(bench.now).authentication_failures, 3_000);
}

#[test]
fn our_own_address_from_elsewhere_is_an_alarm_only() {
    for state in [GroupState::Standby, GroupState::Active] {
        let mut bench = Bench::in_state(config(5), state);
        let before = essence(&bench);
        for opcode in [Opcode::Hello, Opcode::Coup, Opcode::Resign] {
            let forged = packet(bench.group.config(), opcode, GroupState::Active, 255);
            bench.hear(5, &forged);
        }
        assert_eq!(bench.events(), [GroupEvent::DuplicateAddress { source: address(5) }]);
        assert_eq!((essence(&bench), bench.sent()), (before, vec![]));
    }
}

#[test]
fn a_caller_that_never_drains_fills_nothing() {
    let mut bench = Bench::in_state(GroupConfig { preempt: true, ..config(5) }, GroupState::Standby);
    for i in 0..10_000u32 {
        bench.hello(3, GroupState::Active, (i % 100) as u8);
        bench.now = bench.now + ms(1);
        if bench.group.wake().is_some_and(|at| at <= bench.now) {
            bench.input(Input::Timeout);
        }
    }
    assert!(bench.events().len() <= 32);
    assert!(bench.frames().len() <= 4);
}

#[test]
fn impossible_sources_are_malformed() {
    let mut bench = Bench::in_state(
        GroupConfig { authentication: Authentication::None, ..config(5) },
        GroupState::Active,
    );
    let before = essence(&bench);
    let mut payload = Vec::new();
    packet(&config(5), Opcode::Coup, GroupState::Standby, 255).write(
        &Authentication::None,
        address(9),
        &mut payload,
    );
    for source in [Ipv4Addr::UNSPECIFIED, Ipv4Addr::BROADCAST, Version::V2.multicast(), Ipv4Addr::LOCALHOST] {
        bench.input(Input::Packet { source, payload: &payload });
    }
    assert_unmoved(&mut bench, &before);
    assert_eq!(bench.group.status(bench.now).malformed, 4);
}
