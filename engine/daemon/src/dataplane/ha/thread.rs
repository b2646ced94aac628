//! The HA core's thread: its lcore, its sleep, its end, and what the control thread asks of it.

use core::time::Duration;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::thread::JoinHandle;

use crossbeam::channel::{Receiver, RecvTimeoutError, Sender, TryRecvError};
use dpdk::eal::EalRef;
use dpdk::lcore;

use super::round::HaCore;
use crate::config::PollMode;
use crate::console::ControlError;

/// How long the control thread waits for an answer.
const ANSWER_TIMEOUT: Duration = Duration::from_secs(2);
/// Requests that may wait.
const REQUESTS_WAITING_MAX: usize = 64;

/// Something to be done between two rounds.
pub type Request = Box<dyn FnOnce(&mut HaCore) + Send>;

/// What both sides of the thread see.
#[derive(Debug, Default)]
pub struct Shared {
    /// The thread is to hand over and end.
    pub stop: AtomicBool,
    /// Times it slept.
    pub sleeps: AtomicU64,
    /// Rounds.
    pub rounds: AtomicU64,
}

/// The control thread's end.
pub struct HaHandle {
    /// Core it is pinned to.
    pub lcore: u16,
    /// Shared flags.
    pub shared: Arc<Shared>,
    requests: Sender<Request>,
    thread: JoinHandle<()>,
}

impl HaHandle {
    /// Has the HA core run `work` between two rounds and returns its result.
    ///
    /// # Errors
    /// [`ControlError::HaCoreSilent`] when it does not answer in time.
    pub fn ask<T: Send + 'static>(
        &self,
        work: impl FnOnce(&mut HaCore) -> T + Send + 'static,
    ) -> Result<T, ControlError> {
        let silent = ControlError::HaCoreSilent { waited: ANSWER_TIMEOUT };
        let (reply, answer) = crossbeam::channel::bounded(1);
        let request = Box::new(move |core: &mut HaCore| {
            // Nobody may be waiting any more; then the answer is of no use to anyone.
            let _ = reply.send(work(core));
        });
        self.requests.send_timeout(request, ANSWER_TIMEOUT).map_err(|_| silent.clone())?;
        match answer.recv_timeout(ANSWER_TIMEOUT) {
            Ok(result) => Ok(result),
            Err(RecvTimeoutError::Timeout | RecvTimeoutError::Disconnected) => Err(silent),
        }
    }

    /// Whether the thread has ended.
    pub fn is_finished(&self) -> bool {
        self.thread.is_finished()
    }

    /// Tells it to hand over and end, and waits for that: the workers must still run.
    pub fn join(self) {
        self.shared.stop.store(true, Ordering::Relaxed);
        if self.thread.join().is_err() {
            tracing::error!(lcore = self.lcore, "HA core's thread panicked");
        }
    }
}

/// Starts the HA core's thread.
///
/// # Errors
/// When the system has no thread to give.
pub fn spawn(
    eal: &EalRef,
    lcore: u16,
    poll: PollMode,
    sleep_max: Duration,
    core: HaCore,
) -> std::io::Result<HaHandle> {
    let (requests, inbox) = crossbeam::channel::bounded(REQUESTS_WAITING_MAX);
    let shared = Arc::new(Shared::default());
    let pause = (poll == PollMode::Adaptive).then_some(sleep_max);
    let thread = std::thread::Builder::new().name(format!("ha-{lcore}")).spawn({
        let (eal, shared) = (eal.clone(), Arc::clone(&shared));
        move || run(&eal, lcore, pause, core, &shared, &inbox)
    })?;
    Ok(HaHandle { lcore, shared, requests, thread })
}

fn run(
    eal: &EalRef,
    lcore: u16,
    pause: Option<Duration>,
    mut core: HaCore,
    shared: &Shared,
    inbox: &Receiver<Request>,
) {
    if let Err(error) = lcore::pin_current(usize::from(lcore)) {
        tracing::warn!(lcore, %error, "HA core runs unpinned");
    }
    let registered = lcore::Registered::register(eal);
    if let Err(error) = &registered {
        tracing::warn!(lcore, %error, "HA core runs without a packet cache of its own");
    }
    while !shared.stop.load(Ordering::Relaxed) {
        let found = core.round();
        shared.rounds.fetch_add(1, Ordering::Relaxed);
        match inbox.try_recv() {
            Ok(request) => request(&mut core),
            Err(TryRecvError::Empty) => {
                if let (0, Some(pause)) = (found, pause) {
                    shared.sleeps.fetch_add(1, Ordering::Relaxed);
                    core.rest(pause);
                }
            }
            Err(TryRecvError::Disconnected) => break,
        }
    }
    core.leave();
    drop(core);
    drop(registered);
}
