//! A whole box in memory: three ports, any number of workers, a clock that moves when told.
//!
//! After every poll of every worker the books are checked: what came in went out, was dropped under a reason, waits
//! for a neighbour, or is with another worker; and every dropped packet went back to its pool, once.

use core::net::IpAddr;
use core::time::Duration;
use std::cell::RefCell;
use std::rc::Rc;
use std::sync::Arc;

use super::frame::{Packet, ethernet, ip};
use super::seen::Seen;
use super::topology::{PORTS, Setup, box_address, box_mac, host_mac};
use super::{HeapPacket, HeapPorts, SharedPorts};
use crate::drop_reason::DropReason;
use crate::event::{EVENT_RING_EVENTS, Event};
use crate::flow::HashKey;
use crate::interface::{Mac, PortId};
use crate::neighbour::NeighbourView;
use crate::net::build::Arp;
use crate::net::numbers::{ARP_BYTES, ARP_REPLY, ETHERTYPE_ARP};
use crate::pipeline::{InspectStats, Shard};
use crate::role::Role;
use crate::session::{Snapshot, TableConfig};
use crate::time::{Instant, Tick};
use crate::worker::{Steering, Worker, WorkerCounters};

pub(crate) struct Lab {
    pub(crate) now: Instant,
    pub(crate) workers: Vec<Worker<SharedPorts>>,
    pub(crate) ports: Vec<SharedPorts>,
    vlans: [Option<u16>; 3],
    events: Vec<rtrb::Consumer<Event>>,
}

impl Default for Lab {
    fn default() -> Lab {
        Lab::new(Setup::default())
    }
}

impl Lab {
    pub(crate) fn new(setup: Setup) -> Lab {
        let config = Arc::new(setup.config());
        let table =
            TableConfig { sessions_max: setup.sessions_max, hash_key: HashKey::FIXED, touch_at_start: false };
        let mut lab = Lab {
            now: Instant(7 * Tick::NANOS),
            workers: Vec::new(),
            ports: Vec::new(),
            vlans: setup.vlans,
            events: Vec::new(),
        };
        for (id, steering) in (0..).zip(Steering::mesh(setup.workers)) {
            let mut ports = HeapPorts::new(PORTS.len());
            if setup.one_tx_queue && id > 0 {
                ports.transmits_through.fill(Some(0));
            }
            let ports = Rc::new(RefCell::new(ports));
            let shard = Shard::new(id, Arc::clone(&config), table).unwrap();
            let macs = PORTS.iter().map(|&p| box_mac(p)).collect();
            let mut worker = Worker::new(Rc::clone(&ports), shard, steering, macs, 32);
            let (events, inbox) = rtrb::RingBuffer::new(EVENT_RING_EVENTS);
            worker.set_events(events);
            lab.workers.push(worker);
            lab.ports.push(ports);
            lab.events.push(inbox);
        }
        lab
    }

    /// Every worker carries out an order.
    pub(crate) fn set_role(&mut self, role: Role) {
        let now = self.now;
        self.workers.iter_mut().for_each(|worker| worker.shard_mut().set_role(role, now));
    }

    pub(crate) fn role(&self) -> Role {
        self.workers[0].shard().role()
    }

    /// The frame in which a host behind `port` sends `packet` to the box.
    pub(crate) fn frame(&self, port: PortId, packet: &Packet) -> Vec<u8> {
        packet.frame(host_mac(port), box_mac(port), self.vlans[usize::from(port.0)])
    }

    /// A frame is in worker `worker`'s receive queue of `port`.
    pub(crate) fn arrive(&mut self, worker: usize, port: PortId, frame: &[u8]) {
        let mut ports = self.ports[worker].borrow_mut();
        ports.received[usize::from(port.0)].push_back(HeapPacket::new(frame));
    }

    /// Polls one worker once.
    pub(crate) fn poll_worker(&mut self, worker: usize) -> usize {
        let found = self.workers[worker].poll(self.now);
        self.check_books(worker);
        found
    }

    /// Polls all workers until none finds anything.
    pub(crate) fn settle(&mut self) {
        for _ in 0..1000 {
            let found: usize = (0..self.workers.len()).map(|w| self.poll_worker(w)).sum();
            if found == 0 {
                return;
            }
        }
        panic!("the workers keep each other busy");
    }

    /// Lets time pass, tick by tick, so that every timer runs when it is due.
    pub(crate) fn wait(&mut self, time: Duration) {
        let end = self.now + time;
        while self.now < end {
            self.now = end.min(self.now + Duration::from_nanos(Tick::NANOS));
            self.settle();
        }
    }

    /// Gives worker 0 one packet on `port` and returns all frames that leave the box because of it.
    pub(crate) fn pass(&mut self, port: PortId, packet: &Packet) -> Vec<(PortId, Seen)> {
        let frame = self.frame(port, packet);
        self.pass_frame(port, &frame)
    }

    pub(crate) fn pass_frame(&mut self, port: PortId, frame: &[u8]) -> Vec<(PortId, Seen)> {
        self.arrive(0, port, frame);
        self.settle();
        self.sent()
    }

    /// Gives all packets to worker 0 as one burst.
    pub(crate) fn burst(&mut self, port: PortId, packets: &[Packet]) -> Vec<(PortId, Seen)> {
        for packet in packets {
            let frame = self.frame(port, packet);
            self.arrive(0, port, &frame);
        }
        self.settle();
        self.sent()
    }

