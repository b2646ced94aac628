//! The box decides: what a group asks for, what it does until it is told, and what it does then.

use super::*;
use GroupState::{Active, Initial, Listen, Speak, Standby};

fn takeovers(events: &[GroupEvent]) -> Vec<TakeoverWhy> {
    let why = events.iter().filter_map(|event| match event {
        GroupEvent::TakeoverDue { why } => Some(*why),
        _ => None,
    });
    why.collect()
}

fn yields(events: &[GroupEvent]) -> Vec<YieldWhy> {
    let why = events.iter().filter_map(|event| match event {
        GroupEvent::YieldDue { why, source, priority } => {
            assert_eq!((*source, *priority), (address(9), 200));
            Some(*why)
        }
        _ => None,
    });
    why.collect()
}

#[test]
fn a_silent_active_is_reported_every_hold_time_until_told() {
    let mut bench = Bench::in_state(config(5), Standby);
    bench.hello(9, Active, 100);
    let heard = bench.now;
    bench.frames();
    bench.events();
    let (mut times, mut hellos) = (Vec::new(), 0);
    while bench.group.wake().unwrap() <= heard + ms(2_500) {
        assert_eq!(bench.group.state(), Standby);
        bench.advance();
        hellos += bench.sent().iter().filter(|said| **said == (Opcode::Hello, Standby)).count();
        for why in takeovers(&bench.events()) {
            assert_eq!(why, TakeoverWhy::ActiveSilent);
            times.push(bench.now.since(heard).as_millis());
        }
    }
    assert_eq!(times, [800, 1_600, 2_400]);
    assert_eq!(hellos, 10, "a standby router goes on saying so");
    bench.input(Input::Promote { why: "no peer" });
    assert_eq!(bench.sent(), [(Opcode::Hello, Active)], "nobody to send a Coup to");
    assert_eq!(bench.group.status(bench.now).last_change_why, "no peer");
    assert_eq!(bench.group.active_router(), None, "who was silent is no rival");
}

#[test]
fn a_resign_is_reported_at_once_and_then_by_the_timer() {
    let mut bench = Bench::in_state(config(5), Standby);
    bench.hello(9, Active, 200);
    bench.events();
    // The state field does not matter.
    let resign = packet(bench.group.config(), Opcode::Resign, Speak, 200);
    bench.hear(8, &resign);
    assert_eq!(bench.events(), [], "not from the active router");
    bench.hear(9, &resign);
    let events = bench.events();
    assert_eq!(events[0], GroupEvent::ActiveResigned { source: address(9) });
    assert_eq!(takeovers(&events), [TakeoverWhy::ActiveResigned]);
    assert_eq!((bench.group.state(), bench.group.active_router()), (Standby, None));
    let resigned = bench.now;
    while takeovers(&bench.events()) != [TakeoverWhy::ActiveSilent] {
        bench.advance();
    }
    assert_eq!(bench.now.since(resigned), ms(800));
    bench.hear(9, &resign);
    assert_eq!(takeovers(&bench.events()), [], "a second Resign, of a router no longer known as active");
}

#[test]
fn preemption_is_reported_with_each_hello_and_done_with_a_coup() {
    for state in [Listen, Speak, Standby] {
        let mut bench = Bench::in_state(GroupConfig { preempt: true, ..config(5) }, state);
        for _ in 0..3 {
            bench.hello(3, Active, 100);
            assert_eq!(takeovers(&bench.events()), [TakeoverWhy::Preempt]);
            assert_eq!(bench.group.state(), state);
            bench.now = bench.now + ms(100);
        }
        bench.frames();
        bench.input(Input::Promote { why: "ready" });
        assert_eq!(bench.sent(), [(Opcode::Coup, state), (Opcode::Hello, Active)]);
        let rival = bench.group.active_router().unwrap();
        assert_eq!((rival.address, rival.priority), (address(3), 100));
    }
    let mut bench = Bench::in_state(config(5), Standby);
    bench.hello(3, Active, 100);
    assert_eq!(takeovers(&bench.events()), [], "preemption is off");
}

