//! The Holdfast daemon.
fn main() {}
