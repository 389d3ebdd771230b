// SPDX-License-Identifier: GPL-2.0
/*
 * The library, as a program has it. Each test is a process of its own, in which nothing has
 * been called yet. Prints KTAP; exits with 0 passed, 1 failed.
 */
#define _GNU_SOURCE
#define _FILE_OFFSET_BITS 64
#include "scene.h"

#include <pthread.h>
#include <signal.h>
#include <sys/auxv.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <sys/wait.h>
#include <vm_map_sync.h>

#define MANY	1024	/* more than there are descriptors in these tests */

static int sync_all(void)
{
	return vm_map_sync(VM_MAP_SELF, address(0), address(PAGES), TRUE, TRUE);
}

/* How many handles this process has open; shows the last one. */
static int handles(int *last)
{
	struct stat device, status;
	int fd, count = 0;

	if (stat("/dev/vm_map_sync", &device))
		return -1;
	for (fd = 0; fd < MANY; fd++) {
		if (fstat(fd, &status) || !S_ISCHR(status.st_mode) || status.st_rdev != device.st_rdev)
			continue;
		count++;
		if (last)
			*last = fd;
	}
	return count;
}

static void as_in_bsd(void)
{
	errno = 77;
	expect(vm_map_sync(VM_MAP_SELF, address(0), address(PAGES), TRUE, FALSE) == KERN_SUCCESS);
	expect(resident() == PAGES);
	expect(vm_map_sync(VM_MAP_SELF, address(0), address(1), FALSE, TRUE) == KERN_SUCCESS);
	expect(resident() == PAGES - 1);
	/* The whole entry. */
	expect(vm_map_sync(VM_MAP_SELF, address(2), address(2), TRUE, TRUE) == KERN_SUCCESS);
	expect(resident() == 0);
	expect(errno == 77);
	expect(strcmp(at + page, "dirty") == 0);
}

static void kern_returns(void)
{
	struct vm_map_sync_result result;
	unsigned long vdso = getauxval(AT_SYSINFO_EHDR);
	int pipes[2];

	expect(vm_map_sync(VM_MAP_SELF, address(1), address(0), TRUE, TRUE) == KERN_INVALID_ARGUMENT &&
	       errno == EINVAL);
	expect(vm_map_sync(VM_MAP_SELF, vdso, vdso + page, TRUE, TRUE) == KERN_INVALID_ADDRESS &&
	       errno == EOPNOTSUPP);
	expect(mlock(at, page) == 0 && sync_all() == KERN_INVALID_ARGUMENT && errno == EBUSY);
	expect(munlock(at, page) == 0 && munmap(at + 2 * page, page) == 0);
	expect(sync_all() == KERN_INVALID_ARGUMENT && errno == ENOMEM);

	/* What could not be opened is not the caller's own map. */
	expect(vm_map_sync(-1, address(0), address(1), TRUE, TRUE) == KERN_INVALID_ARGUMENT &&
	       errno == EBADF);
	expect(pipe(pipes) == 0);
	expect(vm_map_sync_range(pipes[0], address(0), address(1), 0, &result) == -1 && errno == ENOTTY);
	expect(result.kern_return == KERN_INVALID_ARGUMENT && result.error == ENOTTY);
	expect(result.reason == VM_MAP_SYNC_REASON_NONE && result.done == 0);
}

/* Somebody else's file. */
static void protection(void)
{
	expect(fchmod(file, 0644) == 0);
	snprintf(at, page, "/proc/self/fd/%d", file);
	file = open(at, O_RDONLY);
	expect(mmap(at, PAGES * page, PROT_READ, MAP_SHARED | MAP_FIXED, file, 0) == at);
	expect(setresuid(65534, 65534, 65534) == 0);
	expect(sync_all() == KERN_PROTECTION_FAILURE && errno == EPERM);
	expect(vm_map_sync(VM_MAP_SELF, address(0), address(PAGES), TRUE, FALSE) == KERN_SUCCESS);
}

