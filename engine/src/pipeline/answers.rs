//! What the box says about packets it does not forward: ICMP errors and TCP resets, all under one rate limit. A box
//! that does not forward for its pair says nothing: what it knows of sessions and routes is not what counts.

use core::net::IpAddr;

use super::established::layer4;
use super::{Row, Shard};
use crate::drop_reason::DropReason;
use crate::interface::{Mac, PortId};
use crate::io::PacketBuf;
use crate::local::{
    AnswerMacs, ERROR_FRAME_BYTES_MAX, IcmpError, NotAnswered, Offending, RESET_FRAME_BYTES_MAX,
    write_icmp_error, write_tcp_reset,
};
use crate::net::bytes::{ipv4, ipv6};
use crate::net::numbers::{self, ETHERNET_HEADER_BYTES, VLAN_TAG_BYTES};
use crate::route::on_link::source_for;
use crate::session::NextHopRef;
use crate::time::Instant;
use crate::track::tcp::TcpFlags;
use crate::worker::Outbox;

impl<P: PacketBuf> Shard<P> {
    /// TTL or hop limit ended here; this is how traceroute sees the box.
    #[cold]
    pub(super) fn answer_ttl_exceeded(
        &mut self,
        now: Instant,
        row: Row<'_>,
        packet: P,
        outbox: &mut Outbox<P>,
    ) {
        self.answer(now, row, &packet, IcmpError::TimeExceeded, outbox);
        outbox.drop_packet(packet, DropReason::TtlExceeded);
    }

    /// Larger than the next link takes. IPv4 without DF is refused as well: the box does not fragment, and says
    /// so with the same message, which every stack that can lower its packet size understands.
    #[cold]
    pub(super) fn answer_too_big(
        &mut self,
        now: Instant,
        row: Row<'_>,
        packet: P,
        mtu: u16,
        outbox: &mut Outbox<P>,
    ) {
        self.answer(now, row, &packet, IcmpError::TooBig { mtu }, outbox);
        outbox.drop_packet(packet, DropReason::MtuExceeded);
    }

    /// No route, or one that leads nowhere (which says nothing).
    #[cold]
    pub(super) fn answer_no_route(
        &mut self,
        now: Instant,
        row: Row<'_>,
        packet: P,
        reason: DropReason,
        outbox: &mut Outbox<P>,
    ) {
        if reason == DropReason::NoRoute {
            self.answer(now, row, &packet, IcmpError::NetUnreachable, outbox);
        }
        outbox.drop_packet(packet, reason);
    }

    /// A `reject` rule: what a closed port says (a reset for TCP, "port unreachable" for UDP), so that programs
    /// give up at once; "administratively prohibited" for the rest.
    #[cold]
    pub(super) fn answer_reject(&mut self, now: Instant, row: Row<'_>, packet: P, outbox: &mut Outbox<P>) {
        match row.parsed.protocol {
            numbers::PROTOCOL_TCP if self.may_be_a_lost_session(row, &packet) => {}
            numbers::PROTOCOL_TCP => self.answer_reset(now, row, &packet, outbox),
            numbers::PROTOCOL_UDP => self.answer(now, row, &packet, IcmpError::PortUnreachable, outbox),
            _ => self.answer(now, row, &packet, IcmpError::AdminProhibited, outbox),
        }
        outbox.drop_packet(packet, DropReason::PolicyReject);
    }

    /// A packet whose next hop did not answer. It has its new Ethernet header already, and has lost one from its
    /// TTL; the error is routed to its source, which may be anywhere.
    #[cold]
    pub(super) fn answer_unreachable(
        &mut self,
        now: Instant,
        next_hop: NextHopRef,
        packet: P,
        outbox: &mut Outbox<P>,
    ) {
        let tagged = self.view(self.neighbours.hop(next_hop).port).is_some_and(|view| view.vlan.is_some());
        let l3 = ETHERNET_HEADER_BYTES + if tagged { VLAN_TAG_BYTES } else { 0 };
        let unreachable = packet.data().get(l3..).unwrap_or_default();
        if self.duty.in_force().forwards()
            && let Some(destination) = source_of(unreachable)
            && let Some(source) = self.source_towards(destination)
        {
            let offending = Offending { packet: unreachable, link_group: false };
            // Whoever originates the frame knows its way and fills these in.
            let macs = AnswerMacs { source: Mac::default(), destination: Mac::default() };
            let mut frame = [0; ERROR_FRAME_BYTES_MAX];
            let written = write_icmp_error(IcmpError::HostUnreachable, macs, source, &offending, &mut frame);
            if written.is_ok()
                && self.limiter.errors.take(now)
                && let Some(answer) = own_frame(written, &frame, outbox)
            {
                self.originate(now, destination, answer, outbox);
            }
        }
        outbox.drop_packet(packet, DropReason::NeighbourUnreachable);
    }

