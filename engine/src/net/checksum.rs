//! The Internet checksum: RFC 1071 sums, pseudo-headers, and RFC 1624 incremental updates.
//!
//! A one's complement sum does not care about byte order as long as every word is read the same way (RFC 1071
//! section 2 B), so [`Sum`] reads 32-bit words in the machine's own order into 64 bits, which compilers turn
//! into vector additions, and swaps once at the end. It cannot overflow before 16 GiB.
//!
//! Functions that compute a checksum leave the old field out of the sum instead of subtracting it: in one's
//! complement arithmetic subtracting cannot tell the two zeros apart.

use core::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use super::bytes;
use super::numbers::IPV4_HEADER_BYTES;

const IPV4_CHECKSUM_AT: usize = 10;
const TCP_CHECKSUM_AT: usize = 16;
const UDP_CHECKSUM_AT: usize = 6;
const ICMP_CHECKSUM_AT: usize = 2;

/// A running one's complement sum. Slices added one after the other must each begin at an even offset.
#[derive(Clone, Copy, Debug, Default)]
pub struct Sum(u64);

impl Sum {
    /// The empty sum.
    pub const ZERO: Sum = Sum(0);

    /// Adds a slice; an odd last byte counts as the high half of a word.
    #[inline]
    #[must_use]
    pub fn add_bytes(self, data: &[u8]) -> Sum {
        let (words, rest) = data.as_chunks::<4>();
        let mut sum = words.iter().fold(self.0, |sum, word| sum + u64::from(u32::from_ne_bytes(*word)));
        let (pairs, last) = rest.as_chunks::<2>();
        for pair in pairs {
            sum += u64::from(u16::from_ne_bytes(*pair));
        }
        if let [byte] = last {
            sum += u64::from(u16::from_ne_bytes([*byte, 0]));
        }
        Sum(sum)
    }

    /// Adds a 16-bit field.
    #[inline]
    #[must_use]
    pub const fn add_u16(self, field: u16) -> Sum {
        Sum(self.0 + field.to_be() as u64)
    }

    /// Adds a 32-bit field.
    #[inline]
    #[must_use]
    pub const fn add_u32(self, field: u32) -> Sum {
        Sum(self.0 + field.to_be() as u64)
    }

    /// The pseudo-header of RFC 9293 section 3.1: a segment of `length_bytes`, header and data, over IPv4.
    #[inline]
    pub fn pseudo_ipv4(source: Ipv4Addr, destination: Ipv4Addr, protocol: u8, length_bytes: u16) -> Sum {
        Sum::ZERO
            .add_u32(source.to_bits())
            .add_u32(destination.to_bits())
            .add_u16(protocol as u16)
            .add_u16(length_bytes)
    }

    /// The pseudo-header of RFC 8200 section 8.1: an upper-layer packet of `length_bytes` over IPv6.
    #[inline]
    pub fn pseudo_ipv6(source: Ipv6Addr, destination: Ipv6Addr, protocol: u8, length_bytes: u32) -> Sum {
        Sum::ZERO
            .add_bytes(&source.octets())
            .add_bytes(&destination.octets())
            .add_u32(length_bytes)
            .add_u16(protocol as u16)
    }

    /// The pseudo-header for either family; `None` when the families differ or the length does not fit IPv4.
    pub fn pseudo(source: IpAddr, destination: IpAddr, protocol: u8, length_bytes: usize) -> Option<Sum> {
        match (source, destination) {
            (IpAddr::V4(s), IpAddr::V4(d)) => {
                Some(Sum::pseudo_ipv4(s, d, protocol, u16::try_from(length_bytes).ok()?))
            }
            (IpAddr::V6(s), IpAddr::V6(d)) => {
                Some(Sum::pseudo_ipv6(s, d, protocol, u32::try_from(length_bytes).ok()?))
            }
            _ => None,
        }
    }