static void ranges(void)
{
	struct vm_map_sync_range two[2] = {
		{ .start = address(0), .end = address(PAGES) },
		{ .fd = file, .flags = VM_MAP_SYNC_FILE },
	};
	struct vm_map_sync_stat stat = { .start = address(0), .end = address(PAGES) };
	struct vm_map_sync_result result;

	expect(vm_map_sync_stat(VM_MAP_SELF, &stat, 1, sizeof(stat), 0, NULL) == 0);
	expect(stat.pages == PAGES && stat.resident == PAGES && stat.dirty == 1);
	expect(vm_map_sync_vector(VM_MAP_SELF, two, 2, sizeof(two[0]), BOTH, &result) == 0);
	expect(result.pushed == 1 && result.freed == PAGES && result.done == 2);
	expect(two[0].result.freed + two[1].result.freed == PAGES);

	expect(*at == 'c' && vm_map_sync_range(VM_MAP_SELF, address(0), address(1), BOTH, &result) == 0);
	expect(result.freed >= 1 && result.done == address(1));
	expect(*at == 'c' && vm_map_sync_file(file, 0, 0, BOTH, &result) == 0);
	expect(result.freed >= 1 && result.done == (uint64_t)PAGES * page);
	expect(vm_map_sync_file(file, 2, 1, BOTH, &result) == -1 && errno == EINVAL);
	expect(result.reason == VM_MAP_SYNC_REASON_ARGUMENT);

	expect(vm_map_sync_vector(VM_MAP_SELF, two, 0, sizeof(two[0]), BOTH, &result) == -1 && errno == EINVAL);
	expect(vm_map_sync_vector(VM_MAP_SELF, two, (size_t)-1, sizeof(two[0]), BOTH, NULL) == -1 &&
	       errno == EINVAL);
	expect(vm_map_sync_vector(VM_MAP_SELF, two, 2, (size_t)-1, BOTH, &result) == -1 && errno == E2BIG);
	expect(vm_map_sync_vector(VM_MAP_SELF, NULL, 2, sizeof(two[0]), BOTH, &result) == -1 && errno == EFAULT);
	expect(result.error == EFAULT && result.kern_return == KERN_INVALID_ADDRESS);
}

static void maps(void)
{
	struct vm_map_sync_info info;
	struct vm_map_sync_features features;
	vm_map_t map = vm_map_sync_open(), other = vm_map_sync_attach(getppid());

	expect(vm_map_sync_info(map, &info) == 0);
	expect(info.whose == VM_MAP_SYNC_OWN && info.pid == getpid());
	expect(vm_map_sync_info(other, &info) == 0);
	expect(info.whose == VM_MAP_SYNC_OTHER && info.pid == getppid());
	expect(vm_map_sync_info(VM_MAP_SELF, &info) == 0);
	expect(info.whose == VM_MAP_SYNC_OWN && info.pid == getpid());
	/* The parent has mapped it as this process has. */
	expect(vm_map_sync(other, address(0), address(PAGES), TRUE, TRUE) == KERN_SUCCESS);
	expect(resident() == 0);
	expect(vm_map_sync_close(map) == 0 && vm_map_sync_close(other) == 0);
	expect(vm_map_sync_close(map) == -1 && errno == EBADF);
	expect(vm_map_sync(map, address(0), address(PAGES), TRUE, TRUE) == KERN_INVALID_ARGUMENT);
	expect(vm_map_sync_attach(0) == -1 && errno == ESRCH);
	expect(vm_map_sync_features(&features) == 0);
	expect(features.sync_flags & VM_MAP_SYNC_SELF && features.ranges_max == VM_MAP_SYNC_RANGES_MAX);
}

/* A child has a map of its own, whatever its parent has called. */
static void forks(void)
{
	vm_map_t map = vm_map_sync_open();
	int status;
	pid_t child;

	expect(sync_all() == KERN_SUCCESS);
	child = fork();
	if (child == 0) {
		munmap(at, page);
		expect(sync_all() == KERN_INVALID_ARGUMENT && errno == ENOMEM);
		expect(vm_map_sync(map, address(0), address(PAGES), TRUE, TRUE) == KERN_SUCCESS);
		expect(handles(NULL) == 2);
		_exit(failed);
	}
	expect(waitpid(child, &status, 0) == child && status == 0);
}

/* Programs that close all descriptors, or have others under the numbers of these. */
static void reused(void)
{
	struct stat before, after;
	int kept = -1, i;

	for (i = 0; i < 2; i++) {
		errno = 77;
		expect(sync_all() == KERN_SUCCESS && errno == 77);
		expect(handles(&kept) == 1 && kept >= 200);
		expect(dup2(fileno(stdout), kept) == kept && fstat(kept, &before) == 0);
		errno = 77;
		expect(sync_all() == KERN_SUCCESS && errno == 77);
		expect(fstat(kept, &after) == 0 && after.st_rdev == before.st_rdev);
		expect(handles(NULL) == 1);
		expect(syscall(SYS_close_range, 3, ~0u, 0) == 0);
	}
	/* Who does so all the time has none that is left open. */
	for (i = 0; i < 40; i++) {
		expect(sync_all() == KERN_SUCCESS);
		syscall(SYS_close_range, 3, ~0u, 0);
	}
	expect(sync_all() == KERN_SUCCESS);
	expect(handles(NULL) == 0);
}

