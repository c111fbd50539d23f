/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "confine.h"

#include <errno.h>
#include <linux/capability.h>
#include <stdint.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <unistd.h>

#ifdef WITH_SECCOMP
#include <seccomp.h>
#endif

/* What was not there before is not added. Files of other users' processes are
 * opened with CAP_DAC_READ_SEARCH, which stays only as long as they are. */
static int drop_capabilities(int reopen)
{
	struct __user_cap_header_struct header = {_LINUX_CAPABILITY_VERSION_3, 0};
	struct __user_cap_data_struct data[2];
	const uint32_t kept = 1u << CAP_SYS_PTRACE | (reopen ? 1u << CAP_DAC_READ_SEARCH : 0);

	if (syscall(SYS_capget, &header, data) < 0)
		return -errno;
	for (int i = 0; i < 2; i++) {
		data[i].permitted &= i ? 0 : kept;
		data[i].effective = data[i].permitted;
		data[i].inheritable = 0;
	}
	/* The bounding set shrinks while that is still allowed; without the right
	 * to, no_new_privs makes it meaningless. */
	for (int cap = 0; cap <= 63; cap++) {
		if (cap > 31 || !(kept >> cap & 1))
			prctl(PR_CAPBSET_DROP, cap, 0, 0, 0);
	}
	return syscall(SYS_capset, &header, data) < 0 ? -errno : 0;
}

#ifdef WITH_SECCOMP
static const int reading[] = {
        SCMP_SYS(read), SCMP_SYS(pread64), SCMP_SYS(write), SCMP_SYS(writev), SCMP_SYS(ioctl),
        SCMP_SYS(poll), SCMP_SYS(ppoll), SCMP_SYS(process_vm_readv), SCMP_SYS(mmap),
        SCMP_SYS(munmap), SCMP_SYS(mremap), SCMP_SYS(mprotect), SCMP_SYS(madvise), SCMP_SYS(brk),
        SCMP_SYS(futex), SCMP_SYS(clone), SCMP_SYS(clone3), SCMP_SYS(set_robust_list),
        SCMP_SYS(rseq), SCMP_SYS(rt_sigprocmask), SCMP_SYS(rt_sigaction), SCMP_SYS(rt_sigreturn),
        SCMP_SYS(restart_syscall), SCMP_SYS(sched_setaffinity), SCMP_SYS(sched_getaffinity),
        SCMP_SYS(sched_yield), SCMP_SYS(getpid), SCMP_SYS(gettid), SCMP_SYS(tgkill),
        SCMP_SYS(getrandom), SCMP_SYS(clock_gettime), SCMP_SYS(clock_nanosleep),
        SCMP_SYS(nanosleep), SCMP_SYS(close), SCMP_SYS(fstat), SCMP_SYS(newfstatat),
        SCMP_SYS(lseek), SCMP_SYS(sigaltstack), SCMP_SYS(exit), SCMP_SYS(exit_group),
};

static const int reopening[] = {
        SCMP_SYS(openat), SCMP_SYS(getdents64), SCMP_SYS(fcntl), SCMP_SYS(pidfd_open),
        SCMP_SYS(access), SCMP_SYS(faccessat), SCMP_SYS(faccessat2), SCMP_SYS(statx),
};

static int allow(scmp_filter_ctx ctx, const int *calls, size_t n)
{
	int rc = 0;

	for (size_t i = 0; i < n && !rc; i++)
		rc = seccomp_rule_add(ctx, SCMP_ACT_ALLOW, calls[i], 0);
	return rc;
}

static int filter_calls(int reopen)
{
	scmp_filter_ctx ctx = seccomp_init(SCMP_ACT_ERRNO(EPERM));
	int rc = ctx ? allow(ctx, reading, sizeof(reading) / sizeof(reading[0])) : -ENOMEM;

	if (!rc)
		rc = allow(ctx, reopening, reopen ? sizeof(reopening) / sizeof(reopening[0]) : 0);
	if (!rc)
		rc = seccomp_load(ctx);
	seccomp_release(ctx);
	return rc;
}
#else
static int filter_calls(int reopen)
{
	(void)reopen;
	return 0;
}
#endif

int confine(int reopen, const char **ret_what)
{
	struct rlimit none = {0, 0};
	int rc;

	*ret_what = "keeping core dumps and onlookers away";
	if (setrlimit(RLIMIT_CORE, &none) < 0 || prctl(PR_SET_DUMPABLE, 0, 0, 0, 0) < 0)
		return -errno;
	*ret_what = "giving up capabilities";
	rc = drop_capabilities(reopen);
	if (rc)
		return rc;
	*ret_what = "giving up new privileges";
	if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) < 0)
		return -errno;
	*ret_what = "filtering system calls";
	return filter_calls(reopen);
}
