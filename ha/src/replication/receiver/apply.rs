//! Handing a message's records to the workers.

use holdfast_engine::replication::FromHa;

use crate::replication::codec::{Decoded, Record, RecordIter};
use crate::status::ReplicationCounters;
use crate::tables::Tables;

/// What came of a message.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Applied {
    /// All of it is in the workers' rings.
    Whole,
    /// A ring has no room; nothing happened.
    NoRoom,
}

/// Room to work in, kept between messages.
#[derive(Debug)]
pub(super) struct Applier {
    decoded: Vec<(u8, FromHa)>,
    /// Records by worker.
    wanted: Vec<usize>,
}

impl Applier {
    pub(super) fn new(workers: u8) -> Applier {
        Applier { decoded: Vec::new(), wanted: vec![0; workers.into()] }
    }

    pub(super) fn with<'a, T: Tables>(
        &'a mut self,
        tables: &'a mut T,
        counters: &'a mut ReplicationCounters,
    ) -> Apply<'a, T> {
        Apply { applier: self, tables, counters }
    }
}

/// Applies messages to the workers of this box.
pub(super) struct Apply<'a, T> {
    applier: &'a mut Applier,
    tables: &'a mut T,
    pub(super) counters: &'a mut ReplicationCounters,
}

impl<T: Tables> Apply<'_, T> {
    /// Hands all records on, or none. What makes no sense is left out and counted: were the message refused, the
    /// sender would repeat it for ever.
    pub(super) fn apply(&mut self, records: RecordIter<'_>) -> Applied {
        let Applier { decoded, wanted } = &mut *self.applier;
        decoded.clear();
        wanted.fill(0);
        let (mut sessions, mut removals, mut unknown, mut is_malformed) = (0, 0, 0, false);
        for record in records {
            let message = match record {
                Decoded::Known(Record::Session(record)) => {
                    sessions += 1;
                    FromHa::Install(record)
                }
                Decoded::Known(Record::Removal { key, birth }) => {
                    removals += 1;
                    FromHa::Remove { key, birth }
                }
                Decoded::Unknown => {
                    unknown += 1;
                    continue;
                }
                Decoded::Malformed(_) => {
                    is_malformed = true;
                    continue;
                }
            };
            let (FromHa::Install(holdfast_engine::replication::SessionRecord { key, .. })
            | FromHa::Remove { key, .. }) = &message
            else {
                continue;
            };
            let worker = self.tables.owner(key);
            if let Some(wanted) = wanted.get_mut(usize::from(worker)) {
                *wanted += 1;
                decoded.push((worker, message));
            }
        }
        for (worker, &wanted) in wanted.iter().enumerate() {
            if wanted > 0 && self.tables.room(worker as u8) < wanted {
                return Applied::NoRoom;
            }
        }
        for (worker, message) in decoded.drain(..) {
            if self.tables.send(worker, message).is_err() {
                debug_assert!(false, "the worker's ring had room for certain");
                // All of it is tried again: records that are applied twice change nothing.
                return Applied::NoRoom;
            }
        }
        self.counters.records_received += sessions;
        self.counters.removals_received += removals;
        self.counters.unknown_records += unknown;
        self.counters.malformed += u64::from(is_malformed);
        Applied::Whole
    }
}
