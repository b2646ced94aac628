//! What may happen to a frame.

use proptest::prelude::*;

use crate::interface::PortId;
use crate::net::checksum::{self, Sum};
use crate::testkit::seen::{try_flow, try_layer4};
use crate::testkit::topology::{PORTS, box_mac};

/// What happens to a proper frame on its way to the box.
#[derive(Clone, Debug)]
pub(super) enum Harm {
    FlipBit(u16, u8),
    Truncate(u16),
    Extend(u8),
    /// One byte of the IP header or what follows it takes any value, where it matters most.
    Set(u8, u8),
    /// Arrives at the wrong port, addressed to it.
    Port(u8),
    /// The IPv4 header's checksum is made right again, so that the parser lets the harm through.
    Header,
    /// And that of layer 4, so that everything does.
    Sums,
}

impl Harm {
    pub(super) fn apply(&self, port: &mut PortId, frame: &mut Vec<u8>) {
        match *self {
            Harm::FlipBit(at, bit) => {
                let at = usize::from(at) % frame.len().max(1);
                if let Some(byte) = frame.get_mut(at) {
                    *byte ^= 1 << (bit & 7);
                }
            }
            Harm::Truncate(length) => frame.truncate(usize::from(length) % (frame.len() + 1)),
            Harm::Extend(bytes) => frame.extend(vec![0xee; usize::from(bytes)]),
            Harm::Set(at, value) => {
                if let Some(byte) = frame.get_mut(14 + usize::from(at % 64)) {
                    *byte = value;
                }
            }
            Harm::Port(other) => {
                *port = PORTS[usize::from(other) % PORTS.len()];
                if let Some(destination) = frame.get_mut(..6) {
                    destination.copy_from_slice(&box_mac(*port).0);
                }
            }
            Harm::Header => header_sum(frame),
            Harm::Sums => {
                header_sum(frame);
                layer4_sum(frame);
            }
        }
    }
}

fn header_sum(frame: &mut [u8]) {
    let Some(first) = frame.get(14) else { return };
    let header_bytes = usize::from(first & 15) * 4;
    if first >> 4 == 4
        && header_bytes >= 20
        && let Some(header) = frame.get_mut(14..14 + header_bytes)
    {
        header[10..12].fill(0);
        let sum = checksum::ipv4_header(header);
        header[10..12].copy_from_slice(&sum.to_be_bytes());
    }
}

fn layer4_sum(frame: &mut [u8]) {
    let Some(packet) = frame.get(14..) else { return };
    let Some((protocol, l4)) = try_layer4(packet) else { return };
    let Some(flow) = try_flow(packet) else { return };
    let at = match protocol {
        6 => 16,
        17 => 6,
        1 | 58 => 2,
        _ => return,
    };
    let pseudo = if protocol == 1 {
        Some(Sum::ZERO)
    } else {
        Sum::pseudo(flow.source, flow.destination, protocol, l4.len())
    };
    let (Some(pseudo), start, length) = (pseudo, l4.as_ptr() as usize - frame.as_ptr() as usize, l4.len())
    else {
        return;
    };
    if let Some(field) = frame.get_mut(start + at..start + at + 2).filter(|_| at + 2 <= length) {
        field.fill(0);
        let sum = pseudo.add_bytes(&frame[start..start + length]).checksum();
        frame[start + at..start + at + 2].copy_from_slice(&sum.to_be_bytes());
    }
}

pub(super) fn harms() -> impl Strategy<Value = Vec<Harm>> {
    let harm = prop_oneof![
        4 => (0u16..200, 0u8..8).prop_map(|(at, bit)| Harm::FlipBit(at, bit)),
        2 => (0u8..64, any::<u8>()).prop_map(|(at, value)| Harm::Set(at, value)),
        1 => (0u16..200).prop_map(Harm::Truncate),
        1 => any::<u8>().prop_map(Harm::Extend),
        1 => any::<u8>().prop_map(Harm::Port),
        2 => Just(Harm::Header),
        4 => Just(Harm::Sums),
    ];
    prop_oneof![2 => Just(Vec::new()), 3 => prop::collection::vec(harm, 1..5)]
}
