/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Tracepoints: what a call does, as it does it. docs/tracing.md says what they are for.
 * src/sys/events.rs is made from this header by tests/bindings.
 *
 * A file is a page cache (struct address_space) here, and is told apart by device and
 * inode as they are known to its file system. Numbers of pages are of the part of it
 * that a call is about, if nothing else is said.
 */
#undef TRACE_SYSTEM
#define TRACE_SYSTEM vm_map_sync

#if !defined(VM_MAP_SYNC_TRACE_H) || defined(TRACE_HEADER_MULTI_READ)
#define VM_MAP_SYNC_TRACE_H

#include <linux/fs.h>
#include <linux/kdev_t.h>
#include <linux/tracepoint.h>
#include <linux/vm_map_sync.h>

struct address_space;

#define show_vm_map_sync_flags(flags)					\
	((flags) ? __print_flags(flags, "|",				\
		{ VM_MAP_SYNC_SYNCIO,		"syncio" },		\
		{ VM_MAP_SYNC_INVALIDATE,	"invalidate" },		\
		{ VM_MAP_SYNC_FORGET_ERRORS,	"forget_errors" },	\
		{ VM_MAP_SYNC_SELF,		"self" },		\
		{ VM_MAP_SYNC_ALLOW_HOLES,	"allow_holes" },	\
		{ VM_MAP_SYNC_SKIP_SPECIALS,	"skip_specials" },	\
		{ VM_MAP_SYNC_SPARE_SHARED,	"spare_shared" },	\
		{ VM_MAP_SYNC_FILE,		"file" }) : "none")

#define show_vm_map_sync_reason(reason)					\
	__print_symbolic(reason,					\
		{ VM_MAP_SYNC_REASON_NONE,		"none" },	\
		{ VM_MAP_SYNC_REASON_ARGUMENT,		"argument" },	\
		{ VM_MAP_SYNC_REASON_HOLE,		"hole" },	\
		{ VM_MAP_SYNC_REASON_SPECIAL,		"special" },	\
		{ VM_MAP_SYNC_REASON_WIRED,		"wired" },	\
		{ VM_MAP_SYNC_REASON_PROTECTION,	"protection" },	\
		{ VM_MAP_SYNC_REASON_DEAD,		"dead" },	\
		{ VM_MAP_SYNC_REASON_MEMORY,		"memory" },	\
		{ VM_MAP_SYNC_REASON_DESCRIPTOR,	"descriptor" },	\
		{ VM_MAP_SYNC_REASON_IO,		"io" },		\
		{ VM_MAP_SYNC_REASON_BUSY,		"busy" },	\
		{ VM_MAP_SYNC_REASON_KILLED,		"killed" },	\
		{ VM_MAP_SYNC_REASON_UNWRITTEN,		"unwritten" })

/* What all events of a file have in common. */
#define TP_STRUCT__entry_file(args...)					\
	TP_STRUCT__entry(						\
		__field(dev_t, dev)					\
		__field(u64, ino)					\
		args)

#define TP_fast_assign_file(mapping, args...)				\
	TP_fast_assign(							\
		__entry->dev = (mapping)->host->i_sb->s_dev;		\
		__entry->ino = (mapping)->host->i_ino;			\
		args)

#define TP_printk_file(fmt, args...)					\
	TP_printk("dev=%u:%u ino=%llu " fmt, MAJOR(__entry->dev),	\
		  MINOR(__entry->dev), __entry->ino, args)

/* A call has begun, with its range as it was given; if it has several, with no one's. */
TRACE_EVENT(vm_map_sync_begin,
	TP_PROTO(unsigned long start, unsigned long end, unsigned int flags,
		 unsigned int ranges),
	TP_ARGS(start, end, flags, ranges),
	TP_STRUCT__entry(
		__field(unsigned long, start)
		__field(unsigned long, end)
		__field(unsigned int, flags)
		__field(unsigned int, ranges)
	),
	TP_fast_assign(
		__entry->start = start;
		__entry->end = end;
		__entry->flags = flags;
		__entry->ranges = ranges;
	),
	TP_printk("start=0x%lx end=0x%lx flags=%s ranges=%u",
		  __entry->start, __entry->end,
		  show_vm_map_sync_flags(__entry->flags), __entry->ranges)
);

