// SPDX-License-Identifier: MIT
//
// A run of the ENC28J60 driver that is recorded with its model, and repeated
// with the recording alone.

#ifndef TESTS_TRACES_BRINGUP_H
#define TESTS_TRACES_BRINGUP_H

#include "sim/trace/replay.h"
#include "tests/enc28j60/driver_bench.h"

/// Ends after the link is up, or after frames have passed in both directions.
struct bringup_cfg {
    struct bench_cfg bench;
    bool frames;
};

/// What a run left. Its trace is text, to be freed.
struct bringup {
    char *text;
    size_t len;
    unsigned board_count; ///< frames that reached the board
    uint64_t end_ns;
    int err; ///< of start()
};

/// Runs driver and model.
void bringup_record(const struct bringup_cfg *cfg, struct bringup *run);

/// Runs the driver against a recording. `replay` is done with, but for its
/// report.
void bringup_replay(const struct bringup_cfg *cfg,
    const struct sim_recording *rec, struct sim_replay *replay,
    struct bringup *run);

/// Runs driver and model, and reads what was recorded.
void bringup_open(const struct bringup_cfg *cfg, struct bringup *run,
    struct sim_recording *rec);

/// Reads a trace. Fails the test if it is none.
void bringup_read(char *text, size_t len, struct sim_recording *rec);

#endif
