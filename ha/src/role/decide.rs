//! The decision itself: a pure function, so that every case can be enumerated.

use super::{Candidate, Decision, View};
use crate::heartbeat::Handover;
use crate::status::{BoxRole, SyncState};

/// What the box does, given everything it knows.
pub fn decide(view: &View) -> Decision {
    match view.own.role {
        BoxRole::Init | BoxRole::Standby | BoxRole::Lingering => decide_not_active(view),
        BoxRole::Active | BoxRole::TakingOver => decide_active(view),
        BoxRole::HandingOver => decide_handing_over(view),
    }
}

fn decide_not_active(view: &View) -> Decision {
    let own = &view.own;
    if own.health.members_up == 0 || !own.health.workers {
        return Decision::Stay;
    }
    let Some(peer) = &view.peer else { return decide_alone(view) };
    if peer.holds_role() {
        return match peer.handover {
            Handover::Go if own.health >= peer.health => Decision::TakeOver("the active box handed over"),
            Handover::Go | Handover::None => Decision::Stay,
        };
    }
    // Nobody of the pair is active. Another router may be.
    if view.heard.foreign {
        return if view.heard.preempts && view.may_preempt && own.is_better_than(peer) {
            Decision::TakeOver("preempts a router of lower priority")
        } else {
            Decision::Stay
        };
    }
    if !view.heard.silent && !view.heard.due {
        return Decision::Stay;
    }
    if view.peer_left && own.health >= peer.health {
        return Decision::TakeOver("the active box gave the role up");
    }
    if own.is_better_than(peer) {
        return Decision::TakeOver("neither box is active, and this one is the better");
    }
    if view.vacant_too_long {
        return Decision::TakeOver("neither box is active, and the better one does not become so");
    }
    Decision::Stay
}

/// No heartbeat: HSRP alone is left.
fn decide_alone(view: &View) -> Decision {
    if view.gave_up {
        return Decision::Stay;
    }
    if view.heard.preempts && view.may_preempt {
        return Decision::TakeOver("preempts a router of lower priority");
    }
    // The peer that was active is dead, whether or not HSRP has come so far as to name this box the next in line.
    if view.heard.silent && view.peer_was_active {
        return Decision::TakeOver("the active box is silent on every interface and on the HA link");
    }
    if view.heard.silent && view.heard.due {
        return Decision::TakeOver("the active router is silent on every interface");
    }
    Decision::Stay
}

fn decide_active(view: &View) -> Decision {
    let own = &view.own;
    if view.heard.outranked {
        return Decision::GiveUp("another router of the group has a higher priority");
    }
    if own.health.members_up == 0 {
        return Decision::GiveUp("no interface is up");
    }
    let Some(peer) = &view.peer else {
        if view.heard.outranked_by_peer {
            return Decision::GiveUp("the peer is active with a higher priority, and the HA link is down");
        }
        // Who is alone keeps what still works.
        if view.degraded && view.heard.others {
            return Decision::GiveUp("an interface or a worker failed");
        }
        return Decision::Stay;
    };
    if matches!(peer.role, BoxRole::Active | BoxRole::TakingOver) {
        return if own.keeps_role_against(peer) {
            Decision::Insist("both boxes were active, and this one keeps the role")
        } else {
            Decision::GiveUp("both boxes were active, and the peer keeps the role")
        };
    }
    if peer.health > own.health {
        return Decision::GiveUp("an interface or a worker failed, and the peer's are well");
    }
    if own.role == BoxRole::Active && peer.wants_role && is_complete(peer) {
        return Decision::HandOver("the peer preempts");
    }
    Decision::Stay
}

fn decide_handing_over(view: &View) -> Decision {
    match &view.peer {
        Some(peer) if peer.role == BoxRole::Active => Decision::GiveUp("handed over to the peer"),
        // Its workers are not active yet: this box goes on forwarding.
        Some(peer) if peer.role == BoxRole::TakingOver => Decision::Stay,
        _ if view.own.health.members_up == 0 => Decision::GiveUp("no interface is up"),
        // The peer died while it was being handed the role.
        None => Decision::Stay,
        Some(_) if !view.own.health.workers => Decision::GiveUp("a worker failed while handing over"),
        Some(peer) if peer.health < view.own.health => {
            Decision::Keep("an interface or a worker of the peer failed while it was to take over")
        }
        Some(_) => Decision::Stay,
    }
}

fn is_complete(peer: &Candidate) -> bool {
    peer.sync == SyncState::Hot
}
