//! What the console and metrics see of the table.

use core::net::IpAddr;
use core::time::Duration;

use super::slot::{Hot, Slot};
use super::state::NeighbourState;
use super::table::Neighbours;
use crate::interface::{Mac, PortId};
use crate::io::PacketBuf;
use crate::time::Instant;

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

impl<P: PacketBuf> Neighbours<P> {
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
}
