//! Answers against frames that an independent program made, and the lists of what is never answered.

use core::net::IpAddr;

use proptest::prelude::*;

use super::*;
use crate::drop_reason::DropReason;
use crate::interface::Mac;
use crate::net::bytes;
use crate::net::checksum::{self, Sum};

const L3: usize = 14;
const MACS: AnswerMacs = AnswerMacs { source: Mac([2, 0, 0, 0, 0, 1]), destination: Mac([2, 0, 0, 0, 0, 9]) };

const ECHO4: &str = "020000000001 020000000009 0800 4500002300774000 09015b59 0a000109 0a000102
    0800549d12340001 61626364656667";
const ECHO4_REPLY: &str = "020000000009 020000000001 0800 4500002300774000 40012459 0a000102 0a000109
    00005c9d12340001 61626364656667";
const ECHO6: &str = "020000000001 020000000009 86dd 60000000000f3a09
    fd000001000000000000000000000009 fd000001000000000000000000000002 8000e24412340001 61626364656667";
const ECHO6_REPLY: &str = "020000000009 020000000001 86dd 60000000000f3a40
    fd000001000000000000000000000002 fd000001000000000000000000000009 8100e14412340001 61626364656667";

/// UDP from 10.0.1.9 to 192.0.2.1.
const UDP4: &str = "45000020000040000111acc3 0a000109 c0000201 03e807d0000c0000 64617461";
/// UDP from fd00:1::9 to 2001:db8::1.
const UDP6: &str = "60000000000c1101 fd000001000000000000000000000009 20010db8000000000000000000000001
    03e807d0000c0000 64617461";
/// SYN with five bytes of data and sequence number 0xfffffffe.
const SYN4: &str = "4500002d0000400040066dc1 0a000109 c0000201
    c93a01bb fffffffe 00000000 5002ffffd40c0000 68656c6c6f";
/// ACK 5000.
const ACK6: &str = "6000000000190640 fd000001000000000000000000000009 20010db8000000000000000000000001
    c93a01bb 000003e8 00001388 5018ffff5ecb0000 68656c6c6f";

fn hex(text: &str) -> Vec<u8> {
    let digits: Vec<u8> = text.bytes().filter(u8::is_ascii_hexdigit).collect();
    digits.chunks(2).map(|pair| u8::from_str_radix(str::from_utf8(pair).unwrap(), 16).unwrap()).collect()
}

fn ip(text: &str) -> IpAddr {
    text.parse().unwrap()
}

fn echo(mut frame: Vec<u8>) -> (Result<usize, DropReason>, Vec<u8>) {
    let result = echo_reply(&mut frame, L3);
    (result, frame)
}

fn changed(text: &str, change: impl FnOnce(&mut Vec<u8>)) -> Vec<u8> {
    let mut packet = hex(text);
    change(&mut packet);
    packet
}

/// The error's frame about a packet that came by unicast, from our address of its family.
fn error(error: IcmpError, packet: &[u8]) -> Result<Vec<u8>, NotAnswered> {
    let source = if packet.first().is_some_and(|b| b >> 4 == 6) { ip("fd00:1::2") } else { ip("10.0.1.2") };
    let mut out = [0; ERROR_FRAME_BYTES_MAX];
    let len = write_icmp_error(error, MACS, source, &Offending { packet, link_group: false }, &mut out)?;
    Ok(out[..len].to_vec())
}

fn reset(packet: &[u8]) -> Result<Vec<u8>, NotAnswered> {
    let mut out = [0; RESET_FRAME_BYTES_MAX];
    let len = write_tcp_reset(MACS, &Offending { packet, link_group: false }, &mut out)?;
    Ok(out[..len].to_vec())
}

#[test]
fn echo_requests_become_replies() {
    assert_eq!(echo(hex(ECHO4)), (Ok(49), hex(ECHO4_REPLY)));
    assert_eq!(echo(hex(ECHO6)), (Ok(69), hex(ECHO6_REPLY)));
    // Padding stays behind the length that is returned.
    let (len, frame) = echo(changed(ECHO4, |f| f.resize(60, 0xee)));
    assert_eq!((len, &frame[..49]), (Ok(49), &hex(ECHO4_REPLY)[..]));
}

