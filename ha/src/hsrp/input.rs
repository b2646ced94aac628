//! What goes into a group and what it reports.

use core::net::Ipv4Addr;

use crate::status::GroupState;

/// An input.
#[derive(Clone, Copy, Debug)]
pub enum Input<'a> {
    /// A UDP datagram to the group's port and multicast address came in on its interface, checksums verified.
    Packet {
        /// IP source.
        source: Ipv4Addr,
        /// UDP payload.
        payload: &'a [u8],
    },
    /// The interface is up and the group enabled.
    Up,
    /// It is not.
    Down,
    /// [`Group::wake`](super::Group::wake) is due.
    Timeout,
    /// The box decided to be active: become so, whatever the state. Without effect while down, and in Learn, where there
    /// is no address to be active for.
    Promote {
        /// The reason, for the record.
        why: &'static str,
    },
    /// The box decided to be active no longer: leave Active for Speak. Without effect in other states. A Resign goes out,
    /// unless a higher-priority router is heard to be active already (RFC 2281's table).
    Demote {
        /// The reason, for the record.
        why: &'static str,
    },
    /// Tracking changed the priority. The next packet carries it.
    SetPriority(u8),
}

/// Why a group would become active now.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum TakeoverWhy {
    /// Standby, and the active router was not heard for the hold time. Comes again each hold time.
    ActiveSilent,
    /// Standby, and the active router resigned. Comes once; [`TakeoverWhy::ActiveSilent`] follows after the hold time.
    ActiveResigned,
    /// Preempts, and the active router has a lower priority. Comes again with each of its hellos.
    Preempt,
}

impl TakeoverWhy {
    /// In words, fit for [`Input::Promote`].
    pub const fn as_str(self) -> &'static str {
        match self {
            TakeoverWhy::ActiveSilent => "the active router was silent for the hold time",
            TakeoverWhy::ActiveResigned => "the active router resigned",
            TakeoverWhy::Preempt => "preempts the active router of lower priority",
        }
    }
}

/// Why a group would cease to be active now.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum YieldWhy {
    /// A router of higher priority is active too. Comes again with each of its hellos.
    HigherActive,
    /// A router of higher priority sent a Coup.
    Coup,
}

impl YieldWhy {
    /// In words, fit for [`Input::Demote`].
    pub const fn as_str(self) -> &'static str {
        match self {
            YieldWhy::HigherActive => "a higher-priority router is active",
            YieldWhy::Coup => "a higher-priority router takes over",
        }
    }
}

/// What a group reports. All but [`GroupEvent::AuthenticationFailed`] and [`GroupEvent::DuplicateAddress`] come of believed
/// packets and timers only.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum GroupEvent {
    /// The state changed.
    StateChanged {
        /// State before.
        old: GroupState,
        /// State now.
        new: GroupState,
        /// The reason.
        why: &'static str,
    },
    /// HSRP alone would become active now.
    TakeoverDue {
        /// The reason.
        why: TakeoverWhy,
    },
    /// HSRP alone would cease to be active now.
    YieldDue {
        /// The reason.
        why: YieldWhy,
        /// In whose favour.
        source: Ipv4Addr,
        /// Its priority.
        priority: u8,
    },
    /// An active router is heard: the first, another one than before, or with another priority.
    ActiveHeard {
        /// Its address.
        source: Ipv4Addr,
        /// Its priority.
        priority: u8,
    },
    /// No active router was heard for the hold time, in whatever state but Active.
    ActiveSilent {
        /// The last that was, if any.
        last: Option<Ipv4Addr>,
    },
    /// The router that was silent is heard again.
    ActiveHeardAgain {
        /// Its address.
        source: Ipv4Addr,
        /// Its priority.
        priority: u8,
    },
    /// The active router resigned, in whatever state of this group.
    ActiveResigned {
        /// Its address.
        source: Ipv4Addr,
    },
    /// A packet was not believed. At most one report a second; the counter has them all.
    AuthenticationFailed {
        /// Whom it claims to be from.
        source: Ipv4Addr,
    },
    /// A packet came from this interface's own address: another host has it, or frames come back. At most one report
    /// a second.
    DuplicateAddress {
        /// The address.
        source: Ipv4Addr,
    },
    /// A router of the group has another virtual address. At most one report a second.
    MismatchedVirtualAddress {
        /// The router.
        source: Ipv4Addr,
        /// The virtual address it names.
        theirs: Ipv4Addr,
    },
}
