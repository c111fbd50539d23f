/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The ladder: what the host takes by its own means when balloons do not give.
 * Stories on a small simulated host that has a compressed pool, swap and
 * ceilings, judged by what the simulated host says is true.
 */
#include "../hall/spy.h"
#include "stand.h"

#define REFUSER 0
#define WORKER 1
#define OTHER 2

/* A host of 3 GiB with all means, or with some of them. */
static void host_up(struct stand *s, struct balloon_sim_host host)
{
	*s = (struct stand){.now = 5 * SECOND};
	host.struct_size = sizeof(host);
	host.total_bytes = 3 * GIB;
	host.own_bytes = 256 * MIB;
	host.capacity_bytes = UNKNOWN;
	host.seed = 1;
	CU_ASSERT_EQUAL_FATAL(balloon_sim_new(&host, &s->sim), 0);
}

static const struct balloon_sim_host rich = {.swap_bytes = 2 * GIB,
                                             .compress_max_bytes = 512 * MIB,
                                             .compress_bp = 4000,
                                             .features = BALLOON_SIM_CEILINGS};

static struct balloon_sim_truth truth(struct stand *s, size_t i)
{
	struct balloon_sim_truth t = {.struct_size = sizeof(t)};

	CU_ASSERT_EQUAL(balloon_sim_truth(s->sim, s->keys[i], &t), 0);
	return t;
}

static void uses(struct stand *s, size_t i, uint64_t mib)
{
	CU_ASSERT_EQUAL(balloon_sim_set_demand(s->sim, s->keys[i], mib * MIB, UNKNOWN), 0);
}

static void behaves(struct stand *s, size_t i, const char *how)
{
	struct balloon_sim_behaviour b = {.struct_size = sizeof(b)};

	CU_ASSERT_EQUAL_FATAL(balloon_sim_behaviour(how, 1536 * MIB, &b), 0);
	CU_ASSERT_EQUAL(balloon_sim_set_behaviour(s->sim, s->keys[i], &b), 0);
}

/* Three guests of 1.5 GiB that have a third each; the first grew busy once, and
 * is about to idle. */
static void three(struct stand *s)
{
	stand_guest(s, "refuser", 1536, 900);
	stand_guest(s, "worker", 1536, 400);
	stand_guest(s, "other", 1536, 400);
	stand_open(s, NULL);
	stand_beats(s, 60);
	uses(s, REFUSER, 200);
	stand_beats(s, 90);
}

/* Beats until a guest has so much; how many it took, or most. */
static int until_has(struct stand *s, size_t i, uint64_t mib, int most)
{
	int n = 0;

	while (n < most && truth(s, i).actual_bytes < mib * MIB) {
		stand_beats(s, 1);
		n++;
	}
	return n;
}

static struct balloon_rung rung(struct stand *s, const char *guest, uint32_t means)
{
	struct balloon_rung r[BALLOON_MEANS_N];

	CU_ASSERT_EQUAL(balloon_ladder(s->b, guest, r, sizeof(r[0]), BALLOON_MEANS_N),
	                BALLOON_MEANS_N);
	CU_ASSERT_EQUAL(r[means].means, means);
	return r[means];
}

static uint64_t target(struct stand *s, const char *name)
{
	return stand_report(s->b, name).target_bytes;
}

static int says(struct stand *s, const char *guest, const char *words)
{
	char text[512];

	CU_ASSERT(balloon_explain(s->b, guest, text, sizeof(text)) > 0);
	if (!strstr(text, words))
		printf("\n  \"%s\" does not say \"%s\"", text, words);
	return strstr(text, words) != NULL;
}

/* Nothing lies in a cold place that nobody waits for. */
static void asleep(void)
{
	struct stand s;

	host_up(&s, rich);
	three(&s);
	for (size_t i = 0; i < 3; i++)
		CU_ASSERT_EQUAL(truth(&s, i).means_orders, 0);
	CU_ASSERT(rung(&s, NULL, BALLOON_MEANS_BALLOON).offered_bytes > 0);
	stand_down(&s);
}

/* One that sits on what others need gives by the next means, and another does
 * not pay for it. */
static void refuser(void)
{
	struct stand s;
	uint64_t due;

	host_up(&s, rich);
	three(&s);
	behaves(&s, REFUSER, "stick");
	uses(&s, WORKER, 1300);
	CU_ASSERT(until_has(&s, WORKER, 1150, 40) < 40);
	stand_beats(&s, 10);
	CU_ASSERT(truth(&s, REFUSER).swapped_bytes > 64 * MIB);
	CU_ASSERT(stand_report(s.b, "refuser").kept_bytes < UNKNOWN);
	CU_ASSERT_EQUAL(stand_report(s.b, "refuser").means, BALLOON_MEANS_COMPRESS);
	CU_ASSERT(says(&s, "refuser", "in memory, by compress"));
	CU_ASSERT(rung(&s, "refuser", BALLOON_MEANS_COMPRESS).applied_bytes > 64 * MIB);
	CU_ASSERT(rung(&s, "refuser", BALLOON_MEANS_BALLOON).refused_bytes > 0);
	CU_ASSERT_EQUAL(truth(&s, OTHER).swapped_bytes, 0);
	due = stand_report(s.b, "other").entitlement_bytes;
	CU_ASSERT(target(&s, "other") > due - due / 10);
	stand_down(&s);
}

