//! The table as the worker loop drives it, on a virtual clock, with frames written by hand.

mod arp;
mod attack;
mod nd;
mod no_panic;
mod timers;

use core::net::IpAddr;
use core::time::Duration;

use super::*;
use crate::interface::{Interface, InterfaceAddress, Mac, PortId, ZoneId};
use crate::io::PacketBuf;
use crate::session::NextHopRef;
use crate::testkit::HeapPacket;
use crate::time::Instant;

const PORT: PortId = PortId(0);
const OUR_MAC: Mac = Mac([2, 0, 0, 0, 0, 1]);
const HOST_MAC: Mac = Mac([2, 0, 0, 0, 0, 9]);
const OTHER_MAC: Mac = Mac([2, 0, 0, 0, 0, 0x10]);
const START: Instant = Instant(1_000_000_000_000);

type Table = Neighbours<HeapPacket>;

fn ip(text: &str) -> IpAddr {
    text.parse().unwrap()
}

fn hex(text: &str) -> Vec<u8> {
    let digits: Vec<u8> = text.bytes().filter(u8::is_ascii_hexdigit).collect();
    digits.chunks(2).map(|pair| u8::from_str_radix(str::from_utf8(pair).unwrap(), 16).unwrap()).collect()
}

fn packet(tag: u8) -> HeapPacket {
    HeapPacket::new(&[tag; 60])
}

fn interface() -> Interface {
    let addresses = [("10.0.1.2", 24), ("fd00:1::2", 64)];
    Interface {
        port: PORT,
        name: "inside".into(),
        mac: OUR_MAC,
        mtu: 1500,
        vlan: None,
        zone: ZoneId(1),
        ha_id: None,
        addresses: addresses.map(|(a, prefix_len)| InterfaceAddress { address: ip(a), prefix_len }).to_vec(),
    }
}

fn table() -> Table {
    Neighbours::new(NeighboursConfig { queue_packets_max: 2, ..NeighboursConfig::default() })
}

/// The view of one entry, which must exist.
fn view(table: &Table, address: &str) -> NeighbourView {
    find(table, address).unwrap()
}

fn find(table: &Table, address: &str) -> Option<NeighbourView> {
    table.iter(START).find(|v| v.address == ip(address))
}

/// A table with an entry for `address` in the wanted state, and nothing left to drain.
fn table_with(address: &str, state: NeighbourState) -> (Table, NextHopRef) {
    let mut table = table();
    let hop = table.intern(PORT, ip(address), START).unwrap();
    let answer = NeighbourUpdate {
        port: PORT,
        address: ip(address),
        mac: HOST_MAC,
        evidence: Evidence::Answer { overrides: true },
    };
    if state != NeighbourState::Unresolved {
        table.want(hop, START);
    }
    match state {
        NeighbourState::Reachable => table.apply_update(START, &answer),
        NeighbourState::Stale | NeighbourState::Probe => {
            let heard = Evidence::Announcement { overrides: true };
            table.apply_update(START, &NeighbourUpdate { evidence: heard, ..answer });
            if state == NeighbourState::Probe {
                table.hop(hop);
                table.poll(START + Duration::from_secs(5), 10);
            }
        }
        NeighbourState::Failed => {
            for second in 1..=3 {
                table.poll(START + Duration::from_secs(second), 10);
            }
        }
        _ => {}
    }
    drain(&mut table);
    assert_eq!(view(&table, address).state, state);
    (table, hop)
}

/// Everything the table wants to send and tell.
fn drain(table: &mut Table) -> (Vec<Request>, Vec<NeighbourEvent>) {
    let requests = std::iter::from_fn(|| table.poll_transmit()).collect();
    let events = std::iter::from_fn(|| table.poll_event()).collect();
    (requests, events)
}

fn queued(table: &mut Table, hop: NextHopRef) -> Vec<HeapPacket> {
    let mut out = vec![];
    table.take_queued(hop, &mut out);
    out
}
