//! Sockets over loopback.

mod links;

use core::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use core::time::Duration;
use std::net::UdpSocket;

use super::*;
use crate::link::Link;

const LOOPBACKS: [IpAddr; 2] = [IpAddr::V4(Ipv4Addr::LOCALHOST), IpAddr::V6(Ipv6Addr::LOCALHOST)];
const PATIENCE: Option<Duration> = Some(Duration::from_secs(5));

/// Two ports that are free now.
fn free_ports(address: IpAddr) -> [SocketAddr; 2] {
    let sockets = [(); 2].map(|()| UdpSocket::bind((address, 0)).unwrap());
    sockets.map(|socket| socket.local_addr().unwrap())
}

fn pair(address: IpAddr) -> [HaSocket; 2] {
    let [a, b] = free_ports(address);
    [HaSocket::bind(a, b).unwrap(), HaSocket::bind(b, a).unwrap()]
}

fn receive(socket: &mut HaSocket, count: usize) -> Vec<Vec<u8>> {
    let mut received = Vec::new();
    while received.len() < count && socket.wait(PATIENCE) {
        socket.recv_batch(|datagram| received.push(datagram.to_vec()));
    }
    received
}

#[test]
fn batches_arrive_whole_and_in_order() {
    for address in LOOPBACKS {
        let [mut a, mut b] = pair(address);
        let datagrams: Vec<_> = (0..100_u16).map(|n| vec![n as u8; usize::from(n) * 90]).collect();
        let sent = a.send_batch(&datagrams);
        assert_eq!((sent.done, sent.failures, sent.too_big), (100, 0, None));
        assert_eq!(receive(&mut b, 100), datagrams);
        assert_eq!(b.recv_batch(|_| panic!("there is nothing")).datagrams, 0);
    }
}

#[test]
fn waiting_ends_with_the_time() {
    let [a, _b] = pair(LOOPBACKS[0]);
    assert!(!a.wait(Some(Duration::from_micros(300))));
    assert!(!a.wait(Some(Duration::ZERO)));
}

#[test]
fn a_peer_that_is_not_there_is_no_error() {
    for address in LOOPBACKS {
        let [a, b] = free_ports(address);
        let mut socket = HaSocket::bind(a, b).unwrap();
        for _ in 0..20 {
            let sent = socket.send_batch(&vec![vec![1; 10]; 40]);
            assert_eq!((sent.done, sent.failures), (40, 0));
            assert!(sent.error.is_none());
        }
        assert_eq!(socket.recv_batch(|_| panic!("there is nobody")).datagrams, 0);
        // And once it is there, everything works.
        let mut peer = HaSocket::bind(b, a).unwrap();
        socket.send_batch(&[b"hello".to_vec()]);
        assert_eq!(receive(&mut peer, 1), [b"hello"]);
        peer.send_batch(&[b"hello too".to_vec()]);
        assert_eq!(receive(&mut socket, 1), [b"hello too"]);
    }
}

#[test]
fn what_others_send_does_not_arrive() {
    let [mut a, mut b] = pair(LOOPBACKS[0]);
    let stranger = UdpSocket::bind((LOOPBACKS[0], 0)).unwrap();
    stranger.send_to(b"stranger", b.local().unwrap()).unwrap();
    a.send_batch(&[b"peer".to_vec()]);
    assert_eq!(receive(&mut b, 1), [b"peer"]);
}

#[test]
fn a_datagram_that_is_too_big_is_told_and_the_others_go() {
    // 70,000 bytes fit into no UDP datagram at all, so every interface refuses them.
    let [mut a, mut b] = pair(LOOPBACKS[0]);
    let datagrams = [vec![1; 10], vec![2; 70_000], vec![3; 80_000], vec![4; 10]];
    let sent = a.send_batch(&datagrams);
    assert_eq!((sent.done, sent.too_big, sent.refused_too_big, sent.failures), (4, Some(70_000), 2, 0));
    assert_eq!(receive(&mut b, 2), [datagrams[0].clone(), datagrams[3].clone()]);
}

#[test]
fn a_datagram_that_is_too_long_for_us_is_dropped() {
    let [mut a, mut b] = pair(LOOPBACKS[0]);
    a.send_batch(&[vec![1; DATAGRAM_BYTES_MAX + 1], vec![2; DATAGRAM_BYTES_MAX]]);
    let mut received = 0;
    assert!(b.wait(PATIENCE));
    let batch = b.recv_batch(|datagram| received += datagram.len());
    assert_eq!((batch.datagrams, batch.too_long, received), (1, 1, DATAGRAM_BYTES_MAX));
}

#[test]
fn a_full_kernel_buffer_is_told() {
    let [mut a, _b] = pair(LOOPBACKS[0]);
    // The receiver's buffer fills and loopback drops; the sender is never told more than that it has to wait.
    let datagrams = vec![vec![0; 9_000]; 20_000];
    let sent = a.send_batch(&datagrams);
    assert!(sent.done > 0 && sent.failures == 0);
}

#[test]
fn an_address_that_is_not_ours_is_told() {
    let error =
        HaSocket::bind("192.0.2.1:4870".parse().unwrap(), "192.0.2.2:4870".parse().unwrap()).unwrap_err();
    assert!(
        error.to_string().starts_with("HA link from 192.0.2.1:4870 to 192.0.2.2:4870: bind: "),
        "{error}"
    );
}

#[test]
fn a_socket_can_go_to_another_thread() {
    fn assert_send<T: Send>() {}
    assert_send::<HaSocket>();
    assert_send::<Link>();
}
