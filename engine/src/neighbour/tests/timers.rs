//! Retries, ageing, limits, references.

use super::*;
use crate::drop_reason::DropReason;
use proptest::prelude::*;

const HOST: &str = "10.0.1.9";

fn after(seconds: u64) -> Instant {
    START + Duration::from_secs(seconds)
}

fn answered(table: &mut Table, now: Instant) {
    table.apply_update(
        now,
        &NeighbourUpdate {
            port: PORT,
            address: ip(HOST),
            mac: HOST_MAC,
            evidence: Evidence::Answer { overrides: true },
        },
    );
}

fn announced(table: &mut Table, now: Instant) {
    table.apply_update(
        now,
        &NeighbourUpdate {
            port: PORT,
            address: ip(HOST),
            mac: HOST_MAC,
            evidence: Evidence::Announcement { overrides: true },
        },
    );
}

#[test]
fn three_requests_then_unreachable_then_quiet_then_again() {
    let (mut table, hop) = table_with(HOST, NeighbourState::Unresolved);
    table.enqueue(hop, packet(1), START).unwrap();
    assert_eq!(drain(&mut table).0.len(), 1);
    for second in 1..3 {
        assert_eq!(table.wake(), Some(after(second)));
        assert_eq!(table.poll(Instant(after(second).0 - 1), 10), 0);
        assert_eq!(table.poll(after(second), 10), 1);
        let (requests, events) = drain(&mut table);
        assert_eq!((requests.len(), events.len()), (1, 0));
    }
    table.poll(after(3), 10);
    let (requests, events) = drain(&mut table);
    assert_eq!((requests, events), (vec![], vec![NeighbourEvent::Failed(hop)]));
    assert_eq!(queued(&mut table, hop), [packet(1)]);
    // Held: nothing is queued and nothing is asked.
    let refused = table.enqueue(hop, packet(2), after(4));
    assert_eq!(refused, Err((packet(2), DropReason::NeighbourUnreachable)));
    assert_eq!(drain(&mut table), (vec![], vec![]));
    // A session still refers to it; after the hold the next packet asks again.
    table.retain(hop);
    table.poll(after(6), 10);
    assert_eq!(view(&table, HOST).state, NeighbourState::Unresolved);
    table.enqueue(hop, packet(3), after(7)).unwrap();
    assert_eq!(drain(&mut table).0.len(), 1);
}

#[test]
fn a_failed_neighbour_nobody_refers_to_is_forgotten() {
    let (mut table, _) = table_with(HOST, NeighbourState::Failed);
    table.poll(after(6), 10);
    assert!(table.is_empty());
    assert_eq!(table.wake(), None);
}

#[test]
fn used_and_old_is_probed_and_confirmed() {
    let (mut table, hop) = table_with(HOST, NeighbourState::Reachable);
    table.retain(hop);
    table.hop(hop);
    table.poll(after(30), 10);
    assert_eq!(view(&table, HOST).state, NeighbourState::Stale);
    // Not used since: left alone.
    table.poll(after(35), 10);
    assert_eq!(view(&table, HOST).state, NeighbourState::Stale);
    assert!(table.hop(hop).state.is_usable());
    table.poll(after(40), 10);
    assert_eq!(drain(&mut table).0, [Request { port: PORT, target: ip(HOST), unicast: Some(HOST_MAC) }]);
    // Packets go on meanwhile.
    assert_eq!(table.hop(hop), Hop { port: PORT, state: NeighbourState::Probe, mac: HOST_MAC });
    answered(&mut table, after(40));
    assert_eq!(view(&table, HOST).state, NeighbourState::Reachable);
    assert_eq!(table.wake(), Some(after(70)));
}

#[test]
fn a_probe_without_answer_asks_everyone_before_giving_up() {
    let (mut table, hop) = table_with(HOST, NeighbourState::Probe);
    let mut sent = vec![];
    for second in 6..=10 {
        table.poll(after(second), 10);
        let (requests, events) = drain(&mut table);
        sent.extend(requests.into_iter().map(|r| r.unicast));
        assert_eq!(events, []);
    }
    assert_eq!(sent, [Some(HOST_MAC), Some(HOST_MAC), None, None, None]);
    assert!(!table.hop(hop).state.is_usable());
    table.poll(after(11), 10);
    assert_eq!(drain(&mut table).1, [NeighbourEvent::Failed(hop)]);
}