    /// The sum folded to 16 bits, not complemented.
    #[inline]
    pub const fn folded(self) -> u16 {
        let mut sum = self.0;
        sum = (sum & 0xffff_ffff) + (sum >> 32);
        sum = (sum & 0xffff_ffff) + (sum >> 32);
        sum = (sum & 0xffff) + (sum >> 16);
        sum = (sum & 0xffff) + (sum >> 16);
        u16::from_be(sum as u16)
    }

    /// The checksum: the complement of the folded sum.
    #[inline]
    pub const fn checksum(self) -> u16 {
        !self.folded()
    }

    /// Whether a sum that included the checksum field is right.
    #[inline]
    pub const fn is_valid(self) -> bool {
        self.folded() == 0xffff
    }

    /// Adds `data` without its 16-bit field at `field_at`, which must be even.
    #[inline]
    fn add_without(self, data: &[u8], field_at: usize) -> Sum {
        match data.split_at_checked(field_at) {
            Some((before, after)) => self.add_bytes(before).add_bytes(after.get(2..).unwrap_or_default()),
            None => self.add_bytes(data),
        }
    }
}

/// Checksum for an IPv4 header, options included; its checksum field may hold anything.
#[inline]
pub fn ipv4_header(header: &[u8]) -> u16 {
    Sum::ZERO.add_without(header, IPV4_CHECKSUM_AT).checksum()
}

/// Whether an IPv4 header, options included, carries the right checksum.
#[inline]
pub fn ipv4_header_is_valid(header: &[u8]) -> bool {
    header.len() >= IPV4_HEADER_BYTES && Sum::ZERO.add_bytes(header).is_valid()
}

/// Checksum for a TCP segment over `pseudo`; its checksum field may hold anything.
#[inline]
pub fn tcp(pseudo: Sum, segment: &[u8]) -> u16 {
    pseudo.add_without(segment, TCP_CHECKSUM_AT).checksum()
}

/// Checksum for a UDP datagram over `pseudo`; never zero, since zero means "none" (RFC 768).
#[inline]
pub fn udp(pseudo: Sum, datagram: &[u8]) -> u16 {
    match pseudo.add_without(datagram, UDP_CHECKSUM_AT).checksum() {
        0 => 0xffff,
        sum => sum,
    }
}

/// Checksum for an ICMP message, which has no pseudo-header.
#[inline]
pub fn icmp(message: &[u8]) -> u16 {
    Sum::ZERO.add_without(message, ICMP_CHECKSUM_AT).checksum()
}

/// Checksum for an ICMPv6 message over `pseudo` (RFC 4443 section 2.3).
#[inline]
pub fn icmpv6(pseudo: Sum, message: &[u8]) -> u16 {
    pseudo.add_without(message, ICMP_CHECKSUM_AT).checksum()
}

/// Whether a TCP segment, ICMPv6 message, or (with [`Sum::ZERO`]) ICMP message carries the right checksum.
#[inline]
pub fn is_valid(pseudo: Sum, segment: &[u8]) -> bool {
    pseudo.add_bytes(segment).is_valid()
}

/// Whether a UDP datagram over IPv4 carries the right checksum or none at all (RFC 768).
#[inline]
pub fn udp_over_ipv4_is_valid(pseudo: Sum, datagram: &[u8]) -> bool {
    match bytes::be16(datagram, UDP_CHECKSUM_AT) {
        Some(0) => true,
        Some(_) => is_valid(pseudo, datagram),
        None => false,
    }
}

/// Whether a UDP datagram over IPv6 carries the right checksum; none at all is wrong (RFC 8200 section 8.1; the
/// tunnels of RFC 6936 that may leave it out end at hosts, not here).
#[inline]
pub fn udp_over_ipv6_is_valid(pseudo: Sum, datagram: &[u8]) -> bool {
    matches!(bytes::be16(datagram, UDP_CHECKSUM_AT), Some(1..)) && is_valid(pseudo, datagram)
}

