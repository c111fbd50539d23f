/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What systemd wants to hear, sd_notify(3), without its library. */
#ifndef BALLOOND_NOTIFY_H
#define BALLOOND_NOTIFY_H

#include <stdint.h>

/* Says message, as "READY=1", to $NOTIFY_SOCKET if there is one. */
void notify(const char *message);

/* How often the watchdog wants to be fed; 0 = there is none. */
uint64_t notify_watchdog_ns(void);

#endif
