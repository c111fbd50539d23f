/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * An example of every function in the headers, between two marks with its name; the
 * manual shows them there. All of them together are a program, and a test.
 */
#undef NDEBUG /* assert() says here what holds */
#include <assert.h>
#include <balloon/balloon.h>
#include <balloon/replay.h>
#include <balloon/sim.h>
#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#define MIB (UINT64_C(1) << 20)
#define GIB (UINT64_C(1) << 30)
#define SEC UINT64_C(1000000000)

static char text[512];

/* ------------------------------------------------------ without any host */

static void pure(void)
{
	/* [balloon_version] */
	printf("libballoon %s\n", balloon_version());
	/* [balloon_version] */

	/* [balloon_entitle] */
	struct balloon_claimant two[] = {
	        {.shares = 1000, .active_bytes = 15 * MIB, .limit_bytes = 256 * MIB},
	        {.shares = 1000, .active_bytes = BALLOON_UNKNOWN, .limit_bytes = 256 * MIB}};
	uint64_t bytes[2];

	if (balloon_entitle(two, 2, 358 * MIB, 7500, bytes) == 0)
		assert(bytes[0] == 102 * MIB && bytes[1] == 256 * MIB);
	/* [balloon_entitle] */

	/* [balloon_floor] */
	assert(balloon_floor(2 * GIB) == 360 * MIB);
	/* [balloon_floor] */
	/* [balloon_min_free] */
	assert(balloon_min_free(28 * GIB) / MIB == 901);
	/* [balloon_min_free] */
}

/* -------------------------------------------------------- simulated host */

static struct balloon_sim *new_host(void)
{
	/* [balloon_sim_new] */
	struct balloon_sim_host host = {.struct_size = sizeof(host), .total_bytes = 4 * GIB,
	                                .own_bytes = GIB / 4, .seed = 1,
	                                .capacity_bytes = BALLOON_UNKNOWN};
	struct balloon_sim *sim;

	if (balloon_sim_new(&host, &sim) < 0)
		return NULL; /* balloon_sim_free() it */
	/* [balloon_sim_new] */
	return sim;
}

static uint64_t add_guest(struct balloon_sim *sim, const char *name)
{
	/* [balloon_sim_add] */
	struct balloon_sim_guest guest = {.struct_size = sizeof(guest), .name = name,
	                                  .size_bytes = 2 * GIB,
	                                  .actual_bytes = BALLOON_UNKNOWN, /* all of it */
	                                  .swap_bytes = BALLOON_UNKNOWN};
	uint64_t key = 0;

	assert(balloon_sim_add(sim, &guest, &key) == 0);
	/* [balloon_sim_add] */
	return key;
}

static void shape(struct balloon_sim *sim, uint64_t key)
{
	/* [balloon_sim_set_demand] */
	balloon_sim_set_demand(sim, key, 700 * MIB, BALLOON_UNKNOWN);
	/* [balloon_sim_set_demand] */
	/* [balloon_sim_set_trace] */
	struct balloon_sim_point points[] = {{0, 200 * MIB}, {600 * SEC, 900 * MIB}};

	balloon_sim_set_trace(sim, key, points, 2);
	/* [balloon_sim_set_trace] */
	/* [balloon_sim_set_wander] */
	balloon_sim_set_wander(sim, key);
	/* [balloon_sim_set_wander] */
	/* [balloon_sim_set_cache] */
	balloon_sim_set_cache(sim, key, 256 * MIB, MIB);
	/* [balloon_sim_set_cache] */
	/* [balloon_sim_set_fixed] */
	balloon_sim_set_fixed(sim, key, BALLOON_FIXED_PASSTHROUGH);
	balloon_sim_set_fixed(sim, key, BALLOON_FIXED_NOT);
	/* [balloon_sim_set_fixed] */
}

static void behave(struct balloon_sim *sim, uint64_t key)
{
	/* [balloon_sim_behaviour] */
	struct balloon_sim_behaviour slow = {.struct_size = sizeof(slow)};

	balloon_sim_behaviour("slow+noisy", 2 * GIB, &slow);
	slow.down_bytes_s = 8 * MIB;
	/* [balloon_sim_behaviour] */
	/* [balloon_sim_set_behaviour] */
	balloon_sim_set_behaviour(sim, key, &slow);
	/* [balloon_sim_set_behaviour] */
}

