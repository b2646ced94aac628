//! The thread around a worker: core, clock, sleep, and what the control thread asks of it.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::thread::JoinHandle;

use crossbeam::channel::{Receiver, Sender, TryRecvError};
use dpdk::clock::Tsc;
use dpdk::eal::EalRef;
use dpdk::lcore;
use holdfast_engine::role::Lease;
use holdfast_engine::time::Instant;
use holdfast_engine::worker::Worker;

use super::idle::{self, Idle, PollMode};
use super::packet::WorkerQueues;

/// A worker over DPDK queues.
pub type BoxWorker = Worker<WorkerQueues>;

/// Something to be done between two polls, by the thread that owns the worker.
pub type Request = Box<dyn FnOnce(&mut BoxWorker) + Send>;

/// Busy polls between two looks at the request channel; an idle worker looks every time.
const POLLS_BETWEEN_REQUESTS: u32 = 64;
/// Requests that may wait for one worker.
const REQUESTS_WAITING_MAX: usize = 64;

/// What both sides of a worker thread see.
#[derive(Debug, Default)]
pub struct Shared {
    /// The thread is to end.
    pub stop: AtomicBool,
    /// Times it slept.
    pub sleeps: AtomicU64,
    /// Nanoseconds the clock was pushed forward (`debug clock advance`).
    pub clock_offset_ns: AtomicU64,
    /// Until when the worker may act on an active role; `None` on a single firewall.
    pub lease: Option<Arc<Lease>>,
}

/// The control thread's end of one worker thread.
pub struct WorkerHandle {
    /// Core it is pinned to.
    pub lcore: u16,
    /// Shared flags and counters.
    pub shared: Arc<Shared>,
    /// Requests.
    pub requests: Sender<Request>,
    /// The thread.
    pub thread: JoinHandle<()>,
}

/// Core of the first worker whose thread is no more, though nobody told it to end.
pub fn first_ended(workers: &[WorkerHandle]) -> Option<u16> {
    workers.iter().find(|worker| worker.thread.is_finished()).map(|worker| worker.lcore)
}

/// Starts a worker thread. `worker` moves into it and is dropped in it, packets and all, before it unregisters.
///
/// # Errors
/// When the system has no thread to give.
pub fn spawn(
    eal: &EalRef,
    lcore: u16,
    poll: PollMode,
    worker: BoxWorker,
    shared: Arc<Shared>,
) -> std::io::Result<WorkerHandle> {
    let (requests, inbox) = crossbeam::channel::bounded(REQUESTS_WAITING_MAX);
    let thread = std::thread::Builder::new().name(format!("worker-{lcore}")).spawn({
        let (eal, shared) = (eal.clone(), Arc::clone(&shared));
        move || run(&eal, lcore, Idle::new(poll), worker, &shared, &inbox)
    })?;
    Ok(WorkerHandle { lcore, shared, requests, thread })
}

fn run(
    eal: &EalRef,
    lcore: u16,
    mut idle: Idle,
    mut worker: BoxWorker,
    shared: &Shared,
    inbox: &Receiver<Request>,
) {
    if let Err(error) = lcore::pin_current(usize::from(lcore)) {
        tracing::warn!(lcore, %error, "worker runs unpinned");
    }
    let registered = lcore::Registered::register(eal);
    if let Err(error) = &registered {
        tracing::warn!(lcore, %error, "worker runs without a packet cache of its own");
    }
    let clock = Tsc::new(eal);
    let mut until_requests = 0u32;
    while !shared.stop.load(Ordering::Relaxed) {
        let offset = shared.clock_offset_ns.load(Ordering::Relaxed);
        let now = Instant(clock.nanos(clock.cycles()));
        if let Some(lease) = &shared.lease {
            worker.set_lease_holds(lease.holds(now));
        }
        let found = worker.poll(Instant(now.0 + offset));
        if until_requests == 0 || found == 0 {
            until_requests = POLLS_BETWEEN_REQUESTS;
            match inbox.try_recv() {
                Ok(request) => request(&mut worker),
                Err(TryRecvError::Empty) => {}
                Err(TryRecvError::Disconnected) => break,
            }
        }
        until_requests -= 1;
        if let Some(pause) = idle.after_poll(found) {
            shared.sleeps.fetch_add(1, Ordering::Relaxed);
            idle::sleep(pause);
        }
    }
    // The worker's packets go back to their pool while this thread still has its cache.
    drop(worker);
    drop(registered);
}

#[cfg(test)]
mod tests {
    use super::*;

    fn handle(lcore: u16, thread: JoinHandle<()>) -> WorkerHandle {
        let (requests, _) = crossbeam::channel::bounded(1);
        WorkerHandle { lcore, shared: Arc::default(), requests, thread }
    }

    #[test]
    fn a_worker_that_died_is_found() {
        let (live, wait) = crossbeam::channel::bounded::<()>(0);
        let mut workers = vec![handle(1, std::thread::spawn(move || assert!(wait.recv().is_err())))];
        assert_eq!(first_ended(&workers), None);
        workers.push(handle(2, std::thread::spawn(|| std::panic::resume_unwind(Box::new("a bug")))));
        while !workers[1].thread.is_finished() {
            std::thread::yield_now();
        }
        assert_eq!(first_ended(&workers), Some(2));
        drop(live);
        assert!(workers.remove(0).thread.join().is_ok());
    }
}
