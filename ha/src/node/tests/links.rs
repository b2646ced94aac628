//! Cables between the boxes that are cut, all ways, and heal.

use super::world::{Setup, World};
use super::*;
use crate::hsrp::tests::lan::Frame;
use crate::node::NodeEvent;
use crate::status::{BoxRole, SyncState};

fn copies(world: &World, index: usize) -> usize {
    world.boxes[index].events.iter().filter(|(_, e)| matches!(e, NodeEvent::CopyEnded { .. })).count()
}

#[test]
fn the_ha_link_alone_changes_no_role_and_what_changed_meanwhile_arrives_without_a_copy() {
    for seed in 0..5 {
        let mut world = World::settled(Setup { seed, ..Setup::PLAIN }, 200);
        world.traffic = 200;
        world.cut_ha(true);
        world.run(ms(10_000));
        world.assert_no_change();
        assert_eq!(world.boxes[1].node.sync.state, SyncState::Cold);
        world.cut_ha(false);
        world.run_until(ms(300), |w| w.is_hot(1));
        world.traffic = 0;
        world.run(ms(500));
        world.assert_equal();
        world.assert_no_change();
        if (copies(&world, 0), copies(&world, 1)) != (0, 0) {
            world.fail("a copy");
        }
    }
}

#[test]
fn hot_after_a_break_means_that_everything_is_here() {
    for (seed, both, cut) in (0..60).map(|seed| (seed, seed % 3, ms(80 + 10 * (seed % 20)))) {
        let mut world = World::settled(Setup { seed, ..Setup::PLAIN }, 200);
        // One direction or both.
        (0..2).filter(|from| both == 2 || both == *from as u64).for_each(|from| world.ha[from].is_cut = true);
        world.traffic = 900;
        world.run(cut);
        world.traffic = 0;
        world.boxes[0].workers.refresh();
        (0..2).for_each(|from| world.ha[from].is_cut = false);
        if world.boxes[1].node.sync.state == SyncState::Hot {
            continue;
        }
        world.run_until(ms(2_000), |w| w.is_hot(1));
        assert_eq!(world.boxes[0].node.sender.pending_records(), 0, "seed {seed}, cut {both} for {cut:?}");
        // In the workers' rings, at least.
        world.step();
        let [there, here] = [0, 1].map(|index| world.boxes[index].workers.live());
        let lacks = there.keys().filter(|words| !here.contains_key(*words)).count();
        if lacks > 0 {
            world.fail(&format!("lacks {lacks}, cut {both} for {cut:?}"));
        }
        world.assert_no_change();
    }
}

#[test]
fn a_split_ends_with_the_later_active_which_tells_the_hosts_again() {
    for seed in 0..20 {
        let mut world = World::settled(Setup { seed, ..Setup::PLAIN }, 100);
        world.cut_ha(true);
        world.cut_all_lans(true);
        world.run_until(HOLD + ms(60), |w| w.is_active(1));
        world.run(ms(500 + 40 * seed));
        assert!(world.is_active(0) && world.is_active(1), "nobody knows of the other");
        world.cut_ha(false);
        world.cut_all_lans(false);
        let healed = world.now;
        world.run_until(ms(1_300), |w| w.boxes[0].role() == BoxRole::Standby);
        assert!(world.is_active(1), "its term is higher");
        world.run(ms(1_000));
        let arps = |from: usize| {
            world
                .sent
                .iter()
                .filter(move |s| s.at >= healed && s.from == from && matches!(s.frame, Frame::Arp { .. }))
        };
        assert!(arps(1).any(|s| s.segment == 0) && arps(1).any(|s| s.segment == 1));
        world.run_until(ms(1_000), |w| w.is_hot(0));
        world.run(ms(300));
        assert_eq!(world.roles(), [BoxRole::Standby, BoxRole::Active]);
        world.assert_equal();
    }
}

