//! Raw FFI to the installed libdpdk (22.11 or newer), through the C shim in `shim/`.
//!
//! Nothing here is safe and nothing here decides anything: each function is one shim function, documented in
//! `shim/shim.h`, and does what the DPDK function behind it does. The safe face is the `dpdk` crate, the only
//! one that names this one.
//!
//! Two things are repeated on both sides of the border and asserted on both: the sizes of the shim's own plain
//! structs, and the first cache line of `rte_mbuf`, which Rust reads directly because a call per field and
//! packet would cost more than the work itself. All else crosses as fixed-width integers, so a newer DPDK with
//! other structs needs a rebuild and no change here.
//!
//! Return values: 0 or a count on success, a negative errno on failure (`rte_errno` is read by the shim, on
//! failure only: it is stale after success).

#![no_std]
#![allow(non_camel_case_types)] // C names stay as they are in C.

mod acl;
mod eal;
mod fib;
mod mbuf;
mod port;

pub use acl::*;
pub use eal::*;
pub use fib::*;
pub use mbuf::*;
pub use port::*;
