//! A wire with groups on it, in virtual time.

use holdfast_engine::net::checksum::{self, Sum};

use super::super::wire::{Message, Parsed, parse};
use super::*;

/// How long a frame is on its way.
const DELAY: Duration = ms(1);

/// A frame taken apart without the code under test, every checksum verified.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Frame {
    Hsrp { destination: [u8; 6], source_mac: Mac, ttl: u8, source: Ipv4Addr, payload: Vec<u8> },
    Arp { source_mac: Mac, body: Vec<u8> },
}

impl Frame {
    pub fn read(frame: &[u8]) -> Frame {
        let destination: [u8; 6] = frame[0..6].try_into().unwrap();
        let source_mac = Mac(frame[6..12].try_into().unwrap());
        match frame[12..14] {
            [0x08, 0x06] => {
                assert_eq!(destination, [0xff; 6]);
                Frame::Arp { source_mac, body: frame[14..].to_vec() }
            }
            [0x08, 0x00] => {
                let (ip, datagram) = frame[14..].split_at(20);
                assert_eq!((ip[0], ip[1], ip[9]), (0x45, 0xc0, 17));
                assert_eq!(usize::from(u16::from_be_bytes([ip[2], ip[3]])), frame.len() - 14);
                assert!(checksum::ipv4_header_is_valid(ip));
                let address = |at: usize| Ipv4Addr::from_octets(ip[at..at + 4].try_into().unwrap());
                let pseudo = Sum::pseudo_ipv4(address(12), address(16), 17, datagram.len() as u16);
                assert_ne!(datagram[6..8], [0, 0]);
                assert!(checksum::is_valid(pseudo, datagram));
                assert_eq!(datagram[..4], [0x07, 0xc1, 0x07, 0xc1]);
                assert_eq!(usize::from(u16::from_be_bytes([datagram[4], datagram[5]])), datagram.len());
                assert_eq!(destination[3..], [ip[17] & 0x7f, ip[18], ip[19]]);
                let (ttl, source, payload) = (ip[8], address(12), datagram[8..].to_vec());
                Frame::Hsrp { destination, source_mac, ttl, source, payload }
            }
            _ => panic!("neither ARP nor IPv4: {frame:02x?}"),
        }
    }

    pub fn packet(&self) -> Option<Packet> {
        let Frame::Hsrp { payload, .. } = self else { return None };
        match parse(payload).unwrap() {
            Message::Group(Parsed { packet, .. }) => Some(packet),
            Message::Advertise(_) => None,
        }
    }

    pub fn said(&self) -> Option<(Opcode, GroupState)> {
        self.packet().map(|p| (p.opcode, p.state.unwrap()))
    }
}

/// A router on the wire.
pub(super) struct Node {
    pub group: Group,
    /// Carries out what HSRP alone would do, at once.
    pub obeys: bool,
    /// Hears nothing and is heard by nobody.
    pub cut: bool,
    pub events: Vec<(Instant, GroupEvent)>,
    pub sent: Vec<(Instant, Frame)>,
}

impl Node {
    /// When it last came into `state`.
    pub fn entered(&self, state: GroupState) -> Option<Instant> {
        let changes = self.events.iter().rev();
        changes
            .filter_map(|(at, event)| match event {
                GroupEvent::StateChanged { new, .. } if *new == state => Some(*at),
                _ => None,
            })
            .next()
    }
}

/// The wire.
pub(super) struct Lan {
    pub now: Instant,
    pub nodes: Vec<Node>,
    under_way: Vec<(Instant, usize, Frame)>,
}

impl Lan {
    pub fn new(configs: impl IntoIterator<Item = GroupConfig>) -> Lan {
        let node = |config| Node {
            group: Group::new(config, START),
            obeys: true,
            cut: false,
            events: Vec::new(),
            sent: Vec::new(),
        };
        Lan { now: START, nodes: configs.into_iter().map(node).collect(), under_way: Vec::new() }
    }

    pub fn input(&mut self, node: usize, input: Input<'_>) {
        self.nodes[node].group.handle(self.now, input);
        self.drain(node);
    }

    pub fn up(&mut self) {
        for node in 0..self.nodes.len() {
            self.input(node, Input::Up);
        }
    }

    pub fn states(&self) -> Vec<GroupState> {
        self.nodes.iter().map(|node| node.group.state()).collect()
    }

    fn drain(&mut self, index: usize) {
        let (now, node) = (self.now, &mut self.nodes[index]);
        let mut buffer = Vec::new();
        loop {
            while node.group.poll_transmit(now, &mut buffer) {
                let frame = Frame::read(&buffer);
                node.sent.push((now, frame.clone()));
                if !node.cut {
                    self.under_way.push((now + DELAY, index, frame));
                }
            }
            let Some(event) = node.group.poll_event() else { break };
            node.events.push((now, event));
            match event {
                GroupEvent::TakeoverDue { why } if node.obeys => {
                    node.group.handle(now, Input::Promote { why: why.as_str() });
                }
                GroupEvent::YieldDue { why, .. } if node.obeys => {
                    node.group.handle(now, Input::Demote { why: why.as_str() });
                }
                _ => {}
            }
        }
    }

    pub fn run(&mut self, time: Duration) {
        let end = self.now + time;
        // Far more than what a second of 15 ms hellos makes.
        let mut left = 100_000u32;
        loop {
            left = left.checked_sub(1).expect("a group that always wants to be called again");
            let wakes = self.nodes.iter().filter_map(|node| node.group.wake());
            let arrivals = self.under_way.iter().map(|(at, ..)| *at);
            let Some(next) = wakes.chain(arrivals).min().filter(|at| *at <= end) else { break };
            self.now = self.now.max(next);
            self.deliver();
            for index in 0..self.nodes.len() {
                if self.nodes[index].group.wake().is_some_and(|at| at <= self.now) {
                    self.input(index, Input::Timeout);
                }
            }
        }
        self.now = end;
    }

    fn deliver(&mut self) {
        let now = self.now;
        let (due, rest) = core::mem::take(&mut self.under_way).into_iter().partition(|(at, ..)| *at <= now);
        self.under_way = rest;
        for (_, from, frame) in due {
            let Frame::Hsrp { source, payload, .. } = frame else { continue };
            for to in (0..self.nodes.len()).filter(|to| *to != from) {
                if !self.nodes[to].cut {
                    self.input(to, Input::Packet { source, payload: &payload });
                }
            }
        }
    }
}
