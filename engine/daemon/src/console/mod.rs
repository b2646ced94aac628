//! The console: what users type, and what the box is asked for it.
//!
//! `commands.rs` is the grammar as data; `parse.rs` matches a line against it, `execute.rs` carries it out on a
//! [`Control`], `suggest.rs` says what may come next. Nothing here does input or output.

mod commands;
mod control;
mod execute;
mod grammar;
mod pair;
mod parse;
mod pipe;
mod suggest;

pub use commands::COMMANDS;
pub use control::{Control, ControlError, Ports};
pub use execute::{ClientCommand, Output, client_command, execute};
pub use grammar::{Action, Argument, Arguments, Command, Word};
pub use pair::{DebugTopic, HaCleared, may_clear_sessions, may_switch_over, what_clear_does};
pub use suggest::{Suggestion, suggest};
