/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* NUMA nodes: a full node caps those on it; what they leave goes elsewhere. */
#include "puppet.h"

#define GUESTS 4
#define NODES 2

static struct puppet host;
static struct balloon_node nodes[NODES];
static uint64_t on[GUESTS][NODES];

/* Four busy guests of 4 GiB; a and b live on node 0, c on node 1, d on both. */
static void furnish(uint64_t free0, uint64_t free1)
{
	static const char *const names[GUESTS] = {"a", "b", "c", "d"};
	static const uint64_t parts[GUESTS][NODES] = {{2, 0}, {2, 0}, {0, 2}, {1, 1}};

	for (uint64_t i = 0; i < GUESTS; i++) {
		for (int k = 0; k < NODES; k++)
			on[i][k] = parts[i][k] * GIB;
		host.guests[i] = puppet_guest(i + 1, names[i], 4 * GIB, 2 * GIB, 0);
		host.guests[i].node_bytes = on[i];
	}
	nodes[0] = (struct balloon_node){8 * GIB, free0};
	nodes[1] = (struct balloon_node){8 * GIB, free1};
	host.sheet = (struct balloon_sheet){
	        .struct_size = sizeof(host.sheet),
	        .total_bytes = 16 * GIB,
	        .available_bytes = free0 + free1,
	        .guests_n = GUESTS,
	        .nodes = nodes,
	        .nodes_n = NODES,
	        .swap_bytes = BALLOON_UNKNOWN,
	};
}

static void decide(struct balloon_guest_report g[GUESTS])
{
	struct balloon *b = puppet_beat(&host);

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
	host.sheet.nodes_n = 1;
	decide(g);
	furnish(GIB, 5 * GIB);
	nodes[1].available_bytes = BALLOON_UNKNOWN;
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
			room[n] = nodes[n].available_bytes;
		for (int i = 0; i < GUESTS; i++) {
			on[i][0] = draw_between(&seed, 0, 2 * GIB);
			on[i][1] = 2 * GIB - on[i][0];
			for (int n = 0; n < NODES; n++)
				room[n] += on[i][n];
		}
		decide(g);
		for (int i = 0; i < GUESTS; i++) {
			CU_ASSERT(g[i].entitlement_bytes >= g[i].reservation_bytes);
			for (int n = 0; n < NODES; n++) {
				uint64_t bp = on[i][n] * 10000 / (2 * GIB);

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
