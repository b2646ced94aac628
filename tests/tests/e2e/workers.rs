//! Two workers on ports that spread nothing (af_packet has no RSS): whatever queue a packet arrives on, it reaches
//! the one worker that owns its session.

use holdfast_tests::net::addresses::SERVERS;
use holdfast_tests::net::sockets::{accept, listen, open};
use holdfast_tests::net::{BoxConfig, Lab, LabResult, http};
use std::collections::{BTreeMap, BTreeSet};
use std::io::{Read, Write};

const PORT: u16 = 7003;
const CONNECTIONS_PER_FAMILY: usize = 100;

#[test]
fn both_directions_of_every_session_meet_at_its_owner() -> LabResult {
    let lab = Lab::new()?;
    let mut firewall = lab.start(&BoxConfig { lcores: vec![0, 1], ..BoxConfig::default() })?;
    let mut pairs = Vec::new();
    for server in SERVERS {
        let listener = listen(&lab.server, server, PORT)?;
        for _ in 0..CONNECTIONS_PER_FAMILY {
            let (mut client, mut responder) = (open(&lab.client, server, PORT)?, accept(&listener)?);
            client.write_all(b"?").unwrap();
            responder.read_exact(&mut [0]).unwrap();
            responder.write_all(b"!").unwrap();
            client.read_exact(&mut [0]).unwrap();
            pairs.push((client, responder));
        }
    }

    let sessions = firewall.console().sessions()?;
    assert_eq!(sessions.total, pairs.len() as u64);
    let mut owned: BTreeMap<u16, u64> = BTreeMap::new();
    let mut initiators = BTreeSet::new();
    for session in &sessions.sessions {
        assert_eq!(session.destination_port, PORT, "a session the wrong way round: {session:?}");
        assert!(session.packets.iter().all(|n| *n >= 3), "one direction is missing: {session:?}");
        assert!(initiators.insert((session.source, session.source_port)), "twice: {session:?}");
        *owned.entry(session.worker).or_default() += 1;
    }
    // 200 keys thrown like coins: fewer than 20 on one side does not happen by chance.
    assert!(owned.len() == 2 && owned.values().all(|n| *n > 20), "{owned:?}");

    let workers = firewall.console().workers()?;
    for worker in &workers {
        assert_eq!(worker.sessions, owned[&worker.worker], "{workers:?}");
    }
    let steered: u64 = workers.iter().map(|w| w.steered_out).sum();
    assert!(steered > 0, "{workers:?}");
    assert_eq!(steered, workers.iter().map(|w| w.steered_in).sum::<u64>(), "{workers:?}");
    firewall.assert_alive()
}

#[test]
fn a_download_through_two_workers_arrives_unchanged() -> LabResult {
    let lab = Lab::new()?;
    let firewall = lab.start(&BoxConfig { lcores: vec![0, 1], ..BoxConfig::default() })?;
    let server = http::serve(&lab.server, lab.dir(), 8 << 20)?;
    for address in SERVERS {
        assert_eq!(http::fetch_sha256(&lab.client, address, lab.dir())?, server.sha256, "{address}");
    }
    assert_eq!(firewall.console().drops()?.of("tcp_out_of_window"), 0);
    Ok(())
}
