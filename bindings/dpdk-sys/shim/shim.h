/*
 * What Rust calls. Off the packet path everything is fixed-width types and the plain structs below, so that
 * nothing on the Rust side depends on the layout of a DPDK struct of one release. Functions return 0 (or a
 * count) on success and a negative errno otherwise, also where DPDK itself returns -1 and sets rte_errno.
 *
 * Each struct's size is asserted here and, with the same number, in src/. A change on one side alone does not
 * compile.
 */
#ifndef HOLDFAST_DPDK_SHIM_H
#define HOLDFAST_DPDK_SHIM_H

#include <rte_config.h>

#include <stdint.h>

struct rte_mbuf;
struct rte_mempool;
struct rte_acl_ctx;
struct rte_fib;
struct rte_fib6;

/* eal.c */
int32_t hf_eal_init(int32_t argc, char **argv);
int32_t hf_eal_cleanup(void);
const char *hf_version(void);
const char *hf_runtime_dir(void);
const char *hf_strerror(int32_t err);
int32_t hf_log_level_all(uint32_t level);
int32_t hf_log_level_pattern(const char *pattern, uint32_t level);
int32_t hf_thread_register(void);
void hf_thread_unregister(void);
uint32_t hf_lcore_id(void);
int32_t hf_pin_current(uint32_t core);
uint64_t hf_tsc(void);
uint64_t hf_tsc_hz(void);

/* mbuf.c */
struct rte_mempool *hf_pool_create(const char *name, uint32_t mbufs, uint32_t cache, uint16_t data_room,
				   int32_t socket, int32_t *err);
void hf_pool_free(struct rte_mempool *pool);
uint32_t hf_pool_available(const struct rte_mempool *pool);
uint32_t hf_pool_size(const struct rte_mempool *pool);
uint32_t hf_pool_cache_max(void);
uint16_t hf_headroom(void);
struct rte_mbuf *hf_mbuf_alloc(struct rte_mempool *pool);
int32_t hf_mbuf_alloc_bulk(struct rte_mempool *pool, struct rte_mbuf **out, uint32_t count);
void hf_mbuf_free(struct rte_mbuf *mbuf);
void hf_mbuf_free_bulk(struct rte_mbuf **mbufs, uint32_t count);
int32_t hf_mbuf_linearize(struct rte_mbuf *mbuf);
void hf_mbuf_truncate_chain(struct rte_mbuf *mbuf, uint32_t length);
uint16_t hf_rx_burst(uint16_t port, uint16_t queue, struct rte_mbuf **out, uint16_t max);
uint16_t hf_tx_burst(uint16_t port, uint16_t queue, struct rte_mbuf **mbufs, uint16_t count);

/* port.c */
#define HF_NAME_BYTES 64

struct hf_port_info {
	char driver[HF_NAME_BYTES];
	char device[HF_NAME_BYTES];
	uint32_t rss_supported; /* 1: the device can spread TCP or UDP or IP by hash */
	uint32_t if_index;      /* kernel interface behind the port, 0 for none */
	uint32_t mac_addresses_max;
	int32_t socket;
	uint16_t mtu;
	uint16_t mtu_min;
	uint16_t mtu_max;
	uint16_t rx_queues_max;
	uint16_t tx_queues_max;
	uint16_t rx_descriptors_max;
	uint16_t tx_descriptors_max;
	uint16_t reta_entries;
	uint8_t hash_key_bytes;
	uint8_t promiscuous;
	uint8_t mac[6];
};
_Static_assert(sizeof(struct hf_port_info) == 168, "hf_port_info differs from src/port.rs");

struct hf_link {
	uint32_t speed_mbps; /* UINT32_MAX: unknown */
	uint8_t up;
	uint8_t full_duplex;
	uint8_t autoneg;
	uint8_t pad;
};
_Static_assert(sizeof(struct hf_link) == 8, "hf_link differs from src/port.rs");

int32_t hf_port_probe(const char *devargs, uint64_t owner, uint16_t *port);
int32_t hf_port_owner_new(uint64_t *owner);
int32_t hf_port_detach(uint16_t port);
int32_t hf_port_info(uint16_t port, struct hf_port_info *out);
int32_t hf_port_start(uint16_t port);
int32_t hf_port_stop(uint16_t port);
int32_t hf_port_promiscuous(uint16_t port, uint8_t on);
int32_t hf_port_mac_add(uint16_t port, const uint8_t *mac);
int32_t hf_port_mac_remove(uint16_t port, const uint8_t *mac);
int32_t hf_port_link(uint16_t port, struct hf_link *out);
int32_t hf_port_is_removed(uint16_t port);
int32_t hf_port_watch_removal(uint16_t port, uint8_t *flag);
int32_t hf_port_unwatch_removal(uint16_t port, uint8_t *flag);

