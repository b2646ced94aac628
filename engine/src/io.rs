//! The narrow boundary between the engine and whatever moves packets.
//!
//! The daemon implements these traits for DPDK mbufs and ports, the tests for heap packets. Only the worker
//! loop and the pipeline are generic over them; every stage below takes slices and plain structs.

use crate::interface::PortId;

/// Most packets one [`PortIo::rx`] call may return, and so the size of every struct-of-arrays in the pipeline.
pub const BURST_PACKETS_MAX: usize = 64;

/// What the receiving device said about the layer 4 checksum.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
pub enum RxChecksum {
    /// The device did not look; the engine verifies where it matters.
    #[default]
    Unknown,
    /// Verified by the device.
    Good,
    /// Found wrong by the device.
    Bad,
}

/// One owned packet in one contiguous buffer, Ethernet header first, frame check sequence stripped.
pub trait PacketBuf: Send {
    /// The frame's bytes.
    fn data(&self) -> &[u8];
    /// The frame's bytes, writable.
    fn data_mut(&mut self) -> &mut [u8];
    /// Grows the frame by `bytes` at its end and returns the whole frame; `None` when there is no room.
    fn append(&mut self, bytes: usize) -> Option<&mut [u8]>;
    /// Shortens the frame to `bytes`; does nothing when it is already that short.
    fn truncate(&mut self, bytes: usize);
    /// Grows the frame by `bytes` in front and returns the whole frame; `None` when there is no headroom.
    fn prepend(&mut self, bytes: usize) -> Option<&mut [u8]>;
    /// Removes `bytes` from the front; removes everything when the frame is shorter.
    fn trim_front(&mut self, bytes: usize);
    /// Hints that the frame's first bytes are needed soon.
    #[inline]
    fn prefetch(&self) {}
    /// What the device said about the layer 4 checksum.
    fn rx_checksum(&self) -> RxChecksum {
        RxChecksum::Unknown
    }
}

/// Ports as one worker sees them: its own queue of each.
pub trait PortIo {
    /// The packet this world moves.
    type Packet: PacketBuf;

    /// Number of ports; ports are `0..ports()`.
    fn ports(&self) -> usize;
    /// Appends at most `max` received packets to `burst`, never more than its spare capacity; returns how many.
    fn rx(&mut self, port: PortId, burst: &mut Vec<Self::Packet>, max: usize) -> usize;
    /// Offers `burst` for transmission. The accepted prefix is consumed; what the port did not take stays in
    /// `burst`, in order. Returns how many were accepted.
    fn tx(&mut self, port: PortId, burst: &mut Vec<Self::Packet>) -> usize;
    /// The worker whose queue carries this worker's packets for `port`; `None` when it has one of its own.
    fn transmits_through(&self, port: PortId) -> Option<u8> {
        let _ = port;
        None
    }
    /// A fresh empty packet, or `None` when the pool is exhausted.
    fn alloc(&mut self) -> Option<Self::Packet>;
    /// Frees all packets in `burst`; an implementation with a bulk path overrides this.
    fn free(&mut self, burst: &mut Vec<Self::Packet>) {
        burst.clear();
    }
}
