//! What one pass of the pipeline leaves behind: packets to send, to free, to hand over.

use crate::drop_reason::{DropCounters, DropReason};
use crate::event::Event;
use crate::interface::PortId;
use crate::io::{PacketBuf, PortIo};
use crate::neighbour::NeighbourUpdate;
use crate::replication::ToHa;

/// Packets of the box's own (requests, errors) that may be under way in one poll.
const OWN_PACKETS_MAX: usize = 32;
/// Transmit buffer of one port, allocated at start; a poll that produces more grows it once.
const TX_PACKETS_RESERVED: usize = 512;

/// Outgoing side of a worker, filled by the pipeline and emptied by the worker loop.
pub struct Outbox<P> {
    tx: Vec<Vec<P>>,
    free: Vec<P>,
    own: Vec<P>,
    /// Packets of flows that another worker owns: (owner, arrival port, packet).
    pub(super) steered: Vec<(u8, PortId, P)>,
    /// What this worker learned of its neighbours, for the other workers.
    pub(super) learned: Vec<NeighbourUpdate>,
    /// Where events go, and how many found no room.
    events: Option<rtrb::Producer<Event>>,
    /// Events lost because the control thread was slow.
    pub events_lost: u64,
    /// Where received HSRP packets go, and how many found no room.
    hsrp_ring: Option<rtrb::Producer<ToHa>>,
    pub(super) hsrp_lost: u64,
    /// Frames of the box's own that were begun; each is sent, or dropped under a reason.
    pub(super) originated: u64,
    /// Drops of this worker by reason.
    pub drops: DropCounters,
    /// Transmitted packets and bytes by port, refused packets by port.
    pub sent: Vec<TxCounters>,
}

/// What one worker sent through one port.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct TxCounters {
    /// Packets the port took.
    pub packets: u64,
    /// Their bytes, frame check sequence not counted.
    pub bytes: u64,
    /// Packets the port did not take.
    pub refused: u64,
}

impl<P: PacketBuf> Outbox<P> {
    pub(super) fn new(ports: usize) -> Outbox<P> {
        Outbox {
            tx: (0..ports).map(|_| Vec::with_capacity(TX_PACKETS_RESERVED)).collect(),
            free: Vec::with_capacity(TX_PACKETS_RESERVED),
            own: Vec::with_capacity(OWN_PACKETS_MAX),
            steered: Vec::with_capacity(TX_PACKETS_RESERVED),
            learned: Vec::new(),
            events: None,
            events_lost: 0,
            hsrp_ring: None,
            hsrp_lost: 0,
            originated: 0,
            drops: DropCounters::default(),
            sent: vec![TxCounters::default(); ports],
        }
    }

    /// Events go into `ring` from now on.
    pub(super) fn set_events(&mut self, ring: rtrb::Producer<Event>) {
        self.events = Some(ring);
    }

    /// Tells the control thread; never waits. What anybody can cause with every packet leaves half of the ring to
    /// the audit trail, or a flood at a logged rule would hide which sessions began meanwhile.
    #[cold]
    pub fn tell(&mut self, event: Event) {
        let Some(ring) = &mut self.events else { return };
        let reserved = match event {
            Event::RuleDecided { .. } | Event::Received { .. } | Event::AddressConflict(_) => {
                ring.buffer().capacity() / 2
            }
            Event::SessionBegan(_) | Event::SessionEnded(..) => 0,
        };
        if ring.slots() <= reserved || ring.push(event).is_err() {
            self.events_lost += 1;
        }
    }

    /// Received HSRP packets go into `ring` from now on.
    pub(super) fn set_hsrp_ring(&mut self, ring: rtrb::Producer<ToHa>) {
        self.hsrp_ring = Some(ring);
    }

    /// Whether anybody wants HSRP packets.
    pub fn has_hsrp_ring(&self) -> bool {
        self.hsrp_ring.is_some()
    }

    /// Hands an HSRP packet to the HA core; never waits. `false`, and counted, when there was no room.
    pub fn hsrp(&mut self, message: ToHa) -> bool {
        let Some(ring) = &mut self.hsrp_ring else { return false };
        let taken = ring.push(message).is_ok();
        self.hsrp_lost += u64::from(!taken);
        taken
    }

    /// Queues a finished frame.
    #[inline]
    pub fn send(&mut self, port: PortId, packet: P) {
        match self.tx.get_mut(usize::from(port.0)) {
            Some(queue) => queue.push(packet),
            None => self.drop_packet(packet, DropReason::PortDown),
        }
    }

    /// Counts and frees.
    #[inline]
    pub fn drop_packet(&mut self, packet: P, reason: DropReason) {
        self.drops.count(reason);
        self.free.push(packet);
    }

