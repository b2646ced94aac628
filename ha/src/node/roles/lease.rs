//! The lease: workers act on an active role only for the hold time after the last hello. The peer cannot have seen this
//! box silent for its hold time before that is over, so a box that was stopped and wakes up never forwards beside its
//! successor.

use holdfast_engine::role::Role;
use holdfast_engine::time::Instant;

use crate::hsrp::Group;
use crate::node::Node;
use crate::status::BoxRole;
use crate::tables::Tables;

impl Node {
    /// The box was not running for longer than its lease: somebody else may be active. Nothing is said in the old
    /// role, not even a Resign.
    pub(in crate::node) fn notice_pause(&mut self, now: Instant, tables: &mut impl Tables) {
        if self.roles.role.holds_role() && now > self.roles.lease_until {
            self.leave(
                now,
                "the box was not running for its hold time",
                Role::Standby,
                BoxRole::Standby,
                tables,
            );
            self.members.each_group(Group::discard_transmits);
        }
    }

    /// A hello went out: workers may act on the role for another hold time.
    pub(in crate::node) fn renew_lease(&mut self, now: Instant) {
        if self.roles.role.holds_role() {
            self.roles.lease_until = now + self.config.hold();
        }
    }
}
