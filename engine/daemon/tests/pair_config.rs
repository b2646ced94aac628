//! `[ha]` and `[[standby]]` in the configuration file: what they mean, what is refused and how, the examples.
#![allow(clippy::expect_used)] // helpers of tests

use std::path::{Path, PathBuf};
use std::time::Duration;

use holdfast::config::{
    Config, ConfigErrors, ConfigWarning, HaMode, PreemptConfig, Secret, Secrets, StandbyAuthentication,
    TrackConfig,
};

/// A right pair; the cases below each make one edit.
const PAIR: &str = r#"name = "fw-a"
[workers]
lcores = [1]
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
[ha]
lcore = 1
local = "192.168.255.1:5000"
peer = "192.168.255.2:5000"
key_file = "/nonexistent/ha.key"
[[standby]]
interface = "inside"
group = 1
version = 2
virtual_addresses = ["10.0.1.1"]
preempt = { delay = "5s" }
track = [{ interface = "outside", decrement = 20 }]
hello = "250ms"
hold = "800ms"
authentication = { md5_key = "s3cret" }
[[standby]]
interface = "outside"
group = 255
virtual_addresses = ["10.0.2.1"]
"#;

fn parse(text: &str) -> Result<Config, ConfigErrors> {
    Config::parse(text, Path::new("box.toml"))
}

fn edited(old: &str, new: &str) -> String {
    assert_eq!(PAIR.matches(old).count(), 1, "{old}");
    PAIR.replace(old, new)
}

/// The errors as `line:column: key: what`, without the quoted lines.
fn errors(text: &str) -> Vec<String> {
    let invalid = parse(text).expect_err("accepted");
    let shown = |e: &holdfast::config::ConfigError| format!("{}:{}: {}: {}", e.line, e.column, e.key, e.kind);
    invalid.errors().iter().map(shown).collect()
}

#[test]
fn a_pair_has_at_most_64_workers() {
    let with = |workers: u16| {
        let lcores: Vec<String> = (0..workers).map(|lcore| lcore.to_string()).collect();
        edited("lcores = [1]", &format!("lcores = [{}]", lcores.join(", ")))
    };
    assert!(parse(&with(64)).is_ok());
    let [error] = &errors(&with(65))[..] else { panic!("one error") };
    let expected = "workers.lcores[65]: found 64, expected at most 64 workers in a box that is one of a pair";
    assert!(error.ends_with(expected), "{error}");
}

#[test]
fn a_pair_is_what_its_file_says() {
    let config = parse(PAIR).expect("right");
    assert_eq!(config.warnings(), [ConfigWarning::NoRules]);
    let ha = config.ha.as_ref().expect("[ha]");
    assert_eq!((ha.lcore, ha.sleep_max, ha.insecure), (1, Duration::from_micros(200), false));
    assert_eq!((ha.heartbeat, ha.dead_after), (Duration::from_millis(20), Duration::from_millis(100)));
    assert_eq!((ha.mode, ha.update_interval), (HaMode::Async, Duration::from_millis(250)));
    assert_eq!(ha.key_file.as_deref(), Some(Path::new("/nonexistent/ha.key")));
    let [inside, outside] = config.standby.as_slice() else { panic!("{:?}", config.standby) };
    let delay = PreemptConfig { delay: Duration::from_secs(5), reload: Duration::ZERO, sync: true };
    assert_eq!(inside.preempt, Some(delay));
    assert_eq!(inside.track, [TrackConfig { interface: "outside".into(), decrement: 20 }]);
    assert_eq!(inside.authentication, Some(StandbyAuthentication::Md5(Secret("s3cret".into()))));
    assert_eq!((outside.version, outside.priority, outside.preempt), (1, 100, None));
    assert_eq!((outside.hello, outside.hold), (Duration::from_secs(3), Duration::from_secs(10)));
    assert_eq!((outside.interface_delay, outside.track.len()), (Duration::ZERO, 0));
    assert_eq!(outside.authentication, None);
}

