#include "shim.h"

#include <errno.h>
#include <string.h>

#include <rte_errno.h>
#include <rte_ethdev.h>
#include <rte_mbuf.h>
#include <rte_mempool.h>

struct rte_mempool *hf_pool_create(const char *name, uint32_t mbufs, uint32_t cache, uint16_t data_room,
				   int32_t socket, int32_t *err)
{
	struct rte_mempool *pool;

	pool = rte_pktmbuf_pool_create(name, mbufs, cache, 0, data_room, socket);
	*err = pool != NULL ? 0 : rte_errno > 0 ? -rte_errno : -ENOMEM;
	return pool;
}

void hf_pool_free(struct rte_mempool *pool)
{
	rte_mempool_free(pool);
}

uint32_t hf_pool_available(const struct rte_mempool *pool)
{
	return rte_mempool_avail_count(pool);
}

uint32_t hf_pool_size(const struct rte_mempool *pool)
{
	return pool->size;
}

uint32_t hf_pool_cache_max(void)
{
	return RTE_MEMPOOL_CACHE_MAX_SIZE;
}

uint16_t hf_headroom(void)
{
	return RTE_PKTMBUF_HEADROOM;
}

struct rte_mbuf *hf_mbuf_alloc(struct rte_mempool *pool)
{
	return rte_pktmbuf_alloc(pool);
}

int32_t hf_mbuf_alloc_bulk(struct rte_mempool *pool, struct rte_mbuf **out, uint32_t count)
{
	return rte_pktmbuf_alloc_bulk(pool, out, count);
}

void hf_mbuf_free(struct rte_mbuf *mbuf)
{
	rte_pktmbuf_free(mbuf);
}

void hf_mbuf_free_bulk(struct rte_mbuf **mbufs, uint32_t count)
{
	rte_pktmbuf_free_bulk(mbufs, count);
}

/*
 * rte_pktmbuf_linearize() appends to the first segment, and drivers fill that to its end before they chain. So
 * its data first moves forward into the headroom, as far as it must.
 */
int32_t hf_mbuf_linearize(struct rte_mbuf *mbuf)
{
	uint32_t frame = rte_pktmbuf_pkt_len(mbuf);

	if (frame > mbuf->buf_len || !RTE_MBUF_DIRECT(mbuf) || rte_mbuf_refcnt_read(mbuf) != 1)
		return -ENOSPC;
	if (frame > (uint32_t)mbuf->buf_len - mbuf->data_off) {
		uint16_t offset = mbuf->buf_len - frame;

		memmove((char *)mbuf->buf_addr + offset, rte_pktmbuf_mtod(mbuf, char *), mbuf->data_len);
		mbuf->data_off = offset;
	}
	return rte_pktmbuf_linearize(mbuf) < 0 ? -ENOSPC : 0;
}

/* rte_pktmbuf_trim() works on the last segment alone; here whole segments may have to go. */
void hf_mbuf_truncate_chain(struct rte_mbuf *mbuf, uint32_t length)
{
	struct rte_mbuf *last = mbuf;
	uint32_t left = length;
	uint16_t segments = 1;

	if (length >= mbuf->pkt_len)
		return;
	while (left > last->data_len && last->next != NULL) {
		left -= last->data_len;
		last = last->next;
		segments++;
	}
	last->data_len = left;
	rte_pktmbuf_free(last->next);
	last->next = NULL;
	mbuf->nb_segs = segments;
	mbuf->pkt_len = length;
}

uint16_t hf_rx_burst(uint16_t port, uint16_t queue, struct rte_mbuf **out, uint16_t max)
{
	return rte_eth_rx_burst(port, queue, out, max);
}

uint16_t hf_tx_burst(uint16_t port, uint16_t queue, struct rte_mbuf **mbufs, uint16_t count)
{
	return rte_eth_tx_burst(port, queue, mbufs, count);
}
