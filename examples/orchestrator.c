/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * An orchestrator that embeds libballoon in its event loop: where a guest is to be
 * placed (what if), memory kept for it before it is started (claim), and a guest
 * left alone while it is migrated (hold).
 *
 * The hosts are simulated, so that the story ends in a second and the same on every
 * machine: time is a number that run() moves, where yours would wait in poll() until
 * then. All the rest is as it would be. It must not know what the policy decides:
 * it asks.
 */
#include <balloon/balloon.h>
#include <balloon/sim.h>
#include <errno.h>
#include <poll.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#define MIB (UINT64_C(1) << 20)
#define GIB (UINT64_C(1) << 30)
#define SEC UINT64_C(1000000000)

enum { HOSTS = 2, GUESTS_MAX = 16 };

struct host {
	const char *name;
	struct balloon_sim *sim; /* yours: libvirt and the machine */
	struct balloon *b;
	uint64_t next_ns; /* when its next beat is due */
};

static struct host hosts[HOSTS] = {{.name = "east"}, {.name = "west"}};
static uint64_t now_ns;

static void __attribute__((format(printf, 1, 2))) say(const char *format, ...)
{
	va_list args;

	va_start(args, format);
	printf("%4u s  ", (unsigned)(now_ns / SEC));
	vprintf(format, args);
	va_end(args);
}

static void must(struct host *h, int rc, const char *what)
{
	if (rc >= 0)
		return;
	fprintf(stderr, "orchestrator: %s: %s: %s\n", h->name, what,
	        h->b ? balloon_error(h->b) : "out of memory");
	exit(1);
}

/* ------------------------------------------------------------- event loop */

static void beat(struct host *h)
{
	int rc = balloon_tick(h->b, now_ns, &h->next_ns);

	if (rc == -EAGAIN) /* the host is away: the next beat may see it again */
		say("%s cannot be seen: %s\n", h->name, balloon_error(h->b));
	else
		must(h, rc, "beat");
}

/* Runs until then: a beat when one is due, or when a host has news. */
static void run(uint64_t until_ns)
{
	while (now_ns < until_ns) {
		struct pollfd news[HOSTS];

		for (size_t i = 0; i < HOSTS; i++)
			news[i] = (struct pollfd){.fd = balloon_fd(hosts[i].b), .events = POLLIN};
		poll(news, HOSTS, 0); /* yours: until the first next_ns */
		for (size_t i = 0; i < HOSTS; i++) {
			if (news[i].revents & POLLIN)
				say("%s has news\n", hosts[i].name);
			if (news[i].revents & POLLIN || now_ns >= hosts[i].next_ns)
				beat(&hosts[i]);
		}
		now_ns += SEC / 10;
	}
}

/* ------------------------------------------------------------ what it does */

/* What the guests there would be short of what they need, were it there too. */
static uint64_t short_with(struct host *h, const char *guest, uint64_t size)
{
	struct balloon_guest_report g[GUESTS_MAX];
	struct balloon *view;
	uint64_t missing = 0;
	int n;

	must(h, balloon_what_if(h->b, &view), "what if");
	must(h, balloon_what_if_guest(view, guest, size, size / 2), "what if");
	must(h, balloon_tick(view, now_ns, NULL), "what if");
	n = balloon_guests(view, g, sizeof(g[0]), GUESTS_MAX);
	for (int i = 0; i < n && i < GUESTS_MAX; i++) {
		if (g[i].need_bytes > g[i].entitlement_bytes)
			missing += g[i].need_bytes - g[i].entitlement_bytes;
	}
	balloon_close(view);
	say("on %s, %s would leave guests %u MiB short\n", h->name, guest, (unsigned)(missing / MIB));
	return missing;
}

static struct host *place(const char *guest, uint64_t size)
{
	uint64_t east = short_with(&hosts[0], guest, size);
	uint64_t west = short_with(&hosts[1], guest, size);

	return east <= west ? &hosts[0] : &hosts[1];
}

static uint64_t start_guest(struct host *h, const char *name, uint64_t size, uint64_t demand)
{
	struct balloon_sim_guest guest = {.struct_size = sizeof(guest), .name = name,
	                                  .size_bytes = size, .actual_bytes = BALLOON_UNKNOWN,
	                                  .swap_bytes = BALLOON_UNKNOWN};
	uint64_t key;

	must(h, balloon_sim_add(h->sim, &guest, &key), "start");
	must(h, balloon_sim_set_demand(h->sim, key, demand, BALLOON_UNKNOWN), "start");
	return key;
}

