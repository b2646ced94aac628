//! A session in words that another box understands: no slot, no next hop, no zone number, no clock value.

use crate::flow::{FlowKey, Side};
use crate::net::numbers::{PROTOCOL_ICMP, PROTOCOL_ICMPV6, PROTOCOL_TCP, PROTOCOL_UDP};
use crate::policy::RuleHash;
use crate::session::{Counter, SessionFlags, SessionState, Snapshot, TcpPeer};
use crate::time::Tick;
use crate::track::tcp::{SCALE_MAX, TcpState, WINDOW_MAX_BYTES, later};
use crate::track::{icmp, other, udp};

use super::birth::Birth;
use super::context::RecordContext;
use super::merge::Known;

/// `ha_id` of an interface: the same number on both boxes' interfaces of the same side. 0 is no interface.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub struct HaId(pub u16);

/// One session, whole: every record says everything, so that no receiver ever lacks what came before.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SessionRecord {
    /// Canonical 5-tuple and table id.
    pub key: FlowKey,
    /// Which end of the key began it.
    pub initiator: Side,
    /// Which session of this key.
    pub birth: Birth,
    /// Content hash of the rule that admitted it.
    pub rule: RuleHash,
    /// By direction: an interface of the zone from which its packets come (the lowest `ha_id` there).
    pub ha_ids: [HaId; 2],
    /// Tracker state (`track`).
    pub tracker: u8,
    /// The flags that mean something to a tracker: [`SessionRecord::FLAGS`].
    pub flags: SessionFlags,
    /// TCP window scale of each sender.
    pub scale: [u8; 2],
    /// TCP senders (ICMP keeps its outstanding requests there).
    pub peers: [TcpPeer; 2],
    /// Ticks since the last packet that kept it alive, when the record was made.
    pub idle_ticks: u32,
    /// Ticks since it was admitted, when the record was made.
    pub age_ticks: u32,
    /// What it carried, by direction.
    pub counters: [Counter; 2],
}

impl SessionRecord {
    /// Flags that travel; the others are a box's own bookkeeping.
    pub const FLAGS: SessionFlags = SessionFlags(
        SessionFlags::WINDOW_SCALING.0
            | SessionFlags::DNS.0
            | SessionFlags::SCALE_OFFERED.0
            | SessionFlags::FAST_OPEN.0,
    );

    /// What another box needs to know of a session; `now` is the present tick of the worker that has it.
    pub fn from_snapshot(session: &Snapshot, now: Tick, context: &RecordContext) -> SessionRecord {
        let (state, details) = (&session.state, &session.details);
        SessionRecord {
            key: session.key,
            initiator: state.initiator(),
            birth: details.birth,
            rule: context.rule_hash(details.rule),
            ha_ids: state.zone.map(|zone| context.ha_id(zone)),
            tracker: state.tracker,
            flags: SessionFlags(state.flags.0 & SessionRecord::FLAGS.0),
            scale: state.scale,
            peers: state.peers,
            idle_ticks: now.since(state.last_seen),
            age_ticks: now.since(details.created),
            counters: details.counters,
        }
    }

    /// Whether a session can be what the record says. Records come from an authentic peer, but from one that may run
    /// another version: what no tracker of this box could have written is not put before one.
    pub fn is_sound(&self) -> bool {
        let key = &self.key;
        let ports = (key.port(Side::Low), key.port(Side::High));
        let canonical =
            FlowKey::new(key.address(Side::Low), key.address(Side::High), ports, key.protocol(), key.table());
        let tracker = self.tracker;
        let known = match key.protocol() {
            PROTOCOL_TCP => {
                let state = TcpState::from_u8(tracker & !TcpState::MARK_MASK);
                state.is_some_and(|state| state != TcpState::None)
            }
            PROTOCOL_UDP => {
                let answered =
                    self.flags.contains(SessionFlags::DNS) && tracker == udp::UdpState::Answered as u8;
                answered || [udp::UdpState::Unreplied as u8, udp::UdpState::Replied as u8].contains(&tracker)
            }
            PROTOCOL_ICMP | PROTOCOL_ICMPV6 => icmp::is_state(tracker),
            _ => [other::OtherState::Unreplied as u8, other::OtherState::Replied as u8].contains(&tracker),
        };
        known
            && canonical == Some((*key, Side::Low))
            && self.birth != Birth(0)
            && self.scale.iter().all(|&scale| scale <= SCALE_MAX)
            && (key.protocol() != PROTOCOL_TCP
                || self.peers.iter().all(|peer| peer.max_window_bytes <= WINDOW_MAX_BYTES))
    }

    /// What the record says, in this box's words: `now` is the present tick of the worker that will have the session.
    /// Zones and next hops are not among what it says. The idle time is rounded up, so that `last_seen` is before `now`:
    /// should this box take over within the tick, a packet then still moves it, and is noted for that (`refresh.rs`).
    pub fn known(&self, now: Tick) -> Known {
        let flags = SessionFlags(self.flags.0 & SessionRecord::FLAGS.0);
        let mut state = SessionState {
            peers: self.peers,
            tracker: self.tracker,
            scale: self.scale,
            flags: flags.with(SessionFlags::INITIATOR_HIGH, self.initiator == Side::High),
            last_seen: before(now, self.idle_ticks.saturating_add(1)),
            ..SessionState::default()
        };
        let is_open =
            self.key.protocol() == PROTOCOL_TCP && TcpState::of(&state).is_some_and(|s| !s.is_half_open());
        if is_open {
            // Bounds the wrong way round would let everything pass.
            for peer in &mut state.peers {
                peer.max_end = later(peer.max_end, peer.end);
            }
        }
        Known { state, counters: self.counters }
    }

    /// When the session was admitted, on the clock of a worker whose present tick is `now`.
    pub fn created(&self, now: Tick) -> Tick {
        before(now, self.age_ticks)
    }
}

/// `ticks` before `now`, but not before there was a clock.
fn before(now: Tick, ticks: u32) -> Tick {
    Tick(now.0.saturating_sub(ticks))
}
