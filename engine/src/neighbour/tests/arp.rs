//! ARP behaviour, one frame each.

use super::*;
use crate::drop_reason::DropReason;

const L3: usize = 14;
const HOST: &str = "10.0.1.9";

/// 10.0.1.9 asks everyone for 10.0.1.2.
const REQUEST: &str = "ffffffffffff 020000000009 0806 0001 0800 06 04 0001
    020000000009 0a000109 000000000000 0a000102";
/// 10.0.1.9 answers us.
const REPLY: &str = "020000000001 020000000009 0806 0001 0800 06 04 0002
    020000000009 0a000109 020000000001 0a000102";
/// Gratuitous: 10.0.1.9 is at …:10 now.
const GRATUITOUS: &str = "ffffffffffff 020000000010 0806 0001 0800 06 04 0001
    020000000010 0a000109 000000000000 0a000109";

fn handle(table: &mut Table, frame: &str) -> (Outcome, Vec<u8>) {
    handle_bytes(table, hex(frame))
}

fn handle_bytes(table: &mut Table, mut frame: Vec<u8>) -> (Outcome, Vec<u8>) {
    let outcome = table.handle_arp(START, &interface(), &InterfaceAddresses, &mut frame, L3);
    (outcome, frame)
}

#[test]
fn a_request_for_us_is_answered_and_its_sender_learned() {
    let mut table = table();
    let (outcome, frame) = handle(&mut table, REQUEST);
    assert_eq!(outcome.verdict, Verdict::Reply);
    let expected = "020000000009 020000000001 0806 0001 0800 06 04 0002
        020000000001 0a000102 020000000009 0a000109";
    assert_eq!(frame, hex(expected));
    let learned = view(&table, HOST);
    assert_eq!((learned.state, learned.mac), (NeighbourState::Stale, Some(HOST_MAC)));
    assert_eq!(outcome.update.map(|u| (u.mac, u.evidence)), Some((HOST_MAC, Evidence::Solicitation)));
    // Asked again it is no news here, but another worker may have had no room for it.
    let (again, _) = handle(&mut table, REQUEST);
    assert_eq!((again.verdict, again.update), (Verdict::Reply, outcome.update));
}

#[test]
fn padding_and_vlan_tags_stay() {
    let mut table = table();
    let mut frame = hex(REQUEST);
    frame.splice(12..12, [0x81, 0x00, 0x00, 0x07]);
    frame.resize(64, 0);
    let outcome = table.handle_arp(START, &interface(), &InterfaceAddresses, &mut frame, 18);
    assert_eq!((outcome.verdict, frame.len()), (Verdict::Reply, 64));
    assert_eq!(frame[..20], hex("020000000009 020000000001 8100 0007 0806 0001"));
}

#[test]
fn a_virtual_address_answers_with_its_virtual_mac() {
    let virtual_mac = Mac([0, 0, 0x0c, 0x9f, 0xf0, 1]);
    let own = |interface: &Interface, address: IpAddr| {
        if address == ip("10.0.1.1") {
            Some(virtual_mac)
        } else {
            InterfaceAddresses.mac_for(interface, address)
        }
    };
    let mut frame = hex(&REQUEST.replace("0a000102", "0a000101"));
    let outcome = table().handle_arp(START, &interface(), &own, &mut frame, L3);
    assert_eq!(outcome.verdict, Verdict::Reply);
    let expected = "020000000009 00000c9ff001 0806 0001 0800 06 04 0002
        00000c9ff001 0a000101 020000000009 0a000109";
    assert_eq!(frame, hex(expected));
}

#[test]
fn a_probe_from_nowhere_is_answered_and_nothing_learned() {
    let mut table = table();
    let (outcome, frame) = handle(&mut table, &REQUEST.replace("0a000109", "00000000"));
    assert_eq!((outcome.verdict, outcome.update), (Verdict::Reply, None));
    assert_eq!(frame[..6], HOST_MAC.0);
    assert!(table.is_empty());
}

#[test]
fn requests_for_others_teach_nothing_new() {
    let mut table = table();
    let (outcome, _) = handle(&mut table, &REQUEST.replace("0a000102", "0a000103"));
    assert_eq!(outcome.verdict, Verdict::Drop(DropReason::ArpNotForUs));
    assert!(table.is_empty());
}

