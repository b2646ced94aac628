//! A box that is stopped, and goes on later.

use super::world::{Setup, World};
use super::*;
use crate::hsrp::wire::Opcode;
use crate::status::BoxRole;

#[test]
fn an_active_that_was_stopped_wakes_up_as_standby_without_a_word() {
    for seed in 0..20 {
        let mut world = World::settled(Setup { seed, ..Setup::PLAIN }, 100);
        world.pause(0);
        world.run_until(ms(1_000), |w| w.is_active(1));
        world.run(ms(1_000));
        let woke = world.now;
        world.resume(0);
        assert!(!world.boxes[0].forwards_some(world.now), "the lease is over");
        for _ in 0..200 {
            world.step();
            assert!(!world.boxes[0].forwards_some(world.now));
        }
        assert_eq!(world.boxes[0].role(), BoxRole::Standby);
        let said = world.sent.iter().filter(|s| s.from == 0 && s.at >= woke);
        for packet in said.filter_map(|s| s.frame.packet()) {
            assert_eq!(packet.opcode, Opcode::Hello);
            assert_ne!(packet.state, Some(crate::status::GroupState::Active));
        }
        world.run_until(ms(1_000), |w| w.is_hot(0));
        world.assert_equal();
        assert!(world.is_active(1));
        assert_eq!(world.changes(1).len(), 2);
    }
}

#[test]
fn an_active_that_was_stopped_for_less_than_its_lease_stays() {
    for seed in 0..20 {
        // Half the hold time is what a stalled worker is given; nobody was stalled here.
        let mut world = World::settled(Setup { seed, ..Setup::PLAIN }, 100);
        world.pause(0);
        world.run(HOLD - HELLO - ms(5));
        world.resume(0);
        world.run(ms(2_000));
        world.assert_no_change();
        world.assert_equal();
    }
}

#[test]
fn a_standby_that_was_stopped_does_not_take_its_peer_for_dead() {
    for (seed, pause) in (0..20).map(|seed| (seed, ms(100 + 150 * seed))) {
        let mut world = World::settled(Setup { seed, ..Setup::PLAIN }, 100);
        world.pause(1);
        world.traffic = 300;
        world.run(pause);
        world.resume(1);
        world.run(ms(1_500));
        world.traffic = 0;
        world.run(ms(500));
        world.assert_no_change();
        assert!(world.is_hot(1));
        world.assert_equal();
    }
}

/// Without the HA link there is nothing in its socket, and what came in on the interfaces is lost.
#[test]
fn who_was_stopped_listens_before_it_takes_anybody_for_dead() {
    for seed in 0..20 {
        let mut world = World::settled(Setup { seed, ..Setup::PLAIN }, 10);
        world.cut_ha(true);
        world.run(ms(500));
        world.forget();
        world.pause(1);
        world.run(ms(500 + seed * 30));
        world.boxes[1].ring.clear();
        world.resume(1);
        world.run(ms(1_000));
        world.assert_no_change();
    }
}

#[test]
fn when_both_were_stopped_one_becomes_active_again() {
    for seed in 0..20 {
        let mut world = World::settled(Setup { seed, ..Setup::PLAIN }, 100);
        (0..2).for_each(|index| world.pause(index));
        world.run(ms(1_000));
        world.resume(seed as usize % 2);
        world.run(ms(seed * 7));
        world.resume(1 - seed as usize % 2);
        world.run_until(HOLD * 2 + HELLO + ms(100), |w| w.is_active(0) || w.is_active(1));
        world.run(ms(2_000));
        assert!(world.is_active(0) != world.is_active(1));
        world.assert_equal();
    }
}
