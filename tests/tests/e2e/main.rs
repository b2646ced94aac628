//! End to end: the real binary between real hosts, in network namespaces. One module per topic.
//!
//! Run by scripts/test; by hand, as root: `cargo build --profile ci -p holdfast`, then
//! `cargo test -p holdfast-tests --features e2e --test e2e -- --test-threads 2`.
#![allow(clippy::unwrap_used, clippy::expect_used, reason = "test code")]

mod concurrency;
mod console;
mod expiry;
mod fast_open;
mod http;
mod icmp;
mod idle;
mod lab;
mod malformed;
mod mtu;
mod pair;
mod policy;
mod ports;
mod startup;
mod stop;
mod tcp_options;
mod throughput;
mod workers;
