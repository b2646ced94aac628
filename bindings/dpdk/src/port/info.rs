//! What a port is and can do.

use super::{Attached, PortError};
use crate::stats::text;

/// A device's description and limits, as its driver tells them now.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PortInfo {
    /// DPDK's number of the port.
    pub id: u16,
    /// Driver, such as `net_af_packet`.
    pub driver: String,
    /// Device, such as `net_af_packet0` or a PCI address.
    pub device: String,
    /// NUMA node of the device; `None` when it has none.
    pub socket: Option<u32>,
    /// The port's own MAC address.
    pub mac: [u8; 6],
    /// Current MTU in bytes.
    pub mtu: u16,
    /// Smallest MTU in bytes.
    pub mtu_min: u16,
    /// Largest MTU in bytes; 65535: no limit told.
    pub mtu_max: u16,
    /// Most receive queues.
    pub max_rx_queues: u16,
    /// Most transmit queues.
    pub max_tx_queues: u16,
    /// Most descriptors of a receive queue.
    pub max_rx_descriptors: u16,
    /// Most descriptors of a transmit queue.
    pub max_tx_descriptors: u16,
    /// The device can spread IP, TCP or UDP over its queues by hash.
    pub rss: bool,
    /// Entries of its RSS redirection table; 0: none.
    pub reta_entries: u16,
    /// Bytes of its RSS key; 0: not told.
    pub rss_key_bytes: u8,
    /// Unicast addresses its filter holds, its own among them.
    pub max_mac_addresses: u32,
    /// Receives frames for everybody.
    pub promiscuous: bool,
    /// The kernel's interface behind the port, where there is one.
    pub if_index: Option<u32>,
}

impl Attached {
    pub(crate) fn info(&self) -> Result<PortInfo, PortError> {
        let mut raw = core::mem::MaybeUninit::<dpdk_sys::hf_port_info>::zeroed();
        // SAFETY: the port is attached and `raw` is writable.
        self.check("reading its limits", unsafe { dpdk_sys::hf_port_info(self.id, raw.as_mut_ptr()) })?;
        // SAFETY: zeroes are a valid value of this struct of numbers, and the shim filled it besides.
        let raw = unsafe { raw.assume_init() };
        Ok(PortInfo {
            id: self.id,
            driver: text(&raw.driver),
            device: text(&raw.device),
            socket: u32::try_from(raw.socket).ok(),
            mac: raw.mac,
            mtu: raw.mtu,
            mtu_min: raw.mtu_min,
            mtu_max: raw.mtu_max,
            max_rx_queues: raw.rx_queues_max,
            max_tx_queues: raw.tx_queues_max,
            max_rx_descriptors: raw.rx_descriptors_max,
            max_tx_descriptors: raw.tx_descriptors_max,
            rss: raw.rss_supported == 1,
            reta_entries: raw.reta_entries,
            rss_key_bytes: raw.hash_key_bytes,
            max_mac_addresses: raw.mac_addresses_max,
            promiscuous: raw.promiscuous == 1,
            if_index: (raw.if_index != 0).then_some(raw.if_index),
        })
    }
}
