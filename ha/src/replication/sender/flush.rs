//! Flushing for a hand-over: when does the peer hold everything that had changed by a certain moment?
//!
//! Once the change set was seen empty after that moment, all of it is in datagrams up to some number, and it is
//! there when the peer has applied them all. If one of them is lost, its content is among the changes again, and
//! the wait begins anew.

#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
pub(super) enum Flush {
    /// Nobody asked.
    #[default]
    Idle,
    /// Changes from before are still unsent.
    Draining,
    /// All of them are in datagrams up to this one.
    Sent(u64),
}

impl Flush {
    pub(super) fn begin(&mut self) {
        *self = Flush::Draining;
    }

    /// Whether changes should go out without waiting for company.
    pub(super) fn is_urgent(self) -> bool {
        self == Flush::Draining
    }

    /// Nothing is left to be sent but what changes from now on; `newest` was the last datagram.
    pub(super) fn drained(&mut self, newest: u64) {
        if *self == Flush::Draining {
            *self = Flush::Sent(newest);
        }
    }

    pub(super) fn lost(&mut self, sequence: u64) {
        if matches!(*self, Flush::Sent(last) if sequence <= last) {
            *self = Flush::Draining;
        }
    }

    /// Whether the peer holds everything. `oldest`: the first datagram it has not applied.
    pub(super) fn is_done(self, oldest: Option<u64>) -> bool {
        matches!(self, Flush::Sent(last) if oldest.is_none_or(|oldest| oldest > last))
    }
}
