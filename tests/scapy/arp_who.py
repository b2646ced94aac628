"""Asks who has an address and lists every answer, not only the first.

usage: arp_who.py INTERFACE OWN_ADDRESS ADDRESS REQUESTS

Prints one JSON object an answer: the Ethernet source, and the MAC address it gives.
"""

import json
import sys
import time

from scapy.all import ARP, AsyncSniffer, Ether, get_if_hwaddr, sendp

INTERVAL_S, LISTEN_S = 0.1, 1.0

interface, own, address, requests = sys.argv[1:4] + [int(sys.argv[4])]
mac = get_if_hwaddr(interface)
sniffer = AsyncSniffer(iface=interface, filter="arp[6:2] = 2", lfilter=lambda p: ARP in p and p[ARP].psrc == address)
sniffer.start()
# The sniffer is a thread; a request that nobody hears the answer of would look like silence.
deadline = time.monotonic() + 10
while not getattr(sniffer, "running", False) and time.monotonic() < deadline:
    time.sleep(0.01)
time.sleep(0.2)
who = Ether(src=mac, dst="ff:ff:ff:ff:ff:ff") / ARP(op=1, hwsrc=mac, psrc=own, pdst=address)
sendp(who, iface=interface, count=requests, inter=INTERVAL_S, verbose=False)
time.sleep(LISTEN_S)
for answer in sniffer.stop():
    if answer[ARP].hwdst == mac:
        print(json.dumps({"source_mac": answer.src, "gives": answer[ARP].hwsrc}))
