//! What a box of a pair may do with packets just now.
//!
//! A single firewall is always [`Role::Active`]. In a pair the HA core tells every worker over its message ring
//! (`replication::FromHa::Role`), so that a worker has applied every replicated session that came before the order.

use core::sync::atomic::{AtomicU64, Ordering};

use crate::time::Instant;

/// Role of a box in its data plane. Ports, sessions and addresses of a box are always in one role together.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Default)]
pub enum Role {
    /// Forwards nothing, owns no virtual address, ages no session; keeps the sessions that the peer replicates.
    #[default]
    Standby,
    /// Forwards, answers for the virtual addresses, ages sessions, replicates.
    Active,
    /// Just handed over: still forwards packets of sessions it has (frames that were under way when the virtual MAC
    /// moved), begins none, answers for no virtual address.
    Lingering,
}

impl Role {
    /// Whether packets of live sessions are forwarded.
    #[inline]
    pub const fn forwards(self) -> bool {
        !matches!(self, Role::Standby)
    }

    /// Whether new sessions may begin and virtual addresses are answered for.
    #[inline]
    pub const fn is_active(self) -> bool {
        matches!(self, Role::Active)
    }
}

/// Until when workers may act on the role they were told, renewed by the HA core with every hello it sends.
///
/// A box that was stopped (SIGSTOP, a paused virtual machine) wakes up in the role it had, while its peer has long
/// taken over. Its workers look here before each poll: the lease is over, so they forward nothing until the HA core
/// has found out who is active. One relaxed load a poll.
#[derive(Debug, Default)]
pub struct Lease(AtomicU64);

impl Lease {
    /// A lease that is over.
    pub const fn over() -> Lease {
        Lease(AtomicU64::new(0))
    }

    /// Holds until `until`, on the clock that nobody pushes.
    #[inline]
    pub fn renew(&self, until: Instant) {
        self.0.store(until.0, Ordering::Relaxed);
    }

    /// Whether it holds at `now`.
    #[inline]
    pub fn holds(&self, now: Instant) -> bool {
        now.0 <= self.0.load(Ordering::Relaxed)
    }
}
