//! What must hold after every step, whatever happens.

use holdfast_engine::time::Instant;

use super::boxes::Box;
use super::world::World;
use super::*;
use crate::status::{BoxRole, GroupState, LinkState};

/// Both may be active for so long, beyond a hold time, after they hear each other over the HA link.
const BOTH_MAX: Duration = ms(100);
/// Rounds in a row that a node may want another one at once.
const SLEEPLESS_MAX: u32 = 50;

/// What it remembers.
#[derive(Debug, Default)]
pub(super) struct Oracle {
    both_since: Option<Instant>,
    pub(super) both_longest: Duration,
    boots: [u64; 2],
}

impl Oracle {
    pub(super) fn look(&mut self, world: &mut World) -> Result<(), String> {
        let now = world.now;
        let hear = (0..2).all(|at| {
            let b = &world.boxes[at];
            let up = b.node.link.as_ref().is_some_and(|link| link.state() == LinkState::Up);
            b.runs && !b.paused && up && !world.ha[at].is_cut
        });
        let both = hear && world.boxes.iter().all(|b| b.forwards_some(now));
        let since = self.both_since.filter(|_| both).unwrap_or(now);
        self.both_since = both.then_some(since);
        self.both_longest = self.both_longest.max(now.since(since));
        if now.since(since) > world.boxes[0].config.hold() + BOTH_MAX {
            return Err(format!("both forward since {:?}, though they hear each other", now.since(since)));
        }
        for index in 0..2 {
            self.look_at(index, &mut world.boxes[index]).map_err(|what| format!("box {index}: {what}"))?;
        }
        Ok(())
    }

    fn look_at(&mut self, index: usize, b: &mut Box) -> Result<(), String> {
        if !b.runs || b.paused {
            return Ok(());
        }
        if self.boots[index] != b.config.boot {
            self.boots[index] = b.config.boot;
            b.term = 0;
        }
        let term = b.node.roles.term;
        if term < b.term {
            return Err(format!("term went back from {} to {term}", b.term));
        }
        b.term = term;
        let running = b.node.members.all.iter().filter(|m| m.is_running());
        let active: Vec<bool> = running
            .filter_map(|m| m.group.as_ref())
            .map(|group| group.state() == GroupState::Active)
            .collect();
        let fits = match b.role() {
            BoxRole::Active => active.iter().all(|active| *active),
            BoxRole::HandingOver => active.windows(2).all(|pair| pair[0] == pair[1]),
            BoxRole::Init | BoxRole::Standby | BoxRole::TakingOver | BoxRole::Lingering => {
                active.iter().all(|active| !*active)
            }
        };
        if !fits {
            return Err(format!("groups active {active:?} while {:?}", b.role()));
        }
        if let Some(violation) = b.workers.violations.first() {
            return Err(violation.clone());
        }
        if b.role() == BoxRole::Active && b.lease_until > b.hello_at + b.config.hold() {
            return Err("its lease is longer than the hold time after its last hello".to_owned());
        }
        if b.sleepless > SLEEPLESS_MAX {
            return Err(format!("wants another round at once, {} times in a row", b.sleepless));
        }
        Ok(())
    }
}
