//! Ethernet ports.

use core::ffi::c_char;
use core::mem::size_of;

use crate::rte_mempool;

/// Bytes of a name in the shim's structs, its final NUL included.
pub const HF_NAME_BYTES: usize = 64;

/// What a port can do and is set to; see `shim/shim.h`.
#[repr(C)]
#[derive(Clone, Copy)]
pub struct hf_port_info {
    /// Driver, NUL-terminated.
    pub driver: [u8; HF_NAME_BYTES],
    /// Device, NUL-terminated.
    pub device: [u8; HF_NAME_BYTES],
    /// 1: it can spread IP, TCP or UDP by hash.
    pub rss_supported: u32,
    /// Kernel interface behind the port; 0 for none.
    pub if_index: u32,
    /// Unicast addresses its filter holds.
    pub mac_addresses_max: u32,
    /// NUMA node; -1 for none.
    pub socket: i32,
    /// Current MTU.
    pub mtu: u16,
    /// Smallest MTU.
    pub mtu_min: u16,
    /// Largest MTU.
    pub mtu_max: u16,
    /// Most receive queues.
    pub rx_queues_max: u16,
    /// Most transmit queues.
    pub tx_queues_max: u16,
    /// Most descriptors of a receive queue.
    pub rx_descriptors_max: u16,
    /// Most descriptors of a transmit queue.
    pub tx_descriptors_max: u16,
    /// Entries of the RSS redirection table; 0 for none.
    pub reta_entries: u16,
    /// Bytes of its RSS key; 0: unknown.
    pub hash_key_bytes: u8,
    /// 1: promiscuous.
    pub promiscuous: u8,
    /// Its own address.
    pub mac: [u8; 6],
}
const _: () = assert!(size_of::<hf_port_info>() == 168);

/// Link state.
#[repr(C)]
#[derive(Clone, Copy, Default)]
pub struct hf_link {
    /// Megabits per second; `u32::MAX`: unknown.
    pub speed_mbps: u32,
    /// 1: up.
    pub up: u8,
    /// 1: full duplex.
    pub full_duplex: u8,
    /// 1: negotiated.
    pub autoneg: u8,
    pad: u8,
}
const _: () = assert!(size_of::<hf_link>() == 8);

/// What [`hf_port_configure`] is asked for.
#[repr(C)]
pub struct hf_port_request {
    /// NULL: no RSS.
    pub rss_key: *const u8,
    /// Receive queues.
    pub rx_queues: u16,
    /// Transmit queues.
    pub tx_queues: u16,
    /// MTU.
    pub mtu: u16,
    /// Bytes at `rss_key`.
    pub rss_key_bytes: u8,
    /// 1: verify checksums on receive where the device can.
    pub rx_checksum: u8,
}
const _: () = assert!(size_of::<hf_port_request>() == 16);

/// Basic counters since the last reset.
#[repr(C)]
#[derive(Clone, Copy, Default)]
pub struct hf_stats {
    /// Frames received.
    pub rx_packets: u64,
    /// Frames sent.
    pub tx_packets: u64,
    /// Bytes received.
    pub rx_bytes: u64,
    /// Bytes sent.
    pub tx_bytes: u64,
    /// Frames lost because no descriptor was free.
    pub rx_missed: u64,
    /// Frames received in error.
    pub rx_errors: u64,
    /// Frames that failed to go out.
    pub tx_errors: u64,
    /// Frames lost because no mbuf was free.
    pub rx_no_mbuf: u64,
}
const _: () = assert!(size_of::<hf_stats>() == 64);

/// One extended counter.
#[repr(C)]
#[derive(Clone, Copy)]
pub struct hf_xstat {
    /// NUL-terminated.
    pub name: [u8; HF_NAME_BYTES],
    /// Its value.
    pub value: u64,
}
const _: () = assert!(size_of::<hf_xstat>() == 72);

unsafe extern "C" {
    /// Probes a device and takes ownership of its first free port: `-EBUSY` when all are owned.
    pub fn hf_port_probe(devargs: *const c_char, owner: u64, port: *mut u16) -> i32;
    /// A fresh owner id.
    pub fn hf_port_owner_new(owner: *mut u64) -> i32;
    /// Closes the port and unplugs its device when no port of it is left.
    pub fn hf_port_detach(port: u16) -> i32;
    /// Fills `out`.
    pub fn hf_port_info(port: u16, out: *mut hf_port_info) -> i32;
    /// `rte_eth_dev_start`.
    pub fn hf_port_start(port: u16) -> i32;
    /// `rte_eth_dev_stop`; no burst may be under way.
    pub fn hf_port_stop(port: u16) -> i32;
    /// Promiscuous mode on or off.
    pub fn hf_port_promiscuous(port: u16, on: u8) -> i32;
    /// Adds a unicast address of 6 bytes to the filter.
    pub fn hf_port_mac_add(port: u16, mac: *const u8) -> i32;
    /// Takes one out.
    pub fn hf_port_mac_remove(port: u16, mac: *const u8) -> i32;
    /// Link state, without waiting for it.
    pub fn hf_port_link(port: u16, out: *mut hf_link) -> i32;
    /// 1 when the device is gone, as far as its driver can tell.
    pub fn hf_port_is_removed(port: u16) -> i32;
    /// Sets the byte at `flag` to 1 when the driver reports removal, from another thread.
    pub fn hf_port_watch_removal(port: u16, flag: *mut u8) -> i32;
    /// Ends that; `flag` is not written after this returned.
    pub fn hf_port_unwatch_removal(port: u16, flag: *mut u8) -> i32;
    /// `rte_eth_dev_configure`.
    pub fn hf_port_configure(port: u16, request: *const hf_port_request) -> i32;
    /// Brings both numbers into the device's limits.
    pub fn hf_port_adjust_descriptors(port: u16, rx: *mut u16, tx: *mut u16) -> i32;
    /// Sets up a receive queue fed from `pool`.
    pub fn hf_port_rx_queue(port: u16, queue: u16, descriptors: u16, pool: *mut rte_mempool) -> i32;
    /// Sets up a transmit queue.
    pub fn hf_port_tx_queue(port: u16, queue: u16, descriptors: u16) -> i32;
    /// `rte_eth_dev_set_mtu`.
    pub fn hf_port_set_mtu(port: u16, mtu: u16) -> i32;
    /// Fills the redirection table with `pattern`, repeated.
    pub fn hf_port_reta(port: u16, entries: u16, pattern: *const u8, pattern_entries: u16) -> i32;
    /// Basic counters.
    pub fn hf_port_stats(port: u16, out: *mut hf_stats) -> i32;
    /// Sets them to zero.
    pub fn hf_port_stats_reset(port: u16) -> i32;
    /// How many extended counters there are.
    pub fn hf_port_xstats_count(port: u16) -> i32;
    /// Fills at most `capacity`; `-ERANGE` when there are more by now.
    pub fn hf_port_xstats(port: u16, out: *mut hf_xstat, capacity: u32) -> i32;
    /// Sets them to zero.
    pub fn hf_port_xstats_reset(port: u16) -> i32;
}
