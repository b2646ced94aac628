/*
 * Two rule formats over one key. rte_acl wants the first input to be one byte and everything after it in whole
 * groups of four, hence the protocol alone, the two zones as 16-bit numbers, and the ports together. Both
 * address families keep their addresses at the same offsets: IPv4 looks at the first four bytes of each.
 */
#include "shim.h"

#include <errno.h>
#include <stddef.h>
#include <string.h>

#include <rte_acl.h>
#include <rte_errno.h>
#include <rte_memory.h>

#define OFFSET(field) offsetof(struct hf_acl_key, field)
#define FIELDS_V4 7
#define FIELDS_V6 13

/* The IPv6 format is the longer one; IPv4 contexts use its first fields and a smaller rule size. */
RTE_ACL_RULE_DEF(shim_rule, FIELDS_V6);

_Static_assert(offsetof(struct shim_rule, field) == sizeof(struct rte_acl_rule), "rte_acl's rules have moved");

static struct rte_acl_field_def field(uint8_t type, uint8_t size, uint8_t index, uint8_t input, uint32_t offset)
{
	return (struct rte_acl_field_def){
		.type = type, .size = size, .field_index = index, .input_index = input, .offset = offset};
}

static uint32_t fields(uint8_t ipv6)
{
	return ipv6 ? FIELDS_V6 : FIELDS_V4;
}

static uint32_t words(uint8_t ipv6)
{
	return ipv6 ? 4 : 1;
}

static void define(struct rte_acl_config *config, uint8_t ipv6)
{
	struct rte_acl_field_def *defs = config->defs;
	uint8_t n = 0, input = 0, word;

	defs[n] = field(RTE_ACL_FIELD_TYPE_BITMASK, 1, n, input, OFFSET(protocol));
	n++, input++;
	defs[n] = field(RTE_ACL_FIELD_TYPE_BITMASK, 2, n, input, OFFSET(zones));
	n++;
	defs[n] = field(RTE_ACL_FIELD_TYPE_BITMASK, 2, n, input, OFFSET(zones) + 2);
	n++, input++;
	for (word = 0; word < words(ipv6); word++, n++, input++)
		defs[n] = field(RTE_ACL_FIELD_TYPE_MASK, 4, n, input, OFFSET(source) + 4 * word);
	for (word = 0; word < words(ipv6); word++, n++, input++)
		defs[n] = field(RTE_ACL_FIELD_TYPE_MASK, 4, n, input, OFFSET(destination) + 4 * word);
	defs[n] = field(RTE_ACL_FIELD_TYPE_RANGE, 2, n, input, OFFSET(ports));
	n++;
	defs[n] = field(RTE_ACL_FIELD_TYPE_RANGE, 2, n, input, OFFSET(ports) + 2);
	n++;
	config->num_categories = 1;
	config->num_fields = n;
}

struct rte_acl_ctx *hf_acl_create(const char *name, uint8_t ipv6, uint32_t rules_max, int32_t *err)
{
	struct rte_acl_param param = {
		.name = name,
		.socket_id = SOCKET_ID_ANY,
		.rule_size = RTE_ACL_RULE_SZ(fields(ipv6)),
		.max_rule_num = rules_max,
	};
	struct rte_acl_ctx *acl = rte_acl_create(&param);

	*err = acl != NULL ? 0 : rte_errno > 0 ? -rte_errno : -ENOMEM;
	return acl;
}

/* One address as one prefix per 32-bit word. Bits beyond the prefix must be zero, or the rule never matches. */
static uint32_t address(struct rte_acl_field *out, const uint32_t *in, uint8_t bits, uint8_t ipv6)
{
	uint32_t word;

	for (word = 0; word < words(ipv6); word++) {
		uint32_t here = bits > 32 * word ? bits - 32 * word : 0;

		here = here > 32 ? 32 : here;
		out[word].mask_range.u32 = here;
		out[word].value.u32 = here == 0 ? 0 : in[word] & (UINT32_MAX << (32 - here));
	}
	return words(ipv6);
}

int32_t hf_acl_add(struct rte_acl_ctx *acl, uint8_t ipv6, const struct hf_acl_rule *rule)
{
	struct shim_rule out;
	struct rte_acl_field *f = out.field;

	memset(&out, 0, sizeof(out));
	out.data.category_mask = 1;
	out.data.priority = rule->priority;
	out.data.userdata = rule->userdata;
	f->value.u8 = rule->protocol & rule->protocol_mask;
	f->mask_range.u8 = rule->protocol_mask;
	f++;
	f->value.u16 = rule->from & rule->from_mask;
	f->mask_range.u16 = rule->from_mask;
	f++;
	f->value.u16 = rule->to & rule->to_mask;
	f->mask_range.u16 = rule->to_mask;
	f++;
	f += address(f, rule->source, rule->source_bits, ipv6);
	f += address(f, rule->destination, rule->destination_bits, ipv6);
	f->value.u16 = rule->source_port_low;
	f->mask_range.u16 = rule->source_port_high;
	f++;
	f->value.u16 = rule->destination_port_low;
	f->mask_range.u16 = rule->destination_port_high;
	return rte_acl_add_rules(acl, (const struct rte_acl_rule *)&out, 1);
}

int32_t hf_acl_build(struct rte_acl_ctx *acl, uint8_t ipv6, uint64_t bytes_max)
{
	struct rte_acl_config config;

	memset(&config, 0, sizeof(config));
	define(&config, ipv6);
	config.max_size = bytes_max;
	return rte_acl_build(acl, &config);
}

int32_t hf_acl_classify(const struct rte_acl_ctx *acl, const struct hf_acl_key **keys, uint32_t *out, uint32_t count)
{
	return rte_acl_classify(acl, (const uint8_t **)keys, out, count, 1);
}

int32_t hf_acl_priority_max(void)
{
	return RTE_ACL_MAX_PRIORITY;
}

void hf_acl_free(struct rte_acl_ctx *acl)
{
	rte_acl_free(acl);
}
