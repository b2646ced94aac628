//! testpmd's forwarding modes: packets are moved, not inspected. They exist to compare against and to test links.
//!
//! Ports are paired 0↔1, 2↔3, …; the last of an odd number of ports sends back out of itself.

use super::outbox::Outbox;
use crate::drop_reason::DropReason;
use crate::interface::{Mac, PortId};
use crate::io::PacketBuf;
use crate::net::numbers;

/// What a worker does with the packets it receives.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
#[repr(u8)]
pub enum ForwardMode {
    /// Stateful inspection: the product.
    #[default]
    Firewall,
    /// Out of the paired port, untouched.
    Io,
    /// Destination becomes the pair's peer, source the pair's own MAC.
    Mac,
    /// Ethernet addresses swapped.
    MacSwap,
    /// Ethernet addresses, IP addresses, and TCP or UDP ports swapped.
    FiveTupleSwap,
    /// Received, counted, freed.
    RxOnly,
}

impl ForwardMode {
    /// Every mode.
    pub const ALL: [ForwardMode; 6] = [
        ForwardMode::Firewall,
        ForwardMode::Io,
        ForwardMode::Mac,
        ForwardMode::MacSwap,
        ForwardMode::FiveTupleSwap,
        ForwardMode::RxOnly,
    ];

    /// The mode's word on the console.
    pub const fn name(self) -> &'static str {
        match self {
            ForwardMode::Firewall => "firewall",
            ForwardMode::Io => "io",
            ForwardMode::Mac => "mac",
            ForwardMode::MacSwap => "macswap",
            ForwardMode::FiveTupleSwap => "5tswap",
            ForwardMode::RxOnly => "rxonly",
        }
    }

    /// The mode a console word names.
    pub fn from_name(name: &str) -> Option<ForwardMode> {
        Self::ALL.into_iter().find(|m| m.name() == name)
    }
}

/// The port paired with `port` among `ports`.
#[inline]
pub fn paired_port(port: PortId, ports: usize) -> PortId {
    let other = port.0 ^ 1;
    if usize::from(other) < ports { PortId(other) } else { port }
}

/// Moves a burst in one of the simple modes. `macs` are the ports' own addresses.
#[inline]
pub(super) fn forward<P: PacketBuf>(
    mode: ForwardMode,
    port: PortId,
    macs: &[Mac],
    burst: &mut Vec<P>,
    outbox: &mut Outbox<P>,
) {
    let out = paired_port(port, macs.len());
    let mac = macs.get(usize::from(out.0)).copied().unwrap_or_default();
    for mut packet in burst.drain(..) {
        match mode {
            ForwardMode::RxOnly | ForwardMode::Firewall => {
                outbox.drop_packet(packet, DropReason::ModeSink);
                continue;
            }
            ForwardMode::Io => {}
            ForwardMode::Mac => set_macs(packet.data_mut(), out, mac),
            ForwardMode::MacSwap => swap_macs(packet.data_mut()),
            ForwardMode::FiveTupleSwap => {
                swap_macs(packet.data_mut());
                swap_five_tuple(packet.data_mut());
            }
        }
        outbox.send(out, packet);
    }
}

/// testpmd's `mac`: peers are numbered 02:00:00:00:00:NN.
fn set_macs(frame: &mut [u8], out: PortId, mac: Mac) {
    if let Some(header) = frame.first_chunk_mut::<12>() {
        header[..6].copy_from_slice(&[2, 0, 0, 0, 0, out.0]);
        header[6..].copy_from_slice(&mac.0);
    }
}

#[inline]
fn swap_macs(frame: &mut [u8]) {
    if let Some(header) = frame.first_chunk_mut::<12>() {
        let (a, b) = header.split_at_mut(6);
        a.swap_with_slice(b);
    }
}

/// Swaps addresses and ports; sums are unchanged, since addition commutes.
#[inline]
fn swap_five_tuple(frame: &mut [u8]) {
    let Some(&[t0, t1]) = frame.get(12..14).and_then(|t| t.first_chunk::<2>()) else { return };
    let (protocol, l4) = match u16::from_be_bytes([t0, t1]) {
        numbers::ETHERTYPE_IPV4 => {
            let Some(header) = frame.get_mut(14..).and_then(|p| p.first_chunk_mut::<20>()) else { return };
            let (a, b) = header[12..].split_at_mut(4);
            a.swap_with_slice(b);
            (header[9], 14 + usize::from(header[0] & 15) * 4)
        }
        numbers::ETHERTYPE_IPV6 => {
            let Some(header) = frame.get_mut(14..).and_then(|p| p.first_chunk_mut::<40>()) else { return };
            let (a, b) = header[8..].split_at_mut(16);
            a.swap_with_slice(b);
            (header[6], 54)
        }
        _ => return,
    };
    if matches!(protocol, numbers::PROTOCOL_TCP | numbers::PROTOCOL_UDP)
        && let Some(ports) = frame.get_mut(l4..).and_then(|p| p.first_chunk_mut::<4>())
    {
        ports.rotate_left(2);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_round_trip() {
        for mode in ForwardMode::ALL {
            assert_eq!(ForwardMode::from_name(mode.name()), Some(mode));
        }
    }

    #[test]
    fn pairs() {
        assert_eq!(paired_port(PortId(0), 2), PortId(1));
        assert_eq!(paired_port(PortId(1), 2), PortId(0));
        assert_eq!(paired_port(PortId(2), 3), PortId(2));
        assert_eq!(paired_port(PortId(0), 1), PortId(0));
    }

    #[test]
    fn five_tuple_swap_is_its_own_inverse_and_survives_any_length() {
        let mut frame: Vec<u8> = (0..80).collect();
        frame[12..14].copy_from_slice(&[8, 0]);
        frame[14] = 0x45;
        frame[23] = 6;
        let before = frame.clone();
        swap_five_tuple(&mut frame);
        assert_eq!((&frame[26..30], &frame[34..36]), (&before[30..34], &before[36..38]));
        swap_five_tuple(&mut frame);
        assert_eq!(frame, before);
        for length in 0..frame.len() {
            swap_five_tuple(&mut frame.clone()[..length]);
        }
    }
}
