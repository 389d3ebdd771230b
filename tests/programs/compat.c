// SPDX-License-Identifier: GPL-2.0
/*
 * A caller in C, with nothing but the header: compiled for 32 bits it is one of the
 * compat ioctl. Prints KTAP; exits with 0 passed, 1 failed.
 */
#define _GNU_SOURCE
#define _FILE_OFFSET_BITS 64
#include "scene.h"

static int device;

static int call(struct vm_map_sync_args *args, uint32_t flags, int first, int end)
{
	memset(args, 0, sizeof(*args));
	args->size = sizeof(*args);
	args->flags = flags;
	args->start = address(first);
	args->end = address(end);
	errno = 0;
	return ioctl(device, VM_MAP_SYNC_SYNC, args);
}

static void layout(void)
{
	expect(sizeof(struct vm_map_sync_args) == 112);
	expect(sizeof(struct vm_map_sync_result) == 80);
	expect(sizeof(struct vm_map_sync_range) == VM_MAP_SYNC_RANGE_SIZE_VER0);
	expect(sizeof(struct vm_map_sync_vector) == VM_MAP_SYNC_VECTOR_SIZE_VER0);
	expect(sizeof(struct vm_map_sync_stat) == VM_MAP_SYNC_STAT_SIZE_VER0);
	expect(sizeof(struct vm_map_sync_attach) == VM_MAP_SYNC_ATTACH_SIZE_VER0);
	expect(sizeof(struct vm_map_sync_info) == VM_MAP_SYNC_INFO_SIZE_VER0);
	expect(sizeof(struct vm_map_sync_features) == 48);
}

static void sync_dirty(void)
{
	struct vm_map_sync_args args;

	expect(call(&args, VM_MAP_SYNC_SYNCIO, 0, PAGES) == 0);
	expect(args.result.kern_return == VM_MAP_SYNC_KERN_SUCCESS);
	expect(args.result.reason == VM_MAP_SYNC_REASON_NONE);
	expect(args.result.error == 0);
	expect(args.result.done == address(PAGES));
	expect(args.result.pushed == 1);
	expect(args.result.freed == 0);
	expect(resident() == PAGES);
}

static void invalidate(void)
{
	struct vm_map_sync_args args;

	expect(call(&args, BOTH, 0, PAGES) == 0);
	expect(args.result.pushed == 1);
	expect(args.result.freed == PAGES);
	expect(args.result.left == 0);
	expect(resident() == 0);
	expect(strcmp(at + page, "dirty") == 0);
}

static void whole_entry(void)
{
	struct vm_map_sync_args args;

	expect(call(&args, BOTH, 2, 2) == 0);
	expect(args.result.freed == PAGES);
	expect(args.result.done == address(PAGES));
}

static void hole(void)
{
	struct vm_map_sync_args args;

	munmap(at + 2 * page, page);
	expect(call(&args, BOTH, 0, PAGES) == -1 && errno == ENOMEM);
	expect(args.result.kern_return == VM_MAP_SYNC_KERN_INVALID_ARGUMENT);
	expect(args.result.reason == VM_MAP_SYNC_REASON_HOLE);
	expect(args.result.error == ENOMEM);
	expect(args.result.address == address(2));
	expect(args.result.done == address(0));
}

/* An address of more than 32 bits, in the structure of a 32-bit caller. */
static void far_away(void)
{
	struct vm_map_sync_args args;

	memset(&args, 0, sizeof(args));
	args.size = sizeof(args);
	args.start = UINT64_C(0x100000000) + address(0);
	args.end = args.start + page;
	if (sizeof(void *) == 4) {
		expect(ioctl(device, VM_MAP_SYNC_SYNC, &args) == -1 && errno == ENOMEM);
		expect(args.result.address == args.start);
	}
}

static void bad_size(void)
{
	struct {
		struct vm_map_sync_args args;
		uint64_t more;
	} longer;
	struct vm_map_sync_args args;

	memset(&args, 0, sizeof(args));
	args.size = VM_MAP_SYNC_ARGS_SIZE_VER0 - 1;
	args.start = address(0);
	args.end = address(PAGES);
	expect(ioctl(device, VM_MAP_SYNC_SYNC, &args) == -1 && errno == EINVAL);
	expect(args.result.reason == 0);

	memset(&longer, 0, sizeof(longer));
	longer.args = args;
	longer.args.size = sizeof(longer);
	longer.args.flags = VM_MAP_SYNC_SYNCIO;
	longer.more = 1;
	expect(ioctl(device, VM_MAP_SYNC_SYNC, &longer) == -1 && errno == E2BIG);
	longer.more = 0;
	expect(ioctl(device, VM_MAP_SYNC_SYNC, &longer) == 0);
	expect(longer.args.result.pushed == 1);
}

