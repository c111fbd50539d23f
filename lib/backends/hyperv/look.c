/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Looking at a host: one GetSummaryInformation for all guests, and one question
 * more, which is mostly how much memory is free and now and then whose settings
 * were changed. Must not judge what it sees, nor change anything.
 */
#include "host.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

/* In every so many looks free memory is reckoned from the guests' own, and the
 * question is used to ask for changed settings: another administrator's change
 * is seen within as many beats. */
#define LOOKS_PER_CHECK 5

#define BALANCER "Win32_PerfFormattedData_BalancerStats_HyperVDynamicMemoryBalancer"

struct bl_hyperv_vm *bl_hyperv_find(const struct bl_hyperv_host *h, const char *guid)
{
	for (size_t i = 0; i < h->n; i++)
		if (strcasecmp(h->vms[i].now.guid, guid) == 0)
			return &h->vms[i];
	return NULL;
}

static int add(struct bl_hyperv_host *h, struct bl_hyperv_vm **ret_vm)
{
	if (h->n == h->cap) {
		size_t cap = h->cap ? 2 * h->cap : 16;
		struct bl_hyperv_vm *vms = realloc(h->vms, cap * sizeof(*vms));

		if (!vms)
			return -ENOMEM;
		h->vms = vms;
		h->cap = cap;
	}
	*ret_vm = &h->vms[h->n++];
	return 0;
}

/* A guest begins a life: nobody has told it anything yet. */
static void begin_life(struct bl_hyperv_host *h, struct bl_hyperv_vm *vm)
{
	vm->key = ++h->keys;
	vm->target_mib = vm->floor_mib = vm->ceiling_mib = BL_HYPERV_UNKNOWN;
	vm->snag = BL_HYPERV_NO_SNAG;
	vm->fresh = false;
	vm->again_ns = vm->pause_ns = 0;
}

static bool is_another_life(const struct bl_hyperv_now *was, const struct bl_hyperv_now *now)
{
	if ((was->state == BL_HYPERV_OFF) != (now->state == BL_HYPERV_OFF))
		return true;
	return now->uptime_ms != BL_HYPERV_UNKNOWN && was->uptime_ms != BL_HYPERV_UNKNOWN &&
	       now->uptime_ms < was->uptime_ms;
}

/* By more than the 2 MiB that Hyper-V moves at a time. */
static bool moved(const struct bl_hyperv_now *was, const struct bl_hyperv_now *now)
{
	uint64_t a = was->usage_mib, b = now->usage_mib;

	return (a > b ? a - b : b - a) > 2;
}

static int see_vm(void *arg, const xmlNode *object)
{
	struct bl_hyperv_host *h = arg;
	struct bl_hyperv_now now;
	struct bl_hyperv_vm *vm;
	int rc;

	if (bl_hyperv_now_read(object, &now) < 0)
		return 0; /* costs itself only */
	vm = bl_hyperv_find(h, now.guid);
	if (!vm) {
		rc = add(h, &vm);
		if (rc < 0)
			return rc;
		memset(vm, 0, sizeof(*vm));
		begin_life(h, vm);
		h->reload = true;
	} else if (is_another_life(&vm->now, &now)) {
		begin_life(h, vm);
		h->reload = true; /* what could not be changed while it ran could since */
	}
	if (moved(&vm->now, &now))
		vm->rest_n = 0;
	else
		vm->rest_n++;
	vm->now = now;
	vm->seen = true;
	return 0;
}

static void drop_unseen(struct bl_hyperv_host *h)
{
	size_t kept = 0;

	for (size_t i = 0; i < h->n; i++)
		if (h->vms[i].seen)
			h->vms[kept++] = h->vms[i];
	h->n = kept;
}

