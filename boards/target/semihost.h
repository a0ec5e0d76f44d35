// SPDX-License-Identifier: MIT
//
// What a debugger, or QEMU, does for a program: ARM's and RISC-V's
// semihosting. Without one an operation is a fault: boards in the field must
// not use it.

#ifndef BOARDS_TARGET_SEMIHOST_H
#define BOARDS_TARGET_SEMIHOST_H

#include "nif/base.h"

enum semihost_op {
    SEMIHOST_OPEN = 0x01,
    SEMIHOST_CLOSE = 0x02,
    SEMIHOST_WRITE = 0x05,
    SEMIHOST_READ = 0x06,
    SEMIHOST_GET_CMDLINE = 0x15,
    SEMIHOST_EXIT_EXTENDED = 0x20,
};

/// One operation; `block` are its arguments. Returns what it returns.
uintptr_t semihost(enum semihost_op op, void *block);

/// Ends the program; the shell sees `code`.
NIF_NORETURN void semihost_exit(int code);

/// The words behind the image's name on the command line, or "". They lie in
/// `buf`, of `cap` bytes.
const char *semihost_args(char *buf, size_t cap);

#endif
