//! The end-to-end lab: client – box – server in network namespaces, with the real binary in the middle.
//!
//! ```text
//!   client namespace            box namespace                   server namespace
//!   eth0 10.0.1.5/24  ───────── inside   holdfast   outside ───── eth0 10.0.2.9/24
//!        fd00:1::5/64           10.0.1.2            10.0.2.2            fd00:2::9/64
//! ```
//! The box's two veth ends carry no address and no IPv6, so the kernel there answers nothing: everything that
//! crosses, and everything the box answers, is Holdfast's doing.

pub mod addresses;
pub mod capture;
pub mod config;
pub mod console;
pub mod cpu;
pub mod error;
pub mod firewall;
pub mod http;
pub mod iperf;
pub mod lab;
pub mod namespace;
pub mod noise;
pub mod pair;
pub mod ping;
pub mod process;
pub mod reports;
pub mod scapy;
pub mod sockets;
pub mod wait;
pub mod wire;

pub use config::BoxConfig;
pub use console::Console;
pub use error::{LabError, LabResult};
pub use firewall::Firewall;
pub use lab::{Lab, Topology};
pub use namespace::Namespace;
