//! ICMP errors on their way to an end of a session (RFC 792, RFC 4443): they pass only if the packet they quote
//! belongs to it.

use super::established::layer4;
use super::first_packet::{outer_addresses, verify_layer4};
use super::{Row, Shard};
use crate::drop_reason::DropReason;
use crate::io::PacketBuf;
use crate::net::bytes::be32;
use crate::net::numbers;
use crate::parse::{check_addresses, quoted_layer4};
use crate::session::{Direction, NextHopRef, SessionHandle, SessionState};
use crate::time::Instant;
use crate::track::icmp::IcmpMessage;
use crate::track::tcp::quoted_in_window;
use crate::worker::Outbox;

impl<P: PacketBuf> Shard<P> {
    /// An error that quotes a packet of a live session, sent in `quoted` direction. It travels the other way, and
    /// is neither a sign of life nor a change of state: anybody on the path may send one.
    #[cold]
    #[expect(clippy::too_many_arguments, reason = "the row, the session, and where to put the packet")]
    pub(super) fn icmp_error(
        &mut self,
        now: Instant,
        handle: SessionHandle,
        state: &SessionState,
        quoted: Direction,
        row: Row<'_>,
        packet: P,
        outbox: &mut Outbox<P>,
    ) {
        if let Err(reason) = self.check_icmp_error(state, quoted, &row, &packet) {
            return outbox.drop_packet(packet, reason);
        }
        if row.parsed.ttl <= 1 {
            // RFC 1122 section 3.2.2: no error about an error.
            return outbox.drop_packet(packet, DropReason::TtlExceeded);
        }
        let way = quoted.reverse();
        let mut state = *state;
        if state.next_hop[way as usize] == NextHopRef::UNRESOLVED {
            if let Err(reason) = self.resolve_session(now, handle, &mut state, way) {
                return outbox.drop_packet(packet, reason);
            }
            self.table.store(handle.index, &state);
        }
        self.forward(now, state.next_hop[way as usize], row, packet, outbox);
    }

    fn check_icmp_error(
        &self,
        state: &SessionState,
        quoted: Direction,
        row: &Row<'_>,
        packet: &P,
    ) -> Result<(), DropReason> {
        if self.zone_of(row.port) != state.zone[quoted.reverse() as usize] {
            return Err(DropReason::SessionZoneMismatch);
        }
        let message = layer4(packet, *row);
        let of_its_family = (row.parsed.protocol == numbers::PROTOCOL_ICMPV6) == row.parsed.v6;
        match IcmpMessage::parse(message, row.parsed.v6)? {
            IcmpMessage::Error { .. } if of_its_family => {}
            _ => return Err(DropReason::IcmpTypeDenied),
        }
        // Routers on the way report from addresses of their own, which need not have a route here; but these are
        // nobody's, or not a router's on the way.
        let (source, destination) = outer_addresses(packet, row.parsed).ok_or(DropReason::IcmpErrorBad)?;
        check_addresses(source, destination)?;
        if self.is_ours(source) {
            return Err(DropReason::SourceIsOurs);
        }
        verify_layer4(packet, row)?;
        if row.parsed.key.protocol() == numbers::PROTOCOL_TCP {
            let seq = quoted_layer4(message, row.parsed.v6).and_then(|tcp| be32(tcp, 4));
            if !seq.is_some_and(|seq| quoted_in_window(state, quoted, seq)) {
                return Err(DropReason::IcmpErrorBad);
            }
        }
        Ok(())
    }
}
