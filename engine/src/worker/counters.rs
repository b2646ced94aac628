//! What a worker counts, as others see it.

use super::outbox::TxCounters;
use crate::drop_reason::DropCounters;
use crate::pipeline::InspectStats;

/// What one worker received through one port.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct RxCounters {
    /// Packets received.
    pub packets: u64,
    /// Their bytes.
    pub bytes: u64,
    /// Polls that found something.
    pub bursts: u64,
}

/// A copy of all counters of one worker.
///
/// They add up: received, plus what came from other workers (`inspect.steered_in`, `relayed_in`), plus `originated`,
/// is sent, plus dropped, plus what went to other workers (`inspect.steered_out`, `relayed_out`), plus what waits
/// for a neighbour's answer. (A packet that a port refused is among the drops.)
#[derive(Clone, Debug, Default)]
pub struct WorkerCounters {
    /// Received, by port.
    pub received: Vec<RxCounters>,
    /// Sent and refused, by port.
    pub sent: Vec<TxCounters>,
    /// Drops by reason.
    pub drops: DropCounters,
    /// Inspection.
    pub inspect: InspectStats,
    /// Polls, and polls that found nothing.
    pub polls: u64,
    /// Polls that found nothing.
    pub idle_polls: u64,
    /// Events lost because the control thread was slow.
    pub events_lost: u64,
    /// Frames of the box's own: requests for neighbours, ICMP errors, resets. Answers that were written into the
    /// packet they answer are not among them.
    pub originated: u64,
    /// Finished frames received from workers without a transmit queue.
    pub relayed_in: u64,
    /// Finished frames handed to workers that have the transmit queue.
    pub relayed_out: u64,
}
