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

mod answers;
mod duty;
mod egress;
mod established;
mod expiry;
mod first_packet;
mod hsrp;
mod icmp_error;
mod inbound;
mod lanes;
mod local;
mod outbound;
mod role;
mod stats;
#[cfg(test)]
mod tests;

use std::sync::Arc;

use crate::config::EngineConfig;
use crate::drop_reason::DropReason;
use crate::flow::{HashKey, OwnerMap};
use crate::interface::{Mac, PortId, ZoneId};
use crate::io::PacketBuf;
use crate::local::LocalLimiter;
use crate::neighbour::{AddressConflict, NeighbourView, Neighbours};
use crate::parse::{Class, EthernetFilter, parse};
use crate::policy::RuleIndex;
use crate::replication::{Births, Replica};
use crate::session::{SessionReader, SessionState, SessionTable, Snapshot, TableConfig, TableError};
use crate::time::{Instant, Tick};
use crate::worker::Outbox;

use crate::track::{IosState, TrackConfig, ios_state};
use duty::Duty;
use lanes::Lanes;
pub use stats::{InspectStats, Phase, ProtocolClass};

/// Sessions one round of expiry may end without the scratch growing.
const EXPIRY_RESERVED_SESSIONS: usize = 256;

/// What the passes need of a port, side by side.
#[derive(Clone, Copy, Debug)]
struct PortView {
    filter: EthernetFilter,
    mac: Mac,
    zone: ZoneId,
    mtu: u16,
    vlan: Option<u16>,
    reverse_path_check: bool,
}

/// Everything one worker owns: its sessions, its neighbours, its limits.
pub struct Shard<P> {
    id: u8,
    config: Arc<EngineConfig>,
    ports: Vec<PortView>,
    /// Role, lease, virtual addresses.
    duty: Duty,
    /// As configured, but for the slack after a takeover.
    track: TrackConfig,
    owners: OwnerMap,
    table: SessionTable,
    hash_key: HashKey,
    births: Births,
    /// When it last became active: no session is idle since before that.
    takeover: Tick,
    /// Its part in the pair, if there is one.
    replica: Option<Box<Replica>>,
    neighbours: Neighbours<P>,
    lanes: Lanes<P>,
    /// Answers of the box's own: ICMP errors, resets, echo replies.
    limiter: LocalLimiter,
    stats: InspectStats,
    /// First packets each rule decided.
    hits: Vec<u64>,
    /// Who last claimed one of the box's addresses.
    told_conflict: Option<(AddressConflict, Instant)>,
    /// Scratch for sessions that one round of expiry ended.
    ended: Vec<Snapshot>,
    /// Scratch for packets whose neighbour just answered, or never will.
    released: Vec<P>,
    /// Scratch for slots that a complete copy did not name.
    swept: Vec<u32>,
}

