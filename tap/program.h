// SPDX-License-Identifier: MIT
//
// Programs of the host that ends of the wire need.

#ifndef TAP_PROGRAM_H
#define TAP_PROGRAM_H

#include "tap/end.h"

#include <stdbool.h>

/// Room for a program's path.
#define TAP_PATH 256

/// Looks for a program in PATH, then in /usr/sbin and /sbin, where an
/// ordinary user's PATH often does not lead. Returns false if there is none.
bool tap_program_find(const char *name, char path[TAP_PATH]);

/// Runs the program `ip` with the words of a line. Returns 0, or -1 and says
/// why.
int tap_program_ip(char why[TAP_WHY], const char *fmt, ...)
    __attribute__((format(printf, 2, 3)));

#endif
