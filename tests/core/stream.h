// SPDX-License-Identifier: MIT
//
// TCP end to end between two of our stacks: both send and receive a known
// text; the cable does its worst. Fails the test if the text does not arrive
// as it was, or if a sender stands still for longer than its retransmission
// time.

#ifndef TESTS_CORE_STREAM_H
#define TESTS_CORE_STREAM_H

#include "tests/core/pair.h"

/// How a transfer is to be.
struct stream_lane {
    const char *name;
    struct pair_cable cable;
    uint32_t up;     ///< bytes from stack 0 to stack 1
    uint32_t down;   ///< and back
    uint32_t chunk;  ///< bytes per call of send()
    size_t cap;      ///< of each ring
    unsigned refill; ///< frames that the devices have room for
    bool slow;       ///< without nif_tcp_fast
    uint64_t limit_s;
    bool sack;
    bool stamps;
    bool refs;      ///< send_ref() in turn with send()
    bool lend;      ///< devices in which frames are built
    unsigned place; ///< pair_dev.place
};

/// What it came to.
struct stream_result {
    uint64_t us;
    unsigned frames[2]; ///< by each end
    unsigned timeouts;  ///< of both ends
    unsigned fast;
    uint32_t resent; ///< bytes of text that were sent again
    uint32_t digest; ///< of all frames and their times
};

void stream_run(const struct stream_lane *lane, uint64_t seed,
    struct stream_result *result);

#endif
