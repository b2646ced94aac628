//! Packets and news between workers.
//!
//! Virtual ports deliver everything to one queue, and NICs hash what they do not understand (ICMP errors,
//! tunnels) by other rules than ours; so a packet may arrive at a worker that does not own its flow. It is handed
//! over through a single-producer single-consumer ring, one for each ordered pair of workers. A full ring drops
//! the packet and counts it: it never blocks.
//!
//! A flood of steered packets must not take the whole ring. Where one worker receives for all, the answers that
//! another waits for come through the same ring: without them it would lose its neighbours one after the other,
//! and with them every session that it serves. So each kind of message leaves room for those that matter more.

use rtrb::{Consumer, Producer, RingBuffer};

use crate::interface::PortId;
use crate::neighbour::NeighbourUpdate;

/// Messages a ring between two workers holds.
pub const STEER_RING_MESSAGES: usize = 1024;
/// Messages a ring may hold when a finished frame is added; what is left is for news of neighbours.
pub(super) const FRAME_RING_MESSAGES: usize = STEER_RING_MESSAGES - 64;
/// Messages a ring may hold when a packet is added; what is left is also for frames, which a worker has decided to
/// send.
pub(super) const PACKET_RING_MESSAGES: usize = FRAME_RING_MESSAGES - 192;

/// One message from a worker to another.
pub enum Mail<P> {
    /// A packet of one of the receiver's flows, with the port it arrived on.
    Packet(PortId, P),
    /// A finished frame for a port of which only the receiving worker has a transmit queue.
    Transmit(PortId, P),
    /// A neighbour's address was learned.
    Neighbour(NeighbourUpdate),
}

impl<P> Mail<P> {
    /// Free messages of a ring that this one must leave alone.
    const fn reserved_messages(&self) -> usize {
        match self {
            Mail::Neighbour(_) => 0,
            Mail::Transmit(..) => STEER_RING_MESSAGES - FRAME_RING_MESSAGES,
            Mail::Packet(..) => STEER_RING_MESSAGES - PACKET_RING_MESSAGES,
        }
    }
}

/// The sending end of a ring.
pub(super) struct Outgoing<P> {
    ring: Producer<Mail<P>>,
    /// Messages that fit for certain; the receiver may have taken more since. Asking touches its cache line.
    room: usize,
}

impl<P> Outgoing<P> {
    #[inline]
    fn push(&mut self, mail: Mail<P>) -> Result<(), Mail<P>> {
        let reserved = mail.reserved_messages();
        if self.room <= reserved {
            self.room = self.ring.slots();
            if self.room <= reserved {
                return Err(mail);
            }
        }
        self.room -= 1;
        self.ring.push(mail).map_err(|rtrb::PushError::Full(mail)| mail)
    }
}

/// One worker's ends of the rings.
pub struct Steering<P> {
    /// To each worker, by its number; `None` at its own.
    pub(super) to: Vec<Option<Outgoing<P>>>,
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
                mesh[sender].to[receiver] = Some(Outgoing { ring: producer, room: STEER_RING_MESSAGES });
                mesh[receiver].from.push(consumer);
            }
        }
        mesh
    }

    /// Sends; gives the message back when the ring has no room for it or there is no such worker.
    #[inline]
    pub(super) fn push(&mut self, worker: u8, mail: Mail<P>) -> Result<(), Mail<P>> {
        match self.to.get_mut(usize::from(worker)) {
            Some(Some(outgoing)) => outgoing.push(mail),
            _ => Err(mail),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::interface::Mac;
    use crate::neighbour::Evidence;

    fn news() -> Mail<u32> {
        Mail::Neighbour(NeighbourUpdate {
            port: PortId(0),
            address: core::net::Ipv4Addr::new(10, 0, 1, 9).into(),
            mac: Mac([2, 0, 0, 0, 0, 9]),
            evidence: Evidence::Answer { overrides: true },
        })
    }

    /// Sends copies of a message until it is refused; how many there were.
    fn fill(sender: &mut Steering<u32>, mail: impl Fn() -> Mail<u32>) -> usize {
        std::iter::repeat_with(|| sender.push(1, mail())).take_while(Result::is_ok).count()
    }

    #[test]
    fn steered_packets_leave_room_for_frames_and_frames_for_news() {
        let mut mesh = Steering::<u32>::mesh(2);
        let [sender, receiver] = &mut mesh[..] else { panic!("two workers") };
        for round in 0..3 {
            assert_eq!(fill(sender, || Mail::Packet(PortId(0), round)), PACKET_RING_MESSAGES);
            assert_eq!(fill(sender, || Mail::Transmit(PortId(0), round)), 192);
            assert_eq!(fill(sender, news), 64);
            let received = std::iter::from_fn(|| receiver.from[0].pop().ok()).count();
            assert_eq!(received, STEER_RING_MESSAGES);
        }
        assert!(matches!(sender.push(0, news()), Err(Mail::Neighbour(_))), "nobody writes to itself");
    }
}
