//! Entering and leaving Active: asked for here, decided by the box.

use holdfast_engine::time::Instant;

use super::Group;
use crate::hsrp::event::{Event, Rank};
use crate::hsrp::state::cell;
use crate::hsrp::{GroupEvent, TakeoverWhy, YieldWhy};
use crate::status::GroupState;

impl Group {
    /// Reports what the table would do, and waits for it to be decided.
    pub(super) fn ask(&mut self, now: Instant, event: Event, theirs: Option<Rank>) {
        let takeover = match event {
            Event::ActiveTimer => TakeoverWhy::ActiveSilent,
            Event::Resign => TakeoverWhy::ActiveResigned,
            Event::LowerActivePreempt => TakeoverWhy::Preempt,
            _ => {
                let why = if event == Event::Coup { YieldWhy::Coup } else { YieldWhy::HigherActive };
                if let Some(Rank { priority, address }) = theirs {
                    self.notices.push(GroupEvent::YieldDue { why, source: address, priority });
                }
                return;
            }
        };
        self.start_active_timer(now);
        self.notices.push(GroupEvent::TakeoverDue { why: takeover });
    }

    pub(super) fn promote(&mut self, now: Instant, why: &'static str) {
        use GroupState::{Active, Initial, Learn, Standby};
        if matches!(self.state, Initial | Learn | Active) {
            return;
        }
        // Somebody is active: as with preemption, a Coup comes first. Nobody is: as from Standby.
        let live = self.active.is_some() && !self.silent;
        let event = if live { Event::LowerActivePreempt } else { Event::ActiveTimer };
        self.active = self.active.filter(|_| live);
        self.carry_out(now, cell(Standby, event), Active, why, None);
    }

    pub(super) fn demote(&mut self, now: Instant, why: &'static str) {
        if self.state != GroupState::Active {
            return;
        }
        self.forget_silent_rival(now);
        // Where a higher-priority router is active already, a Resign could only make a third one take over as well.
        let replaced = self.active.is_some_and(|rival| rival.rank() > self.rank());
        let event = if replaced { Event::HigherActive } else { Event::Coup };
        self.carry_out(now, cell(self.state, event), GroupState::Speak, why, None);
    }
}
