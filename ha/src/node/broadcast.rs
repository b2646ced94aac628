//! Messages that every worker must get, in order, whatever room its ring has just now.

use std::collections::VecDeque;

use holdfast_engine::replication::FromHa;

use crate::tables::{SHARDS_MAX, Tables};

const _: () = assert!(SHARDS_MAX as u32 == u64::BITS);

/// Messages waiting for room; a handful at most, since each follows a change of role or a copy.
#[derive(Debug, Default)]
pub(super) struct Broadcasts {
    /// Each with the workers that it has not gone to, one bit a worker.
    waiting: VecDeque<(FromHa, u64)>,
}

impl Broadcasts {
    /// Sends `message` to all workers, behind what already waits.
    pub(super) fn push(&mut self, message: FromHa, tables: &mut impl Tables) {
        let all = u64::MAX.checked_shr(SHARDS_MAX.saturating_sub(tables.shards()).into()).unwrap_or(0);
        self.waiting.push_back((message, all));
        self.flush(tables);
    }

    /// Sends what there is room for.
    pub(super) fn flush(&mut self, tables: &mut impl Tables) {
        while let Some((message, missing)) = self.waiting.front_mut() {
            for worker in 0..tables.shards() {
                let bit = 1u64.checked_shl(worker.into()).unwrap_or(0);
                if *missing & bit != 0 && tables.send(worker, *message).is_ok() {
                    *missing &= !bit;
                }
            }
            if *missing != 0 {
                return;
            }
            self.waiting.pop_front();
        }
    }

    #[cfg(test)]
    pub(super) fn len(&self) -> usize {
        self.waiting.len()
    }

    /// Whether every worker has got everything.
    pub(super) fn is_empty(&self) -> bool {
        self.waiting.is_empty()
    }
}
