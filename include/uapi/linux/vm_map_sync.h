/* SPDX-License-Identifier: ((GPL-2.0 WITH Linux-syscall-note) OR BSD-3-Clause) */
/*
 * vm_map_sync: push the dirty pages of an address range to their pager, wait if
 * asked, free the cached pages if asked, and refuse a range with holes or special
 * mappings before anything happens.
 *
 * open("/dev/vm_map_sync") gives a handle on the address space ("map") of the
 * process that opens it. The handle stays with that map: a child that inherits the
 * descriptor, or a process that is sent it, acts on the map of the opener, unless it
 * says VM_MAP_SYNC_SELF. VM_MAP_SYNC_ATTACH gives a handle on another process's map.
 */
#ifndef _UAPI_LINUX_VM_MAP_SYNC_H
#define _UAPI_LINUX_VM_MAP_SYNC_H

#include <linux/ioctl.h>
#include <linux/types.h>

/*
 * Flags of a call. The first two are the booleans of vm_map_sync(9).
 *
 * SYNCIO: dirty pages are written and made durable before the call returns.
 * INVALIDATE: cached pages are freed, after what was dirty in them was written.
 * FORGET_ERRORS: INVALIDATE may free pages of a file of which a write has failed, if
 *	all files of the range were told of that before the call (by fsync, msync or
 *	SYNCIO through them). Pages that were not written since are lost then: pass it
 *	if what failed was written anew, or is not wanted any more.
 * SELF: the caller's own map is meant, whoever opened the handle.
 * ALLOW_HOLES: addresses at which nothing is mapped are passed over, and counted as
 *	skipped. (A range that is the entry at start still needs one.)
 * SKIP_SPECIALS: so are special mappings, those without a pager.
 * SPARE_SHARED: INVALIDATE takes the pages out of the map's own page tables only, and
 *	there only out of shared mappings, and frees what nobody else has in his. Pages
 *	that others have are left, and that is no failure. Files whose pages the caller
 *	may not free keep them, which is no failure either, and nothing is told of them.
 * FILE: a flag of a range: start and end are byte offsets in the open file fd, and end
 *	0 is the end of the file. Rules as for a mapping of that file.
 *
 * Neither of the first two: writeback is started, and nothing is waited for but the
 * handing over of the requests.
 */
#define VM_MAP_SYNC_SYNCIO		(1u << 0)
#define VM_MAP_SYNC_INVALIDATE		(1u << 1)
#define VM_MAP_SYNC_FORGET_ERRORS	(1u << 2)
#define VM_MAP_SYNC_SELF		(1u << 3)
#define VM_MAP_SYNC_ALLOW_HOLES		(1u << 4)
#define VM_MAP_SYNC_SKIP_SPECIALS	(1u << 5)
#define VM_MAP_SYNC_SPARE_SHARED	(1u << 6)
#define VM_MAP_SYNC_FILE		(1u << 7)

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
#define VM_MAP_SYNC_REASON_ARGUMENT	1	/* EINVAL: unknown flag, reserved field, start > end; E2BIG: too much overlap */
#define VM_MAP_SYNC_REASON_HOLE		2	/* ENOMEM: nothing is mapped at address */
#define VM_MAP_SYNC_REASON_SPECIAL	3	/* EOPNOTSUPP: the mapping at address has no pager */
#define VM_MAP_SYNC_REASON_WIRED	4	/* EBUSY: INVALIDATE of locked memory at address; nothing was done */
#define VM_MAP_SYNC_REASON_PROTECTION	5	/* EPERM: INVALIDATE of a file one neither owns nor could open for writing */
#define VM_MAP_SYNC_REASON_DEAD		6	/* ESRCH: the map's last process has exited */
#define VM_MAP_SYNC_REASON_MEMORY	7	/* ENOMEM, ENFILE: the kernel had no memory for the call */
#define VM_MAP_SYNC_REASON_DESCRIPTOR	8	/* EBADF, ENODEV: fd is not open, or nothing that can be mapped */

