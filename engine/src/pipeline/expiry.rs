//! Housekeeping: sessions that timed out, neighbours that answered, did not, or must be asked.

use super::Shard;
use crate::drop_reason::DropReason;
use crate::event::SessionEnd;
use crate::io::PacketBuf;
use crate::neighbour::{NeighbourEvent, NeighbourUpdate, REQUEST_FRAME_BYTES_MAX};
use crate::session::{NextHopRef, Snapshot};
use crate::time::Instant;
use crate::worker::Outbox;

/// Neighbour timers one round of housekeeping may run.
const NEIGHBOUR_TIMERS_BUDGET: usize = 64;

impl<P: PacketBuf> Shard<P> {
    /// Looks at no more than `budget` sessions whose timer is due and ends those that are idle for too long. Only an
    /// active box does: on a standby a session ends when the peer says so.
    pub fn expire(&mut self, now: Instant, budget: usize, outbox: &mut Outbox<P>) {
        if !self.role().is_active() {
            return;
        }
        let (timeouts, takeover) = (&self.config.timeouts, self.takeover);
        let ended = &mut self.ended;
        self.table.expire(
            now.tick(),
            budget,
            |key, state| super::outbound::deadline(timeouts, takeover, key.protocol(), state),
            |session| ended.push(session),
        );
        let mut ended = core::mem::take(&mut self.ended);
        self.stats.expired += ended.len() as u64;
        ended.drain(..).for_each(|session: Snapshot| self.forget(session, SessionEnd::Expired, outbox));
        self.ended = ended;
    }

    /// Runs neighbour timers and sends what came of them.
    pub fn poll_neighbours(&mut self, now: Instant, outbox: &mut Outbox<P>) {
        self.neighbours.poll(now, NEIGHBOUR_TIMERS_BUDGET);
        self.drain_neighbours(now, outbox);
    }

    /// Takes over what another worker learned.
    pub fn neighbour_learned(&mut self, now: Instant, update: &NeighbourUpdate, outbox: &mut Outbox<P>) {
        self.neighbours.apply_update(now, update);
        self.drain_neighbours(now, outbox);
    }

    /// Sends pending requests, and the packets of neighbours whose fate is known. The worker calls it at the end of
    /// every poll, so that a first packet does not wait for the next housekeeping to have its question asked.
    #[inline]
    pub fn drain_neighbours(&mut self, now: Instant, outbox: &mut Outbox<P>) {
        while let Some(request) = self.neighbours.poll_transmit() {
            self.send_request(&request, outbox);
        }
        while let Some(event) = self.neighbours.poll_event() {
            let mut released = core::mem::take(&mut self.released);
            match event {
                NeighbourEvent::Resolved(next_hop) => {
                    self.neighbours.take_queued(next_hop, &mut released);
                    let forwards = self.duty.in_force().forwards();
                    released.drain(..).for_each(|packet| match forwards {
                        true => self.send_resolved(next_hop, packet, outbox),
                        // They began to wait while the box was active.
                        false => outbox.drop_packet(packet, DropReason::NotActive),
                    });
                }
                NeighbourEvent::Failed(next_hop) => {
                    self.neighbours.take_queued(next_hop, &mut released);
                    released
                        .drain(..)
                        .for_each(|packet| self.answer_unreachable(now, next_hop, packet, outbox));
                }
            }
            self.released = released;
        }
    }

    /// The frame is complete but for its destination.
    fn send_resolved(&mut self, next_hop: NextHopRef, mut packet: P, outbox: &mut Outbox<P>) {
        let hop = self.neighbours.hop(next_hop);
        match packet.data_mut().first_chunk_mut::<6>() {
            Some(destination) => {
                *destination = hop.mac.0;
                outbox.send(hop.port, packet);
            }
            None => outbox.drop_packet(packet, DropReason::EthernetTruncated),
        }
    }

    fn send_request(&mut self, request: &crate::neighbour::Request, outbox: &mut Outbox<P>) {
        let Some(interface) = self.config.interfaces.get(usize::from(request.port.0)) else { return };
        let Some(mut packet) = outbox.own_packet() else { return };
        let mut frame = [0; REQUEST_FRAME_BYTES_MAX];
        let Some(length) = request.write(interface, &mut frame) else {
            return outbox.return_own_packet(packet);
        };
        match packet.append(length) {
            Some(data) => {
                data.copy_from_slice(&frame[..length]);
                self.send_on_link(request.port, packet, outbox);
            }
            None => outbox.return_own_packet(packet),
        }
    }
}
