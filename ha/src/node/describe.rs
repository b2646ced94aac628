//! HSRP packets in the words of IOS's `debug standby`.

use core::net::Ipv4Addr;

use crate::hsrp::wire::{Message, parse};
use crate::status::GroupState;

/// One packet, `way` being `in` or `out`: `Grp 1 Hello in 10.0.1.2 Active pri 110 vIP 10.0.1.1 hello 250 hold 800 ms`.
/// Nothing of it has been checked: it is what was on the wire, also when its authentication fails.
pub(super) fn describe(way: &str, source: Ipv4Addr, payload: &[u8]) -> String {
    match parse(payload) {
        Ok(Message::Group(parsed)) => {
            let packet = parsed.packet;
            let state = packet.state.map_or("?", GroupState::name);
            format!(
                "Grp {} {:?} {way} {source} {state} pri {} vIP {} hello {} hold {} ms",
                packet.group,
                packet.opcode,
                packet.priority,
                packet.virtual_address,
                packet.hello.as_millis(),
                packet.hold.as_millis()
            )
        }
        Ok(Message::Advertise(advertise)) => format!(
            "Advertise {way} {source} active groups {} passive groups {}",
            advertise.active_groups, advertise.passive_groups
        ),
        Err(error) => format!("malformed packet {way} {source}: {error}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::hsrp::wire::{Opcode, Packet};
    use crate::hsrp::{Authentication, Version, frame};
    use core::time::Duration;
    use holdfast_engine::interface::Mac;

    #[test]
    fn a_frame_is_described_as_ios_does() {
        let source = Ipv4Addr::new(10, 0, 1, 2);
        let packet = Packet {
            version: Version::V2,
            opcode: Opcode::Hello,
            state: Some(GroupState::Active),
            group: 1,
            priority: 110,
            hello: Duration::from_millis(250),
            hold: Duration::from_millis(800),
            virtual_address: Ipv4Addr::new(10, 0, 1, 1),
            identifier: Some(Mac::default()),
        };
        let mut bytes = Vec::new();
        frame::write_packet(&packet, &Authentication::None, Mac::default(), source, &mut bytes);
        let (from, payload) = frame::hsrp_of(&bytes).expect("a packet");
        assert_eq!(
            describe("out", from, payload),
            "Grp 1 Hello out 10.0.1.2 Active pri 110 vIP 10.0.1.1 hello 250 hold 800 ms"
        );
        assert!(describe("in", source, &payload[..5]).starts_with("malformed packet in 10.0.1.2: "));
        frame::write_gratuitous_arp(Mac::default(), source, &mut bytes);
        assert_eq!(frame::hsrp_of(&bytes), None);
    }
}
