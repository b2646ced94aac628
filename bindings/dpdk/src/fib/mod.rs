//! Longest prefix match with rte_fib, for IPv4 and IPv6.
//!
//! Two kinds of each: a tree, small, and slower with depth; and a table made for speed, which costs 64 MiB at once
//! and one or two memory accesses a look-up. Both answer alike. Changing one takes `&mut`: for readers on other
//! threads, build a new one beside the old and swap.
//!
//! # What the table kind needs help with
//! The property tests of this module found that DPDK's tables lose routes when a route is added or removed that
//! surrounds longer ones (22.11 does, and the code is the same in 26.07): the table is written around the longer
//! routes, and positions that come out as zero, at the beginning or, wrapped, at the end of the address space, are
//! mistaken for each other. 0.0.0.0/25 and then a default route: the default is nowhere. 0.0.0.0/1, 128.0.0.0/1
//! and then a default route: it is everywhere. A failed change may also stay in the table by halves, and the IPv6
//! table's count of its groups drifts when routes go before the longer ones inside them.
//!
//! None of this happens when routes come shortest first, since then there is nothing to write around. So
//! [`Fib`] keeps a list of its routes, and where a change would surround longer routes, or failed, it makes a new
//! table from the list in that order. That needs memory for a second table for a moment and some tens of
//! milliseconds; whoever fills a table shortest first never pays it.

mod family;
mod routes;
mod table;

pub use family::{Family, V4, V6};
pub use routes::Fib;

use crate::error::Errno;

/// Routes for IPv4.
pub type Fib4 = Fib<V4>;
/// Routes for IPv6.
pub type Fib6 = Fib<V6>;

/// Highest next hop; the tables keep one bit of each entry for themselves, and one value means "no route".
pub const NEXT_HOP_MAX: u32 = NO_ROUTE as u32 - 1;

/// What rte_fib answers when nothing matches: the highest number that a 4-byte entry can hold.
const NO_ROUTE: u64 = (1 << 31) - 1;

/// How routes are kept.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FibKind {
    /// A binary tree; memory grows with `routes_max` alone.
    Rib,
    /// DIR-24-8 for IPv4 (Gupta, Lin, McKeown 1998), a trie of the same make for IPv6: 64 MiB for the first 24
    /// bits, and 1 KiB for each group of 256 longer prefixes. An IPv4 route longer than /24 takes up to one group,
    /// an IPv6 route up to thirteen.
    Table {
        /// Groups set aside; DPDK may round up to a multiple of 64.
        tbl8_groups: u32,
    },
}

/// Why a route or a table was refused.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum FibError {
    /// More bits than the address has.
    #[error("a prefix of {bits} bits, of at most {max}")]
    PrefixLength {
        /// As given.
        bits: u8,
        /// 32 or 128.
        max: u8,
    },
    /// Next hops are 0 to [`NEXT_HOP_MAX`].
    #[error("next hop {0} is more than {max}", max = NEXT_HOP_MAX)]
    NextHop(u32),
    /// The limit given to [`Fib::new`].
    #[error("more than {routes_max} routes")]
    Full {
        /// The limit.
        routes_max: u32,
    },
    /// Nothing to remove.
    #[error("there is no such route")]
    NoRoute,
    /// rte_fib refused: `ENOMEM` for too little memory, `ENOSPC` for too few groups.
    #[error("{doing} failed: {errno}")]
    Driver {
        /// The step.
        doing: &'static str,
        /// Why.
        errno: Errno,
    },
}
