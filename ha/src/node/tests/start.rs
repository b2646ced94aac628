//! Boxes that start, and start again.

use super::world::{Setup, World};
use super::*;
use crate::node::NodeConfig;
use crate::status::{BoxRole, SyncState};

#[test]
fn of_two_that_start_together_the_higher_priority_becomes_active() {
    for seed in 0..20 {
        let mut world = World::new(Setup { seed, ..Setup::PLAIN });
        let took = world.run_until(ms(2_000), |w| w.is_active(0));
        assert!(took <= HOLD * 2 + HELLO, "{took:?}");
        world.run_until(ms(500), |w| w.is_hot(1));
        world.forget();
        world.run(ms(2_000));
        world.assert_no_change();
        assert_eq!(world.roles(), [BoxRole::Active, BoxRole::Standby]);
    }
}

#[test]
fn a_box_alone_becomes_active_and_one_that_comes_later_does_not_take_over() {
    for late in 0..2 {
        let mut world = World::new(Setup::PLAIN);
        world.kill(late);
        let took = world.run_until(ms(2_000), |w| w.is_active(1 - late));
        assert!(took <= HOLD * 2 + HELLO, "{took:?}");
        world.begin(0..100);
        world.forget();
        world.restart(late);
        world.run_until(ms(500), |w| w.is_hot(late));
        world.run(ms(2_000));
        assert_eq!(world.changes(1 - late), []);
        assert_eq!(world.changes(late).len(), 1, "from Init to Standby");
        world.assert_equal();
    }
}

#[test]
fn a_killed_active_is_replaced_within_the_hold_time_and_its_sessions_are_there() {
    for seed in 0..20 {
        let mut world = World::settled(Setup { seed, ..Setup::PLAIN }, 200);
        let before = world.boxes[0].workers.live();
        world.kill(0);
        let last_hello = world.sent.iter().rev().find(|s| s.from == 0).map_or(world.now, |s| s.at);
        world.run_until(ms(1_000), |w| w.is_active(1));
        let took = world.now.since(last_hello);
        assert!(took <= HOLD + ms(50), "{took:?}");
        assert_eq!(world.boxes[1].workers.live(), before);
        assert_eq!(world.boxes[1].node.roles.term, 2);
    }
}

#[test]
fn a_takeover_tells_the_hosts_before_it_says_hello() {
    let mut world = World::settled(Setup::PLAIN, 10);
    world.kill(0);
    world.run_until(ms(1_000), |w| w.is_active(1));
    world.run(ms(10));
    let since = world.entered(1, BoxRole::Active).unwrap();
    for segment in 0..2 {
        let frames: Vec<_> =
            world.sent.iter().filter(|s| s.from == 1 && s.segment == segment && s.at >= since).collect();
        let arp = |frame: &crate::hsrp::tests::lan::Frame| {
            matches!(frame, crate::hsrp::tests::lan::Frame::Arp { .. })
        };
        assert!(arp(&frames[0].frame) && arp(&frames[1].frame), "{frames:?}");
        assert!(!arp(&frames[2].frame));
    }
    world.begin(10..20);
}

#[test]
fn a_box_that_comes_back_is_cold_then_takes_a_copy_then_is_hot_and_does_not_preempt() {
    let mut world = World::settled(Setup::PLAIN, 300);
    world.kill(0);
    world.run_until(ms(1_000), |w| w.is_active(1));
    world.run(ms(1_000));
    world.forget();
    world.restart(0);
    assert_eq!(world.boxes[0].node.sync.state, SyncState::Cold);
    world.run_until(ms(500), |w| w.boxes[0].node.sync.state == SyncState::Bulk);
    world.run_until(ms(500), |w| w.is_hot(0));
    world.run(ms(3_000));
    assert_eq!(world.roles(), [BoxRole::Standby, BoxRole::Active]);
    assert_eq!(world.changes(1), []);
    world.assert_equal();
}

#[test]
fn an_active_that_starts_anew_within_the_hold_time_is_replaced_at_once() {
    // Whichever of the two begins the handshakes of the HA link.
    for (seed, first) in (0..20).map(|seed| (seed, seed as usize % 2)) {
        let prefer = |index: usize, config: &mut NodeConfig| {
            if index == first {
                config.members.iter_mut().for_each(|m| m.group.as_mut().unwrap().priority = 120);
            }
        };
        let mut world = World::with(Setup { seed, ..Setup::PLAIN }, prefer);
        world.run_until(ms(2_000), |w| w.is_active(first));
        world.begin(0..100);
        world.run_until(ms(1_000), |w| w.is_hot(1 - first));
        world.run(ms(700));
        world.restart(first);
        let took = world.run_until(ms(1_000), |w| w.is_active(1 - first));
        assert!(took <= ms(150), "{took:?}");
        assert_eq!(world.boxes[1 - first].workers.live().len(), 100);
        world.run_until(ms(1_000), |w| w.is_hot(first));
        world.run(ms(1_000));
        assert!(world.is_active(1 - first));
        world.assert_equal();
    }
}

#[test]
fn a_standby_that_starts_anew_takes_a_new_copy() {
    let mut world = World::settled(Setup::PLAIN, 100);
    world.restart(1);
    world.begin(100..150);
    world.run_until(ms(1_000), |w| w.is_hot(1));
    world.run(ms(500));
    assert_eq!(world.changes(0), []);
    world.assert_equal();
}

#[test]
fn a_box_without_interfaces_does_not_become_active_and_the_other_does() {
    let mut world = World::new(Setup::PLAIN);
    world.boxes[0].links = vec![false; 2];
    world.run_until(ms(2_000), |w| w.is_active(1));
    world.boxes[0].links = vec![true; 2];
    world.forget();
    world.run(ms(2_000));
    assert_eq!(world.changes(1), []);
}

#[test]
fn numbers_of_workers_have_nothing_to_do_with_each_other() {
    for workers in [[3, 1], [1, 3], [1, 1]] {
        let mut world = World::settled(Setup { workers, ..Setup::PLAIN }, 200);
        world.traffic = 500;
        world.run(ms(1_000));
        world.traffic = 0;
        world.run(ms(500));
        world.assert_equal();
        world.kill(0);
        world.run_until(ms(1_000), |w| w.is_active(1));
        world.restart(0);
        world.run_until(ms(1_000), |w| w.is_hot(0));
        world.run(ms(300));
        world.assert_equal();
    }
}
