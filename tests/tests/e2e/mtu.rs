//! Path-MTU discovery with a smaller link behind the box.

use holdfast_tests::net::addresses::{BOX_OUTSIDE, BOX_OUTSIDE6, SERVER, SERVER6, SERVERS};
use holdfast_tests::net::ping::{ping, received};
use holdfast_tests::net::{BoxConfig, Firewall, Lab, LabResult, Topology, http, iperf};
use std::net::IpAddr;

const OUTSIDE_MTU: u16 = 1400;

fn narrow_outside() -> LabResult<(Lab, Firewall)> {
    let lab = Lab::with(&Topology { outside_mtu: OUTSIDE_MTU, ..Topology::default() })?;
    let mut config = BoxConfig::default();
    config.interfaces[1].mtu = OUTSIDE_MTU;
    let firewall = lab.start(&config)?;
    Ok((lab, firewall))
}

#[test]
fn ping_learns_the_smaller_mtu_from_the_box() -> LabResult {
    let (lab, firewall) = narrow_outside()?;
    // One byte too large; the largest that fits. Headers: 20 + 8 and 40 + 8 bytes.
    let cases: [(IpAddr, &str, &str); 2] =
        [(SERVER.into(), "1373", "1372"), (SERVER6.into(), "1353", "1352")];
    for (target, too_large, fits) in cases {
        let refused = ping(&lab.client, target, 2, &["-M", "do", "-s", too_large])?;
        assert_eq!(received(&refused)?, 0, "{target}");
        let said = format!("{}{}", refused.stdout, refused.stderr).to_lowercase();
        assert!(
            said.contains("mtu=1400") || said.contains("mtu = 1400") || said.contains("mtu: 1400"),
            "{said}"
        );
        assert_eq!(received(&ping(&lab.client, target, 2, &["-M", "do", "-s", fits])?)?, 2, "{target}");
    }
    assert!(firewall.console().drops()?.of("mtu_exceeded") >= 2);
    Ok(())
}

/// With advmss the server promises segments its own link cannot take, as hosts behind a tunnel do; only the box's
/// "fragmentation needed" and "packet too big" tell the client.
#[test]
fn tcp_gets_across_by_path_mtu_discovery() -> LabResult {
    let (lab, firewall) = narrow_outside()?;
    let (via4, via6) = (BOX_OUTSIDE.to_string(), BOX_OUTSIDE6.to_string());
    lab.server.ip(["route", "change", "default", "via", &via4, "advmss", "1460"])?;
    lab.server.ip(["-6", "route", "change", "default", "via", &via6, "dev", "eth0", "advmss", "1440"])?;
    let _server = iperf::serve(&lab.server, lab.dir())?;
    for server in SERVERS {
        let before = firewall.console().drops()?.of("mtu_exceeded");
        let moved = iperf::measure(&lab.client, server, 2, &[])?;
        assert!(moved.bytes > 1_000_000, "{server}: {moved:?}");
        assert!(firewall.console().drops()?.of("mtu_exceeded") > before, "{server}: nothing was too large");
    }
    Ok(())
}

#[test]
fn a_download_from_behind_the_smaller_link_arrives_unchanged() -> LabResult {
    let (lab, _firewall) = narrow_outside()?;
    let server = http::serve(&lab.server, lab.dir(), 4 << 20)?;
    for address in SERVERS {
        assert_eq!(http::fetch_sha256(&lab.client, address, lab.dir())?, server.sha256, "{address}");
    }
    Ok(())
}