/// A shard that cannot be built.
#[derive(Debug, thiserror::Error)]
pub enum ShardError {
    /// The session table refused its configuration or its memory.
    #[error("session table: {0}")]
    Table(#[from] TableError),
}

impl<P: PacketBuf> Shard<P> {
    /// Worker `id`'s shard, in the role of a single firewall: active. `table.sessions_max` is its part of the
    /// box's capacity.
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
                reverse_path_check: config.reverse_path_check(i.port),
            })
            .collect();
        let mut neighbours = Neighbours::new(config.neighbours.clone());
        for entry in &config.static_neighbours {
            // A full table at start means a limit below the configuration's own entries; the rest resolve by ARP.
            let _ = neighbours.static_entry(entry.port, entry.address, entry.mac, Instant::default());
        }
        let mut shard = Shard {
            id,
            ports,
            duty: Duty::new(&config.virtual_routers),
            track: config.track,
            owners: OwnerMap::new(config.workers),
            hash_key: table.hash_key,
            births: Births::new(&table.hash_key, id),
            takeover: Tick::default(),
            replica: None,
            table: SessionTable::new(table)?,
            neighbours,
            lanes: Lanes::new(),
            limiter: LocalLimiter::new(&config.answers),
            stats: InspectStats::default(),
            hits: vec![0; config.rules.rules().len()],
            told_conflict: None,
            ended: Vec::with_capacity(EXPIRY_RESERVED_SESSIONS),
            released: Vec::with_capacity(64),
            swept: Vec::new(),
            config,
        };
        shard.set_filters();
        Ok(shard)
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
            // RFC 1812 section 5.3.4: what came as a link-layer broadcast or multicast is not forwarded.
            Class::Flow | Class::IcmpError if is_link_group(packet.data()) => {
                self.group_packet(now, port, &parsed, packet, outbox);
            }
            Class::Flow | Class::IcmpError if !self.duty.in_force().forwards() => {
                let hash = parsed.key.hash(&self.hash_key);
                self.not_active(now, Row { port, hash, parsed: &parsed }, packet, outbox);
            }
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
        let mut lanes = core::mem::take(&mut self.lanes);
        let count = lanes.keys.len();
        if count > 0 {
            lanes.hashes.extend(lanes.keys.iter().map(|k| k.hash(&self.hash_key)));
            self.table.lookup_burst(&lanes.keys, &lanes.hashes, &mut lanes.found[..count], true);
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

impl<P: PacketBuf> Shard<P> {
    #[inline]
    fn view(&self, port: PortId) -> Option<&PortView> {
        self.ports.get(usize::from(port.0))
    }

    /// Zone of a port; zone 0 (the box) for a port that does not exist, which no session and no rule has.
    #[inline]
    fn zone_of(&self, port: PortId) -> ZoneId {
        self.view(port).map_or(ZoneId(0), |view| view.zone)
    }

    fn is_logged(&self, rule: RuleIndex) -> bool {
        self.config.rules.get(rule).is_some_and(|(rule, _)| rule.log)
    }

    /// Whether begin and end of a session are told: all of them, or those of logged rules.
    fn is_audited(&self, rule: RuleIndex) -> bool {
        self.config.audit_trail || self.is_logged(rule)
    }

    fn count_hit(&mut self, rule: RuleIndex) {
        if let Some(hits) = self.hits.get_mut(rule.0 as usize) {
            *hits += 1;
        }
    }

    /// Inspection counters.
    pub fn stats(&self) -> &InspectStats {
        &self.stats
    }

    /// Inspection counters, for the worker to add its own and to clear.
    pub(crate) fn stats_mut(&mut self) -> &mut InspectStats {
        &mut self.stats
    }

    /// First packets each rule decided, in rule order.
    pub fn rule_hits(&self) -> &[u64] {
        &self.hits
    }

    /// A lock-free reader of this shard's sessions.
    pub fn reader(&self) -> SessionReader {
        self.table.reader()
    }

    /// Memory of this shard's session table.
    pub fn table_memory(&self) -> crate::session::MemoryBytes {
        self.table.memory_bytes()
    }

    /// This worker's neighbours, for the console.
    pub fn neighbours(&self, now: Instant) -> Vec<NeighbourView> {
        self.neighbours.iter(now).collect()
    }

    /// Forgets what was learned of one family's neighbours; returns how many.
    pub fn clear_neighbours(&mut self, v6: bool) -> usize {
        self.neighbours.clear_learned(v6)
    }
}

/// Whether a frame is for many: the group bit of its destination.
#[inline]
fn is_link_group(frame: &[u8]) -> bool {
    frame.first().is_some_and(|first| first & 1 == 1)
}

/// Phase of a session, for the counters.
fn phase_of(protocol: u8, state: &SessionState) -> Phase {
    match ios_state(protocol, state) {
        IosState::Opening => Phase::HalfOpen,
        IosState::Open => Phase::Established,
        IosState::Closing | IosState::Closed => Phase::Terminating,
    }
}

/// One packet's row of the columns.
#[derive(Clone, Copy)]
struct Row<'a> {
    port: PortId,
    hash: crate::flow::FlowHash,
    parsed: &'a crate::parse::Parsed,
}
