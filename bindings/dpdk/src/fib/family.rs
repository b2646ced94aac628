//! What differs between IPv4 and IPv6.

use core::ffi::CStr;
use core::net::{Ipv4Addr, Ipv6Addr};

/// An address family. Prefixes are handled as the top bits of a 128-bit number, in both.
///
/// Sealed: its functions are rte_fib's.
pub trait Family: sealed::Sealed {
    /// `Ipv4Addr` or `Ipv6Addr`.
    type Address: Copy;
    /// Bits of an address.
    const BITS: u8;
    /// The address as the top bits of a number.
    fn to_bits(address: Self::Address) -> u128;
}

/// IPv4.
#[derive(Clone, Copy, Debug)]
pub struct V4;

/// IPv6.
#[derive(Clone, Copy, Debug)]
pub struct V6;

pub(super) mod sealed {
    use super::CStr;

    /// rte_fib's functions, alike for both families. `kind` is 0 for a tree, 1 for a table.
    ///
    /// # Safety
    /// Of each function: `fib` came from `create` and was not freed. `add`, `delete` and `free` are the only
    /// calls at their time. `lookup` has `count` entries in both arrays.
    pub trait Sealed {
        type Raw;
        type Word: Copy + Default;
        fn word(bits: u128) -> Self::Word;
        unsafe fn create(
            name: &CStr,
            kind: u8,
            routes_max: u32,
            groups: u32,
            no_route: u64,
            err: &mut i32,
        ) -> *mut Self::Raw;
        unsafe fn add(fib: *mut Self::Raw, prefix: Self::Word, bits: u8, next_hop: u64) -> i32;
        unsafe fn delete(fib: *mut Self::Raw, prefix: Self::Word, bits: u8) -> i32;
        unsafe fn lookup(fib: *mut Self::Raw, words: *const Self::Word, out: *mut u64, count: u32) -> i32;
        unsafe fn free(fib: *mut Self::Raw);
    }
}

impl Family for V4 {
    type Address = Ipv4Addr;
    const BITS: u8 = 32;

    #[inline]
    fn to_bits(address: Ipv4Addr) -> u128 {
        u128::from(address.to_bits()) << 96
    }
}

impl Family for V6 {
    type Address = Ipv6Addr;
    const BITS: u8 = 128;

    #[inline]
    fn to_bits(address: Ipv6Addr) -> u128 {
        address.to_bits()
    }
}

impl sealed::Sealed for V4 {
    type Raw = dpdk_sys::rte_fib;
    /// Host order.
    type Word = u32;

    #[inline]
    fn word(bits: u128) -> u32 {
        (bits >> 96) as u32
    }

    unsafe fn create(
        name: &CStr,
        kind: u8,
        routes_max: u32,
        groups: u32,
        no_route: u64,
        err: &mut i32,
    ) -> *mut Self::Raw {
        // SAFETY: the name is NUL-terminated and copied; `err` is writable.
        unsafe { dpdk_sys::hf_fib_create(name.as_ptr(), kind, routes_max, groups, no_route, err) }
    }

    unsafe fn add(fib: *mut Self::Raw, prefix: u32, bits: u8, next_hop: u64) -> i32 {
        // SAFETY: as the trait asks.
        unsafe { dpdk_sys::hf_fib_add(fib, prefix, bits, next_hop) }
    }

    unsafe fn delete(fib: *mut Self::Raw, prefix: u32, bits: u8) -> i32 {
        // SAFETY: as the trait asks.
        unsafe { dpdk_sys::hf_fib_delete(fib, prefix, bits) }
    }

    #[inline]
    unsafe fn lookup(fib: *mut Self::Raw, words: *const u32, out: *mut u64, count: u32) -> i32 {
        // SAFETY: as the trait asks.
        unsafe { dpdk_sys::hf_fib_lookup(fib, words, out, count) }
    }

    unsafe fn free(fib: *mut Self::Raw) {
        // SAFETY: as the trait asks.
        unsafe { dpdk_sys::hf_fib_free(fib) }
    }
}

impl sealed::Sealed for V6 {
    type Raw = dpdk_sys::rte_fib6;
    /// Network order.
    type Word = [u8; 16];

    #[inline]
    fn word(bits: u128) -> [u8; 16] {
        bits.to_be_bytes()
    }

    unsafe fn create(
        name: &CStr,
        kind: u8,
        routes_max: u32,
        groups: u32,
        no_route: u64,
        err: &mut i32,
    ) -> *mut Self::Raw {
        // SAFETY: the name is NUL-terminated and copied; `err` is writable.
        unsafe { dpdk_sys::hf_fib6_create(name.as_ptr(), kind, routes_max, groups, no_route, err) }
    }

    unsafe fn add(fib: *mut Self::Raw, prefix: [u8; 16], bits: u8, next_hop: u64) -> i32 {
        // SAFETY: as the trait asks; the prefix is read during the call only.
        unsafe { dpdk_sys::hf_fib6_add(fib, prefix.as_ptr(), bits, next_hop) }
    }

    unsafe fn delete(fib: *mut Self::Raw, prefix: [u8; 16], bits: u8) -> i32 {
        // SAFETY: as above.
        unsafe { dpdk_sys::hf_fib6_delete(fib, prefix.as_ptr(), bits) }
    }

    #[inline]
    unsafe fn lookup(fib: *mut Self::Raw, words: *const [u8; 16], out: *mut u64, count: u32) -> i32 {
        // SAFETY: as the trait asks.
        unsafe { dpdk_sys::hf_fib6_lookup(fib, words, out, count) }
    }

    unsafe fn free(fib: *mut Self::Raw) {
        // SAFETY: as the trait asks.
        unsafe { dpdk_sys::hf_fib6_free(fib) }
    }
}
