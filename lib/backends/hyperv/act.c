/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Moving the levers: what steer.c worked out is sent, its job polled, and the
 * settings read back, for neither a return value nor a job is proof. Must not
 * decide where a guest shall go.
 */
#include "host.h"

#include <errno.h>
#include <inttypes.h>
#include <stdarg.h>
#include <string.h>

#define SECONDS(n) (UINT64_C(1000000000) * (n))

/* A guest that drifted off its target is led back when it is at rest, for then
 * its demand is known well; one that does not come to rest, after so long; and one
 * so far above its target at once, for it takes what is others'. */
#define DRIFT_NS SECONDS(10)
#define GROSS_PART 20
#define GROSS_MIB 64

/* After a refusal: twice as long each time. */
#define PAUSE_NS SECONDS(5)
#define PAUSE_MAX_NS SECONDS(300)

/* A change takes a second or so; one that takes longer goes on without us. */
#define JOB_NS SECONDS(60)

/* Guests told or asked after in one go: about a second of a busy host's time. */
#define GO_MAX 8

#define RETURN_OK 0
#define RETURN_JOB 4096
/* Documented twice: as 5 of CIM's own and as 32775 of Microsoft's. */
#define RETURN_STATE_CIM 5
#define RETURN_STATE 32775

static void __attribute__((format(printf, 2, 3)))
note(struct bl_hyperv_host *h, const char *format, ...)
{
	va_list args;

	va_start(args, format);
	vsnprintf(h->note, sizeof(h->note), format, args);
	va_end(args);
}

void bl_hyperv_tell(struct bl_hyperv_host *h, uint64_t key, uint64_t target_mib)
{
	for (size_t i = 0; i < h->n; i++) {
		struct bl_hyperv_vm *vm = &h->vms[i];

		if (vm->key != key)
			continue;
		if (vm->target_mib == target_mib)
			continue; /* a level: it is being minded already */
		vm->again_ns = vm->pause_ns = 0; /* another wish, another try */
		vm->target_mib = target_mib;
		vm->fresh = true;
	}
}

static void pause_changes(struct bl_hyperv_vm *vm)
{
	uint64_t pause = vm->pause_ns ? 2 * vm->pause_ns : PAUSE_NS;

	vm->pause_ns = pause < PAUSE_MAX_NS ? pause : PAUSE_MAX_NS;
	vm->again_ns = bl_hyperv_clock() + vm->pause_ns;
}

/* --------------------------------------------------------------- reading back */

static bool took(const struct bl_hyperv_change *c, const struct bl_hyperv_memory *m)
{
	return (!(c->set & BL_HYPERV_BUFFER) || c->buffer == m->buffer) &&
	       (!(c->set & BL_HYPERV_WEIGHT) || c->weight == m->weight) &&
	       (!(c->set & BL_HYPERV_RESERVATION) || c->reservation == m->reservation) &&
	       (!(c->set & BL_HYPERV_LIMIT) || c->limit == m->limit) &&
	       (!(c->set & BL_HYPERV_QUANTITY) || c->quantity == m->quantity);
}

static void judge(struct bl_hyperv_host *h, struct bl_hyperv_vm *vm)
{
	if (took(&vm->sent, &vm->memory)) {
		vm->fresh = false;
		vm->pause_ns = 0;
		return;
	}
	note(h, "guest %s: Hyper-V accepted a change of its memory settings and did not make it; "
	     "see the host's event log (Hyper-V-VMMS)", vm->now.name);
	pause_changes(vm);
}

static int read_back(struct bl_hyperv_host *h, struct bl_hyperv_vm *vm)
{
	char owner[BL_HYPERV_GUID_MAX];
	struct bl_hyperv_letter letter;
	struct bl_hyperv_reply reply;
	const xmlNode *object;
	int rc = bl_hyperv_write_get(h->line->address.url, "Msvm_MemorySettingData",
	                             vm->memory.device, &letter);

	if (rc == 0)
		rc = bl_hyperv_ask(h, &letter, &reply);
	if (rc < 0) {
		h->reload = true; /* then with all others */
		return rc;
	}
	rc = bl_hyperv_object(&reply, &object);
	if (rc == 0)
		rc = bl_hyperv_memory_read(object, &vm->memory, owner);
	bl_hyperv_reply_free(&reply);
	if (rc == 0)
		judge(h, vm);
	else
		h->reload = true;
	return rc;
}

/* ----------------------------------------------------------------- changes */

