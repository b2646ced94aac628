//! The Holdfast daemon around the data plane: configuration, console, control socket, reports, logs.
//!
//! `README.md` beside this crate is the codemap. The one rule of this crate: a single control thread owns the
//! box, and everything that wants to know or change something sends it a [`socket::ControlRequest`].
#![deny(unsafe_code)]

pub mod cli;
pub mod config;
pub mod console;
pub mod dataplane;
pub mod keygen;
pub mod logging;
pub mod protocol;
pub mod report;
pub mod socket;
