//! What is matched.

use core::fmt;
use core::net::IpAddr;
use core::num::NonZeroU32;
use core::ops::RangeInclusive;

use dpdk_sys::hf_acl_rule;

use super::AclError;

/// A byte of which some bits count.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Masked {
    /// The wanted value; bits outside the mask are ignored.
    pub value: u8,
    /// Bits that count.
    pub mask: u8,
}

impl Masked {
    /// Matches everything.
    pub const ANY: Masked = Masked { value: 0, mask: 0 };

    /// Matches `value` alone.
    pub const fn exactly(value: u8) -> Masked {
        Masked { value, mask: u8::MAX }
    }

    /// `byte` has the wanted value in the bits that count.
    pub const fn matches(self, byte: u8) -> bool {
        (byte ^ self.value) & self.mask == 0
    }
}

/// Addresses that share their first bits. Bits of `address` beyond them are ignored.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Prefix {
    /// Any address in it; its family is the prefix's.
    pub address: IpAddr,
    /// How many bits count: 0 to 32, or to 128.
    pub bits: u8,
}

impl fmt::Display for Prefix {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", self.address, self.bits)
    }
}

/// A rule of one address family. "Any address" of both families takes two rules.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AclRule {
    /// IP protocol.
    pub protocol: Masked,
    /// Source addresses.
    pub source: Prefix,
    /// Destination addresses, of the same family.
    pub destination: Prefix,
    /// Source ports.
    pub source_ports: RangeInclusive<u16>,
    /// Destination ports.
    pub destination_ports: RangeInclusive<u16>,
    /// Zone it comes from.
    pub from: Masked,
    /// Zone it goes to.
    pub to: Masked,
    /// The highest of all matching rules wins: 1 to [`AclRule::PRIORITY_MAX`].
    pub priority: u32,
    /// What a match returns.
    pub userdata: NonZeroU32,
}

impl AclRule {
    /// Highest priority: `RTE_ACL_MAX_PRIORITY`.
    pub const PRIORITY_MAX: u32 = (1 << 29) - 1;

    pub(super) fn raw(&self) -> Result<hf_acl_rule, AclError> {
        let userdata = self.userdata.get();
        if self.source.address.is_ipv4() != self.destination.address.is_ipv4() {
            let (source_prefix, destination_prefix) = (self.source, self.destination);
            return Err(AclError::Family { userdata, source_prefix, destination_prefix });
        }
        for prefix in [self.source, self.destination] {
            if prefix.bits > if prefix.address.is_ipv4() { 32 } else { 128 } {
                return Err(AclError::PrefixLength { userdata, prefix });
            }
        }
        for ports in [&self.source_ports, &self.destination_ports] {
            if ports.is_empty() {
                return Err(AclError::Ports { userdata, low: *ports.start(), high: *ports.end() });
            }
        }
        if !(1..=Self::PRIORITY_MAX).contains(&self.priority) {
            return Err(AclError::Priority { userdata, priority: self.priority });
        }
        Ok(hf_acl_rule {
            source: words(self.source.address),
            destination: words(self.destination.address),
            userdata,
            priority: self.priority as i32,
            source_port_low: *self.source_ports.start(),
            source_port_high: *self.source_ports.end(),
            destination_port_low: *self.destination_ports.start(),
            destination_port_high: *self.destination_ports.end(),
            source_bits: self.source.bits,
            destination_bits: self.destination.bits,
            protocol: self.protocol.value,
            protocol_mask: self.protocol.mask,
            from: self.from.value,
            from_mask: self.from.mask,
            to: self.to.value,
            to_mask: self.to.mask,
        })
    }
}

/// An address as 32-bit words, most significant first; IPv4 in the first.
fn words(address: IpAddr) -> [u32; 4] {
    match address {
        IpAddr::V4(address) => [address.to_bits(), 0, 0, 0],
        IpAddr::V6(address) => {
            let bits = address.to_bits();
            [96, 64, 32, 0].map(|shift| (bits >> shift) as u32)
        }
    }
}
