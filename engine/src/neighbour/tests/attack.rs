//! What somebody on one link, or behind one, can do to the neighbours of everybody else.

use super::*;
use crate::drop_reason::DropReason;

const OUTSIDE: PortId = PortId(1);

fn host(n: u32) -> IpAddr {
    core::net::Ipv4Addr::from_bits(0x0a00_0100 + n).into()
}

/// An ARP packet from 10.0.1.`sender` to us: a request, or a reply as an answer.
fn arp(table: &mut Table, operation: u8, sender: u8) -> Outcome {
    let mut frame = hex("020000000001 020000000009 0806 0001 0800 06 04 0002
        020000000009 0a000109 020000000001 0a000102");
    (frame[21], frame[31]) = (operation, sender);
    table.handle_arp(START, &interface(), &InterfaceAddresses, &mut frame, 14)
}

/// Packets to addresses where nobody is, each held by a session, do not lock out a host that speaks to us.
#[test]
fn a_scan_of_empty_addresses_leaves_room_for_hosts_that_are_there() {
    let mut table = Table::new(NeighboursConfig { neighbours_max: 16, ..Default::default() });
    let scanned = (10..30).filter(|&n| {
        let hop = table.intern(PORT, host(n), START);
        if let Ok(hop) = hop {
            table.retain(hop);
            table.want(hop, START);
        }
        table.poll(START, 64);
        hop.is_ok()
    });
    assert_eq!(scanned.count(), 12, "three quarters of the table");
    assert_eq!(table.intern(PORT, host(99), START), Err(DropReason::NeighbourTableFull));
    assert_eq!(arp(&mut table, 1, 9).verdict, Verdict::Reply);
    assert_eq!(view(&table, "10.0.1.9").state, NeighbourState::Stale);
    assert!(table.intern(PORT, host(9), START).is_ok());
}

/// An entry that got its answer makes room for another question, and so does one that is forgotten.
#[test]
fn only_neighbours_without_an_answer_count_against_the_limit() {
    let mut table = Table::new(NeighboursConfig { neighbours_max: 4, ..Default::default() });
    let hops: Vec<_> = (10..13).map(|n| table.intern(PORT, host(n), START).unwrap()).collect();
    assert_eq!(table.intern(PORT, host(13), START), Err(DropReason::NeighbourTableFull));
    table.want(hops[0], START);
    arp(&mut table, 2, 10);
    assert!(table.intern(PORT, host(13), START).is_ok());
    drain(&mut table);
    // Unused, unreferenced entries go at the next poll; the one that answered is not among them.
    table.poll(START, 64);
    assert_eq!((table.len(), view(&table, "10.0.1.10").state), (1, NeighbourState::Reachable));
    assert_eq!(table.clear_learned(false), 1);
    assert!((20..23).all(|n| table.intern(PORT, host(n), START).is_ok()));
    assert!(table.intern(PORT, host(23), START).is_err());
}

/// Questions about the hosts behind one port leave those of the other ports their own rate.
#[test]
fn a_scan_behind_one_port_does_not_silence_another() {
    let mut table = table();
    for n in 0..200 {
        let hop = table.intern(OUTSIDE, host(n), START).unwrap();
        table.want(hop, START);
    }
    assert!(table.counters().requests_throttled > 0);
    drain(&mut table);
    let hop = table.intern(PORT, host(9), START).unwrap();
    table.want(hop, START);
    assert_eq!(drain(&mut table).0, [Request { port: PORT, target: host(9), unicast: None }]);
}

/// Whoever floods the link with announcements does not keep the answer from the worker that waits for it.
#[test]
fn announcements_do_not_hold_answers_back() {
    let mut table = Table::new(NeighboursConfig { updates_per_second_max: 10, ..Default::default() });
    let mut announce = |n: u8| {
        let mut frame = hex("ffffffffffff 020000000009 0806 0001 0800 06 04 0001
            020000000009 0a000109 000000000000 0a000109");
        (frame[31], frame[41]) = (n, n);
        table.handle_arp(START, &interface(), &InterfaceAddresses, &mut frame, 14).update.is_some()
    };
    assert_eq!((50..100).filter(|&n| announce(n)).count(), 5);
    assert!(arp(&mut table, 2, 9).update.is_some());
}

/// What a host says to one worker is enough for all, also to those whose table a scan has filled.
#[test]
fn under_a_scan_every_worker_knows_who_speaks() {
    let config = NeighboursConfig { neighbours_max: 16, ..Default::default() };
    let (mut first, mut second) = (Table::new(config.clone()), Table::new(config));
    arp(&mut first, 1, 9);
    for n in 10..22 {
        let hop = second.intern(PORT, host(n), START).unwrap();
        second.retain(hop);
    }
    assert_eq!(second.intern(PORT, host(9), START), Err(DropReason::NeighbourTableFull));
    // It asks again, as hosts do now and then; to the first worker that is no news.
    let told = arp(&mut first, 1, 9).update.unwrap();
    second.apply_update(START, &told);
    let hop = second.intern(PORT, host(9), START).unwrap();
    assert_eq!((second.hop(hop).state, second.hop(hop).mac), (NeighbourState::Stale, HOST_MAC));
    let stranger =
        NeighbourUpdate { address: host(8), evidence: Evidence::Announcement { overrides: true }, ..told };
    second.apply_update(START, &stranger);
    assert_eq!(find(&second, "10.0.1.8"), None);
}
