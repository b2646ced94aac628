//! One failure after the other, drawn from a seed, and the same connections through all of them.
//!
//! `HOLDFAST_CHAOS_EVENTS=300 HOLDFAST_CHAOS_SEED=7` makes it longer and another one. Each event begins when the pair
//! has settled from the last: one box active, the other standby and hot. That is what is promised: a second failure in
//! the middle of the first one's repair may cost sessions.

use holdfast_tests::net::LabResult;
use holdfast_tests::net::pair::traffic::Connections;
use holdfast_tests::net::pair::{PairLab, Side, Which};
use holdfast_tests::net::wait::{Look, observe_for, wait_until};
use std::time::Duration;

const PORT: u16 = 7000;
const CONNECTIONS: usize = 200;
const EVENTS_DEFAULT: u64 = 12;
const SETTLE_LIMIT: Duration = Duration::from_secs(30);

/// What happens to the pair.
#[derive(Clone, Copy, Debug)]
enum Event {
    KillActive,
    KillStandby,
    StopInOrder,
    PauseActive,
    PauseStandby,
    Unplug(Side),
    UnplugOnBoth(Side),
    Flap,
    UnplugHaLink,
    Switchover,
}

const EVENTS: [Event; 12] = [
    Event::KillActive,
    Event::PauseActive,
    Event::Unplug(Side::Inside),
    Event::Switchover,
    Event::StopInOrder,
    Event::UnplugHaLink,
    Event::Unplug(Side::Outside),
    Event::KillStandby,
    Event::Flap,
    Event::PauseStandby,
    Event::UnplugOnBoth(Side::Inside),
    Event::UnplugOnBoth(Side::Outside),
];

/// splitmix64 (Steele, Lea and Flood, 2014): small, and the same everywhere.
struct Dice(u64);

impl Dice {
    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let z = (self.0 ^ (self.0 >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }

    fn pick<T: Copy>(&mut self, of: &[T]) -> T {
        of[(self.next() % of.len() as u64) as usize]
    }

    fn pause(&mut self, from_ms: u64, to_ms: u64) -> LabResult {
        observe_for(Duration::from_millis(from_ms + self.next() % (to_ms - from_ms)))
    }
}

fn number(name: &str, default: u64) -> u64 {
    std::env::var(name).ok().and_then(|text| text.parse().ok()).unwrap_or(default)
}

/// Waits until one box is active and the other hot; which one is active.
fn settled(lab: &PairLab) -> LabResult<Which> {
    wait_until("one active and one hot box", SETTLE_LIMIT, || {
        let (a, b) = (lab.a.redundancy()?, lab.b.redundancy()?);
        let hot = a.sync == "hot" && b.sync == "hot";
        Ok(match (a.role.as_str(), b.role.as_str()) {
            ("active", "standby") if hot => Look::Done(Which::A),
            ("standby", "active") if hot => Look::Done(Which::B),
            _ => Look::NotYet(format!("{a:?} {b:?}")),
        })
    })
}

fn happen(lab: &mut PairLab, event: Event, active: Which, dice: &mut Dice) -> LabResult {
    let standby = if active == Which::A { Which::B } else { Which::A };
    match event {
        Event::KillActive | Event::KillStandby => {
            let which = if matches!(event, Event::KillActive) { active } else { standby };
            lab.node_mut(which).kill()?;
            dice.pause(50, 2_000)?;
            lab.node_mut(which).start()
        }
        Event::StopInOrder => {
            lab.node_mut(active).stop()?;
            lab.node_mut(active).start()
        }
        Event::PauseActive | Event::PauseStandby => {
            let which = if matches!(event, Event::PauseActive) { active } else { standby };
            lab.node_mut(which).pause()?;
            dice.pause(100, 3_000)?;
            lab.node_mut(which).resume()
        }
        Event::Unplug(side) => {
            lab.switch.unplug(side, active)?;
            dice.pause(50, 2_000)?;
            lab.switch.replug(side, active)
        }
        Event::UnplugOnBoth(side) => {
            [active, standby].into_iter().try_for_each(|which| lab.switch.unplug(side, which))?;
            dice.pause(200, 1_500)?;
            [active, standby].into_iter().try_for_each(|which| lab.switch.replug(side, which))
        }
        Event::Flap => (0..6).try_for_each(|_| {
            let (side, which) = (dice.pick(&Side::BOTH), dice.pick(&[active, standby]));
            lab.switch.unplug(side, which)?;
            dice.pause(10, 300)?;
            lab.switch.replug(side, which)
        }),
        Event::UnplugHaLink => {
            lab.ha().unplug()?;
            dice.pause(100, 2_000)?;
            lab.ha().replug()
        }
        Event::Switchover => lab.node(active).console()?.text("redundancy force-switchover").map(drop),
    }
}

#[test]
fn connections_outlive_one_failure_after_the_other() -> LabResult {
    let seed = number("HOLDFAST_CHAOS_SEED", 1);
    let events = number("HOLDFAST_CHAOS_EVENTS", EVENTS_DEFAULT);
    eprintln!("HOLDFAST_CHAOS_SEED={seed} HOLDFAST_CHAOS_EVENTS={events}");
    let mut dice = Dice(seed);
    let mut lab = PairLab::standard()?;
    let mut connections = Connections::open(&lab, PORT, CONNECTIONS)?;
    lab.wait_equal()?;
    for event_number in 0..events {
        // Every kind once, then whatever the dice say.
        let event = EVENTS.get(event_number as usize).copied().unwrap_or_else(|| dice.pick(&EVENTS));
        let active = settled(&lab)?;
        eprintln!("{event_number}: {event:?}, {} being active", active.box_name());
        happen(&mut lab, event, active, &mut dice)?;
        connections.exchange()?;
    }
    settled(&lab)?;
    connections.exchange()?;
    lab.wait_equal()?;
    lab.a.assert_alive()?;
    lab.b.assert_alive()
}
