//! iperf3 through the box. How fast is scripts/measure's business; here data must arrive, both ways, TCP and UDP,
//! and the window checks must drop none of it.

use holdfast_tests::net::addresses::{SERVER, SERVERS};
use holdfast_tests::net::{Lab, LabResult, iperf};

#[test]
fn tcp_runs_both_ways_over_ipv4_and_ipv6() -> LabResult {
    let (lab, mut firewall) = Lab::standard()?;
    let _server = iperf::serve(&lab.server, lab.dir())?;
    for server in SERVERS {
        for direction in [&[][..], &["--reverse"], &["--bidir"]] {
            let moved = iperf::measure(&lab.client, server, 2, direction)?;
            eprintln!("{server} {direction:?}: {:.0} Mbit/s", moved.bits_per_second / 1e6);
            // A megabyte in two seconds is a broken box, whatever the machine.
            assert!(moved.bytes > 1_000_000, "{server} {direction:?}: {moved:?}");
        }
    }
    firewall.assert_alive()?;
    let drops = firewall.console().drops()?;
    assert_eq!(drops.of("tcp_out_of_window"), 0, "{drops:?}");
    Ok(())
}

#[test]
fn udp_runs_both_ways_over_ipv4_and_ipv6() -> LabResult {
    let (lab, firewall) = Lab::standard()?;
    let _server = iperf::serve(&lab.server, lab.dir())?;
    for server in SERVERS {
        for direction in [&[][..], &["--reverse"]] {
            // A thousand datagrams a second: far below what overruns a ring on a busy machine.
            let options = [&["--udp", "--bandwidth", "10M", "--length", "1200"], direction].concat();
            let moved = iperf::measure(&lab.client, server, 2, &options)?;
            assert!(moved.bytes > 1_000_000, "{server} {direction:?}: {moved:?}");
            assert!(moved.lost_percent < 10.0, "{server} {direction:?}: {moved:?}");
        }
    }
    let sessions = firewall.console().sessions()?;
    assert!(sessions.of("udp").iter().all(|s| s.destination_port == iperf::PORT), "{sessions:?}");
    Ok(())
}

#[test]
fn many_streams_share_the_box() -> LabResult {
    let (lab, firewall) = Lab::standard()?;
    let _server = iperf::serve(&lab.server, lab.dir())?;
    let moved = iperf::measure(&lab.client, SERVER.into(), 2, &["--parallel", "16"])?;
    assert!(moved.bytes > 1_000_000, "{moved:?}");
    assert_eq!(firewall.console().drops()?.of("tcp_out_of_window"), 0);
    Ok(())
}
