//! The worker: forwarding modes, and several workers.

mod modes;
mod workers;
