//! `table`: what the session table costs, in process, with a general hash table beside it.
//!
//! | file | what it is |
//! | --- | --- |
//! | `run.rs` | the trials and the report |
//! | `resident.rs` | the memory a full table takes, in a process of its own |
//! | `subject.rs` | what is done to a table, and the tables it is done to |
//! | `memory.rs` | what one cache line from memory costs on this machine: the control |

mod memory;
pub mod resident;
mod run;
mod subject;

pub use run::run;

use serde::Serialize;

/// What is timed. Every operation begins with a key and includes hashing it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Operation {
    /// A key that is not there goes in.
    Insert,
    /// Keys that are there, in random order, by bursts of 32.
    LookUpHit,
    /// Keys that are not there, by bursts of 32.
    LookUpMiss,
    /// Keys that are there are found and removed, by bursts of 32.
    Remove,
    /// All sessions have timed out and are removed: the session table by its wheel in slices of 256, a hash
    /// table by walking all of it, in one go.
    Expire,
}

impl Operation {
    /// Every operation, in the order in which a trial does them.
    pub const ALL: [Operation; 5] = [
        Operation::Insert,
        Operation::LookUpHit,
        Operation::LookUpMiss,
        Operation::Remove,
        Operation::Expire,
    ];

    /// Its word in reports.
    pub const fn name(self) -> &'static str {
        match self {
            Operation::Insert => "insert",
            Operation::LookUpHit => "look_up_hit",
            Operation::LookUpMiss => "look_up_miss",
            Operation::Remove => "remove",
            Operation::Expire => "expire",
        }
    }
}
