//! Traffic that runs while a box fails, and what it noticed of it.

mod connections;
mod crowd;
mod everything;
mod icmp;
mod ledger;
mod probe;
mod transfer;

pub use connections::{BusyConnections, Connections};
pub use crowd::Crowd;
pub use everything::{Everything, Load, Outcome};
pub use icmp::{Pings, PingsOutcome};
pub use ledger::Ledger;
pub use probe::{Probe, ProbeKind};
pub use transfer::{Transfer, TransferOutcome};

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

/// Tells threads to come to an end.
#[derive(Clone, Debug, Default)]
struct Stop(Arc<AtomicBool>);

impl Stop {
    fn now(&self) {
        self.0.store(true, Ordering::Relaxed);
    }

    fn is_set(&self) -> bool {
        self.0.load(Ordering::Relaxed)
    }
}

/// Set when dropped: a test that fails leaves no thread behind that sends for ever.
#[derive(Debug, Default)]
struct StopOnDrop(Stop);

impl Drop for StopOnDrop {
    fn drop(&mut self) {
        self.0.now();
    }
}
