//! A shard carries out what the HA core says: sessions the peer has, sessions it no longer has, and roles. In order, so that
//! who is told to be active holds everything that was said before.
//!
//! Nothing here is told to the audit trail: the box where a session began and ended tells of it.

use super::{Shard, phase_of};
use crate::interface::ZoneId;
use crate::io::PacketBuf;
use crate::net::numbers::{ETHERNET_HEADER_BYTES, PROTOCOL_TCP, PROTOCOL_UDP};
use crate::policy::{Action, PolicyKey, RuleIndex};
use crate::replication::{FromHa, Job, Known, OwnFrame, SessionRecord, WorkerStatus, merge};
use crate::session::{Admission, Direction, NextHopRef, SessionFlags, SessionHandle, Snapshot};
use crate::time::Instant;
use crate::worker::Outbox;

impl<P: PacketBuf> Shard<P> {
    /// Carries out one message, or begins to: see [`Shard::go_on`]. Does nothing without an HA core.
    pub(crate) fn carry_out(&mut self, now: Instant, message: FromHa, outbox: &mut Outbox<P>) {
        let Some(replica) = &mut self.replica else { return };
        debug_assert!(replica.job.is_none(), "messages wait for the one before them");
        match message {
            FromHa::Install(record) => self.install(now, &record),
            FromHa::Remove { key, birth } => {
                let handle = self.table.lookup(&key, self.table.hash(&key));
                if let Some(handle) = handle.filter(|h| self.table.birth(h.index) == birth) {
                    self.remove_replicated(handle);
                }
            }
            FromHa::CopyBegins => replica.copy_begins(),
            FromHa::CopyEnds if replica.copying => replica.job = Some(Job::Sweep(0)),
            FromHa::CopyEnds => replica.copy_ended(),
            FromHa::Role(order) => self.carry_out_role(order, now),
            FromHa::FlushRefresh if replica.tells => replica.job = Some(Job::Flush(0)),
            FromHa::FlushRefresh => replica.flushed(),
            FromHa::Transmit { port, frame } => self.transmit_own(port, &frame, outbox),
        }
        if self.replica.as_ref().is_some_and(|r| r.job.is_none()) {
            self.count_applied();
        }
    }

    /// Does one slice of a message that takes several polls. Whether the next message may be carried out.
    #[inline]
    pub(crate) fn go_on(&mut self) -> bool {
        match self.replica.as_ref().and_then(|replica| replica.job) {
            None => true,
            Some(job) => self.do_slice(job),
        }
    }

    #[cold]
    fn do_slice(&mut self, job: Job) -> bool {
        let used_slots = self.table.used_slots();
        let next = match job {
            Job::Sweep(word) => self.sweep(word, used_slots).map(Job::Sweep),
            Job::Flush(word) => self
                .replica
                .as_mut()
                .and_then(|r| r.refresh.flush(word, used_slots, &r.changes))
                .map(Job::Flush),
        };
        let Some(replica) = &mut self.replica else { return true };
        replica.job = next;
        if next.is_some() {
            return false;
        }
        match job {
            Job::Sweep(_) => replica.copy_ended(),
            Job::Flush(_) => replica.flushed(),
        }
        self.count_applied();
        true
    }

    fn count_applied(&mut self) {
        if let Some(replica) = &mut self.replica {
            replica.applied = replica.applied.wrapping_add(1);
            WorkerStatus::tell(&replica.status.applied, replica.applied);
        }
    }

    /// Removes a slice of what a complete copy did not name; where to go on.
    fn sweep(&mut self, word: u32, used_slots: u32) -> Option<u32> {
        let mut found = core::mem::take(&mut self.swept);
        let is_live = |slot| self.table.at(slot).is_some();
        let next = self.replica.as_ref().and_then(|r| r.unconfirmed(word, used_slots, is_live, &mut found));
        for slot in found.drain(..) {
            if let Some(handle) = self.table.at(slot) {
                self.remove_replicated(handle);
            }
        }
        self.swept = found;
        next
    }

    /// The peer has this session.
    fn install(&mut self, now: Instant, record: &SessionRecord) {
        if !record.is_sound() {
            return self.count_ha(|status| &status.refused_unsound);
        }
        let hash = self.table.hash(&record.key);
        if let Some(session) = self.table.lookup(&record.key, hash).and_then(|h| self.table.snapshot(h)) {
            let same = session.details.birth == record.birth && session.state.initiator() == record.initiator;
            if same {
                return self.merge_record(now, &session, record);
            }
            // Whose sessions these are: an active box's own is the one that packets were seen of.
            if self.role().is_active() {
                return;
            }
            self.remove_replicated(session.handle);
        }
        self.insert_record(now, hash, record);
    }

