"""An HSRP router in the place of the other box, told what to say line by line.

usage: hsrp_speaker.py VERSION AUTHENTICATION INTERFACE,ADDRESS,GROUP,VIRTUAL...

AUTHENTICATION is none, text:WORD or md5:KEY. Commands on standard input, for all interfaces together:

    hello STATE PRIORITY    from now on a hello each 250 ms, the first at once
    silent                  no more hellos
    coup PRIORITY           one Coup
    resign PRIORITY         one Resign
    key AUTHENTICATION      another authentication for what is sent from now on
    quit

Everything heard on the interfaces comes out as one JSON object a line. The script decides nothing by itself: what the
box must do about each message is the test's to say.
"""

import json
import select
import socket
import sys
import time

from scapy.all import get_if_hwaddr

import hsrp_wire

HELLO_S, HELLO_MS, HOLD_MS = 0.25, 250, 800
ETH_P_IP, PACKET_OUTGOING = 0x0800, 4

version = int(sys.argv[1])
listens = sends = hsrp_wire.Authentication(sys.argv[2])


class Link:
    def __init__(self, words):
        self.interface, self.address, group, self.virtual = words.split(",")
        self.group, self.mac = int(group), get_if_hwaddr(self.interface)
        self.socket = socket.socket(socket.AF_PACKET, socket.SOCK_RAW, socket.htons(ETH_P_IP))
        self.socket.bind((self.interface, ETH_P_IP))

    def say(self, opcode, state, priority):
        payload = hsrp_wire.build(
            version, opcode, state, priority, self.group, self.virtual, self.address, self.mac, sends, HELLO_MS, HOLD_MS
        )
        # As a router does: the virtual MAC speaks while it is active.
        mac = hsrp_wire.virtual_mac(version, self.group) if (opcode, state) == ("hello", "active") else self.mac
        self.socket.send(hsrp_wire.frame(version, payload, mac, self.address))

    def hear(self):
        raw, where = self.socket.recvfrom(4096)
        said = None if where[2] == PACKET_OUTGOING else hsrp_wire.read(raw, version, listens)
        if said is not None:
            print(json.dumps({"interface": self.interface, **said}), flush=True)


links = [Link(words) for words in sys.argv[3:]]
hello, due, state = None, 0.0, "speak"
pending = b""
print(json.dumps({"ready": True}), flush=True)
while True:
    wait = None if hello is None else max(0.0, due - time.monotonic())
    ready, _, _ = select.select([sys.stdin.fileno(), *(link.socket for link in links)], [], [], wait)
    for link in links:
        if link.socket in ready:
            link.hear()
    if sys.stdin.fileno() in ready:
        read = sys.stdin.buffer.raw.read(4096)
        if not read:
            sys.exit(0)
        *lines, pending = (pending + read).split(b"\n")
        for words in (line.decode().split() for line in lines):
            if words[0] == "hello":
                hello, due, state = int(words[2]), 0.0, words[1]
            elif words[0] == "silent":
                hello = None
            elif words[0] in ("coup", "resign"):
                for link in links:
                    link.say(words[0], state, int(words[1]))
            elif words[0] == "key":
                sends = hsrp_wire.Authentication(words[1])
            elif words[0] == "quit":
                sys.exit(0)
            else:
                sys.exit("unknown command: " + " ".join(words))
    if hello is not None and time.monotonic() >= due:
        for link in links:
            link.say("hello", state, hello)
        due = max(due + HELLO_S, time.monotonic() + HELLO_S / 2)
