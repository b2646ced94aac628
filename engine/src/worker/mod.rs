//! The worker loop's body: one call of [`Worker::poll`] visits every port once, run to completion.
//!
//! The caller owns the thread, the clock and the decision to sleep; a worker owns its queues, its shard and its
//! ends of the steering rings. Housekeeping (expiry, neighbour timers) runs every [`HOUSEKEEPING_POLLS`] polls or
//! when the coarse tick changed, whichever is first, each part with a budget, so that no poll takes long.

mod counters;
mod ha;
mod mail;
mod mode;
mod outbox;
mod steering;
#[cfg(test)]
mod tests;

pub use counters::{RxCounters, WorkerCounters};
pub use mode::{ForwardMode, paired_port};
pub use outbox::{Outbox, TxCounters};
pub use steering::{Mail, STEER_RING_MESSAGES, Steering};

use crate::drop_reason::DropCounters;
use crate::event::{EVENT_FRAME_BYTES_MAX, Event};
use crate::interface::{Mac, PortId};
use crate::io::{BURST_PACKETS_MAX, PortIo};
use crate::pipeline::Shard;
use crate::replication::ToHa;
use crate::session::SessionHandle;
use crate::time::{Instant, Tick};

/// Polls between two rounds of housekeeping on a busy worker.
pub const HOUSEKEEPING_POLLS: u32 = 64;
/// Sessions one round of housekeeping may look at: some 20 µs of work.
pub const EXPIRY_BUDGET_SESSIONS: usize = 256;

/// One worker: its queue of every port, its shard, its rings.
pub struct Worker<Io: PortIo> {
    io: Io,
    shard: Shard<Io::Packet>,
    steering: Steering<Io::Packet>,
    outbox: Outbox<Io::Packet>,
    burst: Vec<Io::Packet>,
    burst_packets: usize,
    mode: ForwardMode,
    verbose: bool,
    macs: Vec<Mac>,
    /// Ports without a transmit queue of this worker's own, and who sends for it.
    relays: Vec<(PortId, u8)>,
    received: Vec<RxCounters>,
    relayed_in: u64,
    relayed_out: u64,
    polls: u64,
    idle_polls: u64,
    until_housekeeping: u32,
    tick: Tick,
    running: bool,
    /// The HA core, on a box of a pair.
    ha: Option<Box<ha::HaRing>>,
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
            verbose: false,
            macs,
            received: vec![RxCounters::default(); ports],
            relayed_in: 0,
            relayed_out: 0,
            polls: 0,
            idle_polls: 0,
            until_housekeeping: 0,
            tick: Tick::default(),
            running: true,
            ha: None,
            io,
        }
    }

    /// Visits every port and every ring once. Returns the number of packets it found.
    #[inline]
    pub fn poll(&mut self, now: Instant) -> usize {
        self.outbox.refill(&mut self.io);
        // Before the packets, whose fate depends on it.
        let told = if self.ha.is_some() { self.poll_ha(now) } else { 0 };
        // Before the packets, so that none meets a session whose time is over.
        if self.until_housekeeping == 0 || now.tick() != self.tick {
            self.housekeep(now);
        }
        self.until_housekeeping -= 1;
        let mut found = told;
        if self.running {
            for port in 0..self.received.len() {
                found += self.poll_port(now, PortId(port as u8));
            }
        }
        found += self.receive_mail(now);
        self.shard.drain_neighbours(now, &mut self.outbox);
        self.relay();
        self.outbox.flush(&mut self.io);
        self.polls += 1;
        self.idle_polls += u64::from(found == 0);
        if self.ha.is_some() {
            self.publish_ha(now, found - told);
        }
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
        if self.verbose {
            self.tell_received(port);
        }
        if self.mode == ForwardMode::Firewall {
            self.shard.run(now, port, &mut self.burst, &mut self.outbox);
            self.send_mail();
        } else {
            mode::forward(self.mode, port, &self.macs, &mut self.burst, &mut self.outbox);
        }
        count
    }

    /// Tells of every packet of the burst (`set verbose`).
    #[cold]
    fn tell_received(&mut self, port: PortId) {
        for packet in &self.burst {
            let data = crate::io::PacketBuf::data(packet);
            let mut frame = [0; EVENT_FRAME_BYTES_MAX];
            let kept = data.len().min(frame.len());
            frame[..kept].copy_from_slice(&data[..kept]);
            self.outbox.tell(Event::Received { port, bytes: data.len() as u16, frame });
        }
    }

    /// Timers, within their budgets.
    #[cold]
    fn housekeep(&mut self, now: Instant) {
        self.until_housekeeping = HOUSEKEEPING_POLLS;
        self.tick = now.tick();
        if !self.shard.lease_holds() {
            return;
        }
        self.shard.end_slack(now);
        if self.shard.role_in_force().is_active() {
            self.shard.expire(now, EXPIRY_BUDGET_SESSIONS, &mut self.outbox);
        }
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
            events_lost: self.outbox.events_lost,
            originated: self.outbox.originated,
            relayed_in: self.relayed_in,
            relayed_out: self.relayed_out,
        }
    }

    /// Zeroes what counts up.
    pub fn clear_counters(&mut self) {
        self.received.fill(RxCounters::default());
        self.outbox.sent.fill(TxCounters::default());
        self.outbox.drops = DropCounters::default();
        self.shard.stats_mut().reset();
        (self.polls, self.idle_polls) = (0, 0);
        (self.relayed_in, self.relayed_out) = (0, 0);
        (self.outbox.originated, self.outbox.events_lost) = (0, 0);
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

    /// Tells of every packet received.
    pub fn set_verbose(&mut self, on: bool) {
        self.verbose = on;
    }

    /// Events go into `ring` from now on.
    pub fn set_events(&mut self, ring: rtrb::Producer<Event>) {
        self.outbox.set_events(ring);
    }

    /// Whether the lease of the HA core holds (`role::Lease`), to be told before each poll. While it does not the
    /// worker does what a standby does, whatever its role, and runs no timers.
    #[inline]
    pub fn set_lease_holds(&mut self, holds: bool) {
        if self.shard.lease_holds() != holds {
            self.shard.set_lease_holds(holds);
        }
    }

    /// Received HSRP packets go into `ring` from now on.
    pub fn set_hsrp_ring(&mut self, ring: rtrb::Producer<ToHa>) {
        self.outbox.set_hsrp_ring(ring);
    }

    /// HSRP packets lost because that ring was full.
    pub fn hsrp_lost(&self) -> u64 {
        self.outbox.hsrp_lost
    }

    /// Removes a session before its time (`clear ip inspect sessions`); `false` when it is gone already.
    pub fn end_session(&mut self, session: SessionHandle) -> bool {
        self.shard.end_session(session, &mut self.outbox)
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
