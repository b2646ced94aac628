//! Boxes that must not start, and what they say.

use holdfast_tests::net::firewall::{run_here, run_to_end};
use holdfast_tests::net::{BoxConfig, Lab, LabResult};
use std::fs;
use std::path::Path;

/// A mistake made in the standard configuration: what is replaced by what, and what the message must name.
struct Mistake {
    replace: &'static str,
    with: &'static str,
    key: &'static str,
}

const MISTAKES: &[Mistake] = &[
    Mistake { replace: "lcores = ", with: "lcorse = ", key: "lcorse" },
    Mistake { replace: "poll = \"adaptive\"", with: "poll = \"lazy\"", key: "poll" },
    Mistake { replace: "sessions_max = 65536", with: "sessions_max = \"many\"", key: "sessions_max" },
    Mistake { replace: "\"10.0.1.2/24\"", with: "\"10.0.1.2/33\"", key: "addresses" },
    Mistake { replace: "mtu = 1500", with: "mtu = 20", key: "mtu" },
    Mistake { replace: "to = \"outside\"", with: "to = \"nowhere\"", key: "to" },
    Mistake { replace: "action = \"inspect\"", with: "action = \"inspekt\"", key: "action" },
    Mistake { replace: "udp_idle = \"30s\"", with: "udp_idle = 30", key: "udp_idle" },
    Mistake { replace: "max_incomplete_low = 400", with: "max_incomplete_low = 600", key: "max_incomplete" },
];

#[test]
fn a_wrong_configuration_is_refused_with_file_line_and_key() -> LabResult {
    let lab = Lab::new()?;
    let more =
        "\n[inspect]\nudp_idle = \"30s\"\nmax_incomplete_high = 500\nmax_incomplete_low = 400\n".to_owned();
    let good = BoxConfig { more, ..BoxConfig::default() }.to_toml(&lab.dir().join("control.sock"));
    let file = lab.dir().join("wrong.toml");
    let path = file.display().to_string();
    fs::write(&file, &good).unwrap();
    run_to_end(&lab, &["check", &path])?.success()?;

    for mistake in MISTAKES {
        assert!(good.contains(mistake.replace), "the sample has no `{}`", mistake.replace);
        let wrong = good.replacen(mistake.replace, mistake.with, 1);
        fs::write(&file, &wrong).unwrap();
        let line = 1 + wrong.lines().position(|l| l.contains(mistake.with)).unwrap();
        for command in ["check", "run"] {
            let finished = run_to_end(&lab, &[command, &path])?;
            let said = &finished.stderr;
            assert_eq!(finished.status.code(), Some(2), "{command} {}: {said}", mistake.with);
            assert!(said.contains(&format!("wrong.toml:{line}")), "line {line} of {}: {said}", mistake.with);
            assert!(said.contains(mistake.key), "key {}: {said}", mistake.key);
        }
    }
    Ok(())
}

#[test]
fn a_file_that_is_not_there_or_no_toml_is_refused() -> LabResult {
    let lab = Lab::new()?;
    let missing = run_to_end(&lab, &["run", "/nonexistent/box.toml"])?;
    assert_eq!(missing.status.code(), Some(2), "{}", missing.stderr);
    assert!(missing.stderr.contains("/nonexistent/box.toml"), "{}", missing.stderr);

    let file = lab.dir().join("broken.toml");
    fs::write(&file, "name = \"lab\"\n[workers\n").unwrap();
    let broken = run_to_end(&lab, &["run", &file.display().to_string()])?;
    assert_eq!(broken.status.code(), Some(2), "{}", broken.stderr);
    assert!(broken.stderr.contains("broken.toml:2"), "{}", broken.stderr);
    Ok(())
}

#[test]
fn every_example_and_the_readmes_configuration_is_right() -> LabResult {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("..");
    let mut files: Vec<_> =
        fs::read_dir(root.join("scripts/examples")).unwrap().map(|entry| entry.unwrap().path()).collect();
    let dir = tempfile::tempdir().unwrap();
    let readme = fs::read_to_string(root.join("README.md")).unwrap();
    for (number, block) in readme.split("```toml\n").skip(1).enumerate() {
        let file = dir.path().join(format!("readme-{number}.toml"));
        fs::write(&file, block.split("```").next().unwrap()).unwrap();
        files.push(file);
    }
    assert!(files.len() >= 3, "{files:?}");
    for file in files {
        run_here(&["check", &file.display().to_string()])?.success()?;
    }
    Ok(())
}

#[test]
fn a_missing_device_is_a_clear_error() -> LabResult {
    let lab = Lab::new()?;
    let file = lab.dir().join("box.toml");
    let text = BoxConfig::default().to_toml(&lab.dir().join("control.sock"));
    fs::write(&file, text.replace("iface=outside", "iface=nothere")).unwrap();
    let finished = run_to_end(&lab, &["run", &file.display().to_string()])?;
    assert_eq!(finished.status.code(), Some(1), "{}", finished.stderr);
    assert!(finished.stderr.contains("nothere"), "{}", finished.stderr);
    Ok(())
}

#[test]
fn a_second_instance_on_the_same_socket_is_refused_and_the_first_goes_on() -> LabResult {
    let (lab, mut firewall) = Lab::standard()?;
    let second = run_to_end(&lab, &["run", &lab.dir().join("box.toml").display().to_string()])?;
    assert_eq!(second.status.code(), Some(1), "{}", second.stderr);
    assert!(second.stderr.contains("control.sock"), "{}", second.stderr);
    firewall.assert_alive()?;
    firewall.console().text("show version").map(drop)
}
