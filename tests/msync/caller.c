// SPDX-License-Identifier: GPL-2.0
/*
 * A library that calls msync(), to be loaded in several ways. In its constructor it does so
 * with the file that VMS_EARLY names, and says what became of that.
 */
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

#define PAGE	4096

int call_msync(void *address, size_t length, int flags)
{
	return msync(address, length, flags);
}

__attribute__((constructor)) static void call_early(void)
{
	const char *path = getenv("VMS_EARLY");
	unsigned char resident = 0xff;
	char *at;
	int file, code;

	if (!path)
		return;
	file = open(path, O_RDWR);
	at = mmap(NULL, PAGE, PROT_READ | PROT_WRITE, MAP_SHARED, file, 0);
	if (at == MAP_FAILED)
		return;
	at[0]++;
	code = msync(at, 0, MS_SYNC | MS_INVALIDATE);
	if (mincore(at, PAGE, &resident) == 0)
		dprintf(STDOUT_FILENO, "msync: %d, resident: %d\n", code, resident & 1);
	munmap(at, PAGE);
	close(file);
}
