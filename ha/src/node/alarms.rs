//! What is wrong with the pair, in sentences. An alarm is told once when it begins and once when it is over; as long
//! as it holds it stands in `show redundancy states`.

use core::net::Ipv4Addr;
use core::time::Duration;

use holdfast_engine::interface::PortId;
use holdfast_engine::time::Instant;

use super::{Node, NodeEvent};
use crate::heartbeat::Member;
use crate::hsrp::GroupEvent;
use crate::status::{BoxRole, LinkState};

/// What was seen in a packet counts as going on for this long.
const SEEN_FOR: Duration = Duration::from_secs(10);
/// Sightings of a kind kept for each port: whoever can send, authentic or not, can cause any number.
const SEEN_OF_A_KIND_MAX: usize = 4;
/// Time a box may take to hear its peer before silence is an alarm.
const SETTLE: Duration = Duration::from_secs(3);

/// Something seen in an HSRP packet.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Seen {
    AuthenticationFailed(Ipv4Addr),
    DuplicateAddress,
    OtherVirtualAddress(Ipv4Addr, Ipv4Addr),
    OtherGroup(Ipv4Addr, u16),
}

/// Alarms and what they come from.
#[derive(Debug, Default)]
pub(super) struct Alarms {
    /// The other end of the HA link uses another key.
    pub(super) wrong_key: bool,
    /// The other end of the HA link speaks only these versions.
    pub(super) versions: Option<(u16, u16)>,
    seen: Vec<(PortId, Seen, Instant)>,
    /// Those in force.
    pub(super) active: Vec<String>,
}

impl Alarms {
    fn saw(&mut self, now: Instant, port: PortId, what: Seen) {
        if let Some((_, _, at)) = self.seen.iter_mut().find(|(p, w, _)| (*p, *w) == (port, what)) {
            *at = now;
            return;
        }
        let kind = core::mem::discriminant(&what);
        let of_its_kind =
            |(p, w, _): &&(PortId, Seen, Instant)| *p == port && core::mem::discriminant(w) == kind;
        if self.seen.iter().filter(of_its_kind).count() < SEEN_OF_A_KIND_MAX {
            self.seen.push((port, what, now));
        }
    }

    pub(super) fn authentication_failed(&mut self, now: Instant, port: PortId, source: Ipv4Addr) {
        self.saw(now, port, Seen::AuthenticationFailed(source));
    }

    pub(super) fn duplicate_address(&mut self, now: Instant, port: PortId) {
        self.saw(now, port, Seen::DuplicateAddress);
    }

    pub(super) fn group_event(&mut self, now: Instant, port: PortId, event: &GroupEvent) {
        if let GroupEvent::MismatchedVirtualAddress { source, theirs } = event {
            self.saw(now, port, Seen::OtherVirtualAddress(*source, *theirs));
        }
    }

    pub(super) fn other_group(&mut self, now: Instant, port: PortId, source: Ipv4Addr, group: u16) {
        self.saw(now, port, Seen::OtherGroup(source, group));
    }
}

impl Node {
    /// Finds out what is wrong now; tells what is new and what is over.
    pub(super) fn check_alarms(&mut self, now: Instant) {
        let mut alarms = Vec::new();
        self.link_alarms(now, &mut alarms);
        self.seen_alarms(now, &mut alarms);
        self.peer_alarms(now, &mut alarms);
        let started = now.since(self.started_at) < SETTLE;
        for member in self.members.all.iter().filter(|m| !m.link_up && (m.was_up || !started)) {
            alarms.push(format!("interface {} is down", member.config.name));
        }
        if !self.roles.workers_healthy {
            alarms.push("a worker does not poll its ports".to_owned());
        }
        if alarms == self.alarms.active {
            return;
        }
        let before = core::mem::replace(&mut self.alarms.active, alarms);
        let over: Vec<String> = before.iter().filter(|a| !self.alarms.active.contains(a)).cloned().collect();
        let new: Vec<String> = self.alarms.active.iter().filter(|a| !before.contains(a)).cloned().collect();
        over.into_iter().for_each(|text| self.tell(NodeEvent::Alarm { text, raised: false }));
        new.into_iter().for_each(|text| self.tell(NodeEvent::Alarm { text, raised: true }));
    }

    fn link_alarms(&self, now: Instant, alarms: &mut Vec<String>) {
        let Some(link) = &self.link else { return };
        if self.alarms.wrong_key {
            alarms.push(
                "HA link: the other end uses another key, or insecure = true; give both boxes the same key file".to_owned(),
            );
        }
        if let Some((first, last)) = self.alarms.versions {
            alarms.push(format!(
                "HA link: the other end speaks protocol versions {first} to {last}, none of which this box speaks"
            ));
        }
        let late = self.peer.late_at.is_some_and(|at| now.since(at) < SEEN_FOR);
        if late && !self.peer.is_alive(now, self.config.dead_after) {
            alarms.push("HA link: the peer's heartbeats come late, and count as lost".to_owned());
        }
        if link.state() != LinkState::Up && now.since(self.started_at) >= SETTLE {
            alarms.push("HA link: nothing is heard from the peer".to_owned());
        }
    }

