/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Kernel samepage merging, by /sys/kernel/mm/ksm. */
#include "ksm.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <unistd.h>

#include "file.h"
#include "text.h"

#define KSM "/sys/kernel/mm/ksm/"

/* The kernel's own rhythm; with it, pages_to_scan alone sets the pace. */
#define SLEEP_MS 20

struct bl_ksm_control {
	struct bl_knobs *knobs;
	int lock;
};

static uint64_t page_bytes(void)
{
	return (uint64_t)sysconf(_SC_PAGESIZE);
}

static uint64_t figure(const char *path)
{
	uint64_t value;

	return bl_file_u64(AT_FDCWD, path, &value) < 0 ? UINT64_MAX : value;
}

static int64_t signed_figure(const char *path)
{
	char text[64];
	ssize_t n = bl_file_read(AT_FDCWD, path, text, sizeof(text));
	struct bl_span s = bl_span(text, n < 0 ? 0 : (size_t)n);
	int64_t value;

	return bl_span_i64(&s, &value) ? value : INT64_MIN;
}

int bl_ksm_read(struct bl_ksm *ret_ksm)
{
	struct bl_ksm ksm;
	int rc = bl_file_u64(AT_FDCWD, KSM "run", &ksm.run);

	if (rc < 0)
		return rc;
	ksm.pages_shared = figure(KSM "pages_shared");
	ksm.pages_sharing = figure(KSM "pages_sharing");
	ksm.pages_unshared = figure(KSM "pages_unshared");
	ksm.zero_pages = figure(KSM "ksm_zero_pages");
	ksm.full_scans = figure(KSM "full_scans");
	ksm.general_profit_bytes = signed_figure(KSM "general_profit");
	ksm.has_advisor = access(KSM "advisor_mode", F_OK) == 0;
	*ret_ksm = ksm;
	return 0;
}

/* Pages that would need a frame of their own again; a kernel that does not count
 * zero pages (before 6.6) has them among the shared. */
static uint64_t merged_bytes(const struct bl_ksm *ksm)
{
	uint64_t zero = ksm->zero_pages == UINT64_MAX ? 0 : ksm->zero_pages, bytes;

	if (ksm->pages_sharing > UINT64_MAX - zero)
		return UINT64_MAX;
	if (__builtin_mul_overflow(ksm->pages_sharing + zero, page_bytes(), &bytes))
		return UINT64_MAX;
	return bytes;
}

uint64_t bl_ksm_saved(const struct bl_ksm *ksm)
{
	if (ksm->general_profit_bytes == INT64_MIN)
		return merged_bytes(ksm);
	return ksm->general_profit_bytes < 0 ? 0 : (uint64_t)ksm->general_profit_bytes;
}

/* The eighth is for what is written to while it goes on. */
bool bl_ksm_unmerge_fits(const struct bl_ksm *ksm, uint64_t free_bytes)
{
	uint64_t merged = merged_bytes(ksm);

	if (ksm->pages_sharing == UINT64_MAX || merged == UINT64_MAX || free_bytes == UINT64_MAX)
		return false;
	return merged <= free_bytes && merged / 8 <= free_bytes - merged;
}

static int take_lock(void)
{
	int fd = open(BL_KSM_LOCK, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600), rc;

	if (fd < 0)
		return -errno;
	if (flock(fd, LOCK_EX | LOCK_NB) == 0)
		return fd;
	rc = errno == EWOULDBLOCK ? -EBUSY : -errno;
	close(fd);
	return rc;
}

static int set_u64(struct bl_knobs *knobs, const char *path, uint64_t value)
{
	char text[32];

	snprintf(text, sizeof(text), "%llu", (unsigned long long)value);
	return bl_knobs_set(knobs, path, text);
}

/* Turning the advisor on and off sets pages_to_scan to values of its own. */
static int set_advisor(struct bl_knobs *knobs, uint32_t scan_seconds)
{
	int rc = bl_knobs_set(knobs, KSM "pages_to_scan", NULL);

	if (!rc)
		rc = bl_knobs_set(knobs, KSM "advisor_mode", "scan-time");
	return rc ? rc : set_u64(knobs, KSM "advisor_target_scan_time", scan_seconds);
}

