//! The pair on the console: reports of a made-up status as text and JSON, orders, every reason they are refused for.
#![allow(clippy::expect_used)] // helpers of tests

mod common;

use std::time::Duration;

use common::FakeBox;
use common::pair::active;
use holdfast::console::{ControlError, HaCleared, execute, may_switch_over, what_clear_does};
use holdfast_ha::status::{BoxRole, GroupState, LinkState, Status, SyncState};
use serde_json::{Value, json};

/// The other box of the same pair.
fn standby() -> Status {
    let mut status = active();
    status.name = "fw-b".into();
    status.role = BoxRole::Standby;
    status.role_why = "\"fw-a\" is active";
    status.takeovers = 0;
    for group in &mut status.groups {
        group.state = GroupState::Standby;
        group.priority = 90;
        group.priority_configured = 100;
    }
    if let Some(peer) = &mut status.peer {
        peer.name = "fw-a".into();
        peer.role = BoxRole::Active;
    }
    status
}

/// A box that has just started and knows nobody.
fn alone() -> Status {
    let mut status = standby();
    status.role = BoxRole::Init;
    status.role_why = "started";
    status.sync = SyncState::Cold;
    status.link = LinkState::Down;
    status.link_round_trip = None;
    status.peer = None;
    status.tables_equal = None;
    status.last_bulk_age = None;
    status.streams = Vec::new();
    for group in &mut status.groups {
        group.state = GroupState::Initial;
        group.active_router = None;
        group.active_priority = None;
        group.standby_router = None;
        group.next_hello_in = None;
    }
    status
}

fn changed(mut status: Status, change: impl FnOnce(&mut Status)) -> Status {
    change(&mut status);
    status
}

fn on(status: Status, line: &str) -> (bool, String, Vec<String>) {
    let mut control = FakeBox { pair: Some(status), ..FakeBox::default() };
    let output = execute(line, &mut control);
    (output.ok, output.text, control.changes)
}

fn text(status: Status, line: &str) -> String {
    let (ok, text, _) = on(status, line);
    assert!(ok, "{line}: {text}");
    text
}

fn report(status: Status, line: &str) -> Value {
    serde_json::from_str(&text(status, &format!("{line} | json"))).expect("JSON")
}

#[test]
fn show_standby_like_ios() {
    let shown = text(active(), "sh stand");
    let (inside, outside) = shown.split_once("outside - ").expect("two groups");
    assert_eq!(
        inside,
        "\
inside - Group 1 (version 2)
  State is Active
    2 state changes, last state change 00:30:59 (hold time of the active router over)
  Virtual IP address is 10.0.1.1
  Active virtual MAC address is 0000.0c9f.f001
    Local virtual MAC address is 0000.0c9f.f001 (v2 default)
  Hello time 250 msec, hold time 800 msec
    Next hello sent in 0.125 secs
  Authentication MD5, key-string
  Preemption disabled
  Active router is local
  Standby router is 10.0.1.3
  Priority 110 (configured 110)
  Sent 40 hello, 1 coup, 0 resign
  Received 38 hello, 0 coup, 1 resign, 5 advertise
    3 failed authentication, 4 malformed
"
    );
    assert!(outside.contains("  Preemption enabled\n"), "{outside}");
}

#[test]
fn show_standby_on_the_other_box_and_on_one_that_knows_nothing() {
    let mut other = standby();
    other.groups[0].virtual_addresses.push([10, 0, 1, 7].into());
    other.groups[0].authentication = "text";
    other.groups[0].hello = Duration::from_secs(3);
    other.groups[0].hold = Duration::from_millis(10_500);
    let shown = text(other, "show standby");
    for line in [
        "  State is Standby",
        "    Secondary virtual IP address 10.0.1.7",
        "  Hello time 3 sec, hold time 10500 msec",
        "  Authentication text",
        "  Active router is 10.0.1.2, priority 110",
        "  Standby router is local",
        "  Priority 90 (configured 100)",
    ] {
        assert!(shown.lines().any(|l| l == line), "{line:?} in\n{shown}");
    }
    let shown = text(alone(), "show standby");
    for line in ["  State is Init", "  Active virtual MAC address is unknown", "  Active router is unknown"] {
        assert!(shown.lines().any(|l| l == line), "{line:?} in\n{shown}");
    }
    assert!(!shown.contains("Next hello"), "{shown}");
}

