//! The peer, as its heartbeats tell it.

use core::net::Ipv4Addr;
use core::time::Duration;

use holdfast_engine::time::Instant;

use crate::heartbeat::Heartbeat;
use crate::role::{Candidate, Health};

/// Weight of a new round-trip sample, as in RFC 6298: one eighth.
const ROUND_TRIP_WEIGHT: u32 = 8;

/// A heartbeat that was on its way for longer than this many times `dead_after` was held back. It tells how things were,
/// not how they are, and is no sign of life: who can delay the link's datagrams must not keep a dead box alive with
/// them, nor have a word to take over arrive after it was taken back.
const DELAY_DEAD_AFTERS: u32 = 2;
/// The boxes' clocks run apart by no more than one part in so many.
const DRIFT_DIVISOR: u32 = 1_000;

/// What is known of the peer. Survives its silence: a dead peer's last words are what the alarms and the console show.
#[derive(Debug, Default)]
pub(super) struct Peer {
    /// The newest heartbeat.
    pub(super) heartbeat: Option<Heartbeat>,
    /// When it came.
    pub(super) heard_at: Instant,
    /// Since when heartbeats come without a break.
    pub(super) heard_since: Instant,
    /// Its addresses, as it last told them; they outlive a restart, whose first heartbeat may take a moment.
    addresses: Vec<Ipv4Addr>,
    /// Its boot number.
    pub(super) boot: u64,
    /// Its name.
    pub(super) name: String,
    /// Its protocol version in use.
    pub(super) version: u16,
    /// When the last heartbeat came that had been held back.
    pub(super) late_at: Option<Instant>,
    /// It had the active role and no longer has it.
    pub(super) left_role_at: Option<Instant>,
    /// Smoothed round-trip time.
    pub(super) round_trip: Option<Duration>,
}

impl Peer {
    /// Takes a handshake's word for who the peer is; a new boot has nothing of what the old one had.
    pub(super) fn connected(&mut self, now: Instant, name: &str, boot: u64, version: u16) {
        if boot != self.boot {
            if self.held_role() {
                self.left_role_at = Some(now);
            }
            self.heartbeat = None;
            self.boot = boot;
        }
        self.name = name.to_owned();
        self.version = version;
    }

    /// Takes a heartbeat; `false` when it is not newer than the last, or too old.
    pub(super) fn beat(&mut self, now: Instant, heartbeat: Heartbeat, dead_after: Duration) -> bool {
        if self.heartbeat.as_ref().is_some_and(|last| heartbeat.number <= last.number) {
            return false;
        }
        if was_held_back(now, &heartbeat, dead_after) {
            self.late_at = Some(now);
            return false;
        }
        if let Some((sent, held)) = heartbeat.echo {
            self.sample_round_trip(now.since(sent).saturating_sub(held));
        }
        if !self.is_alive(now, dead_after) {
            self.heard_since = now;
        }
        let held_role = self.held_role();
        self.addresses = heartbeat.members.iter().map(|member| member.address).collect();
        self.heartbeat = Some(heartbeat);
        self.heard_at = now;
        if held_role && !self.held_role() {
            self.left_role_at = Some(now);
        } else if self.held_role() {
            self.left_role_at = None;
        }
        true
    }

    fn sample_round_trip(&mut self, sample: Duration) {
        self.round_trip = Some(match self.round_trip {
            None => sample,
            Some(smooth) => smooth - smooth / ROUND_TRIP_WEIGHT + sample / ROUND_TRIP_WEIGHT,
        });
    }

    /// Whether its last heartbeat said that it has the active role.
    pub(super) fn held_role(&self) -> bool {
        self.heartbeat.as_ref().is_some_and(|h| h.role.holds_role())
    }

    /// Whether its heartbeat arrives.
    pub(super) fn is_alive(&self, now: Instant, dead_after: Duration) -> bool {
        self.heartbeat.is_some() && now.since(self.heard_at) <= dead_after
    }

    /// Whether it told that it heard a heartbeat of ours not long ago.
    pub(super) fn hears(&self, now: Instant, dead_after: Duration) -> bool {
        let echo = self.heartbeat.as_ref().and_then(|h| h.echo);
        echo.is_some_and(|(sent, _)| now.since(sent) <= dead_after)
    }

    /// The peer as a candidate for the active role, while it is alive.
    pub(super) fn candidate(&self, now: Instant, dead_after: Duration) -> Option<Candidate> {
        let heartbeat = self.heartbeat.as_ref().filter(|_| self.is_alive(now, dead_after))?;
        Some(Candidate {
            role: heartbeat.role,
            term: heartbeat.term,
            sync: heartbeat.sync,
            health: Health { workers: heartbeat.workers_healthy, members_up: heartbeat.members_up() },
            priority: heartbeat.priority,
            address: heartbeat.lowest_address(),
            wants_role: heartbeat.wants_role,
            handover: heartbeat.handover,
            sessions: heartbeat.digest.sessions,
        })
    }

    /// Whether hellos from `source` are the peer's.
    pub(super) fn owns(&self, source: Ipv4Addr) -> bool {
        self.addresses.contains(&source)
    }
}

/// Whether a heartbeat was sent long ago. It says so by our own clock: it was sent `held` after our heartbeat of `sent`
/// had come there. One without an echo cannot be told.
fn was_held_back(now: Instant, heartbeat: &Heartbeat, dead_after: Duration) -> bool {
    heartbeat.echo.is_some_and(|(sent, held)| {
        let allowed = dead_after * DELAY_DEAD_AFTERS + held / DRIFT_DIVISOR;
        now.since(sent) > held.saturating_add(allowed)
    })
}
