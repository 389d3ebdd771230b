// SPDX-License-Identifier: GPL-2.0
/*
 * Waiting, and being told not to: further helpers of helpers.h.
 */
#include <linux/completion.h>
#include <linux/delay.h>
#include <linux/mmap_lock.h>
#include <linux/sched/signal.h>

#include "helpers.h"

/* The worker of an io_uring that has its requests done, not the thread that submits them (SQPOLL). */
bool vm_map_sync_is_ring_worker(void)
{
	return (current->flags & PF_IO_WORKER) && current->worker_private;
}

/*
 * How to wait for what may be given up. A worker of a ring is told to by TIF_NOTIFY_SIGNAL, for
 * which it has to be interruptible. Signals that it gets as one of the threads of a process
 * (SIGSTOP) stay until it is done, and are no reason to give up.
 */
static unsigned int task_state(void)
{
	if (vm_map_sync_is_ring_worker() && !task_sigpending(current))
		return TASK_INTERRUPTIBLE;
	return TASK_KILLABLE;
}

bool vm_map_sync_is_told_to_stop(void)
{
	if (likely(!signal_pending(current)))
		return false;
	return fatal_signal_pending(current) ||
	       (vm_map_sync_is_ring_worker() && test_thread_flag(TIF_NOTIFY_SIGNAL));
}

int vm_map_sync_mmap_read_lock_killable(struct mm_struct *mm)
{
	if (task_state() == TASK_INTERRUPTIBLE)
		return down_read_interruptible(&mm->mmap_lock);
	return mmap_read_lock_killable(mm);
}

int vm_map_sync_wait_killable(struct completion *completion)
{
	return wait_for_completion_state(completion, task_state() | TASK_FREEZABLE);
}

long vm_map_sync_wait_killable_for(struct completion *completion, unsigned long timeout)
{
	if (task_state() == TASK_INTERRUPTIBLE)
		return wait_for_completion_interruptible_timeout(completion, timeout);
	return wait_for_completion_killable_timeout(completion, timeout);
}

void vm_map_sync_sleep_killable(unsigned int milliseconds)
{
	set_current_state(task_state() | TASK_FREEZABLE);
	schedule_timeout(msecs_to_jiffies(milliseconds));
}

void vm_map_sync_nap_killable(unsigned int microseconds)
{
	usleep_range_state(microseconds, microseconds + microseconds / 8, task_state());
}

void vm_map_sync_cond_resched(void)
{
	cond_resched();
}
