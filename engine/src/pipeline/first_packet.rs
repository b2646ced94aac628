//! The packet that has no session: is it for the box, is it sane, does policy let it begin one?

use core::net::IpAddr;

use super::established::{initiator_flag, layer4, read_layer4};
use super::stats::ProtocolClass;
use super::{Row, Shard, phase_of};
use crate::drop_reason::DropReason;
use crate::event::Event;
use crate::io::{PacketBuf, RxChecksum};
use crate::net::bytes::{be16, ipv4, ipv6};
use crate::net::checksum::{self, Sum};
use crate::net::numbers;
use crate::parse::{AddressCheck, Class, Parsed, check_addresses};
use crate::policy::{Action, PolicyKey, RuleIndex};
use crate::route::Egress;
use crate::session::{Admission, InsertError, NextHopRef};
use crate::time::Instant;
use crate::track;
use crate::worker::Outbox;

/// What is to be done with a packet that has no session.
pub(super) enum Judgement {
    /// It is addressed to the box.
    Local,
    /// Its TTL ends here.
    TtlExceeded,
    /// There is no way to its destination.
    NoRoute(DropReason),
    /// A rule decided.
    Rule(RuleIndex, Action, Egress),
}

impl<P: PacketBuf> Shard<P> {
    /// Decides one packet whose key is not in the table.
    #[inline(never)]
    pub(super) fn first_packet(&mut self, now: Instant, row: Row<'_>, packet: P, outbox: &mut Outbox<P>) {
        // The packet before it in the burst may have begun the session.
        if let Some(handle) = self.table.lookup(&row.parsed.key, row.hash) {
            return self.established(now, handle, row, packet, outbox);
        }
        if row.parsed.class == Class::IcmpError {
            return outbox.drop_packet(packet, DropReason::IcmpErrorNoSession);
        }
        if !self.duty.in_force().is_active() {
            return self.not_active(now, row, packet, outbox);
        }
        let judgement = self.judge(&row, &packet);
        self.execute(now, judgement, row, packet, outbox);
    }

    /// Does with a packet what [`Shard::judge`] said of it. Where that begins a session, there is none under its key.
    pub(super) fn execute(
        &mut self,
        now: Instant,
        judgement: Result<Judgement, DropReason>,
        row: Row<'_>,
        packet: P,
        outbox: &mut Outbox<P>,
    ) {
        match judgement {
            Err(reason) => outbox.drop_packet(packet, reason),
            Ok(Judgement::Local) => self.local(now, row, packet, outbox),
            Ok(Judgement::TtlExceeded) => self.answer_ttl_exceeded(now, row, packet, outbox),
            Ok(Judgement::NoRoute(reason)) => self.answer_no_route(now, row, packet, reason, outbox),
            Ok(Judgement::Rule(rule, action, egress)) => {
                self.count_hit(rule);
                if action != Action::Inspect && self.is_logged(rule) {
                    tell_decided(rule, action, &row, outbox);
                }
                match action {
                    Action::Inspect => self.begin_session(now, rule, egress, row, packet, outbox),
                    Action::Pass => self.pass_stateless(now, egress, row, packet, outbox),
                    Action::Drop => outbox.drop_packet(packet, DropReason::PolicyDrop),
                    Action::Reject => self.answer_reject(now, row, packet, outbox),
                }
            }
        }
    }

    /// Everything that can be said of a first packet without changing anything.
    ///
    /// # Errors
    /// The reason to drop it silently under.
    pub(super) fn judge(&self, row: &Row<'_>, packet: &P) -> Result<Judgement, DropReason> {
        let parsed = row.parsed;
        let source = parsed.key.address(parsed.side);
        let destination = parsed.key.address(parsed.side.other());
        let reach = check_addresses(source, destination)?;
        verify_layer4(packet, row)?;
        if self.is_ours(source) {
            return Err(DropReason::SourceIsOurs);
        }
        if self.is_ours(destination) {
            return Ok(Judgement::Local);
        }
        match reach {
            AddressCheck::Group => return Err(DropReason::MulticastUnserved),
            AddressCheck::LinkOnly => return Err(DropReason::Martian),
            AddressCheck::Global => {}
        }
        if self.view(row.port).is_some_and(|view| view.reverse_path_check) {
            match self.config.routes.lookup(source) {
                Ok(back) if back.port == row.port => {}
                _ => return Err(DropReason::ReversePath),
            }
        }
        if parsed.ttl <= 1 {
            return Ok(Judgement::TtlExceeded);
        }
        let egress = match self.config.routes.lookup(destination) {
            Ok(egress) => egress,
            Err(reason) => return Ok(Judgement::NoRoute(reason)),
        };
        let (source_port, destination_port) = match parsed.protocol {
            numbers::PROTOCOL_TCP | numbers::PROTOCOL_UDP => {
                (parsed.key.port(parsed.side), parsed.key.port(parsed.side.other()))
            }
            _ => (0, 0),
        };
        let key = PolicyKey {
            from: self.zone_of(row.port),
            to: self.zone_of(egress.port),
            source,
            destination,
            source_port,
            destination_port,
            protocol: parsed.protocol,
        };
        let mut matched = [None];
        self.config.rules.classify(&[key], &mut matched);
        let [Some(index)] = matched else { return Err(DropReason::PolicyNoMatch) };
        match self.config.rules.get(index) {
            Some((rule, _)) => Ok(Judgement::Rule(index, rule.action, egress)),
            None => Err(DropReason::PolicyNoMatch),
        }
    }

