//! One box of a world: a node, its workers, and a thread of the daemon's that drives them.

use std::collections::VecDeque;

use holdfast_engine::interface::{Mac, PortId};
use holdfast_engine::role::Role;
use holdfast_engine::time::Instant;

use super::workers::Workers;
use super::*;
use crate::heartbeat::ConfigHashes;
use crate::hsrp::{Authentication, GroupConfig, Version};
use crate::link::{LinkConfig, Random, Rekey};
use crate::node::{Destination, Input, MemberConfig, Node, NodeConfig, NodeEvent, Preempt};
use crate::status::BoxRole;

/// Time between two looks at the ports' links.
const LINK_INTERVAL: Duration = ms(5);
/// What a socket, or a ring, holds while nobody reads.
const WAITING_MAX: usize = 512;

/// The box's own address on a segment.
pub(super) fn address(index: usize, segment: u8) -> Ipv4Addr {
    Ipv4Addr::new(10, 0, segment, 2 + index as u8)
}

pub(super) fn virtual_address(segment: u8) -> Ipv4Addr {
    Ipv4Addr::new(10, 0, segment, 1)
}

pub(super) fn group_config(port: u8, address: Ipv4Addr, priority: u8) -> GroupConfig {
    GroupConfig {
        port: PortId(port),
        interface_mac: Mac([2, 0, 0, 0, port, address.octets()[3]]),
        address,
        group: 10 + u16::from(port),
        version: Version::V2,
        virtual_addresses: vec![virtual_address(port)],
        priority,
        preempt: false,
        hello: HELLO,
        hold: HOLD,
        authentication: Authentication::from_key(KEY),
    }
}

/// Box 0 has priority 110, box 1 100; neither preempts.
pub(super) fn node_config(index: usize, segments: u8) -> NodeConfig {
    let priority = [110, 100][index];
    let member = |port: u8| MemberConfig {
        port: PortId(port),
        name: format!("lan{port}"),
        ha_id: holdfast_engine::replication::HaId(1 + u16::from(port)),
        address: address(index, port),
        group: Some(group_config(port, address(index, port), priority)),
        preempt: Preempt::default(),
        interface_delay: Duration::ZERO,
        track: Vec::new(),
    };
    let ends = ["192.0.2.1:4870".parse().unwrap(), "192.0.2.2:4870".parse().unwrap()];
    NodeConfig {
        name: ["one", "two"][index].to_owned(),
        boot: 1 + index as u64,
        members: (0..segments).map(member).collect(),
        link: Some(LinkConfig {
            local: ends[index],
            peer: ends[1 - index],
            key: [7; 32],
            name: ["one", "two"][index].to_owned(),
            boot: 1 + index as u64,
            versions: 1..=1,
            dead_after: DEAD_AFTER,
            rekey: Rekey::default(),
            random: Random::Seeded(77 + index as u64),
        }),
        heartbeat: HEARTBEAT,
        dead_after: DEAD_AFTER,
        hashes: ConfigHashes { policy: 1, inspect: 2 },
    }
}

/// What left a box in a step.
pub(super) enum Left {
    Frame(u8, Vec<u8>),
    Datagram(Vec<u8>),
}

/// One box.
pub(super) struct Box {
    pub(super) config: NodeConfig,
    pub(super) node: Node,
    pub(super) workers: Workers,
    /// The process runs at all.
    pub(super) runs: bool,
    /// The process is stopped; what arrives waits.
    pub(super) paused: bool,
    /// It was, until just now: the workers have not run yet.
    pub(super) woke: bool,
    pub(super) links: Vec<bool>,
    pub(super) lease_until: Instant,
    /// When the last HSRP packet left.
    pub(super) hello_at: Instant,
    links_due: Instant,
    pub(super) socket: VecDeque<Vec<u8>>,
    pub(super) ring: VecDeque<(u8, Ipv4Addr, Vec<u8>)>,
    pub(super) events: Vec<(Instant, NodeEvent)>,
    pub(super) term: u64,
    /// Steps in a row after which the node wanted to be called again at once.
    pub(super) sleepless: u32,
}

impl Box {
    pub(super) fn new(config: NodeConfig, workers: u8, slots: u32, room: usize, now: Instant) -> Box {
        let mut workers = Workers::new(workers, slots, room, (config.boot as u32) << 16);
        Box {
            node: Node::new(config.clone(), now, &mut workers),
            links: vec![true; config.members.len()],
            config,
            workers,
            runs: true,
            paused: false,
            woke: false,
            hello_at: now,
            lease_until: Instant::default(),
            links_due: now,
            socket: VecDeque::new(),
            ring: VecDeque::new(),
            events: Vec::new(),
            term: 0,
            sleepless: 0,
        }
    }

    pub(super) fn role(&self) -> BoxRole {
        self.node.roles.role
    }

    fn lease_holds(&self, now: Instant) -> bool {
        self.runs && !self.paused && now <= self.lease_until
    }

    /// Every worker forwards and lets sessions begin.
    pub(super) fn forwards(&self, now: Instant) -> bool {
        self.lease_holds(now) && self.workers.all_are(Role::Active)
    }

    /// Some worker does.
    pub(super) fn forwards_some(&self, now: Instant) -> bool {
        self.lease_holds(now) && self.workers.any_is(Role::Active)
    }

    pub(super) fn arrive_datagram(&mut self, datagram: Vec<u8>) {
        if self.runs && self.socket.len() < WAITING_MAX {
            self.socket.push_back(datagram);
        }
    }

    pub(super) fn arrive_hsrp(&mut self, port: u8, source: Ipv4Addr, payload: Vec<u8>) {
        if self.runs && self.links[usize::from(port)] && self.ring.len() < WAITING_MAX {
            self.ring.push_back((port, source, payload));
        }
    }

    /// One round of the daemon's thread, the workers having polled before.
    pub(super) fn round(&mut self, now: Instant, left: &mut Vec<Left>) {
        if !self.runs || self.paused {
            return;
        }
        if !core::mem::take(&mut self.woke) {
            self.workers.poll();
        }
        let Box { node, workers, .. } = self;
        for datagram in self.socket.drain(..) {
            node.handle(now, Input::Datagram(&datagram), workers);
        }
        for (port, source, payload) in self.ring.drain(..) {
            node.handle(now, Input::Hsrp { port: PortId(port), source, payload: &payload }, workers);
        }
        if now >= self.links_due {
            self.links_due = now + LINK_INTERVAL;
            for (port, &up) in (0..).zip(&self.links) {
                node.handle(now, Input::LinkState { port: PortId(port), up }, workers);
            }
        }
        node.handle(now, Input::Timeout, workers);
        let mut buffer = Vec::new();
        for _ in 0..DATAGRAMS_PER_ROUND_MAX {
            buffer.clear();
            let destination = node.poll_transmit(now, workers, &mut buffer);
            if matches!(destination, Some(Destination::Port(_))) && buffer[12..14] == [8, 0] {
                self.hello_at = now;
            }
            match destination {
                Some(Destination::Port(port)) if self.links[usize::from(port.0)] => {
                    left.push(Left::Frame(port.0, buffer.clone()));
                }
                Some(Destination::Port(_)) => {}
                Some(Destination::HaLink) => left.push(Left::Datagram(buffer.clone())),
                None => break,
            }
        }
        self.lease_until = node.lease_until();
        while let Some(event) = node.poll_event() {
            self.events.push((now, event));
        }
        let wakes_at_once = node.wake().is_some_and(|at| at <= now);
        self.sleepless = if wakes_at_once { self.sleepless + 1 } else { 0 };
    }
}
