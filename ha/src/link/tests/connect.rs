//! Connecting, losing the peer, restarts, keys and versions that differ.

use proptest::prelude::*;

use super::network::*;
use crate::link::{LinkEvent, SealError};
use crate::status::LinkState;

#[test]
fn they_connect_within_two_round_trips() {
    let mut pair = Pair::new(1);
    assert_eq!(pair.links[0].state(), LinkState::Connecting);
    assert!(!pair.send(0, b"too early"));
    pair.run(ms(6));
    let met = |name: &str, boot| {
        vec![LinkEvent::Connected { peer_name: name.to_owned(), peer_boot: boot, version: 2 }]
    };
    assert_eq!(pair.events, [met("beta", 101), met("alpha", 100)]);
    assert!(pair.send(0, b"to beta") && pair.send(1, b"to alpha"));
    pair.run(ms(2));
    assert_eq!(pair.received, [vec![b"to alpha".to_vec()], vec![b"to beta".to_vec()]]);
    assert_eq!(pair.links[0].heard, Some(pair.now));
}

#[test]
fn silence_is_noticed_and_the_link_comes_back() {
    let mut pair = Pair::new(1);
    pair.connect();
    pair.chat(ms(2_000));
    assert_eq!(pair.links[0].counters().handshakes, 1, "no handshake without a reason");
    pair.cut = [true, true];
    pair.chat(DEAD_AFTER + ms(20));
    for side in 0..2 {
        assert_eq!(pair.events[side].last(), Some(&LinkEvent::Lost));
        assert_eq!(pair.links[side].state(), LinkState::Down);
    }
    pair.run(ms(60_000));
    pair.cut = [false, false];
    assert!(pair.run_until(0, connected(101)).unwrap() <= ms(510));
    pair.run(ms(10));
    assert_eq!(pair.events[1].last(), pair.events[1].first(), "connected again, to the same peer");
}

#[test]
fn one_way_silence_is_noticed_by_the_one_who_hears_nothing() {
    let mut pair = Pair::new(1);
    pair.connect();
    pair.cut[1] = true;
    pair.chat(DEAD_AFTER + ms(20));
    assert_eq!(pair.links[1].state(), LinkState::Down);
    assert_eq!(pair.links[0].state(), LinkState::Up);
}

/// Restarts of the initiator, of the responder, of both.
const RESTARTS: [&[usize]; 3] = [&[0], &[1], &[0, 1]];

#[test]
fn restarts_are_recovered_from_quickly() {
    for restarted in RESTARTS {
        let mut pair = Pair::new(1);
        pair.connect();
        pair.chat(ms(500));
        for &side in restarted {
            pair.restart(side);
        }
        let boots = [pair.configs[0].boot, pair.configs[1].boot];
        let begin = pair.now;
        for side in 0..2 {
            if !pair.events[side].iter().any(connected(boots[1 - side])) || restarted.contains(&side) {
                pair.run_until(side, connected(boots[1 - side])).unwrap();
            }
        }
        assert!(pair.now - begin < ms(50), "{restarted:?} took {:?}", pair.now - begin);
        assert!(!pair.events.iter().flatten().any(|event| *event == LinkEvent::Lost));
        pair.chat(ms(100));
        assert!(pair.links.iter().all(|link| link.state() == LinkState::Up));
    }
}

#[test]
fn a_peer_that_starts_late_is_met_at_once() {
    for late in 0..2 {
        let mut pair = Pair::new(1);
        pair.cut = [true, true];
        pair.run(ms(60_000));
        assert_eq!(pair.links[1 - late].state(), LinkState::Down);
        pair.cut = [false, false];
        pair.restart(late);
        let boot = pair.configs[late].boot;
        assert!(pair.run_until(1 - late, connected(boot)).unwrap() < ms(10));
    }
}

#[test]
fn another_key_is_told_once_and_never_connects() {
    let mut configs = [config(0), config(1)];
    configs[1].key = [0; 32];
    let mut pair = Pair::with(configs, 1);
    pair.run(ms(10_000));
    for side in 0..2 {
        assert_eq!(pair.events[side], [LinkEvent::WrongKey]);
        assert!(pair.links[side].counters().handshake_failures > 5);
        assert_eq!(pair.links[side].counters().handshakes, 0);
        assert_eq!(pair.links[side].state(), LinkState::Down);
    }
    pair.configs[1].key = pair.configs[0].key;
    pair.restart(1);
    pair.run_until(0, connected(111)).unwrap();
    pair.chat(ms(50));
    // The alarm is armed again.
    pair.configs[1].key = [9; 32];
    pair.restart(1);
    pair.run(ms(5_000));
    assert_eq!(pair.events[0][2..], [LinkEvent::Lost, LinkEvent::WrongKey]);
}

