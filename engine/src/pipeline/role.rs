//! What a role means for a shard.

use super::Shard;
use crate::io::PacketBuf;
use crate::role::Role;
use crate::time::Instant;

impl<P: PacketBuf> Shard<P> {
    /// The role of the last order.
    #[inline]
    pub fn role(&self) -> Role {
        self.role
    }

    /// Is in `role` from now on.
    pub fn set_role(&mut self, role: Role, _now: Instant) {
        self.role = role;
    }
}
