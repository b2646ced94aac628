//! A file fetched over HTTP arrives bit for bit.

use holdfast_tests::net::addresses::SERVERS;
use holdfast_tests::net::{Lab, LabResult, http};

#[test]
fn a_download_arrives_unchanged() -> LabResult {
    let (lab, firewall) = Lab::standard()?;
    let server = http::serve(&lab.server, lab.dir(), 32 << 20)?;
    for address in SERVERS {
        assert_eq!(http::fetch_sha256(&lab.client, address, lab.dir())?, server.sha256, "{address}");
    }
    let drops = firewall.console().drops()?;
    assert_eq!(drops.of("tcp_out_of_window"), 0, "{drops:?}");
    Ok(())
}
