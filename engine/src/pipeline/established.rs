//! The packet of a live session: track, count, forward. This is the path nearly every packet takes.

use super::first_packet::Judgement;
use super::{Row, Shard, phase_of};
use crate::drop_reason::DropReason;
use crate::event::{Event, SessionEnd};
use crate::io::PacketBuf;
use crate::net::numbers;
use crate::parse::Class;
use crate::policy::{Action, RuleIndex};
use crate::session::{Direction, NextHopRef, SessionFlags, SessionHandle, SessionState, Snapshot, Stored};
use crate::time::Instant;
use crate::track::icmp::IcmpMessage;
use crate::track::tcp::TcpSegment;
use crate::track::udp::UdpDatagram;
use crate::track::{self, Change, L4, Outcome};
use crate::worker::Outbox;

use super::stats::ProtocolClass;

impl<P: PacketBuf> Shard<P> {
    /// Decides one packet whose key was found in the table.
    #[inline]
    pub(super) fn established(
        &mut self,
        now: Instant,
        handle: SessionHandle,
        row: Row<'_>,
        packet: P,
        outbox: &mut Outbox<P>,
    ) {
        // The packet before it in the burst may have ended the session.
        if !self.table.is_live(handle) {
            return self.first_packet(now, row, packet, outbox);
        }
        let parsed = row.parsed;
        let mut state = self.table.load(handle.index);
        let direction = state.direction(parsed.side);
        if parsed.class == Class::IcmpError {
            return self.icmp_error(now, handle, &state, direction, row, packet, outbox);
        }
        if self.zone_of(row.port) != state.zone[direction as usize] {
            return outbox.drop_packet(packet, DropReason::SessionZoneMismatch);
        }
        if parsed.ttl <= 1 {
            return self.answer_ttl_exceeded(now, row, packet, outbox);
        }
        let l4 = match read_layer4(&packet, row) {
            Ok(l4) => l4,
            Err(reason) => return outbox.drop_packet(packet, reason),
        };
        let tracker_before = state.tracker;
        let change = match track::track(&mut state, direction, &l4, now.tick(), &self.track) {
            Outcome::Pass(change) => change,
            Outcome::Drop(reason) => return outbox.drop_packet(packet, reason),
            Outcome::Reopen => return self.reopen(now, handle, row, packet, outbox),
        };
        // Until here nothing has changed but a copy: a packet that cannot go on has not happened.
        if state.next_hop[direction as usize] == NextHopRef::UNRESOLVED
            && let Err(reason) = self.resolve_session(now, handle, &mut state, direction)
        {
            return outbox.drop_packet(packet, reason);
        }
        let stored = self.table.store(handle.index, &state);
        self.table.count(handle.index, direction, u32::from(parsed.ip_bytes()));
        self.stats.packets[ProtocolClass::of(parsed.protocol) as usize] += 1;
        match stored {
            Stored::Nothing => {}
            // A handshake's numbers may change without a sign of life; others are told along with one.
            Stored::Numbers if change.keep_alive => {}
            // Nobody to tell, and nothing to count.
            _ if self.replica.is_none() && state.tracker == tracker_before => {}
            Stored::Numbers | Stored::Tracker => {
                self.after_change(handle, parsed.protocol, &state, tracker_before, change);
            }
        }
        self.forward(now, state.next_hop[direction as usize], row, packet, outbox);
    }

    /// A packet was the first of its tick, or a session has moved on to `state`: the peer hears of it. Here the packet
    /// path has one call a tick and session.
    #[inline(never)]
    fn after_change(
        &mut self,
        handle: SessionHandle,
        protocol: u8,
        state: &SessionState,
        tracker_before: u8,
        change: Change,
    ) {
        if state.tracker != tracker_before {
            self.on_change(handle, protocol, state, tracker_before, change);
        }
        self.tell_changed(handle, state.tracker, tracker_before, change.transition);
    }

    /// A session has another state: statistics, and the wheel when it may now end sooner. Every change of the tracker's
    /// byte comes here, for some change the phase without being news to anybody else.
    #[cold]
    fn on_change(
        &mut self,
        handle: SessionHandle,
        protocol: u8,
        state: &SessionState,
        tracker_before: u8,
        change: Change,
    ) {
        let before = SessionState { tracker: tracker_before, ..*state };
        self.stats.advance(phase_of(protocol, &before), phase_of(protocol, state));
        if change.rearm {
            let deadline = self.deadline(protocol, state);
            self.table.rearm(handle, deadline);
        }
    }

