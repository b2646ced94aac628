//! What a group tells about itself.

use core::net::Ipv4Addr;

use holdfast_engine::time::Instant;

use super::Group;
use crate::hsrp::wire::Opcode;
use crate::hsrp::{GroupConfig, OtherRouter};
use crate::status::{GroupState, GroupStatus};

/// Counters, and the last change of state.
#[derive(Debug)]
pub(super) struct Statistics {
    sent: [u64; 3],
    received: [u64; 4],
    authentication_failures: u64,
    malformed: u64,
    changes: u32,
    last_change: Instant,
    last_change_why: &'static str,
}

impl Statistics {
    pub fn new(now: Instant) -> Statistics {
        Statistics {
            sent: [0; 3],
            received: [0; 4],
            authentication_failures: 0,
            malformed: 0,
            changes: 0,
            last_change: now,
            last_change_why: "started",
        }
    }

    pub fn changed(&mut self, now: Instant, why: &'static str) {
        self.changes = self.changes.saturating_add(1);
        self.last_change = now;
        self.last_change_why = why;
    }

    pub fn sent(&mut self, opcode: Opcode) {
        self.sent[usize::from(opcode.number())] += 1;
    }

    pub fn received(&mut self, opcode: Opcode) {
        self.received[usize::from(opcode.number())] += 1;
    }

    pub fn received_advertise(&mut self) {
        self.received[3] += 1;
    }

    pub fn authentication_failed(&mut self) {
        self.authentication_failures += 1;
    }

    pub fn malformed(&mut self) {
        self.malformed += 1;
    }
}

impl Group {
    /// State.
    pub fn state(&self) -> GroupState {
        self.state
    }

    /// What it was configured with.
    pub fn config(&self) -> &GroupConfig {
        &self.config
    }

    /// The virtual addresses: configured, or learned; empty while they are to be learned.
    pub fn virtual_addresses(&self) -> &[Ipv4Addr] {
        &self.virtual_addresses
    }

    /// Another router that is heard to be active; while this one is active, a rival. `None` when it resigned or was
    /// silent for the hold time.
    pub fn active_router(&self) -> Option<OtherRouter> {
        self.active.filter(|_| !self.silent)
    }

    /// Another router that is heard to be standby.
    pub fn standby_router(&self) -> Option<OtherRouter> {
        self.standby
    }

    /// Whether no active router is heard on this member: none for the hold time, or the group is not running and hears
    /// nobody. Not while this router is active itself, nor in the first hold time after it came up.
    pub fn is_active_silent(&self, now: Instant) -> bool {
        match self.state {
            GroupState::Initial => true,
            GroupState::Active => false,
            _ => self.silent || self.timers.active.is_none_or(|at| at <= now),
        }
    }

    /// All of it, for the console.
    pub fn status(&self, now: Instant) -> GroupStatus {
        let (config, statistics) = (&self.config, &self.statistics);
        let own = |state| (self.state == state).then_some(config.address);
        let active = self.active_router();
        let active_itself = self.state == GroupState::Active;
        GroupStatus {
            port: config.port,
            group: config.group,
            version: config.version.number(),
            state: self.state,
            priority: self.priority,
            priority_configured: config.priority,
            preempt: config.preempt,
            virtual_addresses: self.virtual_addresses.clone(),
            virtual_mac: self.virtual_mac(),
            active_router: own(GroupState::Active).or(active.map(|heard| heard.address)),
            active_priority: if active_itself {
                Some(self.priority)
            } else {
                active.map(|heard| heard.priority)
            },
            standby_router: own(GroupState::Standby).or(self.standby.map(|heard| heard.address)),
            hello: self.times.hello,
            hold: self.times.hold,
            next_hello_in: self.timers.hello.map(|at| at.since(now)),
            authentication: config.authentication.name(),
            state_changes: statistics.changes,
            last_change: now.since(statistics.last_change),
            last_change_why: statistics.last_change_why,
            sent: statistics.sent,
            received: statistics.received,
            authentication_failures: statistics.authentication_failures,
            malformed: statistics.malformed,
        }
    }
}
