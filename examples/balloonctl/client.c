/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* One question to balloond, one answer; see client.h. */
#include "client.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <sys/un.h>
#include <unistd.h>

#include "text.h"

/* balloond answers between two of its beats; longer is not slow, but broken. */
#define WAIT_S 5
/* Objects in arrays in an object; the rest is room for later versions. */
#define DEPTH 8

static int wrong(char *error, size_t size, const char *path, const char *what, int rc)
{
	snprintf(error, size, "balloond at %s %s%s%s", path, what, rc ? ": " : "",
	         rc ? strerror(-rc) : "");
	return rc ? rc : -EPROTO;
}

static int connect_to(const char *path, char *error, size_t size)
{
	struct sockaddr_un a = { .sun_family = AF_UNIX };
	struct timeval wait = { WAIT_S, 0 };
	int fd, rc = 0;

	if (strlen(path) >= sizeof(a.sun_path))
		return wrong(error, size, path, "cannot be there: a socket's path is shorter",
		             -ENAMETOOLONG);
	memcpy(a.sun_path, path, strlen(path));
	fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	if (fd < 0)
		return wrong(error, size, path, "cannot be asked", -errno);
	(void)setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &wait, sizeof(wait));
	(void)setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &wait, sizeof(wait));
	if (connect(fd, (struct sockaddr *)&a, sizeof(a)) < 0)
		rc = -errno;
	if (!rc)
		return fd;
	close(fd);
	if (rc == -ENOENT || rc == -ECONNREFUSED)
		return wrong(error, size, path, "does not run; start it, or give its --socket", rc);
	return wrong(error, size, path, "cannot be asked", rc);
}

static int send_all(int fd, const char *data, size_t len)
{
	while (len) {
		ssize_t n = send(fd, data, len, MSG_NOSIGNAL);

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return -errno;
		data += n;
		len -= (size_t)n;
	}
	return 0;
}

/* One line, without its end. struct text bounds how much we take. */
static int receive_line(int fd, struct text *line)
{
	char piece[16384];

	while (!line->len || line->data[line->len - 1] != '\n') {
		ssize_t n = recv(fd, piece, sizeof(piece), 0);

		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0)
			return n < 0 ? -errno : -ECONNRESET;
		text_bytes(line, piece, (size_t)n);
		if (line->broken)
			return -EMSGSIZE;
	}
	line->data[--line->len] = '\0';
	return 0;
}

static json_object *parse(const struct text *line)
{
	struct json_tokener *tokener = json_tokener_new_ex(DEPTH);
	json_object *root;

	if (!tokener)
		return NULL;
	root = json_tokener_parse_ex(tokener, line->data, (int)line->len + 1);
	json_tokener_free(tokener);
	if (json_object_is_type(root, json_type_object))
		return root;
	json_object_put(root);
	return NULL;
}

static int judge(const char *path, const struct text *line, json_object **ret, char *error,
                 size_t size)
{
	json_object *root = parse(line), *sentence;

	if (!root)
		return wrong(error, size, path, "gave an answer that is not JSON", 0);
	if (json_object_object_get_ex(root, "error", &sentence)) {
		printable(json_object_get_string(sentence), error, size);
		json_object_put(root);
		return -EREMOTEIO;
	}
	*ret = root;
	return 0;
}

int client_ask(const char *socket_path, const char *request, json_object **ret, char *error,
               size_t size)
{
	struct text line = { 0 }, whole = { 0 };
	int fd = connect_to(socket_path, error, size);
	int rc;

	if (fd < 0)
		return fd;
	/* In one piece: who has read all that matters may answer and go. */
	text_add(&whole, request);
	text_add(&whole, "\n");
	rc = whole.broken ? -ENOMEM : send_all(fd, whole.data, whole.len);
	text_free(&whole);
	if (!rc)
		rc = receive_line(fd, &line);
	close(fd);
	if (rc == -EAGAIN)
		rc = wrong(error, size, socket_path, "does not answer", -ETIMEDOUT);
	else if (rc)
		wrong(error, size, socket_path, "broke off", rc);
	else
		rc = judge(socket_path, &line, ret, error, size);
	text_free(&line);
	return rc;
}