    /// An ICMP error back over the link the packet came from.
    fn answer(&mut self, now: Instant, row: Row<'_>, packet: &P, error: IcmpError, outbox: &mut Outbox<P>) {
        let Some((offending, macs)) = self.offending(row, packet) else { return };
        let Some(interface) = self.config.interface(row.port) else { return };
        let Some(source) = source_of(offending.packet).and_then(|to| source_for(interface, to)) else {
            return;
        };
        let mut frame = [0; ERROR_FRAME_BYTES_MAX];
        let written = write_icmp_error(error, macs, source, &offending, &mut frame);
        // The limit is asked last: what must not be answered anyway costs no token.
        if written.is_ok() && self.limiter.take_error(row.port, now) {
            self.send_answer(row.port, written, &frame, outbox);
        }
    }

    fn answer_reset(&mut self, now: Instant, row: Row<'_>, packet: &P, outbox: &mut Outbox<P>) {
        let Some((offending, macs)) = self.offending(row, packet) else { return };
        let mut frame = [0; RESET_FRAME_BYTES_MAX];
        let written = write_tcp_reset(macs, &offending, &mut frame);
        if written.is_ok() && self.limiter.take_reset(row.port, now) {
            self.send_answer(row.port, written, &frame, outbox);
        }
    }

    /// A TCP segment in mid-stream soon after a takeover: it may be of a connection that the peer box admitted and
    /// this one never heard of. A reset would end it for good, silence lets its ends find out for themselves.
    fn may_be_a_lost_session(&self, row: Row<'_>, packet: &P) -> bool {
        let begins =
            |flags: u8| TcpFlags(flags).contains(TcpFlags::SYN) && !TcpFlags(flags).contains(TcpFlags::ACK);
        self.track.catching_up() && !layer4(packet, row).get(13).is_some_and(|&flags| begins(flags))
    }

    fn offending<'a>(&self, row: Row<'_>, packet: &'a P) -> Option<(Offending<'a>, AnswerMacs)> {
        if !self.duty.in_force().forwards() {
            return None;
        }
        Offending::in_frame(packet.data(), usize::from(row.parsed.l3), self.view(row.port)?.mac)
    }

    fn send_answer(
        &self,
        port: PortId,
        written: Result<usize, NotAnswered>,
        frame: &[u8],
        outbox: &mut Outbox<P>,
    ) {
        if let Some(answer) = own_frame(written, frame, outbox) {
            self.send_on_link(port, answer, outbox);
        }
    }
}

/// Source address of an IP packet.
fn source_of(packet: &[u8]) -> Option<IpAddr> {
    match packet.first()? >> 4 {
        4 => ipv4(packet, 12).map(IpAddr::from),
        6 => ipv6(packet, 8).map(IpAddr::from),
        _ => None,
    }
}

/// A packet of the box's own that holds the first bytes of `frame`; `None` when there is nothing to say, or no
/// packet to say it with.
fn own_frame<P: PacketBuf>(
    written: Result<usize, NotAnswered>,
    frame: &[u8],
    outbox: &mut Outbox<P>,
) -> Option<P> {
    let bytes = frame.get(..written.ok()?)?;
    let mut packet = outbox.own_packet()?;
    match packet.append(bytes.len()) {
        Some(data) => data.copy_from_slice(bytes),
        None => {
            outbox.return_own_packet(packet);
            return None;
        }
    }
    Some(packet)
}
