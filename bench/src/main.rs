//! The Holdfast benchmark harness.
fn main() {}
