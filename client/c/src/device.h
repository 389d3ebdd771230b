/* SPDX-License-Identifier: GPL-2.0 OR BSD-3-Clause */
/*
 * The device, by plain system calls: libc's open() and close() are cancellation points, and
 * a handle must not be lost in one. A number below 0 is an error, negated.
 */
#ifndef DEVICE_H
#define DEVICE_H

#include <sys/types.h>

/* A handle for calls with VM_MAP_SYNC_SELF. */
struct handle {
	int fd;
	dev_t device;
	int borrowed;	/* the library keeps it */
};

struct handle handle_borrow(void);
void handle_return(struct handle handle);

int device_open(void);
int device_call(int fd, unsigned long command, void *argument);
int device_close(int fd);

#endif /* DEVICE_H */