#define VM_MAP_SYNC_REASON_IO		16	/* first errno: pages at address were not written */
#define VM_MAP_SYNC_REASON_BUSY		17	/* EBUSY: pages from address on could not be freed; the rest was done */
#define VM_MAP_SYNC_REASON_KILLED	18	/* EINTR: the caller was killed, the request cancelled; see done */
#define VM_MAP_SYNC_REASON_UNWRITTEN	19	/* errno of a write that failed earlier: INVALIDATE left that file's pages */

/**
 * struct vm_map_sync_result - what became of a range, or of all ranges of a vector
 * @kern_return: VM_MAP_SYNC_KERN_*, what BSD's vm_map_sync() would have returned
 * @reason: VM_MAP_SYNC_REASON_*
 * @error: the errno that the ioctl sets, 0 on success
 * @range: of a vector: the index of the range that @reason and @address are about; else 0
 * @address: first offending address, page aligned; 0 if there is none
 * @done: everything below this address was dealt with (exclusive, page aligned): the
 *	end of the range unless the call was refused (its start, 0 if there was no range
 *	to speak of) or killed. Of a vector: how many ranges, from the first one on, were
 *	dealt with
 * @pushed: pages of the range that were dirty and were handed to their pager. A large
 *	folio that sticks out of the range is dirty, and written, as a whole. Pages of a
 *	file that the caller may not ask cachestat(2) about are not counted
 * @freed: pages that left the page cache
 * @beyond: how many of @freed lie outside of the range, in large folios that stick
 *	out of it and can only be freed whole
 * @left: pages of the range that INVALIDATE had to leave in the page cache: a write of
 *	their file failed, or they are wired, pinned or otherwise in use, or spared
 * @unpaged: pages of the range that have no pager: anonymous memory, tmpfs, memfd and
 *	the like, whether they are resident or not. They are never written or freed
 * @skipped: bytes of the range that were passed over by ALLOW_HOLES and SKIP_SPECIALS
 *
 * Where the range is one of a file, addresses are byte offsets in that file.
 *
 * A page that several ranges of a vector cover, or that is mapped several times, is
 * pushed, freed or left once, and so counted in one of these ranges. What went wrong
 * with it is told in all of them; @unpaged and @skipped are counted in each of them.
 */
struct vm_map_sync_result {
	__u32 kern_return;
	__u32 reason;
	__s32 error;
	__u32 range;
	__aligned_u64 address;
	__aligned_u64 done;
	__aligned_u64 pushed;
	__aligned_u64 freed;
	__aligned_u64 beyond;
	__aligned_u64 left;
	__aligned_u64 unpaged;
	__aligned_u64 skipped;
};

/**
 * struct vm_map_sync_args - the argument of VM_MAP_SYNC_SYNC
 * @size: in: sizeof(struct vm_map_sync_args), as the caller was compiled
 * @flags: in: any of the flags above, or 0
 * @start: in: first byte of the range, rounded down to a page
 * @end: in: first byte behind the range, rounded up to a page; if equal to @start,
 *	the range is the whole entry (mapping) that contains @start
 * @fd: in: with VM_MAP_SYNC_FILE the file, else 0
 * @reserved: in: 0
 * @result: out: what became of the range. Filled in on success and on every error but
 *	EFAULT, E2BIG and EINVAL for a @size that is too large or too small
 *
 * Structures grow at their end. A caller's structure may be longer than the kernel's
 * if the rest is zero (else E2BIG); a shorter one is taken down to the first published
 * size (else EINVAL), and what it lacks counts as zero, and is not written. @size
 * alone says how long it is: the size that the command number carries is that of the
 * header the caller was compiled with, and the kernel does not look at it.
 */
struct vm_map_sync_args {
	__u32 size;
	__u32 flags;
	__aligned_u64 start;
	__aligned_u64 end;
	__s32 fd;
	__u32 reserved;
	struct vm_map_sync_result result;
};

#define VM_MAP_SYNC_ARGS_SIZE_VER0	96	/* sizeof the first published structure */

/**
 * struct vm_map_sync_range - a range of a vector
 * @start: in: first byte, as in struct vm_map_sync_args
 * @end: in: first byte behind the range, likewise
 * @fd: in: with VM_MAP_SYNC_FILE the file, else 0
 * @flags: in: VM_MAP_SYNC_FILE or 0
 * @result: out: what became of this range. Of a call that is refused, the range that it
 *	is refused for has the reason in it, and what the others have is 0
 */
