//! The box's interfaces: their links, and the HSRP group each may have.

use core::net::Ipv4Addr;

use holdfast_engine::interface::PortId;
use holdfast_engine::time::Instant;

use super::config::{MemberConfig, NodeConfig};
use crate::heartbeat::Member;
use crate::hsrp::wire::group_of;
use crate::hsrp::{Group, GroupEvent, Input as GroupInput};

/// One interface.
pub(super) struct MemberState {
    pub(super) config: MemberConfig,
    pub(super) link_up: bool,
    /// It was up before.
    pub(super) was_up: bool,
    link_since: Instant,
    pub(super) group: Option<Group>,
    /// When the group starts, while the link is up and it has not.
    starts_at: Option<Instant>,
    /// The active router resigned and none was heard since.
    resigned: bool,
}

impl MemberState {
    /// Whether no active router is heard here, or the one that was has resigned.
    pub(super) fn is_silent(&self, now: Instant) -> bool {
        self.resigned || self.group.as_ref().is_none_or(|group| group.is_active_silent(now))
    }

    /// Takes a report of the group's on whom it hears.
    pub(super) fn note(&mut self, event: &GroupEvent) {
        match event {
            GroupEvent::ActiveResigned { .. } => self.resigned = true,
            GroupEvent::ActiveHeard { .. } | GroupEvent::ActiveHeardAgain { .. } => self.resigned = false,
            _ => {}
        }
    }

    /// Whether its link is up and its group runs.
    pub(super) fn is_running(&self) -> bool {
        self.link_up && self.starts_at.is_none()
    }
}

/// All interfaces, by port.
pub(super) struct Members {
    pub(super) all: Vec<MemberState>,
    /// Whose frame goes next, so that none waits for ever.
    turn: usize,
}

impl Members {
    pub(super) fn new(config: &NodeConfig, now: Instant) -> Members {
        let all = config.members.iter().map(|member| MemberState {
            config: member.clone(),
            link_up: false,
            was_up: false,
            link_since: now,
            group: member.group.clone().map(|group| Group::new(group, now)),
            starts_at: None,
            resigned: false,
        });
        Members { all: all.collect(), turn: 0 }
    }

    /// Takes a link's state; `true` when it changed.
    pub(super) fn set_link(&mut self, now: Instant, port: PortId, up: bool) -> bool {
        let Some(member) = self.all.iter_mut().find(|m| m.config.port == port) else { return false };
        if member.link_up == up {
            return false;
        }
        member.link_up = up;
        member.was_up |= up;
        member.link_since = now;
        // Whatever was heard before the link changed may no longer hold.
        member.resigned = false;
        if up {
            member.starts_at = Some(now + member.config.interface_delay);
        } else {
            member.starts_at = None;
            if let Some(group) = &mut member.group {
                group.handle(now, GroupInput::Down);
            }
        }
        self.track(now);
        true
    }

    /// Lowers and restores priorities by the links they track.
    fn track(&mut self, now: Instant) {
        let down: Vec<PortId> = self.all.iter().filter(|m| !m.link_up).map(|m| m.config.port).collect();
        for member in &mut self.all {
            let (Some(group), Some(configured)) = (&mut member.group, &member.config.group) else { continue };
            let tracked = member.config.track.iter().filter(|track| down.contains(&track.port));
            let lower = tracked.fold(0u8, |sum, track| sum.saturating_add(track.decrement));
            group.handle(now, GroupInput::SetPriority(configured.priority.saturating_sub(lower)));
        }
    }

    /// Hands a packet to the port's group. Returns the packet's group when it is another one.
    pub(super) fn handle_hsrp(
        &mut self,
        now: Instant,
        port: PortId,
        source: Ipv4Addr,
        payload: &[u8],
    ) -> Option<u16> {
        let member = self.all.iter_mut().find(|m| m.config.port == port)?;
        let configured = member.config.group.as_ref()?;
        let other = group_of(payload).filter(|of| *of != (configured.version, configured.group));
        if other.is_none()
            && member.is_running()
            && let Some(group) = &mut member.group
        {
            group.handle(now, GroupInput::Packet { source, payload });
        }
        other.map(|(_, group)| group)
    }

