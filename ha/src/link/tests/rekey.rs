//! Keys are replaced while traffic goes on.

use core::time::Duration;

use super::network::*;
use crate::link::Rekey;

fn pair_with(rekey: Rekey) -> Pair {
    let mut configs = [config(0), config(1)];
    for config in &mut configs {
        config.rekey = rekey;
    }
    Pair::with(configs, 1)
}

/// Both sides send numbered plaintexts as fast as one each 100 µs; all of them must arrive.
fn nothing_is_lost(pair: &mut Pair, datagrams: u32, interval: Duration) {
    for number in 0..datagrams {
        for side in 0..2 {
            assert!(pair.send(side, &number.to_be_bytes()));
        }
        pair.run(interval);
    }
    pair.run(ms(100));
    for side in 0..2 {
        pair.received[side].sort();
        let expected: Vec<_> = (0..datagrams).map(|number| number.to_be_bytes().to_vec()).collect();
        assert!(pair.received[side] == expected, "side {side} has {}", pair.received[side].len());
    }
}

#[test]
fn a_rekey_after_many_datagrams_loses_nothing() {
    let mut pair = pair_with(Rekey { datagrams: 1_000, ..Rekey::default() });
    pair.connect();
    pair.weather = Weather { jitter: ms(2), ..CLEAR };
    nothing_is_lost(&mut pair, 5_500, Duration::from_micros(100));
    for side in 0..2 {
        assert!((5..=7).contains(&pair.links[side].counters().handshakes));
        assert_eq!(pair.events[side].len(), 1, "a rekey is not a new peer");
    }
}

#[test]
fn a_rekey_after_some_time_loses_nothing() {
    let mut pair = pair_with(Rekey { after: Duration::from_secs(10), ..Rekey::default() });
    pair.connect();
    nothing_is_lost(&mut pair, 3_500, ms(10));
    assert_eq!(pair.links.each_ref().map(|link| link.counters().handshakes), [4, 4]);
}

#[test]
fn only_what_the_responder_sends_can_bring_a_rekey_too() {
    let mut pair = pair_with(Rekey { datagrams: 100, ..Rekey::default() });
    pair.connect();
    for _ in 0..150 {
        pair.send(1, b"one way");
        pair.run(ms(1));
    }
    assert_eq!(pair.received[0].len(), 150);
    assert!(pair.links[0].counters().handshakes >= 2);
}

#[test]
fn a_rekey_that_does_not_get_through_leaves_the_session_as_it_is() {
    let mut pair = pair_with(Rekey { after: Duration::from_secs(1), ..Rekey::default() });
    pair.connect();
    // The responder's handshake datagrams vanish; its data passes.
    for _ in 0..300 {
        for side in 0..2 {
            pair.send(side, b"data");
        }
        let before = pair.recorded[0].len();
        pair.weather.payload_max = 60;
        pair.run(ms(10));
        assert!(pair.recorded[0].len() >= before);
    }
    assert!(pair.received.iter().all(|received| received.len() > 290));
    assert!(pair.events.iter().all(|events| events.len() == 1));
    assert_eq!(pair.links[0].counters().handshakes, 1);
    assert!(pair.links[0].counters().sent > 305, "it kept trying");
    pair.weather = CLEAR;
    pair.chat(ms(600));
    assert_eq!(pair.links[0].counters().handshakes, 2);
}
