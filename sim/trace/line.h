// SPDX-License-Identifier: MIT
//
// A line of text that grows piece by piece in the caller's memory. What does
// not fit is cut.

#ifndef SIM_TRACE_LINE_H
#define SIM_TRACE_LINE_H

#include <stddef.h>

struct sim_line {
    char *text;
    size_t cap; ///< with the NUL; not 0
    size_t len;
};

/// An empty one.
static inline struct sim_line sim_line_begin(char *text, size_t cap)
{
    struct sim_line line;

    line.text = text;
    line.cap = cap;
    line.len = 0;
    return line;
}

/// Appends, as printf() does.
void sim_line_say(struct sim_line *line, const char *fmt, ...)
    __attribute__((format(printf, 2, 3)));

#endif