#[test]
fn show_standby_brief_like_ios() {
    assert_eq!(
        text(active(), "sh stand br"),
        "                     P indicates configured to preempt.
                     |
Interface   Grp  Pri P State   Active          Standby         Virtual IP
inside      1    110   Active  local           10.0.1.3        10.0.1.1
outside     2    110 P Active  local           10.0.2.3        10.0.2.1
"
    );
    assert_eq!(
        text(standby(), "show standby brief | include inside"),
        "inside      1    90    Standby 10.0.1.2        local           10.0.1.1\n"
    );
    assert_eq!(
        text(alone(), "show standby brief | include inside"),
        "inside      1    90    Init    unknown         unknown         10.0.1.1\n"
    );
    let plain = changed(active(), |s| s.groups.clear());
    assert_eq!(text(plain, "show standby brief | count"), "3\n");
}

#[test]
fn show_standby_as_json() {
    let shown = report(active(), "show standby");
    assert_eq!(shown, report(active(), "show standby brief"));
    assert_eq!(
        shown["groups"][0],
        json!({
            "interface": "inside", "group": 1, "version": 2, "state": "Active", "priority": 110,
            "priority_configured": 110, "preempt": false, "virtual_addresses": ["10.0.1.1"],
            "virtual_mac": "00:00:0c:9f:f0:01", "active_router": "10.0.1.2", "active_priority": 110,
            "standby_router": "10.0.1.3", "hello_ms": 250, "hold_ms": 800, "next_hello_ms": 125,
            "authentication": "md5", "state_changes": 2, "last_change_s": 1859.0,
            "last_change_why": "hold time of the active router over",
            "sent": { "hello": 40, "coup": 1, "resign": 0 },
            "received": { "hello": 38, "coup": 0, "resign": 1, "advertise": 5 },
            "authentication_failures": 3, "malformed": 4,
        })
    );
    let unknown = &report(alone(), "show standby")["groups"][1];
    for key in ["active_router", "active_priority", "standby_router", "next_hello_ms"] {
        assert_eq!(unknown.get(key), Some(&Value::Null), "{key}");
    }
    assert_eq!(unknown["state"], "Init");
}

#[test]
fn a_group_on_a_port_without_a_name_is_shown_all_the_same() {
    let odd = changed(active(), |s| s.groups[0].port.0 = 9);
    assert_eq!(report(odd, "show standby")["groups"][0]["interface"], "port 9");
}

