// SPDX-License-Identifier: MIT
//
// Ties a world to the real one. With an end outside, the world is paced:
// never ahead of the monotonic clock. Without one, or when it repeats a file
// of stimuli, it runs as fast as it can.
//
// Determinism. A frame that leaves the world stops it right there; the frame
// goes out, and whatever comes in comes in between two such stops, or at a
// time. So the time and the number of frames that had left are enough to
// repeat a run exactly.

#ifndef TAP_LOOP_H
#define TAP_LOOP_H

#include "sim/net/impair.h"
#include "sim/net/nic.h"
#include "tap/end.h"
#include "tap/stimuli.h"

/// Why tap_loop_run() returned.
enum tap_loop_why {
    TAP_LOOP_UNTIL, ///< the time was reached
    TAP_LOOP_DONE,  ///< the caller's condition is true
    TAP_LOOP_WAKE,  ///< `wake_fd` is readable
    TAP_LOOP_END,   ///< the stimuli have ended
    TAP_LOOP_ERROR, ///< see `error`
};

struct tap_loop {
    struct sim_world *world;
    struct sim_nic nic;   ///< join its port to the board's cable
    struct sim_impair in; ///< what comes from outside
    struct sim_impair out;
    struct tap_end *end;        ///< or NULL
    struct tap_stimuli *record; ///< write what comes in; or NULL
    struct tap_stimuli *replay; ///< read what comes in; or NULL
    int wake_fd;                ///< -1: none
    uint64_t lag_ns;            ///< how far behind the clock it is
    uint64_t lag_max_ns;        ///< and was at worst
    uint64_t out_count;         ///< frames that have left the world
    uint64_t in_count;          ///< frames that have come in
    uint64_t in_dropped;        ///< too long, or no link, or queue full
    char error[400];
    // Private.
    struct tap_loop_frame *queue;
    struct tap_loop_frame *queue_last;
    bool out_pending;
    bool paced;
    uint64_t base_ns; // the clock when the world began
    struct tap_stimulus next;
    bool next_valid;
};

/// `impair` NULL: a good network. `end` NULL: none. Both directions have the
/// same impairments, and dice of one world.
void tap_loop_init(struct tap_loop *loop, struct sim_world *world,
    struct tap_end *end, const struct sim_impair_cfg *impair);

/// Closes the end and gives memory back.
void tap_loop_done(struct tap_loop *loop);

/// Reads the first event of a file that was opened: call it once, in place
/// of joining an end. Returns 0, or -1 with `error`.
int tap_loop_replay(struct tap_loop *loop, struct tap_stimuli *stimuli);

/// Runs the world until its time is `until_ns` (SIM_NEVER: no limit), or
/// `done(arg)` (NULL: never) is true; it is asked at each turn.
enum tap_loop_why tap_loop_run(struct tap_loop *loop, uint64_t until_ns,
    bool (*done)(void *arg), void *arg);

/// The world has stood still for `ns` of the real clock, as it should: it has
/// not fallen behind. Also from within the world.
void tap_loop_hold(struct tap_loop *loop, uint64_t ns);

/// A frame has come from outside. Called by ends, from ready() and send().
void tap_loop_in(struct tap_loop *loop, const uint8_t *frame, size_t len);

#endif
