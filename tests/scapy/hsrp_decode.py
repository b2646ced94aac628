"""Reads captures and says what every HSRP frame in them is, and what is wrong with it.

usage: hsrp_decode.py VERSION AUTHENTICATION FILE...

One JSON object a line; a correct frame has no problems. AUTHENTICATION is none, text:WORD or md5:KEY.
"""

import json
import sys

from scapy.all import RawPcapReader

import hsrp_wire

version, authentication = int(sys.argv[1]), hsrp_wire.Authentication(sys.argv[2])
for file in sys.argv[3:]:
    for raw, _ in RawPcapReader(file):
        said = hsrp_wire.read(raw, version, authentication)
        if said is not None:
            print(json.dumps(said))
