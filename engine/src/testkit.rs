//! Heap packets and ports for the engine's own tests; below it a writer and a reader of frames, and a whole box.

pub(crate) mod frame;
pub(crate) mod lab;
pub(crate) mod member;
pub(crate) mod seen;
pub(crate) mod topology;

use std::cell::RefCell;
use std::collections::VecDeque;
use std::rc::Rc;

use crate::interface::PortId;
use crate::io::{PacketBuf, PortIo};

const HEADROOM_BYTES: usize = 128;
const BUFFER_BYTES: usize = 2304;

/// A frame on the heap with the headroom an mbuf would have.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct HeapPacket {
    buffer: Vec<u8>,
    start: usize,
    end: usize,
}

impl HeapPacket {
    pub(crate) fn new(frame: &[u8]) -> HeapPacket {
        let mut buffer = vec![0; BUFFER_BYTES];
        buffer[HEADROOM_BYTES..HEADROOM_BYTES + frame.len()].copy_from_slice(frame);
        HeapPacket { buffer, start: HEADROOM_BYTES, end: HEADROOM_BYTES + frame.len() }
    }
}

impl PacketBuf for HeapPacket {
    fn data(&self) -> &[u8] {
        &self.buffer[self.start..self.end]
    }
    fn data_mut(&mut self) -> &mut [u8] {
        &mut self.buffer[self.start..self.end]
    }
    fn append(&mut self, bytes: usize) -> Option<&mut [u8]> {
        (self.end + bytes <= self.buffer.len()).then(|| {
            self.end += bytes;
            &mut self.buffer[self.start..self.end]
        })
    }
    fn truncate(&mut self, bytes: usize) {
        self.end = self.end.min(self.start + bytes);
    }
    fn prepend(&mut self, bytes: usize) -> Option<&mut [u8]> {
        self.start = self.start.checked_sub(bytes)?;
        Some(&mut self.buffer[self.start..self.end])
    }
    fn trim_front(&mut self, bytes: usize) {
        self.start = (self.start + bytes).min(self.end);
    }
}

/// Ports that are queues in memory: one worker's.
pub(crate) struct HeapPorts {
    pub(crate) received: Vec<VecDeque<HeapPacket>>,
    pub(crate) sent: Vec<Vec<HeapPacket>>,
    /// What each port takes in one call.
    pub(crate) tx_room: usize,
    /// Packets the pool has left.
    pub(crate) pool_packets: usize,
    /// By port: the worker that sends for this one.
    pub(crate) transmits_through: Vec<Option<u8>>,
    /// Packets given back.
    pub(crate) freed: u64,
}

impl HeapPorts {
    pub(crate) fn new(ports: usize) -> HeapPorts {
        HeapPorts {
            received: vec![VecDeque::new(); ports],
            sent: vec![Vec::new(); ports],
            tx_room: usize::MAX,
            pool_packets: usize::MAX,
            transmits_through: vec![None; ports],
            freed: 0,
        }
    }
}

/// The test keeps the other end.
pub(crate) type SharedPorts = Rc<RefCell<HeapPorts>>;

impl PortIo for SharedPorts {
    type Packet = HeapPacket;

    fn ports(&self) -> usize {
        self.borrow().received.len()
    }
    fn rx(&mut self, port: PortId, burst: &mut Vec<HeapPacket>, max: usize) -> usize {
        let queue = &mut self.borrow_mut().received[usize::from(port.0)];
        let count = max.min(queue.len());
        burst.extend(queue.drain(..count));
        count
    }
    fn tx(&mut self, port: PortId, burst: &mut Vec<HeapPacket>) -> usize {
        let ports = &mut *self.borrow_mut();
        let count = ports.tx_room.min(burst.len());
        ports.sent[usize::from(port.0)].extend(burst.drain(..count));
        count
    }
    fn transmits_through(&self, port: PortId) -> Option<u8> {
        self.borrow().transmits_through[usize::from(port.0)]
    }
    fn alloc(&mut self) -> Option<HeapPacket> {
        let ports = &mut *self.borrow_mut();
        ports.pool_packets = ports.pool_packets.checked_sub(1)?;
        Some(HeapPacket::new(&[]))
    }
    fn free(&mut self, burst: &mut Vec<HeapPacket>) {
        self.borrow_mut().freed += burst.len() as u64;
        burst.clear();
    }
}