struct vm_map_sync_range {
	__aligned_u64 start;
	__aligned_u64 end;
	__s32 fd;
	__u32 flags;
	struct vm_map_sync_result result;
};

#define VM_MAP_SYNC_RANGE_SIZE_VER0	104	/* sizeof the first published structure */

/**
 * struct vm_map_sync_vector - the argument of VM_MAP_SYNC_VECTOR and VM_MAP_SYNC_STAT
 * @size: in: sizeof(struct vm_map_sync_vector), as the caller was compiled
 * @flags: in: the flags, for all ranges, but not VM_MAP_SYNC_FILE; VM_MAP_SYNC_STAT
 *	takes SELF, ALLOW_HOLES and SKIP_SPECIALS
 * @ranges: in: the address of an array of struct vm_map_sync_range, or, for
 *	VM_MAP_SYNC_STAT, of struct vm_map_sync_stat. Copied before anything happens
 * @count: in: how many there are, 1 to VM_MAP_SYNC_RANGES_MAX
 * @range_size: in: the size of each, as the caller was compiled
 * @reserved: in: 0
 * @result: out: what became of all of them together, as in struct vm_map_sync_args
 *
 * All ranges are validated before anything is written, unmapped or freed, and at one
 * moment: if one is refused, all are. Each file is committed once over all ranges.
 * Ranges may overlap, if not so much that more than 65,536 entries, and twice those of
 * the map besides, would have to be looked at (E2BIG).
 */
struct vm_map_sync_vector {
	__u32 size;
	__u32 flags;
	__aligned_u64 ranges;
	__u32 count;
	__u32 range_size;
	__aligned_u64 reserved;
	struct vm_map_sync_result result;
};

#define VM_MAP_SYNC_VECTOR_SIZE_VER0	112	/* sizeof the first published structure */
#define VM_MAP_SYNC_RANGES_MAX		1024

/**
 * struct vm_map_sync_stat - a range of a vector, and what is in the page cache of it
 * @start: in: as in struct vm_map_sync_range
 * @end: in: likewise
 * @fd: in: likewise
 * @flags: in: likewise
 * @result: out: whether the range could be looked at; @result.unpaged and
 *	@result.skipped as for a sync, and the other counts are 0
 * @pages: out: pages of the range that have a pager and that the caller may ask
 *	cachestat(2) about. Only these are counted in what follows
 * @hidden: out: pages of the range that have a pager and that he may not ask about
 * @resident: out: pages in the page cache
 * @dirty: out: pages that are dirty, so a push would write them
 * @writeback: out: pages that are being written
 * @others: out: resident pages that others have mapped as well: a mapping of another map
 *	covers them, whether it has touched them or not
 * @wired: out: resident pages that somebody has locked in memory
 *
 * What is in a folio counts for all its pages: a large folio is dirty as a whole.
 * Each range is counted as if it were alone, also if several overlap. Nothing is
 * changed by this, and nothing is brought in.
 */
struct vm_map_sync_stat {
	__aligned_u64 start;
	__aligned_u64 end;
	__s32 fd;
	__u32 flags;
	struct vm_map_sync_result result;
	__aligned_u64 pages;
	__aligned_u64 hidden;
	__aligned_u64 resident;
	__aligned_u64 dirty;
	__aligned_u64 writeback;
	__aligned_u64 others;
	__aligned_u64 wired;
};

#define VM_MAP_SYNC_STAT_SIZE_VER0	160	/* sizeof the first published structure */

/**
 * struct vm_map_sync_attach - the argument of VM_MAP_SYNC_ATTACH
 * @size: in: sizeof(struct vm_map_sync_attach), as the caller was compiled
 * @flags: in: 0
 * @pid: in: a process, by its number in the caller's pid namespace
 * @reserved: in: 0
 *
 * The ioctl returns a new descriptor, close-on-exec: a handle on the map that the
 * process has at this moment. Who may open /proc/PID/mem of it may attach. Errors:
 * ESRCH (no such process, or one without a map), EACCES, EAGAIN (it has called
 * execve(2) meanwhile), those of open(2), and of the argument EFAULT, EINVAL (a flag, a
 * reserved field, a @size that is too small) and E2BIG, as in struct vm_map_sync_args.
 */
