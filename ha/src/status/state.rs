//! What state a group, the box, its sessions and its link are in.

/// State of one HSRP group (RFC 2281 section 5.2).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum GroupState {
    /// Not running: interface down, or not configured completely.
    Initial,
    /// The virtual address is not known yet.
    Learn,
    /// Knows the address; neither active nor standby.
    Listen,
    /// Takes part in the election.
    Speak,
    /// Next in line.
    Standby,
    /// Forwards.
    Active,
}

impl GroupState {
    /// What IOS calls it where six or seven letters must do (`show standby brief`, `debug standby`).
    pub const fn name(self) -> &'static str {
        match self {
            GroupState::Initial => "Init",
            GroupState::Learn => "Learn",
            GroupState::Listen => "Listen",
            GroupState::Speak => "Speak",
            GroupState::Standby => "Standby",
            GroupState::Active => "Active",
        }
    }
}

/// Role of the whole box.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Default)]
pub enum BoxRole {
    /// Neither active nor in line: starting, or its interfaces are down.
    #[default]
    Init,
    /// The peer (or another router) is active; this box takes over from it.
    Standby,
    /// Workers were told to be active; gratuitous ARP and hellos go out when all of them are.
    TakingOver,
    /// Forwards.
    Active,
    /// Active, and handing over: flushes what the peer lacks.
    HandingOver,
    /// Handed over; forwards what still arrives.
    Lingering,
}

impl BoxRole {
    /// Every role. Their places here are their numbers in heartbeats.
    pub const ALL: [BoxRole; 6] = [
        BoxRole::Init,
        BoxRole::Standby,
        BoxRole::TakingOver,
        BoxRole::Active,
        BoxRole::HandingOver,
        BoxRole::Lingering,
    ];

    /// Whether the box has the active role, or is about to.
    pub const fn holds_role(self) -> bool {
        matches!(self, BoxRole::Active | BoxRole::TakingOver | BoxRole::HandingOver)
    }

    /// Whether its sessions are the ones that count, and changes of them go to the peer.
    pub const fn replicates(self) -> bool {
        matches!(self, BoxRole::Active | BoxRole::HandingOver)
    }
}

/// How far a standby's sessions are complete.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Default)]
pub enum SyncState {
    /// Not replicating: no peer, or no link.
    #[default]
    Cold,
    /// A complete copy is under way.
    Bulk,
    /// The standby holds what the active holds, and changes follow.
    Hot,
}

/// State of the HA link.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum LinkState {
    /// None is configured.
    None,
    /// Nothing authentic heard for `dead_after`.
    Down,
    /// Shaking hands.
    Connecting,
    /// Authentic datagrams arrive.
    Up,
}