#[test]
fn promotion_from_any_running_state() {
    for state in [Listen, Speak, Standby] {
        let mut bench = Bench::in_state(config(5), state);
        bench.hello(8, Standby, 50);
        bench.frames();
        bench.input(Input::Promote { why: "test" });
        assert_eq!(bench.sent(), [(Opcode::Hello, Active)]);
        assert_eq!(bench.group.status(bench.now).active_router, Some(address(5)));
        // The standby router is not forgotten, and forgotten when it is silent.
        assert_eq!(bench.group.standby_router().unwrap().address, address(8));
        for _ in 0..8 {
            bench.advance();
        }
        assert_eq!(bench.group.standby_router(), None);
    }
    let mut bench = Bench::in_state(config(5), Initial);
    bench.input(Input::Promote { why: "test" });
    assert_eq!((bench.group.state(), bench.sent(), bench.group.wake()), (Initial, vec![], None));
    let mut bench = Bench::in_state(config(5), Active);
    bench.input(Input::Promote { why: "again" });
    assert_eq!((bench.sent(), bench.events()), (vec![], vec![]));
}

#[test]
fn demotion_sends_a_resign_that_still_says_active() {
    let mut bench = Bench::in_state(config(5), Active);
    bench.input(Input::Demote { why: "another member went down" });
    assert_eq!(bench.group.state(), Speak);
    let frames = bench.frames();
    let [lan::Frame::Hsrp { source_mac, .. }] = &frames[..] else { panic!("{frames:?}") };
    assert_eq!(*source_mac, bench.group.virtual_mac());
    assert_eq!(frames[0].said(), Some((Opcode::Resign, Active)));
    bench.advance();
    assert_eq!(bench.sent(), [(Opcode::Hello, Speak)]);
    for state in [Initial, Listen, Speak, Standby] {
        let mut bench = Bench::in_state(config(5), state);
        bench.input(Input::Demote { why: "nothing to leave" });
        assert_eq!((bench.group.state(), bench.sent()), (state, vec![]));
    }
}

#[test]
fn interface_down_leaves_active_at_once_with_a_resign() {
    let mut bench = Bench::in_state(config(5), Active);
    bench.input(Input::Down);
    assert_eq!(bench.sent(), [(Opcode::Resign, Active)]);
    assert_eq!((bench.group.state(), bench.group.wake()), (Initial, None));
    assert!(bench.group.is_active_silent(bench.now), "whoever does not run hears nobody");
    bench.hello(9, Active, 200);
    bench.input(Input::Timeout);
    assert_eq!((bench.group.state(), bench.sent(), bench.group.wake()), (Initial, vec![], None));
}

#[test]
fn a_higher_active_is_reported_and_the_group_goes_on_until_told() {
    let mut bench = Bench::in_state(config(5), Active);
    for _ in 0..3 {
        bench.hello(9, Active, 200);
        assert_eq!(yields(&bench.events()), [YieldWhy::HigherActive]);
        assert_eq!(bench.group.state(), Active);
        bench.advance();
        assert_eq!(bench.sent(), [(Opcode::Hello, Active)]);
    }
    // Told, it goes without a Resign: somebody is active, nobody else shall become so.
    bench.input(Input::Demote { why: "lower term" });
    assert_eq!((bench.group.state(), bench.sent()), (Speak, vec![]));
    assert_eq!(bench.group.active_router().unwrap().address, address(9));
}

#[test]
fn a_rival_that_fell_silent_leaves_the_resign_to_be_sent() {
    let mut bench = Bench::in_state(config(5), Active);
    bench.hello(9, Active, 200);
    bench.now = bench.now + ms(800);
    bench.input(Input::Demote { why: "test" });
    assert_eq!(bench.sent(), [(Opcode::Resign, Active)]);
}

#[test]
fn a_rival_of_lower_rank_leaves_the_resign_to_be_sent() {
    let mut bench = Bench::in_state(config(5), Active);
    bench.hello(3, Active, 100);
    bench.frames();
    bench.input(Input::Demote { why: "test" });
    assert_eq!(bench.sent(), [(Opcode::Resign, Active)]);
}

