// SPDX-License-Identifier: MIT
//
// Takes pulses out of a capture that are too short to be meant, and counts
// them. Stands between a file and the protocol layers.

#ifndef SIM_CAPTURE_GLITCH_H
#define SIM_CAPTURE_GLITCH_H

#include "sim/capture/capture.h"

struct sim_glitch_slot;

struct sim_glitch {
    struct sim_edge_sink sink;              ///< give this to a file
    uint64_t dropped[SIM_CAPTURE_CHANNELS]; ///< pulses, read only
    uint64_t total;
    // Private.
    struct sim_edge_sink *next;
    uint64_t min_ns;
    struct sim_glitch_slot *slot; // a ring of edges that may yet vanish
    size_t cap;
    size_t first;
    size_t count;
    bool seen[SIM_CAPTURE_CHANNELS];      // a first edge only says the level
    size_t pending[SIM_CAPTURE_CHANNELS]; // 1 + slot of the newest edge, or 0
};

/// Drops pulses shorter than `min_ns` on their way to `next`; 0 drops none.
void sim_glitch_init(struct sim_glitch *filter, struct sim_edge_sink *next,
    uint64_t min_ns);

/// Gives memory back.
void sim_glitch_done(struct sim_glitch *filter);

#endif
