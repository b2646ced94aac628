//! Planned switchovers, and preemption.

use super::world::{Setup, World};
use super::*;
use crate::node::{Command, CommandError, NodeConfig, Preempt};
use crate::replication::tests::key;
use crate::status::{BoxRole, GroupState};

fn preempts(delay: Duration, reload: Duration) -> impl Fn(usize, &mut NodeConfig) {
    move |index, config| {
        if index == 0 {
            for member in &mut config.members {
                member.preempt = Preempt { enabled: true, delay, reload, sync: true };
                member.group.as_mut().unwrap().preempt = true;
            }
        }
    }
}

#[test]
fn a_switchover_loses_nothing_not_even_for_a_moment() {
    for seed in 0..20 {
        let mut world = World::settled(Setup { seed, ..Setup::PLAIN }, 200);
        world.traffic = 500;
        world.run(ms(seed * 13));
        world.traffic = 0;
        // Traffic that only the next refresh would tell of, and sessions of this very moment.
        (0..200).for_each(|flow| assert!(world.packet(&key(flow)) || flow >= 100));
        world.begin(300..310);
        let before = world.boxes[0].workers.live();
        world.command(0, Command::ForceSwitchover).unwrap();
        world.run_until(ms(300), |w| w.is_active(1));
        assert_eq!(world.boxes[1].workers.live(), before);
        assert_eq!(world.longest_gap, Duration::ZERO);
        world.run(ms(50));
        assert_eq!(world.roles(), [BoxRole::Lingering, BoxRole::Active]);
        world.run(ms(250));
        assert_eq!(world.roles(), [BoxRole::Standby, BoxRole::Active]);
        world.run_until(ms(500), |w| w.is_hot(0));
        world.assert_equal();
        // And back.
        world.command(1, Command::ForceSwitchover).unwrap();
        world.run_until(ms(300), |w| w.is_active(0));
        world.run(ms(1_000));
        assert_eq!(world.longest_gap, Duration::ZERO);
        assert_eq!(world.roles(), [BoxRole::Active, BoxRole::Standby]);
        world.assert_equal();
    }
}

#[test]
fn a_switchover_over_a_bad_link_loses_nothing() {
    let badness = crate::replication::tests::link::Badness::PROMISED;
    for seed in 0..20 {
        let mut world = World::settled(Setup { seed, badness, ..Setup::PLAIN }, 200);
        (0..200).for_each(|flow| assert!(world.packet(&key(flow))));
        world.begin(300..350);
        let before = world.boxes[0].workers.live();
        world.command(0, Command::ForceSwitchover).unwrap();
        world.run_until(ms(400), |w| w.is_active(1));
        assert_eq!(world.boxes[1].workers.live(), before);
        assert_eq!(world.longest_gap, Duration::ZERO);
    }
}

#[test]
fn when_the_peer_dies_in_the_middle_the_role_is_kept() {
    // From the command to after the hand-over's longest time.
    for seed in 0..60 {
        // In either direction: who has the higher priority says hello less often in between.
        let from = seed as usize % 2;
        let mut world = World::settled(Setup { seed, ..Setup::PLAIN }, 100);
        if from == 1 {
            world.command(0, Command::ForceSwitchover).unwrap();
            world.run_until(ms(1_500), |w| w.is_hot(0));
            world.run(ms(500));
            world.forget();
        }
        world.command(from, Command::ForceSwitchover).unwrap();
        world.run(Duration::from_micros(seed / 2 * 100));
        world.kill(1 - from);
        let taken = world.boxes[1 - from].role() == BoxRole::Active;
        world.run(ms(3_000));
        assert!(world.is_active(from));
        if !taken {
            assert_eq!(world.longest_gap, Duration::ZERO, "seed {seed}");
        }
        let groups = &world.boxes[from].node.members.all;
        assert!(groups.iter().all(|m| m.group.as_ref().unwrap().state() == GroupState::Active));
    }
}

/// Who has handed over but for the peer's word may hear itself outranked as a standby router, and says no hello then. It
/// forwards all the same.
#[test]
fn the_role_is_kept_through_the_whole_wait_for_a_peer_that_dies() {
    let mut world = World::settled(Setup::PLAIN, 100);
    world.command(0, Command::ForceSwitchover).unwrap();
    world.run_until(ms(1_500), |w| w.is_hot(0));
    world.run(ms(500));
    world.forget();
    // The peer hears nothing of it, and dies before it misses anything.
    world.ha[1].is_cut = true;
    (0..2).for_each(|segment| world.cut_lan(1, segment, true));
    world.command(1, Command::ForceSwitchover).unwrap();
    world.run(ms(150));
    assert_eq!(world.boxes[0].role(), BoxRole::Standby);
    world.kill(0);
    world.run(ms(240));
    assert_eq!(world.boxes[1].role(), BoxRole::HandingOver);
    world.run_until(ms(1_000), |w| w.boxes[1].role() == BoxRole::Active);
    assert_eq!(world.longest_gap, Duration::ZERO);
}

