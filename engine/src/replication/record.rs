//! A session in words that another box understands: no slot, no next hop, no zone number, no clock value.

use crate::flow::{FlowKey, Side};
use crate::policy::RuleHash;
use crate::session::{Counter, SessionFlags, TcpPeer};

/// `ha_id` of an interface: the same number on both boxes' interfaces of the same side. 0 is no interface.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub struct HaId(pub u16);

/// Tells apart the sessions that one flow key names one after the other. Given out by the worker that admits the
/// session, from a counter that starts anywhere; kept by the peer and after a takeover. 0 is never given out.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Default)]
pub struct Birth(pub u32);

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
}