static void *sync_once(void *barrier)
{
	pthread_barrier_wait(barrier);
	return (void *)(long)sync_all();
}

/* All of them come first. */
static void threads(void)
{
	pthread_barrier_t barrier;
	pthread_t all[8];
	void *code;
	int i;

	pthread_barrier_init(&barrier, NULL, 8);
	for (i = 0; i < 8; i++)
		expect(pthread_create(&all[i], NULL, sync_once, &barrier) == 0);
	for (i = 0; i < 8; i++)
		expect(pthread_join(all[i], &code) == 0 && code == (void *)KERN_SUCCESS);
	expect(handles(NULL) == 1);
}

static volatile sig_atomic_t handled, unhandled;

static void handle(int signal)
{
	int before = errno;

	(void)signal;
	if (sync_all() == KERN_SUCCESS && errno == before)
		handled++;
	else
		unhandled++;
}

static void signals(void)
{
	struct sigaction action = { .sa_handler = handle };
	struct itimerval often = { { 0, 2000 }, { 0, 2000 } }, never = { { 0, 0 }, { 0, 0 } };

	expect(sigaction(SIGALRM, &action, NULL) == 0 && setitimer(ITIMER_REAL, &often, NULL) == 0);
	while (handled < 100 && !unhandled && !failed) {
		expect(sync_all() == KERN_SUCCESS);
		if (handled < 10)
			syscall(SYS_close_range, 3, ~0u, 0);
	}
	expect(setitimer(ITIMER_REAL, &never, NULL) == 0);
	expect(unhandled == 0);
}

static void *sync_when_cancelled(void *done)
{
	pthread_cancel(pthread_self());
	*(int *)done = sync_all() == KERN_SUCCESS;
	pthread_testcancel();
	return NULL;
}

/* Not even where the handle is opened and another one closed. */
static void no_cancellation_point(void)
{
	pthread_t thread;
	void *code;
	int done = 0;

	expect(pthread_create(&thread, NULL, sync_when_cancelled, &done) == 0);
	expect(pthread_join(thread, &code) == 0 && code == PTHREAD_CANCELED && done);
}

static void no_descriptors(void)
{
	struct rlimit none = { 0, 0 }, some = { 64, 64 };

	expect(setrlimit(RLIMIT_NOFILE, &some) == 0 && sync_all() == KERN_SUCCESS);
	expect(handles(NULL) == 1);
	syscall(SYS_close_range, 3, ~0u, 0);
	expect(setrlimit(RLIMIT_NOFILE, &none) == 0);
	expect(sync_all() == KERN_RESOURCE_SHORTAGE && errno == EMFILE);
}

static void no_device(void)
{
	struct vm_map_sync_features features;

	expect(chroot(getenv("VMS_DIR")) == 0);
	expect(sync_all() == KERN_FAILURE && errno == ENOENT);
	expect(vm_map_sync_open() == -1 && errno == ENOENT);
	expect(vm_map_sync_features(&features) == -1 && errno == ENOENT);
}

static const struct {
	const char *name;
	void (*run)(void);
} tests[] = {
	{ "as_in_bsd", as_in_bsd },
	{ "kern_returns", kern_returns },
	{ "protection", protection },
	{ "ranges", ranges },
	{ "maps", maps },
	{ "forks", forks },
	{ "reused", reused },
	{ "threads", threads },
	{ "signals", signals },
	{ "no_cancellation_point", no_cancellation_point },
	{ "no_descriptors", no_descriptors },
	{ "no_device", no_device },
};

int main(void)
{
	const int count = sizeof(tests) / sizeof(tests[0]);
	int i, status, any = 0;
	pid_t child;

	setvbuf(stdout, NULL, _IOLBF, 0);
	make_file();
	printf("KTAP version 1\n1..%d\n", count);
	for (i = 0; i < count; i++) {
		set_up();
		failed = 0;
		child = fork();
		if (child == 0) {
			tests[i].run();
			fflush(stdout);
			_exit(failed);
		}
		failed = waitpid(child, &status, 0) != child || status != 0;
		munmap(at, PAGES * page);
		printf("%s %d %s\n", failed ? "not ok" : "ok", i + 1, tests[i].name);
		any |= failed;
	}
	return any;
}