/* All of the file by its addresses, and all of it by its descriptor. */
static void vector(void)
{
	struct vm_map_sync_range ranges[2];
	struct vm_map_sync_vector vector;
	struct vm_map_sync_stat stat;

	memset(ranges, 0, sizeof(ranges));
	ranges[0].start = address(0);
	ranges[0].end = address(PAGES);
	ranges[1].fd = file;
	ranges[1].flags = VM_MAP_SYNC_FILE;
	memset(&stat, 0, sizeof(stat));
	stat.fd = file;
	stat.flags = VM_MAP_SYNC_FILE;
	memset(&vector, 0, sizeof(vector));
	vector.size = sizeof(vector);
	vector.ranges = (uintptr_t)&stat;
	vector.count = 1;
	vector.range_size = sizeof(stat);
	expect(ioctl(device, VM_MAP_SYNC_STAT, &vector) == 0);
	expect(stat.pages == PAGES && stat.resident == PAGES && stat.dirty == 1);
	vector.flags = BOTH;
	vector.ranges = (uintptr_t)ranges;
	vector.count = 2;
	vector.range_size = sizeof(ranges[0]);
	expect(ioctl(device, VM_MAP_SYNC_VECTOR, &vector) == 0);
	expect(vector.result.pushed == 1 && vector.result.freed == PAGES);
	expect(vector.result.done == 2);
	expect(ranges[0].result.done == address(PAGES));
	expect(ranges[1].result.done == (uint64_t)PAGES * page);
	expect(ranges[0].result.freed + ranges[1].result.freed == PAGES);
	expect(resident() == 0);
}

/* The parent of this one is a process of any kind of machine. */
static void attach(void)
{
	struct vm_map_sync_attach attach = { .size = sizeof(attach), .pid = getppid() };
	struct vm_map_sync_info info = { .size = sizeof(info) };
	int map;

	map = ioctl(device, VM_MAP_SYNC_ATTACH, &attach);
	expect(map >= 0 && fcntl(map, F_GETFD) == FD_CLOEXEC);
	expect(ioctl(map, VM_MAP_SYNC_INFO, &info) == 0);
	expect(info.whose == VM_MAP_SYNC_OTHER && info.pid == getppid());
	expect(ioctl(device, VM_MAP_SYNC_INFO, &info) == 0);
	expect(info.whose == VM_MAP_SYNC_OWN && info.pid == getpid());
	expect(close(map) == 0);
	attach.pid = 0;
	expect(ioctl(device, VM_MAP_SYNC_ATTACH, &attach) == -1 && errno == ESRCH);
}

static void features(void)
{
	struct vm_map_sync_features features = { .size = sizeof(features) };

	expect(ioctl(device, VM_MAP_SYNC_FEATURES, &features) == 0);
	expect(features.operations & 1 << _IOC_NR(VM_MAP_SYNC_ATTACH));
	expect(features.sync_flags & VM_MAP_SYNC_FILE);
	expect(features.ranges_max == VM_MAP_SYNC_RANGES_MAX);
}

static void bad_flags(void)
{
	struct vm_map_sync_args args;

	expect(call(&args, 256, 0, PAGES) == -1 && errno == EINVAL);
	expect(args.result.kern_return == VM_MAP_SYNC_KERN_INVALID_ARGUMENT);
	expect(args.result.reason == VM_MAP_SYNC_REASON_ARGUMENT);
}

static void bad_pointers(void)
{
	expect(ioctl(device, VM_MAP_SYNC_SYNC, NULL) == -1 && errno == EFAULT);
	expect(ioctl(device, VM_MAP_SYNC_SYNC, (void *)-page) == -1 && errno == EFAULT);
	expect(ioctl(device, _IO(VM_MAP_SYNC_IOCTL_MAGIC, 1), NULL) == -1 && errno == ENOTTY);
}

static const struct {
	const char *name;
	void (*run)(void);
} tests[] = {
	{ "layout", layout },
	{ "sync_dirty", sync_dirty },
	{ "invalidate", invalidate },
	{ "whole_entry", whole_entry },
	{ "hole", hole },
	{ "far_away", far_away },
	{ "bad_size", bad_size },
	{ "vector", vector },
	{ "attach", attach },
	{ "features", features },
	{ "bad_flags", bad_flags },
	{ "bad_pointers", bad_pointers },
};

int main(void)
{
	const int count = sizeof(tests) / sizeof(tests[0]);
	int i, any = 0;

	setvbuf(stdout, NULL, _IOLBF, 0);
	device = open("/dev/vm_map_sync", O_RDONLY | O_CLOEXEC);
	if (device < 0) {
		printf("Bail out! /dev/vm_map_sync: %s: load the module first (insmod vm_map_sync.ko)\n",
		       strerror(errno));
		return 1;
	}
	make_file();

	printf("KTAP version 1\n1..%d\n", count);
	for (i = 0; i < count; i++) {
		failed = 0;
		set_up();
		tests[i].run();
		munmap(at, PAGES * page);
		printf("%s %d %s_%d_bits\n", failed ? "not ok" : "ok", i + 1, tests[i].name,
		       (int)sizeof(void *) * 8);
		any |= failed;
	}
	return any;
}
