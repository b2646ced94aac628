//! HSRP, versions 1 and 2, for IPv4: packets, frames, the state machine, and one group on one interface.
//!
//! [`Group`] follows the crate's contract: [`Group::handle`] takes one input, [`Group::poll_transmit`] and
//! [`Group::poll_event`] are drained, [`Group::wake`] says when [`Input::Timeout`] is due. Packets that have already
//! arrived are handed in before the timeout: a box that was stopped for a second must not take its peer for dead
//! while the peer's hellos wait in the receive queue.
//!
//! **The box decides.** A firewall whose groups are active here and standby there forwards nothing, so no group becomes
//! active or ceases to be on its own. Where the table says so, the group reports [`GroupEvent::TakeoverDue`] or
//! [`GroupEvent::YieldDue`], goes on as before, and says it again at the next occasion, until it is told
//! [`Input::Promote`] or [`Input::Demote`]. Only an interface that goes down ends Active at once. To other HSRP speakers
//! this looks like a router that takes its time.
//!
//! | file | what |
//! |---|---|
//! | `version`, `wire`, `frame` | versions, payloads, Ethernet frames |
//! | `authentication` | who is believed |
//! | `event`, `state` | which event a packet is; the table |
//! | `config`, `input` | what a group is told at start, and later; what it reports |
//! | `group` | one group: inputs, timers, what goes out |
//! | `learn`, `other_router`, `timers`, `announcements`, `outbox`, `notices` | its parts |

mod announcements;
mod authentication;
mod config;
pub mod event;
pub mod frame;
mod group;
mod input;
mod learn;
mod notices;
mod other_router;
mod outbox;
pub mod state;
mod timers;
mod version;
pub mod wire;

#[cfg(test)]
pub(crate) mod tests;

pub use authentication::Authentication;
pub use config::GroupConfig;
pub use group::Group;
pub use input::{GroupEvent, Input, TakeoverWhy, YieldWhy};
pub use other_router::OtherRouter;
pub use version::Version;

/// UDP port of HSRP for IPv4, source and destination.
pub const UDP_PORT: u16 = 1985;
