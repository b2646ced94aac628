//! The pair's lab itself, without a Holdfast box: traffic crosses by a plain router only, what is broken is broken,
//! and the instruments see what they are for.

use holdfast_tests::net::addresses::{CLIENT, SERVER};
use holdfast_tests::net::capture::Capture;
use holdfast_tests::net::pair::frames::{HSRP_FILTER, by_scapy, by_tshark};
use holdfast_tests::net::pair::traffic::{Everything, Load, Probe, ProbeKind};
use holdfast_tests::net::pair::{
    Authentication, HA_DEVICE, NeighbourWatch, PairConfig, PairLab, ResetCounters, Side, Speaker,
    SpeakerLink, VIRTUAL_INSIDE, VIRTUAL_OUTSIDE, Which,
};
use holdfast_tests::net::ping::{ping, received};
use holdfast_tests::net::sockets::{listen, try_connect, udp};
use holdfast_tests::net::wait::{Look, Pace, observe_for, wait_until};
use holdfast_tests::net::{LabResult, Namespace, scapy};
use std::net::Ipv4Addr;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

/// Most of a blackout that is the machine's doing and not the network's.
const NOISE: Duration = Duration::from_millis(100);

fn has_carrier(namespace: &Namespace, device: &str) -> LabResult<bool> {
    Ok(namespace.ip(["link", "show", device])?.stdout.contains("LOWER_UP"))
}

#[test]
fn without_a_box_nothing_crosses() -> LabResult {
    let lab = PairLab::unconfigured()?;
    for target in [VIRTUAL_INSIDE, SERVER] {
        assert_eq!(received(&ping(&lab.client, target.into(), 2, &[])?)?, 0, "{target}");
    }
    Ok(())
}

#[test]
fn with_a_router_in_place_of_a_box_all_traffic_is_whole() -> LabResult {
    let lab = PairLab::unconfigured()?;
    lab.route_by_kernel(Which::A)?;
    let traffic = Everything::start(&lab, &Load::default())?;
    observe_for(Duration::from_secs(4))?;
    let outcome = traffic.finish(&lab)?;
    eprintln!("{outcome}");
    assert_eq!(outcome.complaints(NOISE), Vec::<String>::new());
    assert_eq!((outcome.up.lost(), outcome.down.lost()), (0, 0), "{outcome}");
    assert!(outcome.up.sent > 3_000 && outcome.down.sent > 3_000, "{outcome}");
    assert!(outcome.download.received > 4 << 20, "{outcome}");
    Ok(())
}

/// The same through one Holdfast box that has the gateways' addresses as its own: what a pair does beyond that is the
/// pair's doing.
#[test]
fn with_a_single_box_all_traffic_is_whole() -> LabResult {
    let mut config = PairConfig::default();
    (config.a.ha, config.a.groups) = (None, Vec::new());
    for (interface, gateway) in config.a.base.interfaces.iter_mut().zip([VIRTUAL_INSIDE, VIRTUAL_OUTSIDE]) {
        (interface.addresses, interface.ha_id) = (vec![format!("{gateway}/24")], None);
    }
    let mut lab = PairLab::new(&config)?;
    lab.a.start()?;
    let traffic = Everything::start(&lab, &Load::default())?;
    observe_for(Duration::from_secs(4))?;
    let outcome = traffic.finish(&lab)?;
    eprintln!("{outcome}");
    assert_eq!(outcome.complaints(NOISE), Vec::<String>::new());
    assert_eq!((outcome.up.lost(), outcome.down.lost()), (0, 0), "{outcome}");
    assert!(lab.a.session_set()?.len() > 1_000);
    lab.a.assert_alive()
}

#[test]
fn a_cut_shows_as_a_blackout_of_its_length_and_tcp_outlives_it() -> LabResult {
    const CUT: Duration = Duration::from_millis(500);
    let lab = PairLab::unconfigured()?;
    lab.route_by_kernel(Which::A)?;
    let load = Load { busy: 100, ..Load::default() };
    let traffic = Everything::start(&lab, &load)?;
    observe_for(Duration::from_secs(1))?;
    lab.switch.cut(Side::Inside, Which::A)?;
    observe_for(CUT)?;
    lab.switch.heal(Side::Inside, Which::A)?;
    observe_for(Duration::from_secs(2))?;
    let outcome = traffic.finish(&lab)?;
    eprintln!("{outcome}");
    for ledger in [&outcome.up, &outcome.down, &outcome.echo] {
        assert!(ledger.blackout >= CUT && ledger.blackout < 2 * CUT, "{outcome}");
    }
    assert!(outcome.up.lost() >= 400, "{outcome}");
    assert!(outcome.pings.longest_silence >= CUT - Duration::from_millis(50), "{outcome}");
    assert!(!outcome.complaints(CUT / 2).is_empty(), "a complaint must be possible");
    assert_eq!(outcome.complaints(2 * CUT), Vec::<String>::new());
    Ok(())
}

