// SPDX-License-Identifier: GPL-2.0
/*
 * Commands that come by an io_uring: further helpers of helpers.h.
 */
#include <linux/io_uring/cmd.h>

#include "helpers.h"

unsigned int vm_map_sync_ring_number(const struct io_uring_cmd *command)
{
	return command->cmd_op;
}

struct file *vm_map_sync_ring_file(const struct io_uring_cmd *command)
{
	return command->file;
}

bool vm_map_sync_ring_may_wait(unsigned int issue_flags)
{
	return !(issue_flags & IO_URING_F_NONBLOCK);
}

bool vm_map_sync_ring_is_compat(unsigned int issue_flags)
{
	return issue_flags & IO_URING_F_COMPAT;
}

/* The bytes of the entry that are the device's are two words. */
static u64 ring_word(const struct io_uring_cmd *command, int index)
{
	return READ_ONCE(((const u64 *)command->sqe->cmd)[index]);
}

unsigned long long vm_map_sync_ring_argument(const struct io_uring_cmd *command)
{
	return ring_word(command, 0);
}

/* All that could be in the entry besides, and means nothing here. */
unsigned long long vm_map_sync_ring_rest(const struct io_uring_cmd *command)
{
	const struct io_uring_sqe *sqe = command->sqe;

	return ring_word(command, 1) | READ_ONCE(sqe->addr) | READ_ONCE(sqe->len) |
	       READ_ONCE(sqe->buf_index) | READ_ONCE(sqe->file_index) |
	       (command->flags & IORING_URING_CMD_MASK);
}
