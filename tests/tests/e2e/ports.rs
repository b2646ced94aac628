//! Ports that go away while the box runs.

use holdfast_tests::net::addresses::SERVER;
use holdfast_tests::net::lab::{DMZ_HOST, HOST_INTERFACE};
use holdfast_tests::net::ping::{ping, received};
use holdfast_tests::net::wait::{Look, wait_until};
use holdfast_tests::net::{BoxConfig, Lab, LabResult};
use std::time::Duration;

const NOTICE_LIMIT: Duration = Duration::from_secs(10);

const TWO_WAYS_OUT: &str = r#"
[[rule]]
from = "inside"
to = "outside"
action = "inspect"

[[rule]]
from = "inside"
to = "dmz"
action = "inspect"
"#;

#[test]
fn a_vanished_port_is_reported_and_the_others_go_on() -> LabResult {
    let mut lab = Lab::new()?;
    lab.add_dmz()?;
    let mut config = BoxConfig::with_rules(TWO_WAYS_OUT);
    config.add_dmz();
    let mut firewall = lab.start(&config)?;
    for target in [SERVER, DMZ_HOST] {
        assert_eq!(received(&ping(&lab.client, target.into(), 2, &[])?)?, 2, "{target}");
    }

    lab.firewall.ip(["link", "delete", "outside"])?;
    wait_until("the port to be reported down", NOTICE_LIMIT, || {
        let port = firewall.console().port("outside")?;
        Ok(if port.link.up { Look::NotYet(format!("{port:?}")) } else { Look::Done(()) })
    })?;
    wait_until("the log to name the port", NOTICE_LIMIT, || {
        let log = firewall.log();
        let named = log.lines().any(|line| line.contains("outside") && line.to_lowercase().contains("down"));
        Ok(if named { Look::Done(()) } else { Look::NotYet(log) })
    })?;
    assert_eq!(received(&ping(&lab.client, SERVER.into(), 2, &[])?)?, 0);
    assert_eq!(received(&ping(&lab.client, DMZ_HOST.into(), 3, &[])?)?, 3);
    firewall.assert_alive()
}

#[test]
fn a_link_that_comes_back_is_used_again() -> LabResult {
    let (lab, firewall) = Lab::standard()?;
    let wait_for_link = |up: bool| {
        wait_until(&format!("link up: {up}"), NOTICE_LIMIT, || {
            let port = firewall.console().port("inside")?;
            Ok(if port.link.up == up { Look::Done(()) } else { Look::NotYet(format!("{port:?}")) })
        })
    };
    lab.client.ip(["link", "set", HOST_INTERFACE, "down"])?;
    wait_for_link(false)?;
    lab.client.ip(["link", "set", HOST_INTERFACE, "up"])?;
    // A link that goes down takes the host's routes with it.
    lab.client.ip(["route", "replace", "default", "via", "10.0.1.2"])?;
    wait_for_link(true)?;
    assert_eq!(received(&ping(&lab.client, SERVER.into(), 3, &[])?)?, 3);
    Ok(())
}
