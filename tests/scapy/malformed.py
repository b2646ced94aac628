"""Sends packets that no host stack sends, from the client through the box.

usage: malformed.py INTERFACE BOX_MAC

For each case it prints one JSON object: the case, the drop reason it must be counted under, and how many packets
were sent. IPv4 fragments are not among them: DPDK's af_packet driver has the kernel reassemble those before it hands
packets over (PACKET_FANOUT_FLAG_DEFRAG), so the box never sees one on such a port. Reasons are the names in engine/src/drop_reason.rs.
"""

import json
import struct
import sys

from scapy.all import ARP, ICMP, IP, TCP, UDP, Dot1Q, Ether, IPOption_LSRR, IPv6, Raw, conf, get_if_hwaddr
from scapy.layers.inet6 import (
    ICMPv6ND_NS,
    IPv6ExtHdrDestOpt,
    IPv6ExtHdrFragment,
    IPv6ExtHdrHopByHop,
    IPv6ExtHdrRouting,
)

COPIES = 3

CLIENT, SERVER, BOX = "10.0.1.5", "10.0.2.9", "10.0.1.2"
CLIENT6, SERVER6, BOX6 = "fd00:1::5", "fd00:2::9", "fd00:1::2"

interface, box_mac = sys.argv[1:3]
own_mac = get_if_hwaddr(interface)


def ether(**fields):
    return Ether(**{"src": own_mac, "dst": box_mac, **fields})


def ip4(payload, **fields):
    return ether() / IP(**{"src": CLIENT, "dst": SERVER, **fields}) / payload


def ip6(payload, **fields):
    return ether() / IPv6(**{"src": CLIENT6, "dst": SERVER6, **fields}) / payload


def tcp(**fields):
    return TCP(**{"sport": 40000, "dport": 80, "flags": "S", **fields})


def udp(**fields):
    return UDP(**{"sport": 40000, "dport": 4242, **fields}) / b"payload"


def raw4(payload, proto):
    """IPv4 with a correct header around bytes that need not be a correct layer 4."""
    return ether() / IP(src=CLIENT, dst=SERVER, proto=proto) / Raw(payload)


def fragment(**fields):
    return IPv6ExtHdrFragment(**{"nh": 17, "id": 7, **fields})


def cut(frame, length):
    """The frame as bytes, ending early; the headers say what they said."""
    return bytes(frame)[:length]


def patched(frame, offset, value):
    """The frame as bytes, with some of them replaced."""
    data = bytearray(bytes(frame))
    data[offset : offset + len(value)] = value
    return bytes(data)


# Offsets in an untagged frame.
IP_AT, TCP_AT = 14, 34