#[test]
fn a_pulled_cable_takes_the_carrier_and_a_cut_port_does_not() -> LabResult {
    let lab = PairLab::unconfigured()?;
    for side in Side::BOTH {
        for which in Which::BOTH {
            let namespace = &lab.node(which).namespace;
            let wait_for = |up: bool| {
                wait_until(&format!("carrier: {up}"), Duration::from_secs(5), || {
                    let seen = has_carrier(namespace, side.interface())?;
                    Ok(if seen == up { Look::Done(()) } else { Look::NotYet(seen.to_string()) })
                })
            };
            lab.switch.unplug(side, which)?;
            wait_for(false)?;
            lab.switch.replug(side, which)?;
            wait_for(true)?;
            lab.switch.cut(side, which)?;
            assert!(has_carrier(namespace, side.interface())?);
            lab.switch.heal(side, which)?;
        }
    }
    Ok(())
}

#[test]
fn the_ha_link_can_be_pulled_cut_and_made_to_lose() -> LabResult {
    let lab = PairLab::unconfigured()?;
    let a = &lab.a.namespace;
    let answers = |count| received(&ping(a, Which::B.ha_address().into(), count, &[])?);
    assert_eq!(answers(3)?, 3);
    lab.ha().cut()?;
    assert!(has_carrier(a, HA_DEVICE)?);
    assert_eq!(answers(2)?, 0);
    lab.ha().lose(30)?;
    let some = answers(100)?;
    assert!((10..90).contains(&some), "{some} of 100 with a third lost each way");
    lab.ha().heal()?;
    assert_eq!(answers(3)?, 3);
    lab.ha().unplug()?;
    assert!(!has_carrier(&lab.b.namespace, HA_DEVICE)?);
    lab.ha().replug()?;
    assert_eq!(answers(3)?, 3);
    Ok(())
}

#[test]
fn a_gateway_that_moves_and_a_reset_are_noticed() -> LabResult {
    let lab = PairLab::unconfigured()?;
    lab.route_by_kernel(Which::A)?;
    let probe = Probe::start(&lab, ProbeKind::Up, 7000, 100)?;
    let (resets, watch) = (ResetCounters::start(&lab)?, NeighbourWatch::start(&lab)?);
    assert_eq!(resets.count(&lab)?, 0);
    assert!(try_connect(&lab.client, SERVER.into(), 7001, Duration::from_secs(2))?.is_err());
    assert!(resets.count(&lab)? >= 2, "one leaves the server, one reaches the client");
    // Nobody is harmed by connections that end in order.
    let before = resets.count(&lab)?;
    let listener = listen(&lab.server, SERVER.into(), 7002)?;
    drop(
        try_connect(&lab.client, SERVER.into(), 7002, Duration::from_secs(2))?
            .map(|c| (c, listener.accept())),
    );
    assert_eq!(resets.count(&lab)?, before);

    lab.client.ip([
        "neigh",
        "replace",
        &VIRTUAL_INSIDE.to_string(),
        "lladdr",
        "02:00:00:00:00:01",
        "dev",
        "eth0",
    ])?;
    let changes = watch.finish(&lab)?;
    assert!(changes.iter().any(|change| change.contains("02:00:00:00:00:01")), "{changes:?}");
    probe.finish().map(drop)
}

/// The stream to the client lives in the session the client began: a stateful box that forgot it shows.
#[test]
fn a_stream_that_stops_for_good_is_one_long_blackout() -> LabResult {
    let lab = PairLab::unconfigured()?;
    lab.route_by_kernel(Which::B)?;
    let probes = [ProbeKind::Up, ProbeKind::Down].map(|kind| {
        let port = if kind == ProbeKind::Up { 7000 } else { 7001 };
        Probe::start(&lab, kind, port, 1_000)
    });
    observe_for(Duration::from_millis(300))?;
    lab.b.namespace.sysctl("net.ipv4.ip_forward", "0")?;
    observe_for(Duration::from_secs(1))?;
    for probe in probes {
        let probe = probe?;
        let (kind, ledger) = (probe.kind(), probe.finish()?);
        assert!(ledger.blackout > Duration::from_millis(900), "{kind:?} {ledger:?}");
    }
    Ok(())
}

#[test]
fn both_configuration_files_are_accepted() -> LabResult {
    let lab = PairLab::new(&PairConfig::default())?;
    for which in Which::BOTH {
        let file = lab.node(which).file().display().to_string();
        holdfast_tests::net::firewall::run_here(&["check", &file])?.success()?;
        assert!(lab.address(Side::Inside, which) != CLIENT);
    }
    Ok(())
}

