//! Complete copies of the sessions: how a standby comes to hold what the active holds.
//!
//! The standby names an epoch in its heartbeat; the active's streams begin anew in that epoch and carry every session
//! once, and every change. When all of it is acknowledged the active's heartbeat says so, the standby's workers drop
//! what was not named, and the standby is hot.
//!
//! A break of the link alone needs no new copy: what is lost is sent again, and what changes meanwhile waits as marks
//! in the change sets, which cannot overflow. Only a new boot or a change of role begins a new epoch, and a copy that
//! makes no progress.

use core::time::Duration;

use holdfast_engine::replication::FromHa;
use holdfast_engine::time::Instant;

use super::{CommandError, DebugTopic, Node, NodeEvent};
use crate::heartbeat::CopyProgress;
use crate::status::{BoxRole, LinkState, SyncState};
use crate::tables::Tables;

/// A copy in which nothing moved for so long is begun again.
const PROGRESS_MAX: Duration = Duration::from_secs(2);

/// Least time between the beginnings of two copies: each forgets what every slot was told of. A peer that asks for one
/// copy after the other, or gives a reason for one with each heartbeat, must not keep this box busy.
const COPY_APART: Duration = Duration::from_millis(50);

/// Time by which the receiver is told to do without what is missing, when nothing will come any more.
const DRAIN_AHEAD: Duration = Duration::from_secs(1);

/// What a break of the link left to do on the active's side.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Recovery {
    /// Nothing.
    Over,
    /// The peer is not heard.
    Broken,
    /// It is heard again; what it missed is being sent.
    Flushing,
}

/// Where the copies stand, the one this box takes and the one it gives.
pub(super) struct Sync {
    /// Of this box while standby; of the peer while active.
    pub(super) state: SyncState,
    /// Epochs begun; with the boot number, unlike any other.
    epochs: u64,
    boot: u64,
    /// The epoch this box takes a copy in; 0 for none.
    taking: u64,
    /// The active box's heartbeat has named that epoch as its own.
    is_served: bool,
    /// The active box this copy is of: its boot, and its term.
    source: (u64, u64),
    /// The copy is complete at the sender, at these positions of its streams.
    complete_at: Option<Vec<u64>>,
    /// `CopyEnds` was sent as the copy of this number.
    ends_ordered: bool,
    copies: u32,
    begun_at: Instant,
    progress: (Instant, u64),
    /// The last copy, taken or given: when it ended, sessions, how long it took.
    pub(super) last: Option<(Instant, u64, Duration)>,
    /// The epoch this box gives a copy in; 0 for none.
    pub(super) serving: u64,
    /// The epoch it last began to. None is begun twice: the peer knows datagrams of it by their numbers.
    begun: u64,
    serving_since: Instant,
    serving_told: bool,
    /// The link broke, and what was lost or changed meanwhile has not arrived yet.
    recovering: Recovery,
    /// Progress of the copy being taken, as the sender tells it.
    pub(super) received: Option<(u64, u64)>,
}

impl Sync {
    pub(super) fn new(boot: u64) -> Sync {
        Sync {
            state: SyncState::Cold,
            epochs: 0,
            boot,
            taking: 0,
            is_served: false,
            source: (0, 0),
            complete_at: None,
            ends_ordered: false,
            copies: 0,
            begun_at: Instant::default(),
            progress: (Instant::default(), 0),
            last: None,
            serving: 0,
            begun: 0,
            serving_since: Instant::default(),
            serving_told: false,
            recovering: Recovery::Over,
            received: None,
        }
    }

    #[cfg(test)]
    pub(super) fn begun_epoch(&self) -> u64 {
        self.begun
    }

    fn next_epoch(&mut self) -> u64 {
        self.epochs += 1;
        // Never 0, never the same twice in a boot; other boots have other numbers.
        (self.boot ^ self.epochs.rotate_left(32)).max(1)
    }
}

impl Node {
    /// The epoch that the heartbeat asks for. Not before every worker knows that a copy begins.
    pub(super) fn wanted_epoch(&self) -> u64 {
        if self.broadcasts.is_empty() { self.sync.taking } else { 0 }
    }

    /// Has the heartbeat ask for this epoch, and now.
    #[cfg(test)]
    pub(super) fn want_epoch(&mut self, epoch: u64) {
        self.sync.taking = epoch;
        self.beat.soon();
    }

    /// Whether records are taken from the peer.
    pub(super) fn takes_records(&self) -> bool {
        self.sync.taking != 0 && self.broadcasts.is_empty()
    }

