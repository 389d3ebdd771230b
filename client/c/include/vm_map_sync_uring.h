/* SPDX-License-Identifier: GPL-2.0 OR BSD-3-Clause */
/*
 * Calls that nobody waits for, by an io_uring: see vm_map_sync_uring(4). Needs no library, neither
 * that of vm_map_sync.h nor liburing.
 */
#ifndef _VM_MAP_SYNC_URING_H
#define _VM_MAP_SYNC_URING_H

#include <string.h>
#include <linux/io_uring.h>
#include <linux/vm_map_sync.h>

/*
 * Fills in an entry: a command, such as VM_MAP_SYNC_SYNC, and its argument, which has to stay until
 * the request has completed. What is set in the entry, such as user_data, is to be set afterwards.
 */
static __inline__ void vm_map_sync_prep(struct io_uring_sqe *sqe, int map,
					__u32 command, void *argument)
{
	memset(sqe, 0, sizeof(*sqe));
	sqe->opcode = IORING_OP_URING_CMD;
	sqe->fd = map;
	sqe->cmd_op = command;
	sqe->addr3 = (__u64)(unsigned long)argument;	/* the first 8 bytes of cmd */
}

#endif /* _VM_MAP_SYNC_URING_H */