    pub(super) fn handle_timeout(&mut self, now: Instant) {
        for member in &mut self.all {
            if member.starts_at.is_some_and(|at| at <= now) {
                member.starts_at = None;
                if let Some(group) = &mut member.group {
                    group.handle(now, GroupInput::Up);
                }
            }
            if let Some(group) = &mut member.group
                && group.wake().is_some_and(|at| at <= now)
            {
                group.handle(now, GroupInput::Timeout);
            }
        }
    }

    /// The next frame of any group.
    pub(super) fn poll_transmit(&mut self, now: Instant, frame: &mut Vec<u8>) -> Option<PortId> {
        let count = self.all.len();
        for step in 0..count {
            let at = (self.turn + step) % count;
            let Some(member) = self.all.get_mut(at) else { continue };
            if let Some(group) = &mut member.group
                && group.poll_transmit(now, frame)
            {
                self.turn = at + 1;
                return Some(member.config.port);
            }
        }
        None
    }

    /// The next event of any group, with the member's place.
    pub(super) fn poll_event(&mut self) -> Option<(usize, GroupEvent)> {
        let groups = self.all.iter_mut().enumerate().filter_map(|(at, m)| Some((at, m.group.as_mut()?)));
        groups.into_iter().find_map(|(at, group)| Some((at, group.poll_event()?)))
    }

    pub(super) fn wake(&self) -> Option<Instant> {
        let wakes = self.all.iter().map(|m| {
            let group = m.group.as_ref().and_then(Group::wake);
            [group, m.starts_at].into_iter().flatten().min()
        });
        wakes.flatten().min()
    }

    /// Does `work` with every group whose interface runs.
    pub(super) fn each_group(&mut self, mut work: impl FnMut(&mut Group)) {
        self.all.iter_mut().filter(|m| m.is_running()).filter_map(|m| m.group.as_mut()).for_each(&mut work);
    }

    /// Members whose link is up and whose delay is over.
    pub(super) fn up(&self) -> usize {
        self.all.iter().filter(|m| m.is_running()).count()
    }

    /// Lowest priority in force.
    pub(super) fn priority(&self) -> u8 {
        self.all.iter().filter_map(|m| m.group.as_ref()).map(|group| group.rank().priority).min().unwrap_or(0)
    }

    /// Whether preemption waits for the peer's sessions on any member.
    pub(super) fn preempts_in_sync(&self) -> bool {
        self.all.iter().any(|m| m.config.preempt.enabled && m.config.preempt.sync)
    }

    /// Whether any group may preempt at `now`, its delays being over on every member.
    pub(super) fn preempts(&self, now: Instant, started_at: Instant) -> bool {
        let with_groups = || self.all.iter().filter(|m| m.group.is_some());
        let ready = |m: &MemberState| {
            now.since(m.link_since) >= m.config.preempt.delay
                && now.since(started_at) >= m.config.preempt.reload
        };
        with_groups().any(|m| m.config.preempt.enabled) && with_groups().all(|m| !m.link_up || ready(m))
    }

    /// Lowest own address, 0 when there is none: breaks ties between boxes.
    pub(super) fn lowest_address(&self) -> u32 {
        self.all.iter().map(|m| m.config.address.to_bits()).filter(|&a| a != 0).min().unwrap_or(0)
    }

    /// The members as a heartbeat names them.
    pub(super) fn heartbeat_members(&self) -> Vec<Member> {
        let member = |m: &MemberState| Member {
            ha_id: m.config.ha_id,
            link_up: m.is_running(),
            address: m.config.address,
            group: m.config.group.as_ref().map(|g| (g.version.number(), g.group)),
            virtual_address: m
                .config
                .group
                .as_ref()
                .and_then(|g| g.virtual_addresses.first().copied())
                .unwrap_or(Ipv4Addr::UNSPECIFIED),
        };
        self.all.iter().map(member).collect()
    }
}
