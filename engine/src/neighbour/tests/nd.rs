//! Neighbour discovery, one frame each. Checksums in the constants come from an independent program.

use super::*;
use crate::drop_reason::DropReason;
use crate::net::build::finish_icmpv6;
use crate::net::bytes;

const L3: usize = 14;
const ICMPV6: usize = L3 + 40;
const HOST: &str = "fd00:1::9";

/// fd00:1::9 asks the group of fd00:1::2 for it, with its own address as an option.
const SOLICITATION: &str = "3333ff000002 020000000009 86dd 6000000000203aff
    fd000001000000000000000000000009 ff0200000000000000000001ff000002
    87007d8500000000 fd000001000000000000000000000002 0101020000000009";
/// What we say to that.
const OUR_ADVERTISEMENT: &str = "020000000009 020000000001 86dd 6000000000203aff
    fd000001000000000000000000000002 fd000001000000000000000000000009
    88009c8fe0000000 fd000001000000000000000000000002 0201020000000001";
/// Somebody wants to take fd00:1::2.
const DETECTION: &str = "3333ff000002 020000000009 86dd 6000000000183aff
    00000000000000000000000000000000 ff0200000000000000000001ff000002
    87007da200000000 fd000001000000000000000000000002";
/// What we say to that, to everyone.
const DEFENCE: &str = "333300000001 020000000001 86dd 6000000000203aff
    fd000001000000000000000000000002 ff020000000000000000000000000001
    8800da96a0000000 fd000001000000000000000000000002 0201020000000001";
/// fd00:1::9 answers us: solicited, override.
const ANSWER: &str = "020000000001 020000000009 86dd 6000000000203aff
    fd000001000000000000000000000009 fd000001000000000000000000000002
    88001c8160000000 fd000001000000000000000000000009 0201020000000009";

fn handle(table: &mut Table, frame: Vec<u8>) -> (Outcome, Vec<u8>) {
    let mut packet = HeapPacket::new(&frame);
    let outcome = table.handle_nd(START, &interface(), &InterfaceAddresses, &mut packet, L3);
    (outcome, packet.data().to_vec())
}

/// The frame with `change` applied and its checksum made right again.
fn changed(frame: &str, change: impl FnOnce(&mut Vec<u8>)) -> Vec<u8> {
    let mut frame = hex(frame);
    change(&mut frame);
    let payload = (frame.len() - ICMPV6) as u16;
    frame[L3 + 4..L3 + 6].copy_from_slice(&payload.to_be_bytes());
    let (source, destination) = (bytes::ipv6(&frame, L3 + 8).unwrap(), bytes::ipv6(&frame, L3 + 24).unwrap());
    finish_icmpv6(source, destination, &mut frame[ICMPV6..]);
    frame
}

/// The answer with these NA flags, from this MAC.
fn answer(flags: u8, mac: Mac) -> Vec<u8> {
    changed(ANSWER, |f| {
        f[ICMPV6 + 4] = flags;
        f[ICMPV6 + 26..ICMPV6 + 32].copy_from_slice(&mac.0);
    })
}

const S: u8 = 0x40;
const O: u8 = 0x20;

#[test]
fn a_solicitation_for_us_is_answered_and_its_sender_learned() {
    let mut table = table();
    let (outcome, frame) = handle(&mut table, hex(SOLICITATION));
    assert_eq!(outcome.verdict, Verdict::Reply);
    assert_eq!(frame, hex(OUR_ADVERTISEMENT));
    let learned = view(&table, HOST);
    assert_eq!((learned.state, learned.mac), (NeighbourState::Stale, Some(HOST_MAC)));
    assert_eq!(outcome.update.map(|u| u.evidence), Some(Evidence::Solicitation));
}

