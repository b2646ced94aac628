//! The canonical flow key: both directions of a conversation give the same key.
//!
//! The two endpoints are ordered by (address, port); [`Side`] says which end a packet came from. For ICMP
//! queries both ports are the identifier; for other protocols both are zero.

use core::net::{IpAddr, Ipv4Addr, Ipv6Addr};

/// Which of the two ordered endpoints sent a packet.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)]
pub enum Side {
    /// The endpoint with the lower (address, port).
    Low = 0,
    /// The endpoint with the higher (address, port).
    High = 1,
}

impl Side {
    /// The other end.
    #[inline]
    pub const fn other(self) -> Side {
        match self {
            Side::Low => Side::High,
            Side::High => Side::Low,
        }
    }
}

const V6_BIT: u64 = 1 << 63;

/// The canonical 5-tuple plus table id, as machine words so that comparing and hashing take a few instructions.
///
/// `head` for IPv4: low address in the upper half, high address in the lower half. For IPv6 `head` is a fold of
/// the addresses (a filter only) and `v6` holds them whole: low endpoint's address, then high endpoint's.
/// `tail`: bit 63 IPv6 · bits 40–47 table id · bits 32–39 protocol · bits 16–31 low port · bits 0–15 high port.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Default)]
pub struct FlowKey {
    /// IPv4 addresses, or the fold of the IPv6 ones.
    pub head: u64,
    /// Ports, protocol, table id, family.
    pub tail: u64,
    /// IPv6 addresses; zero for IPv4.
    pub v6: [u64; 4],
}

impl FlowKey {
    /// Key of an IPv4 packet and the side it was sent from.
    #[inline]
    pub fn ipv4(
        src: u32,
        dst: u32,
        src_port: u16,
        dst_port: u16,
        protocol: u8,
        table: u8,
    ) -> (FlowKey, Side) {
        let from = (u64::from(src) << 16) | u64::from(src_port);
        let to = (u64::from(dst) << 16) | u64::from(dst_port);
        let side = if from <= to { Side::Low } else { Side::High };
        let (low, high) = if from <= to { (from, to) } else { (to, from) };
        let head = ((low >> 16) << 32) | (high >> 16);
        let tail = tail(low as u16, high as u16, protocol, table);
        (FlowKey { head, tail, v6: [0; 4] }, side)
    }

    /// Key of an IPv6 packet and the side it was sent from.
    #[inline]
    pub fn ipv6(
        src: u128,
        dst: u128,
        src_port: u16,
        dst_port: u16,
        protocol: u8,
        table: u8,
    ) -> (FlowKey, Side) {
        let low_first = (src, src_port) <= (dst, dst_port);
        let side = if low_first { Side::Low } else { Side::High };
        let ((la, lp), (ha, hp)) =
            if low_first { ((src, src_port), (dst, dst_port)) } else { ((dst, dst_port), (src, src_port)) };
        let v6 = [(la >> 64) as u64, la as u64, (ha >> 64) as u64, ha as u64];
        let head = v6[0].rotate_left(17) ^ v6[1] ^ v6[2].rotate_left(41) ^ v6[3].rotate_left(29);
        (FlowKey { head, tail: tail(lp, hp, protocol, table) | V6_BIT, v6 }, side)
    }

    /// Key of a packet given by address values; the families must agree.
    pub fn new(
        src: IpAddr,
        dst: IpAddr,
        ports: (u16, u16),
        protocol: u8,
        table: u8,
    ) -> Option<(FlowKey, Side)> {
        match (src, dst) {
            (IpAddr::V4(s), IpAddr::V4(d)) => {
                Some(Self::ipv4(s.to_bits(), d.to_bits(), ports.0, ports.1, protocol, table))
            }
            (IpAddr::V6(s), IpAddr::V6(d)) => {
                Some(Self::ipv6(s.to_bits(), d.to_bits(), ports.0, ports.1, protocol, table))
            }
            _ => None,
        }
    }

    /// Whether this is an IPv6 flow.
    #[inline]
    pub const fn is_v6(&self) -> bool {
        self.tail & V6_BIT != 0
    }

    /// IP protocol number.
    #[inline]
    pub const fn protocol(&self) -> u8 {
        (self.tail >> 32) as u8
    }

    /// Routing table id; 0 until several exist.
    #[inline]
    pub const fn table(&self) -> u8 {
        (self.tail >> 40) as u8
    }

    /// Address of one end.
    pub fn address(&self, side: Side) -> IpAddr {
        match (self.is_v6(), side) {
            (false, Side::Low) => Ipv4Addr::from_bits((self.head >> 32) as u32).into(),
            (false, Side::High) => Ipv4Addr::from_bits(self.head as u32).into(),
            (true, Side::Low) => {
                Ipv6Addr::from_bits((u128::from(self.v6[0]) << 64) | u128::from(self.v6[1])).into()
            }
            (true, Side::High) => {
                Ipv6Addr::from_bits((u128::from(self.v6[2]) << 64) | u128::from(self.v6[3])).into()
            }
        }
    }

    /// Port (or ICMP identifier) of one end.
    #[inline]
    pub const fn port(&self, side: Side) -> u16 {
        match side {
            Side::Low => (self.tail >> 16) as u16,
            Side::High => self.tail as u16,
        }
    }
}

#[inline]
const fn tail(low_port: u16, high_port: u16, protocol: u8, table: u8) -> u64 {
    ((table as u64) << 40) | ((protocol as u64) << 32) | ((low_port as u64) << 16) | high_port as u64
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn both_directions_give_one_key_v4(s: u32, d: u32, sp: u16, dp: u16, p: u8) {
            let (forward, side) = FlowKey::ipv4(s, d, sp, dp, p, 0);
            let (back, other) = FlowKey::ipv4(d, s, dp, sp, p, 0);
            prop_assert_eq!(forward, back);
            prop_assert!((s, sp) == (d, dp) || side == other.other());
            prop_assert_eq!(forward.address(side), IpAddr::from(Ipv4Addr::from_bits(s)));
            prop_assert_eq!(forward.port(side.other()), dp);
            prop_assert_eq!(forward.protocol(), p);
        }

        #[test]
        fn both_directions_give_one_key_v6(s: u128, d: u128, sp: u16, dp: u16, p: u8, t: u8) {
            let (forward, side) = FlowKey::ipv6(s, d, sp, dp, p, t);
            let (back, other) = FlowKey::ipv6(d, s, dp, sp, p, t);
            prop_assert_eq!(forward, back);
            prop_assert!((s, sp) == (d, dp) || side == other.other());
            prop_assert_eq!(forward.address(side), IpAddr::from(Ipv6Addr::from_bits(s)));
            prop_assert_eq!(forward.port(side), sp);
            prop_assert_eq!((forward.table(), forward.is_v6()), (t, true));
        }
    }
}
