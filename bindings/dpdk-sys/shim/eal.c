#include "shim.h"

#include <errno.h>
#include <sched.h>

#include <rte_cycles.h>
#include <rte_eal.h>
#include <rte_errno.h>
#include <rte_lcore.h>
#include <rte_log.h>
#include <rte_thread.h>
#include <rte_version.h>

/* rte_errno outlives the call that set it, so it is read only after a failure, and 0 becomes EIO. */
static int32_t failure(void)
{
	return rte_errno > 0 ? -rte_errno : -EIO;
}

int32_t hf_eal_init(int32_t argc, char **argv)
{
	return rte_eal_init(argc, argv) < 0 ? failure() : 0;
}

int32_t hf_eal_cleanup(void)
{
	return rte_eal_cleanup();
}

const char *hf_version(void)
{
	return rte_version();
}

const char *hf_runtime_dir(void)
{
	return rte_eal_get_runtime_dir();
}

const char *hf_strerror(int32_t err)
{
	return rte_strerror(err);
}

int32_t hf_log_level_all(uint32_t level)
{
	rte_log_set_global_level(level);
	return rte_log_set_level_regexp(".*", level) < 0 ? -EINVAL : 0;
}

int32_t hf_log_level_pattern(const char *pattern, uint32_t level)
{
	return rte_log_set_level_pattern(pattern, level) < 0 ? -EINVAL : 0;
}

int32_t hf_thread_register(void)
{
	return rte_thread_register() < 0 ? failure() : 0;
}

void hf_thread_unregister(void)
{
	rte_thread_unregister();
}

uint32_t hf_lcore_id(void)
{
	return rte_lcore_id();
}

int32_t hf_pin_current(uint32_t core)
{
	rte_cpuset_t cores;

	if (core >= CPU_SETSIZE)
		return -EINVAL;
	CPU_ZERO(&cores);
	CPU_SET(core, &cores);
	return rte_thread_set_affinity(&cores) != 0 ? -EINVAL : 0;
}

uint64_t hf_tsc(void)
{
	return rte_get_tsc_cycles();
}

uint64_t hf_tsc_hz(void)
{
	return rte_get_tsc_hz();
}