    /// A standby asks for a copy, or goes on with one; an active looks how far its peer is.
    pub(super) fn step_sync(&mut self, now: Instant, tables: &mut impl Tables) {
        match self.roles.role {
            BoxRole::Init | BoxRole::Standby => self.step_taking(now, tables),
            BoxRole::Active | BoxRole::HandingOver => {
                self.step_recovery(now);
                self.step_giving(now);
            }
            BoxRole::TakingOver | BoxRole::Lingering => {}
        }
    }

    fn step_taking(&mut self, now: Instant, tables: &mut impl Tables) {
        let link_up = self.link.as_ref().is_some_and(|link| link.state() == LinkState::Up);
        let alive = link_up && self.peer.is_alive(now, self.config.dead_after);
        let Some(peer) = self.peer.heartbeat.as_ref().filter(|_| alive) else {
            // What is here is still worth having, but the standby no longer knows that it is complete.
            self.sync.complete_at = None;
            self.sync.progress.0 = now;
            return self.set_sync(SyncState::Cold, "the peer is not heard over the HA link");
        };
        if !peer.role.replicates() {
            return;
        }
        let source = (self.peer.boot, peer.term);
        let (copy, positions) = (peer.copy, peer.positions.clone());
        if self.sync.taking == 0 || self.sync.source != source {
            if !self.broadcasts.is_empty() || now.since(self.sync.begun_at) < COPY_APART {
                // What there is of a copy is of another source.
                self.sync.taking = 0;
                return self.set_sync(SyncState::Cold, "waits to begin a copy");
            }
            return self.begin_copy(now, source, "an active peer", tables);
        }
        if copy.epoch != self.sync.taking {
            if self.sync.is_served && self.broadcasts.is_empty() {
                return self.begin_copy(now, source, "the active begins anew", tables);
            }
            return self.watch_progress(now, 0, tables);
        }
        self.sync.is_served = true;
        if self.sync.state == SyncState::Cold && !self.sync.ends_ordered {
            self.set_sync(SyncState::Bulk, "the peer is heard again, and the copy goes on");
        }
        self.sync.received = Some((copy.sent, copy.expected));
        self.roles.term = self.roles.term.max(source.1);
        if copy.complete && self.sync.complete_at.is_none() {
            self.sync.complete_at = Some(positions);
        }
        let Some(at) = &self.sync.complete_at else {
            let moved = self.receiver.applied().iter().fold(0u64, |sum, a| sum.wrapping_add(*a));
            return self.watch_progress(now, moved, tables);
        };
        if !self.receiver.is_complete_up_to(at) {
            let moved = self.receiver.applied().iter().fold(0u64, |sum, a| sum.wrapping_add(*a));
            return self.watch_progress(now, moved, tables);
        }
        self.end_copy(now, copy, tables);
    }

    fn begin_copy(&mut self, now: Instant, source: (u64, u64), why: &'static str, tables: &mut impl Tables) {
        let epoch = self.sync.next_epoch();
        self.receiver.begin_epoch(epoch);
        self.broadcasts.push(FromHa::CopyBegins, tables);
        (self.sync.taking, self.sync.source, self.sync.is_served) = (epoch, source, false);
        (self.sync.complete_at, self.sync.ends_ordered) = (None, false);
        (self.sync.begun_at, self.sync.progress) = (now, (now, 0));
        self.sync.received = None;
        self.beat.soon();
        self.set_sync(SyncState::Bulk, why);
        self.debug(DebugTopic::InspectHa, || format!("copy begins in epoch {epoch:x}"));
    }

    fn watch_progress(&mut self, now: Instant, moved: u64, tables: &mut impl Tables) {
        if moved != self.sync.progress.1 {
            self.sync.progress = (now, moved);
        } else if now.since(self.sync.progress.0) >= PROGRESS_MAX && self.broadcasts.is_empty() {
            let source = self.sync.source;
            self.begin_copy(now, source, "the copy made no progress", tables);
        }
    }

    /// The copy has arrived whole: workers sweep, then the standby is hot. After a break of the link it is at once.
    fn end_copy(&mut self, now: Instant, copy: CopyProgress, tables: &mut impl Tables) {
        if !self.sync.ends_ordered {
            self.sync.ends_ordered = true;
            self.sync.copies += 1;
            self.broadcasts.push(FromHa::CopyEnds, tables);
        }
        if self.broadcasts.is_empty()
            && tables.copies_ended() >= self.sync.copies
            && self.sync.state != SyncState::Hot
        {
            if self.sync.state == SyncState::Bulk {
                let took = now.since(self.sync.begun_at);
                self.sync.last = Some((now, copy.sent, took));
                let took_ms = took.as_millis() as u64;
                self.tell(NodeEvent::CopyEnded { sessions: copy.sent, took_ms, received: true });
            }
            self.set_sync(SyncState::Hot, "every session of the active is here");
        }
    }