#[test]
fn show_redundancy_states_like_ios() {
    let shown = text(active(), "sh red st");
    assert_eq!(
        shown,
        "       my state = 13 -ACTIVE
     peer state = 8  -STANDBY HOT
           Mode = Duplex
           Unit = fw-a
      Peer unit = fw-b
   Manual Swact = enabled
 Communications = Up

           Role = active for 00:30:59 (nobody was active)
      Takeovers = 1
           Term = 7
           Link = up, 192.168.255.1:5000 to 192.168.255.2:5000, payload 1400 bytes, round trip 0.212 ms
           Peer = standby, hot, term 7, heard for 00:30:50, last 12 ms ago
           Sync = hot
       Sessions = 3 here, 3 there
   Tables equal = yes
            Lag = 2 records, 1.500 ms
   Acknowledged = 1234 of 1236
      Last bulk = 00:30:00 ago, 100000 sessions in 0.812 s
         Alarms = none
"
    );
    assert_eq!(text(active(), "show redundancy"), shown);
    assert_eq!(
        text(alone(), "show redundancy states"),
        "       my state = 2  -INITIALIZATION
     peer state = 1  -DISABLED
           Mode = Simplex
           Unit = fw-b
      Peer unit = unknown
   Manual Swact = disabled (this box is not active)
 Communications = Down

           Role = init for 00:30:59 (started)
      Takeovers = 0
           Term = 7
           Link = down, 192.168.255.1:5000 to 192.168.255.2:5000
           Sync = cold
       Sessions = 3 here, unknown there
   Tables equal = unknown
            Lag = 2 records, 1.500 ms
      Last bulk = never
         Alarms = none
"
    );
    let troubled = changed(active(), |s| {
        s.tables_equal = Some(false);
        s.bulk_progress = Some((400, 1_000));
        s.alarms = vec!["first".into(), "second".into()];
    });
    let shown = text(troubled, "show redundancy states");
    assert!(
        shown.ends_with(
            "  Last bulk = 00:30:00 ago, 100000 sessions in 0.812 s
 Bulk under way = 400 of 1000 sessions
          ALARM = first
          ALARM = second\n"
        ) && shown.contains("   Tables equal = no\n"),
        "{shown}"
    );
}

#[test]
fn show_redundancy_states_as_json() {
    assert_eq!(
        report(active(), "show redundancy states"),
        json!({
            "name": "fw-a", "my_state": "ACTIVE", "my_state_code": 13,
            "peer_state": "STANDBY HOT", "peer_state_code": 8,
            "role": "active", "role_why": "nobody was active", "role_since_s": 1859.0, "takeovers": 1,
            "sync": "hot", "switchover_ready": true, "term": 7,
            "link": {
                "state": "up", "local": "192.168.255.1:5000", "peer": "192.168.255.2:5000",
                "payload_bytes": 1400, "round_trip_us": 212,
            },
            "peer": {
                "name": "fw-b", "role": "standby", "sync": "hot", "term": 7, "sessions": 3, "version": 1,
                "heard_s": 1850.0, "silent_s": 0.012,
            },
            "sessions": 3, "peer_sessions": 3, "tables_equal": true, "lag_records": 2, "lag_ms": 1.5,
            "streams": [{ "stream": 0, "sent": 1236, "acknowledged": 1234 }],
            "last_bulk": { "age_s": 1800.0, "sessions": 100_000, "took_s": 0.812 },
            "bulk_progress": null, "alarms": [],
        })
    );
    let unknown = report(alone(), "show redundancy states");
    for key in ["peer", "peer_sessions", "tables_equal", "last_bulk", "bulk_progress"] {
        assert_eq!(unknown.get(key), Some(&Value::Null), "{key}");
    }
    let bulk = changed(active(), |s| s.bulk_progress = Some((4, 10)));
    assert_eq!(report(bulk, "show redundancy")["bulk_progress"], json!({ "done": 4, "total": 10 }));
}

/// `(role, peer's role, sync, link)` to the two numbers.
#[test]
fn states_in_ios_numbers() {
    let vacant = |s: &mut Status| s.groups.iter_mut().for_each(|group| group.active_router = None);
    let codes = |status: Status| {
        let shown = report(status, "show redundancy states");
        (shown["my_state_code"].as_u64(), shown["peer_state_code"].as_u64())
    };
    let role = |status, role, sync| {
        changed(status, |s: &mut Status| {
            s.role = role;
            s.sync = sync;
        })
    };
    for (status, expected) in [
        (active(), (13, 8)),
        (standby(), (8, 13)),
        (role(standby(), BoxRole::Standby, SyncState::Bulk), (7, 13)),
        (role(standby(), BoxRole::Standby, SyncState::Cold), (4, 13)),
        (role(active(), BoxRole::TakingOver, SyncState::Hot), (9, 8)),
        (role(active(), BoxRole::HandingOver, SyncState::Hot), (10, 8)),
        (role(active(), BoxRole::Lingering, SyncState::Hot), (10, 8)),
        (changed(active(), |s| s.link = LinkState::Down), (13, 1)),
        (changed(active(), |s| s.link = LinkState::Connecting), (13, 1)),
        // Nobody is active: both wait for the election.
        (changed(role(active(), BoxRole::Standby, SyncState::Cold), |s| vacant(s)), (3, 3)),
        // The routers' hellos are not there yet, but the peer says that it is active.
        (changed(standby(), |s| vacant(s)), (8, 13)),
        (alone(), (2, 1)),
    ] {
        assert_eq!(codes(status.clone()), (Some(expected.0), Some(expected.1)), "{status:?}");
    }
}

