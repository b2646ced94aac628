//! The one place where a neighbour's state changes, and what follows from that: timers, requests, reports.

use core::net::IpAddr;

use super::slot::Slot;
use super::state::{Effects, Event, NeighbourState, transition};
use super::table::Neighbours;
use crate::interface::{Mac, PortId};
use crate::io::PacketBuf;
use crate::time::Instant;

/// Known neighbours are probed from this part of the burst that new ones may not touch.
const PROBE_RESERVE_DIVISOR: u32 = 4;
/// A request that the rate limit put off is tried again after this part of the retry interval.
const THROTTLED_RETRY_DIVISOR: u32 = 10;

impl<P: PacketBuf> Neighbours<P> {
    /// The slot of a known address.
    pub(super) fn find(&self, port: PortId, address: IpAddr) -> Option<u32> {
        self.index.get(&(port, address)).copied()
    }

    /// Forgets an entry. The caller has checked [`Slot::is_free_to_go`].
    pub(super) fn forget(&mut self, index: u32) {
        let (slot, hot) = (&mut self.slots[index as usize], &mut self.hot[index as usize]);
        self.index.remove(&(hot.port, slot.address));
        *slot = Slot::vacant();
        self.unresolved -= usize::from(!hot.state.is_usable());
        hot.state = NeighbourState::Unresolved;
        self.deadlines.clear(index);
        self.free.push(index);
    }

    /// Forgets what was learned of one family (`clear arp`): entries that sessions refer to are asked for again at
    /// their next packet, the others go. Configured entries and questions under way stay. Returns how many.
    pub fn clear_learned(&mut self, v6: bool) -> usize {
        let mut cleared = 0;
        for index in 0..self.slots.len() as u32 {
            let (slot, hot) = (&self.slots[index as usize], &mut self.hot[index as usize]);
            let learned = hot.state.is_usable() && hot.state != NeighbourState::Static;
            if !slot.occupied || !learned || slot.address.is_ipv6() != v6 {
                continue;
            }
            cleared += 1;
            self.unresolved += 1;
            hot.state = NeighbourState::Unresolved;
            self.deadlines.clear(index);
            if slot.is_free_to_go() {
                self.forget(index);
            }
        }
        cleared
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
        // Subtracted last: the entry itself may be the only one.
        self.unresolved += usize::from(!hot.state.is_usable());
        self.unresolved -= usize::from(!before.0.is_usable());
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
    pub(super) fn arm(&mut self, index: u32, now: Instant) {
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
        let (slot, hot) = (&mut self.slots[index as usize], &self.hot[index as usize]);
        let probe = hot.state == NeighbourState::Probe;
        let reserve = if probe { 0 } else { self.config.requests_burst_max / PROBE_RESERVE_DIVISOR };
        let bucket = self.request_buckets.get_mut(usize::from(hot.port.0));
        if !bucket.is_some_and(|bucket| bucket.take_above(now, reserve)) {
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
    pub(super) fn report(&mut self, index: u32) {
        if !core::mem::replace(&mut self.slots[index as usize].report_pending, true) {
            self.reports.push_back(index);
        }
    }
}
