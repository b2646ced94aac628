//! What is to be sent, in which order: Resign, Coup, gratuitous ARP, Hello. Things of one kind do not pile up, so there
//! is nothing here that a flood of packets could fill.

use crate::status::GroupState;

/// One frame to be sent.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Outgoing {
    /// A Resign, which always says Active: it is sent before the state changes.
    Resign,
    /// A Coup, with the state in which it was decided.
    Coup(GroupState),
    /// A gratuitous ARP for the virtual address of this index.
    Announcement(usize),
    /// A Hello, with the state of the moment.
    Hello,
}

/// Frames to be sent.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Outbox {
    resign: bool,
    coup: Option<GroupState>,
    /// Gratuitous ARPs still to be sent of those queued, and how many addresses they are for.
    announcements: usize,
    addresses: usize,
    hello: bool,
}

impl Outbox {
    pub fn resign(&mut self) {
        self.resign = true;
    }

    pub fn coup(&mut self, state: GroupState) {
        self.coup = Some(state);
    }

    pub fn hello(&mut self) {
        self.hello = true;
    }

    /// `times` frames for each of `addresses`: all of them once, then all of them again.
    pub fn announce(&mut self, addresses: usize, times: usize) {
        self.addresses = addresses;
        self.announcements = addresses.saturating_mul(times);
    }

    /// What only an active router sends, except the Resign.
    pub fn forget_active(&mut self) {
        self.coup = None;
        self.announcements = 0;
    }

    pub fn forget_resign(&mut self) {
        self.resign = false;
    }

    pub fn forget_hello(&mut self) {
        self.hello = false;
    }

    pub fn pop(&mut self) -> Option<Outgoing> {
        if core::mem::take(&mut self.resign) {
            return Some(Outgoing::Resign);
        }
        if let Some(state) = self.coup.take() {
            return Some(Outgoing::Coup(state));
        }
        if let Some(left) = self.announcements.checked_sub(1) {
            self.announcements = left;
            let index = self.addresses.saturating_sub(1).saturating_sub(left % self.addresses.max(1));
            return Some(Outgoing::Announcement(index));
        }
        core::mem::take(&mut self.hello).then_some(Outgoing::Hello)
    }
}