/* Writing of all that is dirty in a file has begun, or could not (error). */
TRACE_EVENT(vm_map_sync_pushed,
	TP_PROTO(const struct address_space *mapping, unsigned long first,
		 unsigned long pages, unsigned long dirty, int error),
	TP_ARGS(mapping, first, pages, dirty, error),
	TP_STRUCT__entry_file(
		__field(unsigned long, first)
		__field(unsigned long, pages)
		__field(unsigned long, dirty)
		__field(int, error)
	),
	TP_fast_assign_file(mapping,
		__entry->first = first;
		__entry->pages = pages;
		__entry->dirty = dirty;
		__entry->error = error;
	),
	TP_printk_file("first=%lu pages=%lu dirty=%lu error=%d",
		       __entry->first, __entry->pages, __entry->dirty, __entry->error)
);

/* A run of pages of a file is not being written any more. */
TRACE_EVENT(vm_map_sync_written,
	TP_PROTO(const struct address_space *mapping, unsigned long first,
		 unsigned long pages, int error),
	TP_ARGS(mapping, first, pages, error),
	TP_STRUCT__entry_file(
		__field(unsigned long, first)
		__field(unsigned long, pages)
		__field(int, error)
	),
	TP_fast_assign_file(mapping,
		__entry->first = first;
		__entry->pages = pages;
		__entry->error = error;
	),
	TP_printk_file("first=%lu pages=%lu error=%d",
		       __entry->first, __entry->pages, __entry->error)
);

/*
 * A file was committed for thread pid, by that or by a helper of it; of its pages, so many
 * would have been written by that.
 */
TRACE_EVENT(vm_map_sync_committed,
	TP_PROTO(const struct address_space *mapping, unsigned long pages, int pid,
		 unsigned long long duration, int error),
	TP_ARGS(mapping, pages, pid, duration, error),
	TP_STRUCT__entry_file(
		__field(unsigned long, pages)
		__field(int, pid)
		__field(u64, duration)
		__field(int, error)
	),
	TP_fast_assign_file(mapping,
		__entry->pages = pages;
		__entry->pid = pid;
		__entry->duration = duration;
		__entry->error = error;
	),
	TP_printk_file("pages=%lu pid=%d duration=%llu error=%d",
		       __entry->pages, __entry->pid, __entry->duration, __entry->error)
);

/* What could be freed of a file is free. */
TRACE_EVENT(vm_map_sync_freed,
	TP_PROTO(const struct address_space *mapping, unsigned long first,
		 unsigned long pages, unsigned long freed, unsigned long left),
	TP_ARGS(mapping, first, pages, freed, left),
	TP_STRUCT__entry_file(
		__field(unsigned long, first)
		__field(unsigned long, pages)
		__field(unsigned long, freed)
		__field(unsigned long, left)
	),
	TP_fast_assign_file(mapping,
		__entry->first = first;
		__entry->pages = pages;
		__entry->freed = freed;
		__entry->left = left;
	),
	TP_printk_file("first=%lu pages=%lu freed=%lu left=%lu",
		       __entry->first, __entry->pages, __entry->freed, __entry->left)
);

/* A call has ended, as its result says. */
TRACE_EVENT(vm_map_sync_end,
	TP_PROTO(int error, unsigned int reason, unsigned long pushed, unsigned long freed,
		 unsigned long left),
	TP_ARGS(error, reason, pushed, freed, left),
	TP_STRUCT__entry(
		__field(int, error)
		__field(unsigned int, reason)
		__field(unsigned long, pushed)
		__field(unsigned long, freed)
		__field(unsigned long, left)
	),
	TP_fast_assign(
		__entry->error = error;
		__entry->reason = reason;
		__entry->pushed = pushed;
		__entry->freed = freed;
		__entry->left = left;
	),
	TP_printk("error=%d reason=%s pushed=%lu freed=%lu left=%lu",
		  __entry->error, show_vm_map_sync_reason(__entry->reason),
		  __entry->pushed, __entry->freed, __entry->left)
);

#endif

/* What follows has to be outside of the guard. */
#undef TRACE_INCLUDE_PATH
#undef TRACE_INCLUDE_FILE
#define TRACE_INCLUDE_PATH .
#define TRACE_INCLUDE_FILE trace
#include <trace/define_trace.h>
