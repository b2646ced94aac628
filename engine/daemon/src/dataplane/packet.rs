//! DPDK's packets and ports behind the engine's traits.

use bytemuck::TransparentWrapper;
use dpdk::mbuf::{self, Mbuf};
use dpdk::pool::Pool;
use dpdk::queue::{RxQueue, TxQueue};
use holdfast_engine::interface::PortId;
use holdfast_engine::io::{PacketBuf, PortIo, RxChecksum};

/// An mbuf as the engine sees it. Neither crate may implement the other's trait, so the composition root does,
/// on a wrapper that is the mbuf: vectors of one turn into vectors of the other without a copy.
#[derive(Debug, TransparentWrapper)]
#[repr(transparent)]
pub struct Packet(Mbuf);

impl PacketBuf for Packet {
    #[inline]
    fn data(&self) -> &[u8] {
        self.0.data()
    }
    #[inline]
    fn data_mut(&mut self) -> &mut [u8] {
        self.0.data_mut()
    }
    #[inline]
    fn append(&mut self, bytes: usize) -> Option<&mut [u8]> {
        self.0.append(bytes)
    }
    #[inline]
    fn truncate(&mut self, bytes: usize) {
        self.0.truncate(bytes);
    }
    #[inline]
    fn prepend(&mut self, bytes: usize) -> Option<&mut [u8]> {
        self.0.prepend(bytes)
    }
    #[inline]
    fn trim_front(&mut self, bytes: usize) {
        let all = self.0.data().len();
        self.0.advance(bytes.min(all));
    }
    #[inline]
    fn prefetch(&self) {
        self.0.prefetch();
    }
    #[inline]
    fn rx_checksum(&self) -> RxChecksum {
        match self.0.rx_checksum() {
            mbuf::RxChecksum::Unknown => RxChecksum::Unknown,
            mbuf::RxChecksum::Good => RxChecksum::Good,
            mbuf::RxChecksum::Bad => RxChecksum::Bad,
        }
    }
}

/// What one worker has of one port. A device with fewer queues than there are workers gives some of them none:
/// those receive through the steering rings and have another worker send for them.
pub struct WorkerPort {
    /// Its receive queue.
    pub rx: Option<RxQueue>,
    /// Its transmit queue.
    pub tx: Option<TxQueue>,
    /// Who sends for it when it has no transmit queue.
    pub transmits_through: u8,
}

/// One worker's queues of every port, and the pool its own packets come from.
pub struct WorkerQueues {
    ports: Vec<WorkerPort>,
    pool: Pool,
}

impl WorkerQueues {
    /// Queues in port order.
    pub fn new(ports: Vec<WorkerPort>, pool: Pool) -> WorkerQueues {
        WorkerQueues { ports, pool }
    }
}

impl PortIo for WorkerQueues {
    type Packet = Packet;

    fn ports(&self) -> usize {
        self.ports.len()
    }

    #[inline]
    fn rx(&mut self, port: PortId, burst: &mut Vec<Packet>, max: usize) -> usize {
        let Some(rx) = self.ports.get_mut(usize::from(port.0)).and_then(|p| p.rx.as_mut()) else { return 0 };
        let mut mbufs = Packet::peel_vec(core::mem::take(burst));
        let count = rx.rx(&mut mbufs, max);
        *burst = Packet::wrap_vec(mbufs);
        count
    }

    #[inline]
    fn tx(&mut self, port: PortId, burst: &mut Vec<Packet>) -> usize {
        let Some(tx) = self.ports.get_mut(usize::from(port.0)).and_then(|p| p.tx.as_mut()) else { return 0 };
        let mut mbufs = Packet::peel_vec(core::mem::take(burst));
        let count = tx.tx(&mut mbufs);
        *burst = Packet::wrap_vec(mbufs);
        count
    }

    fn transmits_through(&self, port: PortId) -> Option<u8> {
        self.ports.get(usize::from(port.0)).filter(|p| p.tx.is_none()).map(|p| p.transmits_through)
    }

    fn alloc(&mut self) -> Option<Packet> {
        self.pool.alloc().map(Packet)
    }

    #[inline]
    fn free(&mut self, burst: &mut Vec<Packet>) {
        let mut mbufs = Packet::peel_vec(core::mem::take(burst));
        mbuf::free_bulk(&mut mbufs);
        *burst = Packet::wrap_vec(mbufs);
    }
}
