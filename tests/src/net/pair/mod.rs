//! The lab of the pair: two boxes between one client and one server, on two switches.
//!
//! ```text
//!                          br-in                                   br-out
//!   client ─ eth0 ────── in-host                                 out-host ───── eth0 ─ server
//!   10.0.1.5             in-a ─────── inside  a  outside ─────── out-a             10.0.2.9
//!                                  10.0.1.2 ha0 10.0.2.2
//!                                            │  192.168.255.1 – .2
//!                                  10.0.1.3 ha0 10.0.2.3
//!                        in-b ─────── inside  b  outside ─────── out-b
//!                        virtual 10.0.1.1, group 1       virtual 10.0.2.1, group 2
//! ```
//! Client, server, a, b and the two switches each have a namespace of their own (the switches share one), so that
//! every cable can be pulled and every switch port cut from the switch's side, without touching a box or a host.

mod config;
pub mod frames;
mod inject;
mod lab;
mod node;
mod speaker;
mod state;
mod switch;
pub mod traffic;
mod watch;

pub use config::{Authentication, GroupConfig, HaConfig, Key, NodeConfig, PairConfig};
pub use inject::{HA_DEVICE, HaLink};
pub use lab::{PairLab, VIRTUAL_INSIDE, VIRTUAL_OUTSIDE, keygen};
pub use node::{HOT_LIMIT, PairBox, ROLE_LIMIT};
pub use speaker::{Heard, Speaker, SpeakerLink};
pub use state::{Group, Redundancy, SessionSet, Standby, count_of};
pub use switch::{Side, Switch, Which};
pub use watch::{NeighbourWatch, ResetCounters};
