//! Two links over two real sockets, with time that passes a millisecond a turn.

use core::net::{IpAddr, SocketAddr};
use core::time::Duration;
use std::process::Command;

use holdfast_engine::time::Instant;

use super::{LOOPBACKS, free_ports};
use crate::link::{Link, LinkConfig, LinkEvent, Random, Received, Rekey};
use crate::runtime::HaSocket;

struct Ends {
    links: [Link; 2],
    sockets: [HaSocket; 2],
    now: Instant,
    received: [u64; 2],
    events: [Vec<LinkEvent>; 2],
}

fn link(side: usize, addresses: [SocketAddr; 2], now: Instant) -> Link {
    let config = LinkConfig {
        local: addresses[side],
        peer: addresses[1 - side],
        key: [1; 32],
        name: format!("box{side}"),
        boot: side as u64,
        versions: 1..=1,
        dead_after: Duration::from_millis(500),
        rekey: Rekey::default(),
        random: Random::System,
    };
    Link::new(config, now)
}

impl Ends {
    fn new(address: IpAddr) -> Ends {
        let now = Instant(0);
        let [a, b] = free_ports(address);
        Ends {
            links: [link(0, [a, b], now), link(1, [a, b], now)],
            sockets: [HaSocket::bind(a, b).unwrap(), HaSocket::bind(b, a).unwrap()],
            now,
            received: [0; 2],
            events: Default::default(),
        }
    }

    /// One turn of both boxes, as the HA core's loop makes it.
    fn turn(&mut self) {
        let (mut plaintext, mut datagram) = (Vec::new(), Vec::new());
        for side in 0..2 {
            let (link, socket) = (&mut self.links[side], &mut self.sockets[side]);
            let mut out = Vec::new();
            socket.recv_batch(|received| {
                if link.handle_datagram(self.now, received, &mut plaintext) == Received::Plaintext {
                    self.received[side] += 1;
                }
            });
            link.handle_timeout(self.now);
            while link.poll_transmit(&mut datagram) {
                out.push(datagram.clone());
            }
            let full = vec![0; link.payload_bytes_max()];
            if link.seal(self.now, &full, &mut datagram).is_ok() {
                out.push(datagram.clone());
            }
            let sent = socket.send_batch(&out);
            if let Some(size) = sent.too_big {
                link.handle_too_big(self.now, size);
            }
            link.handle_send_failures(sent.failures);
            self.events[side].extend(core::iter::from_fn(|| link.poll_event()));
        }
        self.now = self.now + Duration::from_millis(1);
    }

    fn turns(&mut self, turns: u32) {
        for _ in 0..turns {
            self.turn();
        }
    }

    fn sizes(&self) -> [usize; 2] {
        self.links.each_ref().map(Link::datagram_bytes_max)
    }
}

#[test]
fn links_meet_over_sockets() {
    for address in LOOPBACKS {
        let mut ends = Ends::new(address);
        ends.turns(500);
        assert!(ends.received.iter().all(|received| *received > 450), "{:?}", ends.received);
        assert!(ends.events.iter().all(|events| matches!(events[..], [LinkEvent::Connected { .. }])));
        // Loopback carries 64 KiB, so the largest step is found.
        assert!(ends.sizes().iter().all(|size| *size > 8_900), "{:?}", ends.sizes());
    }
}

fn ip(arguments: &str) {
    assert!(Command::new("ip").args(arguments.split(' ')).status().unwrap().success(), "ip {arguments}");
}

/// scripts/test runs it in a network namespace of its own.
#[test]
#[ignore = "changes the loopback interface: needs a network namespace of its own"]
fn an_interface_shrinks_goes_away_and_comes_back() {
    for (address, headers) in LOOPBACKS.into_iter().zip([28, 48]) {
        ip("link set lo up mtu 9000");
        let mut ends = Ends::new(address);
        ends.turns(500);
        assert_eq!(ends.sizes(), [9_000 - headers; 2]);
        ip("link set lo mtu 1500");
        ends.turns(500);
        assert_eq!(ends.sizes(), [1_500 - headers; 2], "at once, by what the kernel says");
        assert!(ends.events.iter().all(|events| events.len() == 1), "and the link stays up");
        let failures = ends.links[0].counters().send_failures;
        // What the kernel says depends on the family and on what it remembers of the route; often it says nothing.
        ip("link set lo down");
        ends.turns(600);
        assert!(ends.events.iter().all(|events| events.last() == Some(&LinkEvent::Lost)));
        let told = ends.links[0].counters().send_failures - failures;
        assert!(told > 500 || address.is_ipv4(), "{told}");
        ip("link set lo up");
        let received = ends.received;
        ends.turns(100);
        assert!(ends.events.iter().all(|events| matches!(events.last(), Some(LinkEvent::Connected { .. }))));
        assert!(ends.received[0] > received[0] + 90 && ends.received[1] > received[1] + 90);
    }
}
