//! What somebody on the HA link's wire may do without the key, and a peer with it that has gone mad.

use std::collections::VecDeque;

use holdfast_engine::time::Instant;

use super::boxes::{address, virtual_address};
use super::world::{Setup, World};
use super::*;
use crate::hsrp::wire::{Opcode, Packet};
use crate::hsrp::{Authentication, Version};
use crate::node::{Command, Input, NodeConfig};
use crate::status::{BoxRole, GroupState, LinkState};

/// Somebody who holds back what box 0 sends over the HA link, ever longer, so that it never stops.
struct HeldBack {
    begun: Instant,
    /// By when they were sent.
    queue: VecDeque<(Instant, Vec<u8>)>,
}

impl HeldBack {
    fn new(world: &World) -> HeldBack {
        HeldBack { begun: world.now, queue: VecDeque::new() }
    }

    /// One round; what was sent *t* after the beginning is delivered 2 *t* after it.
    fn step(&mut self, world: &mut World) {
        while let Some(datagram) = world.ha[0].receive(Instant(u64::MAX)) {
            self.queue.push_back((world.now, datagram));
        }
        let age = world.now.since(self.begun) / 2;
        while self.queue.front().is_some_and(|(sent, _)| sent.since(self.begun) <= age) {
            let (_, datagram) = self.queue.pop_front().unwrap();
            world.boxes[1].arrive_datagram(datagram);
        }
        world.step();
    }
}

#[test]
fn heartbeats_that_were_held_back_keep_nobody_alive() {
    let mut world = World::settled(Setup::PLAIN, 50);
    let mut attacker = HeldBack::new(&world);
    let end = world.now + ms(6_000);
    while world.now < end {
        attacker.step(&mut world);
    }
    // The link works, slowly; that moves nothing, and is told.
    world.assert_no_change();
    assert_eq!(world.boxes[1].node.link.as_ref().unwrap().state(), LinkState::Up);
    assert!(world.boxes[1].node.alarms.active.iter().any(|a| a.contains("late")));
    world.kill(0);
    let died = world.now;
    while !world.is_active(1) {
        attacker.step(&mut world);
        assert!(
            world.now.since(died) < HOLD + ms(100),
            "it lives on in its last {} words",
            attacker.queue.len()
        );
    }
}

/// The Resigns of a hand-over get through, the word does not, or late, and neither does the answer.
#[test]
fn a_hand_over_during_which_the_ha_link_is_taken_away_leaves_one_active() {
    for held_back in [ms(0), ms(1_500)] {
        let mut world = World::settled(Setup::PLAIN, 50);
        let (mut queue, mut both) = (VecDeque::new(), Duration::ZERO);
        let begun = world.now;
        world.command(0, Command::ForceSwitchover).unwrap();
        while world.now.since(begun) < ms(4_000) {
            while let Some(datagram) = world.ha[0].receive(Instant(u64::MAX)) {
                queue.push_back((world.now, datagram));
            }
            while queue.front().is_some_and(|(sent, _)| world.now.since(*sent) >= held_back) {
                let (_, datagram) = queue.pop_front().unwrap();
                world.boxes[1].arrive_datagram(datagram);
            }
            world.ha[1].is_cut = world.boxes[1].role() != BoxRole::Standby;
            let before = world.now;
            world.step();
            if world.boxes.iter().all(|b| b.forwards_some(world.now)) {
                both += world.now.since(before);
            }
        }
        if both > DEAD_AFTER + ms(50) || !world.is_active(1) {
            world.fail(&format!("both forwarded for {both:?}, held back {held_back:?}"));
        }
    }
}

fn peer_hello(segment: u8, priority: u8) -> Vec<u8> {
    let packet = Packet {
        version: Version::V2,
        opcode: Opcode::Hello,
        state: Some(GroupState::Active),
        group: 10 + u16::from(segment),
        priority,
        hello: HELLO,
        hold: HOLD,
        virtual_address: virtual_address(segment),
        identifier: None,
    };
    let mut payload = Vec::new();
    packet.write(&Authentication::from_key(KEY), address(1, segment), &mut payload);
    payload
}

