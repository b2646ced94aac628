//! Whoever has no key, whatever he recorded, changes nothing but counters.

use proptest::prelude::*;

use super::network::*;
use crate::link::{Link, Received};
use crate::status::{LinkCounters, LinkState};

/// What must not change: events, what was received, sizes, sessions in use (by whether data passes).
fn unharmed(pair: &mut Pair) {
    let events = pair.events.each_ref().map(Vec::len);
    assert_eq!(events, [1, 1], "{:?}", pair.events);
    for side in 0..2 {
        assert_eq!(pair.links[side].state(), LinkState::Up);
        let before = pair.received[1 - side].len();
        assert!(pair.send(side, b"still here"));
        pair.run(ms(2));
        assert_eq!(pair.received[1 - side].len(), before + 1);
    }
}

fn connected_pair() -> Pair {
    let mut pair = Pair::new(1);
    pair.connect();
    pair.chat(ms(200));
    pair
}

fn changed(before: LinkCounters, after: LinkCounters) -> LinkCounters {
    LinkCounters {
        forged: after.forged - before.forged,
        replayed: after.replayed - before.replayed,
        malformed: after.malformed - before.malformed,
        outdated: after.outdated - before.outdated,
        handshakes: after.handshakes - before.handshakes,
        handshake_failures: after.handshake_failures - before.handshake_failures,
        ..LinkCounters::default()
    }
}

#[test]
fn replayed_data_is_counted() {
    let mut pair = connected_pair();
    let recorded = pair.recorded.clone();
    for (side, recorded) in recorded.iter().enumerate() {
        let before = pair.links[side].counters();
        // What arrived; larger ones, the probes that found no way, would be new.
        let arrived = |datagram: &&Vec<u8>| datagram[3] == 4 && datagram.len() <= CLEAR.payload_max;
        let data: Vec<_> = recorded.iter().filter(arrived).collect();
        assert!(data.len() > 20);
        for datagram in &data {
            assert_eq!(pair.deliver(side, datagram), Received::Nothing);
        }
        let expected = LinkCounters { replayed: data.len() as u64, ..LinkCounters::default() };
        assert_eq!(changed(before, pair.links[side].counters()), expected);
    }
    unharmed(&mut pair);
}

#[test]
fn replayed_handshakes_have_no_effect() {
    let mut pair = connected_pair();
    pair.restart(0);
    pair.chat(ms(200));
    pair.restart(1);
    pair.chat(ms(200));
    for side in 0..2 {
        pair.events[side].drain(1..);
    }
    let before = pair.links.each_ref().map(Link::counters_pair);
    let recorded = pair.recorded.clone();
    let responses = |pair: &Pair| pair.recorded[0].iter().filter(|datagram| datagram[3] == 2).count();
    let answered = responses(&pair);
    // Everything ever sent, often, to both, also what was meant for the other; quiet times included.
    for round in 0..20 {
        for datagram in recorded.iter().flatten().filter(|datagram| datagram[3] != 4) {
            for side in 0..2 {
                assert_eq!(pair.deliver(side, datagram), Received::Nothing);
            }
        }
        pair.run(ms(round * 7));
    }
    assert_eq!(pair.links.each_ref().map(Link::counters_pair), before, "not one handshake");
    assert_eq!(responses(&pair), answered, "no initiation is fresh twice");
    unharmed(&mut pair);
}

impl Link {
    fn counters_pair(&self) -> (u64, u64) {
        (self.counters().handshakes, self.counters().version_mismatches)
    }
}

#[test]
fn a_session_of_an_earlier_process_is_over() {
    let mut pair = connected_pair();
    // Sealed under the old session and held back on the way.
    let mut held = Vec::new();
    pair.links[0].seal(pair.now, b"old", &mut held).unwrap();
    pair.restart(0);
    pair.run(ms(50));
    let before = pair.links[1].counters().outdated;
    assert_eq!(pair.deliver(1, &held), Received::Nothing);
    assert_eq!(pair.links[1].counters().outdated, before + 1);
    assert!(!pair.received[1].contains(&b"old".to_vec()));
}

#[test]
fn a_held_back_confirmation_does_not_bring_an_old_handshake_back() {
    let mut pair = Pair::new(1);
    // Nothing that is sealed reaches the responder, so the initiator's first session stays unconfirmed.
    pair.cut_transport[1] = true;
    while !pair.send(0, b"held back") {
        pair.run(ms(1));
    }
    let held = pair.recorded[1].last().unwrap().clone();
    pair.restart(0);
    pair.cut_transport[1] = false;
    pair.run(ms(300));
    pair.chat(ms(100));
    assert_eq!(pair.links[1].counters().outdated, 0);
    assert_eq!(pair.deliver(1, &held), Received::Nothing);
    assert_eq!(pair.links[1].counters().outdated, 1);
    pair.chat(ms(100));
    assert!(pair.links.iter().all(|link| link.state() == LinkState::Up));
    assert_eq!(pair.events[1].len(), 1, "the restarted process alone was ever seen");
}

