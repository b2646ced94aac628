//! Packets and news between workers.
//!
//! Virtual ports deliver everything to one queue, and NICs hash what they do not understand (ICMP errors,
//! tunnels) by other rules than ours; so a packet may arrive at a worker that does not own its flow. It is handed
//! over through a single-producer single-consumer ring, one for each ordered pair of workers. A full ring drops
//! the packet and counts it: it never blocks.

use rtrb::{Consumer, Producer, RingBuffer};

use crate::interface::PortId;
use crate::neighbour::NeighbourUpdate;

/// Messages a ring between two workers holds.
pub const STEER_RING_MESSAGES: usize = 1024;

/// One message from a worker to another.
pub enum Mail<P> {
    /// A packet of one of the receiver's flows, with the port it arrived on.
    Packet(PortId, P),
    /// A finished frame for a port of which only the receiving worker has a transmit queue.
    Transmit(PortId, P),
    /// A neighbour's address was learned.
    Neighbour(NeighbourUpdate),
}

/// One worker's ends of the rings.
pub struct Steering<P> {
    /// To each worker, by its number; `None` at its own.
    pub(super) to: Vec<Option<Producer<Mail<P>>>>,
    /// From each other worker.
    pub(super) from: Vec<Consumer<Mail<P>>>,
}

impl<P> Steering<P> {
    /// The rings of `workers` workers, one set for each, in order.
    pub fn mesh(workers: u8) -> Vec<Steering<P>> {
        let workers = usize::from(workers);
        let mut mesh: Vec<Steering<P>> = (0..workers)
            .map(|_| Steering { to: (0..workers).map(|_| None).collect(), from: Vec::with_capacity(workers) })
            .collect();
        for sender in 0..workers {
            for receiver in (0..workers).filter(|&r| r != sender) {
                let (producer, consumer) = RingBuffer::new(STEER_RING_MESSAGES);
                mesh[sender].to[receiver] = Some(producer);
                mesh[receiver].from.push(consumer);
            }
        }
        mesh
    }

    /// Sends; gives the message back when the ring is full or there is no such worker.
    #[inline]
    pub(super) fn push(&mut self, worker: u8, mail: Mail<P>) -> Result<(), Mail<P>> {
        match self.to.get_mut(usize::from(worker)) {
            Some(Some(ring)) => ring.push(mail).map_err(|rtrb::PushError::Full(mail)| mail),
            _ => Err(mail),
        }
    }
}