/// Only the interfaces heal: HSRP has to settle it, by priority.
#[test]
fn a_split_that_heals_without_the_ha_link_is_settled_by_hsrp() {
    for seed in 0..10 {
        let mut world = World::settled(Setup { seed, ..Setup::PLAIN }, 100);
        world.cut_ha(true);
        world.cut_all_lans(true);
        world.run_until(HOLD + ms(60), |w| w.is_active(1));
        world.run(ms(500));
        world.cut_all_lans(false);
        world.run_until(ms(500) + HELLO * 2 + ms(50), |w| w.boxes[1].role() == BoxRole::Standby);
        world.run(ms(2_000));
        assert_eq!(world.roles(), [BoxRole::Active, BoxRole::Standby]);
        world.cut_ha(false);
        world.run_until(ms(2_000), |w| w.is_hot(1));
        world.run(ms(300));
        world.assert_equal();
        assert!(world.is_active(0));
    }
}

/// Both became active by themselves: the terms are equal, and both have sessions that come and go.
#[test]
fn two_that_never_met_settle_it_once() {
    for seed in 0..40 {
        let mut world = World::new(Setup { seed, ..Setup::PLAIN });
        world.cut_ha(true);
        world.cut_all_lans(true);
        world.run_until(ms(2_000), |w| w.is_active(0) && w.is_active(1));
        for b in &mut world.boxes {
            (0..100).for_each(|flow| assert!(b.workers.begin(crate::replication::tests::key(flow))));
        }
        world.forget();
        world.cut_ha(false);
        world.cut_all_lans(false);
        let end = world.now + ms(800);
        while world.now < end {
            for b in &mut world.boxes {
                let flow = crate::replication::tests::key(100 + world.rng.below(4) as u32);
                if !b.workers.begin(flow) {
                    b.workers.end(&flow);
                }
            }
            world.step();
        }
        world.run_until(ms(1_500), |w| w.is_hot(0) || w.is_hot(1));
        world.run(ms(3_000));
        world.traffic = 0;
        world.run(ms(500));
        assert!(world.is_active(0) != world.is_active(1));
        assert_eq!(world.changes(0).len() + world.changes(1).len(), 1);
        world.assert_equal();
    }
}

#[test]
fn hellos_lost_on_one_interface_or_one_way_raise_an_alarm_and_move_nothing() {
    for segments in [&[0][..], &[1], &[0, 1]] {
        let mut world = World::settled(Setup::PLAIN, 50);
        segments.iter().for_each(|&segment| world.cut_lan(0, segment, true));
        world.run(ms(5_000));
        world.assert_no_change();
        for segment in 0..2 {
            let text = format!("interface lan{segment}: no hello from the active box, though it is alive");
            assert_eq!(world.boxes[1].node.alarms.active.contains(&text), segments.contains(&segment));
        }
        segments.iter().for_each(|&segment| world.cut_lan(0, segment, false));
        world.run(ms(1_000));
        world.assert_no_change();
        assert_eq!(world.boxes[1].node.alarms.active, Vec::<String>::new());
        world.kill(0);
        world.run_until(HOLD + ms(50), |w| w.is_active(1));
    }
}

#[test]
fn hellos_of_the_standby_lost_move_nothing() {
    let mut world = World::settled(Setup::PLAIN, 50);
    (0..2).for_each(|segment| world.cut_lan(1, segment, true));
    world.run(ms(3_000));
    (0..2).for_each(|segment| world.cut_lan(1, segment, false));
    world.run(ms(3_000));
    world.assert_no_change();
}

#[test]
fn a_bad_ha_link_moves_nothing_and_loses_nothing() {
    for seed in 0..5 {
        let badness = AWFUL;
        let mut world = World::settled(Setup { seed, badness, ..Setup::PLAIN }, 100);
        world.traffic = 900;
        world.run(ms(5_000));
        world.traffic = 0;
        world.run(ms(1_500));
        world.assert_no_change();
        world.assert_equal();
    }
}

#[test]
fn nobody_works_while_there_is_nobody_to_work_for() {
    let mut world = World::settled(Setup::PLAIN, 200);
    world.kill(1);
    world.traffic = 300;
    // The oracle looks whether the node lets its thread sleep.
    world.run(ms(3_000));
    world.restart(1);
    world.run_until(ms(2_000), |w| w.is_hot(1));
    world.traffic = 0;
    world.run(ms(500));
    world.assert_equal();
}
