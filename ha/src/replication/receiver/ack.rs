//! When to acknowledge. An acknowledgement is state, whole each time: one that is lost is made up for by the next,
//! and there is always a next one.

use core::time::Duration;

use holdfast_engine::time::Instant;

/// Datagrams after which one is due.
const ACK_DATAGRAMS: u32 = 4;
/// Time after the first datagram not acknowledged.
const ACK_DELAY: Duration = Duration::from_micros(250);
/// Time after which it is repeated though nothing happened, since the last one may have been lost.
const ACK_REPEAT: Duration = Duration::from_millis(50);

#[derive(Debug, Default)]
pub(super) struct AckTimer {
    datagrams: u32,
    due_at: Option<Instant>,
}

impl AckTimer {
    /// A datagram arrived.
    pub(super) fn note(&mut self, now: Instant) {
        self.datagrams = self.datagrams.saturating_add(1);
        let due_at = if self.datagrams >= ACK_DATAGRAMS { now } else { now + ACK_DELAY };
        self.due_by(due_at);
    }

    /// Something was done without, or got on after all.
    pub(super) fn hurry(&mut self, now: Instant) {
        self.due_by(now);
    }

    fn due_by(&mut self, at: Instant) {
        self.due_at = Some(self.due_at.map_or(at, |due_at| due_at.min(at)));
    }

    pub(super) fn is_due(&self, now: Instant) -> bool {
        self.due_at.is_some_and(|due_at| due_at <= now)
    }

    pub(super) fn sent(&mut self, now: Instant) {
        self.datagrams = 0;
        self.due_at = Some(now + ACK_REPEAT);
    }

    pub(super) fn wake(&self) -> Option<Instant> {
        self.due_at
    }
}