#[test]
fn the_role_is_kept_until_the_peer_that_heard_no_word_has_it() {
    let mut world = World::settled(Setup::PLAIN, 100);
    world.command(0, Command::ForceSwitchover).unwrap();
    world.run_until(ms(1_500), |w| w.is_hot(0));
    world.run(ms(500));
    world.forget();
    // The peer hears nothing of it, and dies before it misses anything.
    world.ha[1].is_cut = true;
    (0..2).for_each(|segment| world.cut_lan(1, segment, true));
    world.command(1, Command::ForceSwitchover).unwrap();
    world.run(ms(100));
    assert_eq!(world.boxes[1].role(), BoxRole::HandingOver);
    // The peer takes this box for dead, and is heard to be active on every interface: then it has the role.
    world.run_until(HOLD + ms(100), |w| w.boxes[1].role() == BoxRole::Lingering);
    assert!(world.is_active(0));
    assert_eq!(world.longest_gap, Duration::ZERO);
}

#[test]
fn when_the_active_dies_in_the_middle_the_peer_takes_over() {
    for seed in 0..30 {
        let mut world = World::settled(Setup { seed, ..Setup::PLAIN }, 100);
        world.command(0, Command::ForceSwitchover).unwrap();
        world.run(Duration::from_micros(seed * 150));
        world.kill(0);
        world.run_until(HOLD + ms(50), |w| w.is_active(1));
        assert_eq!(world.boxes[1].workers.live().len(), 100);
    }
}

#[test]
fn when_the_ha_link_breaks_in_the_middle_one_is_active_afterwards() {
    for seed in 0..60 {
        let mut world = World::settled(Setup { seed, ..Setup::PLAIN }, 100);
        world.command(0, Command::ForceSwitchover).unwrap();
        world.run(Duration::from_micros(seed * 100));
        match seed % 3 {
            0 => world.cut_ha(true),
            from => world.ha[from as usize - 1].is_cut = true,
        }
        world.run(ms(3_000));
        assert!(world.is_active(0) != world.is_active(1));
        assert!(world.longest_gap <= HOLD, "{:?}", world.longest_gap);
        world.cut_ha(false);
        world.run(ms(2_500));
        assert!(world.is_active(0) != world.is_active(1));
        world.assert_equal();
    }
}

#[test]
fn a_link_that_fails_in_the_middle_leaves_one_active() {
    for seed in 0..40 {
        let mut world = World::settled(Setup { seed, ..Setup::PLAIN }, 100);
        world.command(0, Command::ForceSwitchover).unwrap();
        world.run(Duration::from_micros(seed * 100));
        world.boxes[seed as usize % 2].links[0] = false;
        world.run(ms(2_500));
        assert!(world.is_active(1 - seed as usize % 2), "the one all of whose links are up");
        assert!(world.longest_gap <= ms(20), "{:?}", world.longest_gap);
    }
}

#[test]
fn a_link_that_comes_back_while_the_flush_lasts_is_active_with_the_others() {
    let mut world = World::settled(Setup { segments: 3, ..Setup::PLAIN }, 10);
    // A worker that does not flush makes the hand-over wait.
    world.boxes[0].workers.stall(0, true);
    world.command(0, Command::ForceSwitchover).unwrap();
    world.boxes[0].links[1] = false;
    world.run(ms(20));
    world.boxes[0].links[1] = true;
    // The oracle compares the groups.
    world.run(ms(50));
    assert_eq!(world.boxes[0].role(), BoxRole::HandingOver);
    world.boxes[0].workers.stall(0, false);
    world.run_until(ms(100), |w| w.is_active(1));
}

#[test]
fn commands_are_refused_with_a_reason() {
    let mut world = World::settled(Setup::PLAIN, 10);
    assert_eq!(world.command(1, Command::ForceSwitchover), Err(CommandError::NotActive));
    world.command(0, Command::ForceSwitchover).unwrap();
    assert_eq!(world.command(0, Command::ForceSwitchover), Err(CommandError::Busy));
    assert_eq!(world.command(0, Command::ClearHa), Err(CommandError::Busy));
    world.run(ms(1_000));
    assert_eq!(world.roles(), [BoxRole::Standby, BoxRole::Active]);
    world.boxes[0].links[0] = false;
    world.run(ms(50));
    assert_eq!(world.command(1, Command::ForceSwitchover), Err(CommandError::PeerUnfit));
    world.boxes[0].links[0] = true;
    world.restart(0);
    world.run_until(ms(500), |w| w.boxes[1].node.sync.state != crate::status::SyncState::Hot);
    let refused = world.command(1, Command::ForceSwitchover);
    assert!(matches!(refused, Err(CommandError::NoPeer | CommandError::PeerNotHot)), "{refused:?}");
    world.cut_ha(true);
    world.run(ms(500));
    assert_eq!(world.command(1, Command::ForceSwitchover), Err(CommandError::NoPeer));
    assert!(world.is_active(1));

    let mut world = World::with(Setup::PLAIN, |_, config| config.link = None);
    world.run_until(ms(2_000), |w| w.is_active(0));
    world.run(ms(1_000));
    assert_eq!(world.command(0, Command::ForceSwitchover), Err(CommandError::NoPeer));
    assert_eq!(world.command(0, Command::ClearHa), Err(CommandError::NoLink));
    assert_eq!(world.roles(), [BoxRole::Active, BoxRole::Standby]);
}

