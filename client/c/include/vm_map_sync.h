/* SPDX-License-Identifier: GPL-2.0 OR BSD-3-Clause */
/*
 * BSD's vm_map_sync(), and all else that /dev/vm_map_sync can do, as functions: see
 * vm_map_sync(3).
 *
 * All of them are thread-safe and async-signal-safe, no cancellation points, and leave
 * errno alone where they succeed.
 */
#ifndef _VM_MAP_SYNC_H
#define _VM_MAP_SYNC_H

#include <stddef.h>
#include <sys/types.h>
#include <linux/vm_map_sync.h>

#ifdef __cplusplus
extern "C" {
#endif

/* A map is a descriptor of the device, or the caller's own, whichever process that is. */
typedef int vm_map_t;
#define VM_MAP_SELF	(-2)	/* not -1, which is what could not be opened */

typedef unsigned long vm_offset_t;
typedef int boolean_t;
#ifndef TRUE
#define TRUE	1
#define FALSE	0
#endif

#ifndef KERN_SUCCESS
#define KERN_SUCCESS		VM_MAP_SYNC_KERN_SUCCESS
#define KERN_INVALID_ADDRESS	VM_MAP_SYNC_KERN_INVALID_ADDRESS
#define KERN_PROTECTION_FAILURE	VM_MAP_SYNC_KERN_PROTECTION_FAILURE
#define KERN_INVALID_ARGUMENT	VM_MAP_SYNC_KERN_INVALID_ARGUMENT
#define KERN_FAILURE		VM_MAP_SYNC_KERN_FAILURE
#define KERN_RESOURCE_SHORTAGE	VM_MAP_SYNC_KERN_RESOURCE_SHORTAGE
#endif

/* BSD's own. Returns one of the above, and sets errno where it is not KERN_SUCCESS. */
int vm_map_sync(vm_map_t map, vm_offset_t start, vm_offset_t end,
		boolean_t syncio, boolean_t invalidate);

/*
 * The others return 0, or -1 with errno set. A result, which can be NULL, is filled in
 * whatever happens, if only with its error and kern_return. Flags are VM_MAP_SYNC_*.
 */
int vm_map_sync_range(vm_map_t map, vm_offset_t start, vm_offset_t end,
		      unsigned int flags, struct vm_map_sync_result *result);

/* Byte offsets; an end of 0 is that of the file. */
int vm_map_sync_file(int fd, __u64 start, __u64 end, unsigned int flags,
		     struct vm_map_sync_result *result);

/* Up to VM_MAP_SYNC_RANGES_MAX ranges; size is sizeof(*ranges). */
int vm_map_sync_vector(vm_map_t map, struct vm_map_sync_range *ranges,
		       size_t count, size_t size, unsigned int flags,
		       struct vm_map_sync_result *result);
int vm_map_sync_stat(vm_map_t map, struct vm_map_sync_stat *ranges,
		     size_t count, size_t size, unsigned int flags,
		     struct vm_map_sync_result *result);

/* A map, to be closed: that of this process as it is now, or of another one. */
vm_map_t vm_map_sync_open(void);
vm_map_t vm_map_sync_attach(pid_t pid);
int vm_map_sync_close(vm_map_t map);

/* Whose it is, and what the module can do. */
int vm_map_sync_info(vm_map_t map, struct vm_map_sync_info *info);
int vm_map_sync_features(struct vm_map_sync_features *features);

#ifdef __cplusplus
}
#endif

#endif /* _VM_MAP_SYNC_H */