#[test]
fn references_keep_an_entry_and_without_them_it_goes() {
    let (mut table, hop) = table_with(HOST, NeighbourState::Stale);
    table.retain(hop);
    table.retain(hop);
    for second in 1..300 {
        table.poll(after(second), 10);
    }
    assert_eq!(view(&table, HOST).references, 2);
    table.release(hop);
    for second in 300..400 {
        table.poll(after(second), 10);
    }
    assert_eq!(table.intern(PORT, ip(HOST), after(400)), Ok(hop));
    table.release(hop);
    table.poll(after(405), 10);
    assert!(table.is_empty());
    // Ignored, not counted against anyone.
    table.retain(NextHopRef::UNRESOLVED);
    table.release(NextHopRef::UNRESOLVED);
    assert_eq!(table.hop(NextHopRef::UNRESOLVED).state, NeighbourState::Unresolved);
}

#[test]
fn an_unreferenced_entry_lives_as_long_as_packets_use_it() {
    let (mut table, hop) = table_with(HOST, NeighbourState::Reachable);
    for second in 1..200 {
        table.hop(hop);
        table.poll(after(second), 10);
        while let Some(request) = table.poll_transmit() {
            assert_eq!(request.unicast, Some(HOST_MAC));
            answered(&mut table, after(second));
        }
        assert!(table.hop(hop).state.is_usable());
    }
    for second in 200..300 {
        table.poll(after(second), 10);
        drain(&mut table);
    }
    // Used just before it fell silent, so one probe may still have run; then it fails, and is forgotten.
    assert!(table.is_empty());
}

#[test]
fn a_static_entry_never_ages() {
    let mut table = table();
    let hop = table.intern(PORT, ip(HOST), START).unwrap();
    table.enqueue(hop, packet(1), START).unwrap();
    assert_eq!(table.static_entry(PORT, ip(HOST), HOST_MAC, START), Ok(hop));
    assert_eq!(drain(&mut table), (vec![], vec![NeighbourEvent::Resolved(hop)]));
    assert_eq!(queued(&mut table, hop), [packet(1)]);
    assert_eq!(table.wake(), None);
    table.poll(after(100_000), 10);
    assert_eq!(view(&table, HOST).state, NeighbourState::Static);
}

#[test]
fn the_queue_and_the_pool_are_bounded() {
    let config =
        NeighboursConfig { queue_packets_max: 2, queued_packets_total_max: 3, ..NeighboursConfig::default() };
    let mut table = Table::new(config);
    let a = table.intern(PORT, ip("10.0.1.10"), START).unwrap();
    let b = table.intern(PORT, ip("10.0.1.11"), START).unwrap();
    let full = |tag| Err((packet(tag), DropReason::NeighbourQueueFull));
    assert_eq!(table.enqueue(a, packet(1), START), Ok(()));
    assert_eq!(table.enqueue(a, packet(2), START), Ok(()));
    assert_eq!(table.enqueue(a, packet(3), START), full(3));
    assert_eq!(table.enqueue(b, packet(4), START), Ok(()));
    assert_eq!(table.enqueue(b, packet(5), START), full(5));
    assert_eq!(queued(&mut table, a), [packet(1), packet(2)]);
    assert_eq!(table.enqueue(b, packet(6), START), Ok(()));
    assert_eq!(queued(&mut table, b), [packet(4), packet(6)]);
    let c = table.intern(PORT, ip("10.0.1.12"), START).unwrap();
    let pool_of_none = NeighboursConfig { queued_packets_total_max: 0, ..NeighboursConfig::default() };
    assert_eq!(table.enqueue(c, packet(7), START), Ok(()));
    let mut none = Table::new(pool_of_none);
    let d = none.intern(PORT, ip(HOST), START).unwrap();
    assert_eq!(none.enqueue(d, packet(8), START), full(8));
    assert_eq!(drain(&mut none).0.len(), 1, "a packet that finds no room still starts resolution");
}

#[test]
fn a_packet_for_a_neighbour_that_was_just_resolved_is_not_lost() {
    let (mut table, hop) = table_with(HOST, NeighbourState::Reachable);
    table.enqueue(hop, packet(1), START).unwrap();
    assert_eq!(drain(&mut table).1, [NeighbourEvent::Resolved(hop)]);
    assert_eq!(queued(&mut table, hop), [packet(1)]);
}

