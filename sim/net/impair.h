// SPDX-License-Identifier: MIT
//
// A bad network between a card and whoever uses it, in one direction: frames
// go in, and come out late, twice, changed, in another order or not at all.
// The dice are the world's, so a seed repeats a run.
//
// It works on frames without FCS. A corrupted frame therefore comes out with
// a good FCS: what is tested is the checksums above Ethernet. Frames with a
// bad FCS are the business of sim_nic_send_raw().

#ifndef SIM_NET_IMPAIR_H
#define SIM_NET_IMPAIR_H

#include "sim/world.h"

/// Chances are in parts per million; zero is off. Names after smoltcp's
/// options where it has them.
struct sim_impair_cfg {
    uint32_t drop_ppm;      ///< the frame is lost
    uint32_t corrupt_ppm;   ///< one bit of it changes, behind the addresses
    uint32_t duplicate_ppm; ///< it comes twice
    uint32_t reorder_ppm;   ///< it comes `reorder_ns` late, others pass it
    uint64_t reorder_ns;    ///< 0: 5 ms
    uint32_t burst_ppm;     ///< from this frame on `burst_len` are lost
    uint32_t burst_len;
    uint64_t delay_ns;   ///< all are late by this
    uint64_t jitter_ns;  ///< and by up to this more, in order
    uint64_t bits_per_s; ///< not faster than this; 0: no limit
    size_t size_limit;   ///< longer frames are lost; 0: no limit
    size_t queue_max;    ///< frames on their way at most; 0: 512
};

/// Where frames come out. Borrowed for the call; runs as an event.
typedef void sim_impair_fn(void *arg, const uint8_t *frame, size_t len);

struct sim_impair {
    struct sim_world *world;
    struct sim_impair_cfg cfg; ///< may be changed at any time
    sim_impair_fn *out;
    void *arg;
    // Counters, read only.
    uint64_t in_count;
    uint64_t out_count;
    uint64_t dropped;
    uint64_t corrupted;
    uint64_t duplicated;
    uint64_t reordered;
    // Private.
    struct sim_impair_item *items;
    size_t queued;
    uint32_t burst_left;
    uint64_t last_ns; // no frame in order comes out before this
    uint64_t free_ns; // the rate lets the next one out at this time
};

/// `cfg` NULL: a good network.
void sim_impair_init(struct sim_impair *impair, struct sim_world *world,
    const struct sim_impair_cfg *cfg, sim_impair_fn *out, void *arg);

/// Drops what is on its way and gives memory back.
void sim_impair_done(struct sim_impair *impair);

/// A frame goes in.
void sim_impair_put(struct sim_impair *impair, const uint8_t *frame,
    size_t len);

#endif
