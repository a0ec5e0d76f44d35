// SPDX-License-Identifier: MIT
//
// What the test of a memory-mapped model has seen of it: complaints, and frames
// at the far end of the cable.

#ifndef TESTS_SUPPORT_SEEN_H
#define TESTS_SUPPORT_SEEN_H

#include "sim/net/nic.h"
#include "tests/support/check.h"

#include <string.h>

struct seen {
    unsigned told;  // complaints
    unsigned heard; // frames
    size_t heard_len;
    uint8_t heard_data[SIM_FRAME_MAX]; // the last one
};

static inline void seen_complaint(void *seen, uint64_t at_ns, const char *who,
    const char *what)
{
    (void)at_ns;
    (void)who;
    (void)what;
    ((struct seen *)seen)->told++;
}

static inline void seen_frame(void *arg, const uint8_t *frame, size_t len)
{
    struct seen *seen = arg;

    seen->heard++;
    seen->heard_len = len;
    memcpy(seen->heard_data, frame, len);
}

/// Has `seen` told what `world` complains of and what `far` hears.
static inline void seen_begin(struct seen *seen, struct sim_world *world,
    struct sim_nic *far)
{
    world->on_complaint = seen_complaint;
    world->complaint_arg = seen;
    far->on_frame = seen_frame;
    far->arg = seen;
}

/// Asserts that there were so many complaints since the last time.
static inline void seen_complaints(struct seen *seen, unsigned count)
{
    assert_int_equal(seen->told, count);
    seen->told = 0;
}

#endif
