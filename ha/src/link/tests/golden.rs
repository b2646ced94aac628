//! Datagrams of every released wire, kept: a box must go on understanding them, or a pair cannot be upgraded one box
//! at a time. A new layout gets a new prologue, and a file beside the others.
//!
//! The file holds what each box of the pair in `network.rs` sent, in order, keys and seeds as there.

use super::network::*;
use crate::link::Received;

const GOLDEN: &str = include_str!("golden-1.txt");

fn bytes(hex: &str) -> Vec<u8> {
    let (pairs, _) = hex.as_bytes().as_chunks::<2>();
    let digit = |digit| char::from(digit).to_digit(16).unwrap() as u8;
    pairs.iter().map(|[high, low]| digit(*high) << 4 | digit(*low)).collect()
}

#[test]
fn what_a_released_box_sent_is_understood() {
    for (side, from, boot) in [(0, "beta", 101), (1, "alpha", 100)] {
        let mut pair = Pair::new(1);
        pair.cut = [true, true];
        pair.run(ms(1));
        let mut data = 0;
        for line in GOLDEN.lines().filter_map(|line| line.strip_prefix(from)) {
            let (kind, hex) = line.trim_start().split_once(' ').unwrap();
            let received = pair.deliver(side, &bytes(hex));
            assert_eq!(received == Received::Plaintext, kind == "data", "{from} {kind}");
            data += u32::from(kind == "data");
        }
        assert_eq!(data, 1);
        assert_eq!(pair.received[side], [format!("from {from}").into_bytes()]);
        assert!(matches!(&pair.events[side][..], [event] if connected(boot)(event)));
        let counters = pair.links[side].counters();
        assert_eq!((counters.forged, counters.malformed, counters.handshake_failures), (0, 0, 0));
    }
}
