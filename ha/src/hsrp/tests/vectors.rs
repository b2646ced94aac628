//! MD5 digests of real routers, and payloads byte by byte.

use super::super::wire::{Message, ParseError, Parsed, Seen, parse};
use super::*;

/// Key, the payload up to the key id, digest.
const MD5: [(&str, &str, &str); 3] = [
    (
        "password12345",
        "000004030a64010000000000000000000a000064041c010000000a000014",
        "52e1db09d18d695b8fefb3730ff8d9d6",
    ),
    (
        "openwall",
        "000004030a5a01000000000000000000ac102801041c01000000ac102814",
        "f15dfa631a0679e0801f8e6b0c0c17ac",
    ),
    (
        "openwall12345",
        "000010030a64010000000000000000000a000064041c010000000a000014",
        "f02fc41b1b516e2d1261d8800d39ccea",
    ),
];

fn parsed(payload: &[u8]) -> Parsed {
    match parse(payload) {
        Ok(Message::Group(parsed)) => parsed,
        other => panic!("{other:?}"),
    }
}

#[test]
fn md5_of_real_routers() {
    for (key, head, digest) in MD5 {
        let payload = hex(&format!("{head} 00000000 {digest}"));
        assert_eq!(payload.len(), 50);
        let Parsed { packet, seen } = parsed(&payload);
        let Seen::Md5(md5) = seen else { panic!("{seen:?}") };
        assert_eq!((md5.key_id, md5.digest.to_vec()), (0, hex(digest)));

        let right = Authentication::from_key(key);
        assert!(right.accepts(&seen, md5.address, &payload));
        let mut written = Vec::new();
        packet.write(&right, md5.address, &mut written);
        assert_eq!(written, payload);

        // Another key, another sender, another payload.
        assert!(!Authentication::from_key("password1234").accepts(&seen, md5.address, &payload));
        assert!(!right.accepts(&seen, address(9), &payload));
        for at in 0..payload.len() {
            let mut changed = payload.clone();
            changed[at] ^= 1;
            if let Ok(Message::Group(Parsed { seen, .. })) = parse(&changed) {
                assert!(!right.accepts(&seen, md5.address, &changed), "byte {at}");
            }
        }
    }
}

#[test]
fn keys_of_any_length_sign_and_verify() {
    // 55 and 56 are where MD5's padding spills into a second block.
    for length in [0, 1, 55, 56, 63, 64, 65, 119, 120, 300] {
        let authentication = Authentication::from_key(vec![b'k'; length]);
        let mut payload = Vec::new();
        packet(&config(1), Opcode::Hello, GroupState::Active, 100).write(
            &authentication,
            address(9),
            &mut payload,
        );
        assert!(authentication.accepts(&parsed(&payload).seen, address(9), &payload), "{length}");
        assert!(!Authentication::from_key(vec![b'k'; length + 1]).accepts(
            &parsed(&payload).seen,
            address(9),
            &payload
        ));
    }
}

#[test]
fn version_1_byte_by_byte() {
    let payload = hex("00 00 10 03 0a 6e 07 00 636973636f000000 0a000101");
    let Parsed { packet, seen } = parsed(&payload);
    assert_eq!(seen, Seen::Text(*b"cisco\0\0\0"));
    let expected = Packet {
        version: Version::V1,
        opcode: Opcode::Hello,
        state: Some(GroupState::Active),
        group: 7,
        priority: 110,
        hello: Duration::from_secs(3),
        hold: Duration::from_secs(10),
        virtual_address: VIRTUAL,
        identifier: None,
    };
    assert_eq!(packet, expected);
    for authentication in [Authentication::None, Authentication::from_text("cisco").unwrap()] {
        assert!(authentication.accepts(&seen, address(9), &payload));
        let mut written = Vec::new();
        packet.write(&authentication, address(9), &mut written);
        assert_eq!(written, payload);
    }
}

const V2_GROUP: &str = "01 28 02 00 06 04 0fff 020000000009 0000006e 000000fa 00000320
    0a000101 000000000000000000000000";

#[test]
fn version_2_byte_by_byte() {
    let payload = hex(&format!("{V2_GROUP} 03 08 746573742d6f6e65"));
    assert_eq!(payload.len(), 52);
    let Parsed { packet, seen } = parsed(&payload);
    assert_eq!(seen, Seen::Text(*b"test-one"));
    let expected = Packet {
        version: Version::V2,
        opcode: Opcode::Hello,
        state: Some(GroupState::Active),
        group: 4_095,
        priority: 110,
        hello: ms(250),
        hold: ms(800),
        virtual_address: VIRTUAL,
        identifier: Some(Mac([2, 0, 0, 0, 0, 9])),
    };
    assert_eq!(packet, expected);
    let authentication = Authentication::from_text("test-one").unwrap();
    let mut written = Vec::new();
    packet.write(&authentication, address(9), &mut written);
    assert_eq!(written, payload);
    written.clear();
    packet.write(&Authentication::from_key("k"), address(9), &mut written);
    assert_eq!(written.len(), 72);
    assert_eq!(written[..42], payload[..42]);
    assert_eq!(written[42..52], hex("04 1c 01 00 0000 0a000109"));
    // Unknown TLVs are skipped, wherever they stand; without authentication it is 42 bytes.
    for unknown in [format!("ff 00 {V2_GROUP}"), format!("{V2_GROUP} 09 03 010203"), V2_GROUP.to_owned()] {
        assert_eq!(parsed(&hex(&unknown)), Parsed { packet, seen: Seen::None });
    }
}

