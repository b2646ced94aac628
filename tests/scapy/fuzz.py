"""Sends random and mutated frames to the box: whatever they are, it must go on.

usage: fuzz.py INTERFACE BOX_MAC SEED COUNT

The same seed sends the same frames. A third is noise behind a correct Ethernet header, the rest are good packets of
every kind the box parses with a few bytes changed, cut, or repeated.
"""

import random
import socket
import sys

from scapy.all import ARP, ICMP, IP, TCP, UDP, Ether, IPv6, get_if_addr, get_if_hwaddr
from scapy.layers.inet6 import (
    ICMPv6DestUnreach,
    ICMPv6EchoRequest,
    ICMPv6ND_NA,
    ICMPv6ND_NS,
    ICMPv6PacketTooBig,
    IPv6ExtHdrDestOpt,
    IPv6ExtHdrFragment,
    IPv6ExtHdrHopByHop,
    IPv6ExtHdrRouting,
)

ETHERTYPES = [b"\x08\x00", b"\x86\xdd", b"\x08\x06", b"\x81\x00", b"\x88\xa8", b"\x00\x2e"]

# Bytes that sit on the edges of length and offset fields.
EDGES = [0x00, 0x01, 0x04, 0x05, 0x0F, 0x3F, 0x40, 0x45, 0x4F, 0x60, 0x7F, 0x80, 0xF0, 0xFF]


def templates(own_mac, box_mac, own_address):
    inside = own_address.startswith("10.0.1.")
    peer, box = ("10.0.2.9", "10.0.1.2") if inside else ("10.0.1.5", "10.0.2.2")
    own6, peer6, box6 = ("fd00:1::5", "fd00:2::9", "fd00:1::2") if inside else ("fd00:2::9", "fd00:1::5", "fd00:2::2")
    ether = Ether(src=own_mac, dst=box_mac)
    ip, ip6 = IP(src=own_address, dst=peer), IPv6(src=own6, dst=peer6)
    quoted, quoted6 = IP(src=peer, dst=own_address) / UDP(sport=1, dport=2), IPv6(src=peer6, dst=own6) / UDP(sport=1, dport=2)
    options = [("MSS", 1460), ("SAckOK", b""), ("Timestamp", (1, 0)), ("WScale", 7)]
    packets = [
        ip / TCP(sport=1025, dport=80, flags="S", options=options),
        ip / TCP(sport=1025, dport=80, flags="A", seq=1, ack=1) / (b"x" * 100),
        ip / UDP(sport=1026, dport=53) / (b"q" * 40),
        ip / ICMP() / (b"p" * 40),
        ip / ICMP(type=3, code=4, nexthopmtu=1200) / quoted / b"12345678",
        IP(src=own_address, dst=peer, flags="MF", id=9) / UDP(sport=1, dport=2, len=2000) / (b"f" * 512),
        IP(src=own_address, dst=peer, frag=65, id=9, proto=17) / (b"f" * 512),
        IP(src=own_address, dst=box) / ICMP() / b"box",
        ip6 / TCP(sport=1025, dport=80, flags="S", options=options),
        ip6 / UDP(sport=1026, dport=53) / (b"q" * 40),
        ip6 / ICMPv6EchoRequest() / (b"p" * 40),
        ip6 / ICMPv6PacketTooBig(mtu=1280) / quoted6 / b"12345678",
        ip6 / ICMPv6DestUnreach() / quoted6 / b"12345678",
        ip6 / IPv6ExtHdrHopByHop() / IPv6ExtHdrDestOpt() / UDP(sport=1, dport=2) / b"e",
        ip6 / IPv6ExtHdrRouting(addresses=[box6]) / UDP(sport=1, dport=2) / b"e",
        ip6 / IPv6ExtHdrFragment(m=1, id=3) / UDP(sport=1, dport=2) / (b"f" * 64),
        IPv6(src=own6, dst=box6, hlim=255) / ICMPv6ND_NS(tgt=box6),
        IPv6(src=own6, dst=box6, hlim=255) / ICMPv6ND_NA(tgt=own6),
    ]
    frames = [bytes(ether / packet) for packet in packets]
    frames.append(bytes(ether / ARP(psrc=own_address, pdst=box, hwsrc=own_mac)))
    return frames


def noise(rng, header):
    return header + rng.choice(ETHERTYPES) + rng.randbytes(rng.choice([0, 1, 7, 20, 40, 64, 200, 1500]))


def mutated(rng, frame):
    data = bytearray(frame)
    for _ in range(rng.randint(1, 4)):
        at = rng.randrange(12, len(data))
        data[at] = rng.choice(EDGES) if rng.random() < 0.5 else rng.randrange(256)
    change = rng.random()
    if change < 0.2:
        del data[rng.randrange(14, len(data)) :]
    elif change < 0.3:
        at = rng.randrange(14, len(data))
        data[at:at] = data[at : at + rng.randint(1, 32)]
    return bytes(data[:1514])


def main():
    interface, box_mac, seed, count = sys.argv[1], sys.argv[2], sys.argv[3], int(sys.argv[4])
    rng = random.Random(seed)
    own_mac = get_if_hwaddr(interface)
    frames = templates(own_mac, box_mac, get_if_addr(interface))
    header = frames[0][:12]
    raw = socket.socket(socket.AF_PACKET, socket.SOCK_RAW)
    raw.bind((interface, 0))
    for _ in range(count):
        raw.send(noise(rng, header) if rng.random() < 1 / 3 else mutated(rng, rng.choice(frames)))


main()
