//! After quiet both boxes hold the same, whatever the link did.

use core::time::Duration;

use proptest::prelude::*;

use super::key;
use super::link::{Badness, SPACING};
use super::world::{Setup, World};
use crate::replication::SPAN_DATAGRAMS_MAX;
use crate::replication::codec::RECORDS_MAX;

const LONG: Duration = Duration::from_secs(120);

/// A copy amid traffic, then traffic alone, then quiet.
fn run(setup: Setup, steps: u64, events_per_thousand_steps: u64) -> World {
    let mut world = World::new(setup);
    world.live_traffic(3 * setup.flows);
    world.copy(7);
    for _ in 0..steps {
        if world.rng.permille(events_per_thousand_steps) {
            let events = 1 + world.rng.below(20);
            world.live_traffic(events);
        }
        world.step();
    }
    world.settle(LONG);
    world.assert_equal();
    world
}

fn badness() -> impl Strategy<Value = Badness> {
    prop_oneof![Just(Badness::NONE), Just(Badness::PROMISED), Just(Badness::AWFUL)]
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 60, ..ProptestConfig::default() })]
    #[test]
    fn tables_become_equal(
        seed: u64,
        workers in prop_oneof![Just((1, 1)), Just((1, 3)), Just((3, 1)), Just((2, 3))],
        link in badness(),
        work in prop_oneof![Just(1024usize), Just(1), Just(3)],
        payload in 300usize..1500,
        events in prop_oneof![Just(20u64), Just(300)],
    ) {
        let setup = Setup { seed, workers, link, work, payload, room: 256, ..Setup::PLAIN };
        run(setup, 3000, events);
    }

    #[test]
    fn a_new_copy_in_the_middle_changes_nothing(seed: u64, link in badness(), workers in (1u8..4, 1u8..4)) {
        let mut world = World::new(Setup { seed, workers, link, ..Setup::PLAIN });
        for epoch in 1..6 {
            world.copy(epoch);
            let steps = world.rng.below(800);
            for _ in 0..steps {
                if world.rng.permille(200) {
                    world.live_traffic(8);
                }
                world.step();
            }
        }
        world.settle(LONG);
        world.assert_equal();
    }
}

#[test]
fn the_promised_loss_is_borne_for_many_datagrams() {
    for (seed, workers) in [(1, (1, 3)), (2, (3, 1)), (3, (2, 2))] {
        let setup =
            Setup { seed, workers, link: Badness::PROMISED, slots: 2000, flows: 3000, ..Setup::PLAIN };
        let world = run(setup, 60_000, 500);
        let counters = world.sender.counters();
        assert!(counters.datagrams_sent > 5_000 && counters.datagrams_lost > 200, "{counters:?}");
        assert!(world.receiver.counters().duplicates > 100, "{:?}", world.receiver.counters());
    }
}

#[test]
fn what_the_sender_keeps_is_bounded_while_nobody_answers() {
    let mut world = World::new(Setup { slots: 5000, flows: 6000, workers: (2, 1), ..Setup::PLAIN });
    world.copy(1);
    world.live_traffic(9000);
    world.there.is_cut = true;
    for _ in 0..100_000 {
        world.live_traffic(2);
        world.step();
    }
    let most = 2 * (SPAN_DATAGRAMS_MAX * u64::from(RECORDS_MAX) + 32);
    assert!(world.pending_max <= most, "{}", world.pending_max);
    let silent = world.sender.counters().datagrams_sent;
    assert!(silent < 600, "{silent} datagrams into a second of silence");
    assert!(world.sender.oldest_unacknowledged_age(world.now) > SPACING * 90_000);
    world.there.is_cut = false;
    world.settle(LONG);
    world.assert_equal();
}

#[test]
fn after_a_short_break_only_what_changed_is_sent() {
    let mut world = World::new(Setup { slots: 5000, flows: 4000, ..Setup::PLAIN });
    (0..4000).for_each(|n| _ = world.active.begin(key(n), n.into()));
    world.copy(1);
    world.settle(LONG);
    let before = *world.sender.counters();
    (world.there.is_cut, world.back.is_cut) = (true, true);
    (0..100).for_each(|n| world.active.change(&key(n)));
    world.steps(100_000);
    (world.there.is_cut, world.back.is_cut) = (false, false);
    world.settle(LONG);
    world.assert_equal();
    let counters = world.sender.counters();
    let delivered =
        counters.records_sent - before.records_sent - (counters.records_resent - before.records_resent);
    assert_eq!(delivered, 100);
    assert!(counters.records_sent - before.records_sent < 2000, "{counters:?}");
}

#[test]
fn the_copy_ends_however_busy_the_box_is() {
    for link in [Badness::NONE, Badness::PROMISED] {
        let mut world = World::new(Setup { slots: 20_000, flows: 15_000, link, ..Setup::PLAIN });
        (0..10_000).for_each(|n| _ = world.active.begin(key(n), n.into()));
        world.copy(1);
        let mut steps = 0;
        while !world.sender.bulk_complete() {
            // More changes than the link carries.
            (0..40).for_each(|_| {
                let n = world.rng.below(10_000) as u32;
                world.active.change(&key(n));
            });
            world.step();
            steps += 1;
            assert!(steps < 400_000, "{:?} {:?}", world.sender.bulk_progress(), world.sender.counters());
        }
        assert!(world.sender.bulk_progress().0 >= 9_900, "{:?}", world.sender.bulk_progress());
        world.settle(LONG);
        world.assert_equal();
    }
}

#[test]
fn changes_come_through_quickly_while_a_copy_runs() {
    let mut world = World::new(Setup { slots: 30_000, flows: 1, ..Setup::PLAIN });
    (0..20_000).for_each(|n| _ = world.active.begin(key(n), 0));
    world.copy(1);
    world.steps(20);
    for n in 30_000..30_100 {
        // In the last slot that is free: the walk does not come there.
        world.active.begin(key(n), 39_999 - u64::from(n)).unwrap();
        let began = world.now;
        while !world.standby.installed.contains_key(&super::fake::words(&key(n))) {
            world.step();
        }
        let took = world.now - began;
        assert!(
            took < Duration::from_millis(1),
            "{n} {took:?} {:?} {:?}",
            world.sender.streams(),
            world.sender.counters()
        );
    }
    assert!(!world.sender.bulk_complete());
}
