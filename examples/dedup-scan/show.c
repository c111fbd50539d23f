/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "show.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

static struct balloon_dedup_figures of_guest(struct balloon_dedup *d, uint32_t guest)
{
	struct balloon_dedup_figures f = {.struct_size = sizeof(f)};

	balloon_dedup_guest_figures(d, guest, &f);
	return f;
}

static struct balloon_dedup_figures of_group(struct balloon_dedup *d, uint32_t guest)
{
	struct balloon_dedup_figures f = {.struct_size = sizeof(f)};

	balloon_dedup_group_figures(d, guest, &f);
	return f;
}

/* ------------------------------------------------------------------- people */

/* "512M", "1.50G" */
static const char *size(uint64_t bytes, char text[16])
{
	static const char units[] = "KMGTP";
	double v = (double)bytes / 1024;
	unsigned u = 0;

	for (; v >= 1000 && units[u + 1]; u++)
		v /= 1024;
	if (!bytes)
		return "0";
	snprintf(text, 16, v < 9.995 && u ? "%.2f%c" : v < 99.95 && u ? "%.1f%c" : "%.0f%c", v,
	         units[u]);
	return text;
}

static void show_row(const char *name, const struct balloon_dedup_figures *f)
{
	uint64_t n[] = {f->present_bytes, f->zero_bytes, f->filled_bytes, f->inside_bytes,
	                f->across_bytes, f->saved_bytes};
	char a[16], b[16], range[40] = "exact", huge[40];

	printf("%-20.20s", name);
	for (size_t i = 0; i < sizeof(n) / sizeof(n[0]); i++)
		printf(" %7s", size(n[i], a));
	if (!(f->flags & BALLOON_DEDUP_FIGURES_EXACT))
		snprintf(range, sizeof(range), "%s-%s", size(f->saved_low_bytes, a),
		         size(f->saved_high_bytes, b));
	snprintf(huge, sizeof(huge), "%" PRIu64 "/%" PRIu64, f->huge_broken, f->huge_pages);
	printf(" %15s %7s %11s", range, size(f->saved_mergeable_bytes, a), huge);
	if (f->stable_bp == BALLOON_UNKNOWN)
		printf(" %7s\n", "-");
	else
		printf(" %5" PRIu64 " %%\n", f->stable_bp / 100);
}

/* Once for each group of several: at its first guest. */
static int is_first(const struct target *targets, unsigned i)
{
	if (!targets[i].group)
		return 0;
	for (unsigned k = 0; k < i; k++) {
		if (targets[k].group && strcmp(targets[k].group, targets[i].group) == 0)
			return 0;
	}
	return 1;
}

void show_table(struct balloon_dedup *d, const struct target *targets, unsigned n,
                uint64_t cpu_ns)
{
	struct balloon_dedup_figures all = {.struct_size = sizeof(all)}, f;
	char name[64], a[16];

	printf("%-20s %7s %7s %7s %7s %7s %7s %15s %7s %11s %7s\n", "GUEST", "PRESENT", "ZERO",
	       "FILLED", "INSIDE", "ACROSS", "SAVED", "95 % BETWEEN", "MERGE", "HUGE BROKEN",
	       "STABLE");
	for (unsigned i = 0; i < n; i++) {
		f = of_guest(d, targets[i].guest);
		show_row(targets[i].name, &f);
		if (targets[i].rc)
			printf("  not all of it could be read: %s\n", strerror(-targets[i].rc));
	}
	for (unsigned i = 0; i < n; i++) {
		if (!is_first(targets, i))
			continue;
		f = of_group(d, targets[i].guest);
		snprintf(name, sizeof(name), "group %s", targets[i].group);
		show_row(name, &f);
	}
	balloon_dedup_all_figures(d, &all);
	show_row("all", &all);
	printf("\n%s looked at in %.2f s of CPU", size(all.present_bytes, a), (double)cpu_ns / 1e9);
	printf(", %s left alone in swap", size(all.swapped_bytes, a));
	printf(", %s lost on the way; 1 content in %u, by %s\n", size(all.lost_bytes, a),
	       all.sample_one_in, balloon_dedup_hash_name());
}

