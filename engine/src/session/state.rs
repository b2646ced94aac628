//! The hot part of a session, decoded: what a packet of an established session reads and may change.
//!
//! In the table it lives in five of the eight words of an entry's cache line (the other three are the version
//! and generation word, and the two key words); [`SessionState::encode`] and [`SessionState::decode`] are the
//! only places that know the bits.

use crate::flow::Side;
use crate::interface::ZoneId;
use crate::time::Tick;

/// Direction of a packet within its session.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)]
pub enum Direction {
    /// From the initiator.
    Original = 0,
    /// From the responder.
    Reply = 1,
}

impl Direction {
    /// The opposite direction.
    #[inline]
    pub const fn reverse(self) -> Direction {
        match self {
            Direction::Original => Direction::Reply,
            Direction::Reply => Direction::Original,
        }
    }
}

/// What is known of one TCP sender (van Rooij, "Real Stateful TCP Packet Filtering in IP Filter", 2001).
/// Sequence numbers wrap; compare them with wrapping subtraction only.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
pub struct TcpPeer {
    /// One past the highest sequence number this end has sent.
    pub end: u32,
    /// Highest sequence number this end may send: the other's last acknowledgement plus its window.
    pub max_end: u32,
    /// Largest window this end has advertised, scaled, in bytes.
    pub max_window_bytes: u32,
}

/// Index of a next hop in the owning worker's neighbour table, 24 bits.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Default)]
pub struct NextHopRef(pub u32);

impl NextHopRef {
    /// Not resolved yet; the next packet in that direction looks the route up.
    pub const UNRESOLVED: NextHopRef = NextHopRef(0x00ff_ffff);
}

/// Bits of a session that are neither tracker state nor windows.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
pub struct SessionFlags(pub u16);

impl SessionFlags {
    /// The initiator is the key's high end.
    pub const INITIATOR_HIGH: SessionFlags = SessionFlags(1 << 0);
    /// Both SYNs carried a window scale.
    pub const WINDOW_SCALING: SessionFlags = SessionFlags(1 << 1);
    /// DNS: the answer closes the session.
    pub const DNS: SessionFlags = SessionFlags(1 << 2);
    /// The initiator's SYN carried a window scale (its scale is valid once the reply's SYN does too).
    pub const SCALE_OFFERED: SessionFlags = SessionFlags(1 << 4);
    /// A connection that began with data in its SYN (RFC 7413).
    pub const FAST_OPEN: SessionFlags = SessionFlags(1 << 5);
    /// From the peer box, which may have seen more of the initiator than is known here (`track::tcp::catch_up`).
    pub const LAGS_ORIGINAL: SessionFlags = SessionFlags(1 << 6);
    /// The same of the responder.
    pub const LAGS_REPLY: SessionFlags = SessionFlags(1 << 7);
    /// From the peer box. Stays when the lags are made up for.
    pub const FROM_PEER: SessionFlags = SessionFlags(1 << 8);
    /// What a session gets that is installed, or merged, from a record of the peer.
    pub const LAGGING: SessionFlags =
        SessionFlags(Self::LAGS_ORIGINAL.0 | Self::LAGS_REPLY.0 | Self::FROM_PEER.0);

    /// Whether all bits of `other` are set.
    #[inline]
    pub const fn contains(self, other: SessionFlags) -> bool {
        self.0 & other.0 == other.0
    }

    /// Whether what is known of either end may lag.
    #[inline]
    pub const fn lags(self) -> bool {
        self.0 & (Self::LAGS_ORIGINAL.0 | Self::LAGS_REPLY.0) != 0
    }

    /// Whether what is known of the sender of `direction` may lag.
    #[inline]
    pub const fn lags_behind(self, direction: Direction) -> bool {
        self.contains(Self::lag_of(direction))
    }

    /// The bit that says so.
    #[inline]
    pub const fn lag_of(direction: Direction) -> SessionFlags {
        match direction {
            Direction::Original => SessionFlags::LAGS_ORIGINAL,
            Direction::Reply => SessionFlags::LAGS_REPLY,
        }
    }

