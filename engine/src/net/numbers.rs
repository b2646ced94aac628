//! Assigned numbers and header lengths, as IANA and the RFCs name them.

/// EtherType of IPv4.
pub const ETHERTYPE_IPV4: u16 = 0x0800;
/// EtherType of ARP.
pub const ETHERTYPE_ARP: u16 = 0x0806;
/// EtherType of IPv6.
pub const ETHERTYPE_IPV6: u16 = 0x86dd;
/// EtherType of an IEEE 802.1Q tag.
pub const ETHERTYPE_VLAN: u16 = 0x8100;
/// EtherType of an IEEE 802.1ad service tag.
pub const ETHERTYPE_QINQ: u16 = 0x88a8;

/// IPv6 hop-by-hop options header.
pub const PROTOCOL_HOP_BY_HOP: u8 = 0;
/// ICMP for IPv4.
pub const PROTOCOL_ICMP: u8 = 1;
/// TCP.
pub const PROTOCOL_TCP: u8 = 6;
/// UDP.
pub const PROTOCOL_UDP: u8 = 17;
/// IPv6 routing header.
pub const PROTOCOL_ROUTING: u8 = 43;
/// IPv6 fragment header.
pub const PROTOCOL_FRAGMENT: u8 = 44;
/// IPsec AH.
pub const PROTOCOL_AH: u8 = 51;
/// ICMP for IPv6.
pub const PROTOCOL_ICMPV6: u8 = 58;
/// IPv6 without a next header.
pub const PROTOCOL_NONE: u8 = 59;
/// IPv6 destination options header.
pub const PROTOCOL_DESTINATION_OPTIONS: u8 = 60;

/// Bytes of an Ethernet header without tags.
pub const ETHERNET_HEADER_BYTES: usize = 14;
/// Bytes of an 802.1Q or 802.1ad tag.
pub const VLAN_TAG_BYTES: usize = 4;
/// Bytes of an ARP packet for IPv4 over Ethernet.
pub const ARP_BYTES: usize = 28;
/// Bytes of an IPv4 header without options.
pub const IPV4_HEADER_BYTES: usize = 20;
/// Bytes of the fixed IPv6 header.
pub const IPV6_HEADER_BYTES: usize = 40;
/// Bytes of a TCP header without options.
pub const TCP_HEADER_BYTES: usize = 20;
/// Bytes of a UDP header.
pub const UDP_HEADER_BYTES: usize = 8;
/// Bytes of an ICMP or ICMPv6 header: type, code, checksum, and four bytes that depend on the type.
pub const ICMP_HEADER_BYTES: usize = 8;

/// UDP port of HSRP over IPv4 (RFC 2281 section 5.1).
pub const HSRP_PORT: u16 = 1985;

/// ARP request (RFC 826).
pub const ARP_REQUEST: u16 = 1;
/// ARP reply.
pub const ARP_REPLY: u16 = 2;

/// ICMP echo reply (RFC 792).
pub const ICMP_ECHO_REPLY: u8 = 0;
/// ICMP destination unreachable.
pub const ICMP_UNREACHABLE: u8 = 3;
/// ICMP echo request.
pub const ICMP_ECHO_REQUEST: u8 = 8;
/// ICMP time exceeded.
pub const ICMP_TIME_EXCEEDED: u8 = 11;
/// ICMP parameter problem.
pub const ICMP_PARAMETER_PROBLEM: u8 = 12;
/// ICMP timestamp request.
pub const ICMP_TIMESTAMP_REQUEST: u8 = 13;
/// ICMP timestamp reply.
pub const ICMP_TIMESTAMP_REPLY: u8 = 14;

/// ICMPv6 destination unreachable (RFC 4443).
pub const ICMPV6_UNREACHABLE: u8 = 1;
/// ICMPv6 packet too big.
pub const ICMPV6_PACKET_TOO_BIG: u8 = 2;
/// ICMPv6 time exceeded.
pub const ICMPV6_TIME_EXCEEDED: u8 = 3;
/// ICMPv6 parameter problem.
pub const ICMPV6_PARAMETER_PROBLEM: u8 = 4;
/// Types below this are errors, the others are informational (RFC 4443 section 2.1).
pub const ICMPV6_INFORMATIONAL_FIRST: u8 = 128;
/// ICMPv6 echo request.
pub const ICMPV6_ECHO_REQUEST: u8 = 128;
/// ICMPv6 echo reply.
pub const ICMPV6_ECHO_REPLY: u8 = 129;
/// ND router solicitation (RFC 4861).
pub const ND_ROUTER_SOLICITATION: u8 = 133;
/// ND router advertisement.
pub const ND_ROUTER_ADVERTISEMENT: u8 = 134;
/// ND neighbour solicitation.
pub const ND_NEIGHBOUR_SOLICITATION: u8 = 135;
/// ND neighbour advertisement.
pub const ND_NEIGHBOUR_ADVERTISEMENT: u8 = 136;
/// ND redirect.
pub const ND_REDIRECT: u8 = 137;
/// ND option: source link-layer address.
pub const ND_OPTION_SOURCE_LINK_LAYER: u8 = 1;
/// ND option: target link-layer address.
pub const ND_OPTION_TARGET_LINK_LAYER: u8 = 2;
/// Hop limit that proves that no router forwarded an ND packet (RFC 4861 section 7.1).
pub const ND_HOP_LIMIT: u8 = 255;

/// TTL and hop limit of what the box itself sends.
pub const LOCAL_TTL: u8 = 64;
