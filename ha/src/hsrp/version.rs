//! What the two versions of the protocol differ in, packets aside.

use core::net::Ipv4Addr;

use holdfast_engine::interface::Mac;

/// Version of the protocol, for IPv4.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Default)]
pub enum Version {
    /// RFC 2281.
    V1,
    /// Cisco's HSRP version 2: TLVs, 4,096 groups, timers in milliseconds.
    #[default]
    V2,
}

impl Version {
    /// Its number in names and screens, 1 or 2. On the wire version 1 calls itself 0.
    pub const fn number(self) -> u8 {
        match self {
            Version::V1 => 1,
            Version::V2 => 2,
        }
    }

    /// Highest group number.
    pub const fn group_max(self) -> u16 {
        match self {
            Version::V1 => 255,
            Version::V2 => 4_095,
        }
    }

    /// Where packets go: all routers, or HSRP's own group.
    pub const fn multicast(self) -> Ipv4Addr {
        match self {
            Version::V1 => Ipv4Addr::new(224, 0, 0, 2),
            Version::V2 => Ipv4Addr::new(224, 0, 0, 102),
        }
    }

    /// Ethernet destination of packets (RFC 1112 section 6.4 of [`Version::multicast`]).
    pub const fn multicast_mac(self) -> Mac {
        let o = self.multicast().octets();
        Mac([0x01, 0x00, 0x5e, o[1] & 0x7f, o[2], o[3]])
    }

    /// TTL of packets sent. RFC 2281 says 1; version 2 speakers were seen to send 255. Any is accepted.
    pub const fn ttl(self) -> u8 {
        match self {
            Version::V1 => 1,
            Version::V2 => 255,
        }
    }

    /// The MAC that answers for `group`'s virtual addresses. Version 2's carries all 12 bits of the number;
    /// bits beyond [`Version::group_max`] are ignored.
    pub const fn virtual_mac(self, group: u16) -> Mac {
        let [high, low] = group.to_be_bytes();
        match self {
            Version::V1 => Mac([0x00, 0x00, 0x0c, 0x07, 0xac, low]),
            Version::V2 => Mac([0x00, 0x00, 0x0c, 0x9f, 0xf0 | (high & 0x0f), low]),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn virtual_macs_carry_the_whole_group() {
        for (version, group, mac) in [
            (Version::V1, 0, "00:00:0c:07:ac:00"),
            (Version::V1, 255, "00:00:0c:07:ac:ff"),
            (Version::V2, 0, "00:00:0c:9f:f0:00"),
            (Version::V2, 255, "00:00:0c:9f:f0:ff"),
            (Version::V2, 256, "00:00:0c:9f:f1:00"),
            (Version::V2, 4_095, "00:00:0c:9f:ff:ff"),
        ] {
            assert_eq!(version.virtual_mac(group).to_string(), mac);
        }
    }

    #[test]
    fn multicast_macs() {
        assert_eq!(Version::V1.multicast_mac().to_string(), "01:00:5e:00:00:02");
        assert_eq!(Version::V2.multicast_mac().to_string(), "01:00:5e:00:00:66");
    }
}
