// SPDX-License-Identifier: MIT
//
// How much of a long search is done.

#ifndef TESTS_SUPPORT_SAMPLE_H
#define TESTS_SUPPORT_SAMPLE_H

#include <stdlib.h>

/// From one point of a search to the next that is tried: 1, or what NIF_SAMPLE
/// in the environment says. Builds that look for something else than the
/// search does, such as sanitizers, need not visit every point.
static inline unsigned sample_step(void)
{
    const char *text = getenv("NIF_SAMPLE");
    unsigned long step = text ? strtoul(text, NULL, 10) : 1;

    return step > 1 && step < 1000 ? (unsigned)step : 1;
}

#endif
