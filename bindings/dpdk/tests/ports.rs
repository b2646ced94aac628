//! Ports without hardware: null, ring.

#![allow(clippy::unwrap_used, reason = "a test that fails says where")]

mod common;

use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};

use common::{eal, frames, open, pool};
use dpdk::lcore::Registered;
use dpdk::mbuf::{Mbuf, free_bulk};
use dpdk::pool::Pool;
use dpdk::port::{Port, PortConfig, PortError, RETA_PATTERN_ENTRIES, RssConfig};

#[test]
fn null_receives_and_sends() {
    let pool = pool("null");
    let (mut control, mut rx, mut tx) = open("net_null0,size=64", 1, &pool);
    assert!(control.is_started());
    assert_eq!((rx[0].index(), rx[0].port_id()), (0, control.id()));

    let mut burst = Vec::with_capacity(32);
    assert_eq!(rx[0].rx(&mut burst, 8), 8);
    assert_eq!(rx[0].rx(&mut burst, 100), 24, "never beyond the spare capacity");
    assert_eq!(rx[0].rx(&mut burst, 32), 0);
    assert!(burst.iter().all(|frame| frame.len() == 64 && frame.port_id() == control.id()));
    assert_eq!(burst.capacity(), 32);

    assert_eq!(tx[0].tx(&mut burst), 32);
    assert!(burst.is_empty());
    assert_eq!(tx[0].tx(&mut burst), 0);

    let stats = control.stats().unwrap();
    assert_eq!((stats.rx_packets, stats.tx_packets, stats.tx_errors), (32, 32, 0));
    let xstats = control.xstats().unwrap();
    assert!(xstats.contains(&("rx_good_packets".into(), 32)), "{xstats:?}");
    control.reset_stats().unwrap();
    assert_eq!(control.stats().unwrap().rx_packets, 0);
    control.reset_xstats().unwrap();

    drop((control, rx, tx));
    assert_eq!(pool.in_use(), 0);
}

#[test]
fn a_port_tells_what_it_is() {
    let pool = pool("info");
    let port = Port::attach(eal(), "net_null_info,size=128").unwrap();
    let before = port.info().unwrap();
    assert_eq!(
        (before.id, before.driver.as_str(), before.device.as_str()),
        (port.id(), "net_null", "net_null_info")
    );
    assert!(before.max_rx_queues >= 1 && before.max_tx_queues >= 1);
    let config = PortConfig { promiscuous: true, ..PortConfig::default() };
    let (mut control, _rx, _tx) = port.configure(&config, &pool).unwrap();
    assert_eq!((control.id(), control.device()), (before.id, "net_null_info,size=128"));
    assert_eq!(control.info().unwrap().mtu, 1500);
    assert!(control.info().unwrap().promiscuous);
    let error = control.set_promiscuous(false).unwrap_err();
    assert!(error.to_string().contains("net_null_info"), "net_null has no filter to switch: {error}");
    assert_eq!(control.mac().unwrap(), before.mac);
    control.start().unwrap();
    let link = control.link().unwrap();
    assert!(link.up && link.speed_mbps.is_some_and(|mbps| mbps > 0), "{link:?}");
    assert!(!control.is_removed());
}

