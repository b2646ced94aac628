//! The program itself: exit statuses and files.
#![allow(clippy::expect_used)] // helpers of tests

use std::os::unix::fs::PermissionsExt as _;
use std::process::{Command, Output};

fn holdfast(arguments: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_holdfast")).args(arguments).output().expect("the program")
}

const RIGHT: &str = "name = \"fw\"\n[workers]\nlcores = [1]\n[[interface]]\nname = \"a\"\ndevice = \"net_null0\"\nzone = \"a\"\naddresses = [\"10.0.1.2/24\"]\n[[standby]]\ninterface = \"a\"\ngroup = 1\nvirtual_addresses = [\"10.0.1.1\"]\n";

#[test]
fn check_says_right_or_what_is_wrong() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("fw.toml");
    let file = path.to_str().expect("UTF-8");
    std::fs::write(&path, RIGHT).expect("written");
    let output = holdfast(&["check", file]);
    assert_eq!(output.status.code(), Some(0));
    assert_eq!(
        String::from_utf8_lossy(&output.stdout),
        format!("{file}: right: box \"fw\", 1 interface, 0 routes, 0 rules, 1 HSRP group\n")
    );
    let warnings = String::from_utf8_lossy(&output.stderr).into_owned();
    assert!(warnings.contains("there is [[standby]] but no [ha]"), "{warnings}");

    std::fs::write(&path, RIGHT.replace("[1]", "1.5")).expect("written");
    for command in ["check", "run"] {
        let output = holdfast(&[command, file]);
        assert_eq!(output.status.code(), Some(2));
        assert_eq!(
            String::from_utf8_lossy(&output.stderr),
            format!(
                "{file}:3:10: workers.lcores: found 1.5, expected an integer from 0 to 127\n  3 | lcores = 1.5\n    |          ^^^\n"
            )
        );
    }
    assert_eq!(holdfast(&["check", "/nonexistent"]).status.code(), Some(2));
}

#[test]
fn keygen_makes_a_secret_once() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("ha.key");
    let file = path.to_str().expect("UTF-8");
    assert_eq!(holdfast(&["keygen", file]).status.code(), Some(0));
    let key = std::fs::read_to_string(&path).expect("a key");
    assert_eq!(key.len(), 65);
    assert!(key.trim_end().bytes().all(|byte| byte.is_ascii_hexdigit()), "{key}");
    assert_eq!(std::fs::metadata(&path).expect("there").permissions().mode() & 0o777, 0o600);

    let again = holdfast(&["keygen", file]);
    assert_eq!(again.status.code(), Some(1));
    assert!(String::from_utf8_lossy(&again.stderr).contains("never overwritten"));
    assert_eq!(std::fs::read_to_string(&path).expect("a key"), key);
    let other = folder.path().join("other.key");
    assert_eq!(holdfast(&["keygen", other.to_str().expect("UTF-8")]).status.code(), Some(0));
    assert_ne!(std::fs::read_to_string(&other).expect("a key"), key);
}

#[test]
fn usage_and_completions() {
    assert_eq!(holdfast(&[]).status.code(), Some(2));
    assert_eq!(holdfast(&["fly"]).status.code(), Some(2));
    let help = holdfast(&["--help"]);
    assert_eq!(help.status.code(), Some(0));
    assert!(String::from_utf8_lossy(&help.stdout).contains("Examples:"));
    let version = String::from_utf8_lossy(&holdfast(&["--version"]).stdout).into_owned();
    assert!(version.starts_with("holdfast ") && version.contains("DPDK"), "{version}");
    for shell in ["bash", "zsh", "fish"] {
        let script = holdfast(&["completions", shell]);
        assert_eq!(script.status.code(), Some(0));
        assert!(String::from_utf8_lossy(&script.stdout).contains("keygen"), "{shell}");
    }
}
