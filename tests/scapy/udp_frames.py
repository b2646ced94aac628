"""Sends UDP packets to a MAC address of one's choice.

usage: udp_frames.py INTERFACE SOURCE_MAC DESTINATION_MAC SOURCE:PORT DESTINATION:PORT COUNT
"""

import sys

from scapy.all import IP, UDP, Ether, sendp

interface, source_mac, destination_mac, source, destination, count = sys.argv[1:]
(source, sport), (destination, dport) = source.split(":"), destination.split(":")
packet = Ether(src=source_mac, dst=destination_mac) / IP(src=source, dst=destination)
packet /= UDP(sport=int(sport), dport=int(dport)) / b"unasked"
sendp(packet, iface=interface, count=int(count), inter=0.002, verbose=False)
