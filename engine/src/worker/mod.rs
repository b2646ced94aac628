//! The worker loop's body: one call of [`Worker::poll`] visits every port once, run to completion.
//!
//! The caller owns the thread, the clock and the decision to sleep; a worker owns its queues, its shard and its
//! ends of the steering rings. Housekeeping (expiry, neighbour timers) runs every [`HOUSEKEEPING_POLLS`] polls or
//! when the coarse tick changed, whichever is first, each part with a budget, so that no poll takes long.

mod mode;
mod outbox;
mod steering;

pub use mode::{ForwardMode, paired_port};
pub use outbox::{Outbox, TxCounters};
pub use steering::{Mail, STEER_RING_MESSAGES, Steering};

use crate::drop_reason::{DropCounters, DropReason};
use crate::interface::{Mac, PortId};
use crate::io::{BURST_PACKETS_MAX, PortIo};
use crate::pipeline::{InspectStats, Shard};
use crate::time::{Instant, Tick};

/// Polls between two rounds of housekeeping on a busy worker.
pub const HOUSEKEEPING_POLLS: u32 = 64;
/// Sessions one round of housekeeping may look at: some 20 µs of work.
pub const EXPIRY_BUDGET_SESSIONS: usize = 256;

/// What one worker received through one port.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct RxCounters {
    /// Packets received.
    pub packets: u64,
    /// Their bytes.
    pub bytes: u64,
    /// Polls that found something.
    pub bursts: u64,
}

/// A copy of all counters of one worker.
#[derive(Clone, Debug, Default)]
pub struct WorkerCounters {
    /// Received, by port.
    pub received: Vec<RxCounters>,
    /// Sent and refused, by port.
    pub sent: Vec<TxCounters>,
    /// Drops by reason.
    pub drops: DropCounters,
    /// Inspection.
    pub inspect: InspectStats,
    /// Polls, and polls that found nothing.
    pub polls: u64,
    /// Polls that found nothing.
    pub idle_polls: u64,
}

/// One worker: its queue of every port, its shard, its rings.
pub struct Worker<Io: PortIo> {
    io: Io,
    shard: Shard<Io::Packet>,
    steering: Steering<Io::Packet>,
    outbox: Outbox<Io::Packet>,
    burst: Vec<Io::Packet>,
    burst_packets: usize,
    mode: ForwardMode,
    macs: Vec<Mac>,
    /// Ports without a transmit queue of this worker's own, and who sends for it.
    relays: Vec<(PortId, u8)>,
    received: Vec<RxCounters>,
    polls: u64,
    idle_polls: u64,
    until_housekeeping: u32,
    tick: Tick,
    running: bool,
}

impl<Io: PortIo> Worker<Io> {
    /// A worker over `io`; `macs` are the ports' own addresses in port order.
    pub fn new(
        io: Io,
        shard: Shard<Io::Packet>,
        steering: Steering<Io::Packet>,
        macs: Vec<Mac>,
        burst_packets: usize,
    ) -> Worker<Io> {
        let ports = io.ports();
        let all = (0..ports).map(|port| PortId(port as u8));
        let relays = all.filter_map(|port| Some((port, io.transmits_through(port)?))).collect();
        Worker {
            relays,
            shard,
            steering,
            outbox: Outbox::new(ports),
            burst: Vec::with_capacity(BURST_PACKETS_MAX),
            burst_packets: burst_packets.clamp(1, BURST_PACKETS_MAX),
            mode: ForwardMode::default(),
            macs,
            received: vec![RxCounters::default(); ports],
            polls: 0,
            idle_polls: 0,
            until_housekeeping: 0,
            tick: Tick::default(),
            running: true,
            io,
        }
    }

    /// Visits every port and every ring once. Returns the number of packets it found.
    #[inline]
    pub fn poll(&mut self, now: Instant) -> usize {
        let mut found = 0;
        if self.running {
            for port in 0..self.received.len() {
                found += self.poll_port(now, PortId(port as u8));
            }
        }
        found += self.receive_mail(now);
        if self.until_housekeeping == 0 || now.tick() != self.tick {
            self.housekeep(now);
        }
        self.until_housekeeping -= 1;
        self.relay();
        self.outbox.flush(&mut self.io);
        self.polls += 1;
        self.idle_polls += u64::from(found == 0);
        found
    }

    #[inline]
    fn poll_port(&mut self, now: Instant, port: PortId) -> usize {
        let count = self.io.rx(port, &mut self.burst, self.burst_packets);
        if count == 0 {
            return 0;
        }
        let received = &mut self.received[usize::from(port.0)];
        received.packets += count as u64;
        received.bursts += 1;
        received.bytes += self.burst.iter().map(|p| crate::io::PacketBuf::data(p).len() as u64).sum::<u64>();
        if self.mode == ForwardMode::Firewall {
            self.shard.run(now, port, &mut self.burst, &mut self.outbox);
            self.send_mail();
        } else {
            mode::forward(self.mode, port, &self.macs, &mut self.burst, &mut self.outbox);
        }
        count
    }