#[test]
fn what_is_no_request_to_one_host_gets_no_reply_and_stays_as_it_is() {
    use DropReason::*;
    type Change = fn(&mut Vec<u8>);
    let v4: [(&str, DropReason, Change); 11] = [
        ("checksum wrong", L4ChecksumBad, |f| f[L3 + 30] ^= 1),
        ("a reply", LocalUnserved, |f| f[L3 + 20] = 0),
        ("a timestamp request", LocalUnserved, |f| f[L3 + 20] = 13),
        ("code not zero", LocalUnserved, |f| f[L3 + 21] = 1),
        ("UDP", LocalUnserved, |f| f[L3 + 9] = 17),
        ("first fragment", FragmentNonFirst, |f| f[L3 + 6] = 0x20),
        ("broadcast MAC", MulticastUnserved, |f| f[..6].fill(0xff)),
        ("multicast destination", MulticastUnserved, |f| f[L3 + 16] = 224),
        ("source zero", Martian, |f| f[L3 + 12..L3 + 16].fill(0)),
        ("cut short", L4HeaderBad, |f| f.truncate(40)),
        ("options", LocalUnserved, |f| {
            f[L3] = 0x46;
            f[L3 + 3] += 4;
            f.splice(L3 + 20..L3 + 20, [1, 1, 1, 0]);
        }),
    ];
    for (what, reason, change) in v4 {
        let frame = changed(ECHO4, change);
        assert_eq!(echo(frame.clone()), (Err(reason), frame), "{what}");
    }
    let v6: [(&str, DropReason, Change); 4] = [
        ("checksum wrong", L4ChecksumBad, |f| f[L3 + 50] ^= 1),
        ("a reply", LocalUnserved, |f| f[L3 + 40] = 129),
        ("multicast destination", MulticastUnserved, |f| f[L3 + 24] = 0xff),
        ("ICMP of the other family", LocalUnserved, |f| f[L3 + 6] = 1),
    ];
    for (what, reason, change) in v6 {
        let frame = changed(ECHO6, change);
        assert_eq!(echo(frame.clone()), (Err(reason), frame), "{what}");
    }
}

#[test]
fn errors_on_the_wire() {
    let expected =
        "020000000009 020000000001 0800 45c0003c00004000400123f7 0a000102 0a000109 0b00107900000000";
    assert_eq!(error(IcmpError::TimeExceeded, &hex(UDP4)), Ok([hex(expected), hex(UDP4)].concat()));
    let expected = "020000000009 020000000001 86dd 60000000003c3a40
        fd000001000000000000000000000002 fd000001000000000000000000000009 02007da900000578";
    assert_eq!(error(IcmpError::TooBig { mtu: 1400 }, &hex(UDP6)), Ok([hex(expected), hex(UDP6)].concat()));
}

#[test]
fn types_and_codes_are_those_of_the_rfcs() {
    use IcmpError::*;
    let rows = [
        (TimeExceeded, [11, 0, 0, 0, 0, 0], [3, 0, 0, 0, 0, 0]),
        (TooBig { mtu: 0x0578 }, [3, 4, 0, 0, 5, 0x78], [2, 0, 0, 0, 5, 0x78]),
        (NetUnreachable, [3, 0, 0, 0, 0, 0], [1, 0, 0, 0, 0, 0]),
        (HostUnreachable, [3, 1, 0, 0, 0, 0], [1, 3, 0, 0, 0, 0]),
        (PortUnreachable, [3, 3, 0, 0, 0, 0], [1, 4, 0, 0, 0, 0]),
        (AdminProhibited, [3, 13, 0, 0, 0, 0], [1, 1, 0, 0, 0, 0]),
    ];
    for (kind, v4, v6) in rows {
        for (packet, at, expected) in [(UDP4, L3 + 20, v4), (UDP6, L3 + 40, v6)] {
            let frame = error(kind, &hex(packet)).unwrap();
            let message = &frame[at..];
            assert_eq!([&message[..2], &message[4..8]].concat(), expected, "{kind:?}");
        }
    }
}