#[test]
fn ha_sessions_like_ios() {
    assert_eq!(
        text(active(), "sh ip insp ha sess"),
        "\
Half-open Sessions
 Session 1A2C (10.0.1.5:51515)=>(10.0.2.9:80) tcp SIS_OPENING HA_ACTIVE
Established Sessions
 Session 1A2B (10.0.1.5:51514)=>(10.0.2.9:443) tcp SIS_OPEN HA_ACTIVE
 Session 2F ([fd00:1::5]:5353)=>([fd00:2::9]:53) udp SIS_OPEN HA_ACTIVE
"
    );
    assert_eq!(
        text(standby(), "sh ip insp ha sess det").split_inclusive('\n').skip(12).collect::<String>(),
        " Session 2F ([fd00:1::5]:5353)=>([fd00:2::9]:53) udp SIS_OPEN HA_STANDBY
  Created 00:00:07, Last heard 00:00:00, Expires in 01:00:00
  Bytes sent (initiator:responder) [137:319] packets [3:2]
  Rule 1, Worker 0
  Birth 48
"
    );
    for (role, state) in [
        (BoxRole::Init, "HA_STANDBY"),
        (BoxRole::TakingOver, "HA_ACTIVE"),
        (BoxRole::HandingOver, "HA_ACTIVE"),
        (BoxRole::Lingering, "HA_STANDBY"),
    ] {
        let shown = report(changed(active(), |s| s.role = role), "show ip inspect ha sessions");
        assert_eq!(shown["sessions"][0]["ha_state"], state, "{role:?}");
    }
}

#[test]
fn ha_sessions_as_json() {
    let shown = report(active(), "show ip inspect ha sessions");
    assert_eq!(shown, report(active(), "show ip inspect ha sessions detail"));
    let mut plain = report(active(), "show ip inspect sessions");
    for session in plain["sessions"].as_array_mut().expect("sessions") {
        assert_eq!(session.get("birth"), None, "not a key of the plain report");
        session["ha_state"] = "HA_ACTIVE".into();
    }
    for (session, birth) in
        plain["sessions"].as_array_mut().expect("sessions").iter_mut().zip([0x1a2c, 0x1a2d, 0x30])
    {
        session["birth"] = birth.into();
    }
    assert_eq!(shown, plain);
}

