//! Two thousand connections open at once, each with its own data.

use holdfast_tests::net::addresses::SERVERS;
use holdfast_tests::net::sockets::{accept, allow_open_files, listen, open};
use holdfast_tests::net::{Lab, LabResult};
use std::io::{Read, Write};
use std::net::TcpStream;

const CONNECTIONS_PER_FAMILY: usize = 1_000;
const PORT: u16 = 7000;

#[test]
fn two_thousand_connections_live_side_by_side() -> LabResult {
    // Both ends of each are in this process.
    allow_open_files(8_192)?;
    let (lab, mut firewall) = Lab::standard()?;
    let mut pairs: Vec<(TcpStream, TcpStream)> = Vec::new();
    for server in SERVERS {
        let listener = listen(&lab.server, server, PORT)?;
        for _ in 0..CONNECTIONS_PER_FAMILY {
            let client = open(&lab.client, server, PORT)?;
            pairs.push((client, accept(&listener)?));
        }
    }

    let wanted = pairs.len() as u64;
    let sessions = firewall.console().sessions()?;
    assert_eq!(sessions.total, wanted);
    assert!(sessions.sessions.iter().all(|s| s.protocol == "tcp" && s.state == "SIS_OPEN"), "{sessions:?}");

    // Every connection carries a number of its own there and back, all of them under way at once.
    for (number, (client, _)) in pairs.iter_mut().enumerate() {
        client.write_all(&(number as u64).to_be_bytes()).unwrap();
    }
    for (number, (_, server)) in pairs.iter_mut().enumerate() {
        let mut bytes = [0; 8];
        server.read_exact(&mut bytes).unwrap();
        assert_eq!(u64::from_be_bytes(bytes), number as u64);
        server.write_all(&(!u64::from_be_bytes(bytes)).to_be_bytes()).unwrap();
    }
    for (number, (client, _)) in pairs.iter_mut().enumerate() {
        let mut bytes = [0; 8];
        client.read_exact(&mut bytes).unwrap();
        assert_eq!(u64::from_be_bytes(bytes), !(number as u64));
    }
    firewall.assert_alive()
}
