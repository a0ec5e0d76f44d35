// SPDX-License-Identifier: MIT
//
// Memory for the stacks of fibers, from the heap. Nothing guards it here.

#ifndef TESTS_TARGET_BARE_SYS_MMAN_H
#define TESTS_TARGET_BARE_SYS_MMAN_H

#include <stdlib.h>

#define PROT_NONE     0
#define PROT_READ     1
#define PROT_WRITE    2
#define MAP_PRIVATE   1
#define MAP_ANONYMOUS 2
#define MAP_STACK     4
#define MAP_FAILED    NULL

static inline void *mmap(void *at, size_t len, int prot, int flags, int fd,
    long offset)
{
    (void)at;
    (void)prot;
    (void)flags;
    (void)fd;
    (void)offset;
    return malloc(len);
}

static inline int munmap(void *memory, size_t len)
{
    (void)len;
    free(memory);
    return 0;
}

static inline int mprotect(void *memory, size_t len, int prot)
{
    (void)memory;
    (void)len;
    (void)prot;
    return 0;
}

#endif
