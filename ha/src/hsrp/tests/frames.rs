//! Complete frames.

use super::lan::Frame;
use super::*;

#[test]
fn by_version_and_state() {
    for (version, group, destination, ttl, virtual_mac) in [
        (Version::V1, 255, "01005e000002", 1, "00000c07acff"),
        (Version::V2, 255, "01005e000066", 255, "00000c9ff0ff"),
        (Version::V2, 256, "01005e000066", 255, "00000c9ff100"),
        (Version::V2, 4_095, "01005e000066", 255, "00000c9fffff"),
    ] {
        let config = GroupConfig { version, group, ..config(5) };
        for state in [GroupState::Speak, GroupState::Standby, GroupState::Active] {
            let mut bench = Bench::in_state(config.clone(), state);
            bench.advance();
            let frames = bench.frames();
            let Some(Frame::Hsrp { destination: to, source_mac, ttl: written_ttl, source, .. }) =
                frames.iter().find(|f| f.packet().is_some())
            else {
                panic!("{state:?}: {frames:?}")
            };
            let mac = if state == GroupState::Active { hex(virtual_mac) } else { hex("020000000005") };
            assert_eq!((to.to_vec(), source_mac.0.to_vec()), (hex(destination), mac));
            assert_eq!((*written_ttl, *source), (ttl, address(5)));
            let status = bench.group.status(bench.now);
            assert_eq!(status.virtual_mac.0.to_vec(), hex(virtual_mac));
        }
    }
}

#[test]
fn a_hello_carries_what_is_in_force() {
    let mut bench = Bench::in_state(config(5), GroupState::Active);
    bench.input(Input::SetPriority(90));
    bench.advance();
    let packet = bench.frames().iter().find_map(Frame::packet).unwrap();
    let expected = Packet {
        identifier: Some(Mac([2, 0, 0, 0, 0, 5])),
        ..super::packet(&config(5), Opcode::Hello, GroupState::Active, 90)
    };
    assert_eq!(packet, expected);
    let status = bench.group.status(bench.now);
    assert_eq!((status.priority, status.priority_configured), (90, 100));
}

#[test]
fn a_frame_with_md5_byte_by_byte() {
    let mut frame = vec![1, 2, 3];
    let config = config(5);
    let packet = packet(&config, Opcode::Hello, GroupState::Active, 100);
    frame::write_packet(&packet, &config.authentication, config.interface_mac, address(5), &mut frame);
    let expected = "01005e000066 020000000005 0800
        45c0 0064 0000 4000 ff 11 8f5d 0a000105 e0000066  07c1 07c1 0050";
    assert_eq!(frame.len(), 14 + 20 + 8 + 72);
    assert_eq!(frame.len(), frame::FRAME_BYTES_MAX);
    // The header checksum is the one that Wireshark computes, too.
    assert_eq!(frame[..40], hex(expected));
    Frame::read(&frame);
}
