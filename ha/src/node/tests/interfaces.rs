//! Interfaces and workers that fail.

use super::world::{Setup, World};
use super::*;
use crate::node::{Command, NodeConfig, Track};
use crate::status::BoxRole;
use holdfast_engine::interface::PortId;

#[test]
fn a_link_that_goes_down_moves_the_role_within_milliseconds() {
    for (seed, port) in (0..10).flat_map(|seed| [(seed, 0), (seed, 1)]) {
        let mut world = World::settled(Setup { seed, ..Setup::PLAIN }, 100);
        world.boxes[0].links[port] = false;
        let took = world.run_until(ms(500), |w| w.is_active(1));
        assert!(took <= ms(15), "{took:?}");
        assert!(world.longest_gap <= ms(10), "{:?}", world.longest_gap);
        world.begin(100..110);
        world.run_until(ms(1_000), |w| w.is_hot(0));
        world.boxes[0].links[port] = true;
        world.run(ms(2_000));
        assert_eq!(world.roles(), [BoxRole::Standby, BoxRole::Active]);
        assert_eq!((world.changes(0).len(), world.changes(1).len()), (1, 2));
        world.assert_equal();
    }
}

/// Until the standby is one in HSRP's words, too, it takes twice the hold time.
#[test]
fn so_it_does_when_the_standby_has_only_just_started() {
    for seed in 0..20 {
        let mut world = World::settled(Setup { seed, ..Setup::PLAIN }, 100);
        world.restart(1);
        world.run_until(ms(1_000), |w| w.is_hot(1));
        world.run(ms(seed * 20));
        world.boxes[0].links[0] = false;
        let took = world.run_until(ms(500), |w| w.is_active(1));
        assert!(took <= ms(15), "seed {seed}: {took:?}");
    }
}

#[test]
fn a_box_without_links_takes_its_copy_all_the_same() {
    let mut world = World::settled(Setup::PLAIN, 50);
    world.boxes[1].links = vec![false; 2];
    world.run(ms(50));
    world.restart(1);
    world.begin(50..100);
    world.run(ms(500));
    world.begin(100..150);
    world.run(ms(100));
    assert_eq!(world.boxes[1].role(), BoxRole::Init);
    assert_eq!(world.boxes[1].node.sync.state, crate::status::SyncState::Hot);
    world.assert_equal();
}

#[test]
fn a_link_that_is_down_on_both_moves_the_role_once_at_most() {
    for seed in 0..20 {
        let mut world = World::settled(Setup { seed, ..Setup::PLAIN }, 100);
        let first = seed as usize % 2;
        world.boxes[first].links[1] = false;
        world.run(ms(seed % 7));
        world.boxes[1 - first].links[1] = false;
        world.run(ms(5_000));
        assert!(world.is_active(0) != world.is_active(1));
        assert!(world.changes(0).len() <= 2 && world.changes(1).len() <= 2);
        world.forget();
        // One comes back, then the other.
        world.boxes[first].links[1] = true;
        world.run(ms(2_000));
        assert!(world.is_active(first), "more of it works there");
        world.boxes[1 - first].links[1] = true;
        world.run(ms(2_000));
        assert!(world.is_active(first));
        world.assert_equal();
    }
}

#[test]
fn all_links_of_both_down_and_up_again_leaves_one_active() {
    for seed in 0..10 {
        let mut world = World::settled(Setup { seed, ..Setup::PLAIN }, 100);
        world.boxes.iter_mut().for_each(|b| b.links = vec![false; 2]);
        world.run(ms(50));
        assert_eq!(world.roles(), [BoxRole::Init, BoxRole::Init]);
        world.run(ms(1_000));
        world.boxes.iter_mut().for_each(|b| b.links = vec![true; 2]);
        world.run_until(HOLD * 2 + HELLO + ms(50), |w| w.is_active(0) || w.is_active(1));
        world.run(ms(1_000));
        assert!(world.is_active(0) != world.is_active(1));
        assert_eq!(world.boxes[0].workers.live().len(), 100);
        world.assert_equal();
    }
}

/// Nobody is there to take over, and what the other interfaces forward is worth keeping.
#[test]
fn a_box_alone_keeps_the_role_when_one_of_its_links_fails() {
    let mut world = World::settled(Setup { segments: 3, ..Setup::PLAIN }, 100);
    world.kill(1);
    world.run(ms(1_000));
    world.boxes[0].links[2] = false;
    world.run(ms(1_000));
    world.boxes[0].links[2] = true;
    world.run(ms(1_000));
    world.assert_no_change();
    world.boxes[0].links = vec![false; 3];
    world.run(ms(100));
    assert_eq!(world.boxes[0].role(), BoxRole::Init, "nothing left to be active on");
}

/// Without the HA link HSRP's standby router is somebody to give the role to.
#[test]
fn without_the_ha_link_a_failed_link_moves_the_role_all_the_same() {
    let mut world = World::settled(Setup::PLAIN, 100);
    world.cut_ha(true);
    world.run(ms(1_000));
    world.boxes[0].links[0] = false;
    world.run_until(HOLD + ms(50), |w| w.is_active(1));
    world.run(ms(1_000));
    assert_eq!(world.roles(), [BoxRole::Standby, BoxRole::Active]);

    // So it does when there never was one, and who gave the role up would be the first to miss an active router.
    let mut world = World::with(Setup::PLAIN, |_, config| {
        config.link = None;
        config.members[0].group.as_mut().unwrap().hold = HOLD * 3;
    });
    world.run_until(ms(4_000), |w| w.is_active(0));
    world.run(ms(3_000));
    world.boxes[0].links[0] = false;
    world.run_until(HOLD * 3 + ms(50), |w| w.is_active(1));
    world.run(ms(1_000));
    if world.roles() != [BoxRole::Standby, BoxRole::Active] {
        world.fail("roles");
    }
}

