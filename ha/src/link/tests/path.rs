//! Path MTU: up by probes, down by black holes and by what the kernel says.

use super::network::*;
use crate::link::{PAYLOAD_BYTES_MAX, PAYLOAD_BYTES_MIN};

fn pair_on(payload_max: usize) -> Pair {
    let mut pair = Pair::new(1);
    pair.weather.payload_max = payload_max;
    pair.connect();
    pair
}

fn sizes(pair: &Pair) -> [usize; 2] {
    pair.links.each_ref().map(|link| link.datagram_bytes_max())
}

#[test]
fn the_largest_size_that_passes_is_found() {
    for (path, found) in [(1_232, 1_232), (1_400, 1_372), (1_472, 1_472), (8_950, 8_900), (9_000, 8_972)] {
        let mut pair = pair_on(path);
        pair.chat(ms(1_000));
        assert_eq!(sizes(&pair), [found; 2]);
        let plaintext = vec![1; pair.links[0].payload_bytes_max()];
        pair.received[1].clear();
        pair.send(0, &plaintext);
        pair.run(ms(5));
        assert_eq!(pair.received[1], [plaintext]);
        assert_eq!(pair.recorded[1].iter().map(Vec::len).max(), pair.recorded[0].iter().map(Vec::len).max());
    }
}

#[test]
fn ipv6_headers_are_larger() {
    let mut configs = [config(0), config(1)];
    configs[0].local = "[fd00::1]:4870".parse().unwrap();
    configs[0].peer = "[fd00::2]:4870".parse().unwrap();
    (configs[1].local, configs[1].peer) = (configs[0].peer, configs[0].local);
    let mut pair = Pair::with(configs, 1);
    pair.weather.payload_max = 1_500 - 48;
    pair.chat(ms(1_000));
    assert_eq!(sizes(&pair), [1_452; 2]);
}

#[test]
fn before_anything_is_proven_the_size_is_one_that_every_path_carries() {
    let pair = Pair::new(1);
    assert_eq!(sizes(&pair), [PAYLOAD_BYTES_MIN; 2]);
    assert_eq!(pair.links[0].payload_bytes_max(), PAYLOAD_BYTES_MIN - 32);
}

#[test]
fn a_black_hole_is_left_within_a_second_and_a_half() {
    let mut pair = pair_on(PAYLOAD_BYTES_MAX);
    pair.chat(ms(1_000));
    assert_eq!(sizes(&pair), [PAYLOAD_BYTES_MAX; 2]);
    pair.weather.payload_max = 1_472;
    pair.chat(ms(1_500));
    assert_eq!(sizes(&pair), [1_472; 2], "fallen, and up again as far as it goes");
    assert_eq!(pair.events.each_ref().map(Vec::len), [1, 1], "the link stays up");
    // The path is repaired: found within the time after which a step is tried again.
    pair.weather.payload_max = PAYLOAD_BYTES_MAX;
    pair.chat(ms(31_000));
    assert_eq!(sizes(&pair), [PAYLOAD_BYTES_MAX; 2]);
}

#[test]
fn silence_is_no_black_hole() {
    let mut configs = [config(0), config(1)];
    configs.iter_mut().for_each(|config| config.dead_after = ms(10_000));
    let mut pair = Pair::with(configs, 1);
    pair.chat(ms(1_000));
    assert_eq!(sizes(&pair), [1_472; 2]);
    pair.cut = [true, true];
    pair.chat(ms(5_000));
    assert_eq!(sizes(&pair), [1_472; 2]);
}

#[test]
fn some_loss_is_no_black_hole() {
    let mut pair = pair_on(1_472);
    pair.chat(ms(1_000));
    pair.weather.loss = 2;
    let mut low = 0;
    for _ in 0..6_000 {
        pair.chat(ms(10));
        low += sizes(&pair).iter().filter(|size| **size < 1_472).count();
    }
    assert!(low < 60, "{low}");
}

#[test]
fn what_the_kernel_refuses_is_not_tried_again_soon() {
    let mut pair = pair_on(PAYLOAD_BYTES_MAX);
    pair.run(ms(1_000));
    assert_eq!(sizes(&pair), [PAYLOAD_BYTES_MAX; 2]);
    let now = pair.now;
    pair.links[0].handle_too_big(now, PAYLOAD_BYTES_MAX);
    assert_eq!(sizes(&pair)[0], 8_900);
    pair.links[0].handle_too_big(now, 1_473);
    assert_eq!(sizes(&pair)[0], 1_472);
    pair.recorded[1].clear();
    pair.chat(ms(5_000));
    assert!(pair.recorded[1].iter().all(|datagram| datagram.len() <= 1_472));
    let now = pair.now;
    pair.links[0].handle_too_big(now, 500);
    assert_eq!(sizes(&pair)[0], PAYLOAD_BYTES_MIN, "there is nothing below");
    assert_eq!(pair.links[0].counters().send_failures, 3);
}
