/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Reads the credentials file. Nothing of what it holds is copied anywhere but
 * into the struct, and stdio, whose buffers nobody wipes, is not used.
 */
#include "creds.h"

#include "base64.h"

#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#define BASIC "Authorization: Basic "

/* The struct, the file as it was read, and what is made of it. */
struct page {
	struct bl_hyperv_creds c;
	char text[2048];
	char basic[sizeof(BASIC) + BL_HYPERV_BASE64_SIZE(sizeof(struct bl_hyperv_creds))];
};

struct bl_hyperv_creds *bl_hyperv_creds_new(void)
{
	struct page *p = mmap(NULL, sizeof(*p), PROT_READ | PROT_WRITE,
	                      MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	if (p == MAP_FAILED)
		return NULL;
	/* Both are good will: without them the secret is as safe as the process. */
	(void)mlock(p, sizeof(*p));
	(void)madvise(p, sizeof(*p), MADV_DONTDUMP);
	return &p->c;
}

const char *bl_hyperv_creds_basic(struct bl_hyperv_creds *c)
{
	struct page *p = (struct page *)c;
	int n = snprintf(p->text, sizeof(p->text), "%s:%s", c->user, c->password);

	memcpy(p->basic, BASIC, sizeof(BASIC));
	bl_hyperv_encode(p->text, (size_t)n, p->basic + sizeof(BASIC) - 1);
	explicit_bzero(p->text, sizeof(p->text));
	return p->basic;
}

void bl_hyperv_creds_free(struct bl_hyperv_creds *c)
{
	if (!c)
		return;
	explicit_bzero(c, sizeof(struct page));
	munmap(c, sizeof(struct page));
}

static int __attribute__((format(printf, 4, 5)))
fail(int rc, char *ret_error, size_t size, const char *format, ...)
{
	va_list args;

	va_start(args, format);
	if (size)
		vsnprintf(ret_error, size, format, args);
	va_end(args);
	return rc;
}

static int check_file(int fd, const char *path, char *ret_error, size_t size)
{
	struct stat st;

	if (fstat(fd, &st) < 0 || !S_ISREG(st.st_mode))
		return fail(-EACCES, ret_error, size, "%s is not a file; put \"user = …\" and "
		            "\"password = …\" into one", path);
	if ((st.st_uid != 0 && st.st_uid != geteuid()) || (st.st_mode & 077))
		return fail(-EACCES, ret_error, size, "%s can be read or written by others; "
		            "chown root and chmod 600 it", path);
	return 0;
}

/* The value of "name = value" if line is that, without the blanks around it. */
static char *value_of(char *line, const char *name)
{
	size_t n = strlen(name);
	char *end;

	line += strspn(line, " \t");
	if (strncmp(line, name, n) != 0)
		return NULL;
	line += n + strspn(line + n, " \t");
	if (*line != '=')
		return NULL;
	line++;
	line += strspn(line, " \t");
	for (end = line + strlen(line); end > line && strchr(" \t\r", end[-1]); end--)
		end[-1] = '\0';
	return line;
}

static int take_line(char *line, struct bl_hyperv_creds *c)
{
	char *user = value_of(line, "user"), *password = user ? NULL : value_of(line, "password");

	line += strspn(line, " \t\r");
	if (*line == '\0' || *line == '#')
		return 0;
	if ((!user && !password) || (user && strlen(user) >= sizeof(c->user)) ||
	    (password && strlen(password) >= sizeof(c->password)))
		return -EINVAL;
	if (user)
		memcpy(c->user, user, strlen(user) + 1);
	else
		memcpy(c->password, password, strlen(password) + 1);
	return 0;
}

static int read_text(int fd, struct page *p)
{
	ssize_t n = pread(fd, p->text, sizeof(p->text) - 1, 0);
	char *rest = p->text, *line;
	int rc = 0;

	if (n < 0)
		return -errno;
	if ((size_t)n == sizeof(p->text) - 1)
		return -EINVAL;
	p->text[n] = '\0';
	while (rc == 0 && (line = strsep(&rest, "\n")))
		rc = take_line(line, &p->c);
	explicit_bzero(p->text, sizeof(p->text));
	return rc < 0 || p->c.user[0] ? rc : -EINVAL;
}

int bl_hyperv_creds_read(const char *path, struct bl_hyperv_creds *ret_c, char *ret_error,
                         size_t size)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK), rc;

	if (fd < 0)
		return fail(-errno, ret_error, size, "credentials file %s: %s; name another with "
		            "credentials=FILE", path, strerror(errno));
	rc = check_file(fd, path, ret_error, size);
	if (rc == 0) {
		rc = read_text(fd, (struct page *)ret_c);
		if (rc < 0)
			fail(rc, ret_error, size, "%s is not understood; it has a line \"user = …\" "
			     "and a line \"password = …\"", path);
	}
	close(fd);
	return rc;
}
