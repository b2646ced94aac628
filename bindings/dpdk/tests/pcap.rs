//! Frames from a file and into a file, by net_pcap, and the chains it makes of long ones.

#![allow(clippy::unwrap_used, reason = "a test that fails says where")]

mod common;

use std::fs;
use std::path::Path;

use common::{eal, frames, pool};
use dpdk::pool::Pool;
use dpdk::port::{Port, PortConfig, PortControl};
use dpdk::queue::{RxQueue, TxQueue};

/// A pcap file, microseconds, little endian, Ethernet.
fn write_pcap(path: &Path, frames: &[Vec<u8>]) {
    let mut file = Vec::new();
    file.extend(0xa1b2_c3d4u32.to_le_bytes());
    file.extend([2, 0, 4, 0]);
    file.extend([0; 8]);
    file.extend(65_535u32.to_le_bytes());
    file.extend(1u32.to_le_bytes());
    for frame in frames {
        let length = (frame.len() as u32).to_le_bytes();
        file.extend([[0; 4], [0; 4], length, length].concat());
        file.extend(frame);
    }
    fs::write(path, file).unwrap();
}

/// The frames of such a file.
fn read_pcap(path: &Path) -> Vec<Vec<u8>> {
    let file = fs::read(path).unwrap();
    let mut rest = &file[24..];
    let mut frames = Vec::new();
    while !rest.is_empty() {
        let length = u32::from_le_bytes(rest[8..12].try_into().unwrap()) as usize;
        frames.push(rest[16..16 + length].to_vec());
        rest = &rest[16 + length..];
    }
    frames
}

fn open(device: &str, mtu: u16, pool: &Pool) -> (PortControl, RxQueue, TxQueue) {
    let config = PortConfig { mtu, rx_descriptors: 64, ..PortConfig::default() };
    let (mut control, mut rx, mut tx) =
        Port::attach(eal(), device).unwrap().configure(&config, pool).unwrap();
    control.start().unwrap();
    (control, rx.remove(0), tx.remove(0))
}

#[test]
fn frames_pass_unchanged_from_file_to_file() {
    let folder = tempfile::tempdir().unwrap();
    let (input, output) = (folder.path().join("in.pcap"), folder.path().join("out.pcap"));
    let written: Vec<Vec<u8>> = (0..50u8).map(|n| vec![n; 60 + 20 * usize::from(n)]).collect();
    write_pcap(&input, &written);
    let pool = pool("pcap");
    let device = format!("net_pcap0,rx_pcap={},tx_pcap={}", input.display(), output.display());
    let (control, mut rx, mut tx) = open(&device, 1500, &pool);
    let mut burst = Vec::with_capacity(64);
    while rx.rx(&mut burst, 16) > 0 {}
    assert_eq!(burst.iter().map(|frame| frame.data().to_vec()).collect::<Vec<_>>(), written);
    assert_eq!(tx.tx(&mut burst), 50);
    assert_eq!(control.stats().unwrap().rx_bytes, written.iter().map(|frame| frame.len() as u64).sum());
    drop((control, rx, tx));
    assert_eq!(read_pcap(&output), written);
    assert_eq!(pool.in_use(), 0);
}

#[test]
fn a_file_played_for_ever_feeds_more_than_it_holds() {
    let folder = tempfile::tempdir().unwrap();
    let input = folder.path().join("in.pcap");
    write_pcap(&input, &[vec![1; 64], vec![2; 64], vec![3; 64]]);
    let pool = pool("endless");
    let device = format!("net_pcap_endless,rx_pcap={},infinite_rx=1", input.display());
    let (control, mut rx, mut tx) = open(&device, 1500, &pool);
    let mut burst = Vec::with_capacity(32);
    let mut received = 0u8;
    for _ in 0..7 {
        assert_eq!(rx.rx(&mut burst, 32), 32);
        for frame in &burst {
            assert_eq!(frame.data(), [received % 3 + 1; 64]);
            received += 1;
        }
        assert_eq!(tx.tx(&mut burst), 32, "a port without a file to write drops");
    }
    drop((control, rx, tx, burst));
    assert_eq!(pool.in_use(), 0);
}

#[test]
fn a_chain_says_so_and_is_cut_or_copied_together() {
    let folder = tempfile::tempdir().unwrap();
    let (input, output) = (folder.path().join("in.pcap"), folder.path().join("out.pcap"));
    let long: Vec<u8> = (0..700u16).map(|n| n as u8).collect();
    write_pcap(&input, &vec![long.clone(); 5]);
    // Mbufs of 256 bytes, and a file that does not keep to its MTU.
    let pool = Pool::new(eal(), "chain", 63, 0, 256).unwrap();
    let device = format!("net_pcap_chain,rx_pcap={},tx_pcap={}", input.display(), output.display());
    let (control, mut rx, mut tx) = open(&device, 200, &pool);
    let mut burst = Vec::with_capacity(8);
    assert_eq!(rx.rx(&mut burst, 8), 5);

    // The driver uses the headroom of all but the first: 256, 384 and 60 bytes.
    let cuts = [(700, 3), (600, 2), (300, 2), (256, 1), (10, 1)];
    for (frame, (length, segments)) in burst.iter_mut().zip(cuts) {
        assert_eq!((frame.len(), frame.segments(), frame.is_contiguous()), (700, 3, false));
        assert_eq!(frame.data(), &long[..256], "the first segment");
        assert_eq!(frame.tailroom(), 0);
        assert!(frame.append(1).is_none());
        assert!(!frame.linearize(), "700 bytes do not fit one mbuf");
        frame.truncate(length);
        assert_eq!((frame.len(), frame.segments()), (length, segments));
    }
    assert_eq!(pool.in_use(), 3 + 2 + 2 + 1 + 1);

    // 300 bytes are more than the first segment held, and fit its buffer with the headroom.
    assert!(burst[2].linearize());
    assert_eq!((burst[2].len(), burst[2].segments(), burst[2].headroom()), (300, 1, 84));
    assert_eq!(burst[2].data(), &long[..300]);

    assert_eq!(tx.tx(&mut burst), 5);
    drop((control, rx, tx));
    let sent = read_pcap(&output);
    assert_eq!(sent.iter().map(Vec::len).collect::<Vec<_>>(), [700, 600, 300, 256, 10]);
    assert!(sent[0] == long && sent[1] == long[..600] && sent[4] == long[..10]);
    assert_eq!(pool.in_use(), 0);
}

#[test]
fn what_a_program_builds_is_what_is_sent() {
    let folder = tempfile::tempdir().unwrap();
    let output = folder.path().join("out.pcap");
    let pool = pool("built");
    let (control, rx, mut tx) = open(&format!("net_pcap_built,tx_pcap={}", output.display()), 1500, &pool);
    let mut burst = frames(&pool, 3);
    burst[1].prepend(2).unwrap()[..2].copy_from_slice(b"hf");
    let expected: Vec<Vec<u8>> = burst.iter().map(|frame| frame.data().to_vec()).collect();
    assert_eq!(tx.tx(&mut burst), 3);
    drop((control, rx, tx));
    assert_eq!(read_pcap(&output), expected);
    assert_eq!(pool.in_use(), 0);
}