#[test]
fn the_quote_is_cut_and_padding_is_not_quoted() {
    let long4 = changed(UDP4, |p| {
        p[2..4].copy_from_slice(&1500u16.to_be_bytes());
        p.resize(1500, 7);
    });
    let frame = error(IcmpError::HostUnreachable, &long4).unwrap();
    assert_eq!(frame.len(), L3 + 576);
    assert_eq!(frame[L3 + 28..], long4[..548]);
    assert!(checksum::ipv4_header_is_valid(&frame[L3..L3 + 20]));
    assert!(checksum::is_valid(Sum::ZERO, &frame[L3 + 20..]));
    let long6 = changed(UDP6, |p| {
        p[4..6].copy_from_slice(&1460u16.to_be_bytes());
        p.resize(1500, 7);
    });
    let frame = error(IcmpError::HostUnreachable, &long6).unwrap();
    assert_eq!(frame.len(), ERROR_FRAME_BYTES_MAX);
    assert_eq!(frame[L3 + 48..], long6[..1232]);
    let padded = changed(UDP4, |p| p.resize(46, 0));
    assert_eq!(error(IcmpError::TimeExceeded, &padded), error(IcmpError::TimeExceeded, &hex(UDP4)));
}

#[test]
fn never_an_error_about_these() {
    use NotAnswered::*;
    type Change = fn(&mut Vec<u8>);
    let v4: [(&str, NotAnswered, Change); 13] = [
        ("ICMP unreachable", IsError, |p| (p[9], p[20]) = (1, 3)),
        ("ICMP redirect", IsError, |p| (p[9], p[20]) = (1, 5)),
        ("ICMP of an unknown type", IsError, |p| (p[9], p[20]) = (1, 200)),
        ("ICMP without a type", IsError, |p| {
            p[9] = 1;
            p.truncate(20);
        }),
        ("later fragment", Fragment, |p| p[7] = 1),
        ("source zero", SourceNotUnicast, |p| p[12..16].fill(0)),
        ("source multicast", SourceNotUnicast, |p| p[12] = 224),
        ("source broadcast", SourceNotUnicast, |p| p[12..16].fill(255)),
        ("source loopback", SourceNotUnicast, |p| p[12] = 127),
        ("destination multicast", ToGroup, |p| p[16] = 239),
        ("destination broadcast", ToGroup, |p| p[16..20].fill(255)),
        ("header length 4 words", Malformed, |p| p[0] = 0x44),
        ("version 5", Malformed, |p| p[0] = 0x55),
    ];
    for (what, why, change) in v4 {
        assert_eq!(error(IcmpError::HostUnreachable, &changed(UDP4, change)), Err(why), "{what}");
    }
    let v6: [(&str, NotAnswered, Change); 8] = [
        ("ICMPv6 error", IsError, |p| (p[6], p[40]) = (58, 1)),
        ("ICMPv6 error of an unknown type", IsError, |p| (p[6], p[40]) = (58, 127)),
        ("redirect", IsError, |p| (p[6], p[40]) = (58, 137)),
        ("error behind destination options", IsError, |p| {
            p[6] = 60;
            p.splice(40..40, [58, 0, 1, 4, 0, 0, 0, 0]);
            p[48] = 3;
        }),
        ("later fragment", Fragment, |p| {
            p[6] = 44;
            p.splice(40..40, [17, 0, 0, 8, 0, 0, 0, 1]);
        }),
        ("source unspecified", SourceNotUnicast, |p| p[8..24].fill(0)),
        ("destination multicast", ToGroup, |p| p[24] = 0xff),
        ("more headers than anyone sends", Malformed, |p| {
            p[6] = 60;
            p[4..6].copy_from_slice(&92u16.to_be_bytes());
            for _ in 0..9 {
                p.splice(40..40, [60, 0, 1, 4, 0, 0, 0, 0]);
            }
        }),
    ];
    for (what, why, change) in v6 {
        assert_eq!(error(IcmpError::HostUnreachable, &changed(UDP6, change)), Err(why), "{what}");
    }
}

