//! A packet's way through one worker, in passes over a burst.
//!
//! 1. `run`: parse every frame; ARP and neighbour discovery leave for `local`, malformed packets drop, packets of
//!    other workers' flows are steered, the rest become rows of [`lanes::Lanes`].
//! 2. Hash all keys; the table prefetches buckets, compares tags, prefetches entries, compares keys
//!    (`SessionTable::lookup_burst`). Nothing in a pass waits for the memory that the same pass asked for.
//! 3. `established`: in arrival order, track each packet against its session, rewrite, queue for its port.
//!    What has no session goes through `first_packet`, which asks the table again: the packet before it in the
//!    same burst may have begun the session.
//!
//! A [`Shard`] owns all state of one worker; nothing in here is shared, and `now` comes in as an argument.

mod egress;
mod established;
mod expiry;
mod first_packet;
mod icmp_error;
mod lanes;
mod local;
mod stats;
#[cfg(test)]
mod tests;

use std::sync::Arc;

use crate::config::EngineConfig;
use crate::drop_reason::DropReason;
use crate::flow::OwnerMap;
use crate::interface::{Mac, PortId, ZoneId};
use crate::io::PacketBuf;
use crate::local::RateLimit;
use crate::neighbour::NeighbourTable;
use crate::parse::{Class, EthernetFilter, parse};
use crate::session::{SessionTable, TableConfig, TableError};
use crate::time::Instant;
use crate::worker::Outbox;

use lanes::Lanes;
pub use stats::{InspectStats, Phase, ProtocolClass};

/// What the passes need of a port, side by side.
#[derive(Clone, Copy, Debug)]
struct PortView {
    filter: EthernetFilter,
    mac: Mac,
    zone: ZoneId,
    mtu: u16,
    vlan: Option<u16>,
}

/// Everything one worker owns: its sessions, its neighbours, its limits.
pub struct Shard<P> {
    id: u8,
    config: Arc<EngineConfig>,
    ports: Vec<PortView>,
    owners: OwnerMap,
    table: SessionTable,
    neighbours: NeighbourTable<P>,
    lanes: Lanes<P>,
    /// Answers of the box's own: ICMP errors, resets, echo replies.
    error_limit: RateLimit,
    echo_limit: RateLimit,
    stats: InspectStats,
    /// Scratch for packets whose neighbour just answered, or never will.
    released: Vec<P>,
}

/// A shard that cannot be built.
#[derive(Debug, thiserror::Error)]
pub enum ShardError {
    /// The session table refused its configuration or its memory.
    #[error("session table: {0}")]
    Table(#[from] TableError),
}

impl<P: PacketBuf> Shard<P> {
    /// Worker `id`'s shard. `sessions_max` is this shard's part of the box's capacity.
    ///
    /// # Errors
    /// When the session table cannot be allocated.
    pub fn new(id: u8, config: Arc<EngineConfig>, table: TableConfig) -> Result<Shard<P>, ShardError> {
        let ports = config
            .interfaces
            .iter()
            .map(|i| PortView {
                filter: EthernetFilter { vlan: i.vlan, ..EthernetFilter::new(i.mac) },
                mac: i.mac,
                zone: i.zone,
                mtu: i.mtu,
                vlan: i.vlan,
            })
            .collect();
        let mut neighbours = NeighbourTable::new(config.neighbours);
        for entry in &config.static_neighbours {
            // A full table at start means a limit below the configuration's own entries; the rest resolve by ARP.
            let _ = neighbours.static_entry(entry.port, entry.address, entry.mac);
        }
        Ok(Shard {
            id,
            ports,
            owners: OwnerMap::new(config.workers),
            table: SessionTable::new(table)?,
            neighbours,
            lanes: Lanes::new(),
            error_limit: RateLimit::new(config.icmp_errors_per_second_max, config.icmp_errors_burst),
            echo_limit: RateLimit::new(config.echo_replies_per_second_max, config.echo_replies_burst),
            stats: InspectStats::default(),
            released: Vec::with_capacity(64),
            config,
        })
    }

    /// Runs a burst that arrived on `port`; `burst` is empty afterwards.
    #[inline]
    pub fn run(&mut self, now: Instant, port: PortId, burst: &mut Vec<P>, outbox: &mut Outbox<P>) {
        let Some(view) = self.ports.get(usize::from(port.0)).copied() else {
            burst.drain(..).for_each(|p| outbox.drop_packet(p, DropReason::PortDown));
            return;
        };
        // All at once: a burst fits the line-fill buffers of no core, but the ones in front arrive while the
        // rest are still being asked for.
        burst.iter().for_each(P::prefetch);
        for packet in burst.drain(..) {
            self.admit(now, port, &view, packet, outbox);
        }
        self.decide(now, outbox);
    }

    /// Takes one packet that another worker received on `port`; call [`Shard::decide`] after a batch of at most
    /// [`crate::io::BURST_PACKETS_MAX`].
    #[inline]
    pub fn receive_steered(&mut self, now: Instant, port: PortId, packet: P, outbox: &mut Outbox<P>) {
        match self.ports.get(usize::from(port.0)).copied() {
            Some(view) => self.admit(now, port, &view, packet, outbox),
            None => outbox.drop_packet(packet, DropReason::PortDown),
        }
    }

    /// Parses one packet and puts it where it belongs.
    #[inline]
    fn admit(&mut self, now: Instant, port: PortId, view: &PortView, packet: P, outbox: &mut Outbox<P>) {
        let parsed = match parse(packet.data(), &view.filter) {
            Ok(parsed) => parsed,
            Err(reason) => return outbox.drop_packet(packet, reason),
        };
        match parsed.class {
            Class::Flow | Class::IcmpError => {
                let owner = self.owners.owner(&parsed.key);
                if owner == self.id {
                    self.lanes.push(packet, port, parsed);
                } else {
                    outbox.steer(owner, port, packet);
                }
            }
            Class::Arp => self.arp(now, port, &parsed, packet, outbox),
            Class::Nd => self.nd(now, port, &parsed, packet, outbox),
        }
    }

    /// Looks all admitted packets up and decides each.
    #[inline]
    pub fn decide(&mut self, now: Instant, outbox: &mut Outbox<P>) {
        let mut lanes = core::mem::replace(&mut self.lanes, Lanes::empty());
        let count = lanes.keys.len();
        if count > 0 {
            let key = self.table.hash_key();
            lanes.hashes.extend(lanes.keys.iter().map(|k| k.hash(&key)));
            self.table.lookup_burst(&lanes.keys, &lanes.hashes, &mut lanes.found[..count]);
            for (at, packet) in lanes.packets.drain(..).enumerate() {
                let row = Row { port: lanes.ports[at], hash: lanes.hashes[at], parsed: &lanes.parsed[at] };
                match lanes.found[at] {
                    Some(handle) => self.established(now, handle, row, packet, outbox),
                    None => self.first_packet(now, row, packet, outbox),
                }
            }
            lanes.clear();
        }
        self.lanes = lanes;
    }
}

/// One packet's row of the columns.
#[derive(Clone, Copy)]
struct Row<'a> {
    port: PortId,
    hash: crate::flow::FlowHash,
    parsed: &'a crate::parse::Parsed,
}