/// Hellos of the peer from when it was active, played again and again, and then the HA link hiccups.
#[test]
fn a_recorded_hello_of_the_peer_moves_nothing_when_the_ha_link_is_gone_for_a_moment() {
    let mut world = World::settled(Setup::PLAIN, 50);
    let hello = peer_hello(0, 200);
    for round in 0..4_000 {
        world.inject(0, 0, address(1, 0), &hello);
        world.cut_ha((2_000..2_600).contains(&round));
        world.step();
    }
    world.assert_no_change();
}

#[test]
fn packets_of_other_groups_cause_a_few_alarms_however_many_they_are() {
    let mut world = World::settled(Setup::PLAIN, 10);
    for round in 0..2_000u32 {
        let mut payload = Vec::new();
        let source = std::net::Ipv4Addr::from(0x0a00_0000 | round);
        let group = 20 + (round % 3_000) as u16;
        let packet = Packet {
            version: Version::V2,
            opcode: Opcode::Hello,
            state: Some(GroupState::Active),
            group,
            priority: 255,
            hello: HELLO,
            hold: HOLD,
            virtual_address: virtual_address(0),
            identifier: None,
        };
        packet.write(&Authentication::from_key("guess"), source, &mut payload);
        world.inject(0, 0, source, &payload);
        if round % 10 == 0 {
            world.step();
        }
    }
    let alarms = &world.boxes[0].node.alarms.active;
    assert!((1..=8).contains(&alarms.len()), "{} alarms", alarms.len());
}

/// Records that found no room before a takeover never reach a worker that is active.
#[test]
fn what_found_no_room_before_a_takeover_is_left_out() {
    for seed in 0..10 {
        let mut world = World::settled(Setup { seed, room: 300, ..Setup::PLAIN }, 400);
        world.boxes[1].workers.budget = 0;
        world.traffic = 60_000;
        world.run(ms(400));
        world.kill(0);
        world.traffic = 0;
        world.run_until(HOLD + ms(200), |w| w.boxes[1].role() == BoxRole::Active);
        world.boxes[1].workers.budget = 64;
        world.run(ms(2_000));
    }
}

/// A peer that asks for another copy in every heartbeat gets a bounded number of them.
#[test]
fn a_standby_that_asks_for_ever_new_copies_does_not_keep_the_active_busy() {
    let mut world = World::settled(Setup::PLAIN, 50);
    let (mut begun, mut copies) = (world.boxes[0].node.sync.begun_epoch(), 0);
    let end = world.now + ms(1_000);
    let mut epoch = 1 << 40;
    while world.now < end {
        epoch += 1;
        world.boxes[1].node.want_epoch(epoch);
        world.step();
        let now = world.boxes[0].node.sync.begun_epoch();
        copies += u32::from(now != begun);
        begun = now;
    }
    assert!((1..=25).contains(&copies), "{copies} copies in a second");
    world.assert_no_change();
}

/// An active peer whose term is another one in every heartbeat: each would be a reason for a copy.
#[test]
fn an_active_with_ever_new_terms_fills_no_queue() {
    let mut world = World::settled(Setup::PLAIN, 50);
    world.boxes[1].workers.stall(0, true);
    for _ in 0..5_000 {
        world.boxes[0].node.roles.term += 1;
        world.boxes[0].node.beat.soon();
        world.step();
        assert!(world.boxes[1].node.broadcasts.len() <= 8, "{} wait", world.boxes[1].node.broadcasts.len());
    }
}

