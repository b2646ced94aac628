//! What is written is read back.

use proptest::prelude::*;

use super::super::wire::{Message, Parsed, Seen, parse};
use super::*;

fn any_packet() -> impl Strategy<Value = Packet> {
    let opcode = prop::sample::select(vec![Opcode::Hello, Opcode::Coup, Opcode::Resign]);
    let state = prop::sample::select(GroupState::ALL.to_vec());
    (opcode, state, any::<[u8; 6]>(), any::<(bool, u16, u8, u32, u32, u32)>()).prop_map(
        |(opcode, state, mac, (is_v1, group, priority, hello, hold, address))| {
            let version = if is_v1 { Version::V1 } else { Version::V2 };
            let time = |time: u32| match version {
                Version::V1 => Duration::from_secs(u64::from(time % 256)),
                Version::V2 => Duration::from_millis(u64::from(time)),
            };
            Packet {
                version,
                opcode,
                state: Some(state),
                group: group % (version.group_max() + 1),
                priority,
                hello: time(hello),
                hold: time(hold),
                virtual_address: Ipv4Addr::from_bits(address),
                identifier: (!is_v1).then_some(Mac(mac)),
            }
        },
    )
}

fn any_authentication() -> impl Strategy<Value = Authentication> {
    prop_oneof![
        Just(Authentication::None),
        any::<[u8; 8]>().prop_map(Authentication::Text),
        (any::<Vec<u8>>(), any::<u32>())
            .prop_map(|(key, key_id)| Authentication::Md5 { key: key.into(), key_id }),
    ]
}

proptest! {
    #[test]
    fn packets(packet in any_packet(), authentication in any_authentication(), source: u32) {
        let source = Ipv4Addr::from_bits(source);
        let mut payload = vec![0xaa];
        packet.write(&authentication, source, &mut payload);
        let payload = &payload[1..];
        let md5 = matches!(authentication, Authentication::Md5 { .. });
        let expected = match (packet.version, md5) {
            (Version::V1, false) => 20,
            (Version::V1, true) => 50,
            (Version::V2, false) => 52,
            (Version::V2, true) => 72,
        };
        prop_assert_eq!(payload.len(), expected);
        let Ok(Message::Group(parsed)) = parse(payload) else { panic!("{payload:02x?}") };
        prop_assert_eq!(parsed.packet, packet);
        prop_assert_eq!(matches!(parsed.seen, Seen::Md5(_)), md5);
        prop_assert!(authentication.accepts(&parsed.seen, source, payload));
    }

    /// One flipped bit anywhere, and the digest is wrong or the packet none.
    #[test]
    fn md5_covers_every_bit(packet in any_packet(), key: Vec<u8>, bit in 0usize..72 * 8) {
        let authentication = Authentication::from_key(key);
        let mut payload = Vec::new();
        packet.write(&authentication, address(9), &mut payload);
        let bit = bit % (payload.len() * 8);
        payload[bit / 8] ^= 1 << (bit % 8);
        if let Ok(Message::Group(Parsed { seen, .. })) = parse(&payload) {
            prop_assert!(!authentication.accepts(&seen, address(9), &payload));
        }
    }
}

#[test]
fn version_1_rounds_up_to_seconds() {
    for (hello, hold, expected) in [
        (ms(15), ms(50), [1, 1]),
        (ms(250), ms(800), [1, 1]),
        (ms(999), ms(3_000), [1, 3]),
        (ms(3_000), ms(10_000), [3, 10]),
        (ms(1_001), ms(400_000), [2, 255]),
    ] {
        let config = GroupConfig { version: Version::V1, ..config(1) };
        let packet = Packet { hello, hold, ..packet(&config, Opcode::Hello, GroupState::Active, 100) };
        let mut payload = Vec::new();
        packet.write(&Authentication::None, address(1), &mut payload);
        assert_eq!(payload[3..5], expected);
    }
}

#[test]
fn authentication_is_matched_by_kind() {
    let text = |text| Authentication::from_text(text).unwrap();
    let kinds = [Authentication::None, text("cisco"), text("secret"), Authentication::from_key("secret")];
    // Row: what the receiver is configured with; column: what the sender is.
    let accepted = [
        [true, true, false, false],
        [true, true, false, false],
        [false, false, true, false],
        [false, false, false, true],
    ];
    for version in [Version::V1, Version::V2] {
        let config = GroupConfig { version, ..config(1) };
        for (sender, column) in kinds.iter().zip(0..) {
            let mut payload = Vec::new();
            packet(&config, Opcode::Hello, GroupState::Active, 1).write(sender, address(9), &mut payload);
            let Ok(Message::Group(Parsed { seen, .. })) = parse(&payload) else { panic!() };
            for (receiver, row) in kinds.iter().zip(&accepted) {
                let expected: bool = row[column];
                assert_eq!(
                    receiver.accepts(&seen, address(9), &payload),
                    expected,
                    "{receiver:?} {sender:?}"
                );
            }
        }
    }
    // No authentication at all, and an empty text, are as good as none configured, and as nothing else.
    for seen in [Seen::None, Seen::Text([0; 8])] {
        let accepting: Vec<bool> = kinds.iter().map(|kind| kind.accepts(&seen, address(9), &[])).collect();
        assert_eq!(accepting, [true, false, false, false]);
    }
    assert_eq!(Authentication::from_text("nine long"), None);
    assert_eq!(format!("{:?}", Authentication::from_key("secret")), "md5");
}