static void refused(struct bl_hyperv_host *h, struct bl_hyperv_vm *vm, const char *why)
{
	note(h, "guest %s: Hyper-V refused to change its memory settings: %s; it is tried again",
	     vm->now.name, why);
	pause_changes(vm);
	h->reload = true; /* they may not be what we took them for */
}

static void take_return(struct bl_hyperv_host *h, struct bl_hyperv_vm *vm, uint32_t value)
{
	char why[64];

	if (value == RETURN_OK) {
		read_back(h, vm);
		return;
	}
	if (value == RETURN_JOB && vm->job[0]) {
		vm->job_ns = bl_hyperv_clock();
		return;
	}
	if (value == RETURN_STATE || value == RETURN_STATE_CIM)
		snprintf(why, sizeof(why), "not in its present state (%u)", value);
	else
		snprintf(why, sizeof(why), "return value %u", value);
	refused(h, vm, why);
}

static int change(struct bl_hyperv_host *h, struct bl_hyperv_vm *vm)
{
	struct bl_hyperv_letter letter;
	struct bl_hyperv_reply reply;
	uint32_t value;
	int rc = bl_hyperv_write_modify(h->line->address.url, vm->memory.device, &vm->sent,
	                                &letter);

	vm->changed_ns = bl_hyperv_clock();
	vm->rest_n = 0;
	vm->job[0] = '\0';
	if (rc == 0)
		rc = bl_hyperv_ask(h, &letter, &reply);
	if (rc < 0) {
		refused(h, vm, h->line->error);
		return rc;
	}
	rc = bl_hyperv_output(&reply, &value, vm->job, sizeof(vm->job));
	bl_hyperv_reply_free(&reply);
	if (rc == 0)
		take_return(h, vm, value);
	else
		refused(h, vm, "its answer is not understood");
	return 0;
}

/* ------------------------------------------------------------------- jobs */

static void take_job(struct bl_hyperv_host *h, struct bl_hyperv_vm *vm, const xmlNode *object)
{
	char why[256];
	enum bl_hyperv_job_state state = bl_hyperv_job_read(object, why, sizeof(why));

	if (state == BL_HYPERV_JOB_RUNS) {
		if (bl_hyperv_clock() - vm->job_ns < JOB_NS)
			return;
		note(h, "guest %s: a change of its memory settings takes Hyper-V more than a "
		     "minute; it is not waited for any longer", vm->now.name);
		pause_changes(vm);
	} else if (state == BL_HYPERV_JOB_FAILED) {
		refused(h, vm, why);
	}
	vm->job[0] = '\0';
	if (state == BL_HYPERV_JOB_DONE)
		read_back(h, vm);
}

/* A job that is not there any more has ended: the settings tell how. */
static int poll_job(struct bl_hyperv_host *h, struct bl_hyperv_vm *vm)
{
	struct bl_hyperv_letter letter;
	struct bl_hyperv_reply reply;
	const xmlNode *object;
	int rc = bl_hyperv_write_get(h->line->address.url, "Msvm_ConcreteJob", vm->job, &letter);

	if (rc == 0)
		rc = bl_hyperv_ask(h, &letter, &reply);
	if (rc == -EIO || rc == -EOPNOTSUPP) {
		vm->job[0] = '\0';
		return read_back(h, vm);
	}
	if (rc < 0)
		return rc;
	rc = bl_hyperv_object(&reply, &object);
	if (rc == 0)
		take_job(h, vm, object);
	bl_hyperv_reply_free(&reply);
	return rc;
}

/* ----------------------------------------------------------------- steering */

static bool steerable(const struct bl_hyperv_vm *vm)
{
	return vm->known && vm->now.state == BL_HYPERV_RUNNING;
}

/* The most a guest is to have above its Reservation: what weights are parts of.
 * Who was told nothing is to have what it has. */
static uint64_t largest_spare(const struct bl_hyperv_host *h)
{
	uint64_t largest = 0;

	for (size_t i = 0; i < h->n; i++) {
		const struct bl_hyperv_vm *vm = &h->vms[i];
		uint64_t aim = vm->target_mib == BL_HYPERV_UNKNOWN ? vm->now.usage_mib
		                                                   : vm->target_mib;

		if (!steerable(vm) || !vm->memory.dynamic || aim == BL_HYPERV_UNKNOWN)
			continue;
		if (aim > vm->memory.reservation && aim - vm->memory.reservation > largest)
			largest = aim - vm->memory.reservation;
	}
	return largest;
}

