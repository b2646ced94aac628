//! The table: slots, references, what the packet path reads, and the one place where states change.

use core::cell::Cell;
use core::net::IpAddr;
use core::time::Duration;
use std::collections::VecDeque;

use hashbrown::HashMap;

use super::config::NeighboursConfig;
use super::deadlines::Deadlines;
use super::request::Request;
use super::state::{Effects, Event, NeighbourState, transition};
use super::waiting::{Queue, WaitingPackets};
use crate::drop_reason::DropReason;
use crate::interface::{Mac, PortId};
use crate::io::PacketBuf;
use crate::local::rate_limit::TokenBucket;
use crate::session::NextHopRef;
use crate::time::Instant;

/// What the packet path needs of a next hop.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Hop {
    /// Where it is.
    pub port: PortId,
    /// Whether `mac` may be used: [`NeighbourState::is_usable`].
    pub state: NeighbourState,
    /// Its address; meaningless in other states.
    pub mac: Mac,
}

/// What became of a neighbour that packets waited for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum NeighbourEvent {
    /// It has an address; [`Neighbours::take_queued`] gives the packets to send.
    Resolved(NextHopRef),
    /// It did not answer; [`Neighbours::take_queued`] gives the packets to answer with "host unreachable".
    Failed(NextHopRef),
}

/// A line of `show arp` or `show ipv6 neighbors`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct NeighbourView {
    /// Where it is.
    pub port: PortId,
    /// Its IP address.
    pub address: IpAddr,
    /// Its link-layer address, when one is usable.
    pub mac: Option<Mac>,
    /// Its state.
    pub state: NeighbourState,
    /// Time since the state was entered.
    pub age: Duration,
    /// Sessions that refer to it, one per direction.
    pub references: u32,
    /// Packets that wait for it.
    pub queued_packets: u16,
}

/// What the table counted since start.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
pub struct NeighbourCounters {
    /// Requests handed out, probes included.
    pub requests: u64,
    /// Requests put off by the rate limit.
    pub requests_throttled: u64,
    /// Resolutions that ended without an answer.
    pub failures: u64,
    /// Entries forgotten early because the table was full.
    pub evictions: u64,
    /// Packets that claimed one of our addresses.
    pub conflicts: u64,
    /// Updates offered to the other workers.
    pub updates: u64,
    /// Updates held back by the rate limit.
    pub updates_throttled: u64,
}

/// What the packet path reads of a slot: 9 bytes.
#[derive(Debug)]
pub(super) struct Hot {
    pub mac: Mac,
    pub port: PortId,
    pub state: NeighbourState,
    /// Some packet read this slot since its timer last looked. A cell, so that reading needs no exclusive
    /// borrow; the table belongs to one worker.
    pub used: Cell<bool>,
}

/// The rest of a slot.
#[derive(Debug)]
pub(super) struct Slot {
    pub address: IpAddr,
    pub occupied: bool,
    pub references: u32,
    pub requests_sent: u8,
    pub queue: Queue,
    pub since: Instant,
    pub used_at: Instant,
    /// In `requests` already.
    request_pending: bool,
    /// In `reports` already.
    report_pending: bool,
}

impl Slot {
    fn vacant() -> Slot {
        Slot {
            address: IpAddr::V4(core::net::Ipv4Addr::UNSPECIFIED),
            occupied: false,
            references: 0,
            requests_sent: 0,
            queue: Queue::EMPTY,
            since: Instant(0),
            used_at: Instant(0),
            request_pending: false,
            report_pending: false,
        }
    }

    /// Nobody refers to it and nothing is on its way out.
    pub fn is_free_to_go(&self) -> bool {
        self.occupied
            && self.references == 0
            && self.queue.len() == 0
            && !self.request_pending
            && !self.report_pending
    }
}

/// One worker's neighbours; see the module's essay. `P` is the packet that waits.
#[derive(Debug)]
pub struct Neighbours<P> {
    pub(super) config: NeighboursConfig,
    pub(super) hot: Vec<Hot>,
    pub(super) slots: Vec<Slot>,
    index: HashMap<(PortId, IpAddr), u32>,
    pub(super) free: Vec<u32>,
    pub(super) deadlines: Deadlines,
    waiting: WaitingPackets<P>,
    requests: VecDeque<u32>,
    reports: VecDeque<u32>,
    request_bucket: TokenBucket,
    pub(super) update_bucket: TokenBucket,
    /// Where the search for entries to evict goes on.
    pub(super) sweep: u32,
    pub(super) counters: NeighbourCounters,
}