/// Values no honest box ever has.
#[test]
fn no_value_in_a_heartbeat_is_more_than_the_peers_own_loss() {
    use crate::heartbeat::{CopyProgress, Heartbeat};
    let mut world = World::settled(Setup::PLAIN, 50);
    let mut rng = crate::replication::tests::Rng(7);
    let extremes = [0, 1, u64::MAX, u64::MAX - 1, 1 << 63, i64::MAX as u64];
    for _ in 0..3_000 {
        let mut any = || extremes[rng.below(6) as usize];
        let now = world.now;
        let heartbeat = Heartbeat {
            number: any(),
            sent_at: Instant(any()),
            echo: Some((Instant(any()), Duration::from_nanos(any()))),
            term: any(),
            role: BoxRole::Standby,
            sync: crate::status::SyncState::Hot,
            workers_healthy: any() & 1 == 1,
            wants_role: false,
            priority: any() as u8,
            wanted_epoch: any(),
            copy: CopyProgress { epoch: any(), complete: true, sent: any(), expected: any() },
            positions: vec![any(); 64],
            digest: crate::tables::TableDigest { sessions: any(), sum: any() },
            members: vec![
                crate::heartbeat::Member {
                    ha_id: holdfast_engine::replication::HaId(1),
                    link_up: true,
                    address: address(1, 0),
                    group: None,
                    virtual_address: virtual_address(0),
                };
                32
            ],
            ..Heartbeat::default()
        };
        let mut body = Vec::new();
        heartbeat.write(&mut body);
        for at in 0..2 {
            let super::boxes::Box { node, workers, .. } = &mut world.boxes[at];
            node.handle_heartbeat(now, &body, workers);
            node.handle(now, Input::Timeout, workers);
            drop(node.status(now, workers));
        }
        world.step();
    }
}

/// The lease follows hellos that left the box, not those that were to leave it.
#[test]
fn a_hello_that_could_not_be_sent_renews_no_lease() {
    let mut world = World::settled(Setup::PLAIN, 10);
    let super::boxes::Box { node, workers, .. } = &mut world.boxes[0];
    let (mut now, mut buffer) = (world.now, Vec::new());
    let lease = node.lease_until();
    while now <= lease {
        node.handle(now, Input::Timeout, workers);
        while let Some(destination) = node.poll_transmit(now, workers, &mut buffer) {
            if destination != crate::node::Destination::HaLink {
                node.note_frame_lost();
            }
        }
        assert_eq!(node.lease_until(), lease);
        now = now + ms(10);
    }
    node.handle(now, Input::Timeout, workers);
    assert!(node.is_standby());
}

/// Boxes with other priorities, so that the standby is the higher one.
#[test]
fn one_recorded_hello_does_not_make_the_standby_wait_longer() {
    let prefer = |index: usize, config: &mut NodeConfig| {
        for group in config.members.iter_mut().filter_map(|m| m.group.as_mut()) {
            group.priority = [110, 150][index];
        }
    };
    let mut world = World::with(Setup::PLAIN, prefer);
    world.run_until(ms(3_000), |w| w.boxes[1].role() == BoxRole::Active);
    world.run(ms(1_500));
    world.command(1, Command::ForceSwitchover).unwrap();
    world.run(ms(2_000));
    assert_eq!(world.roles(), [BoxRole::Active, BoxRole::Standby]);
    // From when box 0 had a higher priority, and the timers were what they are by default.
    let packet = Packet {
        version: Version::V2,
        opcode: Opcode::Hello,
        state: Some(GroupState::Active),
        group: 10,
        priority: 200,
        hello: ms(3_000),
        hold: ms(10_000),
        virtual_address: virtual_address(0),
        identifier: None,
    };
    let mut payload = Vec::new();
    packet.write(&Authentication::from_key(KEY), address(0, 0), &mut payload);
    world.inject(1, 0, address(0, 0), &payload);
    world.run(ms(500));
    world.kill(0);
    world.run_until(HOLD + ms(100), |w| w.is_active(1));
}

/// The higher box is dead, and somebody inside plays its hellos again and again: the box that is left goes on.
#[test]
fn a_recorded_hello_on_one_interface_does_not_end_a_box_that_is_alone() {
    let mut world = World::settled(Setup::PLAIN, 10);
    world.kill(0);
    world.run(ms(2_000));
    assert!(world.is_active(1));
    world.forget();
    let packet = Packet {
        version: Version::V2,
        opcode: Opcode::Hello,
        state: Some(GroupState::Active),
        group: 10,
        priority: 110,
        hello: HELLO,
        hold: HOLD,
        virtual_address: virtual_address(0),
        identifier: None,
    };
    let mut payload = Vec::new();
    packet.write(&Authentication::from_key(KEY), address(0, 0), &mut payload);
    for _ in 0..5_000 {
        world.inject(1, 0, address(0, 0), &payload);
        world.step();
    }
    world.assert_no_change();
    assert_eq!(world.longest_gap, Duration::ZERO);
}