static void host_of(struct balloon_sim *sim)
{
	/* [balloon_sim_set_host] */
	balloon_sim_set_host(sim, GIB / 2, GIB / 4);
	/* [balloon_sim_set_host] */
	/* [balloon_sim_nudge] */
	balloon_sim_nudge(sim); /* balloon_fd() is readable until the next beat */
	/* [balloon_sim_nudge] */
	/* [balloon_sim_uri] */
	printf("balloond's uri would be %s\n", balloon_sim_uri(sim));
	/* [balloon_sim_uri] */
	/* [balloon_sim_add_traces] */
	struct balloon_sim_trace_file file = {.struct_size = sizeof(file), .path = "/nowhere",
	                                      .guests_max = BALLOON_UNKNOWN};
	size_t added;

	if (balloon_sim_add_traces(sim, &file, &added, text, sizeof(text)) < 0)
		printf("no traces: %s\n", text);
	/* [balloon_sim_add_traces] */
}

/* ---------------------------------------------------------------- handle */

static struct balloon *open_host(struct balloon_sim *sim)
{
	/* [balloon_open] */
	struct balloon_options o = {.struct_size = sizeof(o),
	                            .uri = "qemu:///system", /* or a backend of one's own: */
	                            /* [balloon_sim_backend] */
	                            .backend = balloon_sim_backend(sim),
	                            /* [balloon_sim_backend] */
	                            .error_text = text, .error_size = sizeof(text)};
	struct balloon *b;

	if (balloon_open(&o, &b) < 0) {
		fprintf(stderr, "%s\n", text);
		return NULL;
	}
	/* [balloon_open] */
	return b;
}

static void set_policy(struct balloon *b)
{
	/* [balloon_profile] */
	struct balloon_profile profile = {.struct_size = sizeof(profile)};

	assert(balloon_profile("balanced", &profile) == 0);
	profile.tax_bp = 5000; /* half of an idle surplus may go */
	/* [balloon_profile] */
	/* [balloon_set_policy] */
	struct balloon_allocation usual = {.struct_size = sizeof(usual),
	                                   .shares = BALLOON_UNKNOWN,
	                                   .reservation_bytes = BALLOON_UNKNOWN,
	                                   .limit_bytes = BALLOON_UNKNOWN};
	struct balloon_named_allocation db = {.guest = "db", .allocation = usual};
	struct balloon_policy policy = {.struct_size = sizeof(policy), .profile = &profile,
	                                .budget_bytes = BALLOON_UNKNOWN,
	                                .reserve_bytes = BALLOON_UNKNOWN, .fallback = usual,
	                                .guests = &db, .guests_n = 1};

	db.allocation.shares = 4000;
	/* [balloon_error] */
	if (balloon_set_policy(b, &policy) < 0)
		fprintf(stderr, "the old policy stays: %s\n", balloon_error(b));
	/* [balloon_error] */
	/* [balloon_set_policy] */
}

static uint64_t beat(struct balloon *b, uint64_t now_ns)
{
	/* [balloon_tick] */
	uint64_t next_ns = now_ns;

	if (balloon_tick(b, now_ns, &next_ns) == -EAGAIN)
		fprintf(stderr, "not seen this time: %s\n", balloon_error(b));
	/* [balloon_tick] */
	/* [balloon_fd] */
	struct pollfd news = {.fd = balloon_fd(b), .events = POLLIN}; /* poll() leaves out fd < 0 */

	poll(&news, 1, 0); /* rather until next_ns */
	/* [balloon_fd] */
	return next_ns;
}

static void tell(struct balloon *b)
{
	/* [balloon_report] */
	struct balloon_report host = {.struct_size = sizeof(host)};

	/* [balloon_host_state_name] */
	if (balloon_report(b, &host) == 0)
		printf("host is %s\n", balloon_host_state_name(host.host_state));
	/* [balloon_host_state_name] */
	/* [balloon_report] */

	/* [balloon_guests] */
	struct balloon_guest_report g[16];
	int n = balloon_guests(b, g, sizeof(g[0]), 16);

	for (int i = 0; i < n && i < 16; i++) {
		/* [balloon_state_name] */
		/* [balloon_reason_name] */
		printf("%s: %s, %s\n", g[i].name, balloon_state_name(g[i].state),
		       balloon_reason_name(g[i].reason));
		/* [balloon_reason_name] */
		/* [balloon_state_name] */
		/* [balloon_fixed_name] */
		if (g[i].fixed)
			printf("%s cannot be moved: %s\n", g[i].name, balloon_fixed_name(g[i].fixed));
		/* [balloon_fixed_name] */
	}
	/* [balloon_guests] */
}

