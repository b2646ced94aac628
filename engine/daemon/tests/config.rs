//! The configuration file: what is accepted, and what is said about what is not.
#![allow(clippy::expect_used)] // helpers of tests

use std::path::Path;
use std::time::Duration;

use holdfast::config::{Config, ConfigErrors, PollMode, PortRange, Replicate, RouteTarget, Secrets};
use holdfast_engine::interface::ZoneId;
use holdfast_engine::policy::Action;

/// A right configuration with every table; the cases below each make one edit.
const GOOD: &str = r#"name = "fw-a"
[workers]
lcores = [1, 2]
[[interface]]
name = "inside"
ha_id = 1
device = "net_af_packet0,iface=fa-in"
addresses = ["10.0.1.2/24", "fd00:1::2/64"]
zone = "inside"
[[interface]]
name = "outside"
ha_id = 2
device = "net_af_packet1,iface=fa-out"
addresses = ["10.0.2.2/24"]
zone = "outside"
[[neighbour]]
interface = "inside"
address = "10.0.1.9"
mac = "02:00:00:00:00:09"
[[route]]
prefix = "0.0.0.0/0"
via = "10.0.2.254"
[[route]]
prefix = "192.168.0.0/16"
blackhole = true
[[rule]]
from = "inside"
to = "outside"
action = "inspect"
protocol = "tcp"
source = ["10.0.1.0/24"]
destination_ports = ["80", "8000-8080", 443]
replicate = { after = "1s" }
[inspect]
tcp_idle = "1h"
max_incomplete_high = 500_000
max_incomplete_low = 400_000
[ha]
lcore = 0
local = "192.168.255.1:5000"
peer = "192.168.255.2:5000"
key_file = "/etc/holdfast/ha.key"
[[standby]]
interface = "inside"
group = 1
version = 2
virtual_addresses = ["10.0.1.1"]
hello = "250ms"
hold = "800ms"
authentication = { md5_key = "s3cret" }
"#;

fn parse(text: &str) -> Result<Config, ConfigErrors> {
    Config::parse(text, Path::new("box.toml"))
}

/// The errors as `line:column: key: what`, without the quoted lines.
fn errors(text: &str) -> Vec<String> {
    let invalid = parse(text).expect_err("accepted");
    invalid
        .errors()
        .iter()
        .map(|error| format!("{}:{}: {}: {}", error.line, error.column, error.key, error.kind))
        .collect()
}

#[test]
fn a_right_file_gives_what_it_says() {
    let config = parse(GOOD).expect("right");
    assert_eq!(config.control_socket, Path::new("/run/holdfast/fw-a.sock"));
    assert_eq!((config.workers.poll, config.workers.burst), (PollMode::Adaptive, 32));
    assert_eq!(config.zones(), ["inside", "outside"]);
    assert_eq!(config.zone_id("outside"), Some(ZoneId(2)));
    assert_eq!(config.zone_id("dmz"), None);
    assert_eq!(config.routes[1].target, RouteTarget::Blackhole);
    let rule = &config.rules[0];
    assert_eq!((rule.action, rule.replicate), (Action::Inspect, Replicate::After(Duration::from_secs(1))));
    assert_eq!(rule.destination_ports[1], PortRange { low: 8000, high: 8080 });
    assert_eq!(
        rule.matches(),
        r#"protocol = "tcp", source = ["10.0.1.0/24"], destination_ports = ["80", "8000-8080", "443"]"#
    );
    assert_eq!(config.inspect.udp_idle, Duration::from_secs(30));
    assert_eq!(config.warnings(), []);
}

#[test]
fn what_is_written_reads_back_the_same() {
    let config = parse(GOOD).expect("right");
    let written = config.to_toml(Secrets::Shown);
    assert_eq!(parse(&written).expect("reads back"), config, "{written}");
}

