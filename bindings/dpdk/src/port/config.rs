//! From an attached device to queues.

use std::sync::Arc;

use crossbeam::utils::CachePadded;

use super::{Port, PortControl, PortError, PortInfo};
use crate::error::Errno;
use crate::gate::Gate;
use crate::pool::Pool;
use crate::queue::{RxQueue, TxQueue};

/// Entries of an RSS redirection pattern. Devices have tables of 64 to 2048 entries, all powers of two: the
/// pattern is repeated in a longer one and cut in a shorter one.
pub const RETA_PATTERN_ENTRIES: usize = 128;

/// Bytes a frame may have beyond its MTU: Ethernet header, two VLAN tags, the frame check sequence.
const FRAME_OVERHEAD_BYTES: u32 = 14 + 2 * 4 + 4;

/// Bytes of an RSS key when the driver does not say: the classic Toeplitz key's.
const RSS_KEY_BYTES_DEFAULT: usize = 40;

/// What is wanted of a port.
#[derive(Clone, Copy, Debug)]
pub struct PortConfig<'a> {
    /// Receive queues, one for each worker.
    pub rx_queues: u16,
    /// Transmit queues, one for each thread that sends.
    pub tx_queues: u16,
    /// Frames each receive queue can hold; brought into the device's limits.
    pub rx_descriptors: u16,
    /// Frames each transmit queue can hold; brought into the device's limits.
    pub tx_descriptors: u16,
    /// Largest layer 3 packet in bytes.
    pub mtu: u16,
    /// Receive frames for everybody. Ignored by drivers that have no filter, and so do that anyway.
    pub promiscuous: bool,
    /// Spread flows over the receive queues in hardware, where there is any.
    pub rss: Option<RssConfig<'a>>,
}

impl Default for PortConfig<'_> {
    fn default() -> Self {
        PortConfig {
            rx_queues: 1,
            tx_queues: 1,
            rx_descriptors: 1024,
            tx_descriptors: 1024,
            mtu: 1500,
            promiscuous: false,
            rss: None,
        }
    }
}

/// Receive side scaling.
#[derive(Clone, Copy, Debug)]
pub struct RssConfig<'a> {
    /// Toeplitz key, 40 bytes for most devices and 52 for some; a longer one is cut to the device's length. A key
    /// of one repeated 16-bit number (such as 6d5a) is symmetric: both directions of a flow get one hash.
    pub key: &'a [u8],
    /// The queue of each hash bucket.
    pub reta: &'a [u8; RETA_PATTERN_ENTRIES],
}

/// What a port was set to, after the device had its say.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Settings {
    /// Frames each receive queue can hold.
    pub rx_descriptors: u16,
    /// Frames each transmit queue can hold.
    pub tx_descriptors: u16,
    /// MTU in bytes.
    pub mtu: u16,
    /// The device spreads flows by hash. `false`: all arrives on queue 0, or wherever the driver likes.
    pub rss: bool,
    /// Queues of each bucket, written to the device at each start.
    pub(super) reta: Option<[u8; RETA_PATTERN_ENTRIES]>,
    /// Entries of the device's table.
    pub(super) reta_entries: u16,
}

