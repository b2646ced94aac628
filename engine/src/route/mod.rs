//! Routes: what is on which link, and which neighbour a packet goes to next.
//!
//! A [`RouteTable`] is made whole from the configuration and never changes; a new configuration makes a new one.
//! It is read on a session's first packet, and again when a session's next hop is unresolved, so it may be shared
//! by all workers. The longest-prefix match behind it is a [`Fib`]: [`HashFib`] unless the daemon plugs in another.

mod check;
mod error;
mod fib;
pub mod on_link;
mod table;
#[cfg(test)]
mod tests;

pub use error::RouteError;
pub use fib::{Fib, HashFib, LinearFib};
pub use table::{Decision, Egress, ROUTES_MAX, Route, RouteKind, RouteTable, StaticRoute, Target};