    /// An `inspect` rule matched: the tracker has the last word, then the table.
    fn begin_session(
        &mut self,
        now: Instant,
        rule: RuleIndex,
        egress: Egress,
        row: Row<'_>,
        packet: P,
        outbox: &mut Outbox<P>,
    ) {
        let parsed = row.parsed;
        let opened = read_layer4(&packet, row).and_then(|l4| track::open(&l4, now.tick(), &self.track));
        let mut state = match opened {
            Ok(state) => state,
            Err(reason) => return outbox.drop_packet(packet, reason),
        };
        let next_hop = match self.neighbours.intern(egress.port, egress.next_hop, now) {
            Ok(next_hop) => next_hop,
            Err(reason) => return outbox.drop_packet(packet, reason),
        };
        state.flags.0 |= initiator_flag(parsed.side).0;
        state.zone = [self.zone_of(row.port), self.zone_of(egress.port)];
        state.next_hop = [next_hop, NextHopRef::UNRESOLVED];
        let deadline = self.deadline(parsed.protocol, &state);
        let birth = self.births.give();
        let admission = Admission { rule: rule.0, now: now.tick(), birth };
        let handle = match self.table.insert(&parsed.key, row.hash, &state, admission, deadline) {
            Ok(handle) => handle,
            Err(InsertError::Full | InsertError::Crowded) => {
                return outbox.drop_packet(packet, DropReason::SessionTableFull);
            }
        };
        self.neighbours.retain(next_hop);
        let class = ProtocolClass::of(parsed.protocol) as usize;
        self.stats.created[class] += 1;
        self.stats.packets[class] += 1;
        self.stats.last_created = Some(now.tick());
        self.stats.enter(phase_of(parsed.protocol, &state));
        self.table.count(handle.index, crate::session::Direction::Original, u32::from(parsed.ip_bytes()));
        self.tell_began(handle, birth, state.tracker);
        if self.is_audited(rule)
            && let Some(session) = self.table.snapshot(handle)
        {
            outbox.tell(Event::SessionBegan(session));
        }
        self.forward(now, next_hop, row, packet, outbox);
    }

    /// A `pass` rule matched: forwarded without a session; so will every other packet of the flow be.
    fn pass_stateless(
        &mut self,
        now: Instant,
        egress: Egress,
        row: Row<'_>,
        packet: P,
        outbox: &mut Outbox<P>,
    ) {
        match self.neighbours.intern(egress.port, egress.next_hop, now) {
            Ok(next_hop) => {
                self.stats.passed_stateless += 1;
                self.forward(now, next_hop, row, packet, outbox);
            }
            Err(reason) => outbox.drop_packet(packet, reason),
        }
    }
}

/// Tells what a logged rule did with a packet that begins no session.
#[cold]
fn tell_decided<P: PacketBuf>(rule: RuleIndex, action: Action, row: &Row<'_>, outbox: &mut Outbox<P>) {
    let reason = match action {
        Action::Drop => Some(DropReason::PolicyDrop),
        Action::Reject => Some(DropReason::PolicyReject),
        Action::Inspect | Action::Pass => None,
    };
    let (key, side) = (row.parsed.key, row.parsed.side);
    outbox.tell(Event::RuleDecided { rule, action, port: row.port, key, side, reason });
}

/// Layer 4 checksum of a first packet or an ICMP error, unless the device looked, or the packet is not whole.
pub(super) fn verify_layer4<P: PacketBuf>(packet: &P, row: &Row<'_>) -> Result<(), DropReason> {
    let parsed = row.parsed;
    match packet.rx_checksum() {
        RxChecksum::Bad => return Err(DropReason::L4ChecksumBad),
        RxChecksum::Good => return Ok(()),
        RxChecksum::Unknown if parsed.first_fragment => return Ok(()),
        RxChecksum::Unknown => {}
    }
    let bytes = layer4(packet, *row);
    // A UDP length may be shorter than the IP payload; the sum covers what it says.
    let bytes = match parsed.protocol {
        numbers::PROTOCOL_UDP => &bytes[..be16(bytes, 4).map_or(bytes.len(), usize::from).min(bytes.len())],
        _ => bytes,
    };
    let pseudo = match outer_addresses(packet, parsed) {
        Some((source, destination)) => Sum::pseudo(source, destination, parsed.protocol, bytes.len()),
        None => None,
    };
    let pseudo = pseudo.unwrap_or(Sum::ZERO);
    let good = match parsed.protocol {
        numbers::PROTOCOL_TCP | numbers::PROTOCOL_ICMPV6 => checksum::is_valid(pseudo, bytes),
        numbers::PROTOCOL_UDP if parsed.v6 => checksum::udp_over_ipv6_is_valid(pseudo, bytes),
        numbers::PROTOCOL_UDP => checksum::udp_over_ipv4_is_valid(pseudo, bytes),
        numbers::PROTOCOL_ICMP => checksum::is_valid(Sum::ZERO, bytes),
        _ => true,
    };
    if good { Ok(()) } else { Err(DropReason::L4ChecksumBad) }
}

/// Source and destination of the packet's own IP header (an ICMP error's key is that of what it quotes).
pub(super) fn outer_addresses<P: PacketBuf>(packet: &P, parsed: &Parsed) -> Option<(IpAddr, IpAddr)> {
    let header = packet.data().get(usize::from(parsed.l3)..)?;
    if parsed.v6 {
        Some((ipv6(header, 8)?.into(), ipv6(header, 24)?.into()))
    } else {
        Some((ipv4(header, 12)?.into(), ipv4(header, 16)?.into()))
    }
}
