//! Neighbours: which link-layer address a next hop has, and what to do until that is known.
//!
//! Each worker has a table of its own, because a table that all workers wrote would put a lock or a shared cache
//! line on every packet's way. What one worker learns it offers to the others as a [`NeighbourUpdate`]; with RSS
//! the answer to one worker's request may well arrive at another.
//!
//! A session holds a [`NextHopRef`](crate::session::NextHopRef), the index of a slot, and counts as a reference
//! to it. The packet path reads the slot ([`Neighbours::hop`]), which tells the state and the address, and marks
//! it used: tested first, then written, so that a busy neighbour costs no store. Everything else happens off the
//! packet path, driven by the worker loop:
//!
//! 1. [`Neighbours::intern`] finds or makes the slot of an address; the first [`Neighbours::enqueue`] makes it ask.
//! 2. [`Neighbours::handle_arp`] and [`Neighbours::handle_nd`] take what arrives, answer for our addresses, learn.
//! 3. [`Neighbours::poll`] runs the timers, a bounded number a call.
//! 4. [`Neighbours::poll_transmit`] then yields the requests to send and [`Neighbours::poll_event`] the neighbours
//!    whose waiting packets may go, or must be given up, both until `None`.
//! 5. [`Neighbours::wake`] says when `poll` is due next.
//!
//! What is believed, and why, is the table in `state.rs`, applied in `step.rs`. The rule behind it: nothing that
//! we did not ask for makes an entry, except a request for one of our own addresses (RFC 826, RFC 4861 section
//! 7.2.3: whoever asks wants to talk), and nothing but the answer to our own question makes an entry reachable.
//! Unsolicited claims about a neighbour we know are followed, as both RFCs require and failover of virtual
//! addresses needs, but only as stale: the next use is confirmed by a probe.
//!
//! Slots are freed only inside `poll`, only without references and without anything pending. A reference that
//! was taken with `retain` therefore never comes to mean another host, and one that was not is good until the
//! next `poll`.

mod arp;
mod config;
mod deadlines;
mod learn;
mod nd;
mod own;
mod request;
mod slot;
mod state;
mod step;
mod table;
mod timer;
mod view;
mod waiting;

#[cfg(test)]
mod tests;

pub use config::NeighboursConfig;
pub use learn::{AddressConflict, Evidence, NeighbourUpdate, Outcome, Verdict};
pub use own::{InterfaceAddresses, OwnAddresses};
pub use request::{Announcement, REQUEST_FRAME_BYTES_MAX, Request};
pub use slot::Hop;
pub use state::NeighbourState;
pub use table::{NeighbourEvent, Neighbours};
pub use view::{NeighbourCounters, NeighbourView};
