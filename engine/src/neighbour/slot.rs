//! A slot of the table, in two parts: what the packet path reads, packed together, and the rest.

use core::cell::Cell;
use core::net::IpAddr;

use super::state::NeighbourState;
use super::waiting::Queue;
use crate::interface::{Mac, PortId};
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
    pub request_pending: bool,
    /// In `reports` already.
    pub report_pending: bool,
}

impl Slot {
    /// A slot that holds nobody.
    pub fn vacant() -> Slot {
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
