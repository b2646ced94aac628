//! What can go wrong with a port.

use crate::error::Errno;

/// Why a port could not be attached, configured or controlled. Every one names the device.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum PortError {
    /// The name belongs to no driver that is installed, and to no bus.
    #[error("device {device:?}: no installed DPDK driver has that name")]
    NoDriver {
        /// As given.
        device: String,
    },
    /// There is no such device, or the driver refused its arguments.
    #[error(
        "device {device:?} could not be attached: {errno}; see that it exists and is free (`ip link` for an af_packet iface, `dpdk-devbind.py --status` for a PCI address), and DPDK's log above"
    )]
    Attach {
        /// As given.
        device: String,
        /// Why.
        errno: Errno,
    },
    /// The device exists and somebody owns its ports.
    #[error("device {device:?} is in use already")]
    InUse {
        /// As given.
        device: String,
    },
    /// The driver has fewer queues. [`super::PortInfo`] tells how many before.
    #[error("device {device:?} has at most {limit} {direction} queues, {asked} were asked for")]
    Queues {
        /// As given.
        device: String,
        /// `receive` or `transmit`.
        direction: &'static str,
        /// Asked for.
        asked: u16,
        /// What the driver has.
        limit: u16,
    },
    /// The MTU is beyond the driver's limits.
    #[error("device {device:?} takes an MTU of {min} to {max} bytes, not {mtu}")]
    Mtu {
        /// As given.
        device: String,
        /// Asked for, bytes.
        mtu: u16,
        /// Smallest, bytes.
        min: u16,
        /// Largest, bytes.
        max: u16,
    },
    /// Frames would not fit one mbuf each.
    #[error(
        "device {device:?}: an MTU of {mtu} makes frames of up to {frame_bytes} bytes, the pool's mbufs hold {data_room_bytes}"
    )]
    DataRoom {
        /// As given.
        device: String,
        /// Asked for, bytes.
        mtu: u16,
        /// Longest frame, bytes.
        frame_bytes: u32,
        /// What an mbuf of the pool holds, bytes.
        data_room_bytes: u16,
    },
    /// The device wants a longer RSS key.
    #[error("device {device:?} takes an RSS key of {needed} bytes, only {given} were given")]
    RssKey {
        /// As given.
        device: String,
        /// Bytes given.
        given: usize,
        /// Bytes needed.
        needed: usize,
    },
    /// The redirection pattern names a queue that was not asked for.
    #[error("device {device:?}: the RSS pattern names queue {queue} of {queues}")]
    RssQueue {
        /// As given.
        device: String,
        /// Named in the pattern.
        queue: u8,
        /// Receive queues asked for.
        queues: u16,
    },
    /// The driver failed.
    #[error("device {device:?}: {doing} failed: {errno}")]
    Driver {
        /// As given.
        device: String,
        /// The step.
        doing: &'static str,
        /// Why.
        errno: Errno,
    },
}
