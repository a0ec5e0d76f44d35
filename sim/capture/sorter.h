// SPDX-License-Identifier: MIT
//
// Puts items in order of time. Layers say what they have seen when they are
// sure of it, a serial line later than others; and traces stand in order of
// ends, while waveforms are drawn in order of beginnings.

#ifndef SIM_CAPTURE_SORTER_H
#define SIM_CAPTURE_SORTER_H

#include "sim/capture/capture.h"

struct sim_sorter {
    struct sim_item_sink sink; ///< give items to this
    // Private.
    struct sim_item_sink *next;
    bool by_start;
    uint64_t hold_ns;
    struct sim_sorter_entry *heap;
    size_t count;
    size_t cap;
    uint64_t seq;
};

/// Items go to `next` in order of their ends, or of their beginnings if
/// `by_start`. No item may come when one was already given whose time is more
/// than `hold_ns` later; UINT64_MAX keeps all until the end.
void sim_sorter_init(struct sim_sorter *sorter, struct sim_item_sink *next,
    bool by_start, uint64_t hold_ns);

/// Passes on what nothing can come before, now that it is `now_ns`.
void sim_sorter_until(struct sim_sorter *sorter, uint64_t now_ns);

/// Passes on the rest, and gives memory back.
void sim_sorter_done(struct sim_sorter *sorter);

/// A copy of an item with all that it points to, in one piece of memory.
struct sim_trace_item *sim_item_copy(const struct sim_trace_item *item);

#endif