#[test]
fn a_solicitation_without_option_is_answered_in_a_longer_frame_and_teaches_nothing() {
    let mut table = table();
    let (outcome, frame) = handle(&mut table, changed(SOLICITATION, |f| f.truncate(ICMPV6 + 24)));
    assert_eq!((outcome.verdict, outcome.update), (Verdict::Reply, None));
    assert_eq!(frame, hex(OUR_ADVERTISEMENT));
    assert!(table.is_empty());
}

#[test]
fn unknown_options_are_skipped_and_the_reply_is_cut_to_its_length() {
    // A nonce (RFC 3971 option 14) before the address, and padding behind the packet.
    let mut frame = changed(SOLICITATION, |f| {
        f.splice(ICMPV6 + 24..ICMPV6 + 24, hex("0e01aabbccddeeff"));
    });
    frame.extend([0; 6]);
    let mut table = table();
    let (outcome, frame) = handle(&mut table, frame);
    assert_eq!(outcome.verdict, Verdict::Reply);
    assert_eq!(frame, hex(OUR_ADVERTISEMENT));
    assert_eq!(view(&table, HOST).mac, Some(HOST_MAC));
}

#[test]
fn our_link_local_address_is_answered_for() {
    let ours = OUR_MAC.link_local();
    let frame = changed(SOLICITATION, |f| f[ICMPV6 + 8..ICMPV6 + 24].copy_from_slice(&ours.octets()));
    let (outcome, frame) = handle(&mut table(), frame);
    assert_eq!(outcome.verdict, Verdict::Reply);
    assert_eq!(bytes::ipv6(&frame, L3 + 8), Some(ours));
}

#[test]
fn duplicate_address_detection_is_told_off_before_everyone() {
    let mut table = table();
    let (outcome, frame) = handle(&mut table, hex(DETECTION));
    assert_eq!((outcome.verdict, outcome.update), (Verdict::Reply, None));
    assert_eq!(frame, hex(DEFENCE));
    assert!(table.is_empty());
}

#[test]
fn detection_must_go_to_the_group_and_carry_no_option() {
    let with_option = changed(DETECTION, |f| f.extend(hex("0101020000000009")));
    let to_all_nodes = changed(DETECTION, |f| {
        f[L3 + 24..L3 + 40].copy_from_slice(&hex("ff020000000000000000000000000001"));
    });
    for frame in [with_option, to_all_nodes] {
        assert_eq!(handle(&mut table(), frame).0, Outcome::drop(DropReason::NdBad));
    }
}

#[test]
fn section_7_1_is_checked_in_full() {
    type Change = fn(&mut Vec<u8>);
    let changes: [(&str, Change); 12] = [
        ("hop limit 254: forwarded", |f| f[L3 + 7] = 254),
        ("code 1", |f| f[ICMPV6 + 1] = 1),
        ("no target", |f| f.truncate(ICMPV6 + 23)),
        ("target multicast", |f| f[ICMPV6 + 8] = 0xff),
        ("target unspecified", |f| f[ICMPV6 + 8..ICMPV6 + 24].fill(0)),
        ("option of length zero", |f| f[ICMPV6 + 25] = 0),
        ("option beyond the end", |f| f[ICMPV6 + 25] = 2),
        ("half an option header", |f| f.extend([1])),
        ("link-layer address of the wrong size", |f| {
            f[ICMPV6 + 25] = 2;
            f.extend([0; 8]);
        }),
        ("group address as link-layer address", |f| f[ICMPV6 + 26] = 3),
        ("source multicast", |f| f[L3 + 8] = 0xff),
        ("not ICMPv6", |f| f[L3 + 6] = 60),
    ];
    for (what, change) in changes {
        let mut table = table();
        assert_eq!(
            handle(&mut table, changed(SOLICITATION, change)).0,
            Outcome::drop(DropReason::NdBad),
            "{what}"
        );
        assert!(table.is_empty());
    }
    let mut wrong_sum = hex(SOLICITATION);
    wrong_sum[ICMPV6 + 2] ^= 1;
    assert_eq!(handle(&mut table(), wrong_sum).0, Outcome::drop(DropReason::NdBad));
    for len in 0..hex(SOLICITATION).len() {
        let (outcome, _) = handle(&mut table(), hex(SOLICITATION)[..len].to_vec());
        assert_eq!(outcome, Outcome::drop(DropReason::NdBad), "{len} bytes");
    }
}

