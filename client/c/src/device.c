// SPDX-License-Identifier: GPL-2.0 OR BSD-3-Clause
/*
 * The handle that the library keeps, and that every process uses for its own map.
 *
 * It is opened by the first call, and never closed: other threads may be in a call with it.
 * But it is a descriptor of the program's, who may close all that it does not know
 * (closefrom(3)) and have another file under the same number then. So each call looks at
 * what it is before it uses it, and opens another one if need be.
 *
 * There are no locks, so a signal handler, or a child that was forked meanwhile, finds
 * nothing that it would have to wait for.
 */
#define _GNU_SOURCE
#include "device.h"

#include <errno.h>
#include <fcntl.h>
#include <stdatomic.h>
#include <stdint.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

/* Programs that name numbers of descriptors name small ones. */
#define OUT_OF_THE_WAY	200

/*
 * How often it is opened anew to be kept. Somebody with whom descriptors do not stay, or
 * who shares this memory but not his descriptors (CLONE_VM without CLONE_FILES), has one for
 * each call from then on.
 */
#define PATIENCE	16

/* The number of the device, and in the lower half that of the descriptor plus 1; or 0. */
static _Atomic uint64_t kept;
static atomic_uint times;

_Static_assert(ATOMIC_LLONG_LOCK_FREE == 2, "a signal handler must not wait for a lock");

static int result(long code)
{
	return code < 0 ? -errno : (int)code;
}

int device_open(void)
{
	return result(syscall(SYS_openat, AT_FDCWD, "/dev/vm_map_sync", O_RDWR | O_CLOEXEC));
}

int device_call(int fd, unsigned long command, void *argument)
{
	return result(ioctl(fd, command, argument));
}

int device_close(int fd)
{
	return result(syscall(SYS_close, fd));
}

static int is_handle(int fd, dev_t device)
{
	struct stat status;

	return fstat(fd, &status) == 0 && S_ISCHR(status.st_mode) && status.st_rdev == device;
}

static struct handle handle_open(void)
{
	struct handle handle = { .fd = device_open() };
	struct stat status;
	int moved;

	if (handle.fd < 0)
		return handle;
	moved = fcntl(handle.fd, F_DUPFD_CLOEXEC, OUT_OF_THE_WAY);
	if (moved >= 0) {
		device_close(handle.fd);
		handle.fd = moved;
	}
	handle.device = fstat(handle.fd, &status) == 0 ? status.st_rdev : 0;
	return handle;
}

struct handle handle_borrow(void)
{
	uint64_t known = atomic_load(&kept);
	struct handle handle = {
		.fd = (int)(uint32_t)known - 1,
		.device = known >> 32,
		.borrowed = 1,
	};

	if (known != 0 && is_handle(handle.fd, handle.device))
		return handle;
	handle = handle_open();
	/* If somebody else was faster, this one is for this call only. */
	if (handle.fd >= 0 && handle.device <= UINT32_MAX && atomic_fetch_add(&times, 1) < PATIENCE)
		handle.borrowed = atomic_compare_exchange_strong(&kept, &known,
				(uint64_t)handle.device << 32 | ((uint32_t)handle.fd + 1));
	return handle;
}

void handle_return(struct handle handle)
{
	if (!handle.borrowed && handle.fd >= 0 && is_handle(handle.fd, handle.device))
		device_close(handle.fd);
}
