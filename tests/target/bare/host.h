// SPDX-License-Identifier: MIT
//
// What the simulator and its tests want of a host's C library, and picolibc
// has not. Included in front of each source.

#ifndef TESTS_TARGET_BARE_HOST_H
#define TESTS_TARGET_BARE_HOST_H

#include <stdio.h>
#include <sys/types.h>

/// As in POSIX. The text grows as it is written; it is complete, and ends in a
/// zero, at any time.
FILE *open_memstream(char **text, size_t *len);
/// For reading alone: picolibc's own has an error where the end is.
FILE *target_memopen(void *text, size_t len, const char *mode);
#define fmemopen target_memopen

ssize_t getline(char **line, size_t *cap, FILE *in);

#define _SC_PAGESIZE 0
long sysconf(int name);

/// There is one thread.
#define getc_unlocked getc

#endif
