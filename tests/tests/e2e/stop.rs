//! A box told to stop stops at once and leaves nothing; one that was killed is no obstacle to the next.

use holdfast_tests::net::addresses::SERVER;
use holdfast_tests::net::ping::{ping, received};
use holdfast_tests::net::process::Guarded;
use holdfast_tests::net::{BoxConfig, Lab, LabResult, iperf};
use nix::sys::signal::Signal;
use std::time::Duration;

/// What the product promises.
const STOP_LIMIT: Duration = Duration::from_secs(1);

#[test]
fn sigterm_stops_an_idle_box_within_a_second() -> LabResult {
    let (lab, mut firewall) = Lab::standard()?;
    let (status, took) = firewall.stop(Duration::from_secs(20))?;
    assert!(status.success(), "{status}");
    assert!(took < STOP_LIMIT, "{took:?}");
    assert!(!lab.dir().join("control.sock").exists(), "the socket stays behind");
    Ok(())
}

#[test]
fn sigterm_stops_a_busy_box_within_a_second() -> LabResult {
    let (lab, mut firewall) = Lab::standard()?;
    let _server = iperf::serve(&lab.server, lab.dir())?;
    let mut client = lab.client.command("iperf3");
    client.args(["--client", &SERVER.to_string(), "--udp", "--bandwidth", "50M", "--time", "60"]);
    let _traffic = Guarded::spawn(&mut client, &lab.dir().join("client.log"))?;
    firewall.console().wait_for("traffic", "show fwd stats all", Duration::from_secs(20), |seen| {
        (seen["total"]["rx_packets"].as_u64()? > 1000).then_some(())
    })?;
    let (status, took) = firewall.stop(Duration::from_secs(20))?;
    assert!(status.success(), "{status}");
    assert!(took < STOP_LIMIT, "{took:?}");
    Ok(())
}

#[test]
fn after_a_kill_the_next_box_starts_on_the_same_socket() -> LabResult {
    let (lab, mut firewall) = Lab::standard()?;
    firewall.kill()?;
    assert!(lab.dir().join("control.sock").exists(), "a killed box cannot tidy up");
    let _next = lab.start(&BoxConfig::default())?;
    assert_eq!(received(&ping(&lab.client, SERVER.into(), 3, &[])?)?, 3);
    Ok(())
}

#[test]
fn interrupt_stops_like_terminate() -> LabResult {
    let (_lab, mut firewall) = Lab::standard()?;
    firewall.signal(Signal::SIGINT)?;
    let status = firewall.wait(Duration::from_secs(20))?;
    assert!(status.success(), "{status}");
    Ok(())
}
