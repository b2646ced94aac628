//! The HA core's thread: one round after the other of what arrived, what is due, what is to be sent.

use core::time::Duration;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::thread::JoinHandle;

use crossbeam::channel::{Receiver, RecvTimeoutError, Sender, TryRecvError};
use dpdk::clock::Tsc;
use dpdk::eal::EalRef;
use dpdk::lcore;
use holdfast_engine::replication::ToHa;
use holdfast_engine::role::Lease;
use holdfast_engine::time::Instant;
use holdfast_ha::engine_tables::EngineTables;
use holdfast_ha::node::{Command, CommandError, Destination, Input, Node};
use holdfast_ha::runtime::HaSocket;
use holdfast_ha::status::Status;

use super::frames::HaPorts;
use super::log;
use crate::config::PollMode;
use crate::console::ControlError;
use crate::dataplane::idle;

/// Time between two looks at the ports' links.
const LINK_INTERVAL: Duration = Duration::from_millis(5);
/// Datagrams sent with one system call.
const DATAGRAMS_PER_SEND: usize = 32;
/// Datagrams sent in one round, so that what arrives meanwhile is not kept waiting.
const DATAGRAMS_PER_ROUND_MAX: usize = 128;
/// How long the control thread waits for an answer.
const ANSWER_TIMEOUT: Duration = Duration::from_secs(2);
/// Requests that may wait.
const REQUESTS_WAITING_MAX: usize = 64;
/// Longest time that a box which ends takes to hand over first.
const LEAVE_MAX: Duration = Duration::from_millis(1500);
/// And to get its last frames out, through workers that still run.
const LAST_FRAMES: Duration = Duration::from_millis(20);

/// Everything the HA core's thread owns.
pub struct HaCore {
    /// The protocol.
    pub node: Node,
    /// The workers' tables and rings.
    pub tables: EngineTables,
    /// The HA link's socket; `None` for HSRP without replication.
    pub socket: Option<HaSocket>,
    /// Ports as far as the HA core uses them.
    pub ports: HaPorts,
    /// Interface names, by port.
    pub names: Vec<String>,
    /// Until when workers may act on an active role.
    pub lease: Arc<Lease>,
    /// The workers' clock, without what `debug clock advance` adds.
    pub clock: Tsc,
    /// Scratch: frames and datagrams on their way out.
    pub outgoing: Vec<Vec<u8>>,
    /// When the links are looked at next.
    pub links_due: Instant,
}

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

impl HaCore {
    /// Everything there is to show.
    pub fn status(&self) -> Status {
        self.node.status(self.now(), &self.tables)
    }

    /// Carries out an operator's command.
    ///
    /// # Errors
    /// Why it was not.
    pub fn command(&mut self, command: Command) -> Result<(), CommandError> {
        self.node.command(self.now(), command, &mut self.tables)
    }

    fn now(&self) -> Instant {
        Instant(self.clock.nanos(self.clock.cycles()))
    }

    /// One round. Returns how much it found to do.
    fn round(&mut self) -> usize {
        let now = self.now();
        let mut found = self.receive(now);
        found += self.receive_hsrp(now);
        if now >= self.links_due {
            self.links_due = now + LINK_INTERVAL;
            for (port, up) in self.ports.links() {
                self.node.handle(now, Input::LinkState { port, up }, &mut self.tables);
            }
        }
        self.node.handle(now, Input::Timeout, &mut self.tables);
        found += self.transmit(now);
        self.lease.renew(self.node.lease_until());
        while let Some(event) = self.node.poll_event() {
            log::log(&event, &self.names);
        }
        found
    }

    fn receive(&mut self, now: Instant) -> usize {
        let Some(socket) = &mut self.socket else { return 0 };
        let (node, tables) = (&mut self.node, &mut self.tables);
        // What can go wrong (the peer's port is closed, the interface is gone) is what the heartbeat is for.
        socket.recv_batch(|datagram| node.handle(now, Input::Datagram(datagram), tables)).datagrams
    }

    fn receive_hsrp(&mut self, now: Instant) -> usize {
        let mut found = 0;
        while let Some(ToHa::Hsrp { port, source, payload, length }) = self.tables.receive() {
            found += 1;
            let payload = payload.get(..usize::from(length)).unwrap_or(&payload);
            self.node.handle(now, Input::Hsrp { port, source, payload }, &mut self.tables);
        }
        found
    }

    fn transmit(&mut self, now: Instant) -> usize {
        let mut datagrams = 0;
        loop {
            let mut count = 0;
            while count < DATAGRAMS_PER_SEND {
                let mut buffer = match self.outgoing.get_mut(count) {
                    Some(datagram) => core::mem::take(datagram),
                    None => {
                        self.outgoing.push(Vec::new());
                        Vec::new()
                    }
                };
                buffer.clear();
                let destination = self.node.poll_transmit(now, &mut self.tables, &mut buffer);
                if let Some(Destination::Port(port)) = destination
                    && !self.ports.send(port, &buffer, &mut self.tables)
                {
                    self.node.note_frame_lost();
                }
                self.outgoing[count] = buffer;
                match destination {
                    Some(Destination::HaLink) => count += 1,
                    Some(Destination::Port(_)) => {}
                    None => break,
                }
            }
            if count == 0 {
                return datagrams;
            }
            datagrams += count;
            self.send(now, count);
            if count < DATAGRAMS_PER_SEND || datagrams >= DATAGRAMS_PER_ROUND_MAX {
                return datagrams;
            }
        }
    }

    /// Sends the first `count` datagrams; what the kernel does not take is lost, as on a wire.
    fn send(&mut self, now: Instant, count: usize) {
        let Some(socket) = &mut self.socket else { return };
        let batch = socket.send_batch(&self.outgoing[..count]);
        self.node.note_send_failures(batch.failures);
        if let Some(bytes) = batch.too_big {
            self.node.handle(now, Input::DatagramTooBig(bytes), &mut self.tables);
        }
    }

    /// Waits for a datagram, at most `pause` and not beyond the next timer.
    fn rest(&self, pause: Duration) {
        let now = self.now();
        let until_due = self.node.wake().map_or(pause, |at| at.since(now));
        let pause = pause.min(until_due);
        if pause.is_zero() {
            return;
        }
        match &self.socket {
            Some(socket) => drop(socket.wait(Some(pause))),
            None => idle::sleep(pause),
        }
    }

    /// The box ends: the role is handed over if there is somebody to hand it to, else resigned.
    fn leave(&mut self) {
        let begun = self.now();
        let handing_over = self.node.command(begun, Command::ForceSwitchover, &mut self.tables).is_ok();
        while handing_over && !self.node.is_standby() && self.now().since(begun) < LEAVE_MAX {
            self.round();
            self.rest(Duration::from_micros(200));
        }
        let now = self.now();
        self.node.handle(now, Input::Command(Command::ShutDown), &mut self.tables);
        while self.now().since(now) < LAST_FRAMES {
            self.round();
            self.rest(Duration::from_millis(1));
        }
    }
}