#[test]
fn handshakes_that_nobody_confirms_are_bounded_and_harmless() {
    let mut pair = connected_pair();
    // The initiator's process restarts again and again and its data never arrives.
    pair.cut_transport[1] = true;
    for _ in 0..50 {
        pair.restart(0);
        pair.run(ms(6));
    }
    assert_eq!(pair.links[1].sessions.pending(), 4);
    pair.cut = [true, true];
    pair.run(ms(6_000));
    assert_eq!(pair.links[1].sessions.pending(), 0);
    (pair.cut, pair.cut_transport) = ([false; 2], [false; 2]);
    pair.restart(0);
    pair.run(ms(100));
    pair.chat(ms(100));
    assert!(pair.links.iter().all(|link| link.state() == LinkState::Up));
}

#[test]
fn forged_handshakes_cost_no_reply_and_raise_no_alarm_while_connected() {
    let mut pair = connected_pair();
    let initiation = pair.recorded[1].iter().find(|datagram| datagram[3] == 1).unwrap().clone();
    let sent = pair.recorded[0].len();
    for byte in 0..initiation.len() {
        let mut forged = initiation.clone();
        forged[byte] ^= 0x40;
        pair.deliver(1, &forged);
    }
    let failures = pair.links[1].counters().handshake_failures + pair.links[1].counters().malformed;
    assert_eq!(failures, initiation.len() as u64);
    assert!(pair.recorded[0].len() <= sent + 1, "one refusal a second");
    unharmed(&mut pair);
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn any_flipped_bit_is_noticed(seed: u64, length in 0_usize..1_400) {
        let mut pair = connected_pair();
        let mut dice = Dice(seed);
        let mut datagram = Vec::new();
        pair.links[0].seal(pair.now, &vec![5; length], &mut datagram).unwrap();
        for _ in 0..200 {
            let mut forged = datagram.clone();
            let bit = dice.below(forged.len() as u64 * 8) as usize;
            forged[bit / 8] ^= 1 << (bit % 8);
            let before = pair.links[1].counters();
            prop_assert_eq!(pair.deliver(1, &forged), Received::Nothing);
            let LinkCounters { forged, malformed, outdated, replayed, .. } =
                changed(before, pair.links[1].counters());
            prop_assert_eq!(forged + malformed + outdated + replayed, 1);
        }
        prop_assert_eq!(pair.deliver(1, &datagram), Received::Plaintext, "the window did not move");
        unharmed(&mut pair);
    }

    #[test]
    fn a_cut_or_lengthened_datagram_is_noticed(cut in 0_usize..200, more in 1_usize..3_000) {
        let mut pair = connected_pair();
        let mut datagram = Vec::new();
        pair.links[0].seal(pair.now, &[5; 168], &mut datagram).unwrap();
        prop_assert_eq!(pair.deliver(1, &datagram[..cut]), Received::Nothing);
        let mut longer = datagram.clone();
        longer.resize(datagram.len() + more, 0);
        prop_assert_eq!(pair.deliver(1, &longer), Received::Nothing);
        prop_assert_eq!(pair.deliver(1, &datagram), Received::Plaintext);
        unharmed(&mut pair);
    }

    #[test]
    fn any_bytes_are_survived(
        bytes in proptest::collection::vec(any::<u8>(), 0..700), kind in 0_u8..7, fresh: bool, index in 0_usize..64,
    ) {
        let mut pair = if fresh { Pair::new(1) } else { connected_pair() };
        for side in 0..2 {
            pair.deliver(side, &bytes);
            let mut ours = [b"HFL", &[kind][..], &bytes].concat();
            pair.deliver(side, &ours);
            // As far as an outsider can get: a real session number and a real nonce, and anything behind.
            if let Some(real) = pair.recorded[side].get(index) {
                ours = [&real[..real.len().min(16)], &bytes].concat();
                pair.deliver(side, &ours);
            }
        }
        prop_assert!(pair.received.iter().flatten().all(|plaintext| plaintext == b"heartbeat"));
        pair.run(ms(200));
        pair.chat(ms(20));
        prop_assert!(pair.links.iter().all(|link| link.state() == LinkState::Up));
        prop_assert!(pair.events.iter().flatten().all(|event| *event != crate::link::LinkEvent::Lost));
    }
}
