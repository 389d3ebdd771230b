/* SPDX-License-Identifier: ((GPL-2.0 WITH Linux-syscall-note) OR BSD-3-Clause) */
/*
 * vm_map_sync: push the dirty pages of an address range to their pager, wait if
 * asked, free the cached pages if asked, and refuse a range with holes or special
 * mappings before anything happens.
 *
 * open("/dev/vm_map_sync") gives a handle on the address space ("map") of the
 * process that opens it. The handle stays with that map: a child that inherits the
 * descriptor, or a process that is sent it, acts on the map of the opener.
 */
#ifndef _UAPI_LINUX_VM_MAP_SYNC_H
#define _UAPI_LINUX_VM_MAP_SYNC_H

#include <linux/ioctl.h>
#include <linux/types.h>

/*
 * Flags. The first two are the booleans of vm_map_sync(9).
 *
 * SYNCIO: dirty pages are written and made durable before the call returns.
 * INVALIDATE: cached pages are freed, after what was dirty in them was written.
 * FORGET_ERRORS: INVALIDATE may free pages of a file of which a write has failed, if
 *	all files of the range were told of that before the call (by fsync, msync or
 *	SYNCIO through them). Pages that were not written since are lost then: pass it
 *	if what failed was written anew, or is not wanted any more.
 *
 * Neither of the first two: writeback is started, and nothing is waited for but the
 * handing over of the requests.
 */
#define VM_MAP_SYNC_SYNCIO		(1u << 0)
#define VM_MAP_SYNC_INVALIDATE		(1u << 1)
#define VM_MAP_SYNC_FORGET_ERRORS	(1u << 2)

/* The kern_return_t values of BSD that vm_map_sync_result.kern_return takes. */
#define VM_MAP_SYNC_KERN_SUCCESS		0
#define VM_MAP_SYNC_KERN_INVALID_ADDRESS	1
#define VM_MAP_SYNC_KERN_PROTECTION_FAILURE	2
#define VM_MAP_SYNC_KERN_INVALID_ARGUMENT	4
#define VM_MAP_SYNC_KERN_FAILURE		5
#define VM_MAP_SYNC_KERN_RESOURCE_SHORTAGE	6

/*
 * Why a call did not succeed, in vm_map_sync_result.reason. The first group refuses
 * the call: nothing was written, unmapped or freed. The second group reports what
 * went wrong while the work was done; the rest of the range was still done, but for
 * KILLED, which ends it.
 *
 * EBUSY stands for two opposite things, so look at the reason: after WIRED nothing was
 * done, and nothing is durable; after BUSY everything was done, all is written (and
 * durable with SYNCIO), and only some pages are still cached. A reason below
 * VM_MAP_SYNC_REASON_IO always means that nothing was done.
 */
#define VM_MAP_SYNC_REASON_NONE		0	/* success */
#define VM_MAP_SYNC_REASON_ARGUMENT	1	/* EINVAL: unknown flag, reserved field, start > end */
#define VM_MAP_SYNC_REASON_HOLE		2	/* ENOMEM: nothing is mapped at address */
#define VM_MAP_SYNC_REASON_SPECIAL	3	/* EOPNOTSUPP: the mapping at address has no pager */
#define VM_MAP_SYNC_REASON_WIRED	4	/* EBUSY: INVALIDATE of locked memory at address; nothing was done */
#define VM_MAP_SYNC_REASON_PROTECTION	5	/* EPERM: INVALIDATE of a file one neither owns nor could open for writing */
#define VM_MAP_SYNC_REASON_DEAD		6	/* ESRCH: the map's last process has exited */
#define VM_MAP_SYNC_REASON_MEMORY	7	/* ENOMEM, ENFILE: the kernel had no memory for the call */

#define VM_MAP_SYNC_REASON_IO		16	/* first errno: pages at address were not written */
#define VM_MAP_SYNC_REASON_BUSY		17	/* EBUSY: pages from address on could not be freed; the rest was done */
#define VM_MAP_SYNC_REASON_KILLED	18	/* EINTR: the caller was killed; see done */
#define VM_MAP_SYNC_REASON_UNWRITTEN	19	/* errno of a write that failed earlier: INVALIDATE left that file's pages */

/**
 * struct vm_map_sync_result - what became of a range
 * @kern_return: VM_MAP_SYNC_KERN_*, what BSD's vm_map_sync() would have returned
 * @reason: VM_MAP_SYNC_REASON_*
 * @error: the errno that the ioctl sets, 0 on success
 * @reserved: 0
 * @address: first offending address, page aligned; 0 if there is none
 * @done: everything below this address was dealt with (exclusive, page aligned): the
 *	end of the range unless the call was refused (its start, 0 if there was no range
 *	to speak of) or killed
 * @pushed: pages of the range that were dirty and were handed to their pager. A large
 *	folio that sticks out of the range is dirty, and written, as a whole. Pages of a
 *	file that the caller may not ask cachestat(2) about are not counted
 * @freed: pages that left the page cache
 * @beyond: how many of @freed lie outside of the range, in large folios that stick
 *	out of it and can only be freed whole
 * @left: pages of the range that INVALIDATE had to leave in the page cache: a write of
 *	their file failed, or they are wired, pinned or otherwise in use
 * @unpaged: pages of the range that have no pager: anonymous memory, tmpfs, memfd and
 *	the like, whether they are resident or not. They are never written or freed
 */
struct vm_map_sync_result {
	__u32 kern_return;
	__u32 reason;
	__s32 error;
	__u32 reserved;
	__aligned_u64 address;
	__aligned_u64 done;
	__aligned_u64 pushed;
	__aligned_u64 freed;
	__aligned_u64 beyond;
	__aligned_u64 left;
	__aligned_u64 unpaged;
};

/**
 * struct vm_map_sync_args - the argument of VM_MAP_SYNC_SYNC
 * @size: in: sizeof(struct vm_map_sync_args), as the caller was compiled
 * @flags: in: any of VM_MAP_SYNC_SYNCIO, _INVALIDATE and _FORGET_ERRORS, or 0
 * @start: in: first byte of the range, rounded down to a page
 * @end: in: first byte behind the range, rounded up to a page; if equal to @start,
 *	the range is the whole entry (mapping) that contains @start
 * @reserved: in: 0
 * @result: out: what became of the range. Filled in on success and on every error but
 *	EFAULT, E2BIG and EINVAL for a @size that is too small
 *
 * The structure grows at its end. A caller's structure may be longer than the
 * kernel's if the rest is zero (else E2BIG); a shorter one is taken down to
 * VM_MAP_SYNC_ARGS_SIZE_VER0 (else EINVAL), and what it lacks counts as zero. @size
 * alone says how long it is: the size that the command number carries is that of the
 * header the caller was compiled with, and the kernel does not look at it.
 */
struct vm_map_sync_args {
	__u32 size;
	__u32 flags;
	__aligned_u64 start;
	__aligned_u64 end;
	__aligned_u64 reserved;
	struct vm_map_sync_result result;
};

#define VM_MAP_SYNC_ARGS_SIZE_VER0	104	/* sizeof the first published structure */

#define VM_MAP_SYNC_IOCTL_MAGIC		0xBB

#define VM_MAP_SYNC_SYNC	_IOWR(VM_MAP_SYNC_IOCTL_MAGIC, 0x01, struct vm_map_sync_args)

#endif /* _UAPI_LINUX_VM_MAP_SYNC_H */
