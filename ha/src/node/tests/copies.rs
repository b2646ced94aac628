//! Complete copies.

use super::world::{Setup, World};
use super::*;
use crate::node::{Command, NodeEvent};
use crate::status::SyncState;

fn copies(world: &World, index: usize) -> Vec<u64> {
    let ended = world.boxes[index].events.iter().filter_map(|(_, event)| match event {
        NodeEvent::CopyEnded { sessions, .. } => Some(*sessions),
        _ => None,
    });
    ended.collect()
}

#[test]
fn clear_on_either_side_makes_a_new_copy() {
    for index in 0..2 {
        let mut world = World::settled(Setup::PLAIN, 200);
        for _ in 0..2 {
            world.forget();
            world.command(index, Command::ClearHa).unwrap();
            world.run_until(ms(500), |w| w.boxes[1].node.sync.state == SyncState::Bulk);
            world.run_until(ms(500), |w| w.is_hot(1));
            world.run(ms(100));
            assert_eq!((copies(&world, 0), copies(&world, 1)), (vec![200], vec![200]));
            world.assert_no_change();
            world.assert_equal();
        }
        // And what follows it arrives.
        world.begin(200..300);
        world.run(ms(100));
        world.assert_equal();
    }
}

#[test]
fn clear_right_after_clear_and_on_both_sides_ends_with_a_copy() {
    for seed in 0..10 {
        let mut world = World::settled(Setup { seed, ..Setup::PLAIN }, 200);
        for round in 0..20 {
            world.command(round % 2, Command::ClearHa).unwrap();
            world.run(Duration::from_micros(seed * 400));
        }
        world.run_until(ms(2_500), |w| w.is_hot(1));
        world.begin(200..300);
        world.run(ms(300));
        world.assert_equal();
    }
}

#[test]
fn a_copy_without_progress_is_begun_again_after_two_seconds() {
    let mut world = World::settled(Setup { room: 256, slots: 1_000, ..Setup::PLAIN }, 800);
    world.forget();
    world.restart(1);
    world.run_until(ms(500), |w| w.boxes[1].node.sync.state == SyncState::Bulk);
    // The workers take nothing, but count as polling: their rings are full.
    world.boxes[1].workers.budget = 0;
    world.run(ms(1_900));
    let asked = world.boxes[1].node.wanted_epoch();
    world.run(ms(2_500));
    assert_ne!(world.boxes[1].node.wanted_epoch(), asked);
    world.boxes[1].workers.budget = 64;
    world.run_until(ms(4_500), |w| w.is_hot(1));
    world.run(ms(300));
    world.assert_no_change_of(0);
    world.assert_equal();
}

#[test]
fn a_copy_goes_on_after_a_break_of_the_link() {
    for seed in 0..20 {
        let mut world = World::settled(Setup { seed, slots: 2_000, ..Setup::PLAIN }, 1_500);
        world.restart(1);
        world.run_until(ms(500), |w| w.boxes[1].node.sync.state == SyncState::Bulk);
        world.run(Duration::from_micros(500 * (seed % 5)));
        world.cut_ha(true);
        world.run(ms(50 + 20 * seed));
        world.cut_ha(false);
        world.run_until(ms(3_000), |w| w.is_hot(1));
        world.run(ms(300));
        assert_eq!(world.boxes[1].workers.live().len(), 1_500);
        world.assert_equal();
    }
}

#[test]
fn a_copy_is_complete_however_bad_the_link_and_small_the_rings() {
    for seed in 0..6 {
        let setup = Setup { seed, badness: AWFUL, room: 260, slots: 1_000, ..Setup::PLAIN };
        let mut world = World::settled(setup, 800);
        world.traffic = 800;
        world.restart(1);
        world.boxes[1].workers.budget = 5;
        world.run_until(ms(4_000), |w| w.is_hot(1));
        world.traffic = 0;
        world.run(ms(1_500));
        world.assert_equal();
    }
}

#[test]
fn sessions_that_the_active_lacks_go_when_the_copy_ends() {
    let mut world = World::settled(Setup::PLAIN, 100);
    // Split: each begins sessions that the other never hears of.
    world.cut_ha(true);
    world.cut_all_lans(true);
    world.run_until(ms(1_000), |w| w.is_active(1));
    for (index, flows) in [(0, 100..150), (1, 150..220)] {
        flows
            .for_each(|flow| assert!(world.boxes[index].workers.begin(crate::replication::tests::key(flow))));
    }
    world.cut_ha(false);
    world.cut_all_lans(false);
    world.run_until(ms(2_000), |w| w.is_hot(0));
    world.run(ms(100));
    assert_eq!(world.boxes[0].workers.live().len(), 170);
    world.assert_equal();
}

/// What a stalled worker has in its ring from when it was a standby's is in no table yet.
#[test]
fn no_copy_is_given_before_every_worker_is_active() {
    let mut world = World::settled(Setup::PLAIN, 100);
    world.boxes[1].workers.stall(1, true);
    world.begin(100..150);
    world.run(ms(20));
    world.kill(0);
    // It polls again, so that the box may take over, but takes nothing out of its ring.
    world.boxes[1].workers.budget = 0;
    world.boxes[1].workers.stall(1, false);
    world.run_until(HOLD + ms(150), |w| w.boxes[1].role() == crate::status::BoxRole::Active);
    world.restart(0);
    world.run(ms(60));
    world.boxes[1].workers.budget = 64;
    world.run_until(ms(3_000), |w| w.is_hot(0));
    world.run(ms(300));
    assert_eq!(world.boxes[1].workers.live().len(), 150);
    world.assert_equal();
}