impl Port {
    /// Sets the port up and splits it: its control for one thread, each queue for one thread.
    /// It is stopped; [`PortControl::start`] lets frames through. Receive queues draw their mbufs from `pool`.
    ///
    /// Checksums are verified in hardware where the device can, but not on virtio: there the offer would make the
    /// host hand over frames whose checksum nobody has filled in.
    ///
    /// # Errors
    /// [`PortError::Queues`], [`PortError::Mtu`], [`PortError::DataRoom`], [`PortError::RssKey`],
    /// [`PortError::RssQueue`] before the device is touched, [`PortError::Driver`] if it refuses. The device is
    /// detached then.
    pub fn configure(
        self,
        config: &PortConfig<'_>,
        pool: &Pool,
    ) -> Result<(PortControl, Vec<RxQueue>, Vec<TxQueue>), PortError> {
        let info = self.info()?;
        let device = &self.attached.device;
        check_queues(device, "receive", config.rx_queues, info.max_rx_queues)?;
        check_queues(device, "transmit", config.tx_queues, info.max_tx_queues)?;
        check_mtu(device, config.mtu, &info, pool)?;
        let rss = match &config.rss {
            Some(rss) if info.rss => Some((rss, rss_key(device, rss, &info, config.rx_queues)?)),
            _ => None,
        };

        let attached = &self.attached;
        let id = attached.id;
        let request = dpdk_sys::hf_port_request {
            rss_key: rss.map_or(core::ptr::null(), |(_, key)| key.as_ptr()),
            rss_key_bytes: rss.map_or(0, |(_, key)| key.len() as u8),
            rx_queues: config.rx_queues,
            tx_queues: config.tx_queues,
            mtu: config.mtu,
            rx_checksum: u8::from(!info.driver.starts_with("net_virtio")),
        };
        // SAFETY: the port is ours and stopped; the key outlives the call and has the length stated.
        let result = unsafe { dpdk_sys::hf_port_configure(id, &request) };
        attached.check("configuring", result)?;
        // SAFETY: the port is ours and stopped. Drivers that cannot change an MTU keep the one just configured.
        match unsafe { dpdk_sys::hf_port_set_mtu(id, config.mtu) } {
            result if result == -libc::ENOTSUP => {}
            result => drop(attached.check("setting the MTU", result)?),
        }
        let (mut rx_descriptors, mut tx_descriptors) = (config.rx_descriptors, config.tx_descriptors);
        // SAFETY: both numbers are writable.
        let result =
            unsafe { dpdk_sys::hf_port_adjust_descriptors(id, &mut rx_descriptors, &mut tx_descriptors) };
        attached.check("adjusting descriptors", result)?;
        let _ = attached.pool.set(pool.clone());
        for queue in 0..config.rx_queues {
            // SAFETY: the port is stopped, and holds the pool until it is closed.
            let result = unsafe { dpdk_sys::hf_port_rx_queue(id, queue, rx_descriptors, pool.as_ptr()) };
            attached.check("setting up a receive queue", result)?;
        }
        for queue in 0..config.tx_queues {
            // SAFETY: the port is stopped.
            let result = unsafe { dpdk_sys::hf_port_tx_queue(id, queue, tx_descriptors) };
            attached.check("setting up a transmit queue", result)?;
        }
        let settings = Settings {
            rx_descriptors,
            tx_descriptors,
            mtu: config.mtu,
            rss: rss.is_some(),
            reta: rss.map(|(rss, _)| *rss.reta),
            reta_entries: info.reta_entries,
        };

        let gates =
            |count| -> Vec<_> { (0..count).map(|_| Arc::new(CachePadded::new(Gate::closed()))).collect() };
        let (rx_gates, tx_gates) = (gates(config.rx_queues), gates(config.tx_queues));
        let rx = (0..).zip(&rx_gates).map(|(queue, gate)| RxQueue::new(attached, queue, gate.clone()));
        let tx = (0..).zip(&tx_gates).map(|(queue, gate)| TxQueue::new(attached, queue, gate.clone()));
        let (rx, tx) = (rx.collect(), tx.collect());
        let gates = rx_gates.into_iter().chain(tx_gates).collect();
        let mut control = PortControl::new(self.attached, gates, settings, &info)?;
        if config.promiscuous {
            match control.set_promiscuous(true) {
                // Drivers without an address filter have nothing to switch.
                Err(PortError::Driver { errno: Errno(libc::ENOTSUP), .. }) => {}
                result => result?,
            }
        }
        Ok((control, rx, tx))
    }
}

fn check_queues(device: &str, direction: &'static str, asked: u16, limit: u16) -> Result<(), PortError> {
    if asked > limit {
        return Err(PortError::Queues { device: device.into(), direction, asked, limit });
    }
    Ok(())
}

fn check_mtu(device: &str, mtu: u16, info: &PortInfo, pool: &Pool) -> Result<(), PortError> {
    if mtu < info.mtu_min || mtu > info.mtu_max {
        return Err(PortError::Mtu { device: device.into(), mtu, min: info.mtu_min, max: info.mtu_max });
    }
    let frame_bytes = u32::from(mtu) + FRAME_OVERHEAD_BYTES;
    let data_room_bytes = pool.data_room_bytes();
    if frame_bytes > u32::from(data_room_bytes) {
        return Err(PortError::DataRoom { device: device.into(), mtu, frame_bytes, data_room_bytes });
    }
    Ok(())
}

/// The part of the key this device takes, once the pattern is known to fit.
fn rss_key<'a>(
    device: &str,
    rss: &RssConfig<'a>,
    info: &PortInfo,
    queues: u16,
) -> Result<&'a [u8], PortError> {
    if let Some(&queue) = rss.reta.iter().find(|&&queue| u16::from(queue) >= queues) {
        return Err(PortError::RssQueue { device: device.into(), queue, queues });
    }
    let needed = match info.rss_key_bytes {
        0 => RSS_KEY_BYTES_DEFAULT,
        bytes => bytes.into(),
    };
    rss.key.get(..needed).ok_or(PortError::RssKey { device: device.into(), given: rss.key.len(), needed })
}
