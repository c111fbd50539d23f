/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* NUMA nodes: a full node caps those on it; what they leave goes elsewhere. */
#include <balloon/backend.h>
#include <string.h>

#include "testkit.h"

#define GUESTS 4
#define NODES 2

/* A host of two nodes that says what the test puts here. */
static struct {
	struct balloon_sample guests[GUESTS];
	struct balloon_node nodes[NODES];
	uint64_t on[GUESTS][NODES];
	size_t nodes_n;
	uint64_t available;
} host;

static int host_open(const char *uri, void **ret_self, char *ret_error, size_t size)
{
	(void)uri;
	(void)ret_error;
	(void)size;
	*ret_self = &host;
	return 0;
}

static void host_close(void *self)
{
	(void)self;
}

static int host_observe(void *self, uint64_t now, struct balloon_sheet *ret)
{
	(void)self;
	(void)now;
	ret->total_bytes = 16 * GIB;
	ret->available_bytes = host.available;
	ret->guests = host.guests;
	ret->guests_n = GUESTS;
	ret->nodes = host.nodes;
	ret->nodes_n = host.nodes_n;
	return 0;
}

static int host_order(void *self, uint64_t now, struct balloon_order *orders, size_t n)
{
	(void)self;
	(void)now;
	for (size_t i = 0; i < n; i++)
		orders[i].rc = 0;
	return 0;
}

static const struct balloon_backend backend = {
        .struct_size = sizeof(backend),
        .abi = BALLOON_BACKEND_ABI,
        .name = "two nodes",
        .open = host_open,
        .close = host_close,
        .observe = host_observe,
        .order = host_order,
};

/* Four busy guests of 4 GiB; a and b live on node 0, c on node 1, d on both. */
static void furnish(uint64_t free0, uint64_t free1)
{
	static const char *const names[GUESTS] = {"a", "b", "c", "d"};
	static const uint64_t parts[GUESTS][NODES] = {{2, 0}, {2, 0}, {0, 2}, {1, 1}};

	memset(&host, 0, sizeof(host));
	for (int i = 0; i < GUESTS; i++) {
		for (int k = 0; k < NODES; k++)
			host.on[i][k] = parts[i][k] * GIB;
		host.guests[i] = (struct balloon_sample){
		        .key = (uint64_t)i + 1,
		        .name = names[i],
		        .flags = BALLOON_SAMPLE_RUNNING,
		        .size_bytes = 4 * GIB,
		        .actual_bytes = 2 * GIB,
		        .total_bytes = 2 * GIB,
		        .available_bytes = 0,
		        .unused_bytes = BALLOON_UNKNOWN,
		        .cache_bytes = BALLOON_UNKNOWN,
		        .swap_in_bytes = BALLOON_UNKNOWN,
		        .swap_out_bytes = BALLOON_UNKNOWN,
		        .major_faults = BALLOON_UNKNOWN,
		        .resident_bytes = 2 * GIB,
		        .active_bytes = BALLOON_UNKNOWN,
		        .serial = 1,
		        .node_bytes = host.on[i]};
	}
	host.nodes[0] = (struct balloon_node){8 * GIB, free0};
	host.nodes[1] = (struct balloon_node){8 * GIB, free1};
	host.nodes_n = NODES;
	host.available = free0 + free1;
}

static void decide(struct balloon_guest_report g[GUESTS])
{
	struct balloon_policy policy = {.struct_size = sizeof(policy),
	                                .budget_bytes = BALLOON_UNKNOWN,
	                                .reserve_bytes = 0};
	struct balloon_options o = {
	        .struct_size = sizeof(o), .backend = &backend, .policy = &policy};
	struct balloon *b;

	CU_ASSERT_EQUAL_FATAL(balloon_open(&o, &b), 0);
	CU_ASSERT_EQUAL(balloon_tick(b, SECOND, NULL), 0);
	CU_ASSERT_EQUAL(balloon_guests(b, g, sizeof(g[0]), GUESTS), GUESTS);
	balloon_close(b);
}

static uint64_t part(uint64_t bytes, uint64_t bp)
{
	return bytes / 10000 * bp;
}

/* Node 0 has 1 GiB free, node 1 has 5: a, b and half of d must fit into 6 GiB. */
static void a_full_node_caps(void)
{
	struct balloon_guest_report g[GUESTS];
	uint64_t on0, on1;

	furnish(GIB, 5 * GIB);
	decide(g);
	on0 = g[0].entitlement_bytes + g[1].entitlement_bytes + part(g[3].entitlement_bytes, 5000);
	on1 = g[2].entitlement_bytes + part(g[3].entitlement_bytes, 5000);
	CU_ASSERT(on0 <= 6 * GIB);
	CU_ASSERT(on0 > 6 * GIB - 16 * MIB);
	CU_ASSERT(on1 <= 8 * GIB);
	CU_ASSERT_EQUAL(g[2].entitlement_bytes, 4 * GIB);
	CU_ASSERT_EQUAL(g[0].entitlement_bytes, g[1].entitlement_bytes);
	CU_ASSERT_EQUAL(balloon_reason_name(BALLOON_REASON_NODE)[0], 'n');
}

/* The same memory without nodes, or with nodes that do not say: no caps. */
static void without_nodes(void)
{
	struct balloon_guest_report g[GUESTS], h[GUESTS];

	furnish(GIB, 5 * GIB);
	host.nodes_n = 1;
	decide(g);
	furnish(GIB, 5 * GIB);
	host.nodes[1].available_bytes = BALLOON_UNKNOWN;
	decide(h);
	for (int i = 0; i < GUESTS; i++) {
		CU_ASSERT(g[i].entitlement_bytes > 3 * GIB);
		CU_ASSERT_EQUAL(g[i].entitlement_bytes, h[i].entitlement_bytes);
	}
}

/* Random spreads: no node is led beyond what it has, nobody below his floor. */
static void random_spreads(void)
{
	uint64_t seed = 31;

	for (unsigned long k = 0; k < cases(500); k++) {
		struct balloon_guest_report g[GUESTS];
		uint64_t room[NODES], led[NODES] = {0}, floors[NODES] = {0};

		furnish(draw_between(&seed, 0, 4 * GIB), draw_between(&seed, 0, 4 * GIB));
		for (int n = 0; n < NODES; n++)
			room[n] = host.nodes[n].available_bytes;
		for (int i = 0; i < GUESTS; i++) {
			host.on[i][0] = draw_between(&seed, 0, 2 * GIB);
			host.on[i][1] = 2 * GIB - host.on[i][0];
			for (int n = 0; n < NODES; n++)
				room[n] += host.on[i][n];
		}
		decide(g);
		for (int i = 0; i < GUESTS; i++) {
			CU_ASSERT(g[i].entitlement_bytes >= g[i].reservation_bytes);
			for (int n = 0; n < NODES; n++) {
				uint64_t bp = host.on[i][n] * 10000 / (2 * GIB);

				led[n] += part(g[i].entitlement_bytes, bp);
				floors[n] += part(g[i].reservation_bytes, bp);
			}
		}
		for (int n = 0; n < NODES; n++)
			CU_ASSERT(led[n] <= room[n] + 16 * MIB || led[n] <= floors[n] + 16 * MIB);
	}
}

int main(void)
{
	static const struct test tests[] = {
	        {"a full node caps", a_full_node_caps},
	        {"without nodes", without_nodes},
	        {"random spreads", random_spreads},
	        {NULL, NULL},
	};

	return run_tests("numa", tests);
}