static const char *why_snagged(enum bl_hyperv_snag snag)
{
	switch (snag) {
	case BL_HYPERV_NO_DEMAND:
		return "its demand is not known; check the integration services in it";
	case BL_HYPERV_AT_MINIMUM:
		return "that is its Minimum RAM, which can only be lowered; allow it with "
		       "lower-reservation=yes";
	case BL_HYPERV_AT_MAXIMUM:
		return "that is its Maximum RAM, which can only be raised; allow it with "
		       "raise-limit=SIZE";
	case BL_HYPERV_AT_DEMAND:
		return "Hyper-V gives it its demand and 5 % while there is memory";
	case BL_HYPERV_AT_BUFFER:
		return "Hyper-V gives it at most 21 times its demand";
	case BL_HYPERV_PAGING:
		return "Smart Paging is in use on this host, and nobody is shrunk until that ends";
	case BL_HYPERV_NO_LEVER:
		return "static memory moves only on Windows Server 2016 or later, with "
		       "configuration version 8 or later";
	case BL_HYPERV_NO_SNAG:
		break;
	}
	return "";
}

static void report(struct bl_hyperv_host *h, struct bl_hyperv_vm *vm,
                   const struct bl_hyperv_course *course)
{
	bool news = course->snag != vm->snag;

	vm->snag = course->snag;
	vm->floor_mib = course->floor;
	vm->ceiling_mib = course->ceiling;
	if (news && course->snag)
		note(h, "guest %s is told %" PRIu64 " MiB and goes to %" PRIu64 " MiB: %s",
		     vm->now.name, vm->target_mib, course->expected, why_snagged(course->snag));
}

/* Two looks: one could have come before the guest began to move. */
static bool rests(const struct bl_hyperv_vm *vm)
{
	return vm->rest_n >= 2;
}

static uint64_t demand_of(const struct bl_hyperv_vm *vm)
{
	uint64_t demand = bl_hyperv_demand(vm->now.usage_mib, vm->now.available_pct);

	return rests(vm) ? bl_hyperv_demand_at_rest(vm->now.usage_mib, vm->memory.buffer, demand)
	                 : demand;
}

static bool is_far_above(const struct bl_hyperv_vm *vm)
{
	uint64_t part = vm->target_mib / GROSS_PART;

	return vm->now.usage_mib > vm->target_mib + (part > GROSS_MIB ? part : GROSS_MIB);
}

static bool may_wait(const struct bl_hyperv_vm *vm)
{
	return !vm->fresh && !rests(vm) && !is_far_above(vm) &&
	       bl_hyperv_clock() - vm->changed_ns < DRIFT_NS;
}

static int steer(struct bl_hyperv_host *h, struct bl_hyperv_vm *vm)
{
	struct bl_hyperv_course course;
	struct bl_hyperv_case c = {
		.now = &vm->memory, .version = vm->version, .usage = vm->now.usage_mib,
		.demand = demand_of(vm),
		.target = vm->target_mib, .fresh = vm->fresh,
	};

	bl_hyperv_steer(&c, &h->rules, &course);
	report(h, vm, &course);
	if (!course.change.set) {
		vm->fresh &= course.snag == BL_HYPERV_NO_DEMAND || course.snag == BL_HYPERV_PAGING;
		return 0;
	}
	if (may_wait(vm))
		return 0;
	vm->sent = course.change;
	return change(h, vm);
}

/* A host that does not answer is not asked for the other guests. */
static bool is_away(int rc)
{
	return rc == -ECANCELED || rc == -EHOSTUNREACH || rc == -EACCES;
}

static int mind(struct bl_hyperv_host *h, struct bl_hyperv_vm *vm)
{
	int rc = 0;

	if (vm->job[0] && vm->job_look != h->looks) {
		vm->job_look = h->looks;
		rc = poll_job(h, vm);
	}
	if (!is_away(rc) && !vm->job[0] && steerable(vm) &&
	    vm->target_mib != BL_HYPERV_UNKNOWN && bl_hyperv_clock() >= vm->again_ns)
		rc = steer(h, vm);
	return rc;
}

bool bl_hyperv_act(struct bl_hyperv_host *h)
{
	unsigned long until = h->line->requests + 2 * GO_MAX; /* a change, and reading it back */
	size_t first = h->n ? h->next % h->n : 0;

	h->rules.weight_unit = bl_hyperv_weight_unit(largest_spare(h));
	for (size_t i = 0; i < h->n; i++) {
		h->next = (first + i + 1) % h->n;
		if (is_away(mind(h, &h->vms[(first + i) % h->n])))
			return false;
		if (h->line->requests >= until)
			return i + 1 < h->n;
	}
	return false;
}