#[test]
fn the_answer_resolves_and_releases_the_packets_in_order() {
    let (mut table, hop) = table_with(HOST, NeighbourState::Unresolved);
    table.enqueue(hop, packet(1), START).unwrap();
    table.enqueue(hop, packet(2), START).unwrap();
    let (requests, events) = drain(&mut table);
    assert_eq!(requests, [Request { port: PORT, target: ip(HOST), unicast: None }]);
    assert_eq!(events, []);
    let (outcome, _) = handle(&mut table, REPLY);
    assert_eq!(outcome.verdict, Verdict::Consumed);
    assert_eq!(drain(&mut table).1, [NeighbourEvent::Resolved(hop)]);
    assert_eq!(queued(&mut table, hop), [packet(1), packet(2)]);
    assert_eq!(table.hop(hop), Hop { port: PORT, state: NeighbourState::Reachable, mac: HOST_MAC });
}

#[test]
fn a_reply_nobody_asked_for_makes_no_entry_but_other_workers_hear_of_it() {
    let mut table = table();
    let (outcome, _) = handle(&mut table, REPLY);
    assert_eq!(outcome.verdict, Verdict::Consumed);
    assert_eq!(outcome.update.map(|u| u.evidence), Some(Evidence::Answer { overrides: true }));
    assert!(table.is_empty());
}

#[test]
fn another_workers_news_is_the_answer_to_our_question() {
    let (mut asking, hop) = table_with(HOST, NeighbourState::Incomplete);
    asking.enqueue(hop, packet(1), START).unwrap();
    let (outcome, _) = handle(&mut table(), REPLY);
    asking.apply_update(START, &outcome.update.unwrap());
    assert_eq!(drain(&mut asking).1, [NeighbourEvent::Resolved(hop)]);
    assert_eq!(view(&asking, HOST).state, NeighbourState::Reachable);
    // Without an entry it makes none.
    let mut idle = table();
    idle.apply_update(START, &outcome.update.unwrap());
    assert!(idle.is_empty());
}

#[test]
fn a_reply_to_a_stale_entry_does_not_confirm_it() {
    let (mut table, _) = table_with(HOST, NeighbourState::Stale);
    handle(&mut table, REPLY);
    assert_eq!(view(&table, HOST).state, NeighbourState::Stale);
}

#[test]
fn a_reply_that_is_not_addressed_to_us_is_no_answer() {
    let to_everyone = REPLY.replacen("020000000001", "ffffffffffff", 1);
    let to_another_mac = REPLY.replace("020000000001 0a000102", "020000000077 0a000102");
    let to_another_ip = REPLY.replace("0a000102", "0a000103");
    for frame in [to_everyone, to_another_mac, to_another_ip] {
        let (mut table, _) = table_with(HOST, NeighbourState::Incomplete);
        let (outcome, _) = handle(&mut table, &frame);
        assert_eq!(outcome.verdict, Verdict::Drop(DropReason::ArpNotForUs));
        // The entry exists, so what is heard is taken, but as hearsay.
        assert_eq!(view(&table, HOST).state, NeighbourState::Stale);
    }
}

#[test]
fn gratuitous_arp_moves_a_known_neighbour_and_only_that() {
    let (mut known, hop) = table_with(HOST, NeighbourState::Reachable);
    let (outcome, _) = handle(&mut known, GRATUITOUS);
    assert_eq!(outcome.verdict, Verdict::Consumed);
    assert_eq!(outcome.update.map(|u| u.mac), Some(OTHER_MAC));
    assert_eq!(known.hop(hop), Hop { port: PORT, state: NeighbourState::Stale, mac: OTHER_MAC });
    let mut unknown = table();
    assert_eq!(handle(&mut unknown, GRATUITOUS).0.verdict, Verdict::Consumed);
    assert!(unknown.is_empty());
}

#[test]
fn a_static_entry_listens_to_nobody() {
    let mut table = table();
    let hop = table.static_entry(PORT, ip(HOST), HOST_MAC, START).unwrap();
    handle(&mut table, GRATUITOUS);
    assert_eq!(table.hop(hop), Hop { port: PORT, state: NeighbourState::Static, mac: HOST_MAC });
}