#[test]
fn what_is_not_written_has_its_default() {
    let standby = |old, new| parse(&edited(old, new)).expect("right").standby.swap_remove(0);
    let preempt = "{ delay = \"5s\" }";
    assert_eq!(standby(preempt, "true").preempt, Some(PreemptConfig::default()));
    assert_eq!(standby(preempt, "{}").preempt, Some(PreemptConfig::default()));
    assert_eq!(standby(preempt, "false").preempt, None);
    let all = standby(preempt, "{ delay = \"1s\", reload = \"1m\", sync = false }").preempt;
    let expected =
        PreemptConfig { delay: Duration::from_secs(1), reload: Duration::from_secs(60), sync: false };
    assert_eq!(all, Some(expected));
    assert_eq!(standby(", decrement = 20", "").track[0].decrement, 10);
    let text = standby("{ md5_key = \"s3cret\" }", "{ text = \"abcdefgh\" }").authentication;
    assert_eq!(text, Some(StandbyAuthentication::Text(Secret("abcdefgh".into()))));
}

#[test]
fn what_is_written_reads_back_the_same() {
    let longest = "x".repeat(64);
    for text in [
        PAIR.to_owned(),
        edited("key_file = \"/nonexistent/ha.key\"", "insecure = true"),
        edited("{ delay = \"5s\" }", "true\ninterface_delay = \"3s\"\npriority = 0"),
        edited("md5_key = \"s3cret\"", &format!("md5_key = \"{longest}\"")),
        edited("md5_key = \"s3cret\"", "text = \"cisco\""),
        edited("{ delay = \"5s\" }", "{ delay = \"1500ms\", reload = \"1h\", sync = false }"),
    ] {
        let config = parse(&text).expect("right");
        let written = config.to_toml(Secrets::Shown);
        assert_eq!(parse(&written).expect("reads back"), config, "{written}");
    }
}

#[test]
fn running_config_writes_defaults_and_hides_secrets() {
    let running = parse(PAIR).expect("right").running();
    assert!(!running.contains("s3cret"), "{running}");
    for line in [
        "authentication = { md5_key = \"********\" }",
        "preempt = { delay = \"5s\", reload = \"0s\", sync = true }",
        "preempt = false",
        "track = [{ interface = \"outside\", decrement = 20 }]",
        "interface_delay = \"0s\"",
        "sleep_max = \"200us\"",
        "insecure = false",
        "mode = \"async\"",
    ] {
        assert!(running.lines().any(|shown| shown == line), "{line:?} in\n{running}");
    }
}

#[test]
fn warnings_say_what_will_surprise() {
    let insecure = parse(&edited("key_file = ", "insecure = true\nkey_file = ")).expect("right");
    assert_eq!(insecure.warnings(), [ConfigWarning::HaInsecure, ConfigWarning::NoRules]);
    let (start, end) = (PAIR.find("[ha]").expect("[ha]"), PAIR.find("[[standby]]").expect("a group"));
    let plain = parse(&format!("{}{}", &PAIR[..start], &PAIR[end..])).expect("plain HSRP");
    assert_eq!(plain.warnings(), [ConfigWarning::StandbyWithoutHa, ConfigWarning::NoRules]);
    assert_eq!(
        plain.warnings()[0].to_string(),
        "there is [[standby]] but no [ha]: the box speaks plain HSRP and replicates no sessions, so that a switchover ends them"
    );
}

/// Both boxes number zones alike whatever the order of their interfaces: rule hashes contain the numbers.
#[test]
fn zones_are_numbered_by_name() {
    let a = parse(PAIR).expect("right");
    let swapped =
        PAIR.replace("zone = \"inside\"", "zone = \"x\"").replace("\"outside\"\n[ha]", "\"inside\"\n[ha]");
    let b = parse(&swapped.replace("zone = \"x\"", "zone = \"outside\"")).expect("right");
    assert_ne!(a.interfaces[0].zone, b.interfaces[0].zone);
    assert_eq!(a.zones(), ["inside", "outside"]);
    assert_eq!(b.zones(), a.zones());
    assert_eq!(b.zone_id("inside"), a.zone_id("inside"));
}