#[test]
fn requests_are_limited_and_probes_keep_their_share() {
    let config =
        NeighboursConfig { requests_per_second_max: 1, requests_burst_max: 8, ..NeighboursConfig::default() };
    let mut table = Table::new(config);
    let known = table.intern(PORT, ip(HOST), START).unwrap();
    announced(&mut table, START);
    table.hop(known);
    let scan = after(5);
    for host in 20..60 {
        let hop = table.intern(PORT, ip(&format!("10.0.1.{host}")), scan).unwrap();
        table.enqueue(hop, packet(host), scan).unwrap();
    }
    assert_eq!(drain(&mut table).0.len(), 6);
    assert_eq!(table.counters().requests_throttled, 34);
    table.poll(scan, 1);
    assert_eq!(drain(&mut table).0, [Request { port: PORT, target: ip(HOST), unicast: Some(HOST_MAC) }]);
    // Put off is not given up: what was not sent does not count.
    table.poll(scan + Duration::from_millis(100), 100);
    let (_, events) = drain(&mut table);
    assert_eq!(events, []);
}

#[test]
fn updates_to_other_workers_are_limited() {
    let mut table = Table::new(NeighboursConfig { updates_per_second_max: 2, ..NeighboursConfig::default() });
    let mut heard = |last: u8| {
        let mut frame = hex("020000000001 020000000009 0806 0001 0800 06 04 0002
            020000000009 0a000109 020000000001 0a000102");
        frame[31] = last;
        table.handle_arp(START, &interface(), &InterfaceAddresses, &mut frame, 14).update.is_some()
    };
    assert_eq!([heard(10), heard(11), heard(12)], [true, true, false]);
    assert_eq!(table.counters().updates_throttled, 1);
}

#[test]
fn a_full_table_refuses_then_makes_room_for_what_nobody_needs() {
    let mut table = Table::new(NeighboursConfig { neighbours_max: 3, ..NeighboursConfig::default() });
    let hops: Vec<_> =
        (1..=3).map(|n| table.intern(PORT, ip(&format!("10.0.1.{}", 10 + n)), START).unwrap()).collect();
    table.retain(hops[0]);
    table.hop(hops[1]);
    let newcomer = ip("10.0.1.99");
    assert_eq!(table.intern(PORT, newcomer, START), Err(DropReason::NeighbourTableFull));
    table.poll(START, 10);
    // Referenced and just used stay; the third went.
    assert_eq!(table.intern(PORT, newcomer, START), Ok(hops[2]));
    assert_eq!(table.address(hops[0]), Some(ip("10.0.1.11")));
    assert_eq!(table.address(hops[1]), Some(ip("10.0.1.12")));
    assert_eq!(table.counters().evictions, 1);
    let mut none = Table::new(NeighboursConfig { neighbours_max: 0, ..NeighboursConfig::default() });
    assert_eq!(none.intern(PORT, newcomer, START), Err(DropReason::NeighbourTableFull));
    assert_eq!(none.poll(START, 10), 0);
}

#[test]
fn an_entry_with_something_on_its_way_out_is_not_evicted() {
    let drains: [fn(&mut Table); 2] =
        [|table| while table.poll_transmit().is_some() {}, |table| while table.poll_event().is_some() {}];
    for (first, second) in [(0, 1), (1, 0)] {
        let mut table = Table::new(NeighboursConfig { neighbours_max: 1, ..NeighboursConfig::default() });
        let hop = table.intern(PORT, ip(HOST), START).unwrap();
        table.want(hop, START);
        announced(&mut table, START);
        drains[first](&mut table);
        table.poll(START, 10);
        assert_eq!(table.address(hop), Some(ip(HOST)));
        drains[second](&mut table);
        table.poll(START, 10);
        assert_eq!(table.address(hop), None);
    }
}

#[test]
fn only_use_after_going_stale_starts_a_probe() {
    let (mut table, hop) = table_with(HOST, NeighbourState::Reachable);
    table.hop(hop);
    table.apply_update(
        after(1),
        &NeighbourUpdate {
            port: PORT,
            address: ip(HOST),
            mac: OTHER_MAC,
            evidence: Evidence::Announcement { overrides: true },
        },
    );
    table.poll(after(6), 10);
    assert_eq!(view(&table, HOST).state, NeighbourState::Stale);
    table.hop(hop);
    table.poll(after(11), 10);
    assert_eq!(view(&table, HOST).state, NeighbourState::Probe);
}

#[test]
fn poll_runs_no_more_timers_than_it_may() {
    let mut table = table();
    for host in 1..=100 {
        table.intern(PORT, ip(&format!("10.0.1.{}", 100 + host)), START).unwrap();
    }
    assert_eq!(table.poll(after(60), 30), 30);
    assert_eq!(table.len(), 70);
    assert_eq!(table.poll(after(60), 1000), 70);
}

/// One thing that may happen to the table in the property test below.
#[derive(Clone, Debug)]
enum Step {
    Use(u8),
    Retain(u8),
    Release,
    Heard(u8, u8, u8),
    Wait(u64),
}

fn step() -> impl Strategy<Value = Step> {
    prop_oneof![
        (0u8..12).prop_map(Step::Use),
        (0u8..12).prop_map(Step::Retain),
        Just(Step::Release),
        (0u8..12, 0u8..3, 0u8..5).prop_map(|(host, mac, kind)| Step::Heard(host, mac, kind)),
        (0u64..8_000).prop_map(Step::Wait),
    ]
}

proptest! {
    /// Whatever happens: a retained reference means the same host for ever, every packet comes out exactly once,
    /// and once everything is released and silent the table is empty.
    #[test]
    fn references_stay_true_and_packets_are_neither_lost_nor_doubled(steps in prop::collection::vec(step(), 1..200)) {
        let config = NeighboursConfig { neighbours_max: 8, queue_packets_max: 2, queued_packets_total_max: 5, ..Default::default() };
        let mut table = Table::new(config);
        let mut now = START;
        let mut held: Vec<(NextHopRef, IpAddr)> = vec![];
        let (mut offered, mut seen) = (0u32, 0u32);
        let address = |host: u8| ip(&format!("10.0.1.{}", 100 + host));
        let pass = |table: &mut Table, now, held: &[(NextHopRef, IpAddr)]| {
            table.poll(now, 4);
            while table.poll_transmit().is_some() {}
            let mut out = 0;
            while let Some(NeighbourEvent::Resolved(hop) | NeighbourEvent::Failed(hop)) = table.poll_event() {
                out += queued(table, hop).len() as u32;
            }
            for &(hop, address) in held {
                assert_eq!(table.address(hop), Some(address));
            }
            assert_eq!(table.unresolved, table.iter(now).filter(|v| !v.state.is_usable()).count());
            out
        };
        for step in steps {
            match step {
                Step::Use(host) => {
                    if let Ok(hop) = table.intern(PORT, address(host), now)
                        && !table.hop(hop).state.is_usable()
                    {
                        offered += 1;
                        seen += u32::from(table.enqueue(hop, packet(host), now).is_err());
                    }
                }
                Step::Retain(host) => {
                    if let Ok(hop) = table.intern(PORT, address(host), now) {
                        table.retain(hop);
                        held.push((hop, address(host)));
                    }
                }
                Step::Release => {
                    if let Some((hop, _)) = held.pop() {
                        table.release(hop);
                    }
                }
                Step::Heard(host, mac, kind) => {
                    let evidence = match kind {
                        0 => Evidence::Answer { overrides: true },
                        1 => Evidence::Answer { overrides: false },
                        2 => Evidence::Announcement { overrides: true },
                        3 => Evidence::Announcement { overrides: false },
                        _ => Evidence::Solicitation,
                    };
                    let mac = Mac([2, 0, 0, 0, 1, mac]);
                    table.hear(now, NeighbourUpdate { port: PORT, address: address(host), mac, evidence });
                }
                Step::Wait(milliseconds) => now = now + Duration::from_millis(milliseconds),
            }
            seen += pass(&mut table, now, &held);
        }
        for (hop, _) in held.drain(..) {
            table.release(hop);
        }
        for _ in 0..400 {
            now = now + Duration::from_millis(500);
            seen += pass(&mut table, now, &held);
        }
        prop_assert_eq!(offered, seen);
        prop_assert!(table.is_empty());
        prop_assert_eq!(table.wake(), None);
    }
}