static int see_guests(struct bl_hyperv_host *h)
{
	struct bl_hyperv_letter letter;
	struct bl_hyperv_reply reply;
	int rc = bl_hyperv_write_summary(h->line->address.url, &letter);

	if (rc == 0)
		rc = bl_hyperv_ask(h, &letter, &reply);
	if (rc < 0)
		return rc;
	for (size_t i = 0; i < h->n; i++)
		h->vms[i].seen = false;
	rc = bl_hyperv_summaries(&reply, see_vm, h);
	bl_hyperv_reply_free(&reply);
	if (rc == 0)
		drop_unseen(h);
	else if (rc == -EBADMSG)
		snprintf(h->line->error, sizeof(h->line->error), "Hyper-V host %.100s does not say "
		         "what its guests are (GetSummaryInformation failed); restart its Virtual "
		         "Machine Management service", h->line->address.host);
	return rc;
}

/* ---------------------------------------------------------------- settings */

static int see_memory(void *arg, const xmlNode *object)
{
	char owner[BL_HYPERV_GUID_MAX];
	struct bl_hyperv_memory memory;
	struct bl_hyperv_vm *vm;

	if (bl_hyperv_memory_read(object, &memory, owner) < 0)
		return 0;
	vm = bl_hyperv_find(arg, owner); /* snapshots and definitions have other owners */
	if (!vm)
		return 0;
	if (vm->memory.buffer != memory.buffer)
		vm->rest_n = 0;
	vm->memory = memory;
	vm->known = true;
	if (memory.quantity > vm->most_mib)
		vm->most_mib = memory.quantity;
	return 0;
}

static int see_version(void *arg, const xmlNode *object)
{
	char owner[BL_HYPERV_GUID_MAX];
	struct bl_hyperv_vm *vm;
	uint64_t version;

	if (bl_hyperv_version_read(object, &version, owner) < 0)
		return 0;
	vm = bl_hyperv_find(arg, owner);
	if (vm)
		vm->version = version;
	return 0;
}

/* The latest change of all is where the next question begins. */
static int see_change(void *arg, const xmlNode *object)
{
	char date[BL_HYPERV_DATE_MAX];
	struct bl_hyperv_host *h = arg;

	if (bl_hyperv_date_read(bl_hyperv_text(object, "TimeOfLastConfigurationChange"), date) < 0)
		return 0;
	if (strcmp(date, h->changed) > 0)
		memcpy(h->changed, date, sizeof(date));
	h->reload = true;
	return 0;
}

/* Text compares as the dates do; a host where nothing was changed since answers
 * with nothing, in one reply. */
static int ask_changes(struct bl_hyperv_host *h)
{
	char wql[200];

	snprintf(wql, sizeof(wql), "SELECT Name, TimeOfLastConfigurationChange FROM "
	         "Msvm_ComputerSystem WHERE TimeOfLastConfigurationChange > '%s'",
	         h->changed[0] ? h->changed : "19700101000000.000000+000");
	return bl_hyperv_query(h, BL_HYPERV_V2, wql, see_change, h);
}

static int load_settings(struct bl_hyperv_host *h)
{
	int rc = bl_hyperv_query(h, BL_HYPERV_V2, "SELECT * FROM Msvm_MemorySettingData",
	                         see_memory, h);

	if (rc == 0)
		rc = bl_hyperv_query(h, BL_HYPERV_V2, "SELECT InstanceID, Version, "
		                     "VirtualSystemType FROM Msvm_VirtualSystemSettingData", see_version, h);
	if (rc == 0)
		h->reload = false;
	return rc;
}

/* -------------------------------------------------------------- the host */

static uint64_t usage_of_all(const struct bl_hyperv_host *h)
{
	uint64_t sum = 0;

	for (size_t i = 0; i < h->n; i++)
		if (h->vms[i].now.state != BL_HYPERV_OFF &&
		    h->vms[i].now.usage_mib != BL_HYPERV_UNKNOWN)
			sum += h->vms[i].now.usage_mib;
	return sum;
}

static int see_system(void *arg, const xmlNode *object)
{
	struct bl_hyperv_host *h = arg;
	uint64_t total = bl_hyperv_number(object, "TotalVisibleMemorySize");
	uint64_t free = bl_hyperv_number(object, "FreePhysicalMemory");

	h->total_mib = total == UINT64_MAX ? BL_HYPERV_UNKNOWN : total / 1024;
	h->available_mib = free == UINT64_MAX ? BL_HYPERV_UNKNOWN : free / 1024;
	h->usage_mib = usage_of_all(h);
	return 0;
}