#[test]
fn one_edit_one_error() {
    let cases: &[(&str, &str, &str)] = &[
        // [ha].
        (
            "key_file = \"/nonexistent/ha.key\"",
            "",
            "16:1: ha.key_file: missing, expected a file made by `holdfast keygen`, the same on both boxes",
        ),
        (
            "key_file = ",
            "insecure = \"no\"\nkey_file = ",
            "20:12: ha.insecure: found \"no\", expected true or false",
        ),
        (
            "lcore = 1\n",
            "lcore = 1\nsleep_max = \"1s\"\n",
            "18:13: ha.sleep_max: found \"1s\", expected a duration from \"1us\" to \"10ms\" as a string with a unit, such as \"30s\" or \"250ms\"",
        ),
        ("lcore = 1\n", "", "16:1: ha.lcore: missing, expected the lcore of the HA core"),
        (
            "lcore = 1\n",
            "lcore = 1\nmode = \"commit\"\n",
            "18:8: ha.mode: found \"commit\", but commit mode comes later; use \"async\"",
        ),
        ("lcore = 1\n", "lcore = 1\nmode = \"sync\"\n", "18:8: ha.mode: found \"sync\", expected \"async\""),
        (
            "lcore = 1\n",
            "lcore = 1\ndead_after = \"59ms\"\n",
            "18:14: ha.dead_after: found \"59ms\", expected at least \"60ms\", three times the heartbeat",
        ),
        (
            "lcore = 1\n",
            "lcore = 1\nheartbeat = \"50ms\"\n",
            "16:1: ha.dead_after: found its default, expected at least \"150ms\", three times the heartbeat",
        ),
        (
            "lcore = 1\n",
            "lcore = 1\nupdate_interval = \"50ms\"\n",
            "18:19: ha.update_interval: found \"50ms\", expected a duration from \"100ms\" to \"10s\" as a string with a unit, such as \"30s\" or \"250ms\"",
        ),
        (
            "peer = \"192.168.255.2:5000\"",
            "peer = \"192.168.255.2\"",
            "19:8: ha.peer: found \"192.168.255.2\", expected an address and a port, such as \"192.168.255.1:5000\" or \"[fd00::1]:5000\"",
        ),
        (
            "peer = \"192.168.255.2:5000\"",
            "peer = \"192.168.255.1:5000\"",
            "19:8: ha.peer: found \"192.168.255.1:5000\", but that is local",
        ),
        (
            "peer = \"192.168.255.2:5000\"",
            "peer = \"[fd00::2]:5000\"",
            "19:8: ha.peer: found \"[fd00::2]:5000\", but local is of the other address family",
        ),
        (
            "peer = \"192.168.255.2:5000\"",
            "peer = \"224.0.0.1:5000\"",
            "19:8: ha.peer: found \"224.0.0.1:5000\", expected a unicast address and a port that is not 0",
        ),
        (
            "local = \"192.168.255.1:5000\"",
            "local = \"192.168.255.1:0\"",
            "18:9: ha.local: found \"192.168.255.1:0\", expected a unicast address and a port that is not 0",
        ),
        // What makes a pair.
        (
            "ha_id = 2\n",
            "",
            "10:1: interface[2].ha_id: missing, expected the number of the peer's same-side interface, since [ha] makes the box one of a pair",
        ),
        ("ha_id = 2", "ha_id = 1", "12:9: interface[2].ha_id: found 1, but interface[1] has that number"),
        // [[standby]]: numbers and times.
        ("version = 2", "version = 3", "24:11: standby[1].version: found 3, expected an integer from 1 to 2"),
        (
            "group = 255",
            "group = 256",
            "33:9: standby[2].group: found 256, expected an integer from 0 to 255, as HSRP version 1 has it; version = 2 goes to 4095",
        ),
        (
            "group = 1\n",
            "group = 4096\n",
            "23:9: standby[1].group: found 4096, expected an integer from 0 to 4095",
        ),
        (
            "version = 2",
            "version = 2\npriority = 256",
            "25:12: standby[1].priority: found 256, expected an integer from 0 to 255",
        ),
        (
            "hold = \"800ms\"",
            "hold = \"749ms\"",
            "29:8: standby[1].hold: found \"749ms\", expected at least \"750ms\", three times hello",
        ),
        (
            "group = 255",
            "group = 255\nhello = \"4s\"",
            "31:1: standby[2].hold: found its default, expected at least \"12s\", three times hello",
        ),
        (
            "hello = \"250ms\"",
            "hello = \"14ms\"",
            "28:9: standby[1].hello: found \"14ms\", expected a duration from \"15ms\" to \"4m14s\" as a string with a unit, such as \"30s\" or \"250ms\"",
        ),
        (
            "hold = \"800ms\"",
            "hold = \"49ms\"",
            "29:8: standby[1].hold: found \"49ms\", expected a duration from \"50ms\" to \"4m15s\" as a string with a unit, such as \"30s\" or \"250ms\"",
        ),
        (
            "group = 255",
            "group = 255\nhello = \"1500ms\"",
            "34:9: standby[2].hello: found \"1500ms\", expected whole seconds, as HSRP version 1 has it; version = 2 has milliseconds",
        ),
        (
            "{ delay = \"5s\" }",
            "\"5s\"",
            "26:11: standby[1].preempt: found \"5s\", expected true or false or { delay = \"5s\", reload = \"60s\", sync = true }",
        ),
        (
            "{ delay = \"5s\" }",
            "{ minimum = \"5s\" }",
            "26:13: standby[1].preempt.minimum: unknown key; expected one of delay, reload, sync",
        ),
        (
            "{ delay = \"5s\" }",
            "{ sync = \"5s\" }",
            "26:20: standby[1].preempt.sync: found \"5s\", expected true or false",
        ),
        (
            "{ delay = \"5s\" }",
            "{ reload = \"2h\" }",
            "26:22: standby[1].preempt.reload: found \"2h\", expected a duration from \"0s\" to \"1h\" as a string with a unit, such as \"30s\" or \"250ms\"",
        ),
        (
            "version = 2",
            "version = 2\ninterface_delay = \"1day\"",
            "25:19: standby[1].interface_delay: found \"1day\", expected a duration from \"0s\" to \"2h46m40s\" as a string with a unit, such as \"30s\" or \"250ms\"",
        ),
        // [[standby]]: interfaces.
        (
            "interface = \"outside\"\n",
            "interface = \"dmz\"\n",
            "32:13: standby[2].interface: found \"dmz\", expected the name of an interface: \"inside\", \"outside\"",
        ),
        (
            "interface = \"outside\"\ngroup = 255\nvirtual_addresses = [\"10.0.2.1\"]",
            "interface = \"inside\"\ngroup = 255\nvirtual_addresses = [\"10.0.1.7\"]",
            "32:13: standby[2].interface: found \"inside\", but standby[1] is on that interface; an interface has one group, since all groups of a box move together",
        ),
        (
            "addresses = [\"10.0.2.2/24\"]",
            "addresses = [\"fd00:2::2/64\"]",
            "32:13: standby[2].interface: found \"outside\", but that interface has no IPv4 address, from which HSRP speaks",
        ),
        // [[standby]]: addresses.
        (
            "[\"10.0.1.1\"]",
            "[\"10.0.2.9\"]",
            "25:22: standby[1].virtual_addresses[1]: found \"10.0.2.9\", expected a host's address on an IPv4 network of interface \"inside\"",
        ),
        (
            "[\"10.0.1.1\"]",
            "[\"10.0.1.1\", \"10.0.1.255\"]",
            "25:34: standby[1].virtual_addresses[2]: found \"10.0.1.255\", expected a host's address on an IPv4 network of interface \"inside\"",
        ),
        (
            "[\"10.0.1.1\"]",
            "\"10.0.1.0\"",
            "25:21: standby[1].virtual_addresses[1]: found \"10.0.1.0\", expected a host's address on an IPv4 network of interface \"inside\"",
        ),
        (
            "[\"10.0.1.1\"]",
            "[\"10.0.1.2\"]",
            "25:22: standby[1].virtual_addresses[1]: found \"10.0.1.2\", but interface \"inside\" has that address; a virtual address is nobody's real one",
        ),
        (
            "[\"10.0.1.1\"]",
            "[\"10.0.1.1\", \"fd00:1::1\"]",
            "25:34: standby[1].virtual_addresses[2]: found \"fd00:1::1\", expected an IPv4 address; IPv6 groups come later",
        ),
        (
            "[\"10.0.1.1\"]",
            "[\"10.0.1.1/24\"]",
            "25:22: standby[1].virtual_addresses[1]: found \"10.0.1.1/24\", expected an IPv4 address",
        ),
        (
            "[\"10.0.1.1\"]",
            "[\"10.0.1.1\", \"10.0.1.7\", \"10.0.1.1\"]",
            "25:46: standby[1].virtual_addresses[3]: found \"10.0.1.1\", but virtual_addresses[1] is the same",
        ),
        (
            "[\"10.0.1.1\"]",
            "[]",
            "25:21: standby[1].virtual_addresses: found an array, expected at least one address",
        ),
        (
            "virtual_addresses = [\"10.0.1.1\"]\n",
            "",
            "21:1: standby[1].virtual_addresses: missing, expected a list of virtual addresses",
        ),
        // A virtual address is no other host's.
        (
            "[ha]\n",
            "[[route]]\nprefix = \"0.0.0.0/0\"\nvia = \"10.0.2.1\"\n[ha]\n",
            "18:7: route[1].via: found \"10.0.2.1\", but that is a virtual address of the box",
        ),
        (
            "[ha]\n",
            "[[neighbour]]\ninterface = \"inside\"\naddress = \"10.0.1.1\"\nmac = \"02:00:00:00:00:01\"\n[ha]\n",
            "18:11: neighbour[1].address: found \"10.0.1.1\", but that is a virtual address of the box",
        ),
        // [[standby]]: tracking.
        (
            "{ interface = \"outside\", decrement = 20 }",
            "{ interface = \"dmz\" }",
            "27:24: standby[1].track[1].interface: found \"dmz\", expected the name of an interface: \"inside\", \"outside\"",
        ),
        (
            "{ interface = \"outside\", decrement = 20 }",
            "{ interface = \"inside\" }",
            "27:24: standby[1].track[1].interface: found \"inside\", but that is the group's own, with which the whole group goes down",
        ),
        (
            "{ interface = \"outside\", decrement = 20 }",
            "{ interface = \"outside\" }, { interface = \"outside\" }",
            "27:51: standby[1].track[2].interface: found \"outside\", but track[1] names it too",
        ),
        (
            "decrement = 20",
            "decrement = 0",
            "27:47: standby[1].track[1].decrement: found 0, expected an integer from 1 to 255",
        ),
        (
            "[{ interface = \"outside\", decrement = 20 }]",
            "\"outside\"",
            "27:9: standby[1].track: found \"outside\", expected a list of tables",
        ),
        // [[standby]]: authentication.
        (
            "md5_key = \"s3cret\"",
            "",
            "30:18: standby[1].authentication.md5_key: missing, expected either md5_key = \"KEY\" or text = \"TEXT\", and not both",
        ),
        (
            "md5_key = \"s3cret\"",
            "md5_key = \"k\", text = \"t\"",
            "30:18: standby[1].authentication.md5_key: missing, expected either md5_key = \"KEY\" or text = \"TEXT\", and not both",
        ),
        (
            "md5_key = \"s3cret\"",
            "text = \"ninechars\"",
            "30:27: standby[1].authentication.text: found \"ninechars\", expected a text of 1 to 8 ASCII characters",
        ),
        (
            "md5_key = \"s3cret\"",
            "md5_key = \"\"",
            "30:30: standby[1].authentication.md5_key: found \"\", expected a key of 1 to 64 bytes",
        ),
    ];
    for (old, new, expected) in cases {
        assert_eq!(errors(&edited(old, new)), [*expected], "{old} -> {new}");
    }
    let (too_long, key) = ("x".repeat(65), "md5_key = \"s3cret\"");
    let said = errors(&edited(key, &format!("md5_key = \"{too_long}\"")));
    assert!(said[0].ends_with("expected a key of 1 to 64 bytes") && said.len() == 1, "{said:?}");
}

