//! Opening the configuration's ports.

use dpdk::eal::EalRef;
use dpdk::pool::Pool;
use dpdk::port::{Port, PortConfig, PortControl, RssConfig};
use dpdk::queue::TxQueue;
use holdfast_engine::flow::{OwnerMap, RSS_SYMMETRIC_KEY};
use holdfast_engine::interface::Mac;
use holdfast_engine::worker::STEER_RING_MESSAGES;

use super::error::RunError;
use super::packet::WorkerPort;
use crate::config::{Config, InterfaceConfig};

/// Bytes of a frame beyond its IP packet: Ethernet, two VLAN tags, frame check sequence.
const FRAME_OVERHEAD_BYTES: u16 = 26;
/// Smallest data room: what drivers without scattered receive expect.
const DATA_ROOM_BYTES_MIN: u16 = 2048;
/// Frames of an af_packet ring, at least. The kernel fills it while the worker's core belongs to somebody else, which
/// on a machine with few cores is for tens of milliseconds: 512 frames are gone by then.
const PACKET_SOCKET_FRAMES_MIN: u16 = 4096;
/// Mbufs each worker thread may keep to itself.
const POOL_CACHE_MBUFS: u32 = 256;
/// Mbufs beyond what rings and caches hold: in neighbour queues, on their way.
const POOL_SPARE_MBUFS: u32 = 8192;

/// One opened port, not started.
pub struct OpenPort {
    /// Its control.
    pub control: PortControl,
    /// What each worker has of it, in worker order.
    pub workers: Vec<WorkerPort>,
    /// Its own address.
    pub mac: Mac,
    /// Receive queues it was given, at most one for each worker.
    pub rx_queues: u16,
    /// Transmit queues it was given.
    pub tx_queues: u16,
    /// The HA core's transmit queue, where it has one.
    pub ha_tx: Option<TxQueue>,
}

/// The pool all packets come from.
///
/// # Errors
/// [`RunError::Pool`] when it does not fit the memory.
pub fn pool(eal: &EalRef, config: &Config) -> Result<Pool, RunError> {
    let workers = config.workers.lcores.len() as u32;
    let senders = workers + u32::from(super::ha::needed(config));
    let rings: u32 = config
        .interfaces
        .iter()
        .map(|i| u32::from(i.rx_descriptors) * workers + u32::from(i.tx_descriptors) * senders)
        .sum();
    let steered = workers * workers.saturating_sub(1) * STEER_RING_MESSAGES as u32;
    let needed = rings + steered + workers * POOL_CACHE_MBUFS * 2 + POOL_SPARE_MBUFS;
    let mbufs = config.eal.mbufs.unwrap_or(needed);
    let mtu = config.interfaces.iter().map(|i| i.mtu).max().unwrap_or(1500);
    let data_room = mtu.saturating_add(FRAME_OVERHEAD_BYTES).max(DATA_ROOM_BYTES_MIN);
    Pool::new(eal, &format!("hf-{}", std::process::id()), mbufs, POOL_CACHE_MBUFS.min(mbufs / 4), data_room)
        .map_err(|source| RunError::Pool { mbufs, memory_mb: config.eal.memory_mb, source })
}

/// Opens every interface's device, in order; touches none when one is missing (what was opened is closed again).
///
/// # Errors
/// [`RunError::Port`] naming the interface.
pub fn open(
    eal: &EalRef,
    config: &Config,
    owners: &OwnerMap,
    pool: &Pool,
) -> Result<Vec<OpenPort>, RunError> {
    let attached: Vec<Port> = config
        .interfaces
        .iter()
        .map(|i| Port::attach(eal, &device(i)).map_err(|e| at(i, e)))
        .collect::<Result<_, _>>()?;
    let mut ports = Vec::with_capacity(attached.len());
    for (interface, port) in config.interfaces.iter().zip(attached) {
        let ha = super::ha::needed(config);
        ports.push(configure(interface, port, owners, ha, pool).map_err(|e| at(interface, e))?);
    }
    Ok(ports)
}

/// The device string for EAL. af_packet's rings are set up when the device is probed, so descriptors have to stand in its
/// arguments; left to itself it takes 512 frames.
fn device(interface: &InterfaceConfig) -> String {
    let device = &interface.device;
    let is_packet_socket = device.split(',').next().is_some_and(|name| name.starts_with("net_af_packet"));
    if !is_packet_socket || device.contains("framecnt=") {
        return device.clone();
    }
    let descriptors = interface.rx_descriptors.max(interface.tx_descriptors);
    format!("{device},framecnt={}", descriptors.next_multiple_of(2).max(PACKET_SOCKET_FRAMES_MIN))
}

fn at(interface: &InterfaceConfig, source: dpdk::port::PortError) -> RunError {
    RunError::Port { interface: interface.name.clone(), source }
}

fn configure(
    interface: &InterfaceConfig,
    port: Port,
    owners: &OwnerMap,
    ha: bool,
    pool: &Pool,
) -> Result<OpenPort, dpdk::port::PortError> {
    let workers = u16::from(owners.workers());
    let info = port.info()?;
    // Hardware spreading needs a queue for every worker; with fewer, queue 0 receives everything.
    let rss = workers > 1 && info.max_rx_queues >= workers;
    let wanted = PortConfig {
        rx_queues: workers.min(info.max_rx_queues.max(1)),
        // One for the HA core if every worker has its own already.
        tx_queues: (workers + u16::from(ha)).min(info.max_tx_queues.max(1)),
        rx_descriptors: interface.rx_descriptors,
        tx_descriptors: interface.tx_descriptors,
        mtu: interface.mtu,
        promiscuous: interface.promiscuous,
        rss: rss.then_some(RssConfig { key: &RSS_SYMMETRIC_KEY, reta: owners.reta() }),
    };
    let (control, rx, tx) = port.configure(&wanted, pool)?;
    let mac = Mac(control.mac()?);
    let tx_queues = wanted.tx_queues.min(workers);
    let (mut rx, mut tx) = (rx.into_iter(), tx.into_iter());
    let workers = (0..workers)
        .map(|worker| WorkerPort {
            rx: rx.next(),
            tx: tx.next(),
            transmits_through: (worker % tx_queues) as u8,
        })
        .collect();
    Ok(OpenPort {
        control,
        workers,
        mac,
        rx_queues: wanted.rx_queues,
        tx_queues: wanted.tx_queues,
        ha_tx: tx.next(),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn device_of(device: &str, rx_descriptors: u16) -> String {
        let toml = format!(
            "name = \"t\"\n[workers]\nlcores = [0]\n[[interface]]\nname = \"i\"\nzone = \"z\"\n\
             device = \"{device}\"\nrx_descriptors = {rx_descriptors}\n"
        );
        let config = Config::parse(&toml, std::path::Path::new("t.toml")).unwrap();
        super::device(&config.interfaces[0])
    }

    #[test]
    fn packet_sockets_get_their_ring_in_the_device_string() {
        assert_eq!(device_of("net_af_packet0,iface=eth1", 1024), "net_af_packet0,iface=eth1,framecnt=4096");
        assert_eq!(device_of("net_af_packet_x,iface=e", 8192), "net_af_packet_x,iface=e,framecnt=8192");
        for as_it_is in ["net_af_packet0,iface=eth1,framecnt=512", "net_null0", "0000:3b:00.0"] {
            assert_eq!(device_of(as_it_is, 1024), as_it_is);
        }
    }
}
