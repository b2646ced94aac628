//! The wire: numbers, checksums, and writers of headers.

pub mod build;
pub mod bytes;
pub mod checksum;
pub mod numbers;
