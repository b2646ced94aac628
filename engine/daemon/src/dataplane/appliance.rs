//! The running box as its control thread owns it: ports, worker threads, readers of their tables.

use core::time::Duration;
use std::sync::Arc;
use std::sync::atomic::Ordering;

use crossbeam::channel::RecvTimeoutError;
use dpdk::clock::Tsc;
use dpdk::pool::Pool;
use dpdk::port::PortControl;
use holdfast_engine::config::EngineConfig;
use holdfast_engine::event::Event;
use holdfast_engine::session::SessionReader;
use holdfast_engine::time::Instant;
use holdfast_engine::worker::{ForwardMode, WorkerCounters};

use super::ha::HaHandle;
use super::worker_thread::{BoxWorker, WorkerHandle};
use crate::config::Config;
use crate::console::ControlError;

/// How long a worker may take to answer. It looks at requests between two bursts, so only a stalled one is late.
const WORKER_ANSWER_TIMEOUT: Duration = Duration::from_secs(2);

/// One port with what the console remembers of it.
pub struct BoxPort {
    /// Its control.
    pub control: PortControl,
    /// Its interface's name.
    pub name: String,
    /// Receive queues.
    pub rx_queues: u16,
    /// Transmit queues.
    pub tx_queues: u16,
    /// The link was up when last looked at; `None` before the first look.
    pub link_up: Option<bool>,
    /// The device vanished.
    pub removed: bool,
    /// Counters and time of the last `show port stats`, for rates.
    pub last_stats: Option<(Instant, dpdk::stats::PortStats)>,
}

/// Everything of a running box. Dropping it without [`Appliance::shut_down`] leaves threads running.
pub struct Appliance {
    /// The configuration as read.
    pub config: Config,
    /// Where it was read from.
    pub config_file: std::path::PathBuf,
    /// What the workers were told.
    pub engine: Arc<EngineConfig>,
    /// Zone names by number; 0 is the box itself.
    pub zones: Vec<String>,
    /// Ports, in the order of the configuration.
    pub ports: Vec<BoxPort>,
    /// Worker threads, in worker order.
    pub workers: Vec<WorkerHandle>,
    /// A reader of each worker's table.
    pub readers: Vec<SessionReader>,
    /// Where all packets come from.
    pub pool: Pool,
    /// The clock that workers use.
    pub clock: Tsc,
    /// When the box started.
    pub started_at: Instant,
    /// What workers do with packets.
    pub mode: ForwardMode,
    /// Whether they receive.
    pub forwarding: bool,
    /// Packets a burst.
    pub burst: u16,
    /// `set verbose`.
    pub verbose: u8,
    /// When counters were last cleared.
    pub cleared_at: Option<Instant>,
    /// Each worker's events.
    pub events: Vec<rtrb::Consumer<Event>>,
    /// The newest log lines.
    pub log: crate::logging::LogBuffer,
    /// The HA core, on a box of a pair.
    pub ha: Option<HaHandle>,
    /// Session creations, sampled for the last minute's rate.
    pub rate: super::rate::CreationRate,
}

impl Appliance {
    /// Now, on the workers' clock (which `debug clock advance` pushes forward).
    pub fn now(&self) -> Instant {
        let offset = self.workers.first().map_or(0, |w| w.shared.clock_offset_ns.load(Ordering::Relaxed));
        Instant(self.clock.nanos(self.clock.cycles()) + offset)
    }

    /// Now, on the clock that nobody pushes.
    pub fn real_now(&self) -> Instant {
        Instant(self.clock.nanos(self.clock.cycles()))
    }

    /// What is done a few times a second.
    pub fn tick(&mut self) {
        self.watch_ports();
        self.log_events();
        let now = self.now();
        if self.rate.due(now)
            && let Ok(counters) = self.counters()
        {
            let created = counters.iter().flat_map(|c| c.inspect.created).sum();
            self.rate.sample(now, created);
        }
    }

    /// Has worker `index` run `work` between two bursts and returns its result.
    ///
    /// # Errors
    /// [`ControlError::WorkerSilent`] when it does not answer in time.
    pub fn ask<T: Send + 'static>(
        &self,
        index: usize,
        work: impl FnOnce(&mut BoxWorker) -> T + Send + 'static,
    ) -> Result<T, ControlError> {
        let silent = ControlError::WorkerSilent { worker: index as u16, waited: WORKER_ANSWER_TIMEOUT };
        let Some(worker) = self.workers.get(index) else { return Err(silent) };
        let (reply, answer) = crossbeam::channel::bounded(1);
        let request = Box::new(move |worker: &mut BoxWorker| {
            // Nobody may be waiting any more; then the answer is of no use to anyone.
            let _ = reply.send(work(worker));
        });
        worker.requests.send_timeout(request, WORKER_ANSWER_TIMEOUT).map_err(|_| silent.clone())?;
        match answer.recv_timeout(WORKER_ANSWER_TIMEOUT) {
            Ok(result) => Ok(result),
            Err(RecvTimeoutError::Timeout | RecvTimeoutError::Disconnected) => Err(silent),
        }
    }

    /// Asks every worker in order.
    ///
    /// # Errors
    /// As [`Appliance::ask`], at the first worker that is silent.
    pub fn ask_all<T: Send + 'static>(
        &self,
        work: impl Fn(&mut BoxWorker) -> T + Clone + Send + 'static,
    ) -> Result<Vec<T>, ControlError> {
        (0..self.workers.len()).map(|index| self.ask(index, work.clone())).collect()
    }

    /// Counters of every worker.
    ///
    /// # Errors
    /// As [`Appliance::ask`].
    pub fn counters(&self) -> Result<Vec<WorkerCounters>, ControlError> {
        self.ask_all(|worker| worker.counters())
    }

    /// Looks at every port: tells of links that changed and of devices that vanished, and stops the latter.
    /// Called a few times a second by the control loop.
    pub fn watch_ports(&mut self) {
        for port in &mut self.ports {
            if !port.removed && port.control.is_removed() {
                port.removed = true;
                tracing::error!(
                    interface = port.name,
                    device = port.control.device(),
                    "port vanished; other ports go on"
                );
                if let Err(error) = port.control.stop() {
                    tracing::warn!(interface = port.name, %error, "the vanished port did not stop cleanly");
                }
            }
            let up = !port.removed && port.control.link().is_ok_and(|link| link.up);
            if port.link_up != Some(up) {
                let old = port.link_up.map_or("unknown", |was| if was { "up" } else { "down" });
                tracing::info!(
                    interface = port.name,
                    old,
                    new = if up { "up" } else { "down" },
                    "link changed"
                );
                port.link_up = Some(up);
            }
        }
    }

    /// Stops workers, then ports; every packet is back in the pool afterwards. Returns how many are not.
    pub fn shut_down(mut self) -> u32 {
        // While the workers still run: the role is handed over before the box ends.
        if let Some(ha) = self.ha.take() {
            ha.join();
        }
        for worker in &self.workers {
            worker.shared.stop.store(true, Ordering::Relaxed);
        }
        for worker in self.workers.drain(..) {
            if worker.thread.join().is_err() {
                tracing::error!(lcore = worker.lcore, "worker thread panicked");
            }
        }
        for port in &mut self.ports {
            if let Err(error) = port.control.stop() {
                tracing::warn!(interface = port.name, %error, "port did not stop cleanly");
            }
        }
        self.ports.clear();
        self.pool.in_use()
    }
}
