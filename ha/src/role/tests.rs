use super::*;

fn candidate(role: BoxRole, address: u32) -> Candidate {
    Candidate {
        role,
        term: 1,
        sync: SyncState::Hot,
        health: Health { workers: true, members_up: 2 },
        priority: 100,
        address,
        wants_role: false,
        handover: Handover::None,
        sessions: 5,
    }
}

fn view(own: BoxRole, peer: Option<BoxRole>) -> View {
    View {
        own: candidate(own, 1),
        peer: peer.map(|role| candidate(role, 2)),
        peer_was_active: false,
        peer_left: false,
        vacant_too_long: false,
        heard: Heard::default(),
        may_preempt: false,
        gave_up: false,
        degraded: false,
    }
}

fn takes_over(decision: Decision) -> bool {
    matches!(decision, Decision::TakeOver(_))
}

fn gives_up(decision: Decision) -> bool {
    matches!(decision, Decision::GiveUp(_))
}

/// Every combination of the yes-or-no inputs.
fn all_views() -> impl Iterator<Item = View> {
    let bools = (0u32..1 << 14).map(|bits| move |bit: u32| bits >> bit & 1 == 1);
    bools.flat_map(|bit| {
        BoxRole::ALL.into_iter().flat_map(move |own| {
            BoxRole::ALL.into_iter().map(Some).chain([None]).map(move |peer| {
                let mut view = view(own, peer);
                view.peer_left = bit(0);
                view.vacant_too_long = bit(1);
                view.heard = Heard {
                    silent: bit(2),
                    due: bit(3),
                    preempts: bit(4),
                    outranked: bit(5),
                    outranked_by_peer: bit(6),
                    foreign: bit(11),
                    others: bit(12),
                };
                view.may_preempt = bit(7);
                view.degraded = bit(8);
                view.peer_was_active = bit(13);
                if bit(9) {
                    view.own.health.members_up = 1;
                }
                if bit(10) {
                    view.own.sync = SyncState::Cold;
                }
                view
            })
        })
    })
}

#[test]
fn nobody_takes_the_role_from_a_living_peer_that_keeps_it() {
    for view in all_views().filter(|v| !v.own.holds_role()) {
        if view.peer.is_some_and(|peer| peer.holds_role() && peer.handover == Handover::None) {
            assert_eq!(decide(&view), Decision::Stay, "{view:?}");
        }
    }
}

#[test]
fn without_a_heartbeat_only_silence_everywhere_or_preemption_takes_over() {
    for view in all_views().filter(|v| v.peer.is_none() && takes_over(decide(v))) {
        let heard = view.heard;
        let preempts = heard.preempts && view.may_preempt;
        assert!(heard.silent && (heard.due || view.peer_was_active) || preempts, "{view:?}");
    }
}

#[test]
fn a_box_without_ports_or_workers_never_becomes_active() {
    for mut view in all_views().filter(|v| !v.own.holds_role()) {
        view.own.health.workers = false;
        assert_eq!(decide(&view), Decision::Stay);
        view.own.health = Health { workers: true, members_up: 0 };
        assert_eq!(decide(&view), Decision::Stay);
    }
}

#[test]
fn a_box_without_interfaces_does_not_stay_active() {
    for mut view in all_views().filter(|v| v.own.holds_role()) {
        view.own.health.members_up = 0;
        let taking = view.peer.is_some_and(|peer| peer.role == BoxRole::TakingOver);
        if view.own.role == BoxRole::HandingOver && taking {
            continue;
        }
        assert!(gives_up(decide(&view)), "{view:?}");
    }
}

/// The two boxes decide with each other's view: never both to stay, never both to leave.
#[test]
fn of_two_active_boxes_exactly_one_stays() {
    for (term, sessions, priority) in [0u64, 1]
        .into_iter()
        .flat_map(|t| [0u64, 9].into_iter().flat_map(move |s| [90u8, 110].map(|p| (t, s, p))))
    {
        let mut one = view(BoxRole::Active, Some(BoxRole::Active));
        (one.own.term, one.own.sessions, one.own.priority) = (term, sessions, priority);
        let Some(peer) = one.peer else { panic!("has a peer") };
        let other = View { own: peer, peer: Some(one.own), ..one };
        assert_ne!(gives_up(decide(&one)), gives_up(decide(&other)), "{one:?}");
    }
}

