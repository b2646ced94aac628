//! Routes: what is on which link, and which neighbour a packet goes to next.

pub mod on_link;
