//! What goes out.

use holdfast_engine::time::Instant;

use super::Group;
use crate::hsrp::frame;
use crate::hsrp::outbox::Outgoing;
use crate::hsrp::wire::{Opcode, Packet};
use crate::hsrp::{GroupEvent, Version};
use crate::status::GroupState;

impl Group {
    /// Fills `frame` with the next complete frame to be sent from the group's port; `false`, with `frame` untouched,
    /// when there is none.
    pub fn poll_transmit(&mut self, _now: Instant, frame: &mut Vec<u8>) -> bool {
        while let Some(outgoing) = self.outbox.pop() {
            match outgoing {
                Outgoing::Resign => self.write(Opcode::Resign, GroupState::Active, frame),
                Outgoing::Coup(state) => self.write(Opcode::Coup, state, frame),
                Outgoing::Hello => self.write(Opcode::Hello, self.state, frame),
                Outgoing::Announcement(index) => {
                    let Some(address) = self.virtual_addresses.get(index) else { continue };
                    frame::write_gratuitous_arp(self.virtual_mac(), *address, frame);
                }
            }
            return true;
        }
        false
    }

    fn write(&mut self, opcode: Opcode, state: GroupState, frame: &mut Vec<u8>) {
        let config = &self.config;
        let packet = Packet {
            version: config.version,
            opcode,
            state: Some(state),
            group: config.group,
            priority: self.priority,
            hello: self.times.hello,
            hold: self.times.hold,
            virtual_address: self
                .virtual_addresses
                .first()
                .copied()
                .unwrap_or(core::net::Ipv4Addr::UNSPECIFIED),
            identifier: (config.version == Version::V2).then_some(config.interface_mac),
        };
        let source_mac = if state == GroupState::Active { self.virtual_mac() } else { config.interface_mac };
        frame::write_packet(&packet, &config.authentication, source_mac, config.address, frame);
        self.statistics.sent(opcode);
    }

    /// Forgets what waits to be sent: it was to be said in a state that no longer holds.
    pub fn discard_transmits(&mut self) {
        self.outbox = Default::default();
    }

    /// The next event.
    pub fn poll_event(&mut self) -> Option<GroupEvent> {
        self.notices.pop()
    }
}