#[test]
fn what_a_port_cannot_do_is_an_error_that_names_it() {
    let pool = pool("refused");
    let refuse = |config: PortConfig<'_>| {
        let port = Port::attach(eal(), "net_null_refused").unwrap();
        port.configure(&config, &pool).map(drop).unwrap_err()
    };
    let limit = Port::attach(eal(), "net_null_refused").unwrap().info().unwrap().max_rx_queues;
    let error = refuse(PortConfig { rx_queues: limit + 1, ..PortConfig::default() });
    assert!(matches!(&error, PortError::Queues { direction: "receive", asked, limit: l, .. }
        if *asked == limit + 1 && *l == limit));
    assert!(error.to_string().contains("net_null_refused"), "{error}");
    let error = refuse(PortConfig { tx_queues: u16::MAX, ..PortConfig::default() });
    assert!(matches!(error, PortError::Queues { direction: "transmit", .. }));
    assert!(matches!(
        refuse(PortConfig { mtu: 20, ..PortConfig::default() }),
        PortError::Mtu { mtu: 20, .. }
    ));
    let error = refuse(PortConfig { mtu: 2023, ..PortConfig::default() });
    assert!(matches!(error, PortError::DataRoom { frame_bytes: 2049, data_room_bytes: 2048, .. }));

    let (key, reta) = ([0x6d; 52], [1; RETA_PATTERN_ENTRIES]);
    let error =
        refuse(PortConfig { rss: Some(RssConfig { key: &key, reta: &reta }), ..PortConfig::default() });
    assert!(matches!(error, PortError::RssQueue { queue: 1, queues: 1, .. }));
    let reta = [0; RETA_PATTERN_ENTRIES];
    let error =
        refuse(PortConfig { rss: Some(RssConfig { key: &key[..8], reta: &reta }), ..PortConfig::default() });
    assert!(matches!(error, PortError::RssKey { given: 8, needed: 40, .. }));
    assert_eq!(pool.in_use(), 0);
}

#[test]
fn rss_is_on_where_the_driver_has_it_and_off_where_not() {
    let pool = pool("rss");
    let key = [0x6d, 0x5a].repeat(26);
    let mut reta = [0; RETA_PATTERN_ENTRIES];
    reta.iter_mut().enumerate().for_each(|(bucket, queue)| *queue = (bucket % 2) as u8);
    let rss = Some(RssConfig { key: &key, reta: &reta });
    let config = PortConfig { rx_queues: 2, tx_queues: 2, rss, ..PortConfig::default() };

    let (mut null, ..) = Port::attach(eal(), "net_null_rss").unwrap().configure(&config, &pool).unwrap();
    assert!(null.settings().rss);
    null.start().unwrap();

    let file = tempfile::NamedTempFile::new().unwrap();
    let device = format!("net_pcap_rss,tx_pcap={0},tx_pcap={0}.2", file.path().display());
    let config = PortConfig { rx_queues: 1, tx_queues: 2, ..config };
    let config =
        PortConfig { rss: Some(RssConfig { key: &key, reta: &[0; RETA_PATTERN_ENTRIES] }), ..config };
    let (mut pcap, ..) = Port::attach(eal(), &device).unwrap().configure(&config, &pool).unwrap();
    assert!(!pcap.settings().rss);
    pcap.start().unwrap();
    drop(pcap);
    std::fs::remove_file(format!("{}.2", file.path().display())).unwrap();
}

#[test]
fn a_device_that_is_not_there_is_named() {
    let error = Port::attach(eal(), "net_nosuchdriver0").map(drop).unwrap_err();
    assert_eq!(error, PortError::NoDriver { device: "net_nosuchdriver0".into() });
    for device in ["net_af_packet_missing,iface=hf-none", "0000:ff:1f.7", "a\0b"] {
        let error = Port::attach(eal(), device).map(drop).unwrap_err();
        assert!(matches!(&error, PortError::Attach { device: named, .. } if named == device), "{error:?}");
    }
    // 22.11 says that the argument is invalid, newer versions that no driver takes it.
    let error = Port::attach(eal(), "").map(drop).unwrap_err();
    assert!(matches!(error, PortError::Attach { .. } | PortError::NoDriver { .. }), "{error:?}");
}

#[test]
fn a_device_has_one_owner() {
    let port = Port::attach(eal(), "net_null_owner").unwrap();
    let error = Port::attach(eal(), "net_null_owner").map(drop).unwrap_err();
    assert_eq!(error, PortError::InUse { device: "net_null_owner".into() });
    drop(port);
    drop(Port::attach(eal(), "net_null_owner").unwrap());
}

fn numbers(frames: &[Mbuf]) -> Vec<u16> {
    frames.iter().map(|frame| u16::from_be_bytes([frame.data()[0], frame.data()[1]])).collect()
}