    /// The session is here.
    fn merge_record(&mut self, now: Instant, session: &Snapshot, record: &SessionRecord) {
        let (handle, protocol) = (session.handle, record.key.protocol());
        let here = Known { state: session.state, counters: session.details.counters };
        let mut merged = merge(protocol, &here, &record.known(now.tick()));
        // An active box has seen the packets itself, whoever else tells of them.
        if !self.role().is_active() {
            merged.state.flags = merged.state.flags.with(SessionFlags::LAGGING, true);
        }
        self.table.store(handle.index, &merged.state);
        if merged.counters != here.counters {
            self.table.set_counters(handle, merged.counters);
        }
        if merged.state.tracker != here.state.tracker {
            self.stats.advance(phase_of(protocol, &here.state), phase_of(protocol, &merged.state));
            // It may end sooner now, and the wheel would look at it too late.
            let deadline = self.deadline(protocol, &merged.state);
            self.table.rearm(handle, deadline);
        }
        if let Some(replica) = &mut self.replica {
            let birth = session.details.birth;
            replica.digest.remove(&record.key, birth, here.state.tracker);
            replica.digest.add(&record.key, birth, merged.state.tracker);
            replica.confirm(handle.index);
        }
        self.count_ha(|status| &status.merged);
    }

    /// The session is not here.
    fn insert_record(&mut self, now: Instant, hash: crate::flow::FlowHash, record: &SessionRecord) {
        let Some((rule, zones)) = self.admit_record(record) else {
            return self.count_ha(|status| &status.refused_by_policy);
        };
        let Known { mut state, counters } = record.known(now.tick());
        state.zone = zones;
        state.next_hop = [NextHopRef::UNRESOLVED; 2];
        state.flags = state.flags.with(SessionFlags::LAGGING, true);
        let admission = Admission { rule: rule.0, now: record.created(now.tick()), birth: record.birth };
        let protocol = record.key.protocol();
        let deadline = self.deadline(protocol, &state);
        let Ok(handle) = self.table.insert(&record.key, hash, &state, admission, deadline) else {
            return self.count_ha(|status| &status.refused_full);
        };
        // A route that is not there now may be there when the first packet comes, which looks again.
        for direction in [Direction::Original, Direction::Reply] {
            if self.resolve_session(now, handle, &mut state, direction).is_ok() {
                self.neighbours.want(state.next_hop[direction as usize], now);
            }
        }
        self.table.store(handle.index, &state);
        self.table.set_counters(handle, counters);
        self.stats.enter(phase_of(protocol, &state));
        if let Some(replica) = &mut self.replica {
            replica.digest.add(&record.key, record.birth, state.tracker);
            replica.confirm(handle.index);
        }
        self.count_ha(|status| &status.installed);
    }

    /// Rule and zones of a record in this box's numbers; `None` if no rule here admits such a session.
    fn admit_record(&self, record: &SessionRecord) -> Option<(RuleIndex, [ZoneId; 2])> {
        let replica = self.replica.as_ref()?;
        let zones = [replica.context.zone(record.ha_ids[0])?, replica.context.zone(record.ha_ids[1])?];
        let rules = &self.config.rules;
        let inspects =
            |index: &RuleIndex| rules.get(*index).is_some_and(|(rule, _)| rule.action == Action::Inspect);
        let (key, from) = (&record.key, record.initiator);
        let ports = matches!(key.protocol(), PROTOCOL_TCP | PROTOCOL_UDP);
        let port = |side| if ports { key.port(side) } else { 0 };
        let key = PolicyKey {
            from: zones[0],
            to: zones[1],
            source: key.address(from),
            destination: key.address(from.other()),
            source_port: port(from),
            destination_port: port(from.other()),
            protocol: key.protocol(),
        };
        let mut matched = [None];
        rules.classify(&[key], &mut matched);
        let named = rules.find(record.rule).filter(inspects);
        // The name alone proves nothing. Here another rule may come first; the peer's decision stands if its rule is
        // one of ours and does admit such a session.
        let admits = |index: &RuleIndex| {
            matched[0] == Some(*index) || rules.get(*index).is_some_and(|(rule, _)| rule.matches(&key))
        };
        if let Some(index) = named.filter(admits) {
            return Some((index, zones));
        }
        // Policy differs between the boxes, or has changed: what would become of such a session's first packet here?
        let index = matched[0].filter(inspects)?;
        WorkerStatus::count(&replica.status.rule_reevaluated);
        Some((index, zones))
    }

    /// The peer's session is gone.
    fn remove_replicated(&mut self, handle: SessionHandle) {
        let Some(session) = self.table.remove(handle) else { return };
        self.let_go(&session);
        self.count_ha(|status| &status.removed);
    }

    fn count_ha(&self, counter: impl Fn(&WorkerStatus) -> &core::sync::atomic::AtomicU64) {
        if let Some(replica) = &self.replica {
            WorkerStatus::count(counter(&replica.status));
        }
    }

    /// Sends a frame of the HA core's own. Not one that waited while the box was stopped with the active role: it would
    /// come from the virtual MAC, and draw frames from the box that has it now. Hellos are repeated.
    fn transmit_own(&mut self, port: crate::interface::PortId, frame: &OwnFrame, outbox: &mut Outbox<P>) {
        let data = frame.data();
        let fenced = self.role().is_active() && !self.lease_holds();
        if data.len() < ETHERNET_HEADER_BYTES || fenced {
            return;
        }
        let Some(mut packet) = outbox.own_packet() else { return };
        match packet.append(data.len()) {
            Some(bytes) => {
                bytes.copy_from_slice(data);
                self.send_on_link(port, packet, outbox);
            }
            None => outbox.return_own_packet(packet),
        }
    }
}
