//! Classification.

use core::ffi::c_char;
use core::mem::size_of;

/// `rte_acl_ctx`, never looked into.
#[repr(C)]
pub struct rte_acl_ctx {
    opaque: [u8; 0],
}

/// What is looked up; all numbers big endian.
#[repr(C, align(4))]
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct hf_acl_key {
    /// IP protocol.
    pub protocol: u8,
    /// Not looked at by rte_acl.
    pub pad: [u8; 3],
    /// From and to, 16 bits each.
    pub zones: [u8; 4],
    /// IPv4 in the first four bytes.
    pub source: [u8; 16],
    /// IPv4 in the first four bytes.
    pub destination: [u8; 16],
    /// Source and destination, 16 bits each.
    pub ports: [u8; 4],
}
const _: () = assert!(size_of::<hf_acl_key>() == 44);

/// What is matched; numbers in host order.
#[repr(C)]
#[derive(Clone, Copy, Debug, Default)]
pub struct hf_acl_rule {
    /// Most significant word first; IPv4 in the first word.
    pub source: [u32; 4],
    /// Most significant word first; IPv4 in the first word.
    pub destination: [u32; 4],
    /// What a match returns.
    pub userdata: u32,
    /// The highest wins.
    pub priority: i32,
    /// Range of source ports, first.
    pub source_port_low: u16,
    /// Range of source ports, last.
    pub source_port_high: u16,
    /// Range of destination ports, first.
    pub destination_port_low: u16,
    /// Range of destination ports, last.
    pub destination_port_high: u16,
    /// Prefix length.
    pub source_bits: u8,
    /// Prefix length.
    pub destination_bits: u8,
    /// IP protocol.
    pub protocol: u8,
    /// Bits of it that count.
    pub protocol_mask: u8,
    /// Zone it comes from.
    pub from: u8,
    /// Bits of it that count.
    pub from_mask: u8,
    /// Zone it goes to.
    pub to: u8,
    /// Bits of it that count.
    pub to_mask: u8,
}
const _: () = assert!(size_of::<hf_acl_rule>() == 56);

unsafe extern "C" {
    /// `rte_acl_create`; NULL on failure, with `err` set. A name in use returns the context that has it.
    pub fn hf_acl_create(name: *const c_char, ipv6: u8, rules_max: u32, err: *mut i32) -> *mut rte_acl_ctx;
    /// Adds one rule.
    pub fn hf_acl_add(acl: *mut rte_acl_ctx, ipv6: u8, rule: *const hf_acl_rule) -> i32;
    /// Compiles the rules; `bytes_max` 0: no limit.
    pub fn hf_acl_build(acl: *mut rte_acl_ctx, ipv6: u8, bytes_max: u64) -> i32;
    /// Looks up `count` keys; `out` gets userdata, 0 for no match.
    pub fn hf_acl_classify(
        acl: *const rte_acl_ctx,
        keys: *mut *const hf_acl_key,
        out: *mut u32,
        count: u32,
    ) -> i32;
    /// `RTE_ACL_MAX_PRIORITY`; the lowest is 1.
    pub fn hf_acl_priority_max() -> i32;
    /// `rte_acl_free`.
    pub fn hf_acl_free(acl: *mut rte_acl_ctx);
}
