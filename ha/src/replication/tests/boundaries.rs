//! An adversary at the inputs: whatever comes, nothing panics, nothing grows, and the pair recovers.

use core::time::Duration;

use proptest::prelude::*;

use super::link::{Badness, SPACING};
use super::world::{Setup, World};
use super::{Rng, key};
use crate::replication::codec::{Ack, ArrivedBitmap, write_acks};

/// A world whose peers answer nonsense of the right epoch now and then.
fn harass(world: &mut World, rng: &mut Rng) {
    let mut bytes: Vec<u8> = (0..rng.below(120)).map(|_| rng.next() as u8).collect();
    if rng.permille(500) {
        bytes.splice(0..0, 7u64.to_be_bytes());
    }
    world.sender.handle_acks(world.now, &bytes, &mut world.active);
    if rng.permille(500) && bytes.len() > 12 {
        // A stream that the sender does not have, so that its records can do no harm.
        bytes[1] = 5 + rng.below(60) as u8;
        bytes.splice(4..4, 7u64.to_be_bytes());
    } else {
        bytes.truncate(19);
    }
    world.receiver.handle_records(world.now, &bytes, &mut world.standby);
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 20, ..ProptestConfig::default() })]
    #[test]
    fn nonsense_changes_nothing(seed: u64) {
        let mut world = World::new(Setup { seed, workers: (2, 3), link: Badness::PROMISED, ..Setup::PLAIN });
        let mut rng = Rng(seed ^ 0x99);
        world.copy(7);
        for _ in 0..2000 {
            if world.rng.permille(200) {
                world.live_traffic(8);
            }
            harass(&mut world, &mut rng);
            world.step();
        }
        world.settle(Duration::from_secs(120));
        world.assert_equal();
    }
}

/// Acknowledgements that are well-formed and false: the sender believes its authenticated peer, and still must not
/// panic or grow.
#[test]
fn false_acknowledgements_break_no_account() {
    let mut world = World::new(Setup { workers: (2, 1), ..Setup::PLAIN });
    let mut rng = Rng(3);
    world.copy(7);
    for _ in 0..20_000 {
        world.live_traffic(3);
        let newest = rng.below(1 + world.sender.positions()[0]);
        let mut arrived = ArrivedBitmap::default();
        (0..rng.below(40)).for_each(|_| arrived.insert(rng.below(256)));
        let stream = rng.below(3) as u8;
        let ack = Ack { stream, applied: newest.saturating_sub(rng.below(40)), newest, arrived };
        let mut message = Vec::new();
        write_acks(&mut message, 7, &[ack]);
        world.sender.handle_acks(world.now, &message, &mut world.active);
        world.step();
    }
    // The lies end, and a new copy makes good for them.
    world.copy(8);
    world.settle(Duration::from_secs(60));
    world.assert_equal();
}

#[test]
fn a_worker_that_stands_still_for_long_is_caught_up_with() {
    for workers in [(1, 1), (3, 2)] {
        let setup = Setup { workers, work: 0, room: 256, slots: 3000, flows: 3000, ..Setup::PLAIN };
        let mut world = World::new(setup);
        world.live_traffic(6000);
        world.copy(1);
        for _ in 0..50_000 {
            world.live_traffic(1);
            world.step();
        }
        assert!(!world.sender.bulk_complete());
        let sent = world.sender.counters().datagrams_sent;
        assert!(sent < 1500, "{sent} datagrams at a peer that takes none");
        world.setup.work = 20;
        world.settle(Duration::from_secs(60));
        world.assert_equal();
    }
}

#[test]
fn acknowledgements_that_are_all_lost_for_a_while_do_no_harm() {
    let mut world = World::new(Setup { workers: (2, 2), ..Setup::PLAIN });
    world.copy(1);
    for round in 0..6 {
        world.back.is_cut = round % 2 == 0;
        for _ in 0..5000 {
            world.live_traffic(1);
            world.step();
        }
    }
    world.settle(Duration::from_secs(60));
    world.assert_equal();
}

#[test]
fn a_change_is_on_the_standby_within_its_time_under_load() {
    let mut world = World::new(Setup { workers: (2, 2), slots: 4000, flows: 3000, ..Setup::PLAIN });
    world.copy(1);
    world.live_traffic(5000);
    world.settle(Duration::from_secs(60));
    let mut ages = Vec::new();
    for _ in 0..20_000 {
        // 300,000 changes a second.
        world.live_traffic(3);
        world.step();
        ages.push(world.sender.oldest_unacknowledged_age(world.now));
    }
    ages.sort();
    let p99 = ages[ages.len() * 99 / 100];
    assert!(p99 < Duration::from_millis(5), "{p99:?}");
    assert!(world.sender.counters().datagrams_lost == 0 && SPACING < p99);
    world.settle(Duration::from_secs(60));
    world.assert_equal();
}

#[test]
fn every_worker_takes_part_in_these_tests() {
    let mut world = World::new(Setup { workers: (3, 3), ..Setup::PLAIN });
    (0..60).for_each(|n| _ = world.active.begin(key(n), 0));
    world.copy(1);
    world.settle(Duration::from_secs(1));
    assert!(world.sender.positions().iter().all(|&position| position > 0));
}