static int ask_system(struct bl_hyperv_host *h)
{
	return bl_hyperv_query(h, BL_HYPERV_CIMV2, "SELECT TotalVisibleMemorySize, "
	                       "FreePhysicalMemory FROM Win32_OperatingSystem", see_system, h);
}

static int see_balancer(void *arg, const xmlNode *object)
{
	uint64_t available = bl_hyperv_number(object, "AvailableMemory");
	struct bl_hyperv_host *h = arg;

	if (available == UINT64_MAX)
		return 0;
	h->available_mib = available;
	h->usage_mib = usage_of_all(h);
	h->no_balancer = false;
	return 0;
}

/* What guests may still have is the balancer's to say: the root partition keeps
 * memory for itself that the system counts as free. Without its counters, the
 * system's word is taken. */
static int ask_available(struct bl_hyperv_host *h)
{
	int rc = -EOPNOTSUPP;

	if (!h->no_balancer) {
		h->no_balancer = true;
		rc = bl_hyperv_query(h, BL_HYPERV_CIMV2, "SELECT AvailableMemory FROM " BALANCER,
		                     see_balancer, h);
	}
	if (h->no_balancer && (rc == 0 || rc == -EOPNOTSUPP || rc == -EIO))
		return ask_system(h);
	return rc;
}

/* Memory that guests gained since is not free any more, and what they lost is. */
static void reckon_available(struct bl_hyperv_host *h)
{
	uint64_t usage = usage_of_all(h), sum = h->available_mib + h->usage_mib;

	if (h->available_mib == BL_HYPERV_UNKNOWN)
		return;
	h->available_mib = sum > usage ? sum - usage : 0;
	h->usage_mib = usage;
}

static int learn(struct bl_hyperv_host *h)
{
	struct bl_hyperv_letter letter;
	struct bl_hyperv_reply reply;
	char version[96] = "";
	int rc = bl_hyperv_write_identify(&letter);

	if (rc == 0)
		rc = bl_hyperv_ask(h, &letter, &reply);
	if (rc < 0)
		return rc;
	rc = bl_hyperv_identity(&reply, version, sizeof(version));
	bl_hyperv_reply_free(&reply);
	if (rc < 0)
		snprintf(h->line->error, sizeof(h->line->error), "Hyper-V host %.100s does not say "
		         "what it is; check the address", h->line->address.host);
	/* "OS: 10.0.14393 SP: 0.0 Stack: 3.0": 10 is Windows Server 2016 and all later. */
	h->rules.resizes = strncmp(version, "OS: 10.", 7) == 0 ||
	                   strncmp(version, "OS: 11.", 7) == 0;
	if (rc == 0)
		rc = ask_system(h);
	h->learnt = rc == 0;
	h->no_balancer = false;
	h->reload = true;
	return rc < 0 ? -EPROTO : 0;
}

static bool pages(const struct bl_hyperv_host *h)
{
	for (size_t i = 0; i < h->n; i++)
		if (h->vms[i].now.state != BL_HYPERV_OFF &&
		    (h->vms[i].now.swap_in_use ||
		     (h->vms[i].known && h->vms[i].memory.swap_in_use)))
			return true;
	return false;
}

int bl_hyperv_look(struct bl_hyperv_host *h)
{
	int rc = h->learnt ? 0 : learn(h);
	bool check = h->looks % LOOKS_PER_CHECK == 0;

	if (rc == 0)
		rc = see_guests(h);
	if (rc == 0 && check && h->looks > 0)
		reckon_available(h);
	else if (rc == 0)
		rc = ask_available(h);
	if (rc == 0 && check)
		rc = ask_changes(h);
	if (rc == 0 && h->reload)
		rc = load_settings(h);
	if (rc < 0) {
		h->learnt = false; /* it may be another when it is back */
		return rc;
	}
	h->looks++;
	h->rules.paging = pages(h);
	return 0;
}