#[test]
fn a_switchover_is_refused_while_the_copy_is_under_way() {
    let mut world = World::settled(Setup::PLAIN, 300);
    world.restart(1);
    let limit = world.now + ms(1_000);
    while !world.is_hot(1) {
        assert!(world.now < limit);
        // What the active knows is a heartbeat old.
        if world.boxes[0].node.sync.state != crate::status::SyncState::Hot {
            let refused = world.command(0, Command::ForceSwitchover);
            assert!(matches!(refused, Err(CommandError::NoPeer | CommandError::PeerNotHot)), "{refused:?}");
        }
        world.step();
    }
    world.run(ms(50));
    world.command(0, Command::ForceSwitchover).unwrap();
}

#[test]
fn a_box_that_ends_resigns_and_does_not_come_back() {
    let mut world = World::settled(Setup::PLAIN, 100);
    world.command(0, Command::ShutDown).unwrap();
    let took = world.run_until(ms(500), |w| w.is_active(1));
    assert!(took <= ms(10), "{took:?}");
    world.kill(1);
    world.run(ms(3_000));
    assert_eq!(world.boxes[0].role(), BoxRole::Standby, "it is about to end");
}

#[test]
fn who_preempts_takes_the_role_back_when_hot_and_not_before_without_a_moment_of_none() {
    for seed in 0..10 {
        let setup = Setup { seed, ..Setup::PLAIN };
        let mut world = World::settled_with(setup, 300, preempts(Duration::ZERO, Duration::ZERO));
        world.kill(0);
        world.run_until(ms(1_000), |w| w.is_active(1));
        world.run(ms(500));
        world.forget();
        world.traffic = 200;
        world.restart(0);
        world.run_until(ms(500), |w| w.is_hot(0));
        assert!(world.is_active(1));
        let took = world.run_until(ms(500), |w| w.is_active(0));
        assert!(took >= Duration::from_micros(200), "by hand-over");
        world.run(ms(1_500));
        world.traffic = 0;
        world.run(ms(500));
        assert_eq!(world.longest_gap, Duration::ZERO);
        assert_eq!(world.roles(), [BoxRole::Active, BoxRole::Standby]);
        assert_eq!(world.changes(1).len(), 3, "handing over, lingering, standby");
        // The former active counted what it still forwarded when the other one had stopped taking records.
        world.assert_same_sessions();
    }
}

#[test]
fn preemption_waits_for_its_delays() {
    let mut world = World::settled_with(Setup::PLAIN, 50, preempts(ms(1_000), ms(3_000)));
    world.kill(0);
    world.run_until(ms(1_000), |w| w.is_active(1));
    world.restart(0);
    let took = world.run_until(ms(4_000), |w| w.is_active(0));
    assert!(took >= ms(3_000) && took <= ms(3_100), "reload: {took:?}");
    world.run_until(ms(1_000), |w| w.is_hot(1));
    world.boxes[0].links[1] = false;
    world.run_until(ms(20), |w| w.is_active(1));
    world.run_until(ms(1_000), |w| w.is_hot(0));
    world.boxes[0].links[1] = true;
    let took = world.run_until(ms(2_000), |w| w.is_active(0));
    assert!(took >= ms(1_000) && took <= ms(1_100), "minimum: {took:?}");
}

/// Without the heartbeat nobody knows whether the preempting box is complete.
#[test]
fn nobody_preempts_while_the_ha_link_is_cut() {
    let mut world = World::settled_with(Setup::PLAIN, 50, preempts(ms(600), Duration::ZERO));
    world.boxes[0].links[1] = false;
    world.run_until(ms(20), |w| w.is_active(1));
    world.run_until(ms(1_000), |w| w.is_hot(0));
    world.boxes[0].links[1] = true;
    world.run(ms(300));
    world.cut_ha(true);
    world.forget();
    world.run(ms(3_000));
    world.assert_no_change();
    world.cut_ha(false);
    world.run_until(ms(1_500), |w| w.is_active(0));
    assert_eq!(world.longest_gap, Duration::ZERO);
}
