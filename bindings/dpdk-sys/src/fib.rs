//! Longest prefix match.

use core::ffi::c_char;

/// `rte_fib`, never looked into.
#[repr(C)]
pub struct rte_fib {
    opaque: [u8; 0],
}

/// `rte_fib6`, never looked into.
#[repr(C)]
pub struct rte_fib6 {
    opaque: [u8; 0],
}

unsafe extern "C" {
    /// `rte_fib_create`; `kind` 0: tree, 1: DIR-24-8. NULL on failure, with `err` set.
    pub fn hf_fib_create(
        name: *const c_char,
        kind: u8,
        routes_max: u32,
        tbl8_groups: u32,
        no_route: u64,
        err: *mut i32,
    ) -> *mut rte_fib;
    /// Adds or replaces a route; `prefix` in host order.
    pub fn hf_fib_add(fib: *mut rte_fib, prefix: u32, bits: u8, next_hop: u64) -> i32;
    /// Removes a route.
    pub fn hf_fib_delete(fib: *mut rte_fib, prefix: u32, bits: u8) -> i32;
    /// Looks up `count` addresses in host order.
    pub fn hf_fib_lookup(fib: *mut rte_fib, addresses: *const u32, out: *mut u64, count: u32) -> i32;
    /// `rte_fib_free`.
    pub fn hf_fib_free(fib: *mut rte_fib);
    /// `rte_fib6_create`; `kind` 0: tree, 1: trie. NULL on failure, with `err` set.
    pub fn hf_fib6_create(
        name: *const c_char,
        kind: u8,
        routes_max: u32,
        tbl8_groups: u32,
        no_route: u64,
        err: *mut i32,
    ) -> *mut rte_fib6;
    /// Adds or replaces a route; `prefix` is 16 bytes.
    pub fn hf_fib6_add(fib: *mut rte_fib6, prefix: *const u8, bits: u8, next_hop: u64) -> i32;
    /// Removes a route.
    pub fn hf_fib6_delete(fib: *mut rte_fib6, prefix: *const u8, bits: u8) -> i32;
    /// Looks up `count` addresses of 16 bytes.
    pub fn hf_fib6_lookup(fib: *mut rte_fib6, addresses: *const [u8; 16], out: *mut u64, count: u32) -> i32;
    /// `rte_fib6_free`.
    pub fn hf_fib6_free(fib: *mut rte_fib6);
}
