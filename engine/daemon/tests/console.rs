//! The console on a box that answers with fixed values: texts, JSON, pipes, errors.
#![allow(clippy::expect_used)] // helpers of tests

mod common;

use common::FakeBox;
use holdfast::console::{Action, COMMANDS, Word, execute};
use serde_json::Value;

fn ok(line: &str) -> String {
    let output = execute(line, &mut FakeBox::default());
    assert!(output.ok && !output.quit, "{line}: {}", output.text);
    output.text
}

fn fails(line: &str) -> String {
    let output = execute(line, &mut FakeBox::default());
    assert!(!output.ok && !output.quit, "{line}: {}", output.text);
    output.text
}

fn json(line: &str) -> Value {
    let text = ok(&format!("{line} | json"));
    assert_eq!(text.lines().count(), 1, "JSON is one line: {text}");
    serde_json::from_str(&text).expect("JSON")
}

#[test]
fn every_show_has_text_and_json() {
    let shows = COMMANDS.iter().filter(|command| matches!(command.action, Action::Show(_)));
    let table = include_str!("../README.md");
    for command in shows {
        let words: Vec<&str> = command
            .words
            .iter()
            .map(|word| match word {
                Word::Keyword(keyword) => *keyword,
                Word::Argument(_) => "all",
            })
            .collect();
        let line = words.join(" ");
        assert!(ok(&line).ends_with('\n'), "{line}");
        assert!(json(&line).is_object(), "{line}");
        let usage = command.usage().replace('|', "\\|");
        assert!(table.contains(&format!("| `{usage}` |")), "{usage} is not in the table of README.md");
    }
}

#[test]
fn sessions_like_ios() {
    assert_eq!(
        ok("sh ip insp sess"),
        "\
Half-open Sessions
 Session 1A2C (10.0.1.5:51515)=>(10.0.2.9:80) tcp SIS_OPENING
Established Sessions
 Session 1A2B (10.0.1.5:51514)=>(10.0.2.9:443) tcp SIS_OPEN
 Session 2F ([fd00:1::5]:5353)=>([fd00:2::9]:53) udp SIS_OPEN
"
    );
    assert_eq!(
        ok("sh ip insp sess det | exclude 1A2C"),
        "\
Half-open Sessions
  Created 00:00:07, Last heard 00:00:00, Expires in 01:00:00
  Bytes sent (initiator:responder) [137:319] packets [3:2]
  TCP state SYN_SENT, Rule removed, Worker 0
Established Sessions
 Session 1A2B (10.0.1.5:51514)=>(10.0.2.9:443) tcp SIS_OPEN
  Created 00:00:07, Last heard 00:00:00, Expires in 01:00:00
  Bytes sent (initiator:responder) [137:319] packets [3:2]
  TCP state ESTABLISHED, Rule 1, Worker 0
 Session 2F ([fd00:1::5]:5353)=>([fd00:2::9]:53) udp SIS_OPEN
  Created 00:00:07, Last heard 00:00:00, Expires in 01:00:00
  Bytes sent (initiator:responder) [137:319] packets [3:2]
  Rule 1, Worker 0
"
    );
}

#[test]
fn sessions_as_json() {
    let report = json("show ip inspect sessions");
    assert_eq!(report, json("show ip inspect sessions detail"));
    let expected = serde_json::json!({
        "id": "1A2B", "source": "10.0.1.5", "source_port": 51514, "destination": "10.0.2.9", "destination_port": 443,
        "protocol": "tcp", "state": "SIS_OPEN", "tcp_state": "ESTABLISHED", "worker": 0, "rule": 1,
        "age_s": 7.4, "idle_s": 0.1, "expires_s": 3600.0, "bytes": [137, 319], "packets": [3, 2],
    });
    assert_eq!(report["sessions"][0], expected);
    assert_eq!(report["sessions"][2]["tcp_state"], Value::Null);
    assert_eq!((&report["total"], &report["truncated"]), (&Value::from(3), &Value::from(false)));
}

