//! Tests of the whole: vectors, the table cell by cell, groups that talk over a simulated wire, and whatever an
//! attacker on the link may send.

mod announce;
mod attack;
mod authority;
mod election;
mod frames;
mod healing;
pub(crate) mod lan;
mod learning;
mod round_trip;
mod table;
mod vectors;

use core::net::Ipv4Addr;
use core::time::Duration;

use holdfast_engine::interface::{Mac, PortId};
use holdfast_engine::time::Instant;

use super::event::Rank;
use super::wire::{Opcode, Packet};
use super::*;
use crate::status::GroupState;

const VIRTUAL: Ipv4Addr = Ipv4Addr::new(10, 0, 1, 1);
const START: Instant = Instant(1_000_000_000_000);
const KEY: &str = "s3cret";

const fn ms(ms: u64) -> Duration {
    Duration::from_millis(ms)
}

/// Bytes from hexadecimal digits; blanks do not count.
fn hex(digits: &str) -> Vec<u8> {
    let digits: Vec<u32> = digits.chars().filter_map(|c| c.to_digit(16)).collect();
    digits.chunks(2).map(|pair| (pair[0] << 4 | pair[1]) as u8).collect()
}

/// Router 10.0.1.`host` with priority 100, 250 ms and 800 ms.
fn config(host: u8) -> GroupConfig {
    GroupConfig {
        port: PortId(0),
        interface_mac: Mac([2, 0, 0, 0, 0, host]),
        address: address(host),
        group: 7,
        version: Version::V2,
        virtual_addresses: vec![VIRTUAL],
        priority: 100,
        preempt: false,
        hello: ms(250),
        hold: ms(800),
        authentication: Authentication::from_key(KEY),
    }
}

const fn address(host: u8) -> Ipv4Addr {
    Ipv4Addr::new(10, 0, 1, host)
}

/// A packet that `config`'s group believes, from another router.
fn packet(config: &GroupConfig, opcode: Opcode, state: GroupState, priority: u8) -> Packet {
    Packet {
        version: config.version,
        opcode,
        state: Some(state),
        group: config.group,
        priority,
        hello: config.hello,
        hold: config.hold,
        virtual_address: VIRTUAL,
        identifier: (config.version == Version::V2).then_some(Mac([2, 0, 0, 0, 0, 0x99])),
    }
}

/// One group, fed by hand.
struct Bench {
    group: Group,
    now: Instant,
}

impl Bench {
    fn new(config: GroupConfig) -> Bench {
        Bench { group: Group::new(config, START), now: START }
    }

    /// Brought to a state by the shortest way.
    fn in_state(config: GroupConfig, state: GroupState) -> Bench {
        let mut bench = Bench::new(config);
        if state != GroupState::Initial {
            bench.input(Input::Up);
        }
        while bench.group.state() != state && state != GroupState::Active {
            bench.advance();
        }
        if state == GroupState::Active {
            bench.input(Input::Promote { why: "test" });
        }
        bench.frames();
        bench.events();
        assert_eq!(bench.group.state(), state);
        bench
    }

    fn input(&mut self, input: Input<'_>) {
        self.group.handle(self.now, input);
    }

    /// To the next time-out.
    fn advance(&mut self) {
        self.now = self.group.wake().unwrap().max(self.now);
        self.input(Input::Timeout);
    }

    fn hear(&mut self, host: u8, packet: &Packet) {
        let authentication = self.group.config().authentication.clone();
        let mut payload = Vec::new();
        packet.write(&authentication, address(host), &mut payload);
        self.input(Input::Packet { source: address(host), payload: &payload });
    }

    fn hello(&mut self, host: u8, state: GroupState, priority: u8) {
        let hello = packet(self.group.config(), Opcode::Hello, state, priority);
        self.hear(host, &hello);
    }

    fn frames(&mut self) -> Vec<lan::Frame> {
        let (mut frames, mut buffer) = (Vec::new(), Vec::new());
        while self.group.poll_transmit(self.now, &mut buffer) {
            frames.push(lan::Frame::read(&buffer));
        }
        frames
    }

    /// Opcode and state of the packets to be sent; gratuitous ARPs left out.
    fn sent(&mut self) -> Vec<(Opcode, GroupState)> {
        self.frames().iter().filter_map(lan::Frame::said).collect()
    }

    fn events(&mut self) -> Vec<GroupEvent> {
        core::iter::from_fn(|| self.group.poll_event()).collect()
    }
}

fn rank(priority: u8, host: u8) -> Rank {
    Rank { priority, address: address(host) }
}
