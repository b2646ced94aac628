"""HSRP on the wire, versions 1 and 2, written from the RFCs and from captures of routers, not from Holdfast's code.

scapy knows version 1 only (scapy.layers.hsrp); version 2's type-length-value fields are made and read here as bytes.
"""

import hashlib
import socket
import struct

from scapy.all import IP, UDP, Ether, Raw
from scapy.layers.hsrp import HSRP, HSRPmd5

PORT = 1985
OPCODES = {0: "hello", 1: "coup", 2: "resign", 3: "advertise"}
STATES = {
    1: {0: "init", 1: "learn", 2: "listen", 4: "speak", 8: "standby", 16: "active"},
    2: {0: "disabled", 1: "init", 2: "learn", 3: "listen", 4: "speak", 5: "standby", 6: "active"},
}
GROUP_ADDRESS = {1: "224.0.0.2", 2: "224.0.0.102"}
GROUP_MAC = {1: "01:00:5e:00:00:02", 2: "01:00:5e:00:00:66"}
DIGEST_BYTES = 16


def code(table, name):
    return next(number for number, known in table.items() if known == name)


def virtual_mac(version, group):
    if version == 1:
        return "00:00:0c:07:ac:%02x" % group
    return "00:00:0c:9f:f%x:%02x" % (group >> 8, group & 0xFF)


def md5(key, message):
    """RFC 1828: MD5 over the padded key, the message with a zero digest, and the key."""
    padded = key + b"\x80"
    padded += bytes(-(len(padded) + 8) % 64) + struct.pack("<Q", 8 * len(key))
    return hashlib.md5(padded + message + key).digest()


class Authentication:
    """`none`, `text:WORD` or `md5:KEY`. None is the protocol's default, the text `cisco`."""

    def __init__(self, words):
        kind, _, secret = words.partition(":")
        self.text = {"none": b"cisco", "text": secret.encode(), "md5": b""}[kind].ljust(8, b"\0")
        self.key = secret.encode() if kind == "md5" else None


def md5_field(address):
    """Type 4, length 28, algorithm 1, no flags, key id 0, and a digest still zero."""
    return struct.pack("!BBBBH", 4, 28, 1, 0, 0) + socket.inet_aton(address) + bytes(4 + DIGEST_BYTES)


