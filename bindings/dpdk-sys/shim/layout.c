/*
 * The one DPDK struct whose fields Rust reads by itself is the mbuf: a call per field costs two to three
 * cycles, per packet. Here the installed header is held against the mirror in src/mbuf.rs; a release that
 * moves a field stops the build, and never reads a wrong byte.
 */
#include "shim.h"

#include <stddef.h>

#include <rte_mbuf.h>

#define FIELD(field, offset, bytes)                                                                          \
	_Static_assert(offsetof(struct rte_mbuf, field) == (offset), "rte_mbuf." #field " has moved");       \
	_Static_assert(sizeof(((struct rte_mbuf *)0)->field) == (bytes), "rte_mbuf." #field " has resized")

FIELD(buf_addr, 0, 8);
FIELD(data_off, 16, 2);
FIELD(refcnt, 18, 2);
FIELD(nb_segs, 20, 2);
FIELD(port, 22, 2);
FIELD(ol_flags, 24, 8);
FIELD(packet_type, 32, 4);
FIELD(pkt_len, 36, 4);
FIELD(data_len, 40, 2);
FIELD(vlan_tci, 42, 2);
FIELD(hash.rss, 44, 4);
FIELD(vlan_tci_outer, 52, 2);
FIELD(buf_len, 54, 2);
FIELD(pool, 56, 8);
_Static_assert(sizeof(struct rte_mbuf) == 128, "rte_mbuf has resized");

_Static_assert(RTE_MBUF_F_RX_RSS_HASH == 1ull << 1, "RX_RSS_HASH differs from src/mbuf.rs");
_Static_assert(RTE_MBUF_F_RX_L4_CKSUM_MASK == (1ull << 3 | 1ull << 8), "RX_L4_CKSUM_MASK differs");
_Static_assert(RTE_MBUF_F_RX_L4_CKSUM_BAD == 1ull << 3, "RX_L4_CKSUM_BAD differs");
_Static_assert(RTE_MBUF_F_RX_L4_CKSUM_GOOD == 1ull << 8, "RX_L4_CKSUM_GOOD differs");
