/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Recordings: what a host said and was told, beat by beat, so that an incident
 * in the field becomes a test on the desk.
 *
 * To record, put the filter before the host's URI; nothing else changes:
 *
 *	record:/var/tmp/host.jsonl,qemu:///system
 *
 * writes every look at the host and every order to that file, which must not
 * exist yet, as JSON, a line each (0600: it names guests). A disk that is slow
 * or full ends the recording, never a beat; error() of the backend then says
 * so once.
 *
 * To replay, from a shell: balloon-replay (examples/replay) FILE, with the
 * policy that was in force; it says at which beats this library decides
 * differently. By program: open "replay:FILE", and beat at the recorded
 * times, for decisions depend on them. Those are what this header is for, with
 * self being what the backend's open() returned:
 *
 *	const struct balloon_backend *replay = balloon_replay_backend();
 *	(a struct balloon_backend of your own whose open() remembers self)
 *	while (balloon_replay_next(self, &now_ns) == 0)
 *		balloon_tick(b, now_ns, NULL);
 *	balloon_replay_differences(self);
 *
 * The n-th observe() returns what the n-th look saw, whatever now_ns is; order()
 * compares with what was ordered after that look and gives the answer that was
 * given then, or 0 to what was not ordered then. Differences are counted and
 * error() has the sentence for the last beat that had some: "beat 17: web1 was
 * told 512 MiB, now 498 MiB". The guests of a recording do not react to other
 * orders than those they were given, so what follows the first difference may
 * be its consequence.
 *
 * A recording holds neither policy, holds nor claims: they are decided above
 * the backend. Replay with the policy in force then. Recordings begin where the
 * library was opened, so that all it had learnt is in them.
 *
 * At the end observe() is -EAGAIN and error() says "the recording ends here".
 * A recording is read once in full by open(): one that is broken is refused
 * with the line's number. A last line without its newline (the writer was killed)
 * is only left out.
 */
#ifndef BALLOON_REPLAY_H
#define BALLOON_REPLAY_H

#include <balloon/backend.h>

#ifdef __cplusplus
extern "C" {
#endif

/* The backend that plays recordings; in the static library balloonreplay and
 * in the module backend-replay.so. Never NULL. */
BALLOON_API const struct balloon_backend *balloon_replay_backend(void);

/* The moment of the next look. -ENODATA: there is none. -EIO: the file changed or
 * memory ran short meanwhile, and error() says so; nothing more can be played. What was recorded
 * after the last look and not ordered again counts as different from here on. */
BALLOON_API int balloon_replay_next(void *self, uint64_t *ret_now_ns);

/* Looks in the whole recording. */
BALLOON_API uint64_t balloon_replay_looks(void *self);

/* Orders that differed so far: told otherwise, or only then, or only now. */
BALLOON_API uint64_t balloon_replay_differences(void *self);

/* What was recorded, "qemu:///system", and with which release, "0.1.0"; ""
 * where it is not said. Until close(). */
BALLOON_API const char *balloon_replay_uri(void *self);
BALLOON_API const char *balloon_replay_library(void *self);

#ifdef __cplusplus
}
#endif

#endif