/* configure.c */
struct hf_port_request {
	const uint8_t *rss_key; /* NULL: no RSS */
	uint16_t rx_queues;
	uint16_t tx_queues;
	uint16_t mtu;
	uint8_t rss_key_bytes;
	uint8_t rx_checksum; /* 1: verify L4 checksums on receive where the device can */
};
_Static_assert(sizeof(struct hf_port_request) == 16, "hf_port_request differs from src/port.rs");

int32_t hf_port_configure(uint16_t port, const struct hf_port_request *request);
int32_t hf_port_adjust_descriptors(uint16_t port, uint16_t *rx, uint16_t *tx);
int32_t hf_port_rx_queue(uint16_t port, uint16_t queue, uint16_t descriptors, struct rte_mempool *pool);
int32_t hf_port_tx_queue(uint16_t port, uint16_t queue, uint16_t descriptors);
int32_t hf_port_set_mtu(uint16_t port, uint16_t mtu);
int32_t hf_port_reta(uint16_t port, uint16_t entries, const uint8_t *pattern, uint16_t pattern_entries);

/* counters.c */
struct hf_stats {
	uint64_t rx_packets;
	uint64_t tx_packets;
	uint64_t rx_bytes;
	uint64_t tx_bytes;
	uint64_t rx_missed;
	uint64_t rx_errors;
	uint64_t tx_errors;
	uint64_t rx_no_mbuf;
};
_Static_assert(sizeof(struct hf_stats) == 64, "hf_stats differs from src/port.rs");

struct hf_xstat {
	char name[HF_NAME_BYTES];
	uint64_t value;
};
_Static_assert(sizeof(struct hf_xstat) == 72, "hf_xstat differs from src/port.rs");

int32_t hf_port_stats(uint16_t port, struct hf_stats *out);
int32_t hf_port_stats_reset(uint16_t port);
int32_t hf_port_xstats_count(uint16_t port);
int32_t hf_port_xstats(uint16_t port, struct hf_xstat *out, uint32_t capacity);
int32_t hf_port_xstats_reset(uint16_t port);

/* acl.c */
struct hf_acl_key {
	uint8_t protocol;
	uint8_t pad[3];
	uint8_t zones[4]; /* from and to, each a big-endian 16-bit number */
	uint8_t source[16];
	uint8_t destination[16];
	uint8_t ports[4]; /* source and destination, big endian */
};
_Static_assert(sizeof(struct hf_acl_key) == 44, "hf_acl_key differs from src/acl.rs");

struct hf_acl_rule {
	uint32_t source[4]; /* host order, most significant word first; IPv4 in word 0 */
	uint32_t destination[4];
	uint32_t userdata;
	int32_t priority;
	uint16_t source_port_low;
	uint16_t source_port_high;
	uint16_t destination_port_low;
	uint16_t destination_port_high;
	uint8_t source_bits;
	uint8_t destination_bits;
	uint8_t protocol;
	uint8_t protocol_mask;
	uint8_t from;
	uint8_t from_mask;
	uint8_t to;
	uint8_t to_mask;
};
_Static_assert(sizeof(struct hf_acl_rule) == 56, "hf_acl_rule differs from src/acl.rs");

struct rte_acl_ctx *hf_acl_create(const char *name, uint8_t ipv6, uint32_t rules_max, int32_t *err);
int32_t hf_acl_add(struct rte_acl_ctx *acl, uint8_t ipv6, const struct hf_acl_rule *rule);
int32_t hf_acl_build(struct rte_acl_ctx *acl, uint8_t ipv6, uint64_t bytes_max);
int32_t hf_acl_classify(const struct rte_acl_ctx *acl, const struct hf_acl_key **keys, uint32_t *out,
			uint32_t count);
int32_t hf_acl_priority_max(void);
void hf_acl_free(struct rte_acl_ctx *acl);

/* fib.c: kind 0 is the plain tree, kind 1 the table made for speed (DIR-24-8, or the trie for IPv6) */
struct rte_fib *hf_fib_create(const char *name, uint8_t kind, uint32_t routes_max, uint32_t tbl8_groups,
			      uint64_t no_route, int32_t *err);
int32_t hf_fib_add(struct rte_fib *fib, uint32_t prefix, uint8_t bits, uint64_t next_hop);
int32_t hf_fib_delete(struct rte_fib *fib, uint32_t prefix, uint8_t bits);
int32_t hf_fib_lookup(struct rte_fib *fib, const uint32_t *addresses, uint64_t *out, uint32_t count);
void hf_fib_free(struct rte_fib *fib);
struct rte_fib6 *hf_fib6_create(const char *name, uint8_t kind, uint32_t routes_max, uint32_t tbl8_groups,
				uint64_t no_route, int32_t *err);
int32_t hf_fib6_add(struct rte_fib6 *fib, const uint8_t *prefix, uint8_t bits, uint64_t next_hop);
int32_t hf_fib6_delete(struct rte_fib6 *fib, const uint8_t *prefix, uint8_t bits);
int32_t hf_fib6_lookup(struct rte_fib6 *fib, const uint8_t (*addresses)[16], uint64_t *out, uint32_t count);
void hf_fib6_free(struct rte_fib6 *fib);

#endif