/* Memory first, then the guest. The claim is renewed while we live, so that one of
 * an orchestrator that died lapses. 0 if the host cannot have it. */
static uint64_t admit_and_start(struct host *h, const char *name, uint64_t size, uint64_t demand)
{
	struct balloon_request request = {.struct_size = sizeof(request),
	                                  .reservation_bytes = size / 2, .size_bytes = size};
	uint64_t claim, missing = 0;
	int rc = balloon_claim(h->b, &request, name, now_ns + 30 * SEC, &claim);

	if (rc < 0) {
		say("%s: %s\n", h->name, balloon_error(h->b));
		return 0;
	}
	while ((rc = balloon_claim_ready(h->b, claim, &missing)) == -EAGAIN) {
		say("%s is short of %u MiB for %s\n", h->name, (unsigned)(missing / MIB), name);
		must(h, balloon_claim_renew(h->b, claim, now_ns + 30 * SEC), "renew");
		run(now_ns + 2 * SEC);
	}
	must(h, rc, "claim");
	say("%s has the memory: %s is started\n", h->name, name);
	return start_guest(h, name, size, demand);
}

static uint64_t target_of(struct host *h, const char *guest)
{
	struct balloon_why why = {.struct_size = sizeof(why)};

	must(h, balloon_why(h->b, guest, &why), guest);
	return why.target_bytes;
}

/* While its memory is copied its balloon must not move. Should we die, the hold ends. */
static void migrate_away(struct host *h, const char *name, uint64_t key)
{
	struct balloon_hold hold = {.struct_size = sizeof(hold), .mode = BALLOON_HOLD_FREEZE,
	                            .owner = "orchestrator", .reason = "migration",
	                            .until_ns = now_ns + 600 * SEC};
	uint64_t before;

	must(h, balloon_hold(h->b, name, &hold), "hold");
	run(now_ns + 2 * SEC);
	before = target_of(h, name);
	say("%s is held at %u MiB: its migration begins\n", name, (unsigned)(before / MIB));
	balloon_sim_set_demand(h->sim, key, 0, BALLOON_UNKNOWN); /* others would get it */
	run(now_ns + 60 * SEC);
	say("%s was %s while it moved\n", name, target_of(h, name) == before ? "left alone" : "touched");
	balloon_sim_remove(h->sim, key);
	must(h, balloon_unhold(h->b, name, "orchestrator"), "unhold");
}

/* ------------------------------------------------------------------ story */

static void open_host(struct host *h)
{
	struct balloon_sim_host host = {.struct_size = sizeof(host), .total_bytes = 4 * GIB,
	                                .own_bytes = GIB / 4, .seed = 1,
	                                .capacity_bytes = BALLOON_UNKNOWN};
	struct balloon_options o = {.struct_size = sizeof(o)};

	must(h, balloon_sim_new(&host, &h->sim), "host");
	o.backend = balloon_sim_backend(h->sim);
	must(h, balloon_open(&o, &h->b), "open");
}

int main(void)
{
	struct host *h;
	uint64_t key;

	for (size_t i = 0; i < HOSTS; i++)
		open_host(&hosts[i]);
	start_guest(&hosts[0], "east-1", 2 * GIB, 1400 * MIB);
	start_guest(&hosts[0], "east-2", 2 * GIB, 1300 * MIB);
	start_guest(&hosts[1], "west-1", 2 * GIB, 500 * MIB);
	start_guest(&hosts[1], "west-2", 2 * GIB, 300 * MIB);
	run(60 * SEC);

	h = place("new", GIB);
	say("new goes to %s\n", h->name);
	key = admit_and_start(h, "new", GIB, 600 * MIB);
	if (!key)
		return 1;
	run(now_ns + 60 * SEC);
	admit_and_start(h, "huge", 16 * GIB, GIB);
	migrate_away(h, "new", key);
	run(now_ns + 60 * SEC);
	for (size_t i = 0; i < HOSTS; i++) {
		balloon_close(hosts[i].b);
		balloon_sim_free(hosts[i].sim);
	}
	return 0;
}
