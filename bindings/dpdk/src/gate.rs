//! The gate between a queue's owner and whoever stops its port.
//!
//! A driver may free a queue's rings in `stop`, so no burst may be inside it then, and none may start before the
//! port is started again. DPDK leaves that to the application. Here every queue has a gate of three states:
//!
//! ```text
//!            enter (burst)                 close (stop)
//!   BUSY  <----------------  OPEN  ---------------->  CLOSED
//!         ---------------->        <----------------
//!            leave                         open (start)
//! ```
//!
//! `enter` moves OPEN to BUSY or fails; `close` moves OPEN to CLOSED and waits while it is BUSY. Both are one
//! compare-exchange on the same word, so between them there is an order: either the burst came first, and `close`
//! waits for its `leave`; or the close came first, and `enter` fails. It is a lock that the burst only ever tries.
//! `leave` and `open` release, `enter` and `close` acquire, so what a burst did in the driver is visible to the
//! stop that follows, and what a start did to the burst that follows.
//!
//! The price is one uncontended atomic exchange per burst, on a cache line of the queue's own: some twenty
//! cycles, less than one per packet of a full burst. The alternative, a flag per queue and one per port read
//! with a full fence in between, costs the same and takes a page to prove.

#[cfg(loom)]
use loom::sync::atomic::{AtomicU8, Ordering};
#[cfg(not(loom))]
use std::sync::atomic::{AtomicU8, Ordering};

const OPEN: u8 = 0;
const BUSY: u8 = 1;
const CLOSED: u8 = 2;

/// One queue's gate; closed at first.
#[derive(Debug)]
pub(crate) struct Gate(AtomicU8);

/// A burst under way. Leaves on drop.
pub(crate) struct Entered<'a>(&'a AtomicU8);

impl Gate {
    pub(crate) fn closed() -> Gate {
        Gate(AtomicU8::new(CLOSED))
    }

    /// For the queue's owner: `None` when the port is stopped. The queue's `&mut self` keeps this to one
    /// thread at a time, so BUSY is never met here.
    #[inline]
    pub(crate) fn enter(&self) -> Option<Entered<'_>> {
        match self.0.compare_exchange(OPEN, BUSY, Ordering::Acquire, Ordering::Relaxed) {
            Ok(_) => Some(Entered(&self.0)),
            Err(_) => None,
        }
    }

    /// Waits for a burst under way, which takes microseconds, then keeps further ones out.
    pub(crate) fn close(&self) {
        while let Err(state) = self.0.compare_exchange(OPEN, CLOSED, Ordering::Acquire, Ordering::Relaxed) {
            if state == CLOSED {
                return;
            }
            wait();
        }
    }

    /// Lets bursts in. For whoever closed it.
    pub(crate) fn open(&self) {
        self.0.store(OPEN, Ordering::Release);
    }
}

impl Drop for Entered<'_> {
    #[inline]
    fn drop(&mut self) {
        self.0.store(OPEN, Ordering::Release);
    }
}

/// The owner of the queue may have been preempted inside its burst, so waiting gives the core away.
fn wait() {
    #[cfg(loom)]
    loom::thread::yield_now();
    #[cfg(not(loom))]
    std::thread::yield_now();
}

#[cfg(all(test, not(loom)))]
mod tests {
    use super::*;

    #[test]
    fn closed_keeps_bursts_out_until_opened() {
        let gate = Gate::closed();
        assert!(gate.enter().is_none());
        gate.open();
        drop(gate.enter().unwrap());
        assert!(gate.enter().is_some());
        gate.close();
        gate.close();
        assert!(gate.enter().is_none());
    }
}

#[cfg(all(test, loom))]
mod loom_tests {
    use super::*;
    use loom::cell::UnsafeCell;
    use loom::sync::Arc;

    /// The cell stands for the driver's queue: loom fails if a burst and the stop are in it at once, or if one
    /// does not see what the other did.
    #[test]
    fn no_burst_is_inside_while_the_port_stops() {
        loom::model(|| {
            let shared = Arc::new((Gate::closed(), UnsafeCell::new(0u32)));
            shared.0.open();
            let worker = {
                let shared = shared.clone();
                loom::thread::spawn(move || {
                    for _ in 0..2 {
                        if let Some(_entered) = shared.0.enter() {
                            // SAFETY: what is being tested.
                            shared.1.with_mut(|queue| unsafe { *queue += 1 });
                        }
                    }
                })
            };
            shared.0.close();
            // SAFETY: what is being tested.
            shared.1.with_mut(|queue| unsafe { *queue = 0 });
            shared.0.open();
            worker.join().unwrap();
        });
    }
}