#[test]
fn a_pair_without_a_group_is_refused_where_it_says_it_is_one() {
    let alone = &PAIR[..PAIR.find("[[standby]]").expect("a group")];
    assert_eq!(
        errors(alone),
        ["16:1: ha: found a table, but there is no [[standby]]; a pair needs at least one HSRP group"]
    );
}

#[test]
fn a_hellos_time_may_be_what_its_version_can_say() {
    for (hello, hold) in [("254s", "255s"), ("3s", "10500ms")] {
        let text = edited("group = 255", &format!("group = 255\nhello = \"{hello}\"\nhold = \"{hold}\""));
        assert_eq!(errors(&text).len(), 1, "{hello} {hold}");
    }
    for (hello, hold) in [("85s", "255s"), ("15ms", "50ms"), ("500ms", "1500ms"), ("1s", "3s")] {
        let text = edited("group = 255", &format!("group = 255\nhello = \"{hello}\"\nhold = \"{hold}\""));
        assert!(parse(&text).is_ok(), "{hello} {hold}");
    }
    let fine = edited("group = 255", "group = 4095\nversion = 2\nhello = \"1500ms\"\nhold = \"4500ms\"");
    assert!(parse(&fine).is_ok(), "milliseconds in version 2");
}

/// The HA core may share a core with a worker, and its key is looked for when the box starts, not when it is checked.
#[test]
fn what_is_no_error() {
    let config = parse(PAIR).expect("right");
    assert_eq!(config.workers.lcores, [config.ha.expect("[ha]").lcore]);
}

