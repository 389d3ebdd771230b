// SPDX-License-Identifier: GPL-2.0 OR BSD-3-Clause
/* The calls: what the device takes, out of what a function takes. */
#define _GNU_SOURCE
#include "device.h"

#include <errno.h>
#include <stdint.h>
#include <string.h>
#include <unistd.h>
#include <vm_map_sync.h>

#define EXPORT __attribute__((visibility("default")))

/* Who calls has room for so much: when it grows, the functions that fill it in need a new symbol version. */
_Static_assert(sizeof(struct vm_map_sync_result) == 80, "vm_map_sync_result has grown");
_Static_assert(sizeof(struct vm_map_sync_info) == 16, "vm_map_sync_info has grown");
_Static_assert(sizeof(struct vm_map_sync_features) == 48, "vm_map_sync_features has grown");

/* What a function returns: errno is the caller's where nothing went wrong. */
static int answer(int code, int before)
{
	errno = code < 0 ? -code : before;
	return code < 0 ? -1 : code;
}

/* What BSD would have said of an error that did not come from the module's own work. */
static unsigned int kern_return_of(int error)
{
	switch (error) {
	case 0:
		return KERN_SUCCESS;
	case EFAULT:
		return KERN_INVALID_ADDRESS;
	case EACCES:
	case EPERM:
		return KERN_PROTECTION_FAILURE;
	case EBADF:
	case EINVAL:
	case ENOTTY:
	case E2BIG:
		return KERN_INVALID_ARGUMENT;
	case EMFILE:
	case ENFILE:
	case ENOMEM:
		return KERN_RESOURCE_SHORTAGE;
	default:
		return KERN_FAILURE;
	}
}

/*
 * Calls the device for a map. The result lies in the argument, all 0 before: the module
 * fills it in, unless the call does not come as far as that.
 */
static int call(vm_map_t map, unsigned long command, void *argument, unsigned int *flags,
		struct vm_map_sync_result *filled, struct vm_map_sync_result *result)
{
	int before = errno, code;

	if (map == VM_MAP_SELF) {
		struct handle handle = handle_borrow();

		*flags |= VM_MAP_SYNC_SELF;
		code = handle.fd < 0 ? handle.fd : device_call(handle.fd, command, argument);
		handle_return(handle);
	} else {
		code = device_call(map, command, argument);
	}
	if (code < 0 && filled->error == 0) {
		filled->error = -code;
		filled->kern_return = kern_return_of(-code);
	}
	if (result)
		*result = *filled;
	return answer(code, before);
}

static int sync_one(vm_map_t map, struct vm_map_sync_args args, struct vm_map_sync_result *result)
{
	args.size = sizeof(args);
	return call(map, VM_MAP_SYNC_SYNC, &args, &args.flags, &args.result, result);
}

EXPORT int vm_map_sync(vm_map_t map, vm_offset_t start, vm_offset_t end,
		       boolean_t syncio, boolean_t invalidate)
{
	struct vm_map_sync_result result;

	vm_map_sync_range(map, start, end,
			  (syncio ? VM_MAP_SYNC_SYNCIO : 0) |
			  (invalidate ? VM_MAP_SYNC_INVALIDATE : 0), &result);
	return (int)result.kern_return;
}

EXPORT int vm_map_sync_range(vm_map_t map, vm_offset_t start, vm_offset_t end,
			     unsigned int flags, struct vm_map_sync_result *result)
{
	struct vm_map_sync_args args = { .flags = flags, .start = start, .end = end };

	return sync_one(map, args, result);
}

EXPORT int vm_map_sync_file(int fd, __u64 start, __u64 end, unsigned int flags,
			    struct vm_map_sync_result *result)
{
	struct vm_map_sync_args args = {
		.flags = flags | VM_MAP_SYNC_FILE,
		.start = start,
		.end = end,
		.fd = fd,
	};

	return sync_one(VM_MAP_SELF, args, result);
}

static int sync_many(vm_map_t map, unsigned long command, void *ranges, size_t count, size_t size,
		     unsigned int flags, struct vm_map_sync_result *result)
{
	struct vm_map_sync_vector vector = {
		.size = sizeof(vector),
		.flags = flags,
		.ranges = (uintptr_t)ranges,
		/* More than these can hold is too much in any case. */
		.count = count <= UINT32_MAX ? (uint32_t)count : UINT32_MAX,
		.range_size = size <= UINT32_MAX ? (uint32_t)size : UINT32_MAX,
	};

	return call(map, command, &vector, &vector.flags, &vector.result, result);
}

EXPORT int vm_map_sync_vector(vm_map_t map, struct vm_map_sync_range *ranges, size_t count,
			      size_t size, unsigned int flags, struct vm_map_sync_result *result)
{
	return sync_many(map, VM_MAP_SYNC_VECTOR, ranges, count, size, flags, result);
}

EXPORT int vm_map_sync_stat(vm_map_t map, struct vm_map_sync_stat *ranges, size_t count,
			    size_t size, unsigned int flags, struct vm_map_sync_result *result)
{
	return sync_many(map, VM_MAP_SYNC_STAT, ranges, count, size, flags, result);
}

EXPORT vm_map_t vm_map_sync_open(void)
{
	int before = errno;

	return answer(device_open(), before);
}

/* Asks the handle that the library keeps. */
static int ask(unsigned long command, void *argument)
{
	struct handle handle = handle_borrow();
	int code = handle.fd < 0 ? handle.fd : device_call(handle.fd, command, argument);

	handle_return(handle);
	return code;
}

EXPORT vm_map_t vm_map_sync_attach(pid_t pid)
{
	struct vm_map_sync_attach attach = { .size = sizeof(attach), .pid = pid };
	int before = errno;

	return answer(ask(VM_MAP_SYNC_ATTACH, &attach), before);
}

EXPORT int vm_map_sync_close(vm_map_t map)
{
	int before = errno;

	return answer(device_close(map), before);
}

EXPORT int vm_map_sync_info(vm_map_t map, struct vm_map_sync_info *info)
{
	int before = errno;

	memset(info, 0, sizeof(*info));
	info->size = sizeof(*info);
	if (map != VM_MAP_SELF)
		return answer(device_call(map, VM_MAP_SYNC_INFO, info), before);
	/* Not whoever opened the handle that is used for it. */
	info->whose = VM_MAP_SYNC_OWN;
	info->pid = getpid();
	return 0;
}

EXPORT int vm_map_sync_features(struct vm_map_sync_features *features)
{
	int before = errno;

	memset(features, 0, sizeof(*features));
	features->size = sizeof(*features);
	return answer(ask(VM_MAP_SYNC_FEATURES, features), before);
}
