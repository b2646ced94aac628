//! Every drop has a name and a counter; nothing is dropped silently.

macro_rules! drop_reasons {
    ($($(#[$doc:meta])* $variant:ident = $name:literal;)*) => {
        /// Why a packet went no further.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
        #[repr(u8)]
        pub enum DropReason { $($(#[$doc])* $variant,)* }

        impl DropReason {
            /// Every reason, in the order of the counters.
            pub const ALL: &'static [DropReason] = &[$(DropReason::$variant,)*];

            /// The counter's name on the console and in metrics.
            pub const fn name(self) -> &'static str {
                match self { $(DropReason::$variant => $name,)* }
            }
        }
    };
}

drop_reasons! {
    // Ethernet and layer 3 parsing
    /// Frame shorter than its headers say.
    EthernetTruncated = "ethernet_truncated";
    /// More than two VLAN tags, or a VLAN that is not configured.
    VlanUnknown = "vlan_unknown";
    /// An EtherType nobody here speaks.
    EthertypeUnknown = "ethertype_unknown";
    /// Unicast to a MAC that is not ours.
    NotForUs = "not_for_us";
    /// Source MAC is a group address.
    SourceMacMulticast = "source_mac_multicast";
    /// Multicast or broadcast that the box does not serve.
    MulticastUnserved = "multicast_unserved";
    /// IPv4 header truncated, version or length fields inconsistent.
    Ipv4HeaderBad = "ipv4_header_bad";
    /// IPv4 header checksum wrong.
    Ipv4ChecksumBad = "ipv4_checksum_bad";
    /// IPv4 loose or strict source route option (RFC 7126).
    Ipv4SourceRoute = "ipv4_source_route";
    /// IPv4 options malformed.
    Ipv4OptionsBad = "ipv4_options_bad";
    /// IP total length beyond the frame.
    IpLengthBad = "ip_length_bad";
    /// IPv6 header truncated or version wrong.
    Ipv6HeaderBad = "ipv6_header_bad";
    /// IPv6 extension header truncated, out of order, repeated, or chain too long.
    Ipv6ExtensionBad = "ipv6_extension_bad";
    /// IPv6 routing header type 0 (RFC 5095) or with segments left.
    Ipv6RoutingHeader = "ipv6_routing_header";
    /// A fragment other than the first.
    FragmentNonFirst = "fragment_non_first";
    /// A first fragment too short for its layer 4 header, or an impossible offset.
    FragmentBad = "fragment_bad";
    /// An IPv6 fragment header on a packet that is no fragment (RFC 8021).
    FragmentAtomic = "fragment_atomic";
    /// Source or destination address that must not appear on the wire here (RFC 6890).
    Martian = "martian";
    /// Source equals destination (land attack).
    Land = "land";
    /// Source address belongs to the box itself.
    SourceIsOurs = "source_is_ours";
    /// Source does not route back to the interface it came from.
    ReversePath = "reverse_path";

    // Layer 4 parsing
    /// Layer 4 header truncated or its length field inconsistent.
    L4HeaderBad = "l4_header_bad";
    /// TCP, UDP or ICMP checksum wrong.
    L4ChecksumBad = "l4_checksum_bad";
    /// Port number 0.
    PortZero = "port_zero";
    /// TCP flags that no stack sends (SYN+FIN, none, SYN+RST, FIN without ACK, …).
    TcpFlagsBad = "tcp_flags_bad";
    /// TCP options malformed.
    TcpOptionsBad = "tcp_options_bad";

    // Sessions and trackers
    /// TCP without a session that is not a SYN.
    TcpNoSession = "tcp_no_session";
    /// TCP flags not allowed in the session's state and direction.
    TcpStateBad = "tcp_state_bad";
    /// TCP data or acknowledgement outside the window.
    TcpOutOfWindow = "tcp_out_of_window";
    /// RST during the handshake that neither answers the SYN nor follows it in order.
    TcpRstInexact = "tcp_rst_inexact";
    /// SYN on a live session that cannot be a legitimate reuse.
    TcpSynOnSession = "tcp_syn_on_session";
    /// Simultaneous or split handshake that policy refuses.
    TcpSplitHandshake = "tcp_split_handshake";
    /// DNS answer without a query in the session that still waits for one.
    UdpUnsolicited = "udp_unsolicited";
    /// ICMP reply without a request in the session, or a second one.
    IcmpUnsolicited = "icmp_unsolicited";
    /// ICMP error whose quoted packet belongs to no live session.
    IcmpErrorNoSession = "icmp_error_no_session";
    /// ICMP error whose quoted packet is malformed or outside the window.
    IcmpErrorBad = "icmp_error_bad";
    /// ICMP type that never crosses the box.
    IcmpTypeDenied = "icmp_type_denied";
    /// Packet arrived in a zone the session does not use for this direction.
    SessionZoneMismatch = "session_zone_mismatch";
    /// The session table is full.
    SessionTableFull = "session_table_full";

    // The pair
    /// This box is standby, fenced, or has just handed over and the packet belongs to no session.
    NotActive = "not_active";
    /// HSRP packet without a form that the HA core could judge: empty, or a fragment.
    HsrpBad = "hsrp_bad";
    /// HSRP packet that did not reach the HA core: too many at once, or its ring is full.
    HsrpLost = "hsrp_lost";

    // Policy
    /// No rule matched.
    PolicyNoMatch = "policy_no_match";
    /// A rule said drop.
    PolicyDrop = "policy_drop";
    /// A rule said reject.
    PolicyReject = "policy_reject";

    // Forwarding
    /// No route to the destination.
    NoRoute = "no_route";
    /// A route that says so.
    Blackhole = "blackhole";
    /// TTL or hop limit ended here.
    TtlExceeded = "ttl_exceeded";
    /// Larger than the outgoing MTU and not to be fragmented.
    MtuExceeded = "mtu_exceeded";
    /// No room in the buffer for the outgoing VLAN tag.
    LinkHeaderRoom = "link_header_room";
    /// Neighbour table full.
    NeighbourTableFull = "neighbour_table_full";
    /// The neighbour's wait queue is full.
    NeighbourQueueFull = "neighbour_queue_full";
    /// The neighbour did not answer.
    NeighbourUnreachable = "neighbour_unreachable";

    // To the box itself
    /// ARP packet malformed.
    ArpBad = "arp_bad";
    /// ARP that does not concern the box.
    ArpNotForUs = "arp_not_for_us";
    /// Neighbour discovery malformed (RFC 4861 section 7.1).
    NdBad = "nd_bad";
    /// Neighbour discovery that does not concern the box.
    NdNotForUs = "nd_not_for_us";
    /// A service the box itself does not offer.
    LocalUnserved = "local_unserved";
    /// Answer suppressed by a rate limit.
    LocalRateLimited = "local_rate_limited";
    /// Consumed by the box itself; not a fault.
    LocalConsumed = "local_consumed";

    // The machine
    /// The packet pool is empty.
    PoolExhausted = "pool_exhausted";
    /// The port's TX queue did not take it.
    TxFull = "tx_full";
    /// No such port here.
    PortDown = "port_down";
    /// The ring to the owning worker is full.
    SteerRingFull = "steer_ring_full";
    /// The forwarding mode swallows every packet (`rxonly`).
    ModeSink = "mode_sink";
}

impl DropReason {
    /// How many reasons there are.
    pub const COUNT: usize = Self::ALL.len();
}

/// One counter per reason; owned by one worker, no atomics.
#[derive(Clone, Debug)]
pub struct DropCounters([u64; DropReason::COUNT]);

impl Default for DropCounters {
    fn default() -> Self {
        DropCounters([0; DropReason::COUNT])
    }
}

impl DropCounters {
    /// Counts one drop.
    #[inline]
    pub fn count(&mut self, reason: DropReason) {
        self.0[reason as usize] += 1;
    }

    /// Drops counted under `reason`.
    pub fn get(&self, reason: DropReason) -> u64 {
        self.0[reason as usize]
    }

    /// Every reason with its count, in declaration order.
    pub fn iter(&self) -> impl Iterator<Item = (DropReason, u64)> + '_ {
        DropReason::ALL.iter().map(|&r| (r, self.0[r as usize]))
    }

    /// Adds another worker's counters.
    pub fn add(&mut self, other: &DropCounters) {
        for (mine, theirs) in self.0.iter_mut().zip(other.0) {
            *mine += theirs;
        }
    }
}
