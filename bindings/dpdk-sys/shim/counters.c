#include "shim.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

#include <rte_ethdev.h>

int32_t hf_port_stats(uint16_t port, struct hf_stats *out)
{
	struct rte_eth_stats stats;
	int err;

	err = rte_eth_stats_get(port, &stats);
	if (err < 0)
		return err;
	out->rx_packets = stats.ipackets;
	out->tx_packets = stats.opackets;
	out->rx_bytes = stats.ibytes;
	out->tx_bytes = stats.obytes;
	out->rx_missed = stats.imissed;
	out->rx_errors = stats.ierrors;
	out->tx_errors = stats.oerrors;
	out->rx_no_mbuf = stats.rx_nombuf;
	return 0;
}

int32_t hf_port_stats_reset(uint16_t port)
{
	return rte_eth_stats_reset(port);
}

int32_t hf_port_xstats_count(uint16_t port)
{
	return rte_eth_xstats_get(port, NULL, 0);
}

/* Fills at most `capacity` entries and returns how many; -ERANGE when the device has more than that by now. */
int32_t hf_port_xstats(uint16_t port, struct hf_xstat *out, uint32_t capacity)
{
	struct rte_eth_xstat_name *names = calloc(capacity, sizeof(*names));
	struct rte_eth_xstat *values = calloc(capacity, sizeof(*values));
	int named = -ENOMEM, valued = -ENOMEM, i;

	if (names != NULL && values != NULL) {
		named = rte_eth_xstats_get_names(port, names, capacity);
		valued = rte_eth_xstats_get(port, values, capacity);
	}
	if (named >= 0 && valued >= 0 && ((uint32_t)named > capacity || (uint32_t)valued > capacity))
		valued = -ERANGE;
	if (named < 0)
		valued = named;
	for (i = 0; i < valued; i++) {
		uint64_t id = values[i].id;

		snprintf(out[i].name, sizeof(out[i].name), "%s", id < (uint64_t)named ? names[id].name : "");
		out[i].value = values[i].value;
	}
	free(names);
	free(values);
	return valued;
}

int32_t hf_port_xstats_reset(uint16_t port)
{
	return rte_eth_xstats_reset(port);
}
