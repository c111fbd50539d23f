/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Parsers for what lies in xenstore and in two configuration files. A guest may
 * write what it likes under its own data/: signs, words, fractions, 2 MiB of
 * digits. Nothing but plain decimal digits is a number. Must not allocate, nor
 * believe: whether a number can be true is judged elsewhere.
 */
#include "figures.h"

#include "../../os/meminfo.h"

#include <string.h>

#include <balloon/balloon.h>

void bl_xen_told_clear(struct bl_xen_told *t)
{
	memset(t, 0xff, sizeof(*t));
}

static bool is_space(char c)
{
	return c == ' ' || c == '\t' || c == '\n' || c == '\r' || c == '\0';
}

/* Agents end a value with a newline now and then, and C programs with a NUL. */
static size_t trimmed(const char *text, size_t n)
{
	while (n > 0 && is_space(text[n - 1]))
		n--;
	return n;
}

uint64_t bl_xen_kib(const char *text, size_t n)
{
	uint64_t kib = 0;

	n = text ? trimmed(text, n) : 0;
	if (n == 0)
		return BALLOON_UNKNOWN;
	for (size_t i = 0; i < n; i++) {
		if (text[i] < '0' || text[i] > '9')
			return BALLOON_UNKNOWN;
		kib = kib * 10 + (uint64_t)(text[i] - '0');
		if (kib > BALLOON_BYTES_MAX / 1024)
			return BALLOON_UNKNOWN;
	}
	return kib * 1024;
}

void bl_xen_meminfo(const char *text, size_t n, struct bl_xen_told *told)
{
	struct bl_meminfo info;

	if (!text)
		return;
	told->used_bytes = bl_xen_kib(text, n);
	if (told->used_bytes != BALLOON_UNKNOWN || bl_meminfo_parse(text, n, &info) < 0)
		return;
	told->total_bytes = info.total_bytes;
	told->available_bytes = info.available_bytes;
}

bool bl_xen_yes(const char *text, size_t n)
{
	return text && trimmed(text, n) == 1 && text[0] == '1';
}

/* ---------------------------------------------------------------- events */

/* Moves *at beyond "word/" or the word that ends the path. */
static bool step(const char **at, const char *word)
{
	size_t n = strlen(word);

	if (strncmp(*at, word, n) != 0 || ((*at)[n] != '/' && (*at)[n] != '\0'))
		return false;
	*at += n + ((*at)[n] == '/');
	return true;
}

static bool step_number(const char **at, uint32_t *ret)
{
	uint32_t value = 0;
	const char *p = *at;

	/* Five digits hold every domain's number, and cannot overflow. */
	for (; *p >= '0' && *p <= '9' && p - *at < 5; p++)
		value = value * 10 + (uint32_t)(*p - '0');
	if (p == *at || *p != '/')
		return false;
	*at = p + 1;
	*ret = value;
	return true;
}

enum bl_xen_news bl_xen_event(const char *path, uint32_t *ret_domid)
{
	const char *at = path;

	if (!step(&at, "") || !step(&at, "local") || !step(&at, "domain") ||
	    !step_number(&at, ret_domid))
		return BL_XEN_NEWS_NONE;
	if (strcmp(at, "data/meminfo_free") == 0 || strcmp(at, "memory/meminfo") == 0)
		return BL_XEN_NEWS_FIGURES;
	return BL_XEN_NEWS_KEYS;
}

/* ----------------------------------------------------------- autoballoon */

/* What stands behind key = in this line, without blanks and quotes, or NULL. */
static const char *value_of(const char *line, size_t n, const char *key, size_t *ret_n)
{
	const char *end = line + n, *p = line;

	while (p < end && is_space(*p))
		p++;
	if ((size_t)(end - p) < strlen(key) || strncmp(p, key, strlen(key)) != 0)
		return NULL;
	for (p += strlen(key); p < end && is_space(*p); p++)
		;
	if (p == end || *p++ != '=')
		return NULL;
	while (p < end && (is_space(*p) || *p == '"' || *p == '\''))
		p++;
	for (*ret_n = 0; p + *ret_n < end; (*ret_n)++)
		if (is_space(p[*ret_n]) || p[*ret_n] == '"' || p[*ret_n] == '\'')
			break;
	return p;
}

static bool is(const char *value, size_t n, const char *word)
{
	return n == strlen(word) && strncmp(value, word, n) == 0;
}

static enum bl_xen_auto mode_of(const char *value, size_t n)
{
	if (is(value, n, "on") || is(value, n, "1"))
		return BL_XEN_AUTO_ON;
	if (is(value, n, "off") || is(value, n, "0"))
		return BL_XEN_AUTO_OFF;
	return BL_XEN_AUTO;
}

/* The last line wins, as it does for both readers. */
enum bl_xen_auto bl_xen_autoballoon(const char *text, size_t n)
{
	enum bl_xen_auto mode = BL_XEN_AUTO;
	const char *end = text ? text + n : NULL;

	for (const char *line = text; line && line < end;) {
		const char *newline = memchr(line, '\n', (size_t)(end - line));
		const char *stop = newline ? newline : end;
		size_t value_n;
		const char *value = value_of(line, (size_t)(stop - line), "autoballoon", &value_n);

		if (value)
			mode = mode_of(value, value_n);
		line = newline ? newline + 1 : NULL;
	}
	return mode;
}

bool bl_xen_dom0_sized(const char *command_line)
{
	static const char key[] = "dom0_mem=";

	for (const char *p = command_line; (p = strstr(p, key)); p += sizeof(key) - 1)
		if (p == command_line || p[-1] == ' ')
			return true;
	return false;
}
