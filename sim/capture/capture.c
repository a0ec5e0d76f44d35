// SPDX-License-Identifier: MIT
//
// What all readers of captures share.

#include "sim/capture/capture.h"

#include <math.h>
#include <stdarg.h>

bool sim_capture_fail(struct sim_capture_error *error, const char *name,
    const char *fmt, ...)
{
    va_list args;
    int len = snprintf(error->text, sizeof(error->text), "%.160s: ", name);

    va_start(args, fmt);
    if (len > 0 && (size_t)len < sizeof(error->text)) {
        vsnprintf(error->text + len, sizeof(error->text) - (size_t)len, fmt,
            args);
    }
    va_end(args);
    return false;
}

uint64_t sim_capture_time(uint64_t index, double rate_hz)
{
    uint64_t rate = (uint64_t)rate_hz;

    // Exact where the rate is a whole number, as it is nearly always: seconds
    // first, so that nothing overflows.
    if (rate > 0 && (double)rate == rate_hz && rate <= 9000000000u) {
        return index / rate * 1000000000u +
            (index % rate * 1000000000u + rate / 2) / rate;
    }
    return (uint64_t)llround((double)index * 1e9 / rate_hz);
}