/// Each knows the other's sessions as they were a moment ago.
#[test]
fn of_two_active_boxes_with_about_as_many_sessions_exactly_one_stays() {
    for (ours, theirs) in [(101, 100), (100, 101), (90, 110), (110, 90)] {
        let mut one = view(BoxRole::Active, Some(BoxRole::Active));
        let mut other = view(BoxRole::Active, Some(BoxRole::Active));
        (other.own.address, one.own.sessions, other.own.sessions) = (2, ours, ours);
        one.peer = Some(Candidate { sessions: theirs, ..other.own });
        other.peer = Some(Candidate { sessions: theirs, ..one.own });
        assert_ne!(gives_up(decide(&one)), gives_up(decide(&other)), "{ours} and {theirs}");
    }
}

#[test]
fn of_two_idle_boxes_exactly_one_begins_and_the_other_does_if_that_one_does_not() {
    let mut one = view(BoxRole::Standby, Some(BoxRole::Standby));
    one.heard = Heard { silent: true, due: true, ..Heard::default() };
    let Some(peer) = one.peer else { panic!("has a peer") };
    let other = View { own: peer, peer: Some(one.own), ..one };
    assert!(takes_over(decide(&other)) && !takes_over(decide(&one)), "the higher address begins");
    one.vacant_too_long = true;
    assert!(takes_over(decide(&one)));
    // Health goes before everything, sessions before priority.
    one.vacant_too_long = false;
    one.own.priority = 200;
    one.own.sync = SyncState::Cold;
    assert_eq!(decide(&one), Decision::Stay);
    one.peer = Some(Candidate { health: Health { workers: true, members_up: 1 }, ..peer });
    assert!(takes_over(decide(&one)));
}

#[test]
fn a_failed_interface_gives_the_role_away_to_whoever_is_better() {
    let mut view = view(BoxRole::Active, Some(BoxRole::Standby));
    view.degraded = true;
    view.own.health.members_up = 1;
    assert!(gives_up(decide(&view)));
    // The same interface failed on both: moving would help nobody.
    let Some(peer) = &mut view.peer else { panic!("has a peer") };
    peer.health.members_up = 1;
    assert_eq!(decide(&view), Decision::Stay);
    // Without the HA link nobody knows; somebody is there to take over, or nobody.
    view.peer = None;
    assert_eq!(decide(&view), Decision::Stay);
    view.heard.others = true;
    assert!(gives_up(decide(&view)));
}

#[test]
fn the_peer_is_handed_the_role_when_it_preempts_and_is_complete() {
    let mut view = view(BoxRole::Active, Some(BoxRole::Standby));
    let Some(peer) = &mut view.peer else { panic!("has a peer") };
    peer.wants_role = true;
    assert!(matches!(decide(&view), Decision::HandOver(_)));
    view.peer = view.peer.map(|peer| Candidate { sync: SyncState::Bulk, ..peer });
    assert_eq!(decide(&view), Decision::Stay);
}

#[test]
fn a_hand_over_ends_when_the_peer_has_the_role_and_not_before() {
    let mut view = view(BoxRole::HandingOver, Some(BoxRole::Standby));
    assert_eq!(decide(&view), Decision::Stay);
    view.peer = Some(candidate(BoxRole::TakingOver, 2));
    assert_eq!(decide(&view), Decision::Stay, "its workers are not active yet");
    view.peer = Some(candidate(BoxRole::Active, 2));
    assert!(gives_up(decide(&view)));
    view.own = candidate(BoxRole::Standby, 1);
    view.peer = Some(Candidate { handover: Handover::Go, ..candidate(BoxRole::HandingOver, 2) });
    assert!(takes_over(decide(&view)));
    view.own.health.members_up = 1;
    assert_eq!(decide(&view), Decision::Stay, "it would have to give it back");
}

#[test]
fn a_hand_over_to_a_peer_that_fails_is_called_off() {
    let mut view = view(BoxRole::HandingOver, Some(BoxRole::Standby));
    let Some(peer) = &mut view.peer else { panic!("has a peer") };
    peer.health.members_up = 1;
    assert!(matches!(decide(&view), Decision::Keep(_)));
    view.own.health.members_up = 1;
    assert_eq!(decide(&view), Decision::Stay);
}

#[test]
fn the_peers_leaving_is_enough_when_this_box_is_as_healthy() {
    let mut view = view(BoxRole::Standby, Some(BoxRole::Standby));
    view.peer_left = true;
    view.heard.due = true;
    assert!(takes_over(decide(&view)));
    view.own.health.members_up = 1;
    assert_eq!(decide(&view), Decision::Stay);
}