#[test]
fn what_is_no_packet() {
    let v1 = "00 00 10 03 0a 6e 07 00 636973636f000000 0a000101";
    let md5 = "04 1c 01 00 0000 0a000109 00000000 00000000000000000000000000000000";
    for (payload, error) in [
        (String::new(), ParseError::Short { needed: 1, got: 0 }),
        (v1[..v1.len() - 2].to_owned(), ParseError::Short { needed: 20, got: 19 }),
        (format!("{v1} 04"), ParseError::Short { needed: 2, got: 1 }),
        (format!("{v1} 04 1b"), ParseError::TlvPastEnd { kind: 4, at: 20, length: 27 }),
        (format!("{v1} 04 01 01"), ParseError::TlvLength { kind: 4, expected: 28, length: 1 }),
        (format!("{v1} {md5} {md5}"), ParseError::TlvTwice { kind: 4 }),
        (format!("{V2_GROUP} {md5} 03 08 0000000000000000"), ParseError::TlvTwice { kind: 3 }),
        (format!("{V2_GROUP} {V2_GROUP}"), ParseError::TlvTwice { kind: 1 }),
        (format!("{V2_GROUP} {}", md5.replace("1c 01", "1c 02")), ParseError::Algorithm(2)),
        (v1.replace("00 00 10", "00 04 10"), ParseError::Opcode(4)),
        (v1.replace("00 00 10", "00 00 11"), ParseError::State(0x11)),
        ("ff 00".to_owned(), ParseError::NoState),
        (V2_GROUP.replace("01 28", "01 29"), ParseError::TlvPastEnd { kind: 1, at: 0, length: 41 }),
        (
            V2_GROUP[..V2_GROUP.len() - 2].replace("01 28", "01 27"),
            ParseError::TlvLength { kind: 1, expected: 40, length: 39 },
        ),
        (V2_GROUP.replace("02 00 06 04", "03 00 06 04"), ParseError::Version(3)),
        (V2_GROUP.replace("02 00 06 04", "02 00 06 06"), ParseError::IpVersion(6)),
        (V2_GROUP.replace("02 00 06 04", "02 00 07 04"), ParseError::State(7)),
        (V2_GROUP.replace("0fff", "1000"), ParseError::Group(4_096)),
        (V2_GROUP.replace("0000006e", "00000100"), ParseError::Priority(256)),
    ] {
        assert_eq!(parse(&hex(&payload)), Err(error), "{payload}");
        assert_eq!(wire::group_of(&hex(&payload)), None);
    }
    assert_eq!(wire::group_of(&hex(V2_GROUP)), Some((Version::V2, 4_095)));
    assert_eq!(wire::group_of(&hex(v1)), Some((Version::V1, 7)));
}

#[test]
fn a_resign_may_name_any_state() {
    let payload = hex("00 02 63 03 0a 6e 07 00 636973636f000000 0a000101");
    assert_eq!((parsed(&payload).packet.opcode, parsed(&payload).packet.state), (Opcode::Resign, None));
}

#[test]
fn advertisements_are_read_and_change_nothing() {
    use wire::Advertise;
    let v1 = hex("00 03 0001 000a 02 00 0003 0004 00000000");
    let expected = Advertise { version: Version::V1, active_groups: 3, passive_groups: 4 };
    assert_eq!(parse(&v1), Ok(Message::Advertise(expected)));
    assert_eq!(parse(&v1[..15]), Err(ParseError::Short { needed: 16, got: 15 }));
    let wrong = hex("00 03 0002 000a 02 00 0003 0004 00000000");
    assert_eq!(parse(&wrong), Err(ParseError::Advertisement { kind: 2, length: 10 }));
    let v2 = hex("02 04 0001 0002");
    let expected = Advertise { version: Version::V2, active_groups: 1, passive_groups: 2 };
    assert_eq!(parse(&v2), Ok(Message::Advertise(expected)));
    let mut bench = Bench::in_state(config(5), GroupState::Active);
    for payload in [v1, v2] {
        bench.input(Input::Packet { source: address(9), payload: &payload });
    }
    assert_eq!(bench.events(), []);
    assert_eq!(bench.sent(), []);
    assert_eq!(bench.group.status(bench.now).received, [0, 0, 0, 2]);
}
