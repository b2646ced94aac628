//! What is believed of what is heard, from the wire or from another worker.

use core::net::IpAddr;

use super::state::{Event, NeighbourState};
use super::table::Neighbours;
use crate::drop_reason::DropReason;
use crate::interface::{Mac, PortId};
use crate::io::PacketBuf;
use crate::session::NextHopRef;
use crate::time::Instant;

/// How a packet came to tell a neighbour's address.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Evidence {
    /// Addressed to us as an answer: an ARP reply, or a neighbour advertisement with the solicited flag.
    Answer {
        /// May replace an address on record (ND override flag; always in ARP).
        overrides: bool,
    },
    /// Told without being asked: gratuitous ARP, ARP between others, an unsolicited advertisement.
    Announcement {
        /// May replace an address on record.
        overrides: bool,
    },
    /// The sender asked for one of our addresses.
    Solicitation,
}

/// What one worker learned, for the others.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct NeighbourUpdate {
    /// Where it was heard.
    pub port: PortId,
    /// Whose address it is.
    pub address: IpAddr,
    /// The link-layer address.
    pub mac: Mac,
    /// How it was heard.
    pub evidence: Evidence,
}

/// Somebody else claims one of our addresses.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct AddressConflict {
    /// Where it was heard.
    pub port: PortId,
    /// The address that is ours.
    pub address: IpAddr,
    /// Who claims it.
    pub mac: Mac,
}

/// What to do with the frame that was handled.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// It holds our answer now: send it out of the port it came from.
    Reply,
    /// It told us something; free it.
    Consumed,
    /// Free it, and count this.
    Drop(DropReason),
}

/// Result of handling an ARP or ND packet.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Outcome {
    /// What to do with the frame.
    pub verdict: Verdict,
    /// What to tell the other workers.
    pub update: Option<NeighbourUpdate>,
    /// What to tell the operator, and a reason to announce our address again.
    pub conflict: Option<AddressConflict>,
}

impl Outcome {
    pub(super) fn drop(reason: DropReason) -> Outcome {
        Outcome { verdict: Verdict::Drop(reason), update: None, conflict: None }
    }
}

/// Entries made by other hosts' requests leave this part of the table to those we want to reach ourselves.
const LEARNED_RESERVE_DIVISOR: usize = 8;
/// What nobody asked for leaves this part of the updates to answers, for which a worker may be waiting.
const ANSWER_RESERVE_DIVISOR: u32 = 2;

impl<P: PacketBuf> Neighbours<P> {
    /// Takes over what another worker learned. Makes no entry, since whoever needs one asks for itself; except for
    /// a host that speaks to us while a scan leaves no room to ask.
    pub fn apply_update(&mut self, now: Instant, update: &NeighbourUpdate) {
        let known = self.find(update.port, update.address);
        if let Some(index) = known.or_else(|| self.make_in_a_scan(update, now)) {
            self.believe(index, update, now);
        }
    }

    /// Takes in what the wire told, and returns it when the other workers should hear it too.
    pub(super) fn hear(&mut self, now: Instant, heard: NeighbourUpdate) -> Option<NeighbourUpdate> {
        let known = self.find(heard.port, heard.address).or_else(|| self.make_for(&heard, now));
        let changed = known.is_none_or(|index| self.believe(index, &heard, now));
        // An answer may be the one another worker waits for, whoever asks for us may be somebody whom another worker
        // has no room to ask for, and an address that is news here, or unknown here, may be on record there. An
        // announcement that only repeats our own record is not passed on.
        let answer = matches!(heard.evidence, Evidence::Answer { .. });
        if !changed && matches!(heard.evidence, Evidence::Announcement { .. }) {
            return None;
        }
        let reserve = if answer { 0 } else { self.config.updates_per_second_max / ANSWER_RESERVE_DIVISOR };
        let bucket = self.update_buckets.get_mut(usize::from(heard.port.0));
        if !bucket.is_some_and(|bucket| bucket.take_above(now, reserve)) {
            self.counters.updates_throttled += 1;
            return None;
        }
        self.counters.updates += 1;
        Some(heard)
    }

    /// Counts and reports that somebody else uses one of our addresses.
    pub(super) fn conflict(
        &mut self,
        port: PortId,
        address: IpAddr,
        mac: Mac,
        reason: DropReason,
    ) -> Outcome {
        self.counters.conflicts += 1;
        Outcome { conflict: Some(AddressConflict { port, address, mac }), ..Outcome::drop(reason) }
    }

    fn make_in_a_scan(&mut self, update: &NeighbourUpdate, now: Instant) -> Option<u32> {
        if self.has_too_many_unresolved() { self.make_for(update, now) } else { None }
    }

    fn make_for(&mut self, heard: &NeighbourUpdate, now: Instant) -> Option<u32> {
        let room = self.free.len() > self.slots.len() / LEARNED_RESERVE_DIVISOR;
        if heard.evidence != Evidence::Solicitation || !room {
            return None;
        }
        self.make(heard.port, heard.address, now).ok().map(|NextHopRef(index)| index)
    }

    fn believe(&mut self, index: u32, heard: &NeighbourUpdate, now: Instant) -> bool {
        let hot = &self.hot[index as usize];
        let (overrides, answer) = match heard.evidence {
            Evidence::Answer { overrides } => (overrides, hot.state.is_asking()),
            Evidence::Announcement { overrides } => (overrides, false),
            Evidence::Solicitation => (true, false),
        };
        let recorded = hot.state.is_usable();
        let event = match (recorded && hot.mac == heard.mac, overrides || !recorded, answer) {
            (true, _, true) => Event::AnswerSame,
            (true, _, false) => Event::HeardSame,
            (false, true, true) => Event::AnswerNew,
            (false, true, false) => Event::HeardNew,
            (false, false, true) => Event::AnswerOther,
            (false, false, false) => Event::HeardOther,
        };
        debug_assert!(hot.state != NeighbourState::Static || recorded);
        self.step(index, event, Some(heard.mac), now)
    }
}
