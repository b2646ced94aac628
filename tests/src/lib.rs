//! Holdfast's tests that belong to no single crate: the style rules ([`tidy`]) and the end-to-end lab ([`net`]).
//! `README.md` beside this crate says how to run them.
#![deny(unsafe_code)]

pub mod net;
pub mod tidy;
