//! How much may be on its way: a window in datagrams, halved on loss, and the time-out for what nobody reports.
//!
//! The link is the pair's own, so the window is less about fairness than about the peer: its sockets, its reorder
//! buffer, its workers' rings. Additive increase, multiplicative decrease, once a round trip (RFC 5681).

use core::time::Duration;

use super::in_flight::OnTheirWay;
use crate::replication::SPAN_DATAGRAMS_MAX;

const WINDOW_START: u32 = 32;
const WINDOW_MAX: u32 = SPAN_DATAGRAMS_MAX as u32;
/// A loss leaves this much: a lossy link carries at least so many datagrams a round trip.
const WINDOW_AFTER_LOSS_MIN: u32 = 8;
/// Silence leaves this much.
const WINDOW_MIN: u32 = 2;
/// Datagrams that wait at the peer to be applied, from which on nothing is sent: its reorder buffer is full.
const HELD_MAX: u32 = 64;
const TIMEOUT_MIN: Duration = Duration::from_millis(20);
const TIMEOUT_MAX: Duration = Duration::from_secs(1);
const ROUND_TRIPS_PER_TIMEOUT: u32 = 4;

#[derive(Debug)]
pub(super) struct Pacing {
    window: u32,
    /// Arrivals since the window last grew, above the threshold.
    credit: u32,
    /// Below it the window grows by one with every arrival.
    threshold: u32,
    /// Losses of datagrams before it are the same event as the last one.
    recover: u64,
    round_trip: Option<Duration>,
    /// Time-outs since something arrived; each doubles the next.
    timeouts: u32,
}

impl Pacing {
    pub(super) fn new() -> Pacing {
        Pacing {
            window: WINDOW_START,
            credit: 0,
            threshold: WINDOW_MAX,
            recover: 0,
            round_trip: None,
            timeouts: 0,
        }
    }

    /// Whether another datagram of live changes may go; while a copy is under way a quarter is left to it, so that
    /// it ends however busy the box is.
    pub(super) fn allows_live(&self, way: &OnTheirWay, copying: bool) -> bool {
        let reserved = if copying { (self.window / 4).max(1) } else { 0 };
        way.held < HELD_MAX && way.live < self.window.saturating_sub(reserved).max(1)
    }

    /// Whether another datagram of the complete copy may go; it takes half at most, so that changes need not wait.
    pub(super) fn allows_bulk(&self, way: &OnTheirWay) -> bool {
        let all = way.live.saturating_add(way.bulk);
        way.held < HELD_MAX && way.bulk < (self.window / 2).max(1) && (all < self.window || way.bulk == 0)
    }

    pub(super) fn timeout(&self) -> Duration {
        let base =
            self.round_trip.map_or(TIMEOUT_MIN, |rtt| (rtt * ROUND_TRIPS_PER_TIMEOUT).max(TIMEOUT_MIN));
        base.saturating_mul(1 << self.timeouts.min(10)).min(TIMEOUT_MAX)
    }

    pub(super) fn arrived(&mut self) {
        self.timeouts = 0;
        self.credit += 1;
        if self.window < self.threshold || self.credit >= self.window {
            self.window = (self.window + 1).min(WINDOW_MAX);
            self.credit = 0;
        }
    }

    /// Time from sending to hearing of it (RFC 6298 smooths it this way).
    pub(super) fn measured(&mut self, sample: Duration) {
        let sample = sample.min(TIMEOUT_MAX);
        self.round_trip = Some(self.round_trip.map_or(sample, |old| (old * 7 + sample) / 8));
    }

    /// The peer is heard again after a silence: its time-outs told of the link, which is back, and not of the peer.
    pub(super) fn reconnected(&mut self) {
        self.timeouts = 0;
    }

    /// The peer did without a datagram. `next`: number of the next one to be sent.
    pub(super) fn lost(&mut self, sequence: u64, next: u64) {
        if sequence >= self.recover {
            self.shrink(next, WINDOW_AFTER_LOSS_MIN);
        }
    }

    /// Nobody reported on datagrams for the time-out.
    pub(super) fn timed_out(&mut self, next: u64) {
        self.timeouts = self.timeouts.saturating_add(1);
        self.shrink(next, WINDOW_MIN);
    }

    fn shrink(&mut self, next: u64, least: u32) {
        self.window = (self.window / 2).max(least.min(self.window));
        self.threshold = self.window;
        self.credit = 0;
        self.recover = next;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_round_trip_of_losses_halves_once() {
        let mut pacing = Pacing::new();
        (1..=10).for_each(|sequence| pacing.lost(sequence, 50));
        assert_eq!(pacing.window, WINDOW_START / 2);
        pacing.lost(50, 60);
        assert_eq!(pacing.window, WINDOW_AFTER_LOSS_MIN);
        pacing.lost(60, 70);
        assert_eq!(pacing.window, WINDOW_AFTER_LOSS_MIN);
    }

    #[test]
    fn grows_to_the_most_and_no_further() {
        let mut pacing = Pacing::new();
        (0..1000).for_each(|_| pacing.arrived());
        assert_eq!(pacing.window, WINDOW_MAX);
    }

    #[test]
    fn silence_backs_off_and_arrival_ends_it() {
        let mut pacing = Pacing::new();
        assert_eq!(pacing.timeout(), TIMEOUT_MIN);
        (0..100).for_each(|_| pacing.timed_out(1));
        assert_eq!((pacing.timeout(), pacing.window), (TIMEOUT_MAX, WINDOW_MIN));
        pacing.arrived();
        pacing.measured(Duration::from_millis(10));
        assert_eq!(pacing.timeout(), Duration::from_millis(40));
    }

    #[test]
    fn a_peer_that_is_heard_again_is_not_waited_for() {
        let mut pacing = Pacing::new();
        (0..100).for_each(|_| pacing.timed_out(1));
        pacing.reconnected();
        assert_eq!((pacing.timeout(), pacing.window), (TIMEOUT_MIN, WINDOW_MIN));
    }

    #[test]
    fn neither_side_starves_the_other() {
        let pacing = Pacing::new();
        let busy = OnTheirWay { live: WINDOW_START, bulk: 0, held: 0 };
        assert!(!pacing.allows_live(&busy, true) && pacing.allows_bulk(&busy));
        let copying = OnTheirWay { live: 0, bulk: WINDOW_START, held: 0 };
        assert!(pacing.allows_live(&copying, true) && !pacing.allows_bulk(&copying));
        let held = OnTheirWay { live: 0, bulk: 0, held: HELD_MAX };
        assert!(!pacing.allows_live(&held, true) && !pacing.allows_bulk(&held));
    }
}
