//! Two links on a simulated network, and those who attack them.

mod adversary;
mod connect;
mod golden;
mod network;
mod path;
mod rekey;
mod throughput;
