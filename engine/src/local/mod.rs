//! What the box answers in its own name: echo replies, ICMP errors, TCP resets, and the limits on them.
//!
//! Everything here turns bytes into bytes. Whether to answer at all is first a matter of these functions, which
//! know the RFCs' lists of what must never be answered, and then of [`LocalLimiter`], which keeps the box from
//! becoming somebody's amplifier: ask it last, so that what is not answered anyway costs no token.

mod echo;
mod icmp_error;
mod limits;
mod offending;
mod tcp_reset;

#[cfg(test)]
mod tests;

pub use echo::echo_reply;
pub use icmp_error::{ERROR_FRAME_BYTES_MAX, IcmpError, write_icmp_error};
pub use limits::{LocalLimiter, LocalLimits};
pub use offending::{AnswerMacs, NotAnswered, Offending};
pub use tcp_reset::{RESET_FRAME_BYTES_MAX, write_tcp_reset};
