//! Bursts: what a worker does all day.
//!
//! # Why a queue is safe while its port is stopped
//! Whoever stops a port closes each queue's gate first, which waits for a burst under way and makes later ones
//! return 0 until the port is started again. The argument is in `gate.rs`, and loom checks it. A queue also holds
//! its port, so the port cannot be detached under it.
//!
//! A queue cannot be polled by two threads:
//! ```compile_fail,E0277
//! fn share(queue: dpdk::queue::RxQueue) {
//!     let queue = &queue;
//!     std::thread::scope(|scope| {
//!         scope.spawn(move || { let _queue = queue; }); // `RxQueue` cannot be shared between threads
//!     });
//! }
//! ```
//! ```compile_fail,E0277
//! fn share(queue: dpdk::queue::TxQueue) {
//!     let queue = &queue;
//!     std::thread::scope(|scope| {
//!         scope.spawn(move || { let _queue = queue; });
//!     });
//! }
//! ```
//! It can be moved to one:
//! ```no_run
//! fn hand_over(queue: dpdk::queue::RxQueue) {
//!     std::thread::spawn(move || { let _queue = queue; });
//! }
//! ```

use core::cell::Cell;
use core::marker::PhantomData;
use std::sync::Arc;

use crossbeam::utils::CachePadded;

use crate::gate::Gate;
use crate::mbuf::Mbuf;
use crate::port::Attached;

/// What both directions hold.
#[derive(Debug)]
struct Handle {
    port: u16,
    queue: u16,
    gate: Arc<CachePadded<Gate>>,
    _attached: Arc<Attached>,
    /// Ethdev queues are for one thread at a time; `Cell` is what `Send` without `Sync` looks like.
    not_sync: PhantomData<Cell<()>>,
}

impl Handle {
    fn new(attached: &Arc<Attached>, queue: u16, gate: Arc<CachePadded<Gate>>) -> Handle {
        Handle { port: attached.id, queue, gate, _attached: attached.clone(), not_sync: PhantomData }
    }
}

/// A receive queue of a configured port.
#[derive(Debug)]
pub struct RxQueue(Handle);

/// A transmit queue of a configured port.
#[derive(Debug)]
pub struct TxQueue(Handle);

impl RxQueue {
    pub(crate) fn new(attached: &Arc<Attached>, queue: u16, gate: Arc<CachePadded<Gate>>) -> RxQueue {
        RxQueue(Handle::new(attached, queue, gate))
    }

    /// Appends at most `max` received frames to `burst`, never more than its spare capacity, and returns how
    /// many; 0 on a stopped port. Never waits, never allocates. Some vector drivers deliver nothing to a `max`
    /// below 4 or 8, and round down to a multiple of it: ask for 32.
    #[inline]
    pub fn rx(&mut self, burst: &mut Vec<Mbuf>, max: usize) -> usize {
        let length = burst.len();
        let spare = burst.spare_capacity_mut();
        let max = max.min(spare.len()).min(usize::from(u16::MAX)) as u16;
        let Some(_entered) = self.0.gate.enter() else { return 0 };
        // SAFETY: the port is started and stays so until `_entered` goes; `&mut self` of a queue that is neither
        // `Sync` nor `Clone` makes this the only thread in it. `Mbuf` is a transparent non-null pointer to an
        // mbuf, so the spare capacity is an array of at least `max` mbuf pointers to write to.
        let received =
            unsafe { dpdk_sys::hf_rx_burst(self.0.port, self.0.queue, spare.as_mut_ptr().cast(), max) };
        let received = usize::from(received);
        // SAFETY: the driver wrote `received` pointers, at most `max`, each to a chain that is now ours alone.
        unsafe { burst.set_len(length + received) };
        received
    }

    /// Its number on the port.
    pub fn index(&self) -> u16 {
        self.0.queue
    }

    /// The port's number, as DPDK counts ports.
    pub fn port_id(&self) -> u16 {
        self.0.port
    }
}

impl TxQueue {
    pub(crate) fn new(attached: &Arc<Attached>, queue: u16, gate: Arc<CachePadded<Gate>>) -> TxQueue {
        TxQueue(Handle::new(attached, queue, gate))
    }

    /// Offers `burst` for transmission and returns how many frames the driver took: a prefix, which leaves
    /// `burst`. The rest stays, in order, for the caller to offer again or free. 0 on a stopped port. At most
    /// 65,535 are offered in one call.
    #[inline]
    pub fn tx(&mut self, burst: &mut Vec<Mbuf>) -> usize {
        let length = burst.len();
        let offered = length.min(usize::from(u16::MAX)) as u16;
        if offered == 0 {
            return 0;
        }
        let Some(_entered) = self.0.gate.enter() else { return 0 };
        let first = burst.as_mut_ptr();
        // SAFETY: the port is started and stays so until `_entered` goes, and this is the only thread in the
        // queue, as in `rx`. The vector holds `offered` mbuf pointers that are ours.
        let taken = unsafe { dpdk_sys::hf_tx_burst(self.0.port, self.0.queue, first.cast(), offered) };
        let taken = usize::from(taken);
        let left = length - taken;
        // SAFETY: the first `taken` belong to the driver now. The others move to the front, bit by bit, and the
        // length says so: each of them is in the vector once, and no destructor runs in between.
        unsafe {
            core::ptr::copy(first.add(taken), first, left);
            burst.set_len(left);
        }
        taken
    }

    /// Its number on the port.
    pub fn index(&self) -> u16 {
        self.0.queue
    }

    /// The port's number, as DPDK counts ports.
    pub fn port_id(&self) -> u16 {
        self.0.port
    }
}
