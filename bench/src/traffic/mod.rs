//! Deterministic traffic: the same seed and the same plan give the same bytes.
//!
//! | file | what it is |
//! | --- | --- |
//! | `flow.rs` | who talks to whom: a flow's addresses, ports and sequence numbers from its number |
//! | `frame.rs` | a flow's four frames |
//! | `file.rs` | the four pcap files a box is fed from |

mod file;
mod flow;
mod frame;

#[cfg(test)]
mod tests;

pub use file::{Files, PortMacs, write_files};
pub use flow::{CLIENT_PREFIXES, Flow, Flows, SERVER_PREFIXES, SESSIONS_MAX};
#[cfg(test)]
pub use frame::FCS_BYTES;
pub use frame::frame_bytes_min;

use clap::ValueEnum;
use serde::Serialize;

/// Internet protocol version of a run's traffic.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, ValueEnum)]
pub enum Family {
    /// IPv4.
    #[value(name = "4")]
    #[serde(rename = "4")]
    V4,
    /// IPv6.
    #[value(name = "6")]
    #[serde(rename = "6")]
    V6,
}

/// Transport protocol of a run's traffic.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, ValueEnum)]
#[serde(rename_all = "lowercase")]
pub enum Transport {
    /// TCP: a handshake, then segments inside the windows.
    Tcp,
    /// UDP: a query and an answer, then datagrams both ways.
    Udp,
}

/// Who sends a frame.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Side {
    /// The initiator, in zone `inside`.
    Client,
    /// The responder, in zone `outside`.
    Server,
}

/// What the traffic of one run is like.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Plan {
    /// Number of flows, 1 to [`SESSIONS_MAX`].
    pub sessions: u32,
    /// Bytes of a frame with its frame check sequence, as RFC 2544 counts; frames whose headers need more are
    /// as short as they can be ([`frame_bytes_min`]).
    pub frame_bytes: u16,
    /// IPv4 or IPv6.
    pub family: Family,
    /// TCP or UDP.
    pub transport: Transport,
    /// Seed of sequence numbers and orders.
    pub seed: u64,
}
