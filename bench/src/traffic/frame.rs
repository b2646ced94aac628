//! A flow's frames: two that open it, and one for each direction that may be repeated for ever.
//!
//! A firewall that checks windows lets a segment pass again only if it is inside the windows again. Both repeated
//! segments follow the handshake directly: the same bytes at the same sequence numbers, acknowledging the other
//! end's SYN. Every repetition is then a retransmission (or, without payload, a repeated acknowledgement), which
//! ends exactly where its sender's sequence space ends, and the windows never move. The client's also completes
//! the handshake.

use core::net::IpAddr;

use etherparse::{IpHeaders, Ipv4Header, Ipv6FlowLabel, Ipv6Header, PacketBuilder, TcpHeader, ip_number};

use super::{Family, Flow, Plan, Side, Transport};

/// Frame check sequence: counted by RFC 2544, never seen by software.
pub const FCS_BYTES: u16 = 4;
/// Shortest Ethernet frame without its frame check sequence.
const FRAME_BYTES_MIN: usize = 60;

const TTL: u8 = 64;
/// Window of every segment, 64,128 bytes with the scale below.
const WINDOW: u16 = 501;
const WINDOW_SCALE: u8 = 7;
/// Window of a SYN, which is never scaled.
const SYN_WINDOW: u16 = 64_240;
const MSS_BYTES: u16 = 1460;

/// The MAC addresses of one direction's frames.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Macs {
    /// Of the host or router that sends.
    pub source: [u8; 6],
    /// Of the box's port.
    pub destination: [u8; 6],
}

/// Bytes of the shortest frame, with its frame check sequence, that carries the headers of a plan's packets.
pub fn frame_bytes_min(family: Family, transport: Transport) -> u16 {
    let headers = header_bytes(family, transport);
    headers.max(FRAME_BYTES_MIN) as u16 + FCS_BYTES
}

fn header_bytes(family: Family, transport: Transport) -> usize {
    let ip = match family {
        Family::V4 => 20,
        Family::V6 => 40,
    };
    let l4 = match transport {
        Transport::Tcp => 20,
        Transport::Udp => 8,
    };
    14 + ip + l4
}

/// The frame that opens `flow` from `side`: SYN and SYN-ACK, or the first datagram of each end. Appended to `out`.
pub fn opening(plan: &Plan, flow: &Flow, side: Side, macs: Macs, out: &mut Vec<u8>) {
    match plan.transport {
        Transport::Udp => repeated(plan, flow, side, macs, out),
        Transport::Tcp => {
            let (from, to, sequence, other) = ends(flow, side);
            let mut tcp = TcpHeader::new(from.1, to.1, sequence, SYN_WINDOW);
            tcp.syn = true;
            if side == Side::Server {
                tcp.ack = true;
                tcp.acknowledgment_number = other.wrapping_add(1);
            }
            let [mss_high, mss_low] = MSS_BYTES.to_be_bytes();
            // Maximum segment size; one byte of padding; window scale.
            let options = [2, 4, mss_high, mss_low, 1, 3, 3, WINDOW_SCALE];
            // Eight bytes are two whole words of options, well below the most a header holds.
            let _ = tcp.set_options_raw(&options);
            write(from.0, to.0, macs, tcp.into(), 0, out);
        }
    }
}

/// The frame of `flow` from `side` that is sent for ever. Appended to `out`.
pub fn repeated(plan: &Plan, flow: &Flow, side: Side, macs: Macs, out: &mut Vec<u8>) {
    let (from, to, sequence, other) = ends(flow, side);
    let bytes = usize::from(plan.frame_bytes.max(frame_bytes_min(plan.family, plan.transport)) - FCS_BYTES);
    let headers = header_bytes(plan.family, plan.transport);
    match plan.transport {
        Transport::Tcp => {
            // The shortest frame is a pure acknowledgement, filled up behind the IP packet as Ethernet does.
            let payload = if bytes == FRAME_BYTES_MIN { 0 } else { bytes - headers };
            let mut tcp = TcpHeader::new(from.1, to.1, sequence.wrapping_add(1), WINDOW);
            tcp.ack = true;
            tcp.acknowledgment_number = other.wrapping_add(1);
            write(from.0, to.0, macs, tcp.into(), payload, out);
        }
        Transport::Udp => write(from.0, to.0, macs, Layer4::Udp(from.1, to.1), bytes - headers, out),
    }
}

type End = (IpAddr, u16);

/// Sender, receiver, and the sequence numbers of their SYNs.
fn ends(flow: &Flow, side: Side) -> (End, End, u32, u32) {
    let (client, server) = ((flow.client, flow.client_port), (flow.server, flow.server_port));
    match side {
        Side::Client => (client, server, flow.client_isn, flow.server_isn),
        Side::Server => (server, client, flow.server_isn, flow.client_isn),
    }
}

enum Layer4 {
    Tcp(Box<TcpHeader>),
    Udp(u16, u16),
}

impl From<TcpHeader> for Layer4 {
    fn from(tcp: TcpHeader) -> Layer4 {
        Layer4::Tcp(Box::new(tcp))
    }
}

fn write(from: IpAddr, to: IpAddr, macs: Macs, l4: Layer4, payload_bytes: usize, out: &mut Vec<u8>) {
    const PAYLOAD: [u8; 9216] = [0x5a; 9216];
    let begin = out.len();
    let payload = &PAYLOAD[..payload_bytes.min(PAYLOAD.len())];
    let step = PacketBuilder::ethernet2(macs.source, macs.destination).ip(ip_headers(from, to));
    let written = match l4 {
        Layer4::Tcp(tcp) => step.tcp_header(*tcp).write(out, payload),
        Layer4::Udp(source, destination) => step.udp(source, destination).write(out, payload),
    };
    // Writing to memory fails for payloads beyond 64 KiB only, and the array above is shorter.
    debug_assert!(written.is_ok(), "{written:?}");
    out.resize(out.len().max(begin + FRAME_BYTES_MIN), 0);
}

/// Lengths, protocol numbers and checksums are filled in by the builder.
fn ip_headers(from: IpAddr, to: IpAddr) -> IpHeaders {
    match (from, to) {
        (IpAddr::V6(source), IpAddr::V6(destination)) => {
            let header = Ipv6Header {
                traffic_class: 0,
                flow_label: Ipv6FlowLabel::ZERO,
                payload_length: 0,
                next_header: ip_number::IPV6_NO_NEXT_HEADER,
                hop_limit: TTL,
                source: source.octets(),
                destination: destination.octets(),
            };
            IpHeaders::Ipv6(header, Default::default())
        }
        (IpAddr::V4(source), IpAddr::V4(destination)) => ipv4(source.octets(), destination.octets()),
        // A flow's ends are of one family; a mixed one would be dropped by any box.
        _ => ipv4([0; 4], [0; 4]),
    }
}

fn ipv4(source: [u8; 4], destination: [u8; 4]) -> IpHeaders {
    let header =
        Ipv4Header { dont_fragment: true, time_to_live: TTL, source, destination, ..Ipv4Header::default() };
    IpHeaders::Ipv4(header, Default::default())
}