    /// The active's side: the peer's heartbeat asks for an epoch.
    pub(super) fn serve_copy(&mut self, now: Instant, tables: &mut impl Tables) {
        // Not before every worker is active: until then it may install what came of the last active, and tells nobody.
        if !self.roles.role.replicates() || !self.is_obeyed(tables) {
            return;
        }
        let wanted = self.peer.heartbeat.as_ref().map_or(0, |h| h.wanted_epoch);
        // Whoever asks goes on asking.
        let too_soon = self.sync.begun != 0 && now.since(self.sync.serving_since) < COPY_APART;
        if wanted != 0 && wanted != self.sync.begun && !too_soon {
            (self.sync.serving, self.sync.begun) = (wanted, wanted);
            (self.sync.serving_since, self.sync.serving_told) = (now, false);
            self.sender.start_epoch(wanted, tables);
            self.beat.soon();
            self.debug(DebugTopic::InspectHa, || format!("peer asks for a copy in epoch {wanted:x}"));
        }
    }

    /// After a break of the link: complete again when all that had changed by then is acknowledged.
    fn step_recovery(&mut self, now: Instant) {
        let dead_after = self.config.dead_after;
        // A break of one direction alone is one, too.
        let alive = self.peer.is_alive(now, dead_after) && self.peer.hears(now, dead_after);
        self.sync.recovering = match self.sync.recovering {
            _ if self.sync.serving == 0 => Recovery::Over,
            _ if !alive => Recovery::Broken,
            Recovery::Broken => {
                self.sender.reconnected();
                self.sender.begin_flush();
                Recovery::Flushing
            }
            Recovery::Flushing if self.sender.is_flushed() => Recovery::Over,
            other => other,
        };
    }

    /// Whether the peer holds everything once it has applied the streams as far as they have been sent.
    pub(super) fn copy_is_complete(&self) -> bool {
        self.sync.serving != 0 && self.sync.recovering == Recovery::Over && self.sender.bulk_complete()
    }

    fn step_giving(&mut self, now: Instant) {
        let alive = self.peer.is_alive(now, self.config.dead_after);
        let peer = self.peer.heartbeat.as_ref().filter(|_| alive);
        let serving = self.sync.serving != 0;
        let (state, why) = match peer.map(|h| h.sync) {
            Some(SyncState::Hot) if serving => (SyncState::Hot, "the peer has every session"),
            Some(_) if serving => (SyncState::Bulk, "the peer takes a copy"),
            Some(_) => (SyncState::Cold, "the peer has not asked for a copy"),
            None => (SyncState::Cold, "no peer is heard over the HA link"),
        };
        if serving && !self.sync.serving_told && self.sender.bulk_complete() {
            self.sync.serving_told = true;
            let took = now.since(self.sync.serving_since);
            let (sessions, _) = self.sender.bulk_progress();
            self.sync.last = Some((now, sessions, took));
            self.beat.soon();
            let took_ms = took.as_millis() as u64;
            self.tell(NodeEvent::CopyEnded { sessions, took_ms, received: false });
        }
        self.set_sync(state, why);
    }

    /// Before a takeover: what has arrived goes to the workers, however much is missing in between; what comes from
    /// now on is too late. Whether all of it has found room.
    pub(super) fn drain_records(&mut self, now: Instant, tables: &mut impl Tables) -> bool {
        self.sync.taking = 0;
        self.sync.serving = 0;
        self.set_sync(SyncState::Cold, "active now");
        // Later than any gap may last.
        self.receiver.handle_timeout(now + DRAIN_AHEAD, tables);
        self.receiver.waiting_datagrams() == 0
    }

    /// Before leaving the active role.
    pub(super) fn stop_giving_records(&mut self) {
        self.sync.serving = 0;
        self.sync.taking = 0;
        self.set_sync(SyncState::Cold, "no longer active");
    }

    /// `clear ip inspect ha`.
    pub(super) fn clear_copy(&mut self, now: Instant, tables: &mut impl Tables) -> Result<(), CommandError> {
        if self.link.is_none() {
            return Err(CommandError::NoLink);
        }
        match self.roles.role {
            BoxRole::Init | BoxRole::Standby => {
                let source = self.sync.source;
                if self.sync.taking != 0 {
                    self.begin_copy(now, source, "an operator's command", tables);
                }
                Ok(())
            }
            // The standby sees that its epoch is no longer served, and asks for another.
            BoxRole::Active => {
                self.sync.serving = 0;
                Ok(())
            }
            _ => Err(CommandError::Busy),
        }
    }

    fn set_sync(&mut self, new: SyncState, why: &'static str) {
        let old = core::mem::replace(&mut self.sync.state, new);
        if old != new {
            self.beat.soon();
            self.tell(NodeEvent::Sync { old, new, why });
        }
    }
}
