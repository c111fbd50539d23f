/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * An agent on a node, as KubeVirt and Nova have one: what each guest is allowed
 * stands in its libvirt domain, put there by whoever made it, and goes where the
 * domain goes, through migration too. The agent makes a policy of it and minds the
 * host.
 *
 *	<metadata>
 *	  <balloon:allocation xmlns:balloon="urn:libballoon:allocation:1"
 *	      shares="2000" reservation_mib="1024" limit_mib="4096"/>
 *	</metadata>
 *
 * What is left out takes the policy's default; a domain that says nothing, or what
 * cannot be understood, is a guest like others. A running one is changed by
 *
 *	virsh metadata DOMAIN urn:libballoon:allocation:1 --key balloon \
 *		--set '<allocation shares="500"/>' --live --config
 *
 * It must not know how memory is moved: that is the backend's, over a connection of
 * its own.
 */
#include <balloon/balloon.h>
#include <errno.h>
#include <libvirt/libvirt.h>
#include <libvirt/virterror.h>
#include <libxml/parser.h>
#include <libxml/tree.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#define NAMESPACE "urn:libballoon:allocation:1"
#define MIB (UINT64_C(1) << 20)
#define SEC UINT64_C(1000000000)

/* Allocations are changed by people: nobody waits longer than it takes to look. */
#define REREAD_NS (10 * SEC)

struct agent {
	virConnectPtr libvirt;
	struct balloon *b;
	struct balloon_named_allocation *guests; /* as read last */
	char (*uuids)[VIR_UUID_STRING_BUFLEN];   /* their names */
	size_t guests_n;
};

static volatile sig_atomic_t stopped;

static void stop(int signal)
{
	(void)signal;
	stopped = 1;
}

/* Else libvirt prints of every domain that has no allocation. */
static void quiet(void *arg, virErrorPtr error)
{
	(void)arg, (void)error;
}

static uint64_t now_ns(void)
{
	struct timespec t;

	clock_gettime(CLOCK_BOOTTIME, &t);
	return (uint64_t)t.tv_sec * SEC + (uint64_t)t.tv_nsec;
}

/* --------------------------------------------------------------- metadata */

/* A whole number up to max, as an attribute; left out, *ret_value stays. */
static int number(xmlNode *node, const char *name, uint64_t max, uint64_t *ret_value)
{
	char *text = (char *)xmlGetNoNsProp(node, (const xmlChar *)name), *end = text;
	unsigned long long value = 0;
	int rc = 0;

	if (!text)
		return 0;
	errno = 0;
	if (*text >= '0' && *text <= '9')
		value = strtoull(text, &end, 10);
	if (errno || end == text || *end || value > max)
		rc = -EINVAL;
	else
		*ret_value = value;
	xmlFree(text);
	return rc;
}

static int mebibytes(xmlNode *node, const char *name, uint64_t *ret_bytes)
{
	uint64_t mib = BALLOON_UNKNOWN;
	int rc = number(node, name, BALLOON_BYTES_MAX / MIB, &mib);

	if (rc == 0 && mib != BALLOON_UNKNOWN)
		*ret_bytes = mib * MIB;
	return rc;
}

/* *ret_allocation has defaults already. */
static int read_element(const char *xml, struct balloon_allocation *ret_allocation)
{
	struct balloon_allocation a = *ret_allocation;
	xmlDoc *doc = xmlReadMemory(xml, (int)strlen(xml), NULL, NULL,
	                            XML_PARSE_NONET | XML_PARSE_NOERROR | XML_PARSE_NOWARNING);
	xmlNode *root = doc ? xmlDocGetRootElement(doc) : NULL;
	int rc = -EINVAL;

	if (root && !strcmp((const char *)root->name, "allocation") &&
	    !number(root, "shares", BALLOON_SHARES_MAX, &a.shares) &&
	    !mebibytes(root, "reservation_mib", &a.reservation_bytes) &&
	    !mebibytes(root, "limit_mib", &a.limit_bytes) &&
	    (a.reservation_bytes == BALLOON_UNKNOWN || a.reservation_bytes <= a.limit_bytes))
		rc = 0;
	xmlFreeDoc(doc);
	if (rc == 0)
		*ret_allocation = a;
	return rc;
}

/* What the domain says; -ENOENT where it says nothing, -EINVAL nothing that can be
 * understood. */
static int read_domain(virDomainPtr domain, struct balloon_allocation *ret_allocation)
{
	char *xml = virDomainGetMetadata(domain, VIR_DOMAIN_METADATA_ELEMENT, NAMESPACE,
	                                 VIR_DOMAIN_AFFECT_CURRENT);
	int rc = xml ? read_element(xml, ret_allocation) : -ENOENT;

	if (rc == -EINVAL)
		fprintf(stderr, "node-agent: %s: cannot understand %s; it is given the defaults\n",
		        virDomainGetName(domain), xml);
	free(xml);
	return rc;
}

/* ----------------------------------------------------------------- policy */

static struct balloon_allocation defaults(void)
{
	return (struct balloon_allocation){.struct_size = sizeof(struct balloon_allocation),
	                                   .shares = BALLOON_UNKNOWN,
	                                   .reservation_bytes = BALLOON_UNKNOWN,
	                                   .limit_bytes = BALLOON_UNKNOWN};
}

