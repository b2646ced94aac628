//! What the console tells of sessions and inspection: IOS's words. Sessions are read lock-free; no worker waits.

use core::time::Duration;

use holdfast_engine::policy::Action;
use holdfast_engine::session::{SessionHandle, Snapshot};
use holdfast_engine::time::{Instant, Tick};
use holdfast_engine::track::{ios_state, state_name};

use super::appliance::Appliance;
use crate::console::ControlError;
use crate::protocol::Protocol;
use crate::report;

/// Slots of a table read in one slice of a walk.
const WALK_SLICE_SLOTS: u32 = 4096;
/// Sessions ended by one request to a worker, so that no burst waits long.
const CLEAR_SLICE_SESSIONS: usize = 256;

impl Appliance {
    /// `show ip inspect sessions`.
    pub(super) fn report_sessions(&self, sessions_max: usize) -> report::Sessions {
        let now = self.now();
        let mut sessions = Vec::new();
        let mut total = 0;
        for (worker, reader) in (0u16..).zip(&self.readers) {
            let mut cursor = Some(0);
            while let Some(at) = cursor {
                let walk = reader.walk(at, WALK_SLICE_SLOTS, |session| {
                    total += 1;
                    if sessions.len() < sessions_max {
                        sessions.push(self.session_report(worker, session, now));
                    }
                });
                total += u64::from(walk.contended);
                cursor = walk.next;
            }
        }
        report::Sessions { truncated: (sessions.len() as u64) < total, sessions, total }
    }

    fn session_report(&self, worker: u16, session: &Snapshot, now: Instant) -> report::SessionReport {
        let (key, state) = (&session.key, &session.state);
        let protocol = key.protocol();
        let (from, to) = (state.initiator(), state.initiator().other());
        let deadline = self.engine.timeouts.deadline(protocol, state);
        let counters = session.details.counters;
        report::SessionReport {
            id: session_id(worker, session.handle),
            source: key.address(from),
            source_port: key.port(from),
            destination: key.address(to),
            destination_port: key.port(to),
            protocol: Protocol(protocol),
            state: ios_state(protocol, state),
            tcp_state: (protocol == Protocol::TCP.0).then(|| state_name(protocol, state)),
            worker,
            rule: Some(session.details.rule + 1),
            age: ticks(now.tick(), session.details.created),
            idle: ticks(now.tick(), state.last_seen),
            expires: ticks(deadline, now.tick()),
            bytes: counters.map(|c| c.bytes),
            packets: counters.map(|c| c.packets),
            birth: super::report_ha::birth(session),
        }
    }

    /// The session a console number names, if it still lives.
    fn find_session(&self, id: report::SessionId) -> Option<(usize, SessionHandle)> {
        let (worker, index) = ((id.0 >> 56) as usize, id.0 as u32);
        let session = self.readers.get(worker)?.snapshot(index).ok()??;
        (session_id(worker as u16, session.handle) == id).then_some((worker, session.handle))
    }

    /// `clear ip inspect sessions`; the number removed.
    pub(super) fn end_sessions(&self, which: report::SessionSelector) -> Result<u64, ControlError> {
        if let report::SessionSelector::One(id) = which {
            let ended = match self.find_session(id) {
                Some((worker, handle)) => self.ask(worker, move |w| w.end_session(handle))?,
                None => false,
            };
            return if ended { Ok(1) } else { Err(ControlError::NoSuchSession { id }) };
        }
        let mut ended = 0;
        for (worker, reader) in self.readers.iter().enumerate() {
            let mut handles = Vec::new();
            let mut cursor = Some(0);
            while let Some(at) = cursor {
                cursor = reader.walk(at, WALK_SLICE_SLOTS, |session| handles.push(session.handle)).next;
            }
            for slice in handles.chunks(CLEAR_SLICE_SESSIONS) {
                let slice = slice.to_vec();
                ended += self.ask(worker, move |w| {
                    slice.into_iter().filter(|&handle| w.end_session(handle)).count() as u64
                })?;
            }
        }
        Ok(ended)
    }

    /// Interfaces in a zone that an `inspect` rule names.
    fn inspected_interfaces(&self) -> u16 {
        let inspects = |zone: &String| {
            let mut rules = self.config.rules.iter().filter(|rule| rule.action == Action::Inspect);
            rules.any(|rule| rule.from == *zone || rule.to == *zone)
        };
        self.config.interfaces.iter().filter(|interface| inspects(&interface.zone)).count() as u16
    }

    /// `show ip inspect statistics`.
    pub(super) fn report_inspect_statistics(&mut self) -> Result<report::InspectStatistics, ControlError> {
        let now = self.now();
        let mut sum = holdfast_engine::pipeline::InspectStats::default();
        let mut table_full = 0;
        for counters in self.counters()? {
            sum.add(&counters.inspect);
            table_full += counters.drops.get(holdfast_engine::drop_reason::DropReason::SessionTableFull);
        }
        let counts = |[half_open, established, terminating]: [u64; 3]| report::SessionCounts {
            established,
            half_open,
            terminating,
        };
        let created = sum.created.iter().sum();
        let memory = self.ask_all(|worker| worker.shard().table_memory())?;
        let table_bytes = memory.iter().map(|m| m.ipv4_only()).sum();
        let sessions_max = self.config.workers.sessions_max;
        Ok(report::InspectStatistics {
            interfaces: self.inspected_interfaces(),
            current: counts(sum.current),
            max_ever: counts(sum.most),
            created,
            expired: sum.expired,
            cleared: sum.ended,
            table_full,
            sessions_max: sessions_max.into(),
            last_created: sum.last_created.map(|at| ticks(now.tick(), at)),
            last_cleared: self.cleared_at.map(|at| now.since(at)),
            created_last_minute: self.rate.last_minute(created),
            created_minute_max: self.rate.most.max(self.rate.last_minute(created)),
            table_bytes,
            table_ipv6_bytes: memory.iter().map(|m| m.ipv6).sum(),
            bytes_per_session: table_bytes as f64 / f64::from(sessions_max.max(1)),
        })
    }
}

fn ticks(later: Tick, earlier: Tick) -> Duration {
    Duration::from_nanos(u64::from(later.since(earlier)) * Tick::NANOS)
}

/// A session's number on the console: worker, generation (its low 24 bits), slot. A slot would have to be used
/// eight million times before clearing by number could hit another session.
fn session_id(worker: u16, handle: SessionHandle) -> report::SessionId {
    report::SessionId(
        u64::from(worker) << 56 | u64::from(handle.generation & 0x00ff_ffff) << 32 | u64::from(handle.index),
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_differ_by_worker_generation_and_slot() {
        let id = |worker, generation, index| session_id(worker, SessionHandle { index, generation }).0;
        assert_eq!(id(3, 0x00ab_cdef, 0x1234_5678), 0x03ab_cdef_1234_5678);
        assert_ne!(id(0, 1, 0), id(0, 3, 0));
    }
}
