"""Attacks the HA link from the cable of the box whose namespace it runs in.

usage: ha_forge.py INTERFACE PORT SEED

Listens to what this box sends to its peer, then sends it all again: unchanged, with one bit flipped, cut short, and
grown; and datagrams of random bytes, from the right port and from a wrong one. Prints as JSON how many of each went out.
"""

import json
import random
import sys
import time

from scapy.all import IP, UDP, AsyncSniffer, Ether, Raw, conf, get_if_hwaddr

LISTEN_S, COPIED_MAX, RANDOM = 2.0, 200, 500
# UDP payload that an MTU of 1,500 leaves.
LONGEST = 1472

interface, port, seed = sys.argv[1], int(sys.argv[2]), int(sys.argv[3])
dice = random.Random(seed)
mac = get_if_hwaddr(interface)
sniffer = AsyncSniffer(iface=interface, filter="udp port %d" % port, lfilter=lambda p: p.src == mac and UDP in p)
sniffer.start()
time.sleep(LISTEN_S)
heard = sniffer.stop()[:COPIED_MAX]
sent = dict.fromkeys(["replayed", "flipped", "cut", "grown", "random", "stranger"], 0)
if not heard:
    sys.exit("nothing heard on %s" % interface)
link = conf.L2socket(iface=interface)
model = heard[0]


def send(kind, payload, sport=None):
    packet = Ether(src=model.src, dst=model.dst) / IP(src=model[IP].src, dst=model[IP].dst)
    link.send(packet / UDP(sport=model[UDP].sport if sport is None else sport, dport=port) / Raw(payload))
    sent[kind] += 1


for packet in heard:
    payload = bytes(packet[UDP].payload)
    send("replayed", payload)
    flipped = bytearray(payload)
    flipped[dice.randrange(len(flipped))] ^= 1 << dice.randrange(8)
    send("flipped", bytes(flipped))
    send("cut", payload[: dice.randrange(len(payload))])
    # A path MTU probe is as long as the link takes, and cannot grow.
    if len(payload) < LONGEST:
        send("grown", payload + b"\0")
for _ in range(RANDOM):
    length = dice.choice([0, 1, 7, 8, 15, 16, 17, 31, 32, 33, 48, 64, 96, 128, 500, 1400])
    send("random", dice.randbytes(length))
    # A first byte of a known kind gets further.
    send("random", bytes([dice.randrange(8)]) + dice.randbytes(length))
    send("stranger", bytes(heard[dice.randrange(len(heard))][UDP].payload), sport=port + 1)
print(json.dumps(sent))
