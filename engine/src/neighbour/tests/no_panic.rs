//! Whatever arrives, nothing panics; and what is answered is answered in form.

use super::*;
use proptest::prelude::*;

const SOLICITATION: &str = "3333ff000002 020000000009 86dd 6000000000203aff
    fd000001000000000000000000000009 ff0200000000000000000001ff000002
    87007d8500000000 fd000001000000000000000000000002 0101020000000009";
const REQUEST: &str = "ffffffffffff 020000000009 0806 0001 0800 06 04 0001
    020000000009 0a000109 000000000000 0a000102";

/// A frame that is almost right: some bytes changed, then cut or lengthened.
fn nearly(frame: &'static str) -> impl Strategy<Value = Vec<u8>> {
    let changes = prop::collection::vec((0usize..100, any::<u8>()), 0..4);
    (changes, 0usize..120).prop_map(move |(changes, len)| {
        let mut frame = hex(frame);
        for (at, byte) in changes {
            if let Some(b) = frame.get_mut(at) {
                *b = byte;
            }
        }
        if len < 110 {
            frame.resize(len, 0);
        }
        frame
    })
}

proptest! {
    #[test]
    fn arp_survives_any_bytes(frame in prop_oneof![any::<Vec<u8>>(), nearly(REQUEST)], l3 in prop_oneof![Just(14usize), any::<usize>()]) {
        let mut table = table();
        let mut frame = frame;
        let outcome = table.handle_arp(START, &interface(), &InterfaceAddresses, &mut frame, l3);
        if outcome.verdict == Verdict::Reply {
            prop_assert_eq!(&frame[l3 + 6..l3 + 14], &[&[0, 2], &OUR_MAC.0[..]].concat());
        }
    }

    #[test]
    fn nd_survives_any_bytes(frame in prop_oneof![any::<Vec<u8>>(), nearly(SOLICITATION)], l3 in prop_oneof![Just(14usize), any::<usize>()]) {
        let mut table = table();
        let mut packet = HeapPacket::new(&frame);
        let outcome = table.handle_nd(START, &interface(), &InterfaceAddresses, &mut packet, l3);
        if outcome.verdict == Verdict::Reply {
            prop_assert_eq!(packet.data().len(), l3 + 72);
        }
    }

    /// Past the checksum, where random bytes never get: the options, with the sum made right.
    #[test]
    fn nd_survives_any_options(options in prop::collection::vec(any::<u8>(), 0..64), kind in 133u8..138, source_zero: bool) {
        let mut frame = hex(SOLICITATION);
        frame.truncate(14 + 40 + 24);
        frame.extend(&options);
        frame[54] = kind;
        if source_zero {
            frame[22..38].fill(0);
        }
        frame[18..20].copy_from_slice(&(24 + options.len() as u16).to_be_bytes());
        let (source, destination) = (crate::net::bytes::ipv6(&frame, 22).unwrap(), crate::net::bytes::ipv6(&frame, 38).unwrap());
        crate::net::build::finish_icmpv6(source, destination, &mut frame[54..]).unwrap();
        let mut table = table();
        let outcome = table.handle_nd(START, &interface(), &InterfaceAddresses, &mut HeapPacket::new(&frame), 14);
        if options.is_empty() && kind == 135 {
            prop_assert_eq!(outcome.verdict, Verdict::Reply);
        }
    }
}
