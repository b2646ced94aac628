//! One box of the pair: everything in this crate, put together.
//!
//! The daemon and the simulator drive a [`Node`] the same way:
//!
//! 1. [`Node::handle`] with whatever has arrived, all of it, then with [`Input::Timeout`], which is when it decides
//!    anything: a box that was stopped for a second must not take its peer for dead while the peer's heartbeats and
//!    hellos wait to be handled;
//! 2. [`Node::poll_transmit`] to `None`: frames for ports, datagrams for the HA link;
//! 3. [`Node::poll_event`] to `None`: what is worth a log line;
//! 4. [`Node::lease_until`] to the workers' lease.
//!
//! | file | what it is |
//! | --- | --- |
//! | `config.rs`, `input.rs`, `event.rs` | what it is told at start, and later; what it tells |
//! | `members.rs` | interfaces: links, delays, tracking, and their HSRP groups |
//! | `peer.rs`, `beat.rs` | the peer by its heartbeats; the box's own |
//! | `datagrams.rs` | what goes over the HA link: heartbeats, records, acknowledgements |
//! | `roles/` | carrying out what `role::decide` decides: takeover, hand-over, demotion, the lease |
//! | `sync.rs` | complete copies: asking for one, giving one, COLD → BULK → HOT |
//! | `alarms.rs` | what is wrong with the pair |
//! | `describe.rs` | HSRP packets for `debug standby` |
//! | `broadcast.rs` | messages to all workers |
//! | `report.rs` | `Status` for the console |

mod alarms;
mod beat;
mod broadcast;
mod config;
mod datagrams;
mod describe;
mod event;
mod input;
mod members;
mod peer;
mod report;
mod roles;
mod sync;
#[cfg(test)]
mod tests;

pub use config::{MemberConfig, NodeConfig, Preempt, Track};
pub use event::{DebugTopic, NodeEvent};
pub use input::{Command, CommandError, Destination, Input};

use core::net::Ipv4Addr;
use std::collections::VecDeque;

use holdfast_engine::interface::PortId;
use holdfast_engine::time::Instant;

use crate::hsrp::frame;
use crate::link::Link;
use crate::replication::{Receiver, Sender};
use crate::status::LinkState;
use crate::tables::Tables;
use alarms::Alarms;
use beat::Beat;
use broadcast::Broadcasts;
use describe::describe;
use members::Members;
use peer::Peer;
use roles::Roles;
use sync::Sync;

/// Most events that wait to be polled; more are lost, the newest first. Far more than one input can cause.
const EVENTS_MAX: usize = 1024;

/// One box of the pair.
pub struct Node {
    config: NodeConfig,
    started_at: Instant,
    members: Members,
    link: Option<Link>,
    peer: Peer,
    roles: Roles,
    sync: Sync,
    beat: Beat,
    alarms: Alarms,
    sender: Sender,
    receiver: Receiver,
    broadcasts: Broadcasts,
    events: VecDeque<NodeEvent>,
    debug: Vec<DebugTopic>,
    /// Scratch for plaintext that arrives and leaves.
    plaintext: Vec<u8>,
}

impl Node {
    /// A box that has just started: in Init, its workers standby, its links down until told otherwise.
    pub fn new(config: NodeConfig, now: Instant, tables: &mut impl Tables) -> Node {
        let mut node = Node {
            started_at: now,
            members: Members::new(&config, now),
            link: config.link.clone().map(|link| Link::new(link, now)),
            peer: Peer::default(),
            roles: Roles::new(now),
            sync: Sync::new(config.boot),
            beat: Beat::new(now),
            alarms: Alarms::default(),
            sender: Sender::new(tables),
            receiver: Receiver::new(tables),
            broadcasts: Broadcasts::default(),
            events: VecDeque::with_capacity(64),
            debug: Vec::new(),
            plaintext: Vec::new(),
            config,
        };
        node.order_role(holdfast_engine::role::Role::Standby, tables);
        node
    }

    /// Takes one input. After the last that there is now, [`Input::Timeout`]; drain [`Node::poll_transmit`] and
    /// [`Node::poll_event`] then.
    pub fn handle(&mut self, now: Instant, input: Input<'_>, tables: &mut impl Tables) {
        self.notice_pause(now, tables);
        match input {
            Input::Timeout => self.step(now, tables),
            Input::Datagram(datagram) => self.handle_datagram(now, datagram, tables),
            Input::DatagramTooBig(bytes) => {
                if let Some(link) = &mut self.link {
                    link.handle_too_big(now, bytes);
                }
            }
            Input::Hsrp { port, source, payload } => {
                self.debug_hsrp(port, "in", source, payload);
                if let Some(group) = self.members.handle_hsrp(now, port, source, payload) {
                    self.alarms.other_group(now, port, source, group);
                }
                self.take_group_events(now);
            }
            Input::LinkState { port, up } => {
                if self.members.set_link(now, port, up) {
                    self.roles.degraded |= !up;
                    self.beat.soon();
                }
            }
        }
    }