#[test]
fn versions_that_do_not_meet_are_told_once() {
    let mut configs = [config(0), config(1)];
    configs[1].versions = 3..=4;
    let mut pair = Pair::with(configs, 1);
    pair.run(ms(10_000));
    let told = |name: &str, theirs| vec![LinkEvent::VersionMismatch { peer_name: name.to_owned(), theirs }];
    assert_eq!(pair.events, [told("beta", 3..=4), told("alpha", 1..=2)]);
    assert!(
        pair.links.iter().all(|link| link.counters().version_mismatches > 5 && link.state() != LinkState::Up)
    );
    // The upgrade of the other box brings them together, at the newest version that both speak.
    pair.configs[0].versions = 2..=3;
    pair.restart(0);
    pair.run(ms(10));
    let met = LinkEvent::Connected { peer_name: "beta".to_owned(), peer_boot: 101, version: 3 };
    assert_eq!(pair.events[0].last(), Some(&met));
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(48))]

    #[test]
    fn they_connect_through_any_weather(
        seed: u64, loss in 0_u64..35, duplication in 0_u64..30, corruption in 0_u64..20, jitter in 0_u64..20,
        restarts in proptest::collection::vec((0_usize..2, 0_u64..1_500), 0..4),
    ) {
        let mut pair = Pair::new(seed);
        pair.weather = Weather { loss, duplication, corruption, jitter: ms(jitter), ..CLEAR };
        for (side, after) in restarts {
            pair.chat(ms(after));
            pair.restart(side);
        }
        // At worst 40 % of the datagrams vanish, and a handshake needs five in a row.
        pair.chat(ms(12_000));
        let boots = [pair.configs[0].boot, pair.configs[1].boot];
        for side in 0..2 {
            let last = pair.events[side].iter().rfind(|e| matches!(e, LinkEvent::Connected { .. }));
            prop_assert!(last.is_some_and(connected(boots[1 - side])), "{:?}", pair.events[side]);
            prop_assert!(pair.received[side].iter().all(|plaintext| plaintext == b"heartbeat"));
        }
        pair.weather = CLEAR;
        pair.chat(ms(1_500));
        prop_assert!(pair.links.iter().all(|link| link.state() == LinkState::Up));
    }

    #[test]
    fn a_seed_repeats_itself_bit_for_bit(seed: u64) {
        let [first, second] = [(); 2].map(|()| {
            let mut pair = Pair::new(seed);
            pair.weather = Weather { loss: 10, duplication: 10, corruption: 5, jitter: ms(5), ..CLEAR };
            pair.chat(ms(500));
            pair.restart(1);
            pair.chat(ms(500));
            (pair.recorded, pair.events)
        });
        prop_assert!(first == second);
    }
}

#[test]
fn a_lost_confirmation_is_made_up_for() {
    let mut pair = Pair::new(1);
    pair.cut_transport[1] = true;
    pair.run_until(0, connected(101)).unwrap();
    pair.run(ms(10));
    pair.cut_transport[1] = false;
    assert!(pair.run_until(1, connected(100)).unwrap() < ms(50), "without any data");
}

#[test]
fn a_peer_that_is_not_there_is_not_flooded() {
    let mut pair = Pair::new(1);
    pair.cut = [true, true];
    pair.run(ms(60_000));
    for side in 0..2 {
        assert!((110..130).contains(&pair.recorded[side].len()), "two a second");
    }
}

#[test]
fn two_boxes_that_both_believe_to_begin_do_not_connect() {
    let mut configs = [config(0), config(1)];
    configs[1].local = "10.0.0.0:4870".parse().unwrap();
    let mut pair = Pair::with(configs, 1);
    pair.run(ms(5_000));
    assert!(pair.links.iter().all(|link| link.counters().malformed > 5 && link.state() == LinkState::Down));
}

#[test]
fn what_is_sent_and_received_is_counted() {
    let mut pair = Pair::new(1);
    pair.chat(ms(1_000));
    for side in 0..2 {
        let (counters, all) = (pair.links[side].counters(), &pair.recorded[1 - side]);
        assert_eq!(counters.sent, all.len() as u64);
        assert_eq!(counters.sent_bytes, all.iter().map(|datagram| datagram.len() as u64).sum::<u64>());
        let arrived = |datagram: &&Vec<u8>| datagram[3] == 4 && datagram.len() <= CLEAR.payload_max;
        let arrived: Vec<_> = pair.recorded[side].iter().filter(arrived).collect();
        assert_eq!(counters.received, arrived.len() as u64);
        assert_eq!(
            counters.received_bytes,
            arrived.iter().map(|datagram| datagram.len() as u64).sum::<u64>()
        );
    }
}

#[test]
fn what_fits_into_no_datagram_is_refused() {
    let mut pair = Pair::new(1);
    pair.connect();
    let mut datagram = Vec::new();
    let link = &mut pair.links[0];
    assert_eq!(link.seal(pair.now, &[0; 8_941], &mut datagram), Err(SealError::TooLong(8_941)));
    assert_eq!(link.seal(pair.now, &[0; 8_940], &mut datagram), Ok(()));
    assert_eq!(datagram.len(), 8_972);
}

#[test]
fn other_seeds_give_other_keys() {
    let run = |seed| {
        let mut configs = [config(0), config(1)];
        configs[0].random = crate::link::Random::Seeded(seed);
        let mut pair = Pair::with(configs, 1);
        pair.run(ms(100));
        pair.recorded
    };
    assert_ne!(run(1), run(2));
}

#[test]
fn the_system_gives_randomness_too() {
    let mut configs = [config(0), config(1)];
    configs[0].random = crate::link::Random::System;
    configs[1].random = crate::link::Random::System;
    Pair::with(configs, 1).connect();
}
