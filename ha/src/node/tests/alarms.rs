//! What is wrong with the pair is told once, and once when it is over.

use holdfast_engine::replication::HaId;

use super::boxes::group_config;
use super::world::{Setup, World};
use super::*;
use crate::node::{NodeConfig, NodeEvent};
use crate::status::BoxRole;

/// Alarms of a box: text, and whether raised.
fn told(world: &World, index: usize) -> Vec<(String, bool)> {
    let alarms = world.boxes[index].events.iter().filter_map(|(_, event)| match event {
        NodeEvent::Alarm { text, raised } => Some((text.clone(), *raised)),
        _ => None,
    });
    alarms.collect()
}

/// A pair that differs in something raises these alarms, and keeps them.
fn differs(change: impl Fn(usize, &mut NodeConfig), expected: [&[&str]; 2]) {
    let mut world = World::with(Setup::PLAIN, change);
    world.run(ms(5_000));
    assert!(world.is_active(0) || world.is_active(1));
    assert!(world.is_active(0) != world.is_active(1), "{:?}", world.roles());
    for (index, expected) in expected.into_iter().enumerate() {
        let told = told(&world, index);
        let texts: Vec<&str> = told.iter().map(|(text, _)| text.as_str()).collect();
        assert_eq!(texts, expected, "box {index}");
        assert!(told.iter().all(|(_, raised)| *raised));
        assert_eq!(world.boxes[index].node.alarms.active, texts);
    }
}

#[test]
fn a_pair_that_is_well_raises_none() {
    differs(|_, _| {}, [&[], &[]]);
}

#[test]
fn other_rules_and_other_timeouts() {
    differs(
        |index, config| config.hashes.policy += index as u64,
        [&["the peer has other rules; sessions are judged again by the rules here"]; 2],
    );
    differs(
        |index, config| config.hashes.inspect += index as u64,
        [&["the peer has other time-outs or limits of inspection"]; 2],
    );
}

#[test]
fn other_interfaces() {
    differs(
        |index, config| config.members[1].ha_id = HaId(2 + index as u16),
        [
            &[
                "interface lan1: the peer has no interface with ha_id 2",
                "the peer has an interface with ha_id 3 that this box lacks",
            ],
            &[
                "interface lan1: the peer has no interface with ha_id 3",
                "the peer has an interface with ha_id 2 that this box lacks",
            ],
        ],
    );
}

#[test]
fn another_group_or_none() {
    let sources = [[10, 0, 1, 2], [10, 0, 1, 3]].map(Ipv4Addr::from);
    let seen = |at: usize, group: u16| {
        format!("interface lan1: {} speaks HSRP for group {group}, which is not this box's", sources[at])
    };
    let group = |ours: u16, theirs: u16| {
        format!(
            "interface lan1: this box is in HSRP version 2 group {ours}, the peer in version 2 group {theirs}"
        )
    };
    let mut world = World::with(Setup::PLAIN, |index, config| {
        config.members[1].group.as_mut().unwrap().group += index as u16;
    });
    world.run(ms(5_000));
    let texts = |index: usize| told(&world, index).into_iter().map(|(text, _)| text).collect::<Vec<_>>();
    assert!(texts(0).contains(&seen(1, 12)) && texts(0).contains(&group(11, 12)), "{:?}", texts(0));
    assert!(texts(1).contains(&seen(0, 11)) && texts(1).contains(&group(12, 11)), "{:?}", texts(1));

    let mut world = World::with(Setup::PLAIN, |index, config| {
        if index == 1 {
            config.members[1].group = None;
        }
    });
    world.run(ms(5_000));
    assert!(world.is_active(0));
    let only = "interface lan1: only one of the boxes has an HSRP group there".to_owned();
    for b in &world.boxes {
        assert_eq!(b.node.alarms.active, [only.as_str()]);
    }
}

#[test]
fn another_virtual_address_or_the_same_own_one() {
    let mut world = World::with(Setup::PLAIN, |index, config| {
        let group = config.members[0].group.as_mut().unwrap();
        group.virtual_addresses = vec![Ipv4Addr::new(10, 0, 0, 100 + index as u8)];
    });
    world.run(ms(5_000));
    let text = "interface lan0: this box has the virtual address 10.0.0.100, the peer 10.0.0.101".to_owned();
    assert!(world.boxes[0].node.alarms.active.contains(&text));

    let mut world = World::with(Setup::PLAIN, |_, config| {
        config.members[1].address = Ipv4Addr::new(10, 0, 1, 2);
        config.members[1].group = Some(group_config(1, Ipv4Addr::new(10, 0, 1, 2), 100));
    });
    world.run(ms(5_000));
    for index in 0..2 {
        let active = &world.boxes[index].node.alarms.active;
        let both = "interface lan1: both boxes have the address 10.0.1.2".to_owned();
        let used = "interface lan1: another router uses this box's own address 10.0.1.2".to_owned();
        assert!(active.contains(&both) && active.contains(&used), "{active:?}");
    }
}

#[test]
fn other_keys_of_the_ha_link_leave_hsrp_to_elect_one() {
    let mut world = World::with(Setup::PLAIN, |index, config| {
        config.link.as_mut().unwrap().key = [index as u8; 32];
    });
    world.run_until(ms(2_000), |w| w.is_active(0));
    world.run(ms(5_000));
    assert_eq!(world.roles(), [BoxRole::Active, BoxRole::Standby]);
    for index in 0..2 {
        let active = &world.boxes[index].node.alarms.active;
        assert!(active[0].contains("another key"), "{active:?}");
        assert!(active[1].contains("nothing is heard from the peer"), "{active:?}");
        assert_eq!(told(&world, index).len(), 2);
    }
    world.kill(0);
    world.run_until(HOLD + ms(50), |w| w.is_active(1));
}

#[test]
fn versions_that_do_not_meet_leave_hsrp_to_elect_one() {
    let mut world = World::with(Setup::PLAIN, |index, config| {
        let first = 1 + 3 * index as u16;
        config.link.as_mut().unwrap().versions = first..=first + 1;
    });
    world.run(ms(5_000));
    assert_eq!(world.roles(), [BoxRole::Active, BoxRole::Standby]);
    for (index, versions) in ["4 to 5", "1 to 2"].into_iter().enumerate() {
        let active = &world.boxes[index].node.alarms.active;
        assert!(active.iter().any(|text| text.contains(versions)), "{active:?}");
        assert_eq!(told(&world, index).len(), 2);
    }
}

#[test]
fn a_link_that_is_down_a_peer_that_is_gone_and_a_worker_that_stalls() {
    let mut world = World::settled(Setup::PLAIN, 10);
    world.boxes[1].links[0] = false;
    world.run(ms(500));
    world.boxes[1].links[0] = true;
    world.run(ms(500));
    let down = "interface lan0 is down".to_owned();
    assert_eq!(told(&world, 1), [(down.clone(), true), (down, false)]);
    assert_eq!(told(&world, 0), []);

    world.forget();
    world.boxes[1].workers.stall(0, true);
    world.run(ms(500));
    world.boxes[1].workers.stall(0, false);
    world.run(ms(500));
    let stalled = "a worker does not poll its ports".to_owned();
    assert_eq!(told(&world, 1), [(stalled.clone(), true), (stalled, false)]);

    world.run(ms(3_000));
    world.forget();
    world.cut_ha(true);
    world.run(ms(3_000));
    world.cut_ha(false);
    world.run(ms(2_000));
    let silent = "HA link: nothing is heard from the peer".to_owned();
    for index in 0..2 {
        assert_eq!(told(&world, index), [(silent.clone(), true), (silent.clone(), false)]);
    }
}
