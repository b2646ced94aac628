//! Two links, a network between them that does everything a network may do, and a clock of their own.

use core::time::Duration;
use std::collections::BTreeMap;

use holdfast_engine::time::Instant;

use crate::link::{Link, LinkConfig, LinkEvent, Random, Received, Rekey};

pub(super) const DEAD_AFTER: Duration = Duration::from_millis(400);
pub(super) const fn ms(milliseconds: u64) -> Duration {
    Duration::from_millis(milliseconds)
}

/// What the network does to datagrams; rates in percent.
#[derive(Clone, Copy, Debug)]
pub(super) struct Weather {
    pub(super) delay: Duration,
    pub(super) jitter: Duration,
    pub(super) loss: u64,
    pub(super) duplication: u64,
    pub(super) corruption: u64,
    /// Larger UDP payloads vanish.
    pub(super) payload_max: usize,
}

pub(super) const CLEAR: Weather =
    Weather { delay: ms(1), jitter: ms(0), loss: 0, duplication: 0, corruption: 0, payload_max: 1_472 };

/// A seeded sequence (splitmix64).
pub(super) struct Dice(pub(super) u64);

impl Dice {
    pub(super) fn below(&mut self, bound: u64) -> u64 {
        let mut seed = Random::Seeded(self.0);
        let number = seed.next().unwrap();
        let Random::Seeded(next) = seed else { unreachable!() };
        self.0 = next;
        number % bound.max(1)
    }
}

/// Datagrams on their way, by arrival and order: to whom, and what.
type Wire = BTreeMap<(Instant, u64), (usize, Vec<u8>)>;

pub(super) struct Pair {
    pub(super) links: [Link; 2],
    pub(super) configs: [LinkConfig; 2],
    pub(super) now: Instant,
    pub(super) weather: Weather,
    /// Whether datagrams to a side vanish.
    pub(super) cut: [bool; 2],
    /// Whether what is sealed under a session vanishes on the way to a side; handshakes pass.
    pub(super) cut_transport: [bool; 2],
    /// What each side was told.
    pub(super) events: [Vec<LinkEvent>; 2],
    /// What each side received.
    pub(super) received: [Vec<Vec<u8>>; 2],
    /// Every datagram sent to a side, for those who replay.
    pub(super) recorded: [Vec<Vec<u8>>; 2],
    pub(super) dice: Dice,
    wire: Wire,
    order: u64,
}

pub(super) fn config(side: usize) -> LinkConfig {
    let addresses = ["10.0.0.1:4870".parse().unwrap(), "10.0.0.2:4870".parse().unwrap()];
    LinkConfig {
        local: addresses[side],
        peer: addresses[1 - side],
        key: [7; 32],
        name: ["alpha", "beta"][side].to_owned(),
        boot: 100 + side as u64,
        versions: 1..=2,
        dead_after: DEAD_AFTER,
        rekey: Rekey::default(),
        random: Random::Seeded(1_000 + side as u64),
    }
}

impl Pair {
    pub(super) fn new(seed: u64) -> Pair {
        Pair::with([config(0), config(1)], seed)
    }

    pub(super) fn with(configs: [LinkConfig; 2], seed: u64) -> Pair {
        let now = Instant(1_000_000_000);
        Pair {
            links: [Link::new(configs[0].clone(), now), Link::new(configs[1].clone(), now)],
            configs,
            now,
            weather: CLEAR,
            cut: [false; 2],
            cut_transport: [false; 2],
            events: Default::default(),
            received: Default::default(),
            recorded: Default::default(),
            dice: Dice(seed),
            wire: Wire::new(),
            order: 0,
        }
    }

    /// The process of a side begins anew.
    pub(super) fn restart(&mut self, side: usize) {
        let config = &mut self.configs[side];
        config.boot += 10;
        config.random = Random::Seeded(config.boot * 1_000);
        self.links[side] = Link::new(config.clone(), self.now);
    }