    /// Hands frames for ports without a queue of our own to the workers that have one.
    #[inline]
    fn relay(&mut self) {
        for at in 0..self.relays.len() {
            let (port, worker) = self.relays[at];
            let mut frames = self.outbox.take_queued(port);
            for frame in frames.drain(..) {
                if let Err(Mail::Transmit(_, frame)) = self.steering.push(worker, Mail::Transmit(port, frame))
                {
                    self.outbox.drop_packet(frame, DropReason::SteerRingFull);
                }
            }
            self.outbox.put_back(port, frames);
        }
    }

    /// Hands over what other workers own.
    #[inline]
    fn send_mail(&mut self) {
        if self.outbox.steered.is_empty() && self.outbox.learned.is_empty() {
            return;
        }
        let mut steered = core::mem::take(&mut self.outbox.steered);
        for (owner, port, packet) in steered.drain(..) {
            match self.steering.push(owner, Mail::Packet(port, packet)) {
                Ok(()) => self.shard.stats_mut().steered_out += 1,
                Err(Mail::Packet(_, packet)) => self.outbox.drop_packet(packet, DropReason::SteerRingFull),
                Err(Mail::Transmit(..) | Mail::Neighbour(_)) => {}
            }
        }
        self.outbox.steered = steered;
        let mut learned = core::mem::take(&mut self.outbox.learned);
        for update in learned.drain(..) {
            for worker in 0..self.steering.to.len() {
                // A lost update costs the other worker one request of its own.
                let _ = self.steering.push(worker as u8, Mail::Neighbour(update));
            }
        }
        self.outbox.learned = learned;
    }

    /// Takes what other workers handed over, at most one burst from each.
    #[inline]
    fn receive_mail(&mut self, now: Instant) -> usize {
        let mut found = 0;
        for ring in 0..self.steering.from.len() {
            let mut packets = 0;
            for _ in 0..BURST_PACKETS_MAX {
                match self.steering.from[ring].pop() {
                    Ok(Mail::Packet(port, packet)) => {
                        packets += 1;
                        self.shard.receive_steered(now, port, packet, &mut self.outbox);
                    }
                    Ok(Mail::Transmit(port, frame)) => {
                        found += 1;
                        self.outbox.send(port, frame);
                    }
                    Ok(Mail::Neighbour(update)) => {
                        self.shard.neighbour_learned(now, &update, &mut self.outbox);
                    }
                    Err(_) => break,
                }
            }
            if packets > 0 {
                self.shard.stats_mut().steered_in += packets as u64;
                self.shard.decide(now, &mut self.outbox);
                found += packets;
            }
        }
        found
    }

    /// Timers, within their budgets.
    #[cold]
    fn housekeep(&mut self, now: Instant) {
        self.until_housekeeping = HOUSEKEEPING_POLLS;
        self.tick = now.tick();
        self.outbox.refill(&mut self.io);
        self.shard.expire(now, EXPIRY_BUDGET_SESSIONS);
        self.shard.poll_neighbours(now, &mut self.outbox);
        self.send_mail();
    }

    /// Copies the counters.
    pub fn counters(&self) -> WorkerCounters {
        WorkerCounters {
            received: self.received.clone(),
            sent: self.outbox.sent.clone(),
            drops: self.outbox.drops.clone(),
            inspect: self.shard.stats().clone(),
            polls: self.polls,
            idle_polls: self.idle_polls,
        }
    }

    /// Zeroes what counts up.
    pub fn clear_counters(&mut self) {
        self.received.fill(RxCounters::default());
        self.outbox.sent.fill(TxCounters::default());
        self.outbox.drops = DropCounters::default();
        self.shard.stats_mut().reset();
        (self.polls, self.idle_polls) = (0, 0);
    }

    /// The shard, for console requests between polls.
    pub fn shard(&self) -> &Shard<Io::Packet> {
        &self.shard
    }

    /// The shard, for console requests between polls.
    pub fn shard_mut(&mut self) -> &mut Shard<Io::Packet> {
        &mut self.shard
    }

    /// What is done with packets from now on.
    pub fn set_mode(&mut self, mode: ForwardMode) {
        self.mode = mode;
    }

    /// Packets asked of a port at once, 1 to [`BURST_PACKETS_MAX`].
    pub fn set_burst(&mut self, packets: usize) {
        self.burst_packets = packets.clamp(1, BURST_PACKETS_MAX);
    }

    /// Receives from its ports, or leaves them alone (`start`, `stop`). Timers and steered packets go on.
    pub fn set_running(&mut self, running: bool) {
        self.running = running;
    }
}