static void tell_why(struct balloon *b)
{
	/* [balloon_why] */
	struct balloon_why why = {.struct_size = sizeof(why)};

	if (balloon_why(b, "db", &why) == 0 && why.rule == BALLOON_REASON_STEP)
		printf("db: %u MiB to go\n", (unsigned)((why.target_bytes - why.goal_bytes) / MIB));
	/* [balloon_why] */
	/* [balloon_explain] */
	if (balloon_explain(b, "db", text, sizeof(text)) > 0)
		puts(text);
	/* [balloon_explain] */
	/* [balloon_ladder] */
	struct balloon_rung rungs[BALLOON_MEANS_N];
	int n = balloon_ladder(b, NULL, rungs, sizeof(rungs[0]), BALLOON_MEANS_N);

	for (int i = 0; i < n && i < BALLOON_MEANS_N; i++) {
		/* [balloon_means_name] */
		printf("by %s: %u MiB\n", balloon_means_name(rungs[i].means),
		       (unsigned)(rungs[i].offered_bytes / MIB));
		/* [balloon_means_name] */
	}
	/* [balloon_ladder] */
}

static void admit(struct balloon *b, uint64_t now_ns)
{
	/* [balloon_admit] */
	struct balloon_request request = {.struct_size = sizeof(request),
	                                  .reservation_bytes = GIB / 2, .size_bytes = GIB};
	uint64_t short_bytes = 0;

	if (balloon_admit(b, &request, &short_bytes) == -ENOSPC)
		printf("short of %u MiB: %s\n", (unsigned)(short_bytes / MIB), balloon_error(b));
	/* [balloon_admit] */
	/* [balloon_claim] */
	uint64_t claim;

	if (balloon_claim(b, &request, "new", now_ns + 30 * SEC, &claim) < 0)
		return;
	/* [balloon_claim] */
	/* [balloon_claim_ready] */
	uint64_t missing = 0;

	if (balloon_claim_ready(b, claim, &missing) == -EAGAIN)
		printf("%u MiB more, after some beats\n", (unsigned)(missing / MIB));
	/* [balloon_claim_ready] */
	/* [balloon_claim_renew] */
	balloon_claim_renew(b, claim, now_ns + 60 * SEC);
	/* [balloon_claim_renew] */
	/* [balloon_claim_release] */
	balloon_claim_release(b, claim); /* it is not started after all */
	/* [balloon_claim_release] */
}

static void what_if(struct balloon *b, uint64_t now_ns)
{
	/* [balloon_what_if] */
	struct balloon *view;

	if (balloon_what_if(b, &view) < 0)
		return; /* before the first beat */
	/* [balloon_what_if_host] */
	balloon_what_if_host(view, 8 * GIB, 5 * GIB);
	/* [balloon_what_if_host] */
	/* [balloon_what_if_guest] */
	balloon_what_if_guest(view, "third", GIB, BALLOON_UNKNOWN);
	/* [balloon_what_if_guest] */
	/* [balloon_what_if_gone] */
	balloon_what_if_gone(view, "web");
	/* [balloon_what_if_gone] */
	balloon_tick(view, now_ns, NULL);
	tell(view); /* what they would be told */
	balloon_close(view);
	/* [balloon_what_if] */
}

static void hold(struct balloon *b, uint64_t now_ns)
{
	/* [balloon_hold] */
	struct balloon_hold hold = {.struct_size = sizeof(hold), .mode = BALLOON_HOLD_KEEP,
	                            .owner = "backup", .reason = "nightly backup",
	                            .until_ns = now_ns + 3600 * SEC};

	if (balloon_hold(b, "db", &hold) < 0)
		fprintf(stderr, "%s\n", balloon_error(b));
	/* [balloon_hold] */
	/* [balloon_unhold] */
	balloon_unhold(b, "db", "backup");
	/* [balloon_unhold] */
}

static void leave(struct balloon *b, uint64_t now_ns)
{
	/* [balloon_release] */
	/* [balloon_close] */
	balloon_release(b, now_ns); /* nobody will mind the guests */
	balloon_close(b);
	/* [balloon_close] */
	/* [balloon_release] */
}

/* ----------------------------------------------------------------- truth */