    /// Seals a plaintext and hands it to the network; whether there was a session.
    pub(super) fn send(&mut self, from: usize, plaintext: &[u8]) -> bool {
        let mut datagram = Vec::new();
        let sealed = self.links[from].seal(self.now, plaintext, &mut datagram).is_ok();
        if sealed {
            self.carry(1 - from, datagram);
        }
        sealed
    }

    /// Brings a datagram to a side at once.
    pub(super) fn deliver(&mut self, to: usize, datagram: &[u8]) -> Received {
        let mut plaintext = Vec::new();
        let received = self.links[to].handle_datagram(self.now, datagram, &mut plaintext);
        if received == Received::Plaintext {
            self.received[to].push(plaintext);
        }
        self.drain(to);
        received
    }

    pub(super) fn run(&mut self, time: Duration) {
        let end = self.now + time;
        for side in 0..2 {
            self.links[side].handle_timeout(self.now);
            self.drain(side);
        }
        loop {
            let arrival = self.wire.keys().next().map(|(at, _)| *at);
            let wakes = self.links.iter().filter_map(Link::wake);
            let Some(next) = wakes.chain(arrival).min().filter(|next| *next <= end) else { break };
            self.now = self.now.max(next);
            while let Some(first) = self.wire.first_entry().filter(|first| first.key().0 <= self.now) {
                let (to, datagram) = first.remove();
                self.deliver(to, &datagram);
            }
            for side in 0..2 {
                if self.links[side].wake().is_some_and(|wake| wake <= self.now) {
                    self.links[side].handle_timeout(self.now);
                    self.drain(side);
                    let wake = self.links[side].wake();
                    assert!(wake.is_none_or(|wake| wake > self.now), "side {side} does not sleep: {wake:?}");
                }
            }
        }
        self.now = end;
    }

    /// Runs until a side was told a fitting event; how long that took.
    pub(super) fn run_until(&mut self, side: usize, fits: impl Fn(&LinkEvent) -> bool) -> Option<Duration> {
        let (begin, told) = (self.now, self.events[side].len());
        for _ in 0..10_000 {
            if self.events[side][told..].iter().any(&fits) {
                return Some(self.now - begin);
            }
            self.run(ms(1));
        }
        None
    }

    /// Both sides send something every 10 ms for a while, as heartbeats are.
    pub(super) fn chat(&mut self, time: Duration) {
        let end = self.now + time;
        while self.now < end {
            for side in 0..2 {
                self.send(side, b"heartbeat");
            }
            self.run(ms(10));
        }
    }

    pub(super) fn connect(&mut self) {
        self.run(ms(100));
        assert!(self.links.iter().all(|link| link.state() == crate::status::LinkState::Up));
    }

    fn drain(&mut self, side: usize) {
        let mut datagram = Vec::new();
        while self.links[side].poll_transmit(&mut datagram) {
            self.carry(1 - side, datagram.clone());
        }
        while let Some(event) = self.links[side].poll_event() {
            self.events[side].push(event);
        }
    }

    fn carry(&mut self, to: usize, datagram: Vec<u8>) {
        self.recorded[to].push(datagram.clone());
        let Weather { delay, jitter, loss, duplication, corruption, payload_max } = self.weather;
        let copies = if self.dice.below(100) < duplication { 2 } else { 1 };
        for _ in 0..copies {
            let mut datagram = datagram.clone();
            if self.dice.below(100) < corruption {
                let bit = self.dice.below(datagram.len() as u64 * 8) as usize;
                datagram[bit / 8] ^= 1 << (bit % 8);
            }
            let cut = self.cut[to] || (self.cut_transport[to] && datagram[3] == 4);
            if cut || datagram.len() > payload_max || self.dice.below(100) < loss {
                continue;
            }
            let late = Duration::from_nanos(self.dice.below(jitter.as_nanos() as u64 + 1));
            self.order += 1;
            self.wire.insert((self.now + delay + late, self.order), (to, datagram));
        }
    }
}

pub(super) fn connected(boot: u64) -> impl Fn(&LinkEvent) -> bool {
    move |event| matches!(event, LinkEvent::Connected { peer_boot, .. } if *peer_boot == boot)
}
