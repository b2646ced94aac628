//! The console: what users type, and what the box is asked for it.

mod control;

pub use control::{Control, ControlError, Ports};
