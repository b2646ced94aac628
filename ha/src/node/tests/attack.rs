//! What others on a segment may send: recorded packets, forged ones, and honest ones of other routers.

use super::boxes::{address, group_config, virtual_address};
use super::world::{Setup, World};
use super::*;
use crate::hsrp::tests::lan::Frame;
use crate::hsrp::wire::{Opcode, Packet};
use crate::hsrp::{Authentication, Version};
use crate::node::NodeConfig;
use crate::status::{BoxRole, GroupState};

/// Every HSRP payload that a box sent, by segment, with its source.
fn recorded(world: &World, from: usize, opcode: Opcode) -> Vec<(u8, Ipv4Addr, Vec<u8>)> {
    let sent = world.sent.iter().filter(|s| s.from == from);
    let payloads = sent.filter_map(|s| match &s.frame {
        Frame::Hsrp { source, payload, .. } if s.frame.packet()?.opcode == opcode => {
            Some((s.segment, *source, payload.clone()))
        }
        _ => None,
    });
    payloads.collect()
}

fn packet(segment: u8, opcode: Opcode, state: GroupState, priority: u8) -> Packet {
    Packet {
        version: Version::V2,
        opcode,
        state: Some(state),
        group: 10 + u16::from(segment),
        priority,
        hello: HELLO,
        hold: HOLD,
        virtual_address: virtual_address(segment),
        identifier: None,
    }
}

fn payload(packet: &Packet, source: Ipv4Addr, key: &str) -> Vec<u8> {
    let mut payload = Vec::new();
    packet.write(&Authentication::from_key(key), source, &mut payload);
    payload
}

/// A pair in which box 0 resigned and sent a Coup once, and is active again; with what was recorded.
fn world_with_history() -> World {
    let mut world = World::settled(Setup::PLAIN, 50);
    for from in [0, 1] {
        world.command(from, crate::node::Command::ForceSwitchover).unwrap();
        world.run(ms(1_500));
    }
    assert_eq!(world.roles(), [BoxRole::Active, BoxRole::Standby]);
    world
}

#[test]
fn recorded_resigns_and_hellos_move_nothing_while_the_ha_link_is_up() {
    let mut world = world_with_history();
    let mut tape = Vec::new();
    for opcode in [Opcode::Resign, Opcode::Coup, Opcode::Hello] {
        for from in 0..2 {
            tape.extend(recorded(&world, from, opcode).into_iter().map(|packet| (from, packet)));
        }
    }
    assert!(tape.iter().filter(|(_, (_, _, payload))| payload.len() == 72).count() > 10);
    world.forget();
    for _ in 0..3 {
        for (from, (segment, source, payload)) in &tape {
            // To the other one, as at first, and back to where it came from.
            world.inject(1 - from, *segment, *source, payload);
            world.inject(*from, *segment, *source, payload);
            world.step();
        }
    }
    world.run(ms(1_000));
    world.assert_no_change();
    assert!(world.sent.iter().all(|s| s.frame.packet().is_none_or(|p| p.opcode != Opcode::Resign)));
}

/// A Coup that the peer might have sent, with the right key: a replay from when its priority was higher.
#[test]
fn coups_and_active_hellos_of_the_peer_move_nothing_while_the_ha_link_is_up() {
    let mut world = World::settled(Setup::PLAIN, 50);
    let peer = address(1, 0);
    let coup = payload(&packet(0, Opcode::Coup, GroupState::Standby, 200), peer, KEY);
    let hello = payload(&packet(0, Opcode::Hello, GroupState::Active, 200), peer, KEY);
    for round in 0..3_000 {
        world.inject(0, 0, peer, if round % 2 == 0 { &coup } else { &hello });
        world.step();
        if round == 1_000 {
            // Nor while the peer starts anew, and is not heard for a moment.
            world.restart(1);
        }
    }
    assert_eq!(world.changes(0), []);
    assert!(world.is_active(0));
}

