#include "shim.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include <rte_dev.h>
#include <rte_errno.h>
#include <rte_ethdev.h>
#include <rte_ether.h>

int32_t hf_port_owner_new(uint64_t *owner)
{
	return rte_eth_dev_owner_new(owner);
}

/*
 * Probes the device and takes the first of its ports that nobody owns. A device EAL already knows (PCI ones are
 * probed at start) is no error; a port of it that is owned already is: -EBUSY.
 */
int32_t hf_port_probe(const char *devargs, uint64_t owner, uint16_t *port)
{
	struct rte_eth_dev_owner self = {.id = owner};
	struct rte_dev_iterator iterator;
	int32_t result = -ENODEV;
	uint16_t found;
	int probed;

	snprintf(self.name, sizeof(self.name), "holdfast");
	probed = rte_dev_probe(devargs);
	if (probed < 0 && probed != -EEXIST)
		return probed == -1 ? -ENODEV : probed;
	RTE_ETH_FOREACH_MATCHING_DEV(found, devargs, &iterator)
	{
		if (rte_eth_dev_owner_set(found, &self) == 0) {
			*port = found;
			rte_eth_iterator_cleanup(&iterator);
			return 0;
		}
		result = -EBUSY;
	}
	return result;
}

/* Closes the port, and unplugs its device when no other port of it is left. */
int32_t hf_port_detach(uint16_t port)
{
	struct rte_eth_dev_info info;
	int closed, err;

	err = rte_eth_dev_info_get(port, &info);
	closed = rte_eth_dev_close(port);
	if (err < 0 || info.device == NULL)
		return err < 0 ? err : closed;
	if (rte_eth_find_next_of(0, info.device) != RTE_MAX_ETHPORTS)
		return closed;
	err = rte_dev_remove(info.device);
	return err < 0 ? err : closed;
}

int32_t hf_port_info(uint16_t port, struct hf_port_info *out)
{
	struct rte_eth_dev_info info;
	struct rte_ether_addr mac;
	char name[RTE_ETH_NAME_MAX_LEN];
	int err;

	memset(out, 0, sizeof(*out));
	err = rte_eth_dev_info_get(port, &info);
	if (err < 0)
		return err;
	err = rte_eth_dev_get_name_by_port(port, name);
	if (err < 0)
		return err;
	err = rte_eth_macaddr_get(port, &mac);
	if (err < 0)
		return err;
	err = rte_eth_dev_get_mtu(port, &out->mtu);
	if (err < 0)
		return err;
	snprintf(out->driver, sizeof(out->driver), "%s", info.driver_name);
	snprintf(out->device, sizeof(out->device), "%.*s", HF_NAME_BYTES - 1, name);
	memcpy(out->mac, mac.addr_bytes, sizeof(out->mac));
	out->rss_supported = (info.flow_type_rss_offloads & (RTE_ETH_RSS_IP | RTE_ETH_RSS_TCP | RTE_ETH_RSS_UDP)) != 0;
	out->if_index = info.if_index;
	out->mac_addresses_max = info.max_mac_addrs;
	out->socket = rte_eth_dev_socket_id(port);
	out->mtu_min = info.min_mtu;
	out->mtu_max = info.max_mtu;
	out->rx_queues_max = info.max_rx_queues;
	out->tx_queues_max = info.max_tx_queues;
	out->rx_descriptors_max = info.rx_desc_lim.nb_max;
	out->tx_descriptors_max = info.tx_desc_lim.nb_max;
	out->reta_entries = info.reta_size;
	out->hash_key_bytes = info.hash_key_size;
	out->promiscuous = rte_eth_promiscuous_get(port) == 1;
	return 0;
}

int32_t hf_port_start(uint16_t port)
{
	return rte_eth_dev_start(port);
}

int32_t hf_port_stop(uint16_t port)
{
	return rte_eth_dev_stop(port);
}

int32_t hf_port_promiscuous(uint16_t port, uint8_t on)
{
	return on ? rte_eth_promiscuous_enable(port) : rte_eth_promiscuous_disable(port);
}

int32_t hf_port_mac_add(uint16_t port, const uint8_t *mac)
{
	struct rte_ether_addr address;

	memcpy(address.addr_bytes, mac, sizeof(address.addr_bytes));
	return rte_eth_dev_mac_addr_add(port, &address, 0);
}

int32_t hf_port_mac_remove(uint16_t port, const uint8_t *mac)
{
	struct rte_ether_addr address;

	memcpy(address.addr_bytes, mac, sizeof(address.addr_bytes));
	return rte_eth_dev_mac_addr_remove(port, &address);
}

int32_t hf_port_link(uint16_t port, struct hf_link *out)
{
	struct rte_eth_link link;
	int err;

	memset(&link, 0, sizeof(link));
	memset(out, 0, sizeof(*out));
	err = rte_eth_link_get_nowait(port, &link);
	if (err < 0)
		return err;
	out->speed_mbps = link.link_speed;
	out->up = link.link_status == RTE_ETH_LINK_UP;
	out->full_duplex = link.link_duplex == RTE_ETH_LINK_FULL_DUPLEX;
	out->autoneg = link.link_autoneg == RTE_ETH_LINK_AUTONEG;
	return 0;
}

int32_t hf_port_is_removed(uint16_t port)
{
	return rte_eth_dev_is_removed(port);
}

/* Runs on EAL's interrupt thread; it only raises a flag that the owner of the port looks at. */
static int on_removal(uint16_t port, enum rte_eth_event_type event, void *flag, void *detail)
{
	(void)port;
	(void)event;
	(void)detail;
	__atomic_store_n((uint8_t *)flag, 1, __ATOMIC_RELEASE);
	return 0;
}

int32_t hf_port_watch_removal(uint16_t port, uint8_t *flag)
{
	return rte_eth_dev_callback_register(port, RTE_ETH_EVENT_INTR_RMV, on_removal, flag);
}

/* -EAGAIN means that the callback runs right now; afterwards `flag` must never be written again, so wait. */
int32_t hf_port_unwatch_removal(uint16_t port, uint8_t *flag)
{
	int err;

	do {
		err = rte_eth_dev_callback_unregister(port, RTE_ETH_EVENT_INTR_RMV, on_removal, flag);
	} while (err == -EAGAIN);
	return err;
}
