//! SACK, timestamps, window scaling and ECN cross the box untouched and do not upset its window checks.

use holdfast_tests::net::addresses::{SERVER, SERVERS};
use holdfast_tests::net::capture::Capture;
use holdfast_tests::net::lab::HOST_INTERFACE;
use holdfast_tests::net::namespace::TOOL_LIMIT;
use holdfast_tests::net::{Lab, LabResult, http};

const OPTIONS: [&str; 4] = [
    "tcp.options.sack_perm",
    "tcp.options.timestamp.tsval",
    "tcp.options.wscale.shift",
    "tcp.options.mss_val",
];

#[test]
fn handshakes_keep_their_options_both_ways() -> LabResult {
    let (lab, _firewall) = Lab::standard()?;
    let server = http::serve(&lab.server, lab.dir(), 1 << 20)?;
    // The SYN as it arrives at the server, the SYN+ACK as it arrives at the client.
    for (namespace, handshake) in [
        (&lab.server, "tcp.flags.syn == 1 && tcp.flags.ack == 0"),
        (&lab.client, "tcp.flags.syn == 1 && tcp.flags.ack == 1"),
    ] {
        let capture = Capture::start(namespace, HOST_INTERFACE, "tcp port 8080", lab.dir())?;
        assert_eq!(http::fetch_sha256(&lab.client, SERVER.into(), lab.dir())?, server.sha256);
        let rows = capture.finish(handshake, &OPTIONS)?;
        assert!(!rows.is_empty(), "no packet: {handshake}");
        assert!(rows.iter().flatten().all(|value| !value.is_empty()), "{handshake}: {rows:?}");
    }
    Ok(())
}

/// Every fiftieth packet lost on the way to the client: recovery by SACK must pass the window checks, and the file
/// must still arrive.
#[test]
fn losses_are_repaired_by_selective_acknowledgement() -> LabResult {
    let (lab, firewall) = Lab::standard()?;
    let server = http::serve(&lab.server, lab.dir(), 8 << 20)?;
    let rules = "table inet lossy { chain arriving { type filter hook prerouting priority 0; numgen inc mod 50 == 0 drop; }; }";
    lab.client.run(&["nft", rules], TOOL_LIMIT)?.success()?;
    for address in SERVERS {
        let capture = Capture::start(&lab.server, HOST_INTERFACE, "tcp port 8080", lab.dir())?;
        assert_eq!(http::fetch_sha256(&lab.client, address, lab.dir())?, server.sha256, "{address}");
        let repairs = capture.finish("tcp.options.sack_le", &["tcp.options.sack_le"])?;
        assert!(!repairs.is_empty(), "{address}: no SACK block reached the server");
    }
    let drops = firewall.console().drops()?;
    assert_eq!(drops.of("tcp_out_of_window"), 0, "{drops:?}");
    Ok(())
}

#[test]
fn explicit_congestion_notification_is_negotiated_through_the_box() -> LabResult {
    let (lab, firewall) = Lab::standard()?;
    lab.client.sysctl("net.ipv4.tcp_ecn", "1")?;
    lab.server.sysctl("net.ipv4.tcp_ecn", "1")?;
    let server = http::serve(&lab.server, lab.dir(), 1 << 20)?;
    let capture = Capture::start(&lab.client, HOST_INTERFACE, "tcp port 8080", lab.dir())?;
    assert_eq!(http::fetch_sha256(&lab.client, SERVER.into(), lab.dir())?, server.sha256);
    let accepted = "tcp.flags.syn == 1 && tcp.flags.ack == 1 && tcp.flags.ece == 1";
    assert!(!capture.finish(accepted, &["frame.number"])?.is_empty(), "ECN was not agreed on");
    assert_eq!(firewall.console().drops()?.of("tcp_flags_bad"), 0);
    Ok(())
}