#[test]
fn an_advertisement_needs_a_source_and_a_multicast_one_cannot_be_solicited() {
    let no_source = changed(ANSWER, |f| f[L3 + 8..L3 + 24].fill(0));
    let solicited_by_all = changed(ANSWER, |f| {
        f[L3 + 24..L3 + 40].copy_from_slice(&hex("ff020000000000000000000000000001"));
    });
    for frame in [no_source, solicited_by_all] {
        assert_eq!(handle(&mut table(), frame).0, Outcome::drop(DropReason::NdBad));
    }
}

#[test]
fn what_does_not_concern_us_is_left_alone() {
    let other_target = changed(SOLICITATION, |f| f[ICMPV6 + 23] = 3);
    let off_link_source = changed(SOLICITATION, |f| f[L3 + 11] = 7);
    let router_advertisement = changed(ANSWER, |f| f[ICMPV6] = 134);
    let our_own = changed(SOLICITATION, |f| f[6..12].copy_from_slice(&OUR_MAC.0));
    for frame in [other_target, off_link_source, router_advertisement, our_own] {
        let mut table = table();
        assert_eq!(handle(&mut table, frame).0, Outcome::drop(DropReason::NdNotForUs));
        assert!(table.is_empty());
    }
}

#[test]
fn claims_to_our_address_are_conflicts() {
    let advertised = changed(ANSWER, |f| f[ICMPV6 + 23] = 2);
    let used = changed(SOLICITATION, |f| f[L3 + 23] = 2);
    for frame in [advertised, used] {
        let (outcome, _) = handle(&mut table(), frame);
        assert_eq!(
            outcome.conflict,
            Some(AddressConflict { port: PORT, address: ip("fd00:1::2"), mac: HOST_MAC })
        );
    }
}

/// RFC 4861 appendix C, row by row: state before, flags and address heard, state and address after.
#[test]
fn advertisement_flags_mean_what_appendix_c_says() {
    use NeighbourState::{Failed, Incomplete, Probe, Reachable, Stale, Unresolved};
    let rows = [
        (Incomplete, S | O, HOST_MAC, Reachable, Some(HOST_MAC)),
        (Incomplete, S, HOST_MAC, Reachable, Some(HOST_MAC)),
        (Incomplete, O, HOST_MAC, Stale, Some(HOST_MAC)),
        (Incomplete, 0, HOST_MAC, Stale, Some(HOST_MAC)),
        (Probe, S, HOST_MAC, Reachable, Some(HOST_MAC)),
        (Probe, S | O, OTHER_MAC, Reachable, Some(OTHER_MAC)),
        (Probe, S, OTHER_MAC, Probe, Some(HOST_MAC)),
        (Probe, O, HOST_MAC, Probe, Some(HOST_MAC)),
        (Probe, O, OTHER_MAC, Stale, Some(OTHER_MAC)),
        (Probe, 0, OTHER_MAC, Probe, Some(HOST_MAC)),
        (Reachable, S, OTHER_MAC, Stale, Some(HOST_MAC)),
        (Reachable, 0, OTHER_MAC, Stale, Some(HOST_MAC)),
        (Reachable, O, OTHER_MAC, Stale, Some(OTHER_MAC)),
        (Reachable, O, HOST_MAC, Reachable, Some(HOST_MAC)),
        (Reachable, 0, HOST_MAC, Reachable, Some(HOST_MAC)),
        (Stale, 0, OTHER_MAC, Stale, Some(HOST_MAC)),
        (Stale, O, OTHER_MAC, Stale, Some(OTHER_MAC)),
        // Stricter than the RFC: not asked, so no answer.
        (Stale, S | O, HOST_MAC, Stale, Some(HOST_MAC)),
        (Stale, S | O, OTHER_MAC, Stale, Some(OTHER_MAC)),
        (Failed, O, HOST_MAC, Stale, Some(HOST_MAC)),
        (Unresolved, O, HOST_MAC, Stale, Some(HOST_MAC)),
    ];
    for (before, flags, mac, after, recorded) in rows {
        let (mut table, _) = table_with(HOST, before);
        let (outcome, _) = handle(&mut table, answer(flags, mac));
        assert_eq!(outcome.verdict, Verdict::Consumed);
        let seen = view(&table, HOST);
        assert_eq!((seen.state, seen.mac), (after, recorded), "{before:?}, flags {flags:#x}, {mac}");
    }
}

