//! Events waiting to be fetched, of bounded number, and alarms at a bounded rate.

use core::time::Duration;
use std::collections::VecDeque;

use holdfast_engine::time::Instant;

use super::GroupEvent;

/// Most events that wait. One input makes a handful; the caller drains them before the next. If it does not, the oldest
/// go: whatever matters is said again or stands in the status.
const EVENTS_MAX: usize = 32;

/// Least time between two alarms of a kind: whoever can send can cause them.
const ALARM_APART: Duration = Duration::from_secs(1);

/// Events of a group.
#[derive(Debug)]
pub(super) struct Notices {
    waiting: VecDeque<GroupEvent>,
    /// When each kind of alarm was last raised.
    alarms: [Option<Instant>; 3],
}

impl Notices {
    pub fn new() -> Notices {
        Notices { waiting: VecDeque::with_capacity(EVENTS_MAX), alarms: [None; 3] }
    }

    pub fn push(&mut self, event: GroupEvent) {
        if self.waiting.len() >= EVENTS_MAX {
            self.waiting.pop_front();
        }
        self.waiting.push_back(event);
    }

    /// The same for an alarm, unless one of its kind was raised a moment ago.
    pub fn alarm(&mut self, now: Instant, event: GroupEvent) {
        let kind = match event {
            GroupEvent::AuthenticationFailed { .. } => 0,
            GroupEvent::DuplicateAddress { .. } => 1,
            _ => 2,
        };
        let last = &mut self.alarms[kind];
        if last.is_none_or(|last| now.since(last) >= ALARM_APART) {
            *last = Some(now);
            self.push(event);
        }
    }

    pub fn pop(&mut self) -> Option<GroupEvent> {
        self.waiting.pop_front()
    }
}