#[test]
fn port_stats_like_testpmd() {
    assert_eq!(
        ok("show port stats 1"),
        "
  ######################## NIC statistics for port 1  ########################
  RX-packets: 10         RX-missed: 0          RX-bytes:  640
  RX-errors: 0
  RX-nombuf:  0
  TX-packets: 0          TX-errors: 0          TX-bytes:  0

  Throughput (since last show)
  Rx-pps:            0          Rx-bps:            0
  Tx-pps:            5          Tx-bps:            0
  ############################################################################
"
    );
    assert_eq!(
        ok("show port summary all"),
        "\
Number of available ports: 2
Port MAC Address       Name             Driver           Status   Link
0    02:00:00:00:00:00 net_null0        net_null         up       10 Gbps
1    02:00:00:00:00:01 net_null1        net_null         up       10 Gbps
"
    );
}

#[test]
fn forward_stats_like_testpmd() {
    let text = ok("sh fwd st all");
    for line in [
        "  ---------------------- Forward statistics for port 0  ----------------------",
        "  RX-packets: 10             RX-dropped: 2             RX-total: 11",
        "  +++++++++++++++ Accumulated forward statistics for all ports+++++++++++++++",
        "  RX-packets: 20             RX-dropped: 4             RX-total: 22",
        "  policy_no_match                             4",
    ] {
        assert!(text.lines().any(|shown| shown == line), "{line:?} in\n{text}");
    }
    let report = json("show fwd stats all");
    assert_eq!(report["total"]["rx_dropped"], 4);
    assert_eq!(report["total"].get("port"), None);
    assert_eq!(report["drops"], serde_json::json!([{ "reason": "policy_no_match", "packets": 4 }]));
}

#[test]
fn tables_like_ios() {
    assert_eq!(
        ok("show arp"),
        "\
Protocol  Address          Age (min)  Hardware Addr   Type   Interface
Internet  10.0.1.2                 -  0200.0000.0009  ARPA   inside
Internet  10.0.1.5                 2  0200.0000.0009  ARPA   inside
Internet  10.0.1.6                 2  Incomplete      ARPA   inside
"
    );
    assert_eq!(
        ok("show ipv6 neighbors"),
        "\
IPv6 Address                             Age Link-layer Addr State Interface
fd00:1::5                                  2 0200.0000.0009  STALE inside
"
    );
    assert_eq!(
        ok("show ip route"),
        "\
Codes: C - connected, S - static, L - local, * - candidate default

Gateway of last resort is 10.0.2.254 to network 0.0.0.0

S*    0.0.0.0/0 [1/0] via 10.0.2.254, outside
C     10.0.1.0/24 is directly connected, inside
S     192.168.0.0/16 is directly connected, Null0
"
    );
    assert_eq!(
        ok("show ip inspect statistics | include counts"),
        "\
Current session counts (estab/half-open/terminating) [2:1:0]
Maxever session counts (estab/half-open/terminating) [5:3:1]
"
    );
    assert_eq!(
        ok("show version"),
        "Holdfast Software, Version 0.1.0, DPDK 22.11.6\nfw-a uptime is 1d02h\nConfiguration file is \"fw-a.toml\", process 4242\n"
    );
}

#[test]
fn pipes() {
    assert_eq!(ok("show ip inspect sessions | include SIS_ | count"), "3\n");
    assert_eq!(ok("show ip inspect sessions | json | include fd00 | count"), "1\n");
    assert_eq!(ok("show arp | include nothing"), "");
    assert_eq!(fails("start | json"), "% Only `show` commands answer in JSON\n");
    assert_eq!(
        fails("show arp | grep x"),
        "show arp | grep x\n           ^\n% Invalid input detected at '^' marker.\n"
    );
}

