//! What is looked up.

use core::net::{Ipv4Addr, Ipv6Addr};

use dpdk_sys::hf_acl_key;

/// A packet's 5-tuple and the zones it passes between, laid out as rte_acl reads it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(transparent)]
pub struct AclKey(hf_acl_key);

const IPV4: u8 = 4;
const IPV6: u8 = 6;

impl AclKey {
    /// An IPv4 packet. `ports` are source and destination (0 for protocols without), `zones` from and to.
    #[inline]
    pub fn v4(
        source: Ipv4Addr,
        destination: Ipv4Addr,
        protocol: u8,
        ports: (u16, u16),
        zones: (u8, u8),
    ) -> AclKey {
        let mut raw = base(IPV4, protocol, ports, zones);
        raw.source[..4].copy_from_slice(&source.octets());
        raw.destination[..4].copy_from_slice(&destination.octets());
        AclKey(raw)
    }

    /// An IPv6 packet, as [`AclKey::v4`].
    #[inline]
    pub fn v6(
        source: Ipv6Addr,
        destination: Ipv6Addr,
        protocol: u8,
        ports: (u16, u16),
        zones: (u8, u8),
    ) -> AclKey {
        let mut raw = base(IPV6, protocol, ports, zones);
        raw.source = source.octets();
        raw.destination = destination.octets();
        AclKey(raw)
    }

    pub(super) fn is_ipv6(&self) -> bool {
        self.0.pad[0] == IPV6
    }

    pub(super) fn raw(&self) -> *const hf_acl_key {
        &self.0
    }
}

#[inline]
fn base(family: u8, protocol: u8, ports: (u16, u16), zones: (u8, u8)) -> hf_acl_key {
    let ([a, b], [c, d]) = (ports.0.to_be_bytes(), ports.1.to_be_bytes());
    hf_acl_key {
        protocol,
        // rte_acl does not look here, so it is where the family stands.
        pad: [family, 0, 0],
        zones: [0, zones.0, 0, zones.1],
        ports: [a, b, c, d],
        ..hf_acl_key::default()
    }
}