#[test]
fn ha_statistics() {
    assert_eq!(
        text(active(), "sh ip insp ha stat"),
        "\
Sessions here 3, at the peer 3
Streams
 Stream 0: sent 1236, acknowledged 1234, in flight 2, applied 9
Records sent
 Sessions 1, removals 2, sent again 3
 Datagrams 4, lost 5
Records received
 Sessions 6, removals 7, of an unknown kind 12
 Datagrams 8, twice 9, late 10, no room 11, malformed 13, outdated 14
Records installed
 Sessions 41, merged 42, removed 43
 Rule looked up again 44, refused by policy 45, not sound 48, table full 46
HA link
 Sent 21 datagrams, 23 bytes, failures 32
 Received 22 datagrams, 24 bytes, forged 25, replayed 26, malformed 27, outdated 28
 Handshakes 29, failed 30, version mismatches 31
HSRP packets lost on their way to the HA core 47
"
    );
    assert_eq!(
        report(active(), "show ip inspect ha statistics"),
        json!({
            "sessions": 3, "peer_sessions": 3,
            "streams": [{ "stream": 0, "sent": 1236, "acknowledged": 1234, "in_flight": 2, "applied": 9 }],
            "replication": {
                "records_sent": 1, "removals_sent": 2, "records_resent": 3, "datagrams_sent": 4,
                "datagrams_lost": 5, "records_received": 6, "removals_received": 7, "datagrams_received": 8,
                "duplicates": 9, "late": 10, "no_room": 11, "unknown_records": 12, "malformed": 13,
                "outdated": 14,
            },
            "installs": {
                "installed": 41, "merged": 42, "removed": 43, "rule_reevaluated": 44, "refused_by_policy": 45,
                "refused_unsound": 48, "refused_full": 46, "hsrp_lost": 47,
            },
            "link": {
                "sent": 21, "received": 22, "sent_bytes": 23, "received_bytes": 24, "forged": 25,
                "replayed": 26, "malformed": 27, "outdated": 28, "handshakes": 29, "handshake_failures": 30,
                "version_mismatches": 31, "send_failures": 32,
            },
        })
    );
    assert_eq!(report(alone(), "show ip inspect ha statistics")["peer_sessions"], Value::Null);
}

#[test]
fn orders_are_obeyed_and_say_what_was_done() {
    for (status, line, said, change) in [
        (
            active(),
            "redundancy force-switchover",
            "Switchover begun; `show redundancy states` shows when it is over\n",
            "switchover",
        ),
        (
            active(),
            "clear ip inspect ha",
            "Peer told to throw its copy of 3 sessions away and ask for a complete one\n",
            "clear Peer { sessions: 3 }",
        ),
        (
            standby(),
            "cl ip insp ha",
            "Copy of 3 sessions thrown away, a complete one asked for\n",
            "clear Here { sessions: 3 }",
        ),
        (
            active(),
            "debug standby",
            "HSRP debugging is on; it goes to the log (`show logging | include HSRP:`)\n",
            "debug Standby true",
        ),
        (
            active(),
            "debug red",
            "Redundancy debugging is on; it goes to the log (`show logging | include Redundancy:`)\n",
            "debug Redundancy true",
        ),
        (
            active(),
            "debug ip insp ha",
            "INSPECT HA debugging is on; it goes to the log (`show logging | include INSPECT HA:`)\n",
            "debug InspectHa true",
        ),
        (standby(), "undebug standby", "HSRP debugging is off\n", "debug Standby false"),
        (standby(), "u red", "Redundancy debugging is off\n", "debug Redundancy false"),
        (standby(), "u ip i ha", "INSPECT HA debugging is off\n", "debug InspectHa false"),
        (standby(), "u all", "All possible debugging has been turned off\n", "undebug all"),
    ] {
        assert_eq!(on(status, line), (true, said.to_owned(), vec![change.to_owned()]), "{line}");
    }
}

#[test]
fn a_single_firewall_says_what_it_lacks() {
    let sentence = "% This box has no [[standby]] group; to make it one of a pair, add [ha] and [[standby]] to its configuration and start it again\n";
    for line in [
        "show standby",
        "show standby brief | json",
        "show redundancy",
        "show redundancy states",
        "show ip inspect ha sessions",
        "show ip inspect ha sessions detail",
        "show ip inspect ha statistics",
        "clear ip inspect ha",
        "redundancy force-switchover",
        "debug standby",
        "undebug redundancy",
        "debug ip inspect ha",
    ] {
        let mut single = FakeBox { pair: None, ..FakeBox::default() };
        let output = execute(line, &mut single);
        assert_eq!((output.ok, output.text.as_str()), (false, sentence), "{line}");
        assert_eq!(single.changes, [""; 0]);
    }
}

