// SPDX-License-Identifier: MIT
//
// Semihosting: how each architecture asks for it.

#include "semihost.h"

#include <string.h>

#define APPLICATION_EXIT 0x20026u

uintptr_t semihost(enum semihost_op op, void *block)
{
#if defined(__riscv)
    register uintptr_t a0 __asm__("a0") = (uintptr_t)op;
    register void *a1 __asm__("a1") = block;

    // All three are to be four bytes long, and in one page.
    __asm__ volatile(".balign 16\n"
                     ".option push\n"
                     ".option norvc\n"
                     "slli x0, x0, 0x1f\n"
                     "ebreak\n"
                     "srai x0, x0, 7\n"
                     ".option pop\n"
                     : "+r"(a0)
                     : "r"(a1)
                     : "memory");
    return a0;
#else
    register uintptr_t r0 __asm__("r0") = (uintptr_t)op;
    register void *r1 __asm__("r1") = block;

    __asm__ volatile("bkpt 0xAB" : "+r"(r0) : "r"(r1) : "memory");
    return r0;
#endif
}

void semihost_exit(int code)
{
    uintptr_t block[2] = { APPLICATION_EXIT, (uintptr_t)code };

    for (;;) {
        (void)semihost(SEMIHOST_EXIT_EXTENDED, block);
    }
}

const char *semihost_args(char *buf, size_t cap)
{
    uintptr_t block[2] = { (uintptr_t)buf, cap };
    const char *args;

    buf[0] = '\0';
    if (semihost(SEMIHOST_GET_CMDLINE, block) != 0) {
        return "";
    }
    buf[cap - 1] = '\0';
    args = strchr(buf, ' ');
    return args != NULL ? args + 1 : "";
}