struct vm_map_sync_attach {
	__u32 size;
	__u32 flags;
	__s32 pid;
	__u32 reserved;
};

#define VM_MAP_SYNC_ATTACH_SIZE_VER0	16	/* sizeof the first published structure */

/* Whose map a handle is on, in vm_map_sync_info.whose. */
#define VM_MAP_SYNC_OWN		1	/* the caller's */
#define VM_MAP_SYNC_OTHER	2	/* another process's */
#define VM_MAP_SYNC_DEAD	3	/* nobody's any more: its last process has exited, or called execve(2) */

/**
 * struct vm_map_sync_info - the argument of VM_MAP_SYNC_INFO
 * @size: in: sizeof(struct vm_map_sync_info), as the caller was compiled
 * @flags: in: 0
 * @whose: out: VM_MAP_SYNC_OWN, _OTHER or _DEAD
 * @pid: out: the process the handle was bound to, by its number in the caller's pid
 *	namespace; 0 if it has none there, or has been waited for
 */
struct vm_map_sync_info {
	__u32 size;
	__u32 flags;
	__u32 whose;
	__s32 pid;
};

#define VM_MAP_SYNC_INFO_SIZE_VER0	16	/* sizeof the first published structure */

/**
 * struct vm_map_sync_features - the argument of VM_MAP_SYNC_FEATURES
 * @size: in: sizeof(struct vm_map_sync_features), as the caller was compiled
 * @flags: in: 0
 * @operations: out: bit N is set if there is the command with the number N
 * @sync_flags: out: the flags that VM_MAP_SYNC_SYNC takes
 * @vector_flags: out: the flags that VM_MAP_SYNC_VECTOR takes
 * @stat_flags: out: the flags that VM_MAP_SYNC_STAT takes
 * @range_flags: out: the flags that a range of a vector takes
 * @ranges_max: out: VM_MAP_SYNC_RANGES_MAX of this module
 * @uring_operations: out: bit N is set if the command with the number N can be submitted
 *	to an io_uring
 */
struct vm_map_sync_features {
	__u32 size;
	__u32 flags;
	__aligned_u64 operations;
	__u32 sync_flags;
	__u32 vector_flags;
	__u32 stat_flags;
	__u32 range_flags;
	__aligned_u64 ranges_max;
	__aligned_u64 uring_operations;
};

#define VM_MAP_SYNC_FEATURES_SIZE_VER0	40	/* sizeof the first published structure */

/*
 * The commands of ioctl(2). Each can also be submitted to an io_uring, as the cmd_op of an
 * IORING_OP_URING_CMD: the first 8 of the 16 bytes of cmd are the address of the argument,
 * and all else that is not the ring's own is 0. The completion has in res what the ioctl
 * would have returned, or the error, negative. Mappings and descriptors that the argument
 * names are those at the time at which the work is begun.
 */
#define VM_MAP_SYNC_IOCTL_MAGIC		0xBB

#define VM_MAP_SYNC_SYNC	_IOWR(VM_MAP_SYNC_IOCTL_MAGIC, 0x01, struct vm_map_sync_args)
#define VM_MAP_SYNC_VECTOR	_IOWR(VM_MAP_SYNC_IOCTL_MAGIC, 0x02, struct vm_map_sync_vector)
#define VM_MAP_SYNC_STAT	_IOWR(VM_MAP_SYNC_IOCTL_MAGIC, 0x03, struct vm_map_sync_vector)
#define VM_MAP_SYNC_ATTACH	_IOW(VM_MAP_SYNC_IOCTL_MAGIC, 0x04, struct vm_map_sync_attach)
#define VM_MAP_SYNC_INFO	_IOWR(VM_MAP_SYNC_IOCTL_MAGIC, 0x05, struct vm_map_sync_info)
#define VM_MAP_SYNC_FEATURES	_IOWR(VM_MAP_SYNC_IOCTL_MAGIC, 0x06, struct vm_map_sync_features)

#endif /* _UAPI_LINUX_VM_MAP_SYNC_H */