    /// `packet` is forwarded out of `to`, and nothing else happens.
    #[track_caller]
    pub(crate) fn forwards(&mut self, from: PortId, to: PortId, packet: &Packet) -> Seen {
        let mut sent = self.pass(from, packet);
        assert_eq!(sent.len(), 1, "{sent:?}, drops {:?}", self.drops());
        let (port, seen) = sent.remove(0);
        assert_eq!(port, to);
        assert_eq!(seen.addresses(), super::seen::addresses(&packet.0));
        assert!(seen.is_sound(), "{seen:?}");
        seen
    }

    /// `packet` is dropped under `reason`, and nothing is said about it.
    #[track_caller]
    pub(crate) fn drops_silently(&mut self, port: PortId, packet: &Packet, reason: DropReason) {
        let frame = self.frame(port, packet);
        self.drops_frame(port, &frame, reason);
    }

    #[track_caller]
    pub(crate) fn drops_frame(&mut self, port: PortId, frame: &[u8], reason: DropReason) {
        let before = self.dropped(reason);
        let sent = self.pass_frame(port, frame);
        assert_eq!(self.dropped(reason), before + 1, "drops {:?}", self.drops());
        assert_eq!(sent, [], "it was answered");
    }

    /// Takes everything the ports sent, by port and in order.
    pub(crate) fn sent(&mut self) -> Vec<(PortId, Seen)> {
        let frames = self.frames();
        frames.iter().map(|(port, frame)| (*port, Seen::read(frame))).collect()
    }

    /// The same, unread.
    pub(crate) fn frames(&mut self) -> Vec<(PortId, Vec<u8>)> {
        let mut frames = Vec::new();
        for ports in &self.ports {
            for (port, sent) in PORTS.iter().zip(&mut ports.borrow_mut().sent) {
                frames.extend(sent.drain(..).map(|p| (*port, crate::io::PacketBuf::data(&p).to_vec())));
            }
        }
        frames
    }

    pub(crate) fn counters(&self) -> Vec<WorkerCounters> {
        self.workers.iter().map(Worker::counters).collect()
    }

    pub(crate) fn stats(&self) -> InspectStats {
        let mut sum = InspectStats::default();
        self.counters().iter().for_each(|c| sum.add(&c.inspect));
        sum
    }

    pub(crate) fn dropped(&self, reason: DropReason) -> u64 {
        self.counters().iter().map(|c| c.drops.get(reason)).sum()
    }

    /// Reasons that were counted, for messages.
    pub(crate) fn drops(&self) -> Vec<(DropReason, u64)> {
        DropReason::ALL.iter().map(|&r| (r, self.dropped(r))).filter(|&(_, count)| count > 0).collect()
    }

    pub(crate) fn sessions(&self) -> Vec<Snapshot> {
        let mut sessions = Vec::new();
        for worker in &self.workers {
            worker.shard().reader().walk(0, u32::MAX, |session| sessions.push(*session));
        }
        sessions
    }

    pub(crate) fn neighbours(&self, worker: usize) -> Vec<NeighbourView> {
        self.workers[worker].shard().neighbours(self.now)
    }

    pub(crate) fn events(&mut self) -> Vec<Event> {
        self.events.iter_mut().flat_map(|ring| std::iter::from_fn(|| ring.pop().ok())).collect()
    }

    /// A host says by ARP where it is, in answer to the box's request.
    pub(crate) fn arp_reply(&self, port: PortId, address: &str) -> Vec<u8> {
        let (IpAddr::V4(sender_ip), IpAddr::V4(target_ip)) = (ip(address), box_address(port, false)) else {
            panic!("ARP is for IPv4");
        };
        let reply = Arp {
            operation: ARP_REPLY,
            sender_mac: host_mac(port),
            sender_ip,
            target_mac: box_mac(port),
            target_ip,
        };
        arp_frame(host_mac(port), box_mac(port), self.vlans[usize::from(port.0)], &reply)
    }

    fn check_books(&self, worker: usize) {
        let c = self.workers[worker].counters();
        let received: u64 = c.received.iter().map(|r| r.packets).sum();
        let came = received + c.inspect.steered_in + c.relayed_in + c.originated;
        let sent: u64 = c.sent.iter().map(|s| s.packets).sum();
        let dropped: u64 = c.drops.iter().map(|(_, count)| count).sum();
        let waiting: u64 = self.neighbours(worker).iter().map(|n| u64::from(n.queued_packets)).sum();
        let went = sent + dropped + waiting + c.inspect.steered_out + c.relayed_out;
        assert_eq!(came, went, "worker {worker}: {c:?}");
        let ports = self.ports[worker].borrow();
        if ports.pool_packets > 0 {
            assert_eq!(ports.freed, dropped, "worker {worker}: every drop frees one packet");
        }
        assert_eq!(
            c.inspect.current.iter().sum::<u64>(),
            u64::from(self.workers[worker].shard().reader().len())
        );
    }
}

pub(crate) fn arp_frame(source: Mac, destination: Mac, vlan: Option<u16>, arp: &Arp) -> Vec<u8> {
    let mut body = [0; ARP_BYTES];
    arp.write(&mut body).unwrap();
    ethernet(source, destination, vlan, ETHERTYPE_ARP, &body)
}
