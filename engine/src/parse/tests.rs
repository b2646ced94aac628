//! Frames by hand, and any bytes at all.

use super::*;
use crate::interface::Mac;
use proptest::prelude::*;

const OURS: Mac = Mac([2, 0, 0, 0, 0, 1]);

fn filter() -> EthernetFilter {
    EthernetFilter::new(OURS)
}

/// 10.0.0.1:1000 → 10.0.0.2:80, TCP SYN, no options.
fn tcp4() -> Vec<u8> {
    let mut f = vec![2, 0, 0, 0, 0, 1, 2, 0, 0, 0, 0, 2, 8, 0];
    f.extend([0x45, 0, 0, 40, 0, 1, 0x40, 0, 64, 6, 0x26, 0xcd, 10, 0, 0, 1, 10, 0, 0, 2]);
    f.extend([0x03, 0xe8, 0, 80, 0, 0, 0, 1, 0, 0, 0, 0, 0x50, 2, 0xff, 0xff, 0, 0, 0, 0]);
    f
}

fn fix_checksum(f: &mut [u8]) {
    f[24] = 0;
    f[25] = 0;
    let mut sum: u32 = f[14..34].chunks(2).map(|c| u32::from(c[0]) << 8 | u32::from(c[1])).sum();
    while sum > 0xffff {
        sum = (sum & 0xffff) + (sum >> 16);
    }
    f[24..26].copy_from_slice(&(!(sum as u16)).to_be_bytes());
}

fn tcp6() -> Vec<u8> {
    let mut f = vec![2, 0, 0, 0, 0, 1, 2, 0, 0, 0, 0, 2, 0x86, 0xdd];
    f.extend([0x60, 0, 0, 0, 0, 20, 6, 64]);
    f.extend([0xfd, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 5]);
    f.extend([0xfd, 0, 0, 2, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 9]);
    f.extend([0x03, 0xe8, 0, 80, 0, 0, 0, 1, 0, 0, 0, 0, 0x50, 2, 0xff, 0xff, 0, 0, 0, 0]);
    f
}

/// `tcp6` with `extension` (whose first byte is its next header) in front of TCP.
fn with_extension(kind: u8, extension: &[u8]) -> Vec<u8> {
    let mut f = tcp6();
    f[20] = kind;
    f[19] = 20 + extension.len() as u8;
    f.splice(54..54, extension.iter().copied());
    f
}

#[test]
fn tcp_over_ipv4() {
    let mut f = tcp4();
    fix_checksum(&mut f);
    let p = parse(&f, &filter()).unwrap();
    assert_eq!((p.class, p.protocol, p.ttl, p.l3, p.l4, p.end), (Class::Flow, 6, 64, 14, 34, 54));
    assert_eq!(p.key.port(p.side), 1000);
    assert_eq!(p.key.address(p.side).to_string(), "10.0.0.1");
    // Ethernet padding is not part of the packet.
    f.extend([0; 6]);
    assert_eq!(parse(&f, &filter()).unwrap().end, 54);
}

#[test]
fn ipv4_faults_have_their_reasons() {
    type Break = fn(&mut Vec<u8>);
    let cases: &[(Break, DropReason)] = &[
        (|f| f.truncate(13), DropReason::EthernetTruncated),
        (|f| f.truncate(33), DropReason::Ipv4HeaderBad),
        (|f| f.truncate(53), DropReason::IpLengthBad),
        (|f| f[14] = 0x55, DropReason::Ipv4HeaderBad),
        (|f| f[14] = 0x44, DropReason::Ipv4HeaderBad),
        (|f| f[17] = 19, DropReason::IpLengthBad),
        (|f| f[24] ^= 1, DropReason::Ipv4ChecksumBad),
        (|f| f[5] = 9, DropReason::NotForUs),
        (|f| f[0] = 1, DropReason::MulticastUnserved),
        (|f| f[6] = 3, DropReason::SourceMacMulticast),
        (|f| f[12] = 9, DropReason::EthertypeUnknown),
        (
            |f| {
                f[21] = 1;
                fix_checksum(f)
            },
            DropReason::FragmentNonFirst,
        ),
        (
            |f| {
                f[17] = 39;
                fix_checksum(f)
            },
            DropReason::L4HeaderBad,
        ),
        (
            |f| {
                f[17] = 39;
                f[20] = 0x20;
                fix_checksum(f)
            },
            DropReason::FragmentBad,
        ),
        (
            |f| {
                f[35] = 0;
                f[34] = 0;
                fix_checksum(f)
            },
            DropReason::PortZero,
        ),
        (
            |f| {
                f[23] = 1;
                f[34] = 5;
                fix_checksum(f)
            },
            DropReason::IcmpTypeDenied,
        ),
    ];
    for (i, (break_it, reason)) in cases.iter().enumerate() {
        let mut f = tcp4();
        fix_checksum(&mut f);
        break_it(&mut f);
        assert_eq!(parse(&f, &filter()).err(), Some(*reason), "case {i}");
    }
}

