//! What the HA core of an active box tells, with a number of its own in every counter.

use std::time::Duration;

use holdfast_engine::interface::{Mac, PortId};
use holdfast_ha::status::{
    BoxRole, GroupState, GroupStatus, InstallCounters, LinkCounters, LinkState, PeerStatus,
    ReplicationCounters, Status, StreamStatus, SyncState,
};

/// A group as an active router tells of it.
fn group(port: u8, group: u16, address: [u8; 4]) -> GroupStatus {
    let peer = [address[0], address[1], address[2], 3];
    let own = [address[0], address[1], address[2], 2];
    GroupStatus {
        port: PortId(port),
        group,
        version: 2,
        state: GroupState::Active,
        priority: 110,
        priority_configured: 110,
        preempt: port == 1,
        virtual_addresses: vec![address.into()],
        virtual_mac: Mac([0, 0, 0x0c, 0x9f, 0xf0, group as u8]),
        active_router: Some(own.into()),
        active_priority: Some(110),
        standby_router: Some(peer.into()),
        hello: Duration::from_millis(250),
        hold: Duration::from_millis(800),
        next_hello_in: Some(Duration::from_millis(125)),
        authentication: "md5",
        state_changes: 2,
        last_change: Duration::from_secs(1_859),
        last_change_why: "hold time of the active router over",
        sent: [40, 1, 0],
        received: [38, 0, 1, 5],
        authentication_failures: 3,
        malformed: 4,
    }
}

/// An active box whose peer is hot.
pub fn active() -> Status {
    let seconds = Duration::from_secs;
    Status {
        name: "fw-a".into(),
        role: BoxRole::Active,
        role_why: "nobody was active",
        role_since: seconds(1_859),
        takeovers: 1,
        sync: SyncState::Hot,
        term: 7,
        groups: vec![group(0, 1, [10, 0, 1, 1]), group(1, 2, [10, 0, 2, 1])],
        link: LinkState::Up,
        link_local: Some("192.168.255.1:5000".parse().expect("an address")),
        link_peer: Some("192.168.255.2:5000".parse().expect("an address")),
        link_payload_bytes: 1_400,
        link_round_trip: Some(Duration::from_micros(212)),
        peer: Some(PeerStatus {
            fit: true,
            name: "fw-b".into(),
            role: BoxRole::Standby,
            sync: SyncState::Hot,
            term: 7,
            sessions: 3,
            version: 1,
            heard_for: seconds(1_850),
            silent_for: Duration::from_millis(12),
        }),
        sessions: 3,
        tables_equal: Some(true),
        lag_records: 2,
        lag: Duration::from_micros(1_500),
        last_bulk_age: Some(seconds(1_800)),
        last_bulk_sessions: 100_000,
        last_bulk_took: Duration::from_millis(812),
        bulk_progress: None,
        streams: vec![StreamStatus { sent: 1_236, acknowledged: 1_234, in_flight: 2, applied: 9 }],
        replication: ReplicationCounters {
            records_sent: 1,
            removals_sent: 2,
            records_resent: 3,
            datagrams_sent: 4,
            datagrams_lost: 5,
            records_received: 6,
            removals_received: 7,
            datagrams_received: 8,
            duplicates: 9,
            late: 10,
            no_room: 11,
            unknown_records: 12,
            malformed: 13,
            outdated: 14,
        },
        link_counters: LinkCounters {
            sent: 21,
            received: 22,
            sent_bytes: 23,
            received_bytes: 24,
            forged: 25,
            replayed: 26,
            malformed: 27,
            outdated: 28,
            handshakes: 29,
            handshake_failures: 30,
            version_mismatches: 31,
            send_failures: 32,
        },
        installs: InstallCounters {
            installed: 41,
            merged: 42,
            removed: 43,
            rule_reevaluated: 44,
            refused_by_policy: 45,
            refused_unsound: 48,
            refused_full: 46,
            hsrp_lost: 47,
        },
        alarms: Vec::new(),
    }
}
