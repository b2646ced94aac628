//! What the box answers in its own name: echo replies, ICMP errors, TCP resets, and the limits on them.

pub mod rate_limit;
