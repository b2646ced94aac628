//! What inspection counts: sessions by phase, creations, packets.

use crate::net::numbers;
use crate::time::Tick;

/// Protocols as statistics tell them apart.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)]
pub enum ProtocolClass {
    /// TCP.
    Tcp,
    /// UDP.
    Udp,
    /// ICMP and ICMPv6 queries.
    Icmp,
    /// Every other protocol.
    Other,
}

impl ProtocolClass {
    /// Every class, in the order of the counters.
    pub const ALL: [ProtocolClass; 4] =
        [ProtocolClass::Tcp, ProtocolClass::Udp, ProtocolClass::Icmp, ProtocolClass::Other];

    /// Class of an IP protocol number.
    #[inline]
    pub const fn of(protocol: u8) -> ProtocolClass {
        match protocol {
            numbers::PROTOCOL_TCP => ProtocolClass::Tcp,
            numbers::PROTOCOL_UDP => ProtocolClass::Udp,
            numbers::PROTOCOL_ICMP | numbers::PROTOCOL_ICMPV6 => ProtocolClass::Icmp,
            _ => ProtocolClass::Other,
        }
    }

    /// Name on the console.
    pub const fn name(self) -> &'static str {
        match self {
            ProtocolClass::Tcp => "tcp",
            ProtocolClass::Udp => "udp",
            ProtocolClass::Icmp => "icmp",
            ProtocolClass::Other => "other",
        }
    }
}

/// Life of a session as IOS counts it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)]
pub enum Phase {
    /// Handshake not complete, or no reply yet.
    HalfOpen,
    /// Both ends have spoken.
    Established,
    /// Closing or closed, waiting for its last timer.
    Terminating,
}

/// Counters of one worker's inspection.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct InspectStats {
    /// Packets that met a session or began one, by protocol class.
    pub packets: [u64; 4],
    /// Sessions created, by protocol class.
    pub created: [u64; 4],
    /// Sessions now, by phase: half-open, established, terminating.
    pub current: [u64; 3],
    /// Most sessions there ever were, by phase.
    pub most: [u64; 3],
    /// Sessions that timed out.
    pub expired: u64,
    /// Sessions ended by their own packets, or cleared.
    pub ended: u64,
    /// Packets passed by a stateless rule.
    pub passed_stateless: u64,
    /// Packets received from other workers.
    pub steered_in: u64,
    /// Packets handed to the workers that own their flows.
    pub steered_out: u64,
    /// Echo requests to the box that were answered.
    pub echo_replies: u64,
    /// Times somebody else claimed one of the box's addresses.
    pub address_conflicts: u64,
    /// When the last session began.
    pub last_created: Option<Tick>,
}

impl InspectStats {
    /// A session appears.
    pub(super) fn enter(&mut self, phase: Phase) {
        let at = phase as usize;
        self.current[at] += 1;
        self.most[at] = self.most[at].max(self.current[at]);
    }

    /// A session disappears.
    pub(super) fn leave(&mut self, phase: Phase) {
        let now = &mut self.current[phase as usize];
        *now = now.saturating_sub(1);
    }

    /// A session moves on.
    pub(super) fn advance(&mut self, from: Phase, to: Phase) {
        if from != to {
            self.leave(from);
            self.enter(to);
        }
    }

    /// Adds another worker's counters; the sum of maxima is an upper bound of the box's maximum.
    pub fn add(&mut self, other: &InspectStats) {
        let add = |mine: &mut [u64], theirs: &[u64]| mine.iter_mut().zip(theirs).for_each(|(m, t)| *m += t);
        add(&mut self.packets, &other.packets);
        add(&mut self.created, &other.created);
        add(&mut self.current, &other.current);
        add(&mut self.most, &other.most);
        self.expired += other.expired;
        self.ended += other.ended;
        self.passed_stateless += other.passed_stateless;
        self.steered_in += other.steered_in;
        self.steered_out += other.steered_out;
        self.echo_replies += other.echo_replies;
        self.address_conflicts += other.address_conflicts;
        self.last_created = self.last_created.max(other.last_created);
    }

    /// Zeroes everything that counts up; what exists now stays.
    pub fn reset(&mut self) {
        *self = InspectStats { current: self.current, most: self.current, ..InspectStats::default() };
    }
}
