// SPDX-License-Identifier: MIT
//
// Two recordings side by side: where do they first mean something different?
//
// What is compared is each bus, pin, port and log of complaints by itself, in
// its order; how the order of two buses interleaves is a matter of time. Poll
// loops (sim/trace/polls.h) count as their last turn. Bytes that one of the
// two does not know, and bits that a mask leaves out, are equal to everything.
// How a serial line's words are grouped into lines means nothing. Lines of a
// log are not compared.
//
// Time is set apart: it is measured and told, and is a difference only if
// that is asked for. A recording begins with its first event.
//
// Names of buses may differ if there is one of that kind on either side.

#ifndef SIM_TRACE_DIFF_H
#define SIM_TRACE_DIFF_H

#include "sim/trace/recording.h"
#include "sim/trace/words.h"

/// So many events before and after the first difference are told.
#define SIM_DIFF_BEFORE 4
#define SIM_DIFF_AFTER  2

struct sim_diff_cfg {
    bool exact;            ///< each turn of a poll loop counts
    bool times;            ///< a deviation is a difference
    uint64_t tolerance_ns; ///< if it is larger than this
};

/// An event, as one side has it.
struct sim_diff_event {
    bool there; ///< false: this side has nothing more
    uint64_t index;
    uint64_t at_ns;
    unsigned line;
    char text[SIM_WORDS];
};

struct sim_diff_side {
    struct sim_diff_event at; ///< where they differ
    struct sim_diff_event after[SIM_DIFF_AFTER];
    size_t turns; ///< of poll loops, left out
};

struct sim_diff {
    size_t events; ///< that were compared and equal
    struct sim_diff_side side[2];
    bool differs;                   ///< the rest of this block is valid
    char where[2 * SIM_TRACE_NAME]; ///< "spi enc28j60"
    char what[SIM_WORDS];           ///< "MISO byte 2: 09, 08"; what differs
    struct sim_diff_event before[SIM_DIFF_BEFORE]; ///< of the first side
    /// Both go on alike after so many events of each; SIZE_MAX: not soon.
    size_t skip[2];
    // The times of what is equal.
    uint64_t deviation_ns; ///< the largest
    uint64_t deviation_index;
    char deviation_where[2 * SIM_TRACE_NAME];
    /// What only one side has and is not compared: "pin int only in the first";
    /// "" if there is none. The last of them.
    char alone[2 * SIM_TRACE_NAME + 32];
};

/// Compares `a` with `b`. `cfg` NULL: all zero.
void sim_diff(const struct sim_recording *a, const struct sim_recording *b,
    const struct sim_diff_cfg *cfg, struct sim_diff *diff);

#endif