/// A Resign that was heard long ago says nothing of who is active now.
#[test]
fn a_link_that_comes_up_is_listened_to_before_anything_is_taken_over() {
    let slow = |_: usize, config: &mut NodeConfig| {
        let group = config.members[0].group.as_mut().unwrap();
        (group.hello, group.hold) = (ms(1_000), ms(3_000));
    };
    let mut world = World::with(Setup { segments: 1, ..Setup::PLAIN }, slow);
    world.run_until(ms(7_000), |w| w.is_active(0));
    world.run_until(ms(1_000), |w| w.is_hot(1));
    world.run(ms(100));
    world.command(0, Command::ForceSwitchover).unwrap();
    world.run_until(ms(500), |w| w.is_active(1));
    world.boxes[1].links[0] = false;
    world.run_until(ms(500), |w| w.is_active(0));
    world.run(ms(100));
    world.cut_ha(true);
    world.run(ms(200));
    world.forget();
    world.boxes[1].links[0] = true;
    world.run(ms(5_000));
    assert_eq!(world.changes(0), []);
    assert_eq!(world.roles(), [BoxRole::Active, BoxRole::Standby]);
    assert_eq!(world.changes(1).len(), 1);
}

/// The box that gave the role away takes it back in the ordinary time when its peer dies right afterwards.
#[test]
fn who_gave_the_role_to_a_living_peer_takes_it_back_when_that_dies() {
    let mut world = World::settled(Setup::PLAIN, 50);
    world.boxes[0].links[0] = false;
    world.run_until(ms(50), |w| w.is_active(1));
    world.run(ms(20));
    world.kill(1);
    world.run_until(HOLD + ms(50), |w| w.is_active(0));
}

#[test]
fn a_stalled_worker_gives_the_role_away_after_half_the_hold_time() {
    for seed in 0..20 {
        let mut world = World::settled(Setup { seed, ..Setup::PLAIN }, 100);
        world.boxes[0].workers.stall(1, true);
        let took = world.run_until(ms(1_000), |w| w.is_active(1));
        assert!(took >= HOLD / 2 && took <= HOLD / 2 + ms(20), "{took:?}");
        world.run(ms(1_000));
        world.boxes[0].workers.stall(1, false);
        world.run_until(ms(3_000), |w| w.is_hot(0));
        world.run(ms(500));
        assert_eq!(world.roles(), [BoxRole::Standby, BoxRole::Active]);
        assert_eq!((world.changes(0).len(), world.changes(1).len()), (1, 2));
        world.assert_equal();
    }
}

#[test]
fn a_stalled_worker_of_the_standby_keeps_it_from_taking_over() {
    let mut world = World::settled(Setup::PLAIN, 100);
    world.boxes[1].workers.stall(0, true);
    world.run(HOLD);
    world.boxes[0].links[0] = false;
    world.run(ms(1_000));
    world.assert_no_change();
    world.boxes[1].workers.stall(0, false);
    world.run_until(ms(500), |w| w.is_active(1));
}

#[test]
fn an_interface_that_comes_up_waits_for_its_delay() {
    let delayed = |_: usize, config: &mut NodeConfig| {
        config.members.iter_mut().for_each(|m| m.interface_delay = ms(500));
    };
    let mut world = World::with(Setup::PLAIN, delayed);
    world.run(ms(490));
    assert_eq!(world.roles(), [BoxRole::Init, BoxRole::Init]);
    assert!(world.sent.is_empty());
    let took = world.run_until(ms(2_000), |w| w.is_active(0));
    assert!(took <= HOLD * 2 + HELLO + ms(30), "{took:?}");
    world.run_until(ms(1_000), |w| w.is_hot(1));
    world.forget();
    world.boxes[0].links[0] = false;
    world.run_until(ms(20), |w| w.is_active(1));
    world.boxes[0].links[0] = true;
    world.run(ms(480));
    assert_eq!(world.boxes[0].node.members.up(), 1);
    world.run(ms(40));
    assert_eq!(world.boxes[0].node.members.up(), 2);
}

#[test]
fn tracking_lowers_the_priority_while_a_link_is_down() {
    let tracks = |_: usize, config: &mut NodeConfig| {
        config.members[0].track = vec![Track { port: PortId(1), decrement: 20 }];
    };
    let mut world = World::settled_with(Setup::PLAIN, 10, tracks);
    world.boxes[1].links[1] = false;
    world.run(ms(200));
    let priority = |w: &World, index: usize| w.boxes[index].node.members.priority();
    assert_eq!((priority(&world, 0), priority(&world, 1)), (110, 80));
    let hello = world.sent.iter().rev().find(|s| s.from == 1 && s.segment == 0).unwrap();
    assert_eq!(hello.frame.packet().unwrap().priority, 80);
    world.boxes[1].links[1] = true;
    world.run(ms(200));
    assert_eq!(priority(&world, 1), 100);
    world.assert_no_change();
}
