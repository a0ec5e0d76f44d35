// SPDX-License-Identifier: MIT
//
// A line of text that grows piece by piece.

#include "sim/trace/line.h"

#include <stdarg.h>
#include <stdio.h>

void sim_line_say(struct sim_line *line, const char *fmt, ...)
{
    size_t left = line->cap - line->len;
    va_list args;
    int len;

    va_start(args, fmt);
    len = vsnprintf(line->text + line->len, left, fmt, args);
    va_end(args);
    if (len > 0) {
        line->len += (size_t)len < left ? (size_t)len : left - 1;
    }
}
