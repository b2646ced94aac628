//! One face for all trackers: the pipeline parses layer 4 into an [`L4`] and calls [`open`] or [`track`].

use crate::drop_reason::DropReason;
use crate::net::numbers::{PROTOCOL_ICMP, PROTOCOL_ICMPV6, PROTOCOL_TCP, PROTOCOL_UDP};
use crate::session::{Direction, SessionState};
use crate::time::Tick;

use super::Outcome;
use super::icmp::{self, IcmpQuery};
use super::other::{self, OtherState};
use super::tcp::{self, TcpConfig, TcpSegment, TcpState};
use super::udp::{self, UdpDatagram, UdpState};

/// Layer 4 of a packet that may belong to a session. ICMP errors belong to the session of what they quote and are
/// not among these.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum L4 {
    /// TCP.
    Tcp(TcpSegment),
    /// UDP.
    Udp(UdpDatagram),
    /// ICMP or ICMPv6 query or reply.
    Icmp(IcmpQuery),
    /// Any other protocol.
    Other,
}

/// What the operator may choose about tracking.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
pub struct TrackConfig {
    /// TCP.
    pub tcp: TcpConfig,
}

impl TrackConfig {
    /// Whether a takeover was a moment ago, so that sessions from the peer may be behind what their ends know.
    #[inline]
    pub const fn catching_up(&self) -> bool {
        self.tcp.catch_up_bytes > 0
    }
}

/// Tracker part of a session that begins with this packet, `last_seen` included. The caller sets the initiator's
/// side, zones and next hops, after policy has admitted it.
///
/// # Errors
/// `TcpNoSession` or `IcmpUnsolicited` for packets that begin nothing.
pub fn open(l4: &L4, now: Tick, config: &TrackConfig) -> Result<SessionState, DropReason> {
    let mut state = match l4 {
        L4::Tcp(segment) => tcp::open(segment, &config.tcp)?,
        L4::Udp(datagram) => udp::open(datagram),
        L4::Icmp(query) => icmp::open(query)?,
        L4::Other => other::open(),
    };
    state.last_seen = now;
    Ok(state)
}

/// Takes a packet of a live session into account. `last_seen` moves with every packet that is a sign of life; when
/// the packet is dropped or reopens, the session is untouched.
#[inline]
pub fn track(
    state: &mut SessionState,
    direction: Direction,
    l4: &L4,
    now: Tick,
    config: &TrackConfig,
) -> Outcome {
    let outcome = match l4 {
        L4::Tcp(segment) => tcp::track(state, direction, segment, &config.tcp),
        L4::Udp(_) => udp::track(state, direction, config.catching_up()),
        L4::Icmp(query) => icmp::track(state, direction, query, config.catching_up()),
        L4::Other => other::track(state, direction),
    };
    if let Outcome::Pass(change) = outcome
        && change.keep_alive
        && state.last_seen != now
    {
        state.last_seen = now;
    }
    outcome
}

/// Whether a session counts as half-open: TCP handshake not complete, or no reply yet.
pub const fn is_half_open(protocol_number: u8, state: &SessionState) -> bool {
    match protocol_number {
        PROTOCOL_TCP => match TcpState::of(state) {
            Some(tcp_state) => tcp_state.is_half_open(),
            None => false,
        },
        PROTOCOL_UDP => state.tracker == UdpState::Unreplied as u8,
        PROTOCOL_ICMP | PROTOCOL_ICMPV6 => icmp::is_unreplied(state),
        _ => state.tracker == OtherState::Unreplied as u8,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::net::icmp::QueryKind;
    use crate::track::tcp::TcpFlags;

    #[test]
    fn each_protocol_has_its_tracker_and_its_time() {
        let tcp =
            TcpSegment { source_port: 1, destination_port: 2, flags: TcpFlags::SYN, ..TcpSegment::default() };
        let udp = UdpDatagram { source_port: 3, destination_port: 4 };
        let query = IcmpQuery { kind: QueryKind::Echo, is_request: true, identifier: 5, sequence: 0 };
        let config = TrackConfig::default();
        for (l4, number) in [
            (L4::Tcp(tcp), PROTOCOL_TCP),
            (L4::Udp(udp), PROTOCOL_UDP),
            (L4::Icmp(query), PROTOCOL_ICMPV6),
            (L4::Other, 47),
        ] {
            let mut state = open(&l4, Tick(9), &config).unwrap();
            assert_eq!(state.last_seen, Tick(9));
            assert!(is_half_open(number, &state));
            assert!(track(&mut state, Direction::Original, &l4, Tick(11), &config).passes());
            // Repeating a SYN does not make the handshake's time longer.
            let expected = if number == PROTOCOL_TCP { Tick(9) } else { Tick(11) };
            assert_eq!(state.last_seen, expected, "{l4:?}");
        }
    }

    #[test]
    fn a_dropped_packet_is_no_sign_of_life() {
        let query = IcmpQuery { kind: QueryKind::Echo, is_request: true, identifier: 5, sequence: 0 };
        let config = TrackConfig::default();
        let mut state = open(&L4::Icmp(query), Tick(1), &config).unwrap();
        let unasked = L4::Icmp(IcmpQuery { is_request: false, sequence: 9, ..query });
        let outcome = track(&mut state, Direction::Reply, &unasked, Tick(50), &config);
        assert_eq!(outcome, Outcome::Drop(DropReason::IcmpUnsolicited));
        assert_eq!(state.last_seen, Tick(1));
    }
}