#[test]
fn running_config_hides_secrets() {
    let running = parse(GOOD).expect("right").running();
    assert!(!running.contains("s3cret"), "{running}");
    assert!(running.contains(r#"authentication = { md5_key = "********" }"#), "{running}");
    assert!(running.contains("udp_idle = \"30s\""), "defaults are written out: {running}");
}

#[test]
fn one_edit_one_error() {
    let cases: &[(&str, &str, &str)] = &[
        // Types, forms, ranges.
        (
            "lcores = [1, 2]",
            "lcores = [1, 128]",
            "3:14: workers.lcores[2]: found 128, expected an integer from 0 to 127",
        ),
        (
            "lcores = [1, 2]",
            "lcores = []",
            "3:10: workers.lcores: found an array, expected at least one lcore",
        ),
        (
            "lcores = [1, 2]",
            "lcores = [1, 1]",
            "3:14: workers.lcores[2]: found 1, but workers.lcores[1] is the same; each worker needs its own",
        ),
        (
            "lcores = [1, 2]",
            "",
            "2:1: workers.lcores: missing, expected a list of lcores, one for each worker, such as [1]",
        ),
        (
            "lcores = [1, 2]",
            "lcores = [1]\npoll = \"lazy\"",
            "4:8: workers.poll: found \"lazy\", expected \"busy\" or \"adaptive\"",
        ),
        (
            "lcores = [1, 2]",
            "lcores = [1]\nburst = 65",
            "4:9: workers.burst: found 65, expected an integer from 1 to 64",
        ),
        (
            "lcores = [1, 2]",
            "lcores = [1]\nsessions_max = 0",
            "4:16: workers.sessions_max: found 0, expected an integer from 1024 to 268435456",
        ),
        (
            "lcores = [1, 2]",
            "lcores = [1]\nsessions_max = 16_777_216",
            "4:16: workers.sessions_max: found 16777216, expected at most 16777215, which is 16777215 for each worker",
        ),
        (
            "lcores = [1, 2]",
            "lcores = [1]\nsessions = 5",
            "4:1: workers.sessions: unknown key; did you mean `sessions_max`?",
        ),
        (
            "ha_id = 1\n",
            "mtu = 70_000\n",
            "6:7: interface[1].mtu: found 70000, expected an integer from 576 to 9216",
        ),
        (
            "ha_id = 1\n",
            "ha_id = 1\nmtu = 1000\n",
            "7:7: interface[1].mtu: found 1000, expected at least 1280, since the interface has an IPv6 address",
        ),
        (
            "ha_id = 1\n",
            "promiscuous = \"yes\"\n",
            "6:15: interface[1].promiscuous: found \"yes\", expected true or false",
        ),
        (
            "ha_id = 1\n",
            "trunk = 7\n",
            "6:1: interface[1].trunk: unknown key; expected one of name, ha_id, device, addresses, zone, mtu, vlan, promiscuous, rx_descriptors, tx_descriptors, reverse_path_check",
        ),
        (
            "tcp_idle = \"1h\"",
            "tcp_idle = 3600",
            "35:12: inspect.tcp_idle: found 3600, expected a duration from \"100ms\" to \"30days\" as a string with a unit, such as \"30s\" or \"250ms\"",
        ),
        (
            "tcp_idle = \"1h\"",
            "tcp_idel = \"1h\"",
            "35:1: inspect.tcp_idel: unknown key; did you mean `tcp_idle`?",
        ),
        ("[inspect]", "[inspection]", "34:2: inspection: unknown key; did you mean `inspect`?"),
        ("name = \"fw-a\"\n", "", "1:1: name: missing, expected the box's name"),
        ("zone = \"outside\"\n", "", "10:1: interface[2].zone: missing, expected the name of its zone"),
        // Addresses and prefixes.
        (
            "\"10.0.1.2/24\"",
            "\"10.0.1.2\"",
            "8:14: interface[1].addresses[1]: found \"10.0.1.2\", expected an address with prefix length, such as \"10.0.1.2/24\" or \"fd00:1::2/64\"",
        ),
        (
            "\"10.0.1.2/24\"",
            "\"10.0.1.0/24\"",
            "8:14: interface[1].addresses[1]: found \"10.0.1.0/24\", expected a host's address, neither the network's nor the broadcast address of 10.0.1.0/24",
        ),
        (
            "\"fd00:1::2/64\"",
            "\"fe80::1/64\"",
            "8:29: interface[1].addresses[2]: found \"fe80::1/64\", expected no link-local address, since that is derived from the port's MAC address",
        ),
        (
            "\"10.0.2.2/24\"",
            "\"10.0.2.2/24\", \"10.0.1.2/32\"",
            "14:29: interface[2].addresses[2]: found \"10.0.1.2/32\", but interface \"inside\" has that address",
        ),
        (
            "\"10.0.2.2/24\"",
            "\"10.0.0.7/16\"",
            "14:14: interface[2].addresses[1]: found \"10.0.0.7/16\", but its network overlaps 10.0.1.0/24 of interface \"inside\"",
        ),
        (
            "prefix = \"192.168.0.0/16\"",
            "prefix = \"192.168.1.0/16\"",
            "24:10: route[2].prefix: found \"192.168.1.0/16\", expected a prefix without host bits, here \"192.168.0.0/16\"",
        ),
        (
            "prefix = \"192.168.0.0/16\"",
            "prefix = \"0.0.0.0/0\"",
            "24:10: route[2].prefix: found \"0.0.0.0/0\", but route[1] has that prefix",
        ),
        (
            "prefix = \"192.168.0.0/16\"",
            "prefix = \"10.0.1.0/24\"",
            "24:10: route[2].prefix: found \"10.0.1.0/24\", but interface \"inside\" is connected to that network",
        ),
        (
            "via = \"10.0.2.254\"",
            "via = \"10.9.9.9\"",
            "22:7: route[1].via: found \"10.9.9.9\", expected an IPv4 address on a network that an interface is connected to",
        ),
        (
            "via = \"10.0.2.254\"",
            "via = \"fd00:1::9\"",
            "22:7: route[1].via: found \"fd00:1::9\", expected an IPv4 address, as its prefix is",
        ),
        (
            "via = \"10.0.2.254\"",
            "via = \"10.0.2.2\"",
            "22:7: route[1].via: found \"10.0.2.2\", but that is the box's own address",
        ),
        (
            "blackhole = true",
            "via = \"10.0.2.1\"\nblackhole = true",
            "23:1: route[2].via: missing, expected either via = \"ADDRESS\" or blackhole = true, and not both",
        ),
        (
            "blackhole = true",
            "",
            "23:1: route[2].via: missing, expected either via = \"ADDRESS\" or blackhole = true, and not both",
        ),
        (
            "mac = \"02:00:00:00:00:09\"",
            "mac = \"03:00:00:00:00:09\"",
            "19:7: neighbour[1].mac: found \"03:00:00:00:00:09\", expected a unicast MAC address such as \"02:00:00:00:00:01\"",
        ),
        (
            "address = \"10.0.1.9\"",
            "address = \"10.0.2.9\"",
            "18:11: neighbour[1].address: found \"10.0.2.9\", expected an address on a network of interface \"inside\"",
        ),
        // Names.
        (
            "name = \"outside\"",
            "name = \"inside\"",
            "11:8: interface[2].name: found \"inside\", but interface[1] has that name",
        ),
        ("ha_id = 2", "ha_id = 1", "12:9: interface[2].ha_id: found 1, but interface[1] has that number"),
        (
            "net_af_packet1",
            "net_af_packet0",
            "13:10: interface[2].device: found \"net_af_packet0,iface=fa-out\", but interface[1] uses a device of that name; number them",
        ),
        (
            "interface = \"inside\"\naddress",
            "interface = \"dmz\"\naddress",
            "17:13: neighbour[1].interface: found \"dmz\", expected the name of an interface: \"inside\", \"outside\"",
        ),
        (
            "from = \"inside\"",
            "from = \"lan\"",
            "27:8: rule[1].from: found \"lan\", expected the zone of an interface: \"inside\", \"outside\"",
        ),
        ("from = \"inside\"\n", "", "26:1: rule[1].from: missing, expected the zone of the initiator"),
        (
            "name = \"fw-a\"",
            "name = \"fw a\"",
            "1:8: name: found \"fw a\", expected a name of 1 to 32 letters, digits, '-', '_' or '.'",
        ),
        // Rules.
        (
            "action = \"inspect\"",
            "action = \"accept\"",
            "29:10: rule[1].action: found \"accept\", expected \"inspect\", \"pass\", \"drop\" or \"reject\"",
        ),
        (
            "\"8000-8080\"",
            "\"8080-8000\"",
            "32:28: rule[1].destination_ports[2]: found \"8080-8000\", expected a port from 1 to 65535 or a range such as \"8000-8080\"",
        ),
        (
            "\"8000-8080\"",
            "\"0\"",
            "32:28: rule[1].destination_ports[2]: found \"0\", expected a port from 1 to 65535 or a range such as \"8000-8080\"",
        ),
        (
            "protocol = \"tcp\"",
            "protocol = \"icmp\"",
            "32:21: rule[1].destination_ports: found an array, but ports need protocol = \"tcp\" or \"udp\"",
        ),
        (
            "source = [\"10.0.1.0/24\"]",
            "source = [\"10.0.1.0/24\"]\ndestination = \"fd00::/8\"",
            "32:15: rule[1].destination: found \"fd00::/8\", but source is of the other address family only",
        ),
        (
            "{ after = \"1s\" }",
            "\"sometimes\"",
            "33:13: rule[1].replicate: found \"sometimes\", expected \"always\" or \"never\" or { after = \"1s\" }",
        ),
        // Limits.
        (
            "max_incomplete_low = 400_000",
            "max_incomplete_low = 600_000",
            "37:22: inspect.max_incomplete_low: found 600000, but max_incomplete_high is 500000, which must not be lower",
        ),
    ];
    for (old, new, expected) in cases {
        assert_eq!(GOOD.matches(old).count(), 1, "{old}");
        assert_eq!(errors(&GOOD.replace(old, new)), [*expected], "{old} -> {new}");
    }
}

#[test]
fn several_errors_come_at_once_in_the_order_of_the_file() {
    let text = GOOD.replace("ha_id = 2", "ha_id = 0").replace("\"1h\"", "1");
    let keys: Vec<String> =
        errors(&text).iter().map(|error| error.split(": ").nth(1).unwrap().to_owned()).collect();
    assert_eq!(keys, ["interface[2].ha_id", "inspect.tcp_idle"]);
    let text = GOOD.replace("from = \"inside\"", "from = \"a\"").replace("to = \"outside\"", "to = \"b\"");
    assert_eq!(errors(&text).len(), 2);
}

#[test]
fn an_error_shows_its_line_with_a_caret() {
    let text = "name = \"é\"  # déjà vu\n[workers]\nlcores = [1]\n[[interface]]\nname = \"i\"\ndevice = \"net_null0\"\nzone = \"z\"\nmtu = 1\n";
    let shown = parse(text).expect_err("wrong").to_string();
    let expected = "\
box.toml:1:8: name: found \"é\", expected a name of 1 to 32 letters, digits, '-', '_' or '.'
  1 | name = \"é\"  # déjà vu
    |        ^^^
box.toml:8:7: interface[1].mtu: found 1, expected an integer from 576 to 9216
  8 | mtu = 1
    |       ^";
    assert_eq!(shown, expected);
}

#[test]
fn broken_toml_is_placed_too() {
    let shown = parse("name = \"fw\"\n[workers\nlcores = [1]\n").expect_err("wrong").to_string();
    assert!(shown.starts_with("box.toml:2:"), "{shown}");
    let shown = parse("name = \"a\"\nname = \"b\"\n").expect_err("wrong").to_string();
    assert!(shown.starts_with("box.toml:2:1: duplicate key"), "{shown}");
}

#[test]
fn a_file_that_is_not_there_is_named() {
    let shown = Config::load(Path::new("/nonexistent/box.toml")).expect_err("wrong").to_string();
    assert!(shown.starts_with("/nonexistent/box.toml: "), "{shown}");
}

proptest::proptest! {
    /// Nothing that is typed makes the reader panic.
    #[test]
    fn any_text_is_answered(text in "(?s)([a-z]{1,9}|\\[\\[?|\\]\\]?|=|\"|\\{|\\}|[0-9.:/-]{1,6}|,|\n|é|#| ){0,60}") {
        let _ = parse(&text).map_err(|error| error.to_string());
    }

    /// Nor does damage to a right file.
    #[test]
    fn any_damage_is_answered(at in 0..GOOD.len(), length in 0usize..40) {
        let end = (at + length).min(GOOD.len());
        let _ = parse(&format!("{}{}", &GOOD[..at], &GOOD[end..])).map_err(|error| error.to_string());
    }
}
