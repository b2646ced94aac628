//! One EAL for a test binary. `cargo test` runs its tests as threads of one process, nextest as processes:
//! both work, because the first to ask starts EAL and device names differ from test to test.

#![allow(dead_code, reason = "each test binary uses a part of this")]

use std::sync::OnceLock;

use dpdk::eal::{Eal, EalRef};
use dpdk::mbuf::Mbuf;
use dpdk::pool::Pool;
use dpdk::port::{Port, PortConfig, PortControl};
use dpdk::queue::{RxQueue, TxQueue};

/// Arguments that need no hugepages, no NIC and no files, with `megabytes` of ordinary memory.
pub fn arguments(megabytes: u32) -> Vec<String> {
    let prefix = format!("--file-prefix=holdfast-test-{}", std::process::id());
    [
        "-l",
        "0",
        "--no-huge",
        "-m",
        &megabytes.to_string(),
        "--no-shconf",
        "--no-pci",
        "--no-telemetry",
        &prefix,
    ]
    .map(String::from)
    .to_vec()
}

pub fn eal() -> &'static EalRef {
    eal_with(256)
}

/// As [`eal`], for test binaries that need more memory; all tests of one ask for the same.
pub fn eal_with(megabytes: u32) -> &'static EalRef {
    static EAL: OnceLock<EalRef> = OnceLock::new();
    EAL.get_or_init(|| {
        dpdk::eal::set_log_level(dpdk::eal::LogLevel::Error).unwrap();
        let eal = Eal::init(&arguments(megabytes)).unwrap().handle();
        // Statics are not dropped, so nobody would remove it at the end. Nothing is in it with --no-shconf.
        std::fs::remove_dir(eal.runtime_dir()).unwrap();
        eal
    })
}

pub fn pool(name: &str) -> Pool {
    Pool::new(eal(), name, 1023, 0, 2048).unwrap()
}

pub type Opened = (PortControl, Vec<RxQueue>, Vec<TxQueue>);

/// Attached, configured with small rings, started.
pub fn open(device: &str, queues: u16, pool: &Pool) -> Opened {
    let config = PortConfig {
        rx_queues: queues,
        tx_queues: queues,
        rx_descriptors: 64,
        tx_descriptors: 64,
        ..PortConfig::default()
    };
    let (mut control, rx, tx) = Port::attach(eal(), device).unwrap().configure(&config, pool).unwrap();
    control.start().unwrap();
    (control, rx, tx)
}

/// Frames of 60 bytes that begin with their number, 16 bits in network order.
pub fn frames(pool: &Pool, count: usize) -> Vec<Mbuf> {
    let mut frames = Vec::with_capacity(count);
    assert_eq!(pool.alloc_bulk(&mut frames, count), count);
    for (number, frame) in frames.iter_mut().enumerate() {
        frame.append(60).unwrap()[..2].copy_from_slice(&(number as u16).to_be_bytes());
    }
    frames
}
