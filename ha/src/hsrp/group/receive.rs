//! A packet: whether it is believed, whom it tells about, and which event it is.

use core::net::Ipv4Addr;

use holdfast_engine::time::Instant;

use super::Group;
use crate::hsrp::event::{Event, Rank, classify};
use crate::hsrp::wire::{self, Message, Opcode, Packet, Parsed};
use crate::hsrp::{GroupEvent, OtherRouter, learn};
use crate::status::GroupState;

impl Group {
    /// Nothing but counters and alarms changes before the packet is believed.
    pub(super) fn receive(&mut self, now: Instant, source: Ipv4Addr, payload: &[u8]) {
        let Parsed { packet, seen } = match wire::parse(payload) {
            Ok(Message::Group(parsed)) => parsed,
            Ok(Message::Advertise(_)) => {
                self.statistics.received_advertise();
                return;
            }
            Err(_) => {
                self.statistics.malformed();
                return;
            }
        };
        let ours = (self.config.version, self.config.group);
        if (packet.version, packet.group) != ours || !learn::is_host(source) {
            self.statistics.malformed();
            return;
        }
        if source == self.config.address {
            self.notices.alarm(now, GroupEvent::DuplicateAddress { source });
            return;
        }
        if !self.config.authentication.accepts(&seen, source, payload) {
            self.statistics.authentication_failed();
            self.notices.alarm(now, GroupEvent::AuthenticationFailed { source });
            return;
        }
        self.statistics.received(packet.opcode);
        if self.state != GroupState::Initial {
            self.believe(now, source, &packet);
        }
    }

    fn believe(&mut self, now: Instant, source: Ipv4Addr, packet: &Packet) {
        self.compare_virtual_address(now, source, packet);
        let theirs = Rank { priority: packet.priority, address: source };
        let known_active = self.active.map(|heard| heard.address);
        let event = classify(packet, theirs, self.rank(), known_active, self.config.preempt);
        match (packet.opcode, packet.state) {
            (Opcode::Hello, Some(GroupState::Active)) => self.note_active(now, theirs),
            (Opcode::Hello, Some(GroupState::Standby)) => self.note_standby(now, theirs),
            _ => {}
        }
        let Some(event) = event else { return };
        if event == Event::Resign {
            self.active = None;
            self.notices.push(GroupEvent::ActiveResigned { source });
        }
        // Learn cannot be left with an address that is none.
        if self.state != GroupState::Learn || self.is_usable(packet.virtual_address) {
            self.step_with(now, event, Some((packet, theirs)));
        }
    }

    fn compare_virtual_address(&mut self, now: Instant, source: Ipv4Addr, packet: &Packet) {
        let theirs = packet.virtual_address;
        let configured = self.config.virtual_addresses.first();
        if packet.opcode == Opcode::Hello
            && configured.is_some_and(|ours| *ours != theirs)
            && !theirs.is_unspecified()
        {
            self.notices.alarm(now, GroupEvent::MismatchedVirtualAddress { source, theirs });
        }
    }

    /// Two routers may say that they are active, after a split: the higher one counts while it is heard, so that the
    /// Resign of the other one ends nothing here.
    fn note_active(&mut self, now: Instant, theirs: Rank) {
        let hold = self.times.hold;
        let (source, priority) = (theirs.address, theirs.priority);
        self.standby = self.standby.filter(|standby| standby.address != source);
        let silent = core::mem::replace(&mut self.silent, false);
        match &mut self.active {
            Some(known) if known.address == source => {
                let changed = known.priority != priority;
                known.priority = priority;
                known.last = now;
                if silent {
                    known.since = now;
                    self.notices.push(GroupEvent::ActiveHeardAgain { source, priority });
                } else if changed {
                    self.notices.push(GroupEvent::ActiveHeard { source, priority });
                }
            }
            Some(known) if known.rank() > theirs && known.last + hold > now => {}
            active => {
                *active = Some(OtherRouter::first(theirs, now));
                self.notices.push(GroupEvent::ActiveHeard { source, priority });
            }
        }
    }

    fn note_standby(&mut self, now: Instant, theirs: Rank) {
        match &mut self.standby {
            Some(known) if known.address == theirs.address => {
                known.priority = theirs.priority;
                known.last = now;
            }
            standby => *standby = Some(OtherRouter::first(theirs, now)),
        }
    }
}
