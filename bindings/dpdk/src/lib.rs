//! The safe face of DPDK: what Holdfast needs of it, and nothing that two threads could get wrong.
//!
//! | module | what it holds |
//! | --- | --- |
//! | [`eal`] | start and end of the environment, once per process; log levels |
//! | [`lcore`] | a thread known to EAL, so that its mempool caches work; pinning |
//! | [`clock`] | the time stamp counter |
//! | [`pool`], [`mbuf`] | packet buffers, owned |
//! | [`port`], [`queue`] | Ethernet ports: attach, configure, start, stop; bursts |
//! | [`stats`], [`link`] | counters, link state |
//! | [`acl`] | classification by rules |
//! | [`fib`] | longest prefix match |
//!
//! # Who keeps what alive
//! Everything made here holds an [`eal::EalRef`], so EAL's memory is mapped for as long as anything lives in it.
//! Queues hold their port, a port holds the pools its receive queues draw from. An [`mbuf::Mbuf`] holds
//! nothing, it is one pointer: [`pool`] says how its memory outlives it all the same.
//!
//! # Threads
//! One queue belongs to one thread at a time: [`queue::RxQueue`] and [`queue::TxQueue`] are `Send`, take
//! `&mut self`, and are neither `Sync` nor `Clone`. A port may be stopped while its queues are polled elsewhere;
//! the module [`queue`] says why that is safe.

#![deny(unsafe_op_in_unsafe_fn)]

pub mod acl;
pub mod clock;
pub mod eal;
pub mod error;
pub mod fib;
mod gate;
pub mod lcore;
pub mod link;
pub mod mbuf;
pub mod pool;
pub mod port;
pub mod queue;
pub mod stats;