/// Two independent speakers hear each other as they should, what is on the wire is what both decoders expect, and
/// a wrong key and a frame that ends early are noticed.
#[test]
fn the_speakers_and_the_decoders_agree() -> LabResult {
    const LIMIT: Duration = Duration::from_secs(20);
    let md5 = Authentication::Md5("s3cret".into());
    for (version, authentication) in [(1, &Authentication::Default), (1, &md5), (2, &md5)] {
        let lab = PairLab::unconfigured()?;
        let mut speaker = Speaker::in_place_of_b(&lab, version, authentication)?;
        let link = |interface: &str, address: &str, group, gateway: Ipv4Addr| SpeakerLink {
            interface: interface.into(),
            address: address.into(),
            group,
            virtual_address: gateway.to_string(),
        };
        let links =
            [link("inside", "10.0.1.2", 1, VIRTUAL_INSIDE), link("outside", "10.0.2.2", 2, VIRTUAL_OUTSIDE)];
        let mut other = Speaker::start(&lab.a.namespace, version, authentication, &links)?;
        let capture = Capture::start(&lab.client, "eth0", HSRP_FILTER, lab.dir())?;
        other.say("hello active 110")?;
        speaker.wait_heard("hello", Some("active"), LIMIT)?;
        for opcode in ["coup", "resign"] {
            other.say(&format!("{opcode} 110"))?;
            speaker.wait_heard(opcode, None, LIMIT)?;
        }
        assert!(speaker.problems().is_empty(), "{:?}", speaker.problems());

        let files = [capture.stop()?];
        let frames = by_scapy(version, authentication, &files)?;
        assert!(frames.len() >= 3 && frames.iter().all(|f| f.problems.is_empty()), "{frames:?}");
        let (opcodes, remarks) = by_tshark(version, &files)?;
        assert_eq!((opcodes.len(), remarks), (frames.len(), Vec::new()));

        other.say("key md5:wrong")?;
        speaker.take_heard();
        speaker.wait_heard("hello", Some("active"), LIMIT)?;
        speaker.wait_heard("hello", Some("active"), LIMIT)?;
        assert!(!speaker.problems().is_empty(), "a wrong key must be noticed");
    }
    Ok(())
}

/// The scripts that ask and forge do so: two routers with one address are two answers, and what a box says on the HA
/// link comes again.
#[test]
fn the_asker_and_the_forger_work() -> LabResult {
    let lab = PairLab::unconfigured()?;
    let ask = || -> LabResult<usize> {
        let (own, target) = (CLIENT.to_string(), VIRTUAL_INSIDE.to_string());
        Ok(scapy::run(&lab.client, "arp_who.py", &["eth0", &own, &target, "3"])?.stdout.lines().count())
    };
    assert_eq!(ask()?, 0);
    lab.route_by_kernel(Which::A)?;
    assert_eq!(ask()?, 3);
    lab.route_by_kernel(Which::B)?;
    assert_eq!(ask()?, 6);

    let [here, there] =
        [Which::A, Which::B].map(|w| udp(&lab.node(w).namespace, w.ha_address().into(), 5000));
    let (here, there) = (here?, there?);
    let stop = Arc::new(AtomicBool::new(false));
    let until = stop.clone();
    let talk = std::thread::spawn(move || {
        let (mut pace, mut number) = (Pace::every(Duration::from_millis(10)), 0_u64);
        while !until.load(Ordering::Relaxed) {
            here.send_to(&number.to_be_bytes(), (Which::B.ha_address(), 5000)).unwrap();
            number += 1;
            pace.wait();
        }
    });
    // Drained while they come: a full buffer would drop the forged ones.
    let until = stop.clone();
    let listen = std::thread::spawn(move || {
        let (mut numbers, mut bytes) = (Vec::new(), [0; 2048]);
        there.set_read_timeout(Some(Duration::from_millis(200))).unwrap();
        while !until.load(Ordering::Relaxed) {
            if let Ok(length) = there.recv(&mut bytes) {
                numbers.extend(bytes[..length].try_into().map(u64::from_be_bytes));
            }
        }
        numbers
    });
    let forged = scapy::run(&lab.a.namespace, "ha_forge.py", &[HA_DEVICE, "5000", "1"]);
    stop.store(true, Ordering::Relaxed);
    talk.join().unwrap();
    let mut numbers = listen.join().unwrap();
    let sent: serde_json::Value = serde_json::from_str(&forged?.stdout).unwrap();
    for kind in ["replayed", "flipped", "cut", "grown", "random", "stranger"] {
        assert!(sent[kind].as_u64().is_some_and(|count| count > 20), "{sent}");
    }
    let all = numbers.len();
    numbers.sort_unstable();
    numbers.dedup();
    assert!(numbers.len() + 20 < all, "{all} arrived, {} different ones", numbers.len());
    Ok(())
}
