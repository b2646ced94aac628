//! The table: slots, references, and what the packet path and the worker loop call.

use core::cell::Cell;
use core::net::IpAddr;
use std::collections::VecDeque;

use hashbrown::HashMap;

use super::config::NeighboursConfig;
use super::deadlines::Deadlines;
use super::request::Request;
use super::slot::{Hop, Hot, Slot};
use super::state::{Event, NeighbourState};
use super::view::NeighbourCounters;
use super::waiting::WaitingPackets;
use crate::drop_reason::DropReason;
use crate::interface::{Mac, PORTS_MAX, PortId};
use crate::io::PacketBuf;
use crate::session::NextHopRef;
use crate::time::Instant;
use crate::token_bucket::TokenBucket;

/// What became of a neighbour that packets waited for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum NeighbourEvent {
    /// It has an address; [`Neighbours::take_queued`] gives the packets to send.
    Resolved(NextHopRef),
    /// It did not answer; [`Neighbours::take_queued`] gives the packets to answer with "host unreachable".
    Failed(NextHopRef),
}

/// One worker's neighbours; see the module's essay. `P` is the packet that waits.
#[derive(Debug)]
pub struct Neighbours<P> {
    pub(super) config: NeighboursConfig,
    pub(super) hot: Vec<Hot>,
    pub(super) slots: Vec<Slot>,
    pub(super) index: HashMap<(PortId, IpAddr), u32>,
    pub(super) free: Vec<u32>,
    pub(super) deadlines: Deadlines,
    pub(super) waiting: WaitingPackets<P>,
    pub(super) requests: VecDeque<u32>,
    pub(super) reports: VecDeque<u32>,
    /// Slots that hold somebody whose link-layer address is not known.
    pub(super) unresolved: usize,
    /// By port, so that a flood on one link does not use up what another needs.
    pub(super) request_buckets: Box<[TokenBucket]>,
    pub(super) update_buckets: Box<[TokenBucket]>,
    /// Where the search for entries to evict goes on.
    pub(super) sweep: u32,
    pub(super) counters: NeighbourCounters,
}

/// This part of the table is out of reach for addresses that never answered.
const RESOLVED_RESERVE_DIVISOR: usize = 4;

/// A full bucket for each port.
fn by_port(per_second_max: u32, burst_max: u32) -> Box<[TokenBucket]> {
    Box::new([TokenBucket::new(per_second_max, burst_max); PORTS_MAX])
}

impl<P: PacketBuf> Neighbours<P> {
    /// An empty table, with everything it will ever hold allocated.
    pub fn new(mut config: NeighboursConfig) -> Neighbours<P> {
        config.neighbours_max = config.neighbours_max.min(NextHopRef::UNRESOLVED.0);
        config.requests_max = config.requests_max.max(1);
        let slots_max = config.neighbours_max;
        let vacant = |_| Hot {
            mac: Mac::default(),
            port: PortId(0),
            state: NeighbourState::Unresolved,
            used: Cell::new(false),
        };
        Neighbours {
            hot: (0..slots_max).map(vacant).collect(),
            slots: (0..slots_max).map(|_| Slot::vacant()).collect(),
            index: HashMap::with_capacity(slots_max as usize),
            free: (0..slots_max).rev().collect(),
            deadlines: Deadlines::new(slots_max),
            waiting: WaitingPackets::new(config.queued_packets_total_max, config.queue_packets_max),
            requests: VecDeque::with_capacity(slots_max as usize),
            reports: VecDeque::with_capacity(slots_max as usize),
            unresolved: 0,
            request_buckets: by_port(config.requests_per_second_max, config.requests_burst_max),
            update_buckets: by_port(config.updates_per_second_max, config.updates_per_second_max),
            sweep: 0,
            counters: NeighbourCounters::default(),
            config,
        }
    }

    /// The slot of `address` on `port`, found or made. Takes no reference: the result is good until the next
    /// [`Neighbours::poll`] unless [`Neighbours::retain`] follows.
    ///
    /// # Errors
    /// [`DropReason::NeighbourTableFull`], also when too many of those in the table have no answer yet: packets to
    /// empty addresses must not lock out hosts that are there (RFC 6583 section 6). The next `poll` makes room if
    /// anything may go.
    pub fn intern(&mut self, port: PortId, address: IpAddr, now: Instant) -> Result<NextHopRef, DropReason> {
        match self.find(port, address) {
            Some(slot) => Ok(NextHopRef(slot)),
            None if self.has_too_many_unresolved() => Err(DropReason::NeighbourTableFull),
            None => self.make(port, address, now),
        }
    }

    /// Whether three quarters of the table wait for an answer or gave up waiting.
    pub(super) fn has_too_many_unresolved(&self) -> bool {
        let slots = self.slots.len();
        self.unresolved >= slots - slots / RESOLVED_RESERVE_DIVISOR
    }

    /// A new entry for an address that has none.
    pub(super) fn make(
        &mut self,
        port: PortId,
        address: IpAddr,
        now: Instant,
    ) -> Result<NextHopRef, DropReason> {
        let slot = self.free.pop().ok_or(DropReason::NeighbourTableFull)?;
        self.unresolved += 1;
        self.index.insert((port, address), slot);
        self.hot[slot as usize] =
            Hot { mac: Mac::default(), port, state: NeighbourState::Unresolved, used: Cell::new(false) };
        self.slots[slot as usize] =
            Slot { address, occupied: true, since: now, used_at: now, ..Slot::vacant() };
        self.arm(slot, now);
        Ok(NextHopRef(slot))
    }