/// Known neighbours are probed from this part of the burst that new ones may not touch.
const PROBE_RESERVE_DIVISOR: u32 = 4;
/// A request that the rate limit put off is tried again after this part of the retry interval.
const THROTTLED_RETRY_DIVISOR: u32 = 10;

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
            request_bucket: TokenBucket::new(config.requests_per_second_max, config.requests_burst_max),
            update_bucket: TokenBucket::new(config.updates_per_second_max, config.updates_per_second_max),
            sweep: 0,
            counters: NeighbourCounters::default(),
            config,
        }
    }

    /// The slot of `address` on `port`, found or made. Takes no reference: the result is good until the next
    /// [`Neighbours::poll`] unless [`Neighbours::retain`] follows.
    ///
    /// # Errors
    /// [`DropReason::NeighbourTableFull`]; the next `poll` makes room if anything may go.
    pub fn intern(&mut self, port: PortId, address: IpAddr, now: Instant) -> Result<NextHopRef, DropReason> {
        if let Some(&slot) = self.index.get(&(port, address)) {
            return Ok(NextHopRef(slot));
        }
        let slot = self.free.pop().ok_or(DropReason::NeighbourTableFull)?;
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
        let hop = self.intern(port, address, now)?;
        let hot = &mut self.hot[hop.0 as usize];
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

    /// What was counted.
    pub fn counters(&self) -> &NeighbourCounters {
        &self.counters
    }

    /// Entries in use.
    pub fn len(&self) -> usize {
        self.index.len()
    }

    /// Whether there is no entry.
    pub fn is_empty(&self) -> bool {
        self.index.is_empty()
    }

    /// Every entry, by slot, for the console.
    pub fn iter(&self, now: Instant) -> impl Iterator<Item = NeighbourView> + '_ {
        let view = move |(slot, hot): (&Slot, &Hot)| NeighbourView {
            port: hot.port,
            address: slot.address,
            mac: hot.state.is_usable().then_some(hot.mac),
            state: hot.state,
            age: now.since(slot.since),
            references: slot.references,
            queued_packets: slot.queue.len(),
        };
        self.slots.iter().zip(&self.hot).filter(|(slot, _)| slot.occupied).map(view)
    }

    /// The slot of a known address.
    pub(super) fn find(&self, port: PortId, address: IpAddr) -> Option<u32> {
        self.index.get(&(port, address)).copied()
    }

    /// Forgets an entry. The caller has checked [`Slot::is_free_to_go`].
    pub(super) fn forget(&mut self, index: u32) {
        let slot = &mut self.slots[index as usize];
        self.index.remove(&(self.hot[index as usize].port, slot.address));
        *slot = Slot::vacant();
        self.hot[index as usize].state = NeighbourState::Unresolved;
        self.deadlines.clear(index);
        self.free.push(index);
    }

    /// Takes the transition for `event`: the only place, besides configuration, where a state changes. `mac` is
    /// what an effect may ask to record. Returns whether state or address changed.
    pub(super) fn step(&mut self, index: u32, event: Event, mac: Option<Mac>, now: Instant) -> bool {
        let hot = &mut self.hot[index as usize];
        let slot = &mut self.slots[index as usize];
        let before = (hot.state, hot.mac);
        let transition = transition(hot.state, event);
        if let Some(mac) = mac.filter(|_| transition.effects.contains(Effects::RECORD)) {
            hot.mac = mac;
        }
        hot.state = transition.next;
        let entered = hot.state != before.0;
        if entered {
            slot.since = now;
            slot.requests_sent = 0;
            // Only use from here on counts: it is what turns stale into a probe.
            if hot.used.replace(false) {
                slot.used_at = now;
            }
            if hot.state == NeighbourState::Failed {
                self.counters.failures += 1;
            }
        }
        let changed = (hot.state, hot.mac) != before;
        if transition.effects.contains(Effects::RELEASE) {
            self.report(index);
        }
        if transition.effects.contains(Effects::REQUEST) {
            self.request(index, now);
        } else if entered || matches!(event, Event::Elapsed | Event::ElapsedInUse) {
            self.arm(index, now);
        }
        changed
    }

    /// Sets the timer of the state that was just entered or whose timer just ended.
    fn arm(&mut self, index: u32, now: Instant) {
        let after = match self.hot[index as usize].state {
            NeighbourState::Unresolved => self.config.unused_lifetime,
            NeighbourState::Incomplete | NeighbourState::Probe => self.config.retry_interval,
            NeighbourState::Reachable => self.config.reachable_time,
            NeighbourState::Stale => self.config.stale_check_interval,
            NeighbourState::Failed => self.config.failed_hold,
            NeighbourState::Static => return self.deadlines.clear(index),
        };
        self.deadlines.set(index, now + after);
    }

    /// Queues a request if the rate limit lets it, else tries again soon without counting it as sent. New
    /// neighbours leave a reserve, so that a scan of empty addresses does not make known ones time out.
    fn request(&mut self, index: u32, now: Instant) {
        let slot = &mut self.slots[index as usize];
        let probe = self.hot[index as usize].state == NeighbourState::Probe;
        let reserve = if probe { 0 } else { self.config.requests_burst_max / PROBE_RESERVE_DIVISOR };
        if !self.request_bucket.take_above(now, reserve) {
            self.counters.requests_throttled += 1;
            return self.deadlines.set(index, now + self.config.retry_interval / THROTTLED_RETRY_DIVISOR);
        }
        slot.requests_sent += 1;
        self.counters.requests += 1;
        if !core::mem::replace(&mut slot.request_pending, true) {
            self.requests.push_back(index);
        }
        self.arm(index, now);
    }

    /// Notes that the packets of a slot may be handed out.
    fn report(&mut self, index: u32) {
        if !core::mem::replace(&mut self.slots[index as usize].report_pending, true) {
            self.reports.push_back(index);
        }
    }
}
