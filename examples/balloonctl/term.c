/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The terminal as a screen; see term.h. */
#include "term.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/signalfd.h>
#include <termios.h>
#include <unistd.h>

#define ENTER "\033[?1049h\033[?25l\033[H\033[2J" /* other screen, no cursor, empty */
#define LEAVE "\033[0m\033[?25h\033[?1049l"

static struct termios before;
static bool raw; /* before is to be restored */

void term_write(const char *data, size_t len)
{
	while (len) {
		ssize_t n = write(STDOUT_FILENO, data, len);

		if (n < 0 && errno != EINTR)
			return;
		if (n > 0) {
			data += n;
			len -= (size_t)n;
		}
	}
}

static void enter(void)
{
	struct termios t;

	if (isatty(STDIN_FILENO) && !tcgetattr(STDIN_FILENO, &before)) {
		t = before;
		t.c_lflag &= (tcflag_t) ~(ICANON | ECHO); /* keys at once; ^C stays a signal */
		t.c_cc[VMIN] = 0;
		t.c_cc[VTIME] = 0;
		raw = !tcsetattr(STDIN_FILENO, TCSANOW, &t);
	}
	term_write(ENTER, sizeof(ENTER) - 1);
}

static void leave(void)
{
	term_write(LEAVE, sizeof(LEAVE) - 1);
	if (raw)
		tcsetattr(STDIN_FILENO, TCSANOW, &before);
	raw = false;
}

int term_open(struct term *t)
{
	static const int wanted[] = { SIGWINCH, SIGINT, SIGTERM, SIGHUP, SIGTSTP };
	sigset_t set;

	sigemptyset(&set);
	for (size_t i = 0; i < sizeof(wanted) / sizeof(wanted[0]); i++)
		sigaddset(&set, wanted[i]);
	sigprocmask(SIG_BLOCK, &set, NULL);
	t->signals = signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK);
	if (t->signals < 0)
		return -errno;
	enter();
	return 0;
}

void term_close(struct term *t)
{
	leave();
	close(t->signals);
}

void term_size(unsigned int *ret_columns, unsigned int *ret_lines)
{
	struct winsize w = { .ws_col = 0 };

	(void)ioctl(STDOUT_FILENO, TIOCGWINSZ, &w);
	*ret_columns = w.ws_col ? w.ws_col : 80;
	*ret_lines = w.ws_row ? w.ws_row : 24;
}

static enum term_event take_signal(struct term *t)
{
	struct signalfd_siginfo info;

	if (read(t->signals, &info, sizeof(info)) != (ssize_t)sizeof(info))
		return TERM_NOTHING;
	if (info.ssi_signo == SIGWINCH)
		return TERM_REDRAW;
	if (info.ssi_signo != SIGTSTP)
		return TERM_QUIT;
	/* Stopped, the shell has its terminal; back here, we take it again. */
	leave();
	raise(SIGSTOP);
	enter();
	return TERM_REDRAW;
}

/* One key. Arrows come as ESC [ A and ESC [ B: the letter counts if the two
 * before it were these. */
static enum term_event take_key(void)
{
	static char before_last, last;
	bool arrow = before_last == '\033' && last == '[';
	char key;
	ssize_t n = read(STDIN_FILENO, &key, 1);

	if (n != 1)
		return n < 0 && (errno == EINTR || errno == EAGAIN) ? TERM_NOTHING : TERM_QUIT;
	before_last = last;
	last = key;
	if (key == 'q' || key == 'Q')
		return TERM_QUIT;
	if (key == 'k' || (arrow && key == 'A'))
		return TERM_UP;
	if (key == 'j' || (arrow && key == 'B'))
		return TERM_DOWN;
	return TERM_NOTHING;
}

enum term_event term_wait(struct term *t, int ms)
{
	struct pollfd fds[2] = {
		{ t->signals, POLLIN, 0 },
		{ raw ? STDIN_FILENO : -1, POLLIN, 0 },
	};

	if (poll(fds, 2, ms) <= 0)
		return TERM_NOTHING;
	if (fds[0].revents)
		return take_signal(t);
	return fds[1].revents ? take_key() : TERM_NOTHING;
}
