//! IP protocol numbers with the names that engineers type and read.

use core::fmt;
use core::str::FromStr;

use holdfast_engine::net::numbers::{PROTOCOL_ICMP, PROTOCOL_ICMPV6, PROTOCOL_TCP, PROTOCOL_UDP};

/// An IP protocol number (IANA "Assigned Internet Protocol Numbers"); prints its name where it has one here.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Protocol(pub u8);

impl Protocol {
    /// ICMP for IPv4.
    pub const ICMP: Protocol = Protocol(PROTOCOL_ICMP);
    /// TCP.
    pub const TCP: Protocol = Protocol(PROTOCOL_TCP);
    /// UDP.
    pub const UDP: Protocol = Protocol(PROTOCOL_UDP);
    /// ICMP for IPv6.
    pub const ICMPV6: Protocol = Protocol(PROTOCOL_ICMPV6);

    const NAMES: [(u8, &'static str); 11] = [
        (1, "icmp"),
        (2, "igmp"),
        (4, "ipip"),
        (6, "tcp"),
        (17, "udp"),
        (47, "gre"),
        (50, "esp"),
        (51, "ah"),
        (58, "icmpv6"),
        (89, "ospf"),
        (132, "sctp"),
    ];

    /// The name, where the protocol has one here.
    pub fn name(self) -> Option<&'static str> {
        Self::NAMES.iter().find(|(number, _)| *number == self.0).map(|(_, name)| *name)
    }

    /// Whether rules may name ports for it.
    pub const fn has_ports(self) -> bool {
        matches!(self, Protocol::TCP | Protocol::UDP)
    }
}

impl fmt::Display for Protocol {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.name() {
            Some(name) => f.write_str(name),
            None => write!(f, "{}", self.0),
        }
    }
}

impl fmt::Debug for Protocol {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

/// Neither a protocol name known here nor a number from 0 to 255.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("not an IP protocol")]
pub struct UnknownProtocol;

impl FromStr for Protocol {
    type Err = UnknownProtocol;

    fn from_str(text: &str) -> Result<Self, UnknownProtocol> {
        match Self::NAMES.iter().find(|(_, name)| *name == text) {
            Some((number, _)) => Ok(Protocol(*number)),
            None => text.parse().map(Protocol).map_err(|_| UnknownProtocol),
        }
    }
}

impl serde::Serialize for Protocol {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_number_reads_back_as_it_prints() {
        for number in 0..=255 {
            assert_eq!(Protocol(number).to_string().parse(), Ok(Protocol(number)));
        }
        assert_eq!("256".parse::<Protocol>(), Err(UnknownProtocol));
        assert_eq!("TCP".parse::<Protocol>(), Err(UnknownProtocol));
    }
}
