/*
 * DPDK 24.11 gave IPv6 addresses a struct of their own where 22.11 takes arrays of 16 bytes. Both are the same
 * 16 bytes, and C turns a `void *` into either, so addresses pass through one here.
 */
#include "shim.h"

#include <errno.h>
#include <string.h>

#include <rte_errno.h>
#include <rte_fib.h>
#include <rte_fib6.h>
#include <rte_memory.h>

struct rte_fib *hf_fib_create(const char *name, uint8_t kind, uint32_t routes_max, uint32_t tbl8_groups,
			      uint64_t no_route, int32_t *err)
{
	struct rte_fib_conf conf;
	struct rte_fib *fib;

	memset(&conf, 0, sizeof(conf));
	conf.type = kind == 0 ? RTE_FIB_DUMMY : RTE_FIB_DIR24_8;
	conf.default_nh = no_route;
	conf.max_routes = routes_max;
	if (kind != 0) {
		conf.dir24_8.nh_sz = RTE_FIB_DIR24_8_4B;
		conf.dir24_8.num_tbl8 = tbl8_groups;
	}
	fib = rte_fib_create(name, SOCKET_ID_ANY, &conf);
	*err = fib != NULL ? 0 : rte_errno > 0 ? -rte_errno : -ENOMEM;
	return fib;
}

int32_t hf_fib_add(struct rte_fib *fib, uint32_t prefix, uint8_t bits, uint64_t next_hop)
{
	return rte_fib_add(fib, prefix, bits, next_hop);
}

int32_t hf_fib_delete(struct rte_fib *fib, uint32_t prefix, uint8_t bits)
{
	return rte_fib_delete(fib, prefix, bits);
}

int32_t hf_fib_lookup(struct rte_fib *fib, const uint32_t *addresses, uint64_t *out, uint32_t count)
{
	return rte_fib_lookup_bulk(fib, (uint32_t *)(uintptr_t)addresses, out, count);
}

void hf_fib_free(struct rte_fib *fib)
{
	rte_fib_free(fib);
}

struct rte_fib6 *hf_fib6_create(const char *name, uint8_t kind, uint32_t routes_max, uint32_t tbl8_groups,
				uint64_t no_route, int32_t *err)
{
	struct rte_fib6_conf conf;
	struct rte_fib6 *fib;

	memset(&conf, 0, sizeof(conf));
	conf.type = kind == 0 ? RTE_FIB6_DUMMY : RTE_FIB6_TRIE;
	conf.default_nh = no_route;
	conf.max_routes = routes_max;
	if (kind != 0) {
		conf.trie.nh_sz = RTE_FIB6_TRIE_4B;
		conf.trie.num_tbl8 = tbl8_groups;
	}
	fib = rte_fib6_create(name, SOCKET_ID_ANY, &conf);
	*err = fib != NULL ? 0 : rte_errno > 0 ? -rte_errno : -ENOMEM;
	return fib;
}

int32_t hf_fib6_add(struct rte_fib6 *fib, const uint8_t *prefix, uint8_t bits, uint64_t next_hop)
{
	return rte_fib6_add(fib, (const void *)prefix, bits, next_hop);
}

int32_t hf_fib6_delete(struct rte_fib6 *fib, const uint8_t *prefix, uint8_t bits)
{
	return rte_fib6_delete(fib, (const void *)prefix, bits);
}

int32_t hf_fib6_lookup(struct rte_fib6 *fib, const uint8_t (*addresses)[16], uint64_t *out, uint32_t count)
{
	return rte_fib6_lookup_bulk(fib, (void *)(uintptr_t)addresses, out, count);
}

void hf_fib6_free(struct rte_fib6 *fib)
{
	rte_fib6_free(fib);
}