/// RFC 1624 equation 3: the checksum after one aligned 16-bit field changed from `old` to `new`.
#[inline]
pub const fn updated(checksum: u16, old: u16, new: u16) -> u16 {
    let sum = !checksum as u32 + !old as u32 + new as u32;
    let sum = (sum & 0xffff) + (sum >> 16);
    !((sum & 0xffff) + (sum >> 16)) as u16
}

/// Takes one from the TTL of an IPv4 header and updates its checksum. `false`, with nothing changed, when the
/// TTL is 0 or 1, so that the packet ends here, or the slice is shorter than a header.
#[inline]
pub fn ipv4_decrement_ttl(header: &mut [u8]) -> bool {
    const TTL_AT: usize = 8;
    let Some(header) = header.first_chunk_mut::<IPV4_HEADER_BYTES>() else { return false };
    if header[TTL_AT] <= 1 {
        return false;
    }
    let old = u16::from_be_bytes([header[TTL_AT], header[TTL_AT + 1]]);
    let checksum = u16::from_be_bytes([header[IPV4_CHECKSUM_AT], header[IPV4_CHECKSUM_AT + 1]]);
    header[TTL_AT] -= 1;
    let checksum = updated(checksum, old, old - 0x0100).to_be_bytes();
    [header[IPV4_CHECKSUM_AT], header[IPV4_CHECKSUM_AT + 1]] = checksum;
    true
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    /// RFC 1071 section 4.1, word by word, folding after each.
    fn reference(data: &[u8]) -> u16 {
        let mut sum = 0u32;
        for pair in data.chunks(2) {
            sum += u32::from(pair[0]) << 8 | u32::from(*pair.get(1).unwrap_or(&0));
            sum = (sum & 0xffff) + (sum >> 16);
        }
        !(sum as u16)
    }

    proptest! {
        #[test]
        fn sum_equals_the_reference(data: Vec<u8>) {
            prop_assert_eq!(Sum::ZERO.add_bytes(&data).checksum(), reference(&data));
        }

        #[test]
        fn pseudo_headers_equal_their_bytes(s: u128, d: u128, protocol: u8, segment: Vec<u8>) {
            let (s6, d6) = (Ipv6Addr::from_bits(s), Ipv6Addr::from_bits(d));
            let mut wire = [s6.octets(), d6.octets()].concat();
            wire.extend((segment.len() as u32).to_be_bytes());
            wire.extend([0, 0, 0, protocol]);
            wire.extend(&segment);
            let pseudo = Sum::pseudo(s6.into(), d6.into(), protocol, segment.len()).unwrap();
            prop_assert_eq!(pseudo.add_bytes(&segment).checksum(), reference(&wire));

            let (s4, d4) = (Ipv4Addr::from_bits(s as u32), Ipv4Addr::from_bits(d as u32));
            let mut wire = [s4.octets(), d4.octets()].concat();
            wire.extend([0, protocol]);
            wire.extend((segment.len() as u16).to_be_bytes());
            wire.extend(&segment);
            let pseudo = Sum::pseudo(s4.into(), d4.into(), protocol, segment.len()).unwrap();
            prop_assert_eq!(pseudo.add_bytes(&segment).checksum(), reference(&wire));
        }

        #[test]
        fn what_is_computed_verifies(s: u32, d: u32, mut segment in prop::collection::vec(any::<u8>(), 20..100)) {
            let pseudo = |protocol| {
                Sum::pseudo_ipv4(s.into(), d.into(), protocol, segment.len() as u16)
            };
            let (as_tcp, as_udp) = (pseudo(6), pseudo(17));
            let sum = tcp(as_tcp, &segment);
            segment[16..18].copy_from_slice(&sum.to_be_bytes());
            prop_assert!(is_valid(as_tcp, &segment));
            segment[0] ^= 1;
            prop_assert!(!is_valid(as_tcp, &segment));

            let sum = udp(as_udp, &segment);
            prop_assert_ne!(sum, 0);
            segment[6..8].copy_from_slice(&sum.to_be_bytes());
            prop_assert!(udp_over_ipv4_is_valid(as_udp, &segment));
            prop_assert!(udp_over_ipv6_is_valid(as_udp, &segment));

            let sum = icmp(&segment);
            segment[2..4].copy_from_slice(&sum.to_be_bytes());
            prop_assert!(is_valid(Sum::ZERO, &segment));
        }

        #[test]
        fn update_equals_recomputation(mut header in prop::collection::vec(any::<u8>(), 20), at in 0usize..10, new: u16) {
            // A version nibble keeps the sum from being all zeros, as in every real header.
            header[0] = 0x45;
            let at = [0, 2, 4, 6, 8, 12, 14, 16, 18, 8][at];
            let before = ipv4_header(&header);
            let old = u16::from_be_bytes([header[at], header[at + 1]]);
            let new = if at == 0 { new | 0x4500 } else { new };
            header[at..at + 2].copy_from_slice(&new.to_be_bytes());
            prop_assert_eq!(updated(before, old, new), ipv4_header(&header));
        }

        #[test]
        fn ttl_decrement_keeps_the_header_valid(mut header in prop::collection::vec(any::<u8>(), 20), short: bool) {
            header[0] = 0x45;
            let sum = ipv4_header(&header);
            header[10..12].copy_from_slice(&sum.to_be_bytes());
            let before = header.clone();
            header.truncate(20 - usize::from(short));
            let done = ipv4_decrement_ttl(&mut header);
            if header.len() < 20 || before[8] <= 1 {
                prop_assert!(!done);
                prop_assert_eq!(&header[..], &before[..header.len()]);
            } else {
                prop_assert!(done && ipv4_header_is_valid(&header));
                prop_assert_eq!(header[8], before[8] - 1);
            }
        }
    }

    #[test]
    fn rfc_1624_example() {
        // Section 4: header checksum 0xdd2f, field 0x5555 becomes 0x3285; equation 2 would give 0xffff.
        assert_eq!(updated(0xdd2f, 0x5555, 0x3285), 0x0000);
    }

    #[test]
    fn a_known_header() {
        let header = [
            0x45, 0x00, 0x00, 0x73, 0x00, 0x00, 0x40, 0x00, 0x40, 0x11, 0xb8, 0x61, 0xc0, 0xa8, 0x00, 0x01,
            0xc0, 0xa8, 0x00, 0xc7,
        ];
        assert_eq!(ipv4_header(&header), 0xb861);
        assert!(ipv4_header_is_valid(&header));
        assert!(!ipv4_header_is_valid(&header[..19]));
    }

    #[test]
    fn udp_zero_means_none_in_ipv4_only() {
        let datagram = [0, 53, 0, 53, 0, 8, 0, 0];
        let v4 = Sum::pseudo_ipv4(Ipv4Addr::LOCALHOST, Ipv4Addr::LOCALHOST, 17, 8);
        let v6 = Sum::pseudo_ipv6(Ipv6Addr::LOCALHOST, Ipv6Addr::LOCALHOST, 17, 8);
        assert!(udp_over_ipv4_is_valid(v4, &datagram));
        assert!(!udp_over_ipv6_is_valid(v6, &datagram));
        assert!(!udp_over_ipv4_is_valid(v4, &datagram[..7]));
        // A sum that comes out as zero travels as 0xffff.
        let folds_to_ffff = [0xff, 0xff, 0, 0, 0, 0, 0, 0];
        assert_eq!(udp(Sum::ZERO, &folds_to_ffff), 0xffff);
    }

    #[test]
    fn an_empty_icmp_echo_reply_sums_to_ffff() {
        assert_eq!(icmp(&[0, 0, 0x12, 0x34, 0, 0, 0, 0]), 0xffff);
    }
}