fn example(file: &str) -> (String, Config) {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../scripts/examples").join(file);
    let text = std::fs::read_to_string(&path).expect("an example");
    (text, Config::load(&path).expect("right"))
}

#[test]
fn the_examples_are_a_pair() {
    let ((text_a, a), (text_b, b)) = (example("pair-a.toml"), example("pair-b.toml"));
    assert_eq!((a.warnings(), b.warnings()), (vec![], vec![]));
    let (ha_a, ha_b) = (a.ha.as_ref().expect("[ha]"), b.ha.as_ref().expect("[ha]"));
    assert_eq!((ha_a.local, ha_a.peer), (ha_b.peer, ha_b.local));
    assert_eq!(ha_a.key_file, Some(PathBuf::from("/run/holdfast/pair.key")));
    assert_eq!((&a.rules, a.zones()), (&b.rules, b.zones()));
    for (one, other) in a.standby.iter().zip(&b.standby) {
        assert!(one.priority > other.priority);
        assert_eq!(one.virtual_addresses, other.virtual_addresses);
    }
    // What the comments claim: lines not marked are the same.
    let same = |text: &str| -> Vec<String> {
        let code = |line: &str| line.split('#').next().unwrap_or_default().trim_end().to_owned();
        text.lines().filter(|l| !l.contains("(differs)")).map(code).filter(|l| !l.is_empty()).collect()
    };
    assert_eq!(same(&text_a), same(&text_b));
    let marked = |text: &str| -> Vec<String> {
        text.lines()
            .filter(|l| l.contains("(differs)"))
            .map(|l| l.split('#').next().unwrap_or_default().trim_end().to_owned())
            .filter(|l| !l.is_empty())
            .collect()
    };
    let (marked_a, marked_b) = (marked(&text_a), marked(&text_b));
    assert_eq!(marked_a.len(), marked_b.len());
    for (line, other) in marked_a.iter().zip(&marked_b) {
        assert_ne!(line, other);
    }
}
