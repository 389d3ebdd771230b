// SPDX-License-Identifier: GPL-2.0
/*
 * Rings of 32-bit callers: their entries are those of all others, but what would be an
 * address of a 64-bit caller is none of theirs. Compiled with -m32. Prints KTAP.
 */
#define _GNU_SOURCE
#define _FILE_OFFSET_BITS 64
#include "scene.h"
#include <sys/syscall.h>
#include "vm_map_sync_uring.h"

static struct io_uring_params params;
static struct io_uring_sqe *entry;
static char *queues;
static int ring, map;

static unsigned int *word(unsigned int offset)
{
	return (unsigned int *)(queues + offset);
}

/* Has what is in the entry done, and returns what its completion says. */
static int submit(void)
{
	struct io_uring_cqe *cqe;
	unsigned int index;

	__atomic_add_fetch(word(params.sq_off.tail), 1, __ATOMIC_RELEASE);
	if (syscall(SYS_io_uring_enter, ring, 1, 1, IORING_ENTER_GETEVENTS, NULL, 0) != 1)
		return -EIO;
	index = *word(params.cq_off.head) & *word(params.cq_off.ring_mask);
	cqe = (struct io_uring_cqe *)(queues + params.cq_off.cqes) + index;
	__atomic_add_fetch(word(params.cq_off.head), 1, __ATOMIC_RELEASE);
	return cqe->res;
}

static void requests(void)
{
	struct vm_map_sync_args args = {
		.size = sizeof(args),
		.flags = BOTH,
		.start = address(0),
		.end = address(PAGES),
	};

	vm_map_sync_prep(entry, map, VM_MAP_SYNC_SYNC, &args);
	expect(submit() == 0);
	expect(args.result.pushed == 1 && args.result.freed == PAGES);
	expect(resident() == 0);

	vm_map_sync_prep(entry, map, VM_MAP_SYNC_SYNC, &args);
	entry->addr3 |= 1ULL << 32;
	expect(submit() == -EFAULT);
}

int main(void)
{
	/* The queues are in one area, and a page has room for them. */
	params.flags = IORING_SETUP_NO_SQARRAY;
	map = open("/dev/vm_map_sync", O_RDWR | O_CLOEXEC);
	ring = syscall(SYS_io_uring_setup, 1, &params);
	if (map < 0 || ring < 0) {
		printf("Bail out! no device, or no ring: %s\n", strerror(errno));
		return 1;
	}
	make_file();
	set_up();
	queues = mmap(NULL, page, PROT_READ | PROT_WRITE, MAP_SHARED, ring, IORING_OFF_SQ_RING);
	entry = mmap(NULL, page, PROT_READ | PROT_WRITE, MAP_SHARED, ring, IORING_OFF_SQES);
	expect(queues != MAP_FAILED && (void *)entry != MAP_FAILED);
	printf("KTAP version 1\n1..1\n");
	fflush(stdout);
	if (!failed)
		requests();
	printf("%s 1 requests\n", failed ? "not ok" : "ok");
	return failed;
}
