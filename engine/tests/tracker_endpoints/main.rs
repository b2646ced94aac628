//! Two small TCP endpoints talk through the tracker over links that lose, repeat and reorder.
//!
//! The tracker is between two such links, so segments may be lost before it saw them and after. Whatever the
//! numbers, windows and delays: the transfer completes in both directions, and a segment the tracker dropped was of
//! no use to its receiver.
//!
//! In the second test the box dies on the way and its peer takes over with a session as it was some time ago.

mod endpoint;

use std::collections::BTreeMap;

use endpoint::{Endpoint, Settings};
use holdfast_engine::drop_reason::DropReason;
use holdfast_engine::session::{Direction, SessionFlags, SessionState};
use holdfast_engine::track::tcp::{self, SLACK_MAX_BYTES, TcpConfig, TcpSegment, TcpState};
use holdfast_engine::track::{Outcome, Transition};
use proptest::prelude::*;

/// xorshift64*: the same seed gives the same run.
struct Random(u64);

impl Random {
    fn below(&mut self, n: u64) -> u64 {
        self.0 ^= self.0 >> 12;
        self.0 ^= self.0 << 25;
        self.0 ^= self.0 >> 27;
        (self.0.wrapping_mul(0x2545_f491_4f6c_dd1d) >> 33) % n.max(1)
    }
}

#[derive(Clone, Copy, Debug)]
struct Link {
    loss_per_mille: u64,
    repeat_per_mille: u64,
    delay_max_ticks: u64,
}

/// Where a segment is going: to the tracker, or on to its receiver.
#[derive(Clone, Copy, PartialEq)]
enum Hop {
    Tracker,
    Receiver,
}

struct World {
    ends: [Endpoint; 2],
    session: Option<SessionState>,
    in_flight: BTreeMap<(u64, u64), (Hop, usize, TcpSegment)>,
    sent: u64,
    now: u64,
    link: Link,
    random: Random,
    drops: u64,
    config: TcpConfig,
    /// The session at the end of each tick.
    history: Vec<Option<SessionState>>,
}

impl World {
    fn new([a, b]: [Settings; 2], seed: u64, fast_open_bytes: u64, link: Link) -> World {
        // A byte at a time takes its time.
        let bounded = |data_bytes: u64, to: &Settings| data_bytes.min(to.buffer_bytes * 500);
        let a = Settings { data_bytes: bounded(a.data_bytes, &b), ..a };
        let b = Settings { data_bytes: bounded(b.data_bytes, &a), ..b };
        let a = Settings { fast_open_bytes: fast_open_bytes.min(a.data_bytes), ..a };
        World {
            ends: [Endpoint::client(a), Endpoint::server(b)],
            session: None,
            in_flight: BTreeMap::new(),
            sent: 0,
            now: 0,
            link,
            random: Random(seed),
            drops: 0,
            config: TcpConfig::default(),
            history: Vec::new(),
        }
    }

    fn send(&mut self, hop: Hop, from: usize, segment: TcpSegment) {
        if self.random.below(1000) < self.link.loss_per_mille {
            return;
        }
        let copies = 1 + u64::from(self.random.below(1000) < self.link.repeat_per_mille);
        for _ in 0..copies {
            let at = self.now + 1 + self.random.below(self.link.delay_max_ticks);
            self.sent += 1;
            self.in_flight.insert((at, self.sent), (hop, from, segment));
        }
    }

    fn through_tracker(&mut self, from: usize, segment: TcpSegment) {
        let config = self.config;
        let direction = [Direction::Original, Direction::Reply][from];
        let outcome = match &mut self.session {
            None => match tcp::open(&segment, &config) {
                Ok(state) => {
                    self.session = Some(state);
                    Outcome::PASS
                }
                Err(reason) => Outcome::Drop(reason),
            },
            Some(state) => tcp::track(state, direction, &segment, &config),
        };
        match outcome {
            Outcome::Pass(change) => {
                assert_ne!(change.transition, Transition::Restarted, "{segment:?}");
                self.send(Hop::Receiver, from, segment);
            }
            Outcome::Drop(reason) => {
                self.drops += 1;
                let (sender, receiver) = (&self.ends[from], &self.ends[1 - from]);
                // A moment after a takeover it may have been of use: it will be sent again.
                let useless = self.config.catch_up_bytes > 0 || sender.is_useless(&segment, receiver);
                let ends = [sender.summary(), receiver.summary()];
                assert!(useless, "{reason:?}: {segment:?} {:?} {ends:#?}", self.session);
                let expected = self.config.catch_up_bytes > 0 || reason == DropReason::TcpOutOfWindow;
                assert!(expected, "{reason:?}");
            }
            // A late copy of the SYN is not newer than the connection it began.
            Outcome::Reopen => panic!("{segment:?} would reopen {:?}", self.session),
        }
    }

