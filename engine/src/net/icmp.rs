//! What an ICMP or ICMPv6 type is to a firewall: asked by the parser of every message and by the tracker.

use super::numbers::{
    ICMP_ECHO_REPLY, ICMP_ECHO_REQUEST, ICMP_PARAMETER_PROBLEM, ICMP_TIME_EXCEEDED, ICMP_TIMESTAMP_REPLY,
    ICMP_TIMESTAMP_REQUEST, ICMP_UNREACHABLE, ICMPV6_ECHO_REPLY, ICMPV6_ECHO_REQUEST,
    ICMPV6_PARAMETER_PROBLEM, ICMPV6_UNREACHABLE, ND_REDIRECT, ND_ROUTER_SOLICITATION,
};

/// A pair of query and reply types.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)]
pub enum QueryKind {
    /// Echo: types 8 and 0 (RFC 792), 128 and 129 (RFC 4443).
    Echo = 1,
    /// Timestamp: types 13 and 14 (RFC 792); IPv4 only.
    Timestamp = 2,
}

/// What an ICMP type is to the firewall.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum IcmpClass {
    /// Begins or continues a session.
    Request(QueryKind),
    /// Belongs to a session.
    Reply(QueryKind),
    /// Belongs to the session of the packet it quotes.
    Error,
    /// Neighbour discovery (RFC 4861): for the box itself, never across it.
    NeighbourDiscovery,
    /// Never crosses the box.
    Denied,
}

/// Class of an ICMP type. IPv4: errors are destination unreachable, time exceeded and parameter problem. Denied
/// are redirect, router advertisement and solicitation (RFC 1256), source quench (deprecated, RFC 6633), the
/// information and mask requests (deprecated, RFC 6918), and all that is unknown.
#[inline]
pub const fn classify_v4(icmp_type: u8) -> IcmpClass {
    match icmp_type {
        ICMP_ECHO_REQUEST => IcmpClass::Request(QueryKind::Echo),
        ICMP_ECHO_REPLY => IcmpClass::Reply(QueryKind::Echo),
        ICMP_TIMESTAMP_REQUEST => IcmpClass::Request(QueryKind::Timestamp),
        ICMP_TIMESTAMP_REPLY => IcmpClass::Reply(QueryKind::Timestamp),
        ICMP_UNREACHABLE | ICMP_TIME_EXCEEDED | ICMP_PARAMETER_PROBLEM => IcmpClass::Error,
        _ => IcmpClass::Denied,
    }
}

/// Class of an ICMPv6 type. Errors are destination unreachable, packet too big, time exceeded and parameter
/// problem. Denied are multicast listener discovery (130–132, 143), router renumbering, node information, and all
/// that is unknown (RFC 4890 section 4.3).
#[inline]
pub const fn classify_v6(icmp_type: u8) -> IcmpClass {
    match icmp_type {
        ICMPV6_ECHO_REQUEST => IcmpClass::Request(QueryKind::Echo),
        ICMPV6_ECHO_REPLY => IcmpClass::Reply(QueryKind::Echo),
        ICMPV6_UNREACHABLE..=ICMPV6_PARAMETER_PROBLEM => IcmpClass::Error,
        ND_ROUTER_SOLICITATION..=ND_REDIRECT => IcmpClass::NeighbourDiscovery,
        _ => IcmpClass::Denied,
    }
}
