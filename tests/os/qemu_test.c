/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The RAM of real QEMUs that were never let run: under TCG and KVM, as anonymous
 * memory, memfd, hugetlb and two NUMA nodes. Its own monitor is the witness.
 */
#include "testkit.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "os/file.h"
#include "os/knobs.h"
#include "os/procmem.h"

#define QEMU "qemu-system-x86_64"
#define SIZE (256 * MIB)

struct vm {
	pid_t pid;
	FILE *tell;
	FILE *hear;
};

static void run(const char *options)
{
	char command[1024];

	snprintf(command, sizeof(command),
	         "exec " QEMU " -S -nodefaults -display none -monitor stdio -m 256 %s 2>&1", options);
	execl("/bin/sh", "sh", "-c", command, (char *)NULL);
	_exit(127);
}

static void vm_start(struct vm *vm, const char *options)
{
	int tell[2], hear[2];

	if (pipe2(tell, O_CLOEXEC) < 0 || pipe2(hear, O_CLOEXEC) < 0)
		abort();
	fflush(NULL);
	vm->pid = fork();
	if (vm->pid == 0) {
		dup2(tell[0], 0);
		dup2(hear[1], 1);
		run(options);
	}
	close(tell[0]);
	close(hear[1]);
	vm->tell = fdopen(tell[1], "w");
	vm->hear = fdopen(hear[0], "r");
}

static void vm_end(struct vm *vm)
{
	kill(vm->pid, SIGKILL);
	waitpid(vm->pid, NULL, 0);
	fclose(vm->tell);
	fclose(vm->hear);
}

/* Where the monitor says a guest's address is; 0 if it ended without a word. */
static uint64_t host_address(struct vm *vm, uint64_t guest)
{
	static const char says[] = " is 0x";
	char line[512];

	fprintf(vm->tell, "gpa2hva 0x%llx\n", (unsigned long long)guest);
	fflush(vm->tell);
	while (fgets(line, sizeof(line), vm->hear)) {
		char *at = strstr(line, "Host virtual address") ? strstr(line, says) : NULL;

		if (at)
			return strtoull(at + strlen(says), NULL, 16);
	}
	return 0;
}

static int holds(const struct bl_ram *ram, uint64_t address)
{
	for (size_t i = 0; i < ram->ranges_n; i++) {
		if (address >= ram->ranges[i].start && address < ram->ranges[i].end)
			return 1;
	}
	return 0;
}

/* 0: this QEMU does not start with these options here. */
static int look(const char *options, size_t ranges, bool shared, bool hugetlb, int kvm)
{
	uint64_t first, last;
	struct bl_footprint f;
	struct bl_process p;
	struct bl_ram ram;
	struct vm vm;

	vm_start(&vm, options);
	first = host_address(&vm, MIB);
	if (!first) {
		vm_end(&vm);
		return 0;
	}
	last = host_address(&vm, SIZE - 4096);
	CU_ASSERT_EQUAL_FATAL(bl_process_open(vm.pid, &p), 0);
	CU_ASSERT_EQUAL_FATAL(bl_ram_of(&p, SIZE, &ram), 0);
	CU_ASSERT_EQUAL(ram.bytes, SIZE);
	CU_ASSERT_EQUAL(ram.ranges_n, ranges);
	CU_ASSERT(holds(&ram, first) && holds(&ram, last));
	CU_ASSERT_EQUAL(ram.shared, shared);
	CU_ASSERT_EQUAL(ram.hugetlb, hugetlb);
	CU_ASSERT_EQUAL(bl_process_has_kvm(&p), kvm);
	CU_ASSERT_EQUAL(bl_ram_footprint(&p, &ram, &f), 0);
	CU_ASSERT(f.resident_bytes <= SIZE);
	bl_process_close(&p);
	vm_end(&vm);
	return 1;
}

static void under_tcg(void)
{
	CU_ASSERT_TRUE(look("-accel tcg", 1, false, false, 0));
	CU_ASSERT_TRUE(look("-accel tcg,tb-size=256", 1, false, false, 0));
	CU_ASSERT_TRUE(look("-accel tcg,tb-size=256,split-wx=on", 1, false, false, 0));
}

static void under_kvm(void)
{
	if (!look("-accel kvm", 1, false, false, 1))
		printf("SKIP of this one: no KVM here ");
}

static void of_a_memfd(void)
{
	CU_ASSERT_TRUE(look("-accel tcg -machine memory-backend=m "
	                    "-object memory-backend-memfd,id=m,size=256M,share=on", 1, true, false, 0));
	CU_ASSERT_TRUE(look("-accel tcg -machine memory-backend=m "
	                    "-object memory-backend-memfd,id=m,size=256M,share=off", 1, false, false, 0));
}

static void of_two_nodes(void)
{
	CU_ASSERT_TRUE(look("-accel tcg -smp 2 -object memory-backend-ram,id=a,size=128M "
	                    "-object memory-backend-ram,id=b,size=128M "
	                    "-numa node,memdev=a -numa node,memdev=b", 2, false, false, 0));
}

static void of_huge_pages(void)
{
	static const char path[] = "/proc/sys/vm/nr_hugepages";
	char journal[64], value[32];
	uint64_t found = 0;
	struct bl_knobs *k;

	snprintf(journal, sizeof(journal), "/tmp/balloon-huge-%d", getpid());
	if (bl_knobs_open(journal, &k) < 0)
		return;
	bl_file_u64(AT_FDCWD, path, &found);
	snprintf(value, sizeof(value), "%llu", (unsigned long long)(found + SIZE / (2 * MIB)));
	if (bl_knobs_set(k, path, value) < 0 ||
	    !look("-accel tcg -machine memory-backend=m -object "
	          "memory-backend-memfd,id=m,size=256M,share=on,hugetlb=on,hugetlbsize=2M",
	          1, true, true, 0))
		printf("SKIP of this one: no huge pages to be had ");
	bl_knobs_close(k);
	unlink(journal);
}

int main(void)
{
	static const struct test tests[] = {
		{ "under TCG", under_tcg },
		{ "under KVM", under_kvm },
		{ "of a memfd", of_a_memfd },
		{ "of two nodes", of_two_nodes },
		{ "of huge pages", of_huge_pages },
		{ NULL, NULL },
	};

	if (system("command -v " QEMU " >/dev/null 2>&1") != 0) {
		printf("SKIP " QEMU " is not installed\n");
		return 77;
	}
	signal(SIGPIPE, SIG_IGN);
	return run_tests("os_qemu", tests);
}