#[test]
fn these_do_get_one() {
    let first_fragment = changed(UDP4, |p| p[6] = 0x20);
    let echo = changed(UDP4, |p| (p[9], p[20]) = (1, 8));
    let echo6 = changed(UDP6, |p| (p[6], p[40]) = (58, 128));
    for packet in [first_fragment, echo, echo6] {
        assert!(error(IcmpError::TimeExceeded, &packet).is_ok());
    }
    // Path MTU discovery for multicast, in IPv6 only (RFC 4443 section 2.4(e.3)).
    let group6 = changed(UDP6, |p| p[24] = 0xff);
    assert!(error(IcmpError::TooBig { mtu: 1280 }, &group6).is_ok());
    let group4 = changed(UDP4, |p| p[16] = 239);
    assert_eq!(error(IcmpError::TooBig { mtu: 1280 }, &group4), Err(NotAnswered::ToGroup));
}

#[test]
fn link_broadcast_and_missing_addresses() {
    let mut out = [0; ERROR_FRAME_BYTES_MAX];
    let packet = &hex(UDP4)[..];
    let group = Offending { packet, link_group: true };
    let unicast = Offending { packet, link_group: false };
    let mut write = |offending: &Offending<'_>, source, room| {
        write_icmp_error(IcmpError::TimeExceeded, MACS, ip(source), offending, &mut out[..room])
    };
    assert_eq!(write(&group, "10.0.1.2", 600), Err(NotAnswered::ToGroup));
    assert_eq!(write(&unicast, "fd00:1::2", 600), Err(NotAnswered::NoSource));
    assert_eq!(write(&unicast, "10.0.1.2", 73), Err(NotAnswered::NoRoom));
    assert_eq!(write(&unicast, "10.0.1.2", 74), Ok(74));
}

#[test]
fn a_frame_tells_how_it_was_addressed() {
    let frame = hex(ECHO4);
    let (offending, macs) = Offending::in_frame(&frame, L3, MACS.source).unwrap();
    assert_eq!((offending.packet, offending.link_group, macs), (&frame[L3..], false, MACS));
    let broadcast = changed(ECHO4, |f| f[0] = 0xff);
    assert!(Offending::in_frame(&broadcast, L3, MACS.source).unwrap().0.link_group);
    assert!(Offending::in_frame(&frame[..13], L3, MACS.source).is_none());
}

#[test]
fn resets_on_the_wire() {
    // Without ACK: sequence 0, and everything acknowledged: 0xfffffffe + SYN + 5 bytes = 4.
    let expected = "020000000009 020000000001 0800 450000280000400040066dc6 c0000201 0a000109
        01bbc93a 00000000 00000004 5014000017cd0000";
    assert_eq!(reset(&hex(SYN4)), Ok(hex(expected)));
    // With ACK: the sequence number it expects, and no acknowledgement.
    let expected = "020000000009 020000000001 86dd 6000000000140640
        20010db8000000000000000000000001 fd000001000000000000000000000009
        01bbc93a 00001388 00000000 50040000a69e0000";
    assert_eq!(reset(&hex(ACK6)), Ok(hex(expected)));
    // Padding is no data.
    assert_eq!(reset(&changed(SYN4, |p| p.resize(60, 0))), reset(&hex(SYN4)));
}

#[test]
fn what_a_reset_acknowledges() {
    let acknowledged =
        |change: fn(&mut Vec<u8>)| bytes::be32(&reset(&changed(SYN4, change)).unwrap(), L3 + 28);
    assert_eq!(acknowledged(|p| p[33] = 0x03), Some(5), "SYN and FIN");
    assert_eq!(acknowledged(|p| p[33] = 0x01), Some(4), "FIN");
    assert_eq!(acknowledged(|p| p[33] = 0x00), Some(3), "data alone");
    assert_eq!(acknowledged(|p| p[32] = 0x60), Some(0), "four bytes of options, one of data");
}