/// Each state in which an order is refused, with the sentence the user reads.
#[test]
fn refused_orders_say_what_to_do() {
    let peer = |status: Status, role| {
        changed(status, |s: &mut Status| {
            if let Some(peer) = &mut s.peer {
                peer.role = role;
            }
        })
    };
    let role = |role| changed(active(), |s| s.role = role);
    let moving = "A switchover is under way; `show redundancy states` shows when it is over";
    let no_peer = "The peer is not heard over the HA link; `show redundancy states` shows the link, and the peer must run";
    let no_link = "This box has [[standby]] groups but no [ha], so that it knows no peer; add [ha] to its configuration and start it again";
    let silent = |link| changed(active(), |s| s.link = link);
    let copying = |sync| changed(active(), |s| s.sync = sync);
    let (switch, clear) = ("redundancy force-switchover", "clear ip inspect ha");
    let sessions = "clear ip inspect sessions";
    for (status, line, sentence) in [
        (silent(LinkState::None), switch, no_link),
        (silent(LinkState::None), clear, no_link),
        (silent(LinkState::Down), switch, no_peer),
        (silent(LinkState::Connecting), clear, no_peer),
        (changed(active(), |s| s.peer = None), switch, no_peer),
        (role(BoxRole::TakingOver), switch, moving),
        (role(BoxRole::HandingOver), switch, moving),
        (role(BoxRole::Lingering), clear, moving),
        (standby(), switch, "This box is not active but standby; give the command to \"fw-a\""),
        (
            peer(standby(), BoxRole::Standby),
            switch,
            "This box is not active but standby; give the command to the one that is",
        ),
        (standby(), sessions, "This box is not active but standby; give the command to \"fw-a\""),
        (role(BoxRole::Lingering), sessions, moving),
        (alone(), switch, "This box is not active but init; give the command to the one that is"),
        (alone(), clear, no_peer),
        (
            peer(standby(), BoxRole::Standby),
            clear,
            "This box is not active but standby; give the command to the one that is",
        ),
        (
            peer(active(), BoxRole::Init),
            switch,
            "The peer \"fw-b\" is not standby but init; `show standby` there shows why",
        ),
        (
            peer(active(), BoxRole::TakingOver),
            clear,
            "The peer \"fw-b\" is not standby but taking over; `show standby` there shows why",
        ),
        (
            copying(SyncState::Bulk),
            switch,
            "The peer \"fw-b\" does not hold every session yet (its copy is bulk); wait until `show redundancy states` says STANDBY HOT",
        ),
        (
            copying(SyncState::Cold),
            switch,
            "The peer \"fw-b\" does not hold every session yet (its copy is cold); wait until `show redundancy states` says STANDBY HOT",
        ),
        (
            changed(active(), |s| s.peer.as_mut().expect("a peer").fit = false),
            switch,
            "The peer \"fw-b\" has fewer working interfaces or workers than this box; `show redundancy states` there shows what is down",
        ),
    ] {
        let ready = report(status.clone(), "show redundancy")["switchover_ready"].as_bool();
        assert_eq!(ready, Some(may_switch_over(&status).is_ok()));
        assert_eq!(on(status, line), (false, format!("% {sentence}\n"), vec![]), "{line}");
    }
    // A copy under way may be begun again.
    assert_eq!(what_clear_does(&copying(SyncState::Bulk)), Ok(HaCleared::Peer { sessions: 3 }));
    let stalled = ControlError::HaCoreSilent { waited: Duration::from_secs(2) };
    assert_eq!(
        stalled.to_string(),
        "the HA core did not answer within 2s; it may be stalled, which ends this box's role"
    );
}

#[test]
fn questions_about_the_pair() {
    let asked = |line: &str| text(active(), line);
    assert_eq!(asked("show standby ?"), "  brief  HSRP groups, one line each\n  <cr>   HSRP groups\n");
    assert_eq!(
        asked("show ip inspect ha ?"),
        "  sessions    Sessions, and what they are to the pair\n  statistics  Counts of the replication\n"
    );
    assert_eq!(asked("redundancy ?"), "  force-switchover  Hand over to the peer\n");
    assert!(asked("debug ?").contains("  standby     "), "{}", asked("debug ?"));
}