/* --------------------------------------------------------------------- JSON */

static void json_string(const char *text)
{
	putchar('"');
	for (; *text; text++) {
		unsigned char c = (unsigned char)*text;

		if (c < ' ' || c == '"' || c == '\\')
			printf("\\u%04x", c);
		else
			putchar(c);
	}
	putchar('"');
}

static void json_number(const char *key, uint64_t value)
{
	if (value == BALLOON_UNKNOWN)
		printf(", \"%s\": null", key);
	else
		printf(", \"%s\": %" PRIu64, key, value);
}

static void json_yield(const struct balloon_dedup_figures *f)
{
	struct balloon_dedup_yield y = {.struct_size = sizeof(y)};

	balloon_dedup_yield(f, BALLOON_UNKNOWN, 0, &y);
	json_number("shareable_bytes", y.shareable_bytes);
	json_number("merge_cost_ns", y.cost_ns);
	json_number("merge_ns_per_mib", y.ns_per_mib);
}

static void json_figures(const char *name, const char *group, const struct balloon_dedup_figures *f,
                         int rc)
{
	printf("{\"name\": ");
	json_string(name);
	printf(", \"group\": ");
	json_string(group);
	printf(", \"error\": %d, \"exact\": %s", rc,
	       f->flags & BALLOON_DEDUP_FIGURES_EXACT ? "true" : "false");
	json_number("sample_one_in", f->sample_one_in);
	json_number("guests", f->guests);
	json_number("present_bytes", f->present_bytes);
	json_number("mergeable_bytes", f->mergeable_bytes);
	json_number("zero_bytes", f->zero_bytes);
	json_number("filled_bytes", f->filled_bytes);
	json_number("distinct_bytes", f->distinct_bytes);
	json_number("saved_bytes", f->saved_bytes);
	json_number("saved_low_bytes", f->saved_low_bytes);
	json_number("saved_high_bytes", f->saved_high_bytes);
	json_number("inside_bytes", f->inside_bytes);
	json_number("across_bytes", f->across_bytes);
	json_number("saved_filled_bytes", f->saved_filled_bytes);
	json_number("saved_mergeable_bytes", f->saved_mergeable_bytes);
	json_number("huge_pages", f->huge_pages);
	json_number("huge_broken", f->huge_broken);
	json_number("stable_bp", f->stable_bp);
	json_number("swapped_bytes", f->swapped_bytes);
	json_number("zero_mapped_bytes", f->zero_mapped_bytes);
	json_number("lost_bytes", f->lost_bytes);
	json_number("memory_bytes", f->memory_bytes);
	json_number("ksm_sharing_pages", f->ksm_sharing_pages);
	json_number("ksm_shared_pages", f->ksm_shared_pages);
	json_number("ksm_unshared_pages", f->ksm_unshared_pages);
	json_yield(f);
	printf("}");
}

void show_json(struct balloon_dedup *d, const struct target *targets, unsigned n, uint64_t cpu_ns)
{
	struct balloon_dedup_figures all = {.struct_size = sizeof(all)}, f;
	const char *separator = "";

	printf("{\"guests\": [");
	for (unsigned i = 0; i < n; i++) {
		f = of_guest(d, targets[i].guest);
		printf("%s", i ? ", " : "");
		json_figures(targets[i].name, targets[i].group ? targets[i].group : "", &f,
		             targets[i].rc);
	}
	printf("], \"groups\": [");
	for (unsigned i = 0; i < n; i++) {
		if (!is_first(targets, i))
			continue;
		f = of_group(d, targets[i].guest);
		printf("%s", separator);
		separator = ", ";
		json_figures(targets[i].group, targets[i].group, &f, 0);
	}
	balloon_dedup_all_figures(d, &all);
	printf("], \"all\": ");
	json_figures("", "", &all, 0);
	printf(", \"cpu_ns\": %" PRIu64 "}\n", cpu_ns);
	fflush(stdout);
}
