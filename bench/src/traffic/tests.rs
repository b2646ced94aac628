//! The traffic, judged by the engine's own parser, sums and tracker: code the generator does not use.

use core::net::IpAddr;

use hashbrown::HashSet;
use holdfast_engine::interface::Mac;
use holdfast_engine::net::checksum::{self, Sum};
use holdfast_engine::parse::{Class, EthernetFilter, Parsed, parse};
use holdfast_engine::session::{Direction, SessionState};
use holdfast_engine::track::Outcome;
use holdfast_engine::track::tcp::{self, TcpConfig, TcpSegment, TcpState};

use super::frame::{Macs, opening, repeated};
use super::*;

const MACS: Macs = Macs { source: [2, 0, 0, 0, 0, 1], destination: [2, 0, 0, 0, 0, 2] };

fn plan(family: Family, transport: Transport) -> Plan {
    Plan { sessions: 200, frame_bytes: 64, family, transport, seed: 7 }
}

fn each_plan() -> impl Iterator<Item = Plan> {
    let all = [
        (Family::V4, Transport::Tcp),
        (Family::V4, Transport::Udp),
        (Family::V6, Transport::Tcp),
        (Family::V6, Transport::Udp),
    ];
    all.into_iter().flat_map(|(family, transport)| {
        [64, 70, 570, 1518].map(|frame_bytes| Plan {
            frame_bytes: frame_bytes.max(frame_bytes_min(family, transport)),
            ..plan(family, transport)
        })
    })
}

fn frame(
    of: impl Fn(&Plan, &Flow, Side, Macs, &mut Vec<u8>),
    plan: &Plan,
    flow: &Flow,
    side: Side,
) -> Vec<u8> {
    let mut out = Vec::new();
    of(plan, flow, side, MACS, &mut out);
    out
}

fn parsed(frame: &[u8]) -> Parsed {
    let parsed = parse(frame, &EthernetFilter::new(Mac(MACS.destination))).unwrap();
    assert_eq!(parsed.class, Class::Flow);
    parsed
}

fn layer4<'a>(frame: &'a [u8], parsed: &Parsed) -> &'a [u8] {
    &frame[usize::from(parsed.l4)..usize::from(parsed.end)]
}

#[test]
fn frames_parse_back_with_valid_sums() {
    for plan in each_plan() {
        let flows = Flows::new(&plan);
        for flow in (0..plan.sessions).map(|n| flows.get(n)) {
            for side in [Side::Client, Side::Server] {
                let (from, to): (IpAddr, IpAddr) = match side {
                    Side::Client => (flow.client, flow.server),
                    Side::Server => (flow.server, flow.client),
                };
                for bytes in [frame(opening, &plan, &flow, side), frame(repeated, &plan, &flow, side)] {
                    // The parser has checked the IPv4 header's own sum.
                    let parsed = parsed(&bytes);
                    assert_eq!(parsed.key, flow.key(plan.transport).unwrap());
                    assert_eq!(
                        (parsed.key.address(parsed.side), parsed.key.address(parsed.side.other())),
                        (from, to)
                    );
                    let l4 = layer4(&bytes, &parsed);
                    let pseudo = Sum::pseudo(from, to, parsed.protocol, l4.len()).unwrap();
                    assert!(checksum::is_valid(pseudo, l4), "{plan:?}");
                }
            }
        }
    }
}

#[test]
fn repeated_frames_have_the_size_asked_for() {
    for plan in each_plan() {
        let flow = Flows::new(&plan).get(3);
        let bytes = frame(repeated, &plan, &flow, Side::Client);
        assert_eq!(bytes.len(), usize::from(plan.frame_bytes - FCS_BYTES), "{plan:?}");
    }
    let flow = Flows::new(&plan(Family::V4, Transport::Tcp)).get(0);
    let bytes = frame(repeated, &plan(Family::V4, Transport::Tcp), &flow, Side::Client);
    assert_eq!((bytes.len(), parsed(&bytes).end), (60, 54), "a pure acknowledgement, filled up");
}

#[test]
fn flows_are_as_many_as_asked_for_and_the_same_every_time() {
    let plan = Plan { sessions: 50_000, ..plan(Family::V4, Transport::Tcp) };
    let flows = Flows::new(&plan);
    let keys: HashSet<_> = (0..plan.sessions).map(|n| flows.get(n).key(plan.transport).unwrap()).collect();
    assert_eq!(keys.len(), 50_000);
    assert_eq!(flows.get(77), Flows::new(&plan).get(77));
    assert_ne!(flows.get(77), Flows::new(&Plan { seed: 8, ..plan }).get(77));
    let mut order = flows.shuffled(1);
    assert_eq!(order, Flows::new(&plan).shuffled(1));
    assert_ne!(order, flows.shuffled(2));
    order.sort_unstable();
    assert!(order.iter().copied().eq(0..50_000), "every flow once");
}

/// The tracker takes the handshake and then the repeated segments, in any order, for ever, and no window moves.
#[test]
fn repeated_segments_stay_inside_the_windows() {
    let config = TcpConfig::default();
    for plan in each_plan().filter(|plan| plan.transport == Transport::Tcp) {
        let flow = Flows::new(&plan).get(5);
        let segment = |bytes: Vec<u8>| TcpSegment::parse(layer4(&bytes, &parsed(&bytes))).unwrap();
        let mut state = tcp::open(&segment(frame(opening, &plan, &flow, Side::Client)), &config).unwrap();
        let pass = |state: &mut SessionState, direction, bytes| {
            let outcome = tcp::track(state, direction, &segment(bytes), &config);
            assert!(matches!(outcome, Outcome::Pass(_)), "{plan:?} {direction:?}: {outcome:?}");
        };
        pass(&mut state, Direction::Reply, frame(opening, &plan, &flow, Side::Server));
        pass(&mut state, Direction::Original, frame(repeated, &plan, &flow, Side::Client));
        assert_eq!(TcpState::of(&state), Some(TcpState::Established));
        pass(&mut state, Direction::Reply, frame(repeated, &plan, &flow, Side::Server));
        let settled = state;
        for _ in 0..100 {
            pass(&mut state, Direction::Original, frame(repeated, &plan, &flow, Side::Client));
            pass(&mut state, Direction::Reply, frame(repeated, &plan, &flow, Side::Server));
        }
        assert_eq!(state, settled);
    }
}

#[test]
fn files_hold_one_frame_for_each_flow() {
    let folder = tempfile::tempdir().unwrap();
    let plan = plan(Family::V4, Transport::Tcp);
    let files = write_files(&plan, &crate::rig::PORT_MACS, folder.path()).unwrap();
    let order = |path: &std::path::Path, port: usize| -> Vec<_> {
        let filter = EthernetFilter::new(Mac(crate::rig::PORT_MACS.ports[port]));
        let file = std::fs::File::open(path).unwrap();
        let mut reader = pcap_file::pcap::PcapReader::new(file).unwrap();
        let mut keys = Vec::new();
        while let Some(packet) = reader.next_packet() {
            keys.push(parse(&packet.unwrap().data, &filter).unwrap().key);
        }
        keys
    };
    let [client, server, client_opening, server_opening] =
        [(&files.client, 0), (&files.server, 1), (&files.client_opening, 2), (&files.server_opening, 3)]
            .map(|(path, port)| order(path, port));
    for keys in [&client, &server, &client_opening] {
        assert_eq!(keys.iter().collect::<HashSet<_>>().len(), 200);
    }
    assert_eq!(client_opening, server_opening, "an answer comes as its question did");
    assert_ne!(client, client_opening);
    assert_ne!(client, server);
}