/* A guest without a driver is a guest like others, for the means it has. */
static void driverless(void)
{
	struct stand s;

	host_up(&s, rich);
	three(&s);
	CU_ASSERT_EQUAL(balloon_sim_set_fixed(s.sim, s.keys[REFUSER], BALLOON_FIXED_NO_DRIVER), 0);
	uses(&s, WORKER, 1300);
	CU_ASSERT(until_has(&s, WORKER, 1100, 40) < 40);
	CU_ASSERT(truth(&s, REFUSER).swapped_bytes > 0);
	CU_ASSERT(says(&s, "refuser", "cannot be moved (no balloon driver); the host keeps at most"));
	stand_down(&s);
}

/* The pool is full at once and nothing comes of it: swap has to do. */
static void next_means(void)
{
	struct balloon_sim_host host = rich;
	struct stand s;

	host.compress_max_bytes = 16 * MIB;
	host_up(&s, host);
	three(&s);
	behaves(&s, REFUSER, "stick");
	uses(&s, WORKER, 1300);
	CU_ASSERT(until_has(&s, WORKER, 1150, 90) < 90);
	CU_ASSERT(rung(&s, "refuser", BALLOON_MEANS_SWAP).applied_bytes > 32 * MIB);
	stand_down(&s);
}

/* Neither pool nor swap: a ceiling, and that only for the one that refuses. */
static void by_force(void)
{
	struct balloon_sim_host host = {.swap_bytes = 64 * MIB, .features = BALLOON_SIM_CEILINGS};
	struct stand s;

	host_up(&s, host);
	three(&s);
	behaves(&s, REFUSER, "stick");
	uses(&s, WORKER, 1300);
	stand_beats(&s, 90);
	CU_ASSERT(truth(&s, REFUSER).ceiling_told < UNKNOWN);
	CU_ASSERT_EQUAL(truth(&s, OTHER).ceiling_told, UNKNOWN);
	balloon_close(s.b);
	CU_ASSERT_EQUAL(truth(&s, REFUSER).ceiling_told, UNKNOWN);
	s.b = NULL;
	stand_down(&s);
}

/* Who obeys again is let go. */
static void lifted(void)
{
	struct stand s;

	host_up(&s, rich);
	three(&s);
	behaves(&s, REFUSER, "stick");
	uses(&s, WORKER, 1300);
	stand_beats(&s, 40);
	CU_ASSERT(stand_report(s.b, "refuser").kept_bytes < UNKNOWN);
	behaves(&s, REFUSER, "obey");
	uses(&s, WORKER, 400);
	stand_beats(&s, 250); /* it is told again now and then */
	CU_ASSERT_EQUAL(stand_report(s.b, "refuser").kept_bytes, UNKNOWN);
	CU_ASSERT_EQUAL(truth(&s, REFUSER).compress_told, UNKNOWN);
	stand_down(&s);
}

/* The reservation is sovereign by whatever means. */
static void reserved(void)
{
	struct balloon_policy policy = stand_policy();
	struct balloon_named_allocation mine = {
	        .guest = "refuser", .allocation = stand_allocation(NULL, 850)};
	struct stand s;

	policy.guests = &mine;
	policy.guests_n = 1;
	host_up(&s, rich);
	stand_guest(&s, "refuser", 1536, 900);
	stand_guest(&s, "worker", 1536, 400);
	stand_guest(&s, "other", 1536, 400);
	stand_open(&s, &policy);
	stand_beats(&s, 60);
	uses(&s, REFUSER, 100);
	behaves(&s, REFUSER, "stick");
	uses(&s, WORKER, 1400);
	stand_beats(&s, 120);
	CU_ASSERT(truth(&s, REFUSER).compress_told >= 850 * MIB);
	CU_ASSERT(truth(&s, REFUSER).resident_bytes >= 850 * MIB);
	stand_down(&s);
}

/* A balloon that fills and frees nothing is no balloon. */
static void hollow(void)
{
	struct stand s;

	host_up(&s, rich);
	three(&s);
	behaves(&s, REFUSER, "inhibited");
	uses(&s, WORKER, 1300);
	stand_beats(&s, 60);
	CU_ASSERT_EQUAL(stand_report(s.b, "refuser").state, BALLOON_STATE_STUCK);
	CU_ASSERT(truth(&s, REFUSER).swapped_bytes > 64 * MIB);
	stand_down(&s);
}

/* Somebody else on the host takes memory: what is cold goes, and only that. */
static void hard_pressed(void)
{
	struct balloon_report r;
	struct stand s;

	host_up(&s, rich);
	three(&s);
	for (size_t i = 0; i < 3; i++)
		behaves(&s, i, "deaf");
	CU_ASSERT_EQUAL(balloon_sim_set_host(s.sim, 640 * MIB, 0), 0);
	stand_beats(&s, 30);
	r = stand_account(s.b);
	CU_ASSERT(r.host_state == BALLOON_HOST_HIGH || r.host_state == BALLOON_HOST_CLEAR ||
	          r.host_state == BALLOON_HOST_SOFT);
	CU_ASSERT(truth(&s, REFUSER).swapped_bytes + truth(&s, WORKER).swapped_bytes > 64 * MIB);
	stand_down(&s);
}

int main(int argc, char **argv)
{
	static const struct test tests[] = {
	        {"asleep while nobody waits", asleep},
	        {"a refuser gives by other means", refuser},
	        {"so does one without a driver", driverless},
	        {"the next means when one fails", next_means},
	        {"force comes last and ends at close", by_force},
	        {"lifted when it obeys", lifted},
	        {"not below the reservation", reserved},
	        {"a hollow balloon", hollow},
	        {"a host that is hard pressed", hard_pressed},
	        {NULL, NULL},
	};

	return run_chosen("ladder", tests, argc, argv);
}
