//! The console from outside: every `show` in text and JSON, pipes, abbreviations, failures.

use holdfast_tests::net::process::run;
use holdfast_tests::net::{Lab, LabResult};
use std::time::Duration;

const SHOWS: &[&str] = &[
    "show port info all",
    "show port stats all",
    "show port xstats all",
    "show port summary all",
    "show fwd stats all",
    "show config fwd",
    "show config rxtx",
    "show config cores",
    "show ip inspect sessions",
    "show ip inspect sessions detail",
    "show ip inspect statistics",
    "show ip inspect config",
    "show ip inspect interfaces",
    "show arp",
    "show ipv6 neighbors",
    "show ip route",
    "show ipv6 route",
    "show interfaces",
    "show interfaces brief",
    "show running-config",
    "show version",
    "show logging",
];

#[test]
fn every_show_answers_in_text_and_in_json() -> LabResult {
    let (_lab, firewall) = Lab::standard()?;
    for show in SHOWS {
        let text = firewall.console().text(show)?;
        // No session is live, so that list alone may be empty.
        assert!(!text.trim().is_empty() || show.contains("sessions"), "{show}");
        assert!(firewall.console().json(show)?.is_object(), "{show}");
    }
    Ok(())
}

#[test]
fn pipes_and_abbreviations_work() -> LabResult {
    let (_lab, firewall) = Lab::standard()?;
    let console = firewall.console();
    assert_eq!(console.text("sh ver")?.lines().next(), console.text("show version")?.lines().next());
    let included = console.text("show interfaces brief | include outside")?;
    assert!(!included.is_empty() && included.lines().all(|l| l.contains("outside")), "{included}");
    let counted = console.text("show interfaces brief | include outside | count")?;
    assert!(counted.contains(&included.lines().count().to_string()), "{counted}");
    Ok(())
}

#[test]
fn a_failing_command_fails_the_console() -> LabResult {
    let (_lab, firewall) = Lab::standard()?;
    for wrong in ["show nothing", "show", "show port info 99", "clear ip inspect sessions FFFF"] {
        let finished = firewall.console().try_run(wrong)?;
        assert_eq!(finished.status.code(), Some(1), "{wrong}: {}", finished.stdout);
        let said = format!("{}{}", finished.stdout, finished.stderr);
        assert!(said.contains('%'), "{wrong}: {said}");
    }
    Ok(())
}

#[test]
fn commands_on_standard_input_run_like_typed_ones() -> LabResult {
    let (lab, firewall) = Lab::standard()?;
    let file = lab.dir().join("commands");
    std::fs::write(&file, "show version\nshow fwd stats all | json\n").unwrap();
    let attach = firewall.console().attach();
    let words: Vec<String> = std::iter::once(attach.get_program())
        .chain(attach.get_args())
        .map(|word| word.to_string_lossy().into_owned())
        .collect();
    let line = format!("exec {} < {}", words.join(" "), file.display());
    let finished =
        run(std::process::Command::new("sh").args(["-c", &line]), Duration::from_secs(20))?.success()?;
    assert!(finished.stdout.contains("Holdfast"), "{}", finished.stdout);
    assert!(finished.stdout.lines().any(|l| l.starts_with('{')), "{}", finished.stdout);
    Ok(())
}

#[test]
fn stop_and_start_hold_traffic_and_let_it_go() -> LabResult {
    use holdfast_tests::net::addresses::SERVER;
    use holdfast_tests::net::ping::{ping, received};
    let (lab, firewall) = Lab::standard()?;
    assert_eq!(received(&ping(&lab.client, SERVER.into(), 2, &[])?)?, 2);
    firewall.console().text("stop")?;
    assert_eq!(received(&ping(&lab.client, SERVER.into(), 2, &[])?)?, 0);
    firewall.console().text("start")?;
    assert_eq!(received(&ping(&lab.client, SERVER.into(), 2, &[])?)?, 2);
    Ok(())
}