#[test]
fn an_advertisement_makes_no_entry() {
    let mut table = table();
    let (outcome, _) = handle(&mut table, hex(ANSWER));
    assert_eq!(outcome.update.map(|u| u.evidence), Some(Evidence::Answer { overrides: true }));
    assert!(table.is_empty());
}

#[test]
fn an_answer_to_a_probe_may_leave_its_address_out() {
    let bare = || changed(ANSWER, |f| f.truncate(ICMPV6 + 24));
    let (mut probing, _) = table_with(HOST, NeighbourState::Probe);
    handle(&mut probing, bare());
    assert_eq!(view(&probing, HOST).state, NeighbourState::Reachable);
    // RFC 4861 section 7.2.5: while nothing is recorded such an advertisement is discarded.
    let (mut asking, _) = table_with(HOST, NeighbourState::Incomplete);
    assert_eq!(handle(&mut asking, bare()).0, Outcome::drop(DropReason::NdNotForUs));
    assert_eq!(view(&asking, HOST).state, NeighbourState::Incomplete);
}

#[test]
fn solicitations_on_the_wire() {
    let mut out = [0; REQUEST_FRAME_BYTES_MAX];
    let everyone = Request { port: PORT, target: ip(HOST), unicast: None };
    assert_eq!(everyone.write(&interface(), &mut out), Some(86));
    let expected = "3333ff000009 020000000001 86dd 6000000000203aff
        fd000001000000000000000000000002 ff0200000000000000000001ff000009
        87007d8600000000 fd000001000000000000000000000009 0101020000000001";
    assert_eq!(out[..], hex(expected));
    assert_eq!(everyone.write(&interface(), &mut out[..85]), None);

    // A probe goes to the address itself; the host at the other end answers it.
    let probe = Request { unicast: Some(HOST_MAC), ..everyone };
    let len = probe.write(&interface(), &mut out).unwrap();
    assert_eq!(out[..6], HOST_MAC.0);
    let mut host = interface();
    host.mac = HOST_MAC;
    host.addresses[1].address = ip(HOST);
    let mut packet = HeapPacket::new(&out[..len]);
    let outcome = table().handle_nd(START, &host, &InterfaceAddresses, &mut packet, L3);
    assert_eq!(outcome.verdict, Verdict::Reply);
    assert_eq!(packet.data()[..12], hex("020000000001 020000000009"));
}

#[test]
fn an_announcement_moves_those_who_know_us() {
    let (mut table, _) = table_with(HOST, NeighbourState::Reachable);
    let mut out = [0; REQUEST_FRAME_BYTES_MAX];
    let len = Announcement { address: ip(HOST), mac: OTHER_MAC }.write(&mut out).unwrap();
    assert_eq!(out[..12], hex("333300000001 020000000010"));
    let (outcome, _) = handle(&mut table, out[..len].to_vec());
    assert_eq!(outcome.verdict, Verdict::Consumed);
    assert_eq!(view(&table, HOST).mac, Some(OTHER_MAC));
}
