//! From a configuration to a running HA core.

use core::time::Duration;
use std::sync::Arc;

use dpdk::clock::Tsc;
use dpdk::eal::EalRef;
use dpdk::pool::Pool;
use holdfast_engine::config::EngineConfig;
use holdfast_engine::replication::HaShardEnds;
use holdfast_engine::role::Lease;
use holdfast_engine::time::Instant;
use holdfast_ha::engine_tables::EngineTables;
use holdfast_ha::node::Node;
use holdfast_ha::runtime::HaSocket;

use super::config::{needed, node_config};
use super::frames::{HaPort, HaPorts};
use super::round::HaCore;
use super::thread::{self, HaHandle};
use crate::config::Config;
use crate::dataplane::error::RunError;

/// Longest sleep of an HA core that has hellos to send and nothing else.
const SLEEP_MAX_WITHOUT_LINK: Duration = Duration::from_millis(2);

/// What the HA core is built from beside the configuration.
pub struct HaParts {
    /// Its ends of the workers' rings and tables, in worker order.
    pub shards: Vec<HaShardEnds>,
    /// Its part of every port, in order.
    pub ports: Vec<HaPort>,
    /// The lease that the workers look at.
    pub lease: Arc<Lease>,
    /// Where frames come from.
    pub pool: Pool,
    /// The workers' clock.
    pub clock: Tsc,
}

/// Starts the HA core; `None` for a box that is not one of a pair.
///
/// # Errors
/// The key, the socket, the system's randomness or a thread that is not to be had.
pub fn spawn(
    eal: &EalRef,
    config: &Config,
    engine: &EngineConfig,
    parts: HaParts,
) -> Result<Option<HaHandle>, RunError> {
    if !needed(config) {
        return Ok(None);
    }
    let mut boot = [0; 8];
    getrandom::fill(&mut boot).map_err(RunError::Randomness)?;
    let node = node_config(config, engine, u64::from_ne_bytes(boot))?;
    let socket = match &config.ha {
        Some(ha) => Some(HaSocket::bind(ha.local, ha.peer).map_err(RunError::HaSocket)?),
        None => None,
    };
    let now = Instant(parts.clock.nanos(parts.clock.cycles()));
    let mut tables = EngineTables::new(parts.shards);
    let core = HaCore {
        node: Node::new(node, now, &mut tables),
        tables,
        socket,
        ports: HaPorts::new(parts.ports, parts.pool),
        names: config.interfaces.iter().map(|i| i.name.clone()).collect(),
        lease: parts.lease,
        clock: parts.clock,
        outgoing: Vec::new(),
        links_due: now,
    };
    let (lcore, sleep_max) = match &config.ha {
        Some(ha) => (ha.lcore, ha.sleep_max),
        None => (config.workers.lcores.first().copied().unwrap_or(0), SLEEP_MAX_WITHOUT_LINK),
    };
    thread::spawn(eal, lcore, config.workers.poll, sleep_max, core)
        .map(Some)
        .map_err(|source| RunError::System { doing: "starting the HA core's thread", source })
}