#[test]
fn a_full_ring_takes_a_prefix_and_leaves_the_rest_in_order() {
    const RING_FRAMES: u16 = 1023;
    let pool = Pool::new(eal(), "ring", 2047, 0, 2048).unwrap();
    let (control, mut rx, mut tx) = open("net_ring0", 1, &pool);
    let mut offered = frames(&pool, 1100);
    assert_eq!(tx[0].tx(&mut offered), RING_FRAMES.into());
    assert_eq!(numbers(&offered), (RING_FRAMES..1100).collect::<Vec<_>>());
    assert_eq!(tx[0].tx(&mut offered), 0);
    assert_eq!(offered.len(), 77, "a full ring takes nothing");

    let mut burst = Vec::with_capacity(1100);
    assert_eq!(rx[0].rx(&mut burst, 10), 10);
    assert_eq!(tx[0].tx(&mut offered), 10);
    assert_eq!(numbers(&offered), (RING_FRAMES + 10..1100).collect::<Vec<_>>());

    while rx[0].rx(&mut burst, 32) > 0 {}
    assert_eq!(numbers(&burst), (0..RING_FRAMES + 10).collect::<Vec<_>>());
    assert!(burst.iter().all(|frame| frame.len() == 60));
    free_bulk(&mut burst);
    drop(offered);
    drop((control, rx, tx));
    assert_eq!(pool.in_use(), 0);
}

#[test]
fn a_stopped_port_moves_nothing_and_starts_again() {
    let pool = pool("stopped");
    let (mut control, mut rx, mut tx) = open("net_null_stopped", 1, &pool);
    let mut burst = Vec::with_capacity(8);
    control.stop().unwrap();
    control.stop().unwrap();
    assert!(!control.is_started());
    assert_eq!(rx[0].rx(&mut burst, 8), 0);
    let mut offered = frames(&pool, 3);
    assert_eq!(tx[0].tx(&mut offered), 0);
    assert_eq!(numbers(&offered), [0, 1, 2]);
    control.start().unwrap();
    control.start().unwrap();
    assert_eq!(tx[0].tx(&mut offered), 3);
    assert_eq!(rx[0].rx(&mut burst, 8), 8);
    // Queues hold the port: it goes on without its control.
    drop(control);
    burst.clear();
    assert_eq!(rx[0].rx(&mut burst, 8), 8);
    drop((burst, rx, tx));
    assert_eq!(pool.in_use(), 0);
    drop(Port::attach(eal(), "net_null_stopped").unwrap());
}

#[test]
fn a_port_may_stop_while_its_queues_are_polled() {
    let pool = Pool::new(eal(), "polled", 1023, 64, 2048).unwrap();
    let (mut control, rx, tx) = open("net_null_polled", 2, &pool);
    let (over, moved) = (AtomicBool::new(false), AtomicU64::new(0));
    std::thread::scope(|scope| {
        for (mut rx, mut tx) in rx.into_iter().zip(tx) {
            let (over, moved) = (&over, &moved);
            scope.spawn(move || {
                let _registered = Registered::register(eal()).unwrap();
                let mut burst = Vec::with_capacity(32);
                while !over.load(Ordering::Relaxed) {
                    let received = rx.rx(&mut burst, 32) as u64;
                    while !burst.is_empty() && !over.load(Ordering::Relaxed) {
                        tx.tx(&mut burst);
                    }
                    moved.fetch_add(received, Ordering::Relaxed);
                }
            });
        }
        for _ in 0..20 {
            let before = moved.load(Ordering::Relaxed);
            while moved.load(Ordering::Relaxed) < before + 64 {
                std::thread::yield_now();
            }
            control.stop().unwrap();
            let stopped = control.stats().unwrap();
            std::thread::yield_now();
            assert_eq!(control.stats().unwrap(), stopped, "nothing moves on a stopped port");
            control.start().unwrap();
        }
        over.store(true, Ordering::Relaxed);
    });
    drop(control);
    assert_eq!(pool.in_use(), 0);
}
