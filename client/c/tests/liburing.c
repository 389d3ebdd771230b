// SPDX-License-Identifier: GPL-2.0
/*
 * Requests from C: the example of vm_map_sync_uring(4), which stands in a file of its own,
 * with liburing. Prints KTAP.
 */
#define _GNU_SOURCE
#define _FILE_OFFSET_BITS 64
#include "scene.h"
#include <liburing.h>
#include "vm_map_sync_uring.h"

int make_durable_later(struct io_uring *ring, int map, void *address, size_t length);
long long wait_until_durable(struct io_uring *ring);

static struct io_uring ring;
static int map;

/* Has a request done, and returns what its completion says. */
static int call(__u32 command, void *argument)
{
	struct io_uring_sqe *sqe = io_uring_get_sqe(&ring);
	struct io_uring_cqe *cqe;
	int code;

	if (!sqe)
		return -EBUSY;
	vm_map_sync_prep(sqe, map, command, argument);
	io_uring_sqe_set_data64(sqe, 7);
	if (io_uring_submit_and_wait(&ring, 1) < 0 || io_uring_wait_cqe(&ring, &cqe))
		return -EIO;
	expect(io_uring_cqe_get_data64(cqe) == 7);
	code = cqe->res;
	io_uring_cqe_seen(&ring, cqe);
	return code;
}

static void example(void)
{
	struct vm_map_sync_stat stat = { .start = address(0), .end = address(PAGES) };
	struct vm_map_sync_vector vector = {
		.size = sizeof(vector),
		.ranges = (uintptr_t)&stat,
		.count = 1,
		.range_size = sizeof(stat),
	};

	expect(make_durable_later(&ring, map, at, PAGES * page) == 0);
	expect(wait_until_durable(&ring) == 1);
	expect(call(VM_MAP_SYNC_STAT, &vector) == 0);
	expect(stat.resident == PAGES && stat.dirty == 0);
}

static void refused(void)
{
	munmap(at + page, page);
	expect(make_durable_later(&ring, map, at, PAGES * page) == 0);
	expect(wait_until_durable(&ring) == -1);
	expect(call(VM_MAP_SYNC_SYNC, NULL) == -EFAULT);
	expect(call(0, NULL) == -ENOTTY);
}

int main(void)
{
	int code, number = 0;

	map = open("/dev/vm_map_sync", O_RDWR | O_CLOEXEC);
	code = io_uring_queue_init(8, &ring, 0);
	if (map < 0 || code < 0) {
		printf("Bail out! no device, or no ring: %s\n", strerror(map < 0 ? errno : -code));
		return 1;
	}
	make_file();
	set_up();
	printf("KTAP version 1\n1..2\n");
	fflush(stdout);
	example();
	printf("%s %d example\n", failed ? "not ok" : "ok", ++number);
	code = failed;
	failed = 0;
	refused();
	printf("%s %d refused\n", failed ? "not ok" : "ok", ++number);
	return code || failed;
}
