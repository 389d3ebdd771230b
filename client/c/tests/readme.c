// SPDX-License-Identifier: GPL-2.0
/* The example of README.md, which stands in a file of its own, run. Prints KTAP. */
#define _GNU_SOURCE
#define _FILE_OFFSET_BITS 64
#include "scene.h"

int make_durable_and_cold(void *address, size_t length);

int main(void)
{
	make_file();
	set_up();
	printf("KTAP version 1\n1..1\n# ");
	fflush(stdout);
	expect(make_durable_and_cold(at, PAGES * page) == 0);
	expect(resident() == 0);
	munmap(at + page, page);
	expect(make_durable_and_cold(at, PAGES * page) == -1);
	printf("%s 1 example\n", failed ? "not ok" : "ok");
	return failed;
}