#[test]
fn somebody_elses_claim_to_our_address_is_a_conflict() {
    let mut table = table();
    let (outcome, _) = handle(&mut table, &GRATUITOUS.replace("0a000109", "0a000102"));
    let conflict = AddressConflict { port: PORT, address: ip("10.0.1.2"), mac: OTHER_MAC };
    assert_eq!(outcome.conflict, Some(conflict));
    assert_eq!(table.counters().conflicts, 1);
    assert!(table.is_empty());
}

#[test]
fn our_own_frames_come_back_are_no_conflict() {
    let mut table = table();
    let (outcome, _) = handle(&mut table, &REPLY.replace("020000000009 0a000109", "020000000001 0a000102"));
    assert_eq!(outcome, Outcome::drop(DropReason::ArpNotForUs));
}

#[test]
fn malformed_packets_are_refused() {
    let bad = [
        REQUEST.replace("0001 0800 06 04", "0002 0800 06 04"),
        REQUEST.replace("0001 0800 06 04", "0001 86dd 06 04"),
        REQUEST.replace("0001 0800 06 04", "0001 0800 08 04"),
        REQUEST.replace("0001 0800 06 04", "0001 0800 06 10"),
        REQUEST.replace("06 04 0001", "06 04 0003"),
        // Group and zero hardware addresses (RFC 1812 section 3.3.2).
        REQUEST.replace("020000000009 0a000109", "010000000009 0a000109"),
        REQUEST.replace("020000000009 0a000109", "000000000000 0a000109"),
    ];
    for frame in bad {
        let mut table = table();
        assert_eq!(handle(&mut table, &frame).0, Outcome::drop(DropReason::ArpBad), "{frame}");
        assert!(table.is_empty());
    }
    for len in 0..hex(REQUEST).len() {
        let (outcome, _) = handle_bytes(&mut table(), hex(REQUEST)[..len].to_vec());
        assert_eq!(outcome, Outcome::drop(DropReason::ArpBad), "{len} bytes");
    }
}

#[test]
fn senders_that_cannot_be_on_the_link_are_ignored() {
    for sender in ["0a000209", "0a0001ff", "0a000100", "e0000001", "7f000001"] {
        let mut table = table();
        let (outcome, _) = handle(&mut table, &REQUEST.replace("0a000109", sender));
        assert_eq!(outcome, Outcome::drop(DropReason::ArpNotForUs), "{sender}");
        assert!(table.is_empty());
    }
}

#[test]
fn a_sender_that_is_not_the_ethernet_source_is_refused_when_configured() {
    let frame = REQUEST.replacen("020000000009", "020000000077", 1);
    assert_eq!(handle(&mut table(), &frame).0.verdict, Verdict::Reply);
    let mut strict = Table::new(NeighboursConfig { arp_source_must_match: true, ..Default::default() });
    assert_eq!(handle(&mut strict, &frame).0, Outcome::drop(DropReason::ArpBad));
    assert_eq!(handle(&mut strict, REQUEST).0.verdict, Verdict::Reply);
}

#[test]
fn other_hosts_requests_leave_room_for_our_own() {
    let mut table = Table::new(NeighboursConfig { neighbours_max: 16, ..Default::default() });
    for host in 10..40u8 {
        let frame = REQUEST.replace("0a000109", &format!("0a0001{host:02x}"));
        assert_eq!(handle(&mut table, &frame).0.verdict, Verdict::Reply);
    }
    assert_eq!(table.len(), 14);
    assert!(table.intern(PORT, ip("10.0.1.200"), START).is_ok());
}

#[test]
fn requests_and_announcements_on_the_wire() {
    let mut out = [0; REQUEST_FRAME_BYTES_MAX];
    let mut written = |unicast| {
        let len = Request { port: PORT, target: ip(HOST), unicast }.write(&interface(), &mut out).unwrap();
        out[..len].to_vec()
    };
    let expected = "ffffffffffff 020000000001 0806 0001 0800 06 04 0001
        020000000001 0a000102 000000000000 0a000109";
    assert_eq!(written(None), hex(expected));
    assert_eq!(written(Some(HOST_MAC)), hex(&expected.replace("ffffffffffff", "020000000009")));
    let len = Announcement { address: ip("10.0.1.2"), mac: OTHER_MAC }.write(&mut out).unwrap();
    let expected = "ffffffffffff 020000000010 0806 0001 0800 06 04 0002
        020000000010 0a000102 ffffffffffff 0a000102";
    assert_eq!(out[..len], hex(expected));
}
