//! Datagrams that the peer has not applied yet, and what they told of.
//!
//! Bounded: [`SPAN_DATAGRAMS_MAX`] datagrams of at most `RECORDS_MAX` records. What is done with goes back to a pool.

use std::collections::VecDeque;

use holdfast_engine::time::Instant;

use crate::replication::SPAN_DATAGRAMS_MAX;
use crate::replication::codec::Ack;
use crate::tables::SessionName;

/// What is known of a datagram's way.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum State {
    /// Nothing.
    OnItsWay,
    /// The peer has it, and will apply it.
    Arrived,
    /// Applied, or lost.
    Done,
}

#[derive(Debug)]
pub(super) struct Datagram {
    pub(super) sequence: u64,
    pub(super) sent_at: Instant,
    /// Since when the oldest of its content waits: earlier than `sent_at` when it repeats something lost.
    pub(super) waits_since: Instant,
    /// Part of the complete copy.
    pub(super) is_bulk: bool,
    /// The complete copy needs it.
    pub(super) counts: bool,
    state: State,
    /// Slots whose sessions it told of.
    pub(super) slots: Vec<u32>,
    /// Sessions whose end it told of.
    pub(super) removals: Vec<SessionName>,
}

/// Numbers of datagrams.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct OnTheirWay {
    /// Live changes of which nothing is known.
    pub(super) live: u32,
    /// Parts of the complete copy of which nothing is known.
    pub(super) bulk: u32,
    /// Arrived, and wait at the peer for their predecessors or for room.
    pub(super) held: u32,
}

#[derive(Debug, Default)]
pub(super) struct InFlight {
    queue: VecDeque<Datagram>,
    pool: Vec<Datagram>,
    way: OnTheirWay,
    records: u64,
}

/// What came of a datagram.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Fate {
    /// The peer holds what it told.
    Applied,
    /// The peer did without it, or nobody ever heard of it.
    Lost,
}

impl InFlight {
    pub(super) fn way(&self) -> &OnTheirWay {
        &self.way
    }

    pub(super) fn is_empty(&self) -> bool {
        self.queue.is_empty()
    }

    /// Records in it.
    pub(super) fn records(&self) -> u64 {
        self.records
    }

    /// Datagrams in it.
    pub(super) fn len(&self) -> u32 {
        self.way.live + self.way.bulk + self.way.held
    }

    /// Whether another datagram stays within what a bitmap covers.
    pub(super) fn has_span(&self) -> bool {
        (self.queue.len() as u64) < SPAN_DATAGRAMS_MAX
    }

    /// Number of the oldest datagram that the peer has not applied.
    pub(super) fn oldest(&self) -> Option<u64> {
        self.queue.front().map(|datagram| datagram.sequence)
    }

    pub(super) fn oldest_content(&self) -> Option<Instant> {
        let open = self.queue.iter().filter(|datagram| datagram.state != State::Done);
        open.map(|datagram| datagram.waits_since).min()
    }

    /// When the oldest datagram of which nothing is known was sent.
    pub(super) fn oldest_unheard(&self) -> Option<Instant> {
        let unheard = self.queue.iter().find(|datagram| datagram.state == State::OnItsWay);
        unheard.map(|datagram| datagram.sent_at)
    }

    /// An empty datagram to fill and to [`InFlight::push`] or [`InFlight::give_back`].
    pub(super) fn blank(&mut self, sequence: u64, now: Instant, is_bulk: bool) -> Datagram {
        let (slots, removals) = match self.pool.pop() {
            Some(used) => (used.slots, used.removals),
            None => (Vec::new(), Vec::new()),
        };
        let state = State::OnItsWay;
        Datagram { sequence, sent_at: now, waits_since: now, is_bulk, counts: false, state, slots, removals }
    }

    pub(super) fn give_back(&mut self, mut datagram: Datagram) {
        datagram.slots.clear();
        datagram.removals.clear();
        self.pool.push(datagram);
    }

    pub(super) fn push(&mut self, datagram: Datagram) {
        *self.way.of(datagram.is_bulk) += 1;
        self.records += datagram.records();
        self.queue.push_back(datagram);
    }

    /// Notes what an acknowledgement says has arrived: how many datagrams, and when the newest of them was sent.
    pub(super) fn note_arrivals(&mut self, ack: &Ack) -> (u32, Option<Instant>) {
        let (mut arrivals, mut newest) = (0, None);
        for datagram in &mut self.queue {
            if datagram.state == State::OnItsWay && ack.has(datagram.sequence) {
                datagram.state = State::Arrived;
                *self.way.of(datagram.is_bulk) -= 1;
                self.way.held += 1;
                arrivals += 1;
                newest = Some(datagram.sent_at);
            }
        }
        (arrivals, newest)
    }

    /// Settles what the peer is through with.
    pub(super) fn settle_applied(&mut self, applied: u64, mut settle: impl FnMut(&Datagram, Fate)) {
        for at in 0..self.queue.len() {
            let Some(datagram) = self.queue.get_mut(at) else { break };
            if datagram.sequence > applied {
                break;
            }
            match datagram.state {
                State::OnItsWay => self.finish(at, Fate::Lost, &mut settle),
                State::Arrived => self.finish(at, Fate::Applied, &mut settle),
                State::Done => {}
            }
        }
        self.trim();
    }

    /// Gives up what was sent by `before` and never heard of.
    pub(super) fn settle_unheard(&mut self, before: Instant, mut settle: impl FnMut(&Datagram, Fate)) {
        for at in 0..self.queue.len() {
            let Some(datagram) = self.queue.get(at) else { break };
            if datagram.sent_at > before {
                break;
            }
            if datagram.state == State::OnItsWay {
                self.finish(at, Fate::Lost, &mut settle);
            }
        }
        self.trim();
    }

    fn finish(&mut self, at: usize, fate: Fate, settle: &mut impl FnMut(&Datagram, Fate)) {
        let Some(datagram) = self.queue.get_mut(at) else { return };
        match datagram.state {
            State::OnItsWay => *self.way.of(datagram.is_bulk) -= 1,
            State::Arrived => self.way.held -= 1,
            State::Done => return,
        }
        datagram.state = State::Done;
        self.records -= datagram.records();
        settle(datagram, fate);
    }

    fn trim(&mut self) {
        while self.queue.front().is_some_and(|datagram| datagram.state == State::Done) {
            if let Some(datagram) = self.queue.pop_front() {
                self.give_back(datagram);
            }
        }
    }

    /// Forgets everything.
    pub(super) fn clear(&mut self) {
        while let Some(datagram) = self.queue.pop_front() {
            self.give_back(datagram);
        }
        self.way = OnTheirWay::default();
        self.records = 0;
    }
}

impl OnTheirWay {
    fn of(&mut self, is_bulk: bool) -> &mut u32 {
        if is_bulk { &mut self.bulk } else { &mut self.live }
    }
}

impl Datagram {
    pub(super) fn records(&self) -> u64 {
        (self.slots.len() + self.removals.len()) as u64
    }
}
