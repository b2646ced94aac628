//! Interfaces: a port with addresses, a zone, and an MTU.

use core::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use crate::replication::HaId;

/// Index of a port, the same in every worker; also the index of its interface.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub struct PortId(pub u8);

/// Most ports a box may have.
pub const PORTS_MAX: usize = 32;

/// Index of a zone. Zone 0 is the box itself.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub struct ZoneId(pub u8);

/// A 48-bit Ethernet address.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub struct Mac(pub [u8; 6]);

impl Mac {
    /// ff:ff:ff:ff:ff:ff.
    pub const BROADCAST: Mac = Mac([0xff; 6]);

    /// Group bit set (broadcast included).
    #[inline]
    pub const fn is_multicast(self) -> bool {
        self.0[0] & 1 == 1
    }

    /// RFC 2464: 33:33 and the low 32 bits of the group.
    pub const fn ipv6_multicast(group: Ipv6Addr) -> Mac {
        let o = group.octets();
        Mac([0x33, 0x33, o[12], o[13], o[14], o[15]])
    }

    /// RFC 4291 appendix A: the modified EUI-64 link-local address of this MAC.
    pub const fn link_local(self) -> Ipv6Addr {
        let m = self.0;
        let id = [m[0] ^ 2, m[1], m[2], 0xff, 0xfe, m[3], m[4], m[5]];
        Ipv6Addr::from_octets([
            0xfe, 0x80, 0, 0, 0, 0, 0, 0, id[0], id[1], id[2], id[3], id[4], id[5], id[6], id[7],
        ])
    }
}

impl core::fmt::Display for Mac {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        let [a, b, c, d, e, g] = self.0;
        write!(f, "{a:02x}:{b:02x}:{c:02x}:{d:02x}:{e:02x}:{g:02x}")
    }
}

impl core::fmt::Debug for Mac {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        core::fmt::Display::fmt(self, f)
    }
}

/// An address on an interface together with its prefix length.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct InterfaceAddress {
    /// The box's own address.
    pub address: IpAddr,
    /// Bits of the connected network, 0–32 or 0–128.
    pub prefix_len: u8,
}

/// One interface as the engine knows it.
#[derive(Clone, Debug)]
pub struct Interface {
    /// Its port.
    pub port: PortId,
    /// Name from the configuration.
    pub name: String,
    /// The port's own MAC.
    pub mac: Mac,
    /// Largest IP packet in bytes, Ethernet header not counted.
    pub mtu: u16,
    /// The 802.1Q VLAN the interface lives in; `None` for untagged frames.
    pub vlan: Option<u16>,
    /// Zone for policy.
    pub zone: ZoneId,
    /// Names the link across a pair; `None` on a box without a peer.
    pub ha_id: Option<HaId>,
    /// Addresses of the box on this link.
    pub addresses: Vec<InterfaceAddress>,
}

impl Interface {
    /// First IPv4 address, for ARP requests and ICMP errors.
    pub fn ipv4(&self) -> Option<Ipv4Addr> {
        self.addresses.iter().find_map(|a| match a.address {
            IpAddr::V4(v4) => Some(v4),
            IpAddr::V6(_) => None,
        })
    }

    /// First global IPv6 address, else the link-local one.
    pub fn ipv6(&self) -> Ipv6Addr {
        self.addresses
            .iter()
            .find_map(|a| match a.address {
                IpAddr::V6(v6) => Some(v6),
                IpAddr::V4(_) => None,
            })
            .unwrap_or_else(|| self.mac.link_local())
    }

    /// Whether `address` is one of this interface's own, its link-local IPv6 address included.
    pub fn owns(&self, address: IpAddr) -> bool {
        self.addresses.iter().any(|a| a.address == address)
            || matches!(address, IpAddr::V6(v6) if v6 == self.mac.link_local() && self.has_ipv6())
    }

    /// Whether IPv6 runs on this interface.
    pub fn has_ipv6(&self) -> bool {
        self.addresses.iter().any(|a| a.address.is_ipv6())
    }
}
