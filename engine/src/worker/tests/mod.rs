//! The worker: forwarding modes, several workers, and whatever may come from a network.

mod hostile;
mod modes;
mod pair;
mod workers;
