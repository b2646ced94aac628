//! The shard of a box that is one of a pair.
//!
//! A standby forwards nothing and says nothing about what it does not forward. It answers for its real addresses,
//! asks for neighbours and hears HSRP. A box that just handed over lets packets of its sessions through and begins
//! none. A box whose lease is over (`role::Lease`) does what a standby does, whatever it was told, and lets its
//! sessions alone: it does not know for how long it was away.

use core::net::IpAddr;
use core::time::Duration;

use super::first_packet::Judgement;
use super::{Row, Shard};
use crate::drop_reason::DropReason;
use crate::io::PacketBuf;
use crate::parse::Class;
use crate::role::Role;
use crate::time::{Instant, Tick};
use crate::track::tcp::SLACK_MAX_BYTES;
use crate::worker::Outbox;

/// How long after a takeover sessions from the peer have slack (`track::tcp::catch_up`). A connection that was in
/// the middle of something has long repeated it by then: retransmissions are at most 120 s apart.
pub const SLACK_TIME: Duration = Duration::from_secs(300);

impl<P: PacketBuf> Shard<P> {
    /// The role of the last order, whether or not the lease lets it count.
    pub fn role(&self) -> Role {
        self.duty.ordered()
    }

    /// The role that counts: standby while the lease is over.
    #[inline]
    pub fn role_in_force(&self) -> Role {
        self.duty.in_force()
    }

    /// Whether the lease lets orders count.
    #[inline]
    pub fn lease_holds(&self) -> bool {
        self.duty.lease_holds()
    }

    /// Is in `role` from now on. Becoming active gives sessions from the peer their slack.
    #[cold]
    pub fn set_role(&mut self, role: Role, now: Instant) {
        let before = self.duty.ordered();
        if before == role {
            return;
        }
        self.duty.order(role);
        self.duty.slack_until = role.is_active().then(|| now.tick().after(Tick::ticks(SLACK_TIME)));
        self.track.tcp.catch_up_bytes =
            if role.is_active() { SLACK_MAX_BYTES } else { self.config.track.tcp.catch_up_bytes };
        self.set_filters();
    }

    /// Lets orders count, or not.
    #[cold]
    pub fn set_lease_holds(&mut self, holds: bool) {
        self.duty.set_lease_holds(holds);
        self.set_filters();
    }

    /// Ends the slack when its time is over.
    pub fn end_slack(&mut self, now: Instant) {
        if self.duty.slack_until.is_some_and(|until| now.tick() >= until) {
            self.duty.slack_until = None;
            self.track.tcp.catch_up_bytes = self.config.track.tcp.catch_up_bytes;
        }
    }

    /// Ports take frames to their virtual MAC while packets that were sent to it are forwarded, and HSRP always.
    pub(super) fn set_filters(&mut self) {
        let forwards = self.duty.in_force().forwards();
        for router in &self.config.virtual_routers {
            if let Some(view) = self.ports.get_mut(usize::from(router.port.0)) {
                view.filter.virtual_mac = forwards.then_some(router.mac);
                view.filter.hsrp = true;
            }
        }
    }

    /// Whether an address is the box's own, virtual ones included while it answers for them.
    #[inline]
    pub(super) fn is_ours(&self, address: IpAddr) -> bool {
        self.config.is_own(address) || self.duty.owns(address)
    }

    /// A packet that may begin nothing here: what is for the box itself is served, the rest drops in silence.
    #[cold]
    pub(super) fn not_active(&mut self, now: Instant, row: Row<'_>, packet: P, outbox: &mut Outbox<P>) {
        let destination = row.parsed.key.address(row.parsed.side.other());
        if row.parsed.class == Class::IcmpError || !self.config.is_own(destination) {
            return outbox.drop_packet(packet, DropReason::NotActive);
        }
        match self.judge(&row, &packet) {
            Ok(Judgement::Local) => self.local(now, row, packet, outbox),
            Ok(_) => outbox.drop_packet(packet, DropReason::NotActive),
            Err(reason) => outbox.drop_packet(packet, reason),
        }
    }
}
