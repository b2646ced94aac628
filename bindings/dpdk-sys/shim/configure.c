#include "shim.h"

#include <errno.h>
#include <string.h>

#include <rte_ethdev.h>

#define RSS_TYPES (RTE_ETH_RSS_IP | RTE_ETH_RSS_TCP | RTE_ETH_RSS_UDP)
/* Four times what ethdev names today; some drivers already offer more than its 512. */
#define RETA_ENTRIES_MAX 2048

int32_t hf_port_configure(uint16_t port, const struct hf_port_request *request)
{
	struct rte_eth_dev_info info;
	struct rte_eth_conf conf;
	int err;

	err = rte_eth_dev_info_get(port, &info);
	if (err < 0)
		return err;
	/* Zero is every release's default for the fields it added, which is why they are set by name only. */
	memset(&conf, 0, sizeof(conf));
	conf.rxmode.mtu = request->mtu;
	if (request->rx_checksum)
		conf.rxmode.offloads = info.rx_offload_capa & RTE_ETH_RX_OFFLOAD_CHECKSUM;
	if (info.dev_flags != NULL && (*info.dev_flags & RTE_ETH_DEV_INTR_RMV) != 0)
		conf.intr_conf.rmv = 1;
	if (request->rss_key != NULL) {
		conf.rxmode.mq_mode = RTE_ETH_MQ_RX_RSS;
		conf.rxmode.offloads |= info.rx_offload_capa & RTE_ETH_RX_OFFLOAD_RSS_HASH;
		conf.rx_adv_conf.rss_conf.rss_key = (uint8_t *)(uintptr_t)request->rss_key;
		conf.rx_adv_conf.rss_conf.rss_key_len = request->rss_key_bytes;
		conf.rx_adv_conf.rss_conf.rss_hf = info.flow_type_rss_offloads & RSS_TYPES;
	}
	return rte_eth_dev_configure(port, request->rx_queues, request->tx_queues, &conf);
}

int32_t hf_port_adjust_descriptors(uint16_t port, uint16_t *rx, uint16_t *tx)
{
	return rte_eth_dev_adjust_nb_rx_tx_desc(port, rx, tx);
}

/* A socket of -1 (SOCKET_ID_ANY) is what ports without one report, and what ethdev takes for "anywhere". */
int32_t hf_port_rx_queue(uint16_t port, uint16_t queue, uint16_t descriptors, struct rte_mempool *pool)
{
	return rte_eth_rx_queue_setup(port, queue, descriptors, rte_eth_dev_socket_id(port), NULL, pool);
}

int32_t hf_port_tx_queue(uint16_t port, uint16_t queue, uint16_t descriptors)
{
	return rte_eth_tx_queue_setup(port, queue, descriptors, rte_eth_dev_socket_id(port), NULL);
}

int32_t hf_port_set_mtu(uint16_t port, uint16_t mtu)
{
	return rte_eth_dev_set_mtu(port, mtu);
}

int32_t hf_port_reta(uint16_t port, uint16_t entries, const uint8_t *pattern, uint16_t pattern_entries)
{
	struct rte_eth_rss_reta_entry64 table[RETA_ENTRIES_MAX / RTE_ETH_RETA_GROUP_SIZE];
	uint16_t entry;

	if (entries > RETA_ENTRIES_MAX || pattern_entries == 0)
		return -EINVAL;
	memset(table, 0, sizeof(table));
	for (entry = 0; entry < entries; entry++) {
		struct rte_eth_rss_reta_entry64 *group = &table[entry / RTE_ETH_RETA_GROUP_SIZE];

		group->mask |= 1ull << (entry % RTE_ETH_RETA_GROUP_SIZE);
		group->reta[entry % RTE_ETH_RETA_GROUP_SIZE] = pattern[entry % pattern_entries];
	}
	return rte_eth_dev_rss_reta_update(port, table, entries);
}