static int set_pace(struct bl_knobs *knobs, uint32_t pages_per_second)
{
	uint64_t pages = (uint64_t)pages_per_second * SLEEP_MS / 1000;
	int rc = set_u64(knobs, KSM "sleep_millisecs", SLEEP_MS);

	return rc ? rc : set_u64(knobs, KSM "pages_to_scan", pages ? pages : 1);
}

static void put_back(struct bl_knobs *knobs)
{
	static const char *const paths[] = {
		KSM "run", KSM "advisor_target_scan_time", KSM "advisor_mode",
		KSM "pages_to_scan", KSM "sleep_millisecs",
	};

	for (size_t i = 0; i < sizeof(paths) / sizeof(paths[0]); i++)
		bl_knobs_restore(knobs, paths[i]);
}

static int start(struct bl_knobs *knobs, const struct bl_ksm_pace *pace)
{
	struct bl_ksm ksm;
	int rc = bl_ksm_read(&ksm);

	if (rc < 0)
		return rc;
	if (ksm.run != 0)
		return -EALREADY;
	if (ksm.has_advisor)
		rc = set_advisor(knobs, pace->scan_seconds);
	else
		rc = set_pace(knobs, pace->pages_per_second);
	if (!rc)
		rc = bl_knobs_set(knobs, KSM "run", "1");
	if (rc < 0)
		put_back(knobs);
	return rc;
}

int bl_ksm_start(struct bl_knobs *knobs, const struct bl_ksm_pace *pace,
                 struct bl_ksm_control **ret_control)
{
	struct bl_ksm_control *c;
	int lock = take_lock(), rc;

	if (lock < 0)
		return lock;
	c = malloc(sizeof(*c));
	rc = c ? start(knobs, pace) : -ENOMEM;
	if (rc < 0) {
		free(c);
		close(lock);
		return rc;
	}
	c->knobs = knobs;
	c->lock = lock;
	*ret_control = c;
	return 0;
}

/* Writing 2 returns when all is unmerged; run is then turned back from 2. */
static int unmerge_all(uint64_t free_bytes)
{
	struct bl_ksm ksm;
	int rc = bl_ksm_read(&ksm);

	if (rc < 0 || !bl_ksm_unmerge_fits(&ksm, free_bytes))
		return rc < 0 ? rc : 0;
	rc = bl_file_write(AT_FDCWD, KSM "run", "2");
	if (rc < 0)
		return rc;
	rc = bl_file_write(AT_FDCWD, KSM "run", "0");
	return rc < 0 ? rc : 1;
}

int bl_ksm_stop(struct bl_ksm_control *control, bool unmerge, uint64_t free_bytes)
{
	struct bl_ksm ksm;
	int rc = 0;

	put_back(control->knobs);
	/* Somebody else may have started it since: then it is his. */
	if (unmerge && bl_ksm_read(&ksm) == 0 && ksm.run == 0)
		rc = unmerge_all(free_bytes);
	close(control->lock);
	free(control);
	return rc;
}

/* The merging pages had a file of their own before there was one for all. */
int bl_ksm_process_read(const struct bl_process *process, struct bl_ksm_process *ret_process)
{
	struct bl_ksm_process p = { UINT64_MAX, UINT64_MAX, UINT64_MAX, INT64_MIN, -1 };
	char text[512]; /* seven lines of at most 40 bytes */
	ssize_t n = bl_file_read(process->dir, "ksm_stat", text, sizeof(text));

	if (n >= 0)
		bl_ksm_process_parse(text, (size_t)n, &p);
	if (p.merging_pages == UINT64_MAX &&
	    bl_file_u64(process->dir, "ksm_merging_pages", &p.merging_pages) < 0 && n < 0)
		return faccessat(process->dir, "stat", F_OK, 0) < 0 ? -ESRCH : -EOPNOTSUPP;
	*ret_process = p;
	return 0;
}