static void truth(struct balloon_sim *sim, uint64_t key)
{
	/* [balloon_sim_truth] */
	struct balloon_sim_truth guest = {.struct_size = sizeof(guest)};

	if (balloon_sim_truth(sim, key, &guest) == 0)
		printf("it lacks %u MiB\n", (unsigned)(guest.unmet_bytes / MIB));
	/* [balloon_sim_truth] */
	/* [balloon_sim_host_truth] */
	struct balloon_sim_host_truth host = {.struct_size = sizeof(host)};

	balloon_sim_host_truth(sim, &host);
	assert(host.over_max_bytes == 0);
	/* [balloon_sim_host_truth] */
}

static void end_of(struct balloon_sim *sim, uint64_t key, uint64_t now_ns)
{
	/* [balloon_sim_restart] */
	balloon_sim_restart(sim, key, BALLOON_SIM_RESTART, &key); /* it has another key now */
	/* [balloon_sim_restart] */
	/* [balloon_sim_away] */
	balloon_sim_away(sim, 5 * SEC); /* beats are -EAGAIN until then */
	/* [balloon_sim_away] */
	/* [balloon_sim_step] */
	balloon_sim_step(sim, now_ns); /* without a beat */
	/* [balloon_sim_step] */
	/* [balloon_sim_remove] */
	balloon_sim_remove(sim, key);
	/* [balloon_sim_remove] */
	/* [balloon_sim_free] */
	balloon_sim_free(sim); /* handles on it are closed */
	/* [balloon_sim_free] */
}

/* ------------------------------------------------------------ recordings */

/* [balloon_replay_backend] */
static void *player;

static int open_player(const char *uri, void **ret_self, char *ret_error, size_t size)
{
	int rc = balloon_replay_backend()->open(uri, ret_self, ret_error, size);

	player = rc == 0 ? *ret_self : NULL;
	return rc;
}
/* [balloon_replay_backend] */

static void record(const char *uri)
{
	struct balloon_options o = {.struct_size = sizeof(o), .uri = uri};
	struct balloon *b;

	assert(balloon_open(&o, &b) == 0);
	for (uint64_t now_ns = 0; now_ns < 30 * SEC; now_ns += SEC)
		balloon_tick(b, now_ns, NULL);
	balloon_close(b);
}

static void replay(const char *uri)
{
	struct balloon_backend backend = *balloon_replay_backend();
	struct balloon_options o = {.struct_size = sizeof(o), .uri = uri, .backend = &backend};
	struct balloon *b;
	uint64_t now_ns;

	backend.open = open_player;
	assert(balloon_open(&o, &b) == 0);
	/* [balloon_replay_uri] */
	/* [balloon_replay_library] */
	printf("%s by libballoon %s\n", balloon_replay_uri(player), balloon_replay_library(player));
	/* [balloon_replay_library] */
	/* [balloon_replay_uri] */
	/* [balloon_replay_looks] */
	printf("%u looks\n", (unsigned)balloon_replay_looks(player));
	/* [balloon_replay_looks] */
	/* [balloon_replay_next] */
	while (balloon_replay_next(player, &now_ns) == 0)
		balloon_tick(b, now_ns, NULL);
	/* [balloon_replay_next] */
	/* [balloon_replay_differences] */
	assert(balloon_replay_differences(player) == 0);
	/* [balloon_replay_differences] */
	balloon_close(b);
}

static void recordings(void)
{
	char dir[] = "/tmp/balloon-manual-XXXXXX", file[64], uri[128];

	assert(mkdtemp(dir));
	snprintf(file, sizeof(file), "%s/host.jsonl", dir);
	snprintf(uri, sizeof(uri), "record:%s,sim:guests=3,host=2GiB,seed=1", file);
	record(uri);
	snprintf(uri, sizeof(uri), "replay:%s", file);
	replay(uri);
	unlink(file);
	rmdir(dir);
}

int main(void)
{
	struct balloon_sim *sim = new_host();
	uint64_t db = add_guest(sim, "db"), web = add_guest(sim, "web"), now_ns = 0;
	struct balloon *b = open_host(sim);

	assert(b);
	pure();
	shape(sim, web);
	behave(sim, web);
	host_of(sim);
	set_policy(b);
	while (now_ns < 60 * SEC)
		now_ns = beat(b, now_ns);
	tell(b);
	tell_why(b);
	admit(b, now_ns);
	what_if(b, now_ns);
	hold(b, now_ns);
	truth(sim, db);
	leave(b, now_ns);
	end_of(sim, web, now_ns + SEC);
	recordings();
	return 0;
}
