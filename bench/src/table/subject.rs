//! The tables under test behind one face. Every method takes many keys, so that nothing but the table's own
//! work is inside a timed call, and returns how many of them did what they should.

use hashbrown::HashTable;
use holdfast_engine::flow::{FlowHash, FlowKey, HashKey};
use holdfast_engine::replication::Birth;
use holdfast_engine::session::{
    Admission, SessionDetails, SessionState, SessionTable, TableConfig, TableError,
};
use holdfast_engine::time::Tick;

/// Keys of one burst, as the worker looks them up.
const BURST_KEYS: usize = 32;
/// Sessions one call of expiry may look at, as in the worker's housekeeping.
const EXPIRY_BUDGET_SESSIONS: usize = 256;
/// Ticks over which time-outs are spread: five minutes.
const TIMEOUT_TICKS: u32 = 3_000;
/// A moment when all of them have passed.
const LATE: Tick = Tick(TIMEOUT_TICKS * 2);

/// A table of sessions.
pub trait Subject: Sized {
    /// Its name in reports.
    const SYSTEM: &'static str;

    /// An empty one for `sessions`; memory is touched only as it is used.
    ///
    /// # Errors
    /// When it cannot be had.
    fn new(sessions: u32) -> Result<Self, TableError>;

    /// Bytes it has reserved, for IPv4 sessions.
    fn reserved_bytes(&self) -> u64;

    /// Inserts keys that are not there.
    fn insert(&mut self, keys: &[FlowKey]) -> u64;

    /// Looks keys up; how many are there.
    fn look_up(&self, keys: &[FlowKey]) -> u64;

    /// Removes keys that are there.
    fn remove(&mut self, keys: &[FlowKey]) -> u64;

    /// Lets time pass until nothing is left; how many were removed.
    fn expire(&mut self) -> u64;
}

/// Time-out of the `number`-th session to be inserted.
fn timeout(number: usize) -> Tick {
    Tick(1 + number as u32 % TIMEOUT_TICKS)
}

impl Subject for SessionTable {
    const SYSTEM: &'static str = "holdfast";

    fn new(sessions: u32) -> Result<SessionTable, TableError> {
        SessionTable::new(TableConfig {
            sessions_max: sessions,
            hash_key: HashKey::FIXED,
            touch_at_start: false,
        })
    }

    fn reserved_bytes(&self) -> u64 {
        self.memory_bytes().ipv4_only()
    }

    fn insert(&mut self, keys: &[FlowKey]) -> u64 {
        let state = SessionState::default();
        let admission = Admission { rule: 1, now: Tick(0), birth: Birth(1) };
        let mut done = 0;
        for (number, key) in keys.iter().enumerate() {
            let hash = self.hash(key);
            done +=
                u64::from(SessionTable::insert(self, key, hash, &state, admission, timeout(number)).is_ok());
        }
        done
    }

    fn look_up(&self, keys: &[FlowKey]) -> u64 {
        let (mut hashes, mut found) = ([FlowHash::default(); BURST_KEYS], [None; BURST_KEYS]);
        let mut done = 0;
        for burst in keys.chunks(BURST_KEYS) {
            let hashes = &mut hashes[..burst.len()];
            hashes.iter_mut().zip(burst).for_each(|(hash, key)| *hash = self.hash(key));
            self.lookup_burst(burst, hashes, &mut found[..burst.len()], false);
            done += found[..burst.len()].iter().flatten().count() as u64;
        }
        done
    }

    fn remove(&mut self, keys: &[FlowKey]) -> u64 {
        let (mut hashes, mut found) = ([FlowHash::default(); BURST_KEYS], [None; BURST_KEYS]);
        let mut done = 0;
        for burst in keys.chunks(BURST_KEYS) {
            let hashes = &mut hashes[..burst.len()];
            hashes.iter_mut().zip(burst).for_each(|(hash, key)| *hash = self.hash(key));
            self.lookup_burst(burst, hashes, &mut found[..burst.len()], true);
            for handle in found[..burst.len()].iter().flatten() {
                done += u64::from(SessionTable::remove(self, *handle).is_some());
            }
        }
        done
    }

    fn expire(&mut self) -> u64 {
        let mut done = 0;
        while SessionTable::expire(
            self,
            LATE,
            EXPIRY_BUDGET_SESSIONS,
            |_, _| Tick(TIMEOUT_TICKS),
            |_| done += 1,
        ) == EXPIRY_BUDGET_SESSIONS
        {}
        done
    }
}

/// What a session is, as plain data.
#[derive(Clone, Copy, Debug)]
struct Held {
    key: FlowKey,
    state: SessionState,
    details: SessionDetails,
    expires: Tick,
}

/// hashbrown's table of the same sessions under the same hash.
#[derive(Debug)]
pub struct Hashbrown(HashTable<Held>);

fn hash(key: &FlowKey) -> u64 {
    key.hash(&HashKey::FIXED).0
}

impl Subject for Hashbrown {
    const SYSTEM: &'static str = "hashbrown";

    fn new(sessions: u32) -> Result<Hashbrown, TableError> {
        let mut table = HashTable::new();
        let rehash = |held: &Held| hash(&held.key);
        table.try_reserve(sessions as usize, rehash).map_err(|_| TableError::Memory(sessions))?;
        Ok(Hashbrown(table))
    }

    fn reserved_bytes(&self) -> u64 {
        self.0.allocation_size() as u64
    }

    fn insert(&mut self, keys: &[FlowKey]) -> u64 {
        let (state, details) = (SessionState::default(), SessionDetails::default());
        for (number, &key) in keys.iter().enumerate() {
            let held = Held { key, state, details, expires: timeout(number) };
            self.0.insert_unique(hash(&key), held, |held| hash(&held.key));
        }
        keys.len() as u64
    }

    fn look_up(&self, keys: &[FlowKey]) -> u64 {
        keys.iter().filter(|key| self.0.find(hash(key), |held| held.key == **key).is_some()).count() as u64
    }

    fn remove(&mut self, keys: &[FlowKey]) -> u64 {
        let mut done = 0;
        for key in keys {
            if let Ok(entry) = self.0.find_entry(hash(key), |held| held.key == *key) {
                // What was held is used, as the table's callers do.
                let (held, _) = entry.remove();
                core::hint::black_box((held.state, held.details));
                done += 1;
            }
        }
        done
    }

    fn expire(&mut self) -> u64 {
        let before = self.0.len();
        self.0.retain(|held| held.expires > LATE);
        (before - self.0.len()) as u64
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn keys(from: u16, count: u16) -> Vec<FlowKey> {
        (from..from + count).map(|port| FlowKey::ipv4(0x0a00_0001, 0x0a00_0002, port, 443, 6, 0).0).collect()
    }

    fn does_what_it_should<S: Subject>() {
        let mut subject = S::new(5_000).unwrap();
        let (here, elsewhere) = (keys(1024, 5_000), keys(30_000, 5_000));
        assert_eq!(subject.insert(&here), 5_000);
        assert_eq!(subject.look_up(&here), 5_000);
        assert_eq!(subject.look_up(&elsewhere), 0);
        assert_eq!(subject.remove(&here[..100]), 100);
        assert_eq!(subject.remove(&here[..101]), 1, "gone is gone");
        assert_eq!(subject.expire(), 4_899);
        assert_eq!(subject.look_up(&here), 0);
        assert!(subject.reserved_bytes() > 5_000 * 48);
    }

    #[test]
    fn both_tables_do_what_is_timed() {
        does_what_it_should::<SessionTable>();
        does_what_it_should::<Hashbrown>();
    }
}
