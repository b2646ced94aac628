//! `[ha]` and `[[standby]]`: what makes a box one of a pair.
//!
//! | file | what it is |
//! | --- | --- |
//! | `model.rs` | the two tables as typed fields |
//! | `read.rs` | the two tables of the file, with defaults and the limits of single values |
//! | `check.rs` | what must hold between their values and the rest of the file |
//! | `write.rs` | the two tables for `show running-config` |

mod check;
mod model;
mod read;
mod write;

pub(super) use check::check;
pub use model::{HaConfig, HaMode, PreemptConfig, Secret, StandbyAuthentication, StandbyConfig, TrackConfig};
pub(super) use read::{ha, standby};
pub(super) use write::{write_ha, write_standby};
