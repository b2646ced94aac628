//! Big-endian fields of slices, without panics: past the end there is nothing to read.

use core::net::{Ipv4Addr, Ipv6Addr};

use crate::interface::Mac;

/// The `N` bytes at `at`, or `None` beyond the end.
#[inline]
pub fn array<const N: usize>(data: &[u8], at: usize) -> Option<[u8; N]> {
    data.get(at..)?.first_chunk::<N>().copied()
}

/// The 16-bit field at `at`.
#[inline]
pub fn be16(data: &[u8], at: usize) -> Option<u16> {
    array(data, at).map(u16::from_be_bytes)
}

/// The 32-bit field at `at`.
#[inline]
pub fn be32(data: &[u8], at: usize) -> Option<u32> {
    array(data, at).map(u32::from_be_bytes)
}

/// The Ethernet address at `at`.
#[inline]
pub fn mac(data: &[u8], at: usize) -> Option<Mac> {
    array(data, at).map(Mac)
}

/// The IPv4 address at `at`.
#[inline]
pub fn ipv4(data: &[u8], at: usize) -> Option<Ipv4Addr> {
    array(data, at).map(Ipv4Addr::from)
}

/// The IPv6 address at `at`.
#[inline]
pub fn ipv6(data: &[u8], at: usize) -> Option<Ipv6Addr> {
    array(data, at).map(Ipv6Addr::from)
}

/// Writes `bytes` at `at`; `None`, with nothing written, when they do not fit.
#[inline]
pub fn put(data: &mut [u8], at: usize, bytes: &[u8]) -> Option<()> {
    data.get_mut(at..)?.get_mut(..bytes.len())?.copy_from_slice(bytes);
    Some(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_and_writes_stop_at_the_end() {
        let mut data = [1, 2, 3, 4, 5];
        assert_eq!(be16(&data, 3), Some(0x0405));
        assert_eq!(be16(&data, 4), None);
        assert_eq!(be32(&data, 1), Some(0x0203_0405));
        assert_eq!(be32(&data, usize::MAX), None);
        assert_eq!(put(&mut data, 4, &[9, 9]), None);
        assert_eq!(put(&mut data, 3, &[8, 9]), Some(()));
        assert_eq!(data, [1, 2, 3, 8, 9]);
    }
}