#[test]
fn source_route_is_refused() {
    let mut f = tcp4();
    f[14] = 0x46;
    f[17] = 44;
    f.splice(34..34, [131, 4, 4, 0]);
    f[24] = 0;
    f[25] = 0;
    let mut sum: u32 = f[14..38].chunks(2).map(|c| u32::from(c[0]) << 8 | u32::from(c[1])).sum();
    sum = (sum & 0xffff) + (sum >> 16);
    f[24..26].copy_from_slice(&(!(sum as u16)).to_be_bytes());
    assert_eq!(parse(&f, &filter()).err(), Some(DropReason::Ipv4SourceRoute));
}

#[test]
fn vlan_tags() {
    let mut f = tcp4();
    fix_checksum(&mut f);
    f.splice(12..12, [0x81, 0, 0x60, 100]);
    assert_eq!(parse(&f, &filter()).err(), Some(DropReason::VlanUnknown));
    let tagged = EthernetFilter { vlan: Some(100), ..filter() };
    assert_eq!(parse(&f, &tagged).unwrap().l3, 18);
    f[15] = 0;
    assert_eq!(parse(&f, &filter()).unwrap().l3, 18, "priority tag");
    assert_eq!(parse(&f, &tagged).err(), Some(DropReason::VlanUnknown));
}

#[test]
fn ipv6_extension_headers() {
    let plain = parse(&tcp6(), &filter()).unwrap();
    assert_eq!((plain.l4, plain.end, plain.protocol), (54, 74, 6));
    let options = parse(&with_extension(60, &[6, 0, 1, 4, 0, 0, 0, 0]), &filter()).unwrap();
    assert_eq!((options.l4, options.key), (62, plain.key));
    let err = |kind, ext: &[u8]| parse(&with_extension(kind, ext), &filter()).err();
    assert_eq!(err(44, &[6, 0, 0, 0, 0, 0, 0, 1]), Some(DropReason::FragmentAtomic));
    assert_eq!(err(44, &[6, 0, 0, 8, 0, 0, 0, 1]), Some(DropReason::FragmentNonFirst));
    assert!(parse(&with_extension(44, &[6, 0, 0, 1, 0, 0, 0, 1]), &filter()).unwrap().first_fragment);
    assert_eq!(err(43, &[6, 0, 0, 1, 0, 0, 0, 0]), Some(DropReason::Ipv6RoutingHeader));
    assert_eq!(
        err(60, &[0, 0, 1, 4, 0, 0, 0, 0]),
        Some(DropReason::Ipv6ExtensionBad),
        "hop-by-hop not first"
    );
    assert_eq!(err(60, &[59, 0, 1, 4, 0, 0, 0, 0]), Some(DropReason::Ipv6ExtensionBad));
    assert_eq!(err(60, &[6, 9, 1, 4, 0, 0, 0, 0]), Some(DropReason::Ipv6ExtensionBad), "length beyond");
    let long: Vec<u8> = (0..7).flat_map(|i| [if i == 6 { 6 } else { 60 }, 0, 1, 4, 0, 0, 0, 0]).collect();
    assert_eq!(err(60, &long), Some(DropReason::Ipv6ExtensionBad), "chain too long");
}

