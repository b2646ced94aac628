//! An address prefix, IPv4 or IPv6.

use core::fmt;
use core::net::{IpAddr, Ipv4Addr, Ipv6Addr};
use core::str::FromStr;

/// A prefix whose host bits are zero. Ordered by family, address, length.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Prefix {
    address: IpAddr,
    len: u8,
}

/// Why a text or a pair of values is no prefix.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum PrefixError {
    /// Not an address before the slash.
    #[error("`{0}` is not an IPv4 or IPv6 address")]
    Address(String),
    /// Not a number after the slash, or larger than the family allows.
    #[error("prefix length `{length}` is not a number from 0 to {max}")]
    Length {
        /// As written.
        length: String,
        /// 32 or 128.
        max: u8,
    },
    /// Bits set beyond the length: a typing error more often than not.
    #[error("host bits are set; did you mean {0}?")]
    HostBits(Prefix),
}

impl Prefix {
    /// Every IPv4 address.
    pub const ANY_V4: Prefix = Prefix { address: IpAddr::V4(Ipv4Addr::UNSPECIFIED), len: 0 };
    /// Every IPv6 address.
    pub const ANY_V6: Prefix = Prefix { address: IpAddr::V6(Ipv6Addr::UNSPECIFIED), len: 0 };

    /// The prefix of `len` bits that holds `address`; `None` when `len` is too large for the family.
    pub fn new(address: IpAddr, len: u8) -> Option<Prefix> {
        let address = match address {
            IpAddr::V4(v4) if len <= 32 => Ipv4Addr::from_bits(v4.to_bits() & mask_v4(len)).into(),
            IpAddr::V6(v6) if len <= 128 => Ipv6Addr::from_bits(v6.to_bits() & mask_v6(len)).into(),
            _ => return None,
        };
        Some(Prefix { address, len })
    }

    /// Lowest address; its host bits are zero.
    pub const fn address(&self) -> IpAddr {
        self.address
    }

    /// Length in bits, 0–32 or 0–128.
    pub const fn prefix_len(&self) -> u8 {
        self.len
    }

    /// Whether this is an IPv6 prefix.
    pub const fn is_v6(&self) -> bool {
        self.address.is_ipv6()
    }

    /// Whether `address` is of the same family and inside.
    #[inline]
    pub fn contains(&self, address: IpAddr) -> bool {
        match (self.address, address) {
            (IpAddr::V4(p), IpAddr::V4(a)) => a.to_bits() & mask_v4(self.len) == p.to_bits(),
            (IpAddr::V6(p), IpAddr::V6(a)) => a.to_bits() & mask_v6(self.len) == p.to_bits(),
            _ => false,
        }
    }
}

const fn mask_v4(len: u8) -> u32 {
    match u32::MAX.checked_shl(32 - len as u32) {
        Some(mask) => mask,
        None => 0,
    }
}

const fn mask_v6(len: u8) -> u128 {
    match u128::MAX.checked_shl(128 - len as u32) {
        Some(mask) => mask,
        None => 0,
    }
}

impl fmt::Display for Prefix {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", self.address, self.len)
    }
}

impl FromStr for Prefix {
    type Err = PrefixError;

    /// Reads `10.0.0.0/8`, `2001:db8::/32`, or a single address without a length.
    fn from_str(text: &str) -> Result<Prefix, PrefixError> {
        let (address_text, length) = match text.split_once('/') {
            Some((address, length)) => (address, Some(length)),
            None => (text, None),
        };
        let address: IpAddr =
            address_text.parse().map_err(|_| PrefixError::Address(address_text.to_owned()))?;
        let max = if address.is_ipv4() { 32 } else { 128 };
        let digits_only = |t: &str| t.bytes().all(|b| b.is_ascii_digit());
        let len = match length {
            None => Some(max),
            Some(t) if digits_only(t) => t.parse().ok(),
            Some(_) => None,
        };
        let prefix = len
            .and_then(|len| Prefix::new(address, len))
            .ok_or_else(|| PrefixError::Length { length: length.unwrap_or_default().to_owned(), max })?;
        if prefix.address == address { Ok(prefix) } else { Err(PrefixError::HostBits(prefix)) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn reads_and_prints() {
        for text in ["0.0.0.0/0", "10.0.0.0/8", "10.1.2.3/32", "::/0", "2001:db8::/32", "fe80::1/128"] {
            assert_eq!(text.parse::<Prefix>().unwrap().to_string(), text);
        }
        assert_eq!("192.0.2.7".parse::<Prefix>().unwrap().to_string(), "192.0.2.7/32");
    }

    #[test]
    fn errors_say_what_is_wrong() {
        let error = |text: &str| text.parse::<Prefix>().unwrap_err().to_string();
        assert_eq!(error("10.0.0/8"), "`10.0.0` is not an IPv4 or IPv6 address");
        assert_eq!(error("10.0.0.0/33"), "prefix length `33` is not a number from 0 to 32");
        assert_eq!(error("::/129"), "prefix length `129` is not a number from 0 to 128");
        assert_eq!(error("10.0.0.0/+8"), "prefix length `+8` is not a number from 0 to 32");
        assert_eq!(error("10.0.0.0/"), "prefix length `` is not a number from 0 to 32");
        assert_eq!(error("10.0.1.5/24"), "host bits are set; did you mean 10.0.1.0/24?");
    }

    proptest! {
        #[test]
        fn contains_is_equality_of_the_leading_bits(p: u32, len in 0u8..=32, a: u32, near in 0u32..32) {
            let prefix = Prefix::new(Ipv4Addr::from_bits(p).into(), len).unwrap();
            for address in [a, p ^ (1 << near)] {
                let expected = (0..u32::from(len)).all(|i| (p ^ address) << i >> 31 == 0);
                prop_assert_eq!(prefix.contains(Ipv4Addr::from_bits(address).into()), expected);
            }
            prop_assert!(!prefix.contains(Ipv6Addr::UNSPECIFIED.into()));
        }

        #[test]
        fn contains_is_equality_of_the_leading_bits_v6(p: u128, len in 0u8..=128, near in 0u32..128) {
            let prefix = Prefix::new(Ipv6Addr::from_bits(p).into(), len).unwrap();
            let address = p ^ (1 << near);
            let expected = (0..u32::from(len)).all(|i| (p ^ address) << i >> 127 == 0);
            prop_assert_eq!(prefix.contains(Ipv6Addr::from_bits(address).into()), expected);
        }
    }
}