#[test]
fn never_a_reset_for_these() {
    use NotAnswered::*;
    type Change = fn(&mut Vec<u8>);
    let cases: [(&str, NotAnswered, Change); 8] = [
        ("a reset", NoReset, |p| p[33] = 0x14),
        ("UDP", NoReset, |p| p[9] = 17),
        ("first fragment", Fragment, |p| p[6] = 0x20),
        ("destination multicast", ToGroup, |p| p[16] = 224),
        ("source multicast", SourceNotUnicast, |p| p[12] = 224),
        ("header of 4 words", Malformed, |p| p[32] = 0x40),
        ("header beyond the packet", Malformed, |p| p[32] = 0xf0),
        ("cut short", Malformed, |p| p.truncate(39)),
    ];
    for (what, why, change) in cases {
        assert_eq!(reset(&changed(SYN4, change)), Err(why), "{what}");
    }
}

/// A packet that is almost right: some bytes changed, then cut or lengthened.
fn nearly(packets: Vec<Vec<u8>>) -> impl Strategy<Value = Vec<u8>> {
    let changes = prop::collection::vec((0usize..90, any::<u8>()), 0..5);
    (prop::sample::select(packets), changes, prop::option::of(0usize..100)).prop_map(
        |(mut packet, changes, len)| {
            for (at, byte) in changes {
                if let Some(b) = packet.get_mut(at) {
                    *b = byte;
                }
            }
            if let Some(len) = len {
                packet.resize(len, 0);
            }
            packet
        },
    )
}

proptest! {
    #[test]
    fn echo_survives_any_bytes(
        frame in prop_oneof![any::<Vec<u8>>(), nearly(vec![hex(ECHO4), hex(ECHO6)])],
        l3 in prop_oneof![4 => Just(L3), 1 => any::<usize>()],
    ) {
        let mut after = frame.clone();
        match echo_reply(&mut after, l3) {
            Ok(len) => prop_assert!(len <= frame.len()),
            Err(_) => prop_assert_eq!(after, frame),
        }
    }

    #[test]
    fn errors_and_resets_survive_any_bytes_and_are_well_formed(
        packet in prop_oneof![any::<Vec<u8>>(), nearly(vec![hex(UDP4), hex(UDP6), hex(SYN4), hex(ACK6)])],
        room in 0usize..200,
        link_group: bool,
    ) {
        for frame in [error(IcmpError::TimeExceeded, &packet), reset(&packet)].into_iter().flatten() {
            let ip = &frame[L3..];
            let (source, destination, header, protocol): (IpAddr, IpAddr, _, _) = if ip[0] >> 4 == 4 {
                prop_assert!(checksum::ipv4_header_is_valid(&ip[..20]));
                prop_assert_eq!(usize::from(bytes::be16(ip, 2).unwrap()), ip.len());
                (bytes::ipv4(ip, 12).unwrap().into(), bytes::ipv4(ip, 16).unwrap().into(), 20, ip[9])
            } else {
                prop_assert_eq!(usize::from(bytes::be16(ip, 4).unwrap()), ip.len() - 40);
                (bytes::ipv6(ip, 8).unwrap().into(), bytes::ipv6(ip, 24).unwrap().into(), 40, ip[6])
            };
            let message = &ip[header..];
            let pseudo = match protocol {
                1 => Sum::ZERO,
                _ => Sum::pseudo(source, destination, protocol, message.len()).unwrap(),
            };
            prop_assert!(checksum::is_valid(pseudo, message));
            // No answer to an answer.
            prop_assert_eq!(error(IcmpError::TimeExceeded, ip).is_err(), protocol != 6);
            prop_assert!(reset(ip).is_err());
        }
        let offending = Offending { packet: &packet, link_group };
        let mut small = vec![0; room];
        for source in ["10.0.1.2", "fd00:1::2"] {
            let written = write_icmp_error(IcmpError::TooBig { mtu: 1 }, MACS, ip(source), &offending, &mut small);
            prop_assert!(written.is_err() || written.is_ok_and(|len| len <= room));
        }
        let written = write_tcp_reset(MACS, &offending, &mut small);
        prop_assert!(written.is_err() || written.is_ok_and(|len| len <= room));
    }
}