    /// Takes back an empty [`Outbox::own_packet`] that nothing was written into after all.
    pub fn return_own_packet(&mut self, packet: P) {
        self.originated -= 1;
        self.own.push(packet);
    }

    /// Hands a packet to the worker that owns its flow.
    #[inline]
    pub fn steer(&mut self, owner: u8, port: PortId, packet: P) {
        self.steered.push((owner, port, packet));
    }

    /// Tells the other workers.
    pub fn announce(&mut self, update: NeighbourUpdate) {
        self.learned.push(update);
    }

    /// An empty packet for a frame of the box's own; `None` when the pool ran dry, and then the frame counts as
    /// dropped.
    pub fn own_packet(&mut self) -> Option<P> {
        self.originated += 1;
        let packet = self.own.pop();
        if packet.is_none() {
            self.drops.count(DropReason::PoolExhausted);
        }
        packet
    }

    /// Takes all frames queued for `port`, for another worker to send.
    pub(super) fn take_queued(&mut self, port: PortId) -> Vec<P> {
        self.tx.get_mut(usize::from(port.0)).map(core::mem::take).unwrap_or_default()
    }

    /// Gives back the emptied vector that [`Outbox::take_queued`] took.
    pub(super) fn put_back(&mut self, port: PortId, emptied: Vec<P>) {
        if let Some(queue) = self.tx.get_mut(usize::from(port.0)) {
            *queue = emptied;
        }
    }

    /// Keeps packets for the box's own frames at hand, so that the pipeline never asks the pool.
    pub(super) fn refill<Io: PortIo<Packet = P>>(&mut self, io: &mut Io) {
        while self.own.len() < OWN_PACKETS_MAX {
            match io.alloc() {
                Some(packet) => self.own.push(packet),
                None => return,
            }
        }
    }

    /// Offers every queue to its port once; what a port refuses is dropped, as a switch does.
    #[inline]
    pub(super) fn flush<Io: PortIo<Packet = P>>(&mut self, io: &mut Io) {
        for (index, queue) in self.tx.iter_mut().enumerate() {
            if queue.is_empty() {
                continue;
            }
            let total: u64 = queue.iter().map(|p| p.data().len() as u64).sum();
            let packets = io.tx(PortId(index as u8), queue) as u64;
            let left: u64 = queue.iter().map(|p| p.data().len() as u64).sum();
            let sent = &mut self.sent[index];
            sent.packets += packets;
            sent.bytes += total - left;
            if !queue.is_empty() {
                sent.refused += queue.len() as u64;
                for packet in queue.drain(..) {
                    self.drops.count(DropReason::TxFull);
                    self.free.push(packet);
                }
            }
        }
        if !self.free.is_empty() {
            io.free(&mut self.free);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::event::SessionEnd;
    use crate::flow::{FlowKey, HashKey};
    use crate::policy::{Action, RuleIndex};
    use crate::replication::Birth;
    use crate::session::{Admission, SessionState, SessionTable, TableConfig};
    use crate::testkit::HeapPacket;
    use crate::time::Tick;

    #[test]
    fn a_flood_at_a_logged_rule_does_not_hide_sessions() {
        let config = TableConfig { sessions_max: 16, hash_key: HashKey::FIXED, touch_at_start: false };
        let mut table = SessionTable::new(config).unwrap();
        let (key, side) = FlowKey::ipv4(1, 2, 3, 4, 17, 0);
        let admission = Admission { rule: 0, now: Tick(1), birth: Birth(1) };
        let hash = table.hash(&key);
        let handle = table.insert(&key, hash, &SessionState::default(), admission, Tick(9)).unwrap();
        let session = table.snapshot(handle).unwrap();

        let mut outbox = Outbox::<HeapPacket>::new(1);
        let (told, mut heard) = rtrb::RingBuffer::new(16);
        outbox.set_events(told);
        for _ in 0..100 {
            let (rule, action, port) = (RuleIndex(0), Action::Drop, PortId(0));
            outbox.tell(Event::RuleDecided { rule, action, port, key, side, reason: None });
        }
        assert_eq!(outbox.events_lost, 92);
        outbox.tell(Event::SessionBegan(session));
        outbox.tell(Event::SessionEnded(session, SessionEnd::Expired));
        assert_eq!(outbox.events_lost, 92);
        let all: Vec<Event> = std::iter::from_fn(|| heard.pop().ok()).collect();
        assert_eq!(all.len(), 10);
        assert!(matches!(all[8..], [Event::SessionBegan(_), Event::SessionEnded(..)]));
    }
}