    /// Looks the route of one direction up and remembers it in the session.
    #[cold]
    pub(super) fn resolve_session(
        &mut self,
        now: Instant,
        handle: SessionHandle,
        state: &mut SessionState,
        direction: Direction,
    ) -> Result<(), DropReason> {
        let key = self.table.key_of(handle.index);
        let to = match direction {
            Direction::Original => state.initiator().other(),
            Direction::Reply => state.initiator(),
        };
        let egress = self.config.routes.lookup(key.address(to))?;
        // With asymmetric routes, or an initiator that uses another's address, the way back may lead where no
        // session began.
        if self.zone_of(egress.port) != state.zone[direction.reverse() as usize] {
            return Err(DropReason::SessionZoneMismatch);
        }
        let next_hop = self.neighbours.intern(egress.port, egress.next_hop, now)?;
        self.neighbours.retain(next_hop);
        state.next_hop[direction as usize] = next_hop;
        Ok(())
    }

    /// A new connection under an old one's key. The old session goes only if a rule forwards the new one, and
    /// since both would have the same key, it goes first.
    #[cold]
    fn reopen(
        &mut self,
        now: Instant,
        handle: SessionHandle,
        row: Row<'_>,
        packet: P,
        outbox: &mut Outbox<P>,
    ) {
        if !self.duty.in_force().is_active() {
            return outbox.drop_packet(packet, DropReason::NotActive);
        }
        let judgement = self.judge(&row, &packet);
        if let Ok(Judgement::Rule(_, Action::Inspect | Action::Pass, _)) = judgement {
            self.end_session(handle, outbox);
        }
        self.execute(now, judgement, row, packet, outbox);
    }

    /// Removes a session before its time; `false` when it is gone already.
    pub fn end_session(&mut self, handle: SessionHandle, outbox: &mut Outbox<P>) -> bool {
        let Some(session) = self.table.remove(handle) else { return false };
        self.stats.ended += 1;
        self.forget(session, SessionEnd::Cleared, outbox);
        true
    }

    /// Counters, references and the peer, after a session is gone from the table.
    pub(super) fn let_go(&mut self, session: &Snapshot) {
        self.stats.leave(phase_of(session.key.protocol(), &session.state));
        for next_hop in session.state.next_hop {
            if next_hop != NextHopRef::UNRESOLVED {
                self.neighbours.release(next_hop);
            }
        }
        self.tell_ended(session);
    }

    /// What every removed session leaves behind.
    pub(super) fn forget(&mut self, session: Snapshot, end: SessionEnd, outbox: &mut Outbox<P>) {
        self.let_go(&session);
        if self.is_audited(RuleIndex(session.details.rule)) {
            outbox.tell(Event::SessionEnded(session, end));
        }
    }
}

/// The packet's layer 4 bytes, header first.
#[inline]
pub(super) fn layer4<'a, P: PacketBuf>(packet: &'a P, row: Row<'_>) -> &'a [u8] {
    packet.data().get(usize::from(row.parsed.l4)..usize::from(row.parsed.end)).unwrap_or_default()
}

/// What the tracker needs to know of it. Out of line the answer would come back through memory (see
/// `parse::layer4`).
#[inline(always)]
pub(super) fn read_layer4<P: PacketBuf>(packet: &P, row: Row<'_>) -> Result<L4, DropReason> {
    let bytes = layer4(packet, row);
    match row.parsed.protocol {
        numbers::PROTOCOL_TCP => TcpSegment::parse(bytes).map(L4::Tcp),
        // A first fragment's UDP length speaks of the whole datagram; the parser has checked what there is.
        numbers::PROTOCOL_UDP => Ok(L4::Udp(UdpDatagram {
            source_port: row.parsed.key.port(row.parsed.side),
            destination_port: row.parsed.key.port(row.parsed.side.other()),
        })),
        numbers::PROTOCOL_ICMP | numbers::PROTOCOL_ICMPV6 => {
            match IcmpMessage::parse(bytes, row.parsed.v6)? {
                IcmpMessage::Query(query) => Ok(L4::Icmp(query)),
                IcmpMessage::Error { .. } => Err(DropReason::IcmpErrorNoSession),
            }
        }
        _ => Ok(L4::Other),
    }
}

/// Marks which end of the key began the session.
pub(super) fn initiator_flag(side: crate::flow::Side) -> SessionFlags {
    SessionFlags::default().with(SessionFlags::INITIATOR_HIGH, side == crate::flow::Side::High)
}