    fn seen_alarms(&mut self, now: Instant, alarms: &mut Vec<String>) {
        self.alarms.seen.retain(|(_, _, at)| now.since(*at) < SEEN_FOR);
        for (port, seen, _) in &self.alarms.seen {
            let Some(member) = self.members.all.iter().find(|m| m.config.port == *port) else { continue };
            let (name, own) = (&member.config.name, member.config.address);
            alarms.push(match seen {
                Seen::AuthenticationFailed(source) => {
                    format!("interface {name}: HSRP from {source} fails authentication; compare the keys")
                }
                Seen::DuplicateAddress => {
                    format!("interface {name}: another router uses this box's own address {own}")
                }
                Seen::OtherVirtualAddress(source, theirs) => {
                    format!(
                        "interface {name}: {source} has the virtual address {theirs} for this box's group"
                    )
                }
                Seen::OtherGroup(source, group) => format!(
                    "interface {name}: {source} speaks HSRP for group {group}, which is not this box's"
                ),
            });
        }
    }

    /// What the peer's heartbeat has that ours does not, or has differently.
    fn peer_alarms(&self, now: Instant, alarms: &mut Vec<String>) {
        let Some(peer) =
            self.peer.heartbeat.as_ref().filter(|_| self.peer.is_alive(now, self.config.dead_after))
        else {
            return;
        };
        let own = self.config.hashes;
        if own.policy != peer.hashes.policy {
            alarms.push("the peer has other rules; sessions are judged again by the rules here".to_owned());
        }
        if own.inspect != peer.hashes.inspect {
            alarms.push("the peer has other time-outs or limits of inspection".to_owned());
        }
        for member in self.members.heartbeat_members() {
            let name =
                self.members.all.iter().find(|m| m.config.ha_id == member.ha_id).map(|m| &m.config.name);
            let name = name.map_or("?", String::as_str);
            match peer.members.iter().find(|m| m.ha_id == member.ha_id) {
                None => alarms.push(format!(
                    "interface {name}: the peer has no interface with ha_id {}",
                    member.ha_id.0
                )),
                Some(theirs) if is_same_side(&member, theirs) => {
                    if !theirs.link_up && now.since(self.peer.heard_since) >= SETTLE {
                        alarms.push(format!("interface {name} is down at the peer"));
                    }
                }
                Some(theirs) => match peer.members.iter().find(|m| is_same_side(&member, m)) {
                    Some(there) => alarms.push(format!(
                        "interface {name} has ha_id {} here; at the peer the interface of its group has ha_id {}",
                        member.ha_id.0, there.ha_id.0
                    )),
                    None => compare(name, &member, theirs, alarms),
                },
            }
        }
        for theirs in &peer.members {
            if !self.members.all.iter().any(|m| m.config.ha_id == theirs.ha_id) {
                alarms.push(format!(
                    "the peer has an interface with ha_id {} that this box lacks",
                    theirs.ha_id.0
                ));
            }
        }
        if !peer.workers_healthy {
            alarms.push("a worker of the peer does not poll its ports".to_owned());
        }
        let settled = now.since(self.roles.since) >= SETTLE && now.since(self.peer.heard_since) >= SETTLE;
        if self.roles.role == BoxRole::Standby && peer.role == BoxRole::Active && settled {
            for member in self.members.all.iter().filter(|m| m.is_running()) {
                if member.group.is_some() && member.is_silent(now) {
                    let name = &member.config.name;
                    alarms
                        .push(format!("interface {name}: no hello from the active box, though it is alive"));
                }
            }
        }
    }
}

/// Whether two interfaces are the two boxes' ends of one network, as far as HSRP tells: the same group with the same
/// virtual address, or no group on either, and two real addresses.
fn is_same_side(own: &Member, theirs: &Member) -> bool {
    (own.group, own.virtual_address) == (theirs.group, theirs.virtual_address)
        && (own.address != theirs.address || own.address.is_unspecified())
        && (own.group.is_some() || own.ha_id == theirs.ha_id)
}

fn compare(name: &str, own: &Member, theirs: &Member, alarms: &mut Vec<String>) {
    if own.address == theirs.address && !own.address.is_unspecified() {
        alarms.push(format!("interface {name}: both boxes have the address {}", own.address));
    }
    match (own.group, theirs.group) {
        (Some(ours), Some(peers)) if ours != peers => alarms.push(format!(
            "interface {name}: this box is in HSRP version {} group {}, the peer in version {} group {}",
            ours.0, ours.1, peers.0, peers.1
        )),
        (Some(_), None) | (None, Some(_)) => {
            alarms.push(format!("interface {name}: only one of the boxes has an HSRP group there"));
        }
        _ => {}
    }
    if own.virtual_address != theirs.virtual_address
        && !own.virtual_address.is_unspecified()
        && !theirs.virtual_address.is_unspecified()
    {
        alarms.push(format!(
            "interface {name}: this box has the virtual address {}, the peer {}",
            own.virtual_address, theirs.virtual_address
        ));
    }
}