CASES = [
    # Ethernet.
    ("an EtherType nobody speaks", "ethertype_unknown", ether(type=0x88B5) / (b"x" * 50)),
    ("unicast to another MAC", "not_for_us", Ether(src=own_mac, dst="02:00:00:00:00:99") / IP(src=CLIENT, dst=SERVER) / udp()),
    ("a group address as source MAC", "source_mac_multicast", Ether(src="03:00:00:00:00:01", dst=box_mac) / IP(src=CLIENT, dst=SERVER) / udp()),
    ("a VLAN that is not configured", "vlan_unknown", ether() / Dot1Q(vlan=5) / IP(src=CLIENT, dst=SERVER) / udp()),
    # IPv4 header.
    ("half an IPv4 header", "ipv4_header_bad", cut(ip4(udp()), IP_AT + 10)),
    ("IP version 5", "ipv4_header_bad", ip4(udp(), version=5)),
    ("IPv4 header of 16 bytes", "ipv4_header_bad", ip4(udp(), ihl=4)),
    ("IPv4 header longer than the packet", "ip_length_bad", cut(ip4(b"", ihl=15, len=28), IP_AT + 28)),
    ("IPv4 total length beyond the frame", "ip_length_bad", ip4(udp(), len=500)),
    ("a wrong IPv4 header checksum", "ipv4_checksum_bad", ip4(udp(), chksum=0x1234)),
    ("a loose source route", "ipv4_source_route", ip4(udp(), options=[IPOption_LSRR(routers=[BOX])])),
    ("an IPv4 option of length 0", "ipv4_options_bad", ip4(udp(), options=[Raw(b"\x44\x00\x00\x00")])),
    ("source equals destination", "land", ip4(tcp(), src=SERVER)),
    ("source 127.0.0.1", "martian", ip4(udp(), src="127.0.0.1")),
    ("a multicast source", "martian", ip4(udp(), src="224.0.0.5")),
    ("the box's own address as source", "source_is_ours", ip4(udp(), src=BOX)),
    ("a source from the other side", "reverse_path", ip4(udp(), src="10.0.2.77")),
    # TCP, UDP, ICMP.
    ("half a TCP header", "l4_header_bad", raw4(bytes(tcp())[:10], 6)),
    ("TCP data offset 4", "l4_header_bad", ip4(tcp(dataofs=4))),
    ("TCP data offset beyond the packet", "l4_header_bad", ip4(tcp(dataofs=15))),
    ("UDP length 4", "l4_header_bad", ip4(udp(len=4))),
    ("UDP length beyond the packet", "l4_header_bad", ip4(udp(len=900))),
    ("a wrong TCP checksum", "l4_checksum_bad", ip4(tcp(chksum=0x1234))),
    ("a wrong UDP checksum", "l4_checksum_bad", ip4(udp(chksum=0x1234))),
    ("TCP to port 0", "port_zero", ip4(tcp(dport=0))),
    ("UDP from port 0", "port_zero", ip4(udp(sport=0))),
    ("SYN+FIN", "tcp_flags_bad", ip4(tcp(flags="SF"))),
    ("SYN+RST", "tcp_flags_bad", ip4(tcp(flags="SR"))),
    ("no TCP flag at all", "tcp_flags_bad", ip4(tcp(flags=0))),
    ("FIN without ACK", "tcp_flags_bad", ip4(tcp(flags="F"))),
    ("every TCP flag", "tcp_flags_bad", ip4(tcp(flags="FSRPAU"))),
    ("a TCP option of length 0", "tcp_options_bad", None),
    ("ACK without a session", "tcp_no_session", ip4(tcp(flags="A", seq=1, ack=1))),
    ("RST without a session", "tcp_no_session", ip4(tcp(flags="R", seq=1))),
    ("an echo reply nobody asked for", "icmp_unsolicited", ip4(ICMP(type=0, id=7, seq=1) / (b"x" * 32))),
    (
        "an ICMP error about a session that is not there",
        "icmp_error_no_session",
        ip4(ICMP(type=3, code=3) / IP(src=SERVER, dst=CLIENT) / UDP(sport=1000, dport=2000) / b"12345678"),
    ),
    ("an ICMP redirect", "icmp_type_denied", ip4(ICMP(type=5, code=1, gw=BOX) / IP(src=CLIENT, dst=SERVER) / udp())),
    # IPv6.
    ("half an IPv6 header", "ipv6_header_bad", cut(ip6(udp()), IP_AT + 20)),
    ("IP version 4 under IPv6's EtherType", "ipv6_header_bad", patched(ip6(udp()), IP_AT, b"\x40")),
    ("IPv6 payload length beyond the frame", "ip_length_bad", ip6(udp(), plen=500)),
    ("IPv6 source equals destination", "land", ip6(tcp(), src=SERVER6)),
    ("an IPv6 multicast source", "martian", ip6(udp(), src="ff02::1")),
    ("IPv6 source ::1", "martian", ip6(udp(), src="::1")),
    ("the box's own IPv6 address as source", "source_is_ours", ip6(udp(), src=BOX6)),
    ("an IPv6 source from the other side", "reverse_path", ip6(udp(), src="fd00:2::77")),
    ("routing header type 0", "ipv6_routing_header", ip6(IPv6ExtHdrRouting(addresses=[BOX6], segleft=1) / udp())),
    ("hop-by-hop options behind another header", "ipv6_extension_bad", ip6(IPv6ExtHdrDestOpt() / IPv6ExtHdrHopByHop() / udp())),
    ("a chain of twenty extension headers", "ipv6_extension_bad", None),
    ("a fragment whose first part never came", "fragment_non_first", ip6(fragment(offset=100, m=0) / (b"x" * 64), nh=44)),
    ("a first fragment of 8 bytes of TCP", "fragment_bad", ip6(fragment(nh=6, offset=0, m=1) / Raw(bytes(tcp())[:8]), nh=44)),
    ("a fragment header on a whole packet", "fragment_atomic", ip6(fragment(offset=0, m=0) / udp(), nh=44)),
    ("SYN+FIN over IPv6", "tcp_flags_bad", ip6(tcp(flags="SF"))),
    ("a wrong TCP checksum over IPv6", "l4_checksum_bad", ip6(tcp(chksum=0x1234))),
    # To the box itself.
    ("ARP with a hardware address of 4 bytes", "arp_bad", ether(type=0x0806) / ARP(hwlen=4, pdst=BOX, psrc=CLIENT)),
    ("ARP for somebody else", "arp_not_for_us", ether(dst="ff:ff:ff:ff:ff:ff", type=0x0806) / ARP(pdst="10.0.1.77", psrc=CLIENT)),
    ("neighbour solicitation from beyond the link", "nd_bad", ip6(ICMPv6ND_NS(tgt=BOX6), dst=BOX6, hlim=64)),
]


def twenty_headers():
    payload = udp()
    for _ in range(20):
        payload = IPv6ExtHdrDestOpt() / payload
    return ip6(payload)


def zero_length_option():
    """A TCP option 254 whose length byte says 0; scapy would correct it, so the bytes are put in by hand."""
    frame = ip4(tcp(options=[("NOP", None)] * 4))
    del frame[TCP].chksum
    data = bytearray(bytes(frame))
    data[TCP_AT + 20 : TCP_AT + 24] = b"\xfe\x00\x00\x00"
    data[TCP_AT + 16 : TCP_AT + 18] = b"\x00\x00"
    segment = bytes(data[TCP_AT:])
    pseudo = bytes(data[IP_AT + 12 : IP_AT + 20]) + struct.pack("!BBH", 0, 6, len(segment))
    data[TCP_AT + 16 : TCP_AT + 18] = struct.pack("!H", checksum(pseudo + segment))
    return bytes(data)


def checksum(data):
    if len(data) % 2:
        data += b"\0"
    total = sum(struct.unpack(f"!{len(data) // 2}H", data))
    while total >> 16:
        total = (total & 0xFFFF) + (total >> 16)
    return ~total & 0xFFFF


BY_HAND = {
    "a TCP option of length 0": zero_length_option,
    "a chain of twenty extension headers": twenty_headers,
}


def main():
    socket = conf.L2socket(iface=interface)
    for case, reason, frame in CASES:
        data = bytes(BY_HAND[case]() if case in BY_HAND else frame)
        for _ in range(COPIES):
            socket.send(Raw(data))
        print(json.dumps({"case": case, "reason": reason, "packets": COPIES}))


main()
