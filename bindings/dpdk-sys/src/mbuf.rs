//! Pools, mbufs, bursts.

use core::ffi::{c_char, c_void};
use core::mem::{offset_of, size_of};

/// `rte_mempool`, never looked into.
#[repr(C)]
pub struct rte_mempool {
    opaque: [u8; 0],
}

/// The first cache line of `rte_mbuf`; the second is the driver's and the shim's business.
///
/// Only ever used behind a pointer: a value of this type is not an mbuf. `shim/layout.c` asserts the same
/// offsets and sizes against the installed header.
#[repr(C, align(64))]
pub struct rte_mbuf {
    /// Start of the segment's buffer, headroom included.
    pub buf_addr: *mut c_void,
    iova_or_next: u64,
    /// Bytes from `buf_addr` to the first byte of data.
    pub data_off: u16,
    /// Reference count; atomic in DPDK, so Rust leaves it alone.
    refcnt: u16,
    /// Segments in the chain; valid in its first mbuf.
    pub nb_segs: u16,
    /// Receiving port.
    pub port: u16,
    /// `RTE_MBUF_F_*`.
    pub ol_flags: u64,
    /// `RTE_PTYPE_*`.
    pub packet_type: u32,
    /// Bytes of data in the whole chain; valid in its first mbuf.
    pub pkt_len: u32,
    /// Bytes of data in this segment.
    pub data_len: u16,
    /// VLAN tag control, when the device stripped one.
    pub vlan_tci: u16,
    /// The device's RSS hash, when `ol_flags` has [`RTE_MBUF_F_RX_RSS_HASH`].
    pub hash_rss: u32,
    hash_high: u32,
    /// Outer VLAN tag control.
    pub vlan_tci_outer: u16,
    /// Bytes in the segment's buffer, headroom included.
    pub buf_len: u16,
    /// The pool it goes back to.
    pub pool: *mut rte_mempool,
}

const _: () = {
    assert!(offset_of!(rte_mbuf, buf_addr) == 0);
    assert!(offset_of!(rte_mbuf, data_off) == 16);
    assert!(offset_of!(rte_mbuf, refcnt) == 18);
    assert!(offset_of!(rte_mbuf, nb_segs) == 20);
    assert!(offset_of!(rte_mbuf, port) == 22);
    assert!(offset_of!(rte_mbuf, ol_flags) == 24);
    assert!(offset_of!(rte_mbuf, packet_type) == 32);
    assert!(offset_of!(rte_mbuf, pkt_len) == 36);
    assert!(offset_of!(rte_mbuf, data_len) == 40);
    assert!(offset_of!(rte_mbuf, vlan_tci) == 42);
    assert!(offset_of!(rte_mbuf, hash_rss) == 44);
    assert!(offset_of!(rte_mbuf, vlan_tci_outer) == 52);
    assert!(offset_of!(rte_mbuf, buf_len) == 54);
    assert!(offset_of!(rte_mbuf, pool) == 56);
    assert!(size_of::<rte_mbuf>() == 64);
};

/// `hash_rss` is valid.
pub const RTE_MBUF_F_RX_RSS_HASH: u64 = 1 << 1;
/// The bits that say what the device found the layer 4 checksum to be; both set: intact but not filled in.
pub const RTE_MBUF_F_RX_L4_CKSUM_MASK: u64 = 1 << 3 | 1 << 8;
/// Wrong.
pub const RTE_MBUF_F_RX_L4_CKSUM_BAD: u64 = 1 << 3;
/// Right.
pub const RTE_MBUF_F_RX_L4_CKSUM_GOOD: u64 = 1 << 8;

unsafe extern "C" {
    /// `rte_pktmbuf_pool_create`; `data_room` includes the headroom. NULL on failure, with `err` set.
    pub fn hf_pool_create(
        name: *const c_char,
        mbufs: u32,
        cache: u32,
        data_room: u16,
        socket: i32,
        err: *mut i32,
    ) -> *mut rte_mempool;
    /// `rte_mempool_free`. Every mbuf of the pool becomes a dangling pointer.
    pub fn hf_pool_free(pool: *mut rte_mempool);
    /// `rte_mempool_avail_count`: the pool's ring and all lcore caches.
    pub fn hf_pool_available(pool: *const rte_mempool) -> u32;
    /// Mbufs the pool was made with.
    pub fn hf_pool_size(pool: *const rte_mempool) -> u32;
    /// `RTE_MEMPOOL_CACHE_MAX_SIZE`.
    pub fn hf_pool_cache_max() -> u32;
    /// `RTE_PKTMBUF_HEADROOM`.
    pub fn hf_headroom() -> u16;
    /// `rte_pktmbuf_alloc`; NULL when the pool is exhausted.
    pub fn hf_mbuf_alloc(pool: *mut rte_mempool) -> *mut rte_mbuf;
    /// `rte_pktmbuf_alloc_bulk`: all or nothing.
    pub fn hf_mbuf_alloc_bulk(pool: *mut rte_mempool, out: *mut *mut rte_mbuf, count: u32) -> i32;
    /// `rte_pktmbuf_free`.
    pub fn hf_mbuf_free(mbuf: *mut rte_mbuf);
    /// `rte_pktmbuf_free_bulk`.
    pub fn hf_mbuf_free_bulk(mbufs: *mut *mut rte_mbuf, count: u32);
    /// Copies a chain into its first buffer, headroom included; `-ENOSPC` when it is longer than that.
    pub fn hf_mbuf_linearize(mbuf: *mut rte_mbuf) -> i32;
    /// Shortens a chain to `length` bytes and frees the segments beyond; nothing when it is that short.
    pub fn hf_mbuf_truncate_chain(mbuf: *mut rte_mbuf, length: u32);
    /// `rte_eth_rx_burst`: fills at most `max` pointers and returns how many.
    pub fn hf_rx_burst(port: u16, queue: u16, out: *mut *mut rte_mbuf, max: u16) -> u16;
    /// `rte_eth_tx_burst`: the returned number of mbufs, from the front, now belong to the driver.
    pub fn hf_tx_burst(port: u16, queue: u16, mbufs: *mut *mut rte_mbuf, count: u16) -> u16;
}
