//! A worker's traffic with the other workers: packets of their flows, frames for their queues, news of neighbours.

use super::Worker;
use super::steering::Mail;
use crate::drop_reason::DropReason;
use crate::io::{BURST_PACKETS_MAX, PortIo};
use crate::time::Instant;

impl<Io: PortIo> Worker<Io> {
    /// Hands frames for ports without a queue of our own to the workers that have one.
    #[inline]
    pub(super) fn relay(&mut self) {
        for at in 0..self.relays.len() {
            let (port, worker) = self.relays[at];
            let mut frames = self.outbox.take_queued(port);
            for frame in frames.drain(..) {
                match self.steering.push(worker, Mail::Transmit(port, frame)) {
                    Ok(()) => self.relayed_out += 1,
                    Err(Mail::Transmit(_, frame)) => {
                        self.outbox.drop_packet(frame, DropReason::SteerRingFull)
                    }
                    Err(Mail::Packet(..) | Mail::Neighbour(_)) => {}
                }
            }
            self.outbox.put_back(port, frames);
        }
    }

    /// Hands over what other workers own.
    #[inline]
    pub(super) fn send_mail(&mut self) {
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
    pub(super) fn receive_mail(&mut self, now: Instant) -> usize {
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
                        self.relayed_in += 1;
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
}