#[test]
fn errors_like_ios() {
    assert_eq!(fails("show é foo"), "show é foo\n     ^\n% Invalid input detected at '^' marker.\n");
    assert_eq!(fails("sh i"), "% Ambiguous command:  \"sh i\"\n");
    assert_eq!(fails("show ip inspect"), "% Incomplete command.\n");
    assert_eq!(fails("show port info 7"), "% There is no port 7; this box has 2, numbered from 0\n");
    assert_eq!(fails("clear ip inspect sessions 10000"), "% There is no session 10000\n");
    assert_eq!(fails("stop"), "% Packet forwarding is not started\n");
    assert_eq!(fails("nonsense ?"), "% Unrecognized command\n");
}

#[test]
fn help_and_question_mark() {
    let help = ok("help");
    for command in COMMANDS {
        assert!(help.contains(&command.usage()), "{}", command.usage());
    }
    assert_eq!(ok("show ip ?"), "  inspect  Stateful inspection\n  route    IPv4 routes\n");
    assert_eq!(
        ok("set promisc ?"),
        "  all     Every port, or one by its number\n  <port>  Every port, or one by its number\n"
    );
    assert!(ok("?").lines().count() > 8);
}

#[test]
fn blank_lines_and_comments_do_nothing() {
    for line in ["", "   ", "# a comment", "! as in IOS"] {
        assert_eq!(ok(line), "");
    }
}

#[test]
fn quitting() {
    for line in ["quit", "exit", "q"] {
        assert!(execute(line, &mut FakeBox::default()).quit);
    }
}

#[test]
fn changes_reach_the_box() {
    let mut control = FakeBox::default();
    for (line, answer) in [
        ("set fwd 5tswap", "Set 5tswap packet forwarding mode\n"),
        ("set burst 16", "Number of packets per burst set to 16\n"),
        ("set verbose 1", "Change verbose level from 0 to 1\n"),
        ("set promisc 1 off", "Promiscuous mode disabled on port 1\n"),
        ("port stop all", "Stopped all ports\n"),
        ("clear port stats 0", "NIC statistics for port 0 cleared\n"),
        ("clear fwd stats", "Forward statistics cleared\n"),
        ("clear ip inspect sessions", "3 sessions removed\n"),
        ("clear ip inspect sessions 1a2b", "1 session removed\n"),
        ("clear arp", "2 neighbours forgotten\n"),
        ("clear ipv6 neighbors", "1 neighbour forgotten\n"),
        ("debug clock advance 1h5m", "Clock advanced by 1h 5m\n"),
        ("undebug all", "All possible debugging has been turned off\n"),
    ] {
        let output = execute(line, &mut control);
        assert_eq!((output.ok, output.text.as_str()), (true, answer), "{line}");
    }
    assert_eq!(
        control.changes,
        [
            "set fwd 5tswap",
            "set burst 16",
            "set verbose 1",
            "set promisc One(1) false",
            "port stop All",
            "clear port stats One(0)",
            "clear fwd stats",
            "clear all sessions",
            "clear session 1A2B",
            "clear arp",
            "clear ipv6 neighbors",
            "advance 3900s",
            "undebug all",
        ]
    );
    let started = execute("start", &mut control);
    assert!(
        started.text.starts_with("firewall packet forwarding - ports=2 - cores=1 - streams=2 - started\n")
    );
    assert_eq!(execute("set fwd io", &mut control).text, "% Packet forwarding is started; `stop` it first\n");
    assert!(execute("stop", &mut control).text.contains("Accumulated forward statistics"));
}

proptest::proptest! {
    /// Nothing that is typed makes the console panic, and every failure says something.
    #[test]
    fn any_line_is_answered(line in "(?s)((sh|show|ip|insp|sess|set|fwd|clear|all|\\?|\\||json|[0-9]{1,3}|é|.) ?){0,8}") {
        let output = execute(&line, &mut FakeBox::default());
        proptest::prop_assert!(output.ok || !output.text.is_empty());
        let _ = holdfast::console::suggest(&line);
    }
}