#[test]
fn icmp_error_carries_the_quoted_flow() {
    let mut inner = tcp4();
    fix_checksum(&mut inner);
    let mut f = inner[..34].to_vec();
    f[23] = 1;
    // The error goes from 10.0.0.2 back to 10.0.0.1.
    f[29] = 2;
    f[33] = 1;
    f.extend([3, 3, 0, 0, 0, 0, 0, 0]);
    f.extend(&inner[14..42]);
    f[17] = 56;
    fix_checksum(&mut f);
    let p = parse(&f, &filter()).unwrap();
    let flow = parse(&inner, &filter()).unwrap();
    assert_eq!((p.class, p.key, p.side), (Class::IcmpError, flow.key, flow.side));
    f[33] = 9;
    fix_checksum(&mut f);
    assert_eq!(parse(&f, &filter()).err(), Some(DropReason::IcmpErrorBad), "not to the quoted sender");
    f[33] = 1;
    f[34] = 4;
    fix_checksum(&mut f);
    assert_eq!(parse(&f, &filter()).err(), Some(DropReason::IcmpTypeDenied), "source quench, RFC 6633");
}

#[test]
fn icmp_belongs_to_its_own_family() {
    let with_protocol = |protocol: u8, icmp_type: u8| {
        let mut f = tcp4();
        (f[23], f[34]) = (protocol, icmp_type);
        fix_checksum(&mut f);
        parse(&f, &filter()).map(|p| p.class)
    };
    assert_eq!(with_protocol(1, 8), Ok(Class::Flow));
    for icmpv6_type in [1, 128, 135] {
        assert_eq!(with_protocol(58, icmpv6_type), Err(DropReason::IcmpTypeDenied), "{icmpv6_type}");
    }
    let mut f = tcp6();
    (f[20], f[54]) = (1, 8);
    assert_eq!(parse(&f, &filter()).err(), Some(DropReason::IcmpTypeDenied));
}

#[test]
fn addresses() {
    let check = |s: &str, d: &str| check_addresses(s.parse().unwrap(), d.parse().unwrap());
    assert_eq!(check("10.0.0.1", "10.0.0.2"), Ok(AddressCheck::Global));
    assert_eq!(check("10.0.0.1", "10.0.0.1"), Err(DropReason::Land));
    for martian in ["0.1.2.3", "127.0.0.1", "224.0.0.1", "255.255.255.255", "240.0.0.1"] {
        assert_eq!(check(martian, "10.0.0.2"), Err(DropReason::Martian), "{martian}");
    }
    assert_eq!(check("169.254.1.1", "10.0.0.2"), Ok(AddressCheck::LinkOnly));
    assert_eq!(check("10.0.0.1", "224.0.0.5"), Ok(AddressCheck::Group));
    for martian in ["::", "::1", "ff02::1", "::ffff:1.2.3.4"] {
        assert_eq!(check(martian, "fd00::1"), Err(DropReason::Martian), "{martian}");
    }
    assert_eq!(check("fe80::1", "fd00::1"), Ok(AddressCheck::LinkOnly));
}

proptest! {
    #[test]
    fn any_bytes_parse_or_drop(bytes in proptest::collection::vec(any::<u8>(), 0..200)) {
        let _ = parse(&bytes, &filter());
    }

    /// Frames that get past the Ethernet and version checks, then anything.
    #[test]
    fn any_ip_bytes_stay_inside_the_frame(v6: bool, next in prop::sample::select(vec![0u8, 1, 6, 17, 43, 44, 51, 58, 60]),
                                          bytes in proptest::collection::vec(any::<u8>(), 0..160)) {
        let mut f = if v6 { tcp6()[..54].to_vec() } else { tcp4()[..34].to_vec() };
        let total = bytes.len() as u8;
        f.extend(bytes);
        if v6 { f[20] = next; f[19] = total; } else { f[23] = next; f[17] = 20u8.saturating_add(total); fix_checksum(&mut f); }
        if let Ok(p) = parse(&f, &filter()) {
            prop_assert!(p.l3 <= p.l4 && p.l4 <= p.end && usize::from(p.end) <= f.len());
        }
    }
}
