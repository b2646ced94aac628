//! Holdfast's data plane.
//!
//! Packets come in through [`io::PortIo`], verdicts and packets go out; there is no DPDK, no socket and no clock
//! in here. `README.md` beside this crate is the codemap.
#![deny(unsafe_code)]

pub mod config;
pub mod drop_reason;
pub mod event;
pub mod flow;
pub mod interface;
pub mod io;
pub mod local;
pub mod neighbour;
pub mod net;
pub mod parse;
pub mod pipeline;
pub mod policy;
pub mod replication;
pub mod role;
pub mod route;
pub mod session;
pub mod time;
pub mod token_bucket;
pub mod track;
pub mod worker;

#[cfg(test)]
mod testkit;