def build(version, opcode, state, priority, group, virtual, address, mac, authentication, hello_ms, hold_ms):
    """The UDP payload of one packet."""
    if version == 1:
        body = bytes(
            HSRP(
                opcode=code(OPCODES, opcode), state=code(STATES[1], state), priority=priority, group=group,
                hellotime=max(1, hello_ms // 1000), holdtime=max(3, hold_ms // 1000), virtualIP=virtual,
                auth=authentication.text,
            )
        )
        assert len(body) == 20
    else:
        body = struct.pack("!BBBBBBH", 1, 40, 2, code(OPCODES, opcode), code(STATES[2], state), 4, group)
        body += bytes.fromhex(mac.replace(":", "")) + struct.pack("!III", priority, hello_ms, hold_ms)
        body += socket.inet_aton(virtual).ljust(16, b"\0")
        if authentication.key is None:
            body += struct.pack("!BB", 3, 8) + authentication.text
    if authentication.key is not None:
        body += md5_field(address)
        body = body[:-DIGEST_BYTES] + md5(authentication.key, body)
    return body


def frame(version, payload, source_mac, address):
    packet = Ether(src=source_mac, dst=GROUP_MAC[version])
    packet /= IP(src=address, dst=GROUP_ADDRESS[version], ttl={1: 1, 2: 255}[version], tos=0xC0)
    return bytes(packet / UDP(sport=PORT, dport=PORT) / Raw(payload))


def fields_v1(payload, problems):
    message = HSRP(payload[:20])
    # The layer asks its UDP layer whether MD5 follows; here the length says it.
    read = {
        "opcode": OPCODES.get(message.opcode), "state": STATES[1].get(message.state), "priority": message.priority,
        "group": message.group, "virtual": message.virtualIP, "text": message.auth.hex(),
    }
    if message.version != 0:
        problems.append("version field %d" % message.version)
    if bytes(HSRP(bytes(message))) != payload[:20]:
        problems.append("scapy builds other bytes from what it read")
    rest = payload[20:]
    if rest:
        digest = HSRPmd5(rest)
        if len(rest) != 30 or (digest.type, digest.len, digest.algo, digest.flags) != (4, 28, 1, 0):
            problems.append("MD5 field: " + rest.hex())
        read["signer"], read["digest"] = digest.sourceip, digest.authdigest
    return read


def fields_v2(payload, problems):
    read = {}
    while payload:
        kind, length = payload[0], payload[1]
        value, payload = payload[2 : 2 + length], payload[2 + length :]
        if len(value) != length:
            problems.append("field %d ends early" % kind)
        elif kind == 1 and length == 40:
            version, opcode, state, family, group = struct.unpack("!BBBBH", value[:6])
            priority, read["hello_ms"], read["hold_ms"] = struct.unpack("!III", value[12:24])
            read.update(
                opcode=OPCODES.get(opcode), state=STATES[2].get(state), group=group, priority=priority,
                identifier=value[6:12].hex(":"), virtual=socket.inet_ntoa(value[24:28]),
            )
            if (version, family) != (2, 4) or any(value[28:]):
                problems.append("group state: " + value.hex())
        elif kind == 2 and length == 4:
            read.setdefault("opcode", "advertise")
        elif kind == 3 and length == 8:
            read["text"] = value.hex()
        elif kind == 4 and length == 28:
            if value[:4] != b"\x01\0\0\0":
                problems.append("MD5 field: " + value.hex())
            read["signer"], read["digest"] = socket.inet_ntoa(value[4:8]), value[12:]
        else:
            problems.append("field %d of length %d" % (kind, length))
    return read


def read(raw, version, authentication):
    """What a frame says, with what is wrong with it under `problems`; None when it is no HSRP."""
    packet = Ether(raw)
    if UDP not in packet or packet[UDP].dport != PORT:
        return None
    ip, udp, problems = packet[IP], packet[UDP], []
    payload = bytes(udp.payload)[: udp.len - 8]
    said = (fields_v1 if version == 1 else fields_v2)(payload, problems)
    said.update(source=ip.src, source_mac=packet.src, problems=problems)
    if said.get("opcode") == "advertise":
        return said
    for what, is_, should in [
        ("destination", ip.dst, GROUP_ADDRESS[version]), ("destination MAC", packet.dst, GROUP_MAC[version]),
        ("TTL", ip.ttl, {1: 1, 2: 255}[version]), ("ToS", ip.tos, 0xC0), ("source port", udp.sport, PORT),
        ("opcode and state known", None in (said.get("opcode"), said.get("state")), False),
    ]:
        if is_ != should:
            problems.append("%s %s, not %s" % (what, is_, should))
    for layer, name in [(IP, "IP"), (UDP, "UDP")]:
        again = packet.copy()
        del again[layer].chksum
        if Ether(bytes(again))[layer].chksum != packet[layer].chksum:
            problems.append(name + " checksum")
    if authentication.key is None:
        if "digest" in said or said.get("text") != authentication.text.hex():
            problems.append("authentication text " + str(said.get("text")))
    elif "digest" not in said or any(bytes.fromhex(said.get("text", ""))):
        problems.append("no MD5 field, or text beside it")
    else:
        zeroed = payload[:-DIGEST_BYTES] + bytes(DIGEST_BYTES)
        said["authentic"] = md5(authentication.key, zeroed) == said["digest"]
        if not said["authentic"]:
            problems.append("digest")
        if said["signer"] != ip.src:
            problems.append("signed by %s, sent by %s" % (said["signer"], ip.src))
    said.pop("digest", None)
    return said