#[test]
fn what_was_not_sent_yet_and_is_no_longer_so_is_not_sent() {
    let mut bench = Bench::in_state(config(5), Active);
    bench.input(Input::Demote { why: "no" });
    bench.input(Input::Promote { why: "yes" });
    assert_eq!(bench.sent(), [(Opcode::Hello, Active)], "no Resign");
    let mut bench = Bench::in_state(config(5), Speak);
    bench.advance();
    bench.hello(9, Speak, 200);
    assert_eq!((bench.group.state(), bench.sent()), (Listen, vec![]), "no Hello");
}

#[test]
fn a_standby_router_that_became_active_is_standby_no_longer() {
    let mut bench = Bench::in_state(config(5), Listen);
    bench.hello(9, Standby, 200);
    assert_eq!(bench.group.status(bench.now).standby_router, Some(address(9)));
    bench.hello(9, Active, 200);
    let status = bench.group.status(bench.now);
    assert_eq!((status.active_router, status.standby_router), (Some(address(9)), None));
}

#[test]
fn a_coup_is_reported_and_answered_with_a_resign_when_told() {
    let mut bench = Bench::in_state(config(5), Active);
    let coup = |bench: &mut Bench, host, priority| {
        let coup = packet(bench.group.config(), Opcode::Coup, Standby, priority);
        bench.hear(host, &coup);
    };
    coup(&mut bench, 3, 100);
    assert_eq!(bench.events(), [], "of lower rank");
    coup(&mut bench, 9, 200);
    assert_eq!(yields(&bench.events()), [YieldWhy::Coup]);
    assert_eq!(bench.sent(), []);
    bench.input(Input::Demote { why: YieldWhy::Coup.as_str() });
    assert_eq!(bench.sent(), [(Opcode::Resign, Active)]);
    for state in [Listen, Speak, Standby] {
        let mut bench = Bench::in_state(config(5), state);
        coup(&mut bench, 9, 200);
        assert_eq!((bench.group.state(), bench.events()), (state, vec![]));
    }
}

#[test]
fn silence_and_return_of_the_active_are_told_once() {
    for state in [Listen, Speak, Standby] {
        let mut bench = Bench::in_state(config(5), state);
        bench.hello(9, Active, 200);
        let events = bench.events();
        assert!(
            events.contains(&GroupEvent::ActiveHeard { source: address(9), priority: 200 })
                || events.contains(&GroupEvent::ActiveHeardAgain { source: address(9), priority: 200 })
        );
        bench.hello(9, Active, 200);
        assert_eq!(bench.events(), [], "nothing new");
        bench.hello(9, Active, 150);
        assert_eq!(bench.events(), [GroupEvent::ActiveHeard { source: address(9), priority: 150 }]);

        let (last, mut silences) = (bench.now, Vec::new());
        while bench.now.since(last) < ms(3_000) {
            assert_eq!(bench.group.is_active_silent(bench.now), bench.now.since(last) >= ms(800));
            bench.advance();
            let silent = GroupEvent::ActiveSilent { last: Some(address(9)) };
            silences.extend(bench.events().iter().filter(|e| **e == silent).map(|_| bench.now.since(last)));
        }
        assert_eq!(silences, [ms(800)]);
        assert_eq!(bench.group.active_router(), None);
        assert_eq!(bench.group.status(bench.now).active_router, None);
        bench.hello(9, Active, 150);
        assert!(bench.events().contains(&GroupEvent::ActiveHeardAgain { source: address(9), priority: 150 }));
        assert!(!bench.group.is_active_silent(bench.now));
        let heard = bench.group.active_router().unwrap();
        assert_eq!((heard.since, heard.last), (bench.now, bench.now));
    }
}

#[test]
fn of_two_actives_the_higher_counts_while_it_is_heard() {
    let mut bench = Bench::in_state(config(5), Standby);
    bench.hello(9, Active, 200);
    bench.hello(8, Active, 150);
    assert_eq!(bench.group.active_router().unwrap().address, address(9));
    let resign = packet(bench.group.config(), Opcode::Resign, Active, 150);
    bench.events();
    bench.hear(8, &resign);
    assert_eq!(bench.events(), [], "the loser's Resign ends nothing");
    bench.now = bench.now + ms(800);
    bench.hello(8, Active, 150);
    assert_eq!(bench.group.active_router().unwrap().address, address(8));
}
