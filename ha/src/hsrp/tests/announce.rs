//! Gratuitous ARP.

use super::lan::{Frame, Lan};
use super::*;

/// How many gratuitous ARPs of each address there are in `frames`, every one of them looked at.
fn announced(frames: &[Frame], addresses: &[Ipv4Addr]) -> Vec<usize> {
    let mut counts = vec![0; addresses.len()];
    for frame in frames {
        let Frame::Arp { source_mac, body } = frame else { continue };
        assert_eq!(source_mac.to_string(), "00:00:0c:9f:f0:07");
        let (sender, target) = (&body[14..18], &body[24..28]);
        assert_eq!(body[..14], hex("0001 0800 06 04 0001 00000c9ff007"));
        assert_eq!(body[18..24], [0; 6]);
        assert_eq!((sender, body.len()), (target, 28));
        let index = addresses.iter().position(|address| address.octets() == sender).unwrap();
        counts[index] += 1;
    }
    counts
}

#[test]
fn a_pair_at_0_3_and_6_seconds() {
    let addresses = vec![VIRTUAL, address(200), address(201)];
    let config = GroupConfig { virtual_addresses: addresses.clone(), ..config(5) };
    let mut bench = Bench::in_state(config, GroupState::Standby);
    bench.input(Input::Promote { why: "test" });
    let became_active = bench.now;
    let frames = bench.frames();
    assert_eq!(announced(&frames, &addresses), [2, 2, 2]);
    // Before the first Hello, and every address once before any comes again.
    assert!(matches!(&frames[..6], [Frame::Arp { .. }, ..]));
    assert_eq!(announced(&frames[..3], &addresses), [1, 1, 1]);
    assert_eq!(frames[6].said(), Some((Opcode::Hello, GroupState::Active)));
    assert_eq!(frames.len(), 7);

    let mut times = Vec::new();
    while bench.now.since(became_active) < ms(20_000) {
        bench.advance();
        let counts = announced(&bench.frames(), &addresses);
        if counts != [0, 0, 0] {
            assert_eq!(counts, [2, 2, 2]);
            times.push(bench.now.since(became_active).as_millis());
        }
    }
    assert_eq!(times, [3_000, 6_000]);
}

#[test]
fn leaving_active_ends_the_series() {
    let mut bench = Bench::in_state(config(5), GroupState::Standby);
    bench.input(Input::Promote { why: "test" });
    bench.input(Input::Demote { why: "test" });
    for _ in 0..40 {
        assert_eq!(announced(&bench.frames(), &[VIRTUAL]), [0]);
        bench.advance();
    }
    bench.group.announce(bench.now);
    assert_eq!(announced(&bench.frames(), &[VIRTUAL]), [0], "only while active");
}

#[test]
fn a_stall_is_not_made_up_for() {
    let mut bench = Bench::in_state(config(5), GroupState::Standby);
    bench.input(Input::Promote { why: "test" });
    bench.frames();
    bench.now = bench.now + ms(10_000);
    bench.input(Input::Timeout);
    let frames = bench.frames();
    assert_eq!(announced(&frames, &[VIRTUAL]), [2]);
    assert_eq!(frames.iter().filter(|frame| frame.packet().is_some()).count(), 1);
    assert!(bench.group.wake().unwrap() > bench.now);
}

#[test]
fn a_rival_is_answered_with_a_coup_and_a_new_series_but_not_at_its_own_pace() {
    let mut bench = Bench::in_state(config(5), GroupState::Active);
    bench.now = bench.now + ms(9_000);
    let mut counts = 0;
    for _ in 0..100 {
        bench.hello(3, GroupState::Active, 100);
        let frames = bench.frames();
        assert_eq!(
            frames.iter().filter_map(Frame::said).collect::<Vec<_>>(),
            [(Opcode::Coup, GroupState::Active)]
        );
        counts += announced(&frames, &[VIRTUAL])[0];
        bench.now = bench.now + ms(10);
    }
    assert_eq!(counts, 2, "one pair a second, however often the rival speaks");
    bench.hello(3, GroupState::Active, 100);
    assert_eq!(announced(&bench.frames(), &[VIRTUAL]), [2]);
}

#[test]
fn the_box_may_begin_again() {
    let mut lan = Lan::new([config(5)]);
    lan.up();
    lan.run(ms(20_000));
    let before = lan.nodes[0].sent.len();
    let now = lan.now;
    lan.nodes[0].group.announce(now);
    lan.run(ms(10_000));
    let frames: Vec<Frame> = lan.nodes[0].sent[before..].iter().map(|(_, frame)| frame.clone()).collect();
    assert_eq!(announced(&frames, &[VIRTUAL]), [6]);
}