#[test]
fn what_is_not_authentic_moves_nothing_whether_or_not_the_ha_link_is_up() {
    for cut in [false, true] {
        let mut world = World::settled(Setup::PLAIN, 50);
        world.cut_ha(cut);
        world.run(ms(500));
        world.forget();
        for round in 0..4_000u32 {
            let (to, segment) = (round as usize % 2, (round / 2 % 2) as u8);
            let opcode = [Opcode::Resign, Opcode::Coup, Opcode::Hello][round as usize % 3];
            let state = GroupState::ALL[round as usize / 3 % 6];
            let packet = packet(segment, opcode, state, 255);
            let source =
                if round % 5 == 0 { Ipv4Addr::new(10, 0, segment, 9) } else { address(1 - to, segment) };
            let mut forged = payload(&packet, source, "guess");
            if round % 7 == 0 {
                // The right key, over another address.
                forged = payload(&packet, Ipv4Addr::new(10, 0, segment, 77), KEY);
            }
            world.inject(to, segment, source, &forged);
            world.step();
        }
        world.assert_no_change();
        world.run(ms(500));
        let alarms = &world.boxes[0].node.alarms.active;
        assert!(alarms.iter().any(|a| a.contains("fails authentication")), "{alarms:?}");
    }
}

#[test]
fn garbage_on_the_wire_moves_nothing() {
    let mut world = World::settled(Setup::PLAIN, 50);
    for _ in 0..4_000 {
        let length = world.rng.below(140) as usize;
        let bytes: Vec<u8> = (0..length).map(|_| world.rng.next() as u8).collect();
        let to = world.rng.below(2) as usize;
        world.inject(to, 0, address(1 - to, 0), &bytes);
        world.boxes[to].arrive_datagram(bytes);
        world.step();
    }
    world.run(ms(500));
    world.assert_no_change();
    assert!(world.is_hot(1));
}

#[test]
fn a_foreign_router_of_higher_priority_takes_the_role_and_gives_it_back_when_it_dies() {
    for seed in 0..5 {
        let mut world = World::settled(Setup { seed, ..Setup::PLAIN }, 50);
        let mut config = group_config(0, Ipv4Addr::new(10, 0, 0, 9), 200);
        config.preempt = true;
        world.add_foreign(0, config);
        world.run_until(ms(2_000), |w| w.boxes[0].role() == BoxRole::Standby);
        world.run(ms(5_000));
        assert_eq!(world.roles(), [BoxRole::Standby, BoxRole::Standby]);
        let changes = world.changes(0).len() + world.changes(1).len();
        assert!(changes <= 1, "the two of them pass the role to and fro: {changes} changes");
        world.foreign[0].runs = false;
        world.run_until(HOLD * 2 + HELLO + ms(100), |w| w.is_active(0) || w.is_active(1));
        world.run(ms(2_000));
        assert!(world.is_active(0) != world.is_active(1));
        assert_eq!(world.boxes[1].workers.live().len(), 50);
        world.assert_equal();
    }
}

#[test]
fn a_foreign_router_of_lower_priority_moves_nothing() {
    let mut world = World::settled(Setup::PLAIN, 50);
    world.add_foreign(1, group_config(1, Ipv4Addr::new(10, 0, 1, 9), 50));
    world.run(ms(3_000));
    world.assert_no_change();
    // It takes over when both are gone, and a pair that comes back leaves it alone if it does not preempt.
    world.kill(0);
    world.kill(1);
    world.run(ms(2_000));
    assert_eq!(world.foreign[0].group.state(), GroupState::Active);
    world.restart(0);
    world.restart(1);
    world.run(ms(3_000));
    assert_eq!(world.roles(), [BoxRole::Standby, BoxRole::Standby]);
    world.foreign[0].runs = false;
    world.run_until(HOLD * 2 + HELLO + ms(100), |w| w.is_active(0));
}

#[test]
fn a_preempting_pair_takes_the_role_from_a_foreign_router_of_lower_priority() {
    let preempts = |_: usize, config: &mut NodeConfig| {
        for member in &mut config.members {
            member.preempt.enabled = true;
            member.group.as_mut().unwrap().preempt = true;
        }
    };
    let mut world = World::with(Setup::PLAIN, preempts);
    world.kill(0);
    world.kill(1);
    world.add_foreign(1, group_config(1, Ipv4Addr::new(10, 0, 1, 9), 50));
    world.run(ms(2_000));
    world.restart(0);
    world.restart(1);
    world.run_until(ms(1_500), |w| w.is_active(0));
    world.run(ms(2_000));
    assert_eq!(world.roles(), [BoxRole::Active, BoxRole::Standby]);
    assert_ne!(world.foreign[0].group.state(), GroupState::Active);
}
