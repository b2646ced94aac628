//! One round of the HA core: what arrived, what is due, what is to be sent.

use core::time::Duration;
use std::sync::Arc;

use dpdk::clock::Tsc;
use holdfast_engine::replication::ToHa;
use holdfast_engine::role::Lease;
use holdfast_engine::time::Instant;
use holdfast_ha::engine_tables::EngineTables;
use holdfast_ha::node::{Command, CommandError, Destination, Input, Node};
use holdfast_ha::runtime::{BATCH_DATAGRAMS, HaSocket};
use holdfast_ha::status::Status;

use super::frames::HaPorts;
use super::log;
use crate::dataplane::idle;

/// Time between two looks at the ports' links.
const LINK_INTERVAL: Duration = Duration::from_millis(5);
/// Datagrams sent in one round, so that what arrives meanwhile is not kept waiting.
const DATAGRAMS_PER_ROUND_MAX: usize = 128;
/// Longest time that a box which ends takes to hand over first.
const LEAVE_MAX: Duration = Duration::from_millis(1500);
/// And to get its last frames out, through workers that still run.
const LAST_FRAMES: Duration = Duration::from_millis(20);

/// Everything the HA core's thread owns.
pub struct HaCore {
    /// The protocol.
    pub node: Node,
    /// The workers' tables and rings.
    pub tables: EngineTables,
    /// The HA link's socket; `None` for HSRP without replication.
    pub socket: Option<HaSocket>,
    /// Ports as far as the HA core uses them.
    pub ports: HaPorts,
    /// Interface names, by port.
    pub names: Vec<String>,
    /// Until when workers may act on an active role.
    pub lease: Arc<Lease>,
    /// The workers' clock, without what `debug clock advance` adds.
    pub clock: Tsc,
    /// Scratch: frames and datagrams on their way out.
    pub outgoing: Vec<Vec<u8>>,
    /// When the links are looked at next.
    pub links_due: Instant,
}

impl HaCore {
    /// Everything there is to show.
    pub fn status(&self) -> Status {
        self.node.status(self.now(), &self.tables)
    }

    /// Carries out an operator's command.
    ///
    /// # Errors
    /// Why it was not.
    pub fn command(&mut self, command: Command) -> Result<(), CommandError> {
        self.node.command(self.now(), command, &mut self.tables)
    }

    fn now(&self) -> Instant {
        Instant(self.clock.nanos(self.clock.cycles()))
    }

    /// One round. Returns how much it found to do.
    pub(super) fn round(&mut self) -> usize {
        let now = self.now();
        let mut found = self.receive(now);
        found += self.receive_hsrp(now);
        if now >= self.links_due {
            self.links_due = now + LINK_INTERVAL;
            for (port, up) in self.ports.links() {
                self.node.handle(now, Input::LinkState { port, up }, &mut self.tables);
            }
        }
        self.node.handle(now, Input::Timeout, &mut self.tables);
        found += self.transmit(now);
        self.lease.renew(self.node.lease_until());
        while let Some(event) = self.node.poll_event() {
            log::log(&event, &self.names);
        }
        found
    }

    fn receive(&mut self, now: Instant) -> usize {
        let Some(socket) = &mut self.socket else { return 0 };
        let (node, tables) = (&mut self.node, &mut self.tables);
        // What can go wrong (the peer's port is closed, the interface is gone) is what the heartbeat is for.
        socket.recv_batch(|datagram| node.handle(now, Input::Datagram(datagram), tables)).datagrams
    }

    fn receive_hsrp(&mut self, now: Instant) -> usize {
        let mut found = 0;
        while let Some(ToHa::Hsrp { port, source, payload, length }) = self.tables.receive() {
            found += 1;
            let payload = payload.get(..usize::from(length)).unwrap_or(&payload);
            self.node.handle(now, Input::Hsrp { port, source, payload }, &mut self.tables);
        }
        found
    }

    fn transmit(&mut self, now: Instant) -> usize {
        let mut datagrams = 0;
        loop {
            let mut count = 0;
            while count < BATCH_DATAGRAMS {
                let mut buffer = match self.outgoing.get_mut(count) {
                    Some(datagram) => core::mem::take(datagram),
                    None => {
                        self.outgoing.push(Vec::new());
                        Vec::new()
                    }
                };
                buffer.clear();
                let destination = self.node.poll_transmit(now, &mut self.tables, &mut buffer);
                if let Some(Destination::Port(port)) = destination
                    && !self.ports.send(port, &buffer, &mut self.tables)
                {
                    self.node.note_frame_lost();
                }
                self.outgoing[count] = buffer;
                match destination {
                    Some(Destination::HaLink) => count += 1,
                    Some(Destination::Port(_)) => {}
                    None => break,
                }
            }
            if count == 0 {
                return datagrams;
            }
            datagrams += count;
            self.send(now, count);
            if count < BATCH_DATAGRAMS || datagrams >= DATAGRAMS_PER_ROUND_MAX {
                return datagrams;
            }
        }
    }

    /// Sends the first `count` datagrams; what the kernel does not take is lost, as on a wire.
    fn send(&mut self, now: Instant, count: usize) {
        let Some(socket) = &mut self.socket else { return };
        let batch = socket.send_batch(&self.outgoing[..count]);
        self.node.note_send_failures(batch.failures);
        if let Some(bytes) = batch.too_big {
            self.node.handle(now, Input::DatagramTooBig(bytes), &mut self.tables);
        }
    }

    /// Waits for a datagram, at most `pause` and not beyond the next timer.
    pub(super) fn rest(&self, pause: Duration) {
        let now = self.now();
        let until_due = self.node.wake().map_or(pause, |at| at.since(now));
        let pause = pause.min(until_due);
        if pause.is_zero() {
            return;
        }
        match &self.socket {
            Some(socket) => drop(socket.wait(Some(pause))),
            None => idle::sleep(pause),
        }
    }

    /// The box ends: the role is handed over if there is somebody to hand it to, else resigned.
    pub(super) fn leave(&mut self) {
        let begun = self.now();
        let handing_over = self.node.command(begun, Command::ForceSwitchover, &mut self.tables).is_ok();
        while handing_over && !self.node.is_standby() && self.now().since(begun) < LEAVE_MAX {
            self.round();
            self.rest(Duration::from_micros(200));
        }
        let now = self.now();
        // Never refused.
        let _ = self.node.command(now, Command::ShutDown, &mut self.tables);
        while self.now().since(now) < LAST_FRAMES {
            self.round();
            self.rest(Duration::from_millis(1));
        }
    }
}