static int libvirt_failed(void)
{
	fprintf(stderr, "node-agent: libvirt: %s\n", virGetLastErrorMessage());
	return -EIO;
}

static void forget(struct agent *a)
{
	free(a->guests);
	free(a->uuids);
	a->guests = NULL;
	a->uuids = NULL;
	a->guests_n = 0;
}

static void keep(struct agent *a, virDomainPtr domain)
{
	struct balloon_named_allocation *g = &a->guests[a->guests_n];
	char *uuid = a->uuids[a->guests_n]; /* unlike a name, it stays through a rename */

	g->allocation = defaults();
	g->guest = uuid;
	if (virDomainGetUUIDString(domain, uuid) == 0 && read_domain(domain, &g->allocation) == 0)
		a->guests_n++;
}

/* Of all domains: one that is started later is minded from its first beat. */
static int reread(struct agent *a)
{
	virDomainPtr *domains = NULL;
	int n = virConnectListAllDomains(a->libvirt, &domains, 0);
	struct balloon_policy policy = {.struct_size = sizeof(policy),
	                                .budget_bytes = BALLOON_UNKNOWN,
	                                .reserve_bytes = BALLOON_UNKNOWN,
	                                .fallback = defaults()};
	int rc = -ENOMEM;

	if (n < 0)
		return libvirt_failed(); /* the policy stays in force */
	forget(a);
	a->guests = calloc((size_t)n + 1, sizeof(a->guests[0]));
	a->uuids = calloc((size_t)n + 1, sizeof(a->uuids[0]));
	for (int i = 0; i < n; i++) {
		if (a->guests && a->uuids)
			keep(a, domains[i]);
		virDomainFree(domains[i]);
	}
	free(domains);
	policy.guests = a->guests;
	policy.guests_n = a->guests_n;
	if (a->guests && a->uuids)
		rc = balloon_set_policy(a->b, &policy);
	if (rc < 0)
		fprintf(stderr, "node-agent: %s\n", rc == -ENOMEM ? strerror(ENOMEM) : balloon_error(a->b));
	return rc;
}

/* ------------------------------------------------------------------- beat */

static void show_number(const char *name, uint64_t value, uint64_t unit)
{
	if (value != BALLOON_UNKNOWN)
		printf("%s=%llu", name, (unsigned long long)(value / unit));
}

static void show(struct agent *a)
{
	struct balloon_guest_report g[64];
	int n = balloon_guests(a->b, g, sizeof(g[0]), 64);
	char text[512];

	for (size_t i = 0; i < a->guests_n; i++) {
		const struct balloon_allocation *of = &a->guests[i].allocation;

		printf("%s", a->guests[i].guest);
		show_number(" shares", of->shares, 1);
		show_number(" reservation_mib", of->reservation_bytes, MIB);
		show_number(" limit_mib", of->limit_bytes, MIB);
		puts("");
	}
	for (int i = 0; i < n && i < 64; i++) {
		if (balloon_explain(a->b, g[i].name, text, sizeof(text)) > 0)
			puts(text);
	}
}

static void mind(struct agent *a)
{
	uint64_t reread_ns = now_ns() + REREAD_NS;

	while (!stopped) {
		struct pollfd news = {.fd = balloon_fd(a->b), .events = POLLIN};
		uint64_t now = now_ns(), next = now + SEC;

		if (balloon_tick(a->b, now, &next) < 0)
			fprintf(stderr, "node-agent: %s\n", balloon_error(a->b));
		if (now >= reread_ns) {
			reread(a);
			reread_ns = now + REREAD_NS;
		}
		now = now_ns();
		poll(&news, 1, next > now ? (int)((next - now) / 1000000) : 0);
	}
	/* Nobody minds the guests from now on. */
	balloon_release(a->b, now_ns());
}

static int start(struct agent *a, const char *uri, uint32_t flags)
{
	char error[512] = "";
	struct balloon_options o = {.struct_size = sizeof(o), .uri = uri, .flags = flags,
	                            .error_text = error, .error_size = sizeof(error)};

	virSetErrorFunc(NULL, quiet);
	a->libvirt = virConnectOpenReadOnly(uri);
	if (!a->libvirt)
		return libvirt_failed();
	if (balloon_open(&o, &a->b) < 0) {
		fprintf(stderr, "node-agent: %s\n", error);
		return -EIO;
	}
	return reread(a);
}

int main(int argc, char **argv)
{
	int once = argc > 1 && !strcmp(argv[1], "--show");
	const char *uri = argc > 1 + once ? argv[1 + once] : "qemu:///system";
	struct agent a = {0};
	int rc;

	if (*uri == '-') {
		puts("usage: node-agent [--show] [URI]\n"
		     "Minds URI's host (default qemu:///system) by what stands in its domains.\n"
		     "--show: one beat, orders nothing, prints what was read and would be done.\n"
		     "Exit codes: 0 shown, or stopped by SIGTERM; 1 the host cannot be opened.");
		return 0;
	}
	signal(SIGTERM, stop);
	signal(SIGINT, stop);
	rc = start(&a, uri, once ? BALLOON_OPEN_DRY_RUN : 0);
	if (rc == 0 && !once)
		mind(&a);
	if (rc == 0 && once) {
		balloon_tick(a.b, now_ns(), NULL);
		show(&a);
	}
	balloon_close(a.b);
	forget(&a);
	if (a.libvirt)
		virConnectClose(a.libvirt);
	return rc < 0;
}
