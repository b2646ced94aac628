//! Ports on kernel interfaces: a veth pair in a network namespace of the test's own. Needs the right to make one;
//! without it the test says so and checks nothing.

#![allow(clippy::unwrap_used, reason = "a test that fails says where")]

mod common;

use std::process::Command;

use common::{Opened, eal, open, pool};
use dpdk::mbuf::Mbuf;
use dpdk::pool::Pool;
use dpdk::port::{Port, PortControl, PortError};

/// IEEE 802: local experimental, so that nobody else's frames are taken for ours.
const ETHERTYPE: [u8; 2] = [0x88, 0xb5];
/// Polls before a frame counts as lost: seconds.
const POLLS_MAX: u32 = 2_000_000;

fn ip(arguments: &str) {
    let status = Command::new("ip").args(arguments.split_whitespace()).status().unwrap();
    assert!(status.success(), "ip {arguments}");
}

/// Moves the calling thread, and what it starts, to a namespace that ends with it.
fn own_namespace() -> bool {
    // SAFETY: changes this thread's namespace and nothing in memory.
    unsafe { libc::unshare(libc::CLONE_NEWNET) == 0 }
}

fn frame(pool: &Pool, header: &[u8]) -> Mbuf {
    let mut mbuf = pool.alloc().unwrap();
    let data = mbuf.append(100).unwrap();
    data.fill(0x5a);
    data[..12].copy_from_slice(&[0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 2, 0, 0, 0, 0, 1]);
    data[12..12 + header.len()].copy_from_slice(header);
    mbuf
}

/// The next frame of ours; the kernel sends of its own accord as well.
fn receive(port: &mut Opened) -> Mbuf {
    let mut burst = Vec::with_capacity(32);
    for _ in 0..POLLS_MAX {
        port.1[0].rx(&mut burst, 32);
        for frame in burst.drain(..) {
            if frame.data().get(12..22).is_some_and(|header| header.windows(2).any(|w| w == ETHERTYPE)) {
                return frame;
            }
        }
        std::thread::yield_now();
    }
    panic!("no frame came");
}

#[test]
fn frames_cross_a_veth_pair_and_its_end_is_noticed() {
    if !own_namespace() {
        eprintln!("skipped: {}", std::io::Error::last_os_error());
        return;
    }
    let device = |name: &str| format!("net_af_packet_{name},iface={name}");
    let error = Port::attach(eal(), &device("hfa")).map(drop).unwrap_err();
    assert!(matches!(error, PortError::Attach { .. }), "{error}");
    // A device that was not there may come.
    ip("link add hfa type veth peer name hfb");
    ip("link set hfa up");
    ip("link set hfb up");
    let pool = pool("veth");
    let mut a = open(&device("hfa"), 1, &pool);
    let mut b = open(&device("hfb"), 1, &pool);
    a.0.set_promiscuous(true).unwrap();
    assert!(a.0.link().unwrap().up && !a.0.is_removed());
    assert!(a.0.info().unwrap().if_index.is_some());

    // Untagged, tagged, and tagged twice: tags stay in the frame. The kernel takes the outer one out, and the driver
    // puts it back, always as 8100: an outer tag of type 88a8 does not survive af_packet.
    let tagged = [0x81, 0, 0, 7, 0x88, 0xb5];
    let twice = [0x81, 0, 0, 9, 0x81, 0, 0, 7, 0x88, 0xb5];
    for header in [&ETHERTYPE[..], &tagged, &twice] {
        let sent = frame(&pool, header);
        let bytes = sent.data().to_vec();
        let mut burst = vec![sent];
        assert_eq!(a.2[0].tx(&mut burst), 1);
        let received = receive(&mut b);
        assert_eq!(received.data(), bytes);
        assert_eq!((received.port_id(), received.is_contiguous()), (b.0.id(), true));
    }
    assert!(b.0.stats().unwrap().rx_packets >= 3);

    // The driver would say "up" to all of this; asked from a thread in another namespace, too.
    let watch_b = b.0.link_watch().unwrap();
    let up = |port: &PortControl| port.link().unwrap().up;
    ip("link set hfb down");
    assert_eq!((up(&a.0), up(&b.0), a.0.is_removed(), b.0.is_removed()), (false, false, false, false));
    assert!(!watch_b.is_up());
    ip("link set hfb up");
    assert_eq!((up(&a.0), up(&b.0), watch_b.is_up()), (true, true, true));
    ip("link set hfb down");
    ip("link set hfb name hfc");
    assert!(!b.0.is_removed(), "renamed is not removed");

    ip("link del hfa");
    let mut b = std::thread::spawn(move || {
        assert!(own_namespace());
        assert!(b.0.is_removed() && !b.0.link().unwrap().up && !watch_b.is_up());
        b
    })
    .join()
    .unwrap();
    assert!(a.0.is_removed() && !a.0.link().unwrap().up);
    // Bursts on what is gone end quietly, and so do stop and drop.
    let mut burst = vec![frame(&pool, &ETHERTYPE)];
    a.2[0].tx(&mut burst);
    let mut received = Vec::with_capacity(8);
    a.1[0].rx(&mut received, 8);
    b.0.stop().unwrap();
    drop((a, b, burst, received));
    assert_eq!(pool.in_use(), 0);
}
