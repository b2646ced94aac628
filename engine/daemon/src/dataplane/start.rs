//! From a configuration to a running box.

use core::time::Duration;
use std::path::Path;
use std::sync::Arc;

use dpdk::clock::Tsc;
use dpdk::eal::Eal;
use holdfast_engine::event::EVENT_RING_EVENTS;
use holdfast_engine::flow::OwnerMap;
use holdfast_engine::interface::Mac;
use holdfast_engine::pipeline::Shard;
use holdfast_engine::replication::{HaShardEnds, RecordContext, ha_ends};
use holdfast_engine::role::Lease;
use holdfast_engine::session::TableConfig;
use holdfast_engine::time::Instant;
use holdfast_engine::worker::{ForwardMode, Steering, Worker};

use super::appliance::{Appliance, BoxPort};
use super::error::RunError;
use super::ha::{self, HaParts, HaPort};
use super::idle::PollMode;
use super::packet::{WorkerPort, WorkerQueues};
use super::worker_thread::{self, Shared};
use super::{assemble, ports};
use crate::config::{self, Config};
use crate::logging::LogBuffer;

/// Opens the ports, builds what the workers share, starts the threads, then the ports.
///
/// # Errors
/// Whatever was wrong first; everything opened before is closed again.
pub fn start(eal: &Eal, config: Config, file: &Path, log: LogBuffer) -> Result<Appliance, RunError> {
    let owners = OwnerMap::new(config.workers.lcores.len() as u8);
    let pool = ports::pool(eal, &config)?;
    let opened = ports::open(eal, &config, &owners, &pool)?;
    let macs: Vec<Mac> = opened.iter().map(|port| port.mac).collect();
    let engine = Arc::new(assemble::engine_config(eal, &config, &macs)?);

    let mut box_ports = Vec::new();
    let mut queues: Vec<Vec<WorkerPort>> = config.workers.lcores.iter().map(|_| Vec::new()).collect();
    let mut ha_ports = Vec::new();
    for (port, interface) in opened.into_iter().zip(&config.interfaces) {
        let at = |source| RunError::Port { interface: interface.name.clone(), source };
        ha_ports.push(HaPort {
            tx: port.ha_tx,
            // Worker 0 has a transmit queue of every port.
            through: 0,
            vlan: interface.vlan,
            watch: port.control.link_watch().map_err(at)?,
        });
        for (worker, pair) in queues.iter_mut().zip(port.workers) {
            worker.push(pair);
        }
        box_ports.push(BoxPort {
            control: port.control,
            name: interface.name.clone(),
            rx_queues: port.rx_queues,
            tx_queues: port.tx_queues,
            link_up: None,
            removed: false,
            last_stats: None,
        });
    }

    let mut appliance = Appliance {
        zones: std::iter::once("self").chain(config.zones()).map(str::to_owned).collect(),
        config_file: file.to_owned(),
        engine: Arc::clone(&engine),
        ports: box_ports,
        workers: Vec::new(),
        readers: Vec::new(),
        clock: Tsc::new(eal),
        started_at: Instant::default(),
        mode: ForwardMode::default(),
        forwarding: true,
        burst: config.workers.burst,
        verbose: 0,
        cleared_at: None,
        rate: super::rate::CreationRate::default(),
        pool,
        events: Vec::new(),
        log,
        ha: None,
        config,
    };
    let lease = Arc::new(Lease::over());
    let shards = start_workers(eal, &mut appliance, queues, &lease)?;
    let parts =
        HaParts { shards, ports: ha_ports, lease, pool: appliance.pool.clone(), clock: appliance.clock };
    appliance.ha = match ha::spawn(eal, &appliance.config, &appliance.engine, parts) {
        Ok(handle) => handle,
        Err(error) => {
            appliance.shut_down();
            return Err(error);
        }
    };
    appliance.started_at = appliance.now();
    for port in &mut appliance.ports {
        port.control.start().map_err(|source| RunError::Port { interface: port.name.clone(), source })?;
    }
    appliance.watch_ports();
    Ok(appliance)
}

/// Starts the workers. In a pair they begin as standby, and what the HA core needs of them is returned.
fn start_workers(
    eal: &Eal,
    appliance: &mut Appliance,
    queues: Vec<Vec<WorkerPort>>,
    lease: &Arc<Lease>,
) -> Result<Vec<HaShardEnds>, RunError> {
    let mut shards = Vec::new();
    let in_pair = ha::needed(&appliance.config);
    let update_interval = appliance.config.ha.as_ref().map_or(Duration::MAX, |ha| ha.update_interval);
    let context = RecordContext::new(&appliance.engine);
    let config = &appliance.config;
    let hash_key = assemble::random_hash_key()?;
    let sessions_max = config.workers.sessions_per_worker();
    let poll = match config.workers.poll {
        config::PollMode::Busy => PollMode::Busy,
        config::PollMode::Adaptive => PollMode::Adaptive(config.workers.sleep_max),
    };
    let macs: Vec<Mac> = appliance.engine.interfaces.iter().map(|i| i.mac).collect();
    let mesh = Steering::mesh(config.workers.lcores.len() as u8);
    for (((id, &lcore), queues), steering) in (0u8..).zip(&config.workers.lcores).zip(queues).zip(mesh) {
        let table = TableConfig {
            sessions_max,
            hash_key,
            touch_at_start: config.workers.poll == config::PollMode::Busy,
        };
        let shard = Shard::new(id, Arc::clone(&appliance.engine), table)
            .map_err(|source| RunError::Shard { sessions_max, source })?;
        appliance.readers.push(shard.reader());
        let io = WorkerQueues::new(queues, appliance.pool.clone());
        let mut worker = Worker::new(io, shard, steering, macs.clone(), config.workers.burst.into());
        let (told, events) = rtrb::RingBuffer::new(EVENT_RING_EVENTS);
        worker.set_events(told);
        appliance.events.push(events);
        let mut shared = Shared::default();
        if in_pair && let Some(reader) = appliance.readers.last() {
            let (worker_ends, shard_ends) = ha_ends(reader.clone(), context.clone(), update_interval);
            worker.attach_ha(worker_ends);
            shards.push(shard_ends);
            shared.lease = Some(Arc::clone(lease));
        }
        let handle = worker_thread::spawn(eal, lcore, poll, worker, Arc::new(shared))
            .map_err(|source| RunError::System { doing: "starting a worker thread", source })?;
        appliance.workers.push(handle);
    }
    Ok(shards)
}
