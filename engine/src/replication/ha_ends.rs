//! The ends of everything between one worker and the HA core.

use core::time::Duration;
use std::sync::Arc;

use rtrb::{Consumer, Producer, RingBuffer};

use super::change_set::{ChangeSet, ChangeTaker};
use super::context::RecordContext;
use super::message::{FromHa, ToHa};
use super::record::SessionRecord;
use super::status::WorkerStatus;
use crate::session::{Contended, SessionReader};
use crate::time::Tick;

/// Messages a ring to a worker holds; some 230 bytes each.
pub const FROM_HA_RING_MESSAGES: usize = 4096;
/// HSRP packets a ring to the HA core holds.
pub const TO_HA_RING_MESSAGES: usize = 256;

/// What the worker gets, for [`crate::worker::Worker::attach_ha`].
pub struct HaWorkerEnds {
    pub(crate) from_ha: Consumer<FromHa>,
    pub(crate) to_ha: Producer<ToHa>,
    pub(crate) changes: Arc<ChangeSet>,
    pub(crate) status: Arc<WorkerStatus>,
    pub(crate) context: RecordContext,
    pub(crate) slots: u32,
    pub(crate) update_interval_ticks: u32,
}

/// What the HA core gets: a shard to read and to talk to.
pub struct HaShardEnds {
    to_worker: Producer<FromHa>,
    from_worker: Consumer<ToHa>,
    changes: ChangeTaker,
    status: Arc<WorkerStatus>,
    reader: SessionReader,
    context: RecordContext,
    /// Messages put into the ring; wraps.
    sent: u32,
}

/// The ends for the worker whose sessions `reader` reads, on a box whose names are `context`. Windows, idle times and
/// counters are told every `update_interval`, rounded down to ticks and at least one.
pub fn ha_ends(
    reader: SessionReader,
    context: RecordContext,
    update_interval: Duration,
) -> (HaWorkerEnds, HaShardEnds) {
    let (to_worker, from_ha) = RingBuffer::new(FROM_HA_RING_MESSAGES);
    let (to_ha, from_worker) = RingBuffer::new(TO_HA_RING_MESSAGES);
    let (changes, taker) = ChangeSet::new(reader.slots());
    let status = Arc::new(WorkerStatus::default());
    let update_interval_ticks = u32::try_from(update_interval.as_nanos() / u128::from(Tick::NANOS));
    let worker = HaWorkerEnds {
        from_ha,
        to_ha,
        changes,
        status: Arc::clone(&status),
        context: context.clone(),
        slots: reader.slots(),
        update_interval_ticks: update_interval_ticks.unwrap_or(u32::MAX),
    };
    let shard = HaShardEnds { to_worker, from_worker, changes: taker, status, reader, context, sent: 0 };
    (worker, shard)
}

impl HaShardEnds {
    /// Slots of the table; slot numbers are below it.
    pub fn slots(&self) -> u32 {
        self.reader.slots()
    }

    /// Slots that were ever used; a walk ends there.
    pub fn used_slots(&self) -> u32 {
        self.reader.used_slots()
    }

    /// Takes a slot whose session began, changed or ended; what [`HaShardEnds::read`] says then is as new.
    pub fn take_changed(&mut self) -> Option<u32> {
        self.changes.take()
    }

    /// Has a slot come up as changed again.
    pub fn mark_changed(&self, slot: u32) {
        self.changes.set().mark(slot);
    }

    /// The session in a slot, `None` when there is none.
    ///
    /// # Errors
    /// When the worker was in the middle of a write at every look.
    pub fn read(&self, slot: u32) -> Result<Option<SessionRecord>, Contended> {
        let now = Tick(self.status.tick.load(core::sync::atomic::Ordering::Relaxed));
        let session = self.reader.snapshot(slot)?;
        Ok(session.map(|session| SessionRecord::from_snapshot(&session, now, &self.context)))
    }

    /// Hints that a slot will be read soon.
    pub fn prefetch(&self, slot: u32) {
        self.reader.prefetch(slot);
    }

    /// Messages that fit into the worker's ring for certain.
    pub fn room(&mut self) -> usize {
        self.to_worker.slots()
    }

    /// Puts a message into the worker's ring.
    ///
    /// # Errors
    /// Gives it back when the ring is full.
    #[expect(clippy::result_large_err, reason = "it is the caller's message, and the caller keeps it")]
    pub fn send(&mut self, message: FromHa) -> Result<(), FromHa> {
        self.to_worker.push(message).map_err(|rtrb::PushError::Full(message)| message)?;
        self.sent = self.sent.wrapping_add(1);
        Ok(())
    }

    /// What the worker has received for the HA core; drain to `None`.
    pub fn receive(&mut self) -> Option<ToHa> {
        self.from_worker.pop().ok()
    }

    /// Whether the worker has carried out everything that was sent.
    pub fn all_applied(&self) -> bool {
        self.status.applied() == self.sent
    }

    /// The worker's figures.
    pub fn status(&self) -> &WorkerStatus {
        &self.status
    }

    /// The sessions, for the console.
    pub fn reader(&self) -> &SessionReader {
        &self.reader
    }
}
