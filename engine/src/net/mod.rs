//! The wire: numbers, checksums, kinds of addresses and messages, and writers of headers.

pub mod address;
pub mod build;
pub mod bytes;
pub mod checksum;
pub mod icmp;
pub mod ipv6_extension;
pub mod numbers;
