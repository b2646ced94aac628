//! The control thread: carries out what consoles ask, watches links, ends the box when told to.

use core::time::Duration;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use crossbeam::channel::{Receiver, RecvTimeoutError};

use super::appliance::Appliance;
use super::error::RunError;
use super::worker_thread::first_ended;
use crate::socket::{ControlRequest, Server, attach};

/// Time between two looks at links and signals when nobody asks anything.
const TICK: Duration = Duration::from_millis(100);

/// A flag that SIGTERM and SIGINT raise; the same signal a second time ends the process at once, for whoever has no
/// patience with a shutdown.
///
/// # Errors
/// When a handler is refused.
pub fn stop_on_signals() -> Result<Arc<AtomicBool>, RunError> {
    use signal_hook::consts::{SIGINT, SIGTERM};
    use signal_hook::flag::{register, register_conditional_shutdown};
    const IMPATIENT_STATUS: i32 = 1;

    let refused = |source| RunError::System { doing: "handling signals", source };
    let stop = Arc::new(AtomicBool::new(false));
    for signal in [SIGTERM, SIGINT] {
        let seen = Arc::new(AtomicBool::new(false));
        register_conditional_shutdown(signal, IMPATIENT_STATUS, Arc::clone(&seen)).map_err(refused)?;
        register(signal, seen).map_err(refused)?;
        register(signal, Arc::clone(&stop)).map_err(refused)?;
    }
    Ok(stop)
}

/// Runs the box until `stop` is raised, then shuts it down in order.
///
/// # Errors
/// When the attached console's thread does not start, or a worker's thread has ended before its time.
pub fn run(
    mut appliance: Appliance,
    server: Server,
    requests: Receiver<ControlRequest>,
    stop: &Arc<AtomicBool>,
    console: bool,
) -> Result<(), RunError> {
    tracing::info!(
        name = appliance.config.name,
        socket = %appliance.config.control_socket.display(),
        ports = appliance.ports.len(),
        workers = appliance.workers.len(),
        "box is running"
    );
    let attached = if console {
        let stop = Arc::clone(stop);
        // As with testpmd, who leaves the prompt of a foreground box ends the box.
        let ended = move || stop.store(true, Ordering::Relaxed);
        Some(
            attach(server.requests(), ended)
                .map_err(|source| RunError::System { doing: "starting the console", source })?,
        )
    } else {
        None
    };
    let mut next_tick = appliance.real_now();
    let mut ended = None;
    while !stop.load(Ordering::Relaxed) {
        match requests.recv_timeout(TICK) {
            Ok(request) => {
                // `show logging` is to have what happened before it was asked.
                appliance.log_events();
                request.serve(&mut appliance);
            }
            Err(RecvTimeoutError::Timeout) => {}
            Err(RecvTimeoutError::Disconnected) => break,
        }
        let now = appliance.real_now();
        if now >= next_tick {
            next_tick = now + TICK;
            appliance.tick();
            // A box that forwards some flows and swallows others is worse than none: whoever started it can start
            // it again, and a peer can take over.
            ended = first_ended(&appliance.workers);
            if let Some(lcore) = ended {
                tracing::error!(lcore, "worker thread has ended");
                break;
            }
            // So is a box of a pair that no longer takes part in it.
            ended = appliance.ha.as_ref().filter(|ha| ha.is_finished()).map(|ha| ha.lcore);
            if let Some(lcore) = ended {
                tracing::error!(lcore, "the HA core's thread has ended");
                break;
            }
        }
    }
    tracing::info!(name = appliance.config.name, "box is stopping");
    // No new requests while things are taken down.
    drop(requests);
    drop(server);
    let name = appliance.config.name.clone();
    let lost = appliance.shut_down();
    if lost > 0 {
        tracing::error!(name, packets = lost, "packets are missing from the pool");
    }
    drop(attached);
    tracing::info!(name, "box has stopped");
    match ended {
        Some(lcore) => Err(RunError::WorkerEnded { lcore }),
        None => Ok(()),
    }
}
