//! Proper conversations, to be sent as they are or harmed.

use core::net::IpAddr;

use crate::interface::{Mac, PortId};
use crate::net::build::Arp;
use crate::net::numbers::ARP_REQUEST;
use crate::testkit::frame::{ACK, FIN_ACK, Flow, Packet, RST, SYN, SYN_ACK, Segment, ip};
use crate::testkit::lab::arp_frame;
use crate::testkit::topology::{
    CLIENT, CLIENT6, DMZ, INSIDE, MAIL, OUTSIDE, PORTS, SERVER, SERVER6, box_address, box_mac, host_mac,
};

/// Frames of proper conversations, each with the port it belongs on.
pub(super) fn proper_frames() -> Vec<(PortId, Vec<u8>)> {
    let mut packets: Vec<(PortId, Packet)> = Vec::new();
    let flows = [
        (OUTSIDE, Flow::new(CLIENT, SERVER, (40_000, 443))),
        (OUTSIDE, Flow::new(CLIENT6, SERVER6, (40_000, 443))),
        (OUTSIDE, Flow::new(CLIENT, SERVER, (40_000, 53))),
        (DMZ, Flow::new(CLIENT, MAIL, (53, 53))),
    ];
    for (far, flow) in flows {
        let (back, ping) = (flow.reply(), Flow { ports: (7, 7), ..flow });
        let data = |seq, ack, data| Segment { flags: ACK, seq, ack, data };
        let there = [
            flow.tcp(SYN, 100, 0),
            flow.tcp(ACK, 101, 901),
            flow.segment(data(101, 901, b"request")),
            flow.tcp(FIN_ACK, 108, 909),
            flow.tcp(ACK, 109, 910),
            flow.tcp(RST, 101, 0),
            flow.tcp(SYN, 1 << 30, 0),
            flow.udp(b"question"),
            flow.packet(47, b"tunnelled"),
            ping.echo(true, 1),
            ping.echo(true, 2).ttl(1),
            ping.echo(false, 3),
            ping.icmp(3, 3, [0; 4], &back.udp(b"answer").0),
        ];
        let here = [
            back.tcp(SYN_ACK, 900, 101),
            back.segment(data(901, 108, b"response")),
            back.tcp(FIN_ACK, 909, 109),
            back.tcp(RST, 901, 0),
            back.tcp(SYN, 5, 0),
            back.udp(b"answer"),
            back.packet(47, b"tunnelled"),
            ping.reply().echo(false, 1),
            ping.reply().echo(true, 3),
            ping.reply().icmp(3, 3, [0; 4], &flow.udp(b"question").0),
            ping.reply().icmp(
                if flow.source.is_ipv6() { 3 } else { 11 },
                0,
                [0; 4],
                &flow.tcp(SYN, 100, 0).0,
            ),
            ping.reply().icmp(
                if flow.source.is_ipv6() { 2 } else { 3 },
                4,
                [0, 0, 5, 0],
                &flow.tcp(ACK, 101, 901).0,
            ),
        ];
        packets.extend(there.map(|p| (INSIDE, p)));
        packets.extend(here.map(|p| (far, p)));
    }
    for port in PORTS {
        for v6 in [false, true] {
            let host = match (port, v6) {
                (INSIDE, false) => CLIENT,
                (INSIDE, true) => CLIENT6,
                (_, false) => SERVER,
                (_, true) => SERVER6,
            };
            let to_box = Flow { destination: box_address(port, v6), ..Flow::new(host, host, (9, 9)) };
            packets.push((port, to_box.echo(true, 1)));
            packets.push((port, to_box.tcp(SYN, 1, 0)));
        }
    }
    let mut frames: Vec<_> =
        packets.into_iter().map(|(port, p)| (port, p.frame(host_mac(port), box_mac(port), None))).collect();
    let (IpAddr::V4(sender_ip), IpAddr::V4(target_ip)) = (ip(CLIENT), box_address(INSIDE, false)) else {
        unreachable!()
    };
    let arp = Arp {
        operation: ARP_REQUEST,
        sender_mac: host_mac(INSIDE),
        sender_ip,
        target_mac: Mac::default(),
        target_ip,
    };
    frames.push((INSIDE, arp_frame(host_mac(INSIDE), Mac::BROADCAST, None, &arp)));
    frames
}
