//! `fwd`: packets a second through one worker of a real box.
//!
//! | file | what it is |
//! | --- | --- |
//! | `run.rs` | the combinations, each with its box; the report |
//! | `trial.rs` | one trial of one mode |
//! | `result.rs` | trials to results |

mod result;
mod run;
mod trial;

pub use run::run;

use clap::ValueEnum;
use serde::Serialize;

/// What the box does with packets. Declared from the cheapest to the dearest.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, ValueEnum)]
#[serde(rename_all = "lowercase")]
pub enum Mode {
    /// Out of the paired port, untouched: what it costs to get packets here at all.
    Io,
    /// MACs, addresses and ports swapped: the same with every header touched.
    #[value(name = "5tswap")]
    #[serde(rename = "5tswap")]
    FiveTupleSwap,
    /// Stateful inspection.
    Firewall,
}

impl Mode {
    /// Its word on the console and in reports.
    pub const fn name(self) -> &'static str {
        match self {
            Mode::Io => "io",
            Mode::FiveTupleSwap => "5tswap",
            Mode::Firewall => "firewall",
        }
    }
}