    /// With the bits of `other` set or cleared.
    #[inline]
    #[must_use]
    pub const fn with(self, other: SessionFlags, on: bool) -> SessionFlags {
        SessionFlags(if on { self.0 | other.0 } else { self.0 & !other.0 })
    }
}

/// The decoded hot part. Arrays are indexed by [`Direction`]: what concerns the initiator first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
pub struct SessionState {
    /// TCP senders; zero for other protocols.
    pub peers: [TcpPeer; 2],
    /// Tracker state; meaning depends on the protocol (`track`).
    pub tracker: u8,
    /// TCP window scale of each sender, 0–14.
    pub scale: [u8; 2],
    /// Flags.
    pub flags: SessionFlags,
    /// Tick of the last packet that kept the session alive.
    pub last_seen: Tick,
    /// Next hop of packets in each direction.
    pub next_hop: [NextHopRef; 2],
    /// Zone from which packets of each direction must come.
    pub zone: [ZoneId; 2],
}

/// What a store changed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Stored {
    /// Nothing: the state was there already.
    Nothing,
    /// Peers or next hops, and nothing else.
    Numbers,
    /// `last_seen`, the tracker's state, scales or flags; perhaps the numbers as well.
    Tracker,
}

/// The word with everything of [`Stored::Tracker`].
pub(super) const TRACKER_WORD: usize = 3;

/// Words [`SessionState`] takes in an entry.
pub const STATE_WORDS: usize = 5;

impl SessionState {
    /// Which way a packet from `side` travels in this session.
    #[inline]
    pub const fn direction(&self, side: Side) -> Direction {
        if (side as u8 == 1) == self.flags.contains(SessionFlags::INITIATOR_HIGH) {
            Direction::Original
        } else {
            Direction::Reply
        }
    }

    /// Side of the initiator.
    #[inline]
    pub const fn initiator(&self) -> Side {
        if self.flags.contains(SessionFlags::INITIATOR_HIGH) { Side::High } else { Side::Low }
    }

    /// Packs the state into an entry's words.
    #[inline]
    pub fn encode(&self) -> [u64; STATE_WORDS] {
        let [a, b] = self.peers;
        let pair = |high: u32, low: u32| (u64::from(high) << 32) | u64::from(low);
        let hop = |d: usize| (u64::from(self.next_hop[d].0 & 0x00ff_ffff) << 8) | u64::from(self.zone[d].0);
        [
            pair(a.end, a.max_end),
            pair(b.end, b.max_end),
            pair(a.max_window_bytes, b.max_window_bytes),
            pair(
                self.last_seen.0,
                (u32::from(self.tracker) << 24)
                    | (u32::from(self.scale[0] & 15) << 20)
                    | (u32::from(self.scale[1] & 15) << 16)
                    | u32::from(self.flags.0),
            ),
            (hop(0) << 32) | hop(1),
        ]
    }

    /// Unpacks an entry's words.
    #[inline]
    pub fn decode(words: &[u64; STATE_WORDS]) -> SessionState {
        let [w0, w1, w2, w3, w4] = *words;
        let (high, low) = (|w: u64| (w >> 32) as u32, |w: u64| w as u32);
        SessionState {
            peers: [
                TcpPeer { end: high(w0), max_end: low(w0), max_window_bytes: high(w2) },
                TcpPeer { end: high(w1), max_end: low(w1), max_window_bytes: low(w2) },
            ],
            last_seen: Tick(high(w3)),
            tracker: (low(w3) >> 24) as u8,
            scale: [(low(w3) >> 20) as u8 & 15, (low(w3) >> 16) as u8 & 15],
            flags: SessionFlags(low(w3) as u16),
            next_hop: [NextHopRef(high(w4) >> 8), NextHopRef(low(w4) >> 8)],
            zone: [ZoneId(high(w4) as u8), ZoneId(low(w4) as u8)],
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn decode_undoes_encode(words: [u64; STATE_WORDS]) {
            prop_assert_eq!(SessionState::decode(&words).encode(), words);
        }
    }
}