    /// Counts datagrams that the kernel refused to send.
    pub fn note_send_failures(&mut self, count: u64) {
        if let Some(link) = &mut self.link {
            link.handle_send_failures(count);
        }
    }

    /// Carries out an operator's command.
    ///
    /// # Errors
    /// Why it was not.
    pub fn command(
        &mut self,
        now: Instant,
        command: Command,
        tables: &mut impl Tables,
    ) -> Result<(), CommandError> {
        match command {
            Command::ForceSwitchover => self.begin_handover(now, "an operator's command", tables),
            Command::ClearHa => self.clear_copy(now, tables),
            Command::ShutDown => {
                self.shut_down(now, tables);
                Ok(())
            }
        }
    }

    /// Everything that is due.
    fn step(&mut self, now: Instant, tables: &mut impl Tables) {
        self.broadcasts.flush(tables);
        self.members.handle_timeout(now);
        self.step_link(now);
        self.watch_workers(now, tables);
        self.take_group_events(now);
        self.step_roles(now, tables);
        self.take_group_events(now);
        self.step_sync(now, tables);
        self.receiver.handle_timeout(now, tables);
        self.sender.handle_timeout(now, tables);
        self.check_alarms(now);
    }

    /// The next frame or datagram, in `buffer`; `None` when there is nothing to send now. For a frame that cannot be sent,
    /// [`Node::note_frame_lost`] is to follow.
    pub fn poll_transmit(
        &mut self,
        now: Instant,
        tables: &mut impl Tables,
        buffer: &mut Vec<u8>,
    ) -> Option<Destination> {
        if let Some(port) = self.members.poll_transmit(now, buffer) {
            self.roles.lease_before = self.roles.lease_until;
            if !frame::is_arp(buffer) {
                if let Some((source, payload)) = frame::hsrp_of(buffer) {
                    self.debug_hsrp(port, "out", source, payload);
                }
                self.renew_lease(now);
            }
            return Some(Destination::Port(port));
        }
        self.poll_link(now, tables, buffer).then_some(Destination::HaLink)
    }

    /// The frame that [`Node::poll_transmit`] just gave could not be sent: nobody heard it, so it renews no lease.
    pub fn note_frame_lost(&mut self) {
        self.roles.lease_until = self.roles.lease_until.min(self.roles.lease_before);
    }

    /// The next event; `None` when there is none.
    pub fn poll_event(&mut self) -> Option<NodeEvent> {
        self.events.pop_front()
    }

    /// When the node wants [`Input::Timeout`] even if nothing happens. Changed sessions are not among its reasons: who
    /// wants them sent soon calls often.
    pub fn wake(&self) -> Option<Instant> {
        let link = self.link.as_ref().and_then(Link::wake);
        // What cannot be sent is not waited for: it is due until it can.
        let is_up = self.link.as_ref().is_some_and(|link| link.state() == LinkState::Up);
        let beat = self.link.is_some().then(|| self.beat.wake(self.config.heartbeat));
        let sender = self.sender.wake().filter(|_| is_up && self.gives_records());
        let receiver = self.receiver.wake().filter(|_| is_up);
        let replication = [sender, receiver].into_iter().flatten().min();
        [self.members.wake(), link, beat, replication, self.roles.wake()].into_iter().flatten().min()
    }

    /// Until when workers may act on an active role.
    pub fn lease_until(&self) -> Instant {
        self.roles.lease_until
    }

    /// Follows a topic in detail, or no longer.
    pub fn set_debug(&mut self, topic: DebugTopic, on: bool) {
        self.debug.retain(|t| *t != topic);
        if on {
            self.debug.push(topic);
        }
    }

    /// Whether the box is out of the active role and lingers no longer.
    pub fn is_standby(&self) -> bool {
        matches!(self.roles.role, crate::status::BoxRole::Init | crate::status::BoxRole::Standby)
    }

    fn tell(&mut self, event: NodeEvent) {
        if self.events.len() < EVENTS_MAX {
            self.events.push_back(event);
        }
    }

    /// An HSRP packet for `debug standby`, as IOS prints it.
    fn debug_hsrp(&mut self, port: PortId, way: &str, source: Ipv4Addr, payload: &[u8]) {
        if self.debug.contains(&DebugTopic::Standby) {
            let member = self.members.all.iter().find(|m| m.config.port == port);
            let name = member.map_or("?", |m| m.config.name.as_str());
            let text = format!("{name} {}", describe(way, source, payload));
            self.tell(NodeEvent::Debug { topic: DebugTopic::Standby, text });
        }
    }

    fn debug(&mut self, topic: DebugTopic, text: impl FnOnce() -> String) {
        if self.debug.contains(&topic) {
            self.tell(NodeEvent::Debug { topic, text: text() });
        }
    }
}