    /// Counts one more holder of `hop`; [`NextHopRef::UNRESOLVED`] is ignored.
    #[inline]
    pub fn retain(&mut self, hop: NextHopRef) {
        if let Some(slot) = self.slots.get_mut(hop.0 as usize) {
            debug_assert!(slot.occupied, "a reference must come from intern");
            slot.references += 1;
        }
    }

    /// Counts one holder less; [`NextHopRef::UNRESOLVED`] is ignored.
    #[inline]
    pub fn release(&mut self, hop: NextHopRef) {
        if let Some(slot) = self.slots.get_mut(hop.0 as usize) {
            debug_assert!(slot.references > 0, "released more often than retained");
            slot.references = slot.references.saturating_sub(1);
        }
    }

    /// What the packet path needs to send to `hop`, which also marks it used. [`NextHopRef::UNRESOLVED`] reads
    /// as unresolved.
    #[inline]
    pub fn hop(&self, hop: NextHopRef) -> Hop {
        match self.hot.get(hop.0 as usize) {
            Some(hot) => {
                if !hot.used.get() {
                    hot.used.set(true);
                }
                Hop { port: hot.port, state: hot.state, mac: hot.mac }
            }
            None => Hop { port: PortId(0), state: NeighbourState::Unresolved, mac: Mac::default() },
        }
    }

    /// The IP address of `hop`.
    pub fn address(&self, hop: NextHopRef) -> Option<IpAddr> {
        self.slots.get(hop.0 as usize).filter(|s| s.occupied).map(|s| s.address)
    }

    /// Keeps `packet` until the neighbour answers, and asks for it if nobody did yet. Call it when
    /// [`Neighbours::hop`] is not usable.
    ///
    /// # Errors
    /// Gives the packet back: [`DropReason::NeighbourUnreachable`] when the neighbour failed to answer a moment
    /// ago, [`DropReason::NeighbourQueueFull`] when its queue or the pool of all queues is full. The newest packet
    /// goes, not the oldest: what waits is a handshake or a query, and its retransmission would find the neighbour
    /// resolved.
    pub fn enqueue(&mut self, hop: NextHopRef, packet: P, now: Instant) -> Result<(), (P, DropReason)> {
        self.want(hop, now);
        let Some((slot, hot)) = self.slots.get_mut(hop.0 as usize).zip(self.hot.get(hop.0 as usize)) else {
            return Err((packet, DropReason::NeighbourUnreachable));
        };
        if !slot.occupied || hot.state == NeighbourState::Failed {
            return Err((packet, DropReason::NeighbourUnreachable));
        }
        let usable = hot.state.is_usable();
        self.waiting.push(&mut slot.queue, packet).map_err(|p| (p, DropReason::NeighbourQueueFull))?;
        if usable {
            // It was resolved between the caller's look and now: let the packet go at the next drain.
            self.report(hop.0);
        }
        Ok(())
    }

    /// Starts resolution without a packet, so that the first one does not wait.
    pub fn want(&mut self, hop: NextHopRef, now: Instant) {
        if self.slots.get(hop.0 as usize).is_some_and(|s| s.occupied) {
            self.step(hop.0, Event::Wanted, None, now);
        }
    }

    /// Moves the packets that waited for `hop`, oldest first, to the end of `out`.
    pub fn take_queued(&mut self, hop: NextHopRef, out: &mut Vec<P>) {
        if let Some(slot) = self.slots.get_mut(hop.0 as usize) {
            self.waiting.drain(&mut slot.queue, out);
        }
    }

    /// Enters a configured neighbour, or makes a learned one configured.
    ///
    /// # Errors
    /// [`DropReason::NeighbourTableFull`].
    pub fn static_entry(
        &mut self,
        port: PortId,
        address: IpAddr,
        mac: Mac,
        now: Instant,
    ) -> Result<NextHopRef, DropReason> {
        let hop = match self.find(port, address) {
            Some(slot) => NextHopRef(slot),
            None => self.make(port, address, now)?,
        };
        let hot = &mut self.hot[hop.0 as usize];
        self.unresolved -= usize::from(!hot.state.is_usable());
        hot.mac = mac;
        hot.state = NeighbourState::Static;
        self.slots[hop.0 as usize].since = now;
        self.deadlines.clear(hop.0);
        self.report(hop.0);
        Ok(hop)
    }

    /// The next request to send; drain to `None` after `poll`, `enqueue`, `want` and `handle_…`.
    pub fn poll_transmit(&mut self) -> Option<Request> {
        while let Some(index) = self.requests.pop_front() {
            let (slot, hot) = (&mut self.slots[index as usize], &self.hot[index as usize]);
            slot.request_pending = false;
            // Answered, perhaps through another worker, before this went out.
            if !hot.state.is_asking() {
                continue;
            }
            let unicast = (hot.state == NeighbourState::Probe).then_some(hot.mac);
            return Some(Request { port: hot.port, target: slot.address, unicast });
        }
        None
    }

    /// The next neighbour whose waiting packets may go or must be given up; drain to `None`.
    pub fn poll_event(&mut self) -> Option<NeighbourEvent> {
        while let Some(index) = self.reports.pop_front() {
            self.slots[index as usize].report_pending = false;
            match self.hot[index as usize].state {
                state if state.is_usable() => return Some(NeighbourEvent::Resolved(NextHopRef(index))),
                NeighbourState::Failed => return Some(NeighbourEvent::Failed(NextHopRef(index))),
                // Asking again already: there will be another report.
                _ => continue,
            }
        }
        None
    }
}