    /// Another box goes on with what it was told last.
    fn take_over(&mut self, lag_ticks: usize) {
        let told = self.history.len().saturating_sub(1 + lag_ticks);
        // That a session began is always told.
        let known = self.history.get(told..).and_then(|later| later.iter().flatten().next());
        self.session = known.copied().or(self.session);
        if let Some(state) = &mut self.session {
            state.flags = state.flags.with(SessionFlags::LAGGING, true);
        }
        self.config.catch_up_bytes = SLACK_MAX_BYTES;
    }

    fn step(&mut self) {
        self.history.push(self.session);
        self.now += 1;
        while let Some(entry) = self.in_flight.first_entry() {
            if entry.key().0 > self.now {
                break;
            }
            let (hop, from, segment) = entry.remove();
            match hop {
                Hop::Tracker => self.through_tracker(from, segment),
                Hop::Receiver => self.ends[1 - from].receive(&segment),
            }
        }
        for from in 0..2 {
            let reads = self.random.below(self.ends[from].settings.read_bytes_max + 1);
            for segment in self.ends[from].run(self.now, reads) {
                self.send(Hop::Tracker, from, segment);
            }
        }
    }
}

fn settings() -> impl Strategy<Value = Settings> {
    let isn = prop_oneof![any::<u32>(), (0u32..40_000).prop_map(|n| u32::MAX - n)];
    let scale = prop::option::weighted(0.8, 0u8..=14);
    (isn, scale, 1u64..300_000, 1u64..200_000, 100u64..1460, 500u64..40_000, any::<bool>()).prop_map(
        |(isn, scale, data_bytes, buffer_bytes, mss_bytes, read_bytes_max, probes_below)| Settings {
            isn,
            scale,
            data_bytes,
            // An end that offers no scale cannot advertise more, and a buffer below the scale's grain is no buffer.
            buffer_bytes: match scale {
                None => buffer_bytes.min(65_535),
                Some(shift) => (buffer_bytes << (shift / 2)).max(2 << shift).min(65_535 << shift),
            },
            mss_bytes,
            read_bytes_max: read_bytes_max << (scale.unwrap_or(0) / 2),
            probes_below,
            fast_open_bytes: 0,
            refuses_fast_open: mss_bytes % 2 == 0,
        },
    )
}

proptest! {
    #![proptest_config(ProptestConfig {
        cases: 1000,
        max_shrink_iters: 60,
        failure_persistence: None,
        ..ProptestConfig::default()
    })]

    #[test]
    fn every_transfer_completes(
        a in settings(), b in settings(), seed in 1u64.., fast_open_bytes in prop_oneof![Just(0u64), 1u64..1400],
        loss_per_mille in 0u64..150, repeat_per_mille in 0u64..100, delay_max_ticks in 1u64..20,
    ) {
        let link = Link { loss_per_mille, repeat_per_mille, delay_max_ticks };
        let mut world = World::new([a, b], seed, fast_open_bytes, link);
        while !world.ends.iter().all(Endpoint::is_done) {
            world.step();
            prop_assert!(world.now < 200_000, "stalled after {} drops: {:?} {:#?}",
                world.drops, world.session, world.ends.each_ref().map(Endpoint::summary));
        }
        let state = world.session.as_ref().and_then(TcpState::of);
        // The last acknowledgement may still be on its way.
        let expected = [TcpState::Closing, TcpState::LastAckOriginal, TcpState::LastAckReply, TcpState::TimeWait];
        prop_assert!(state.is_some_and(|s| expected.contains(&s)), "{state:?}");
    }

    /// State as old as it may be, windows and handshake alike: the transfer completes nevertheless.
    #[test]
    fn every_transfer_survives_a_takeover(
        a in settings(), b in settings(), seed in 1u64.., fast_open_bytes in prop_oneof![Just(0u64), 1u64..1400],
        loss_per_mille in 0u64..100, repeat_per_mille in 0u64..100, delay_max_ticks in 1u64..20,
        at_ticks in prop_oneof![1u64..60, 1u64..2000], lag_ticks in 0usize..80,
    ) {
        let link = Link { loss_per_mille, repeat_per_mille, delay_max_ticks };
        let mut world = World::new([a, b], seed, fast_open_bytes, link);
        while !world.ends.iter().all(Endpoint::is_done) {
            world.step();
            if world.now == at_ticks {
                world.take_over(lag_ticks);
            }
            prop_assert!(world.now < 200_000, "stalled after {} drops: {:?} {:#?}",
                world.drops, world.session, world.ends.each_ref().map(Endpoint::summary));
        }
    }
}
