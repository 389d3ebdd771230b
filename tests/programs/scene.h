/* SPDX-License-Identifier: GPL-2.0 */
/*
 * What the test programs in C share: a file, the mapping of it, and expectations. Each of
 * them is one source file, which includes this.
 */
#ifndef SCENE_H
#define SCENE_H

#include <errno.h>
#include <fcntl.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <unistd.h>

#include <linux/vm_map_sync.h>

#define PAGES	4	/* of 4096 bytes, as on all machines with two kinds of callers */
#define BOTH	(VM_MAP_SYNC_SYNCIO | VM_MAP_SYNC_INVALIDATE)

static int file;
static long page;
static char *at;
static int failed;

#define expect(condition)						\
	do {								\
		if (!(condition)) {					\
			printf("# %s:%d: %s (errno %d)\n", __FILE__,	\
			       __LINE__, #condition, errno);		\
			failed = 1;					\
		}							\
	} while (0)

static inline uint64_t address(int number)
{
	return (uintptr_t)at + (uint64_t)number * page;
}

/* A file of clean pages, mapped, with page 1 dirty. */
static inline void set_up(void)
{
	char bytes[4096] = "clean";
	int i, bad = 0;

	for (i = 0; i < PAGES; i++)
		bad |= pwrite(file, bytes, page, (off_t)i * page) != page;
	bad |= fsync(file);
	at = mmap(NULL, PAGES * page, PROT_READ | PROT_WRITE, MAP_SHARED, file, 0);
	if (bad || at == MAP_FAILED) {
		printf("Bail out! the file cannot be made: %s\n", strerror(errno));
		exit(1);
	}
	strcpy(at + page, "dirty");
}

static inline int resident(void)
{
	unsigned char pages[PAGES];
	int i, count = 0;

	if (mincore(at, PAGES * page, pages))
		return -1;
	for (i = 0; i < PAGES; i++)
		count += pages[i] & 1;
	return count;
}

/* The file, without a name. */
static inline void make_file(void)
{
	const char *directory = getenv("VMS_DIR");
	char path[256];

	page = sysconf(_SC_PAGESIZE);
	snprintf(path, sizeof(path), "%s/scene-XXXXXX", directory ? directory : ".");
	file = mkstemp(path);
	if (file < 0) {
		printf("Bail out! no file can be made in VMS_DIR: %s\n", strerror(errno));
		exit(1);
	}
	unlink(path);
}

#endif /* SCENE_H */
