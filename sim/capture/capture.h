// SPDX-License-Identifier: MIT
//
// Captures of logic analysers. They come in layers: a file gives *edges*
// (time, channel, level), protocol layers make *items* of a trace of them
// (sim/trace/item.h), and whoever wants those takes them one by one. Nothing
// holds a whole file: a capture of a billion samples needs a few megabytes.
//
//     file -> edges -> glitch filter -> guess of roles -> SPI, UART, MDIO
//          -> items in order of their end -> trace
//
// Files are bytes from outside: everything is checked, and what is refused is
// said with file and cause.

#ifndef SIM_CAPTURE_CAPTURE_H
#define SIM_CAPTURE_CAPTURE_H

#include "nif/base.h"
#include "sim/trace/item.h"

#include <stdio.h>

/// More channels than that no file may have.
#define SIM_CAPTURE_CHANNELS 256

/// No channel: that line was not probed.
#define SIM_CAPTURE_NONE UINT16_MAX

/// Levels of a channel.
enum { SIM_CAPTURE_LOW, SIM_CAPTURE_HIGH, SIM_CAPTURE_UNKNOWN };

/// A change of level. The first of a channel is where it begins.
struct sim_edge {
    uint64_t at_ns;
    uint16_t channel;
    uint8_t level;
};

/// What a file says of itself, before its first edge.
struct sim_capture {
    char name[SIM_CAPTURE_CHANNELS][SIM_TRACE_NAME]; ///< "" if unnamed
    unsigned channels;
    uint64_t resolution_ns; ///< grid of the times; 0: not known
    int64_t offset_ns; ///< what was taken off all times, so that none is < 0
};

/// Who takes edges, in order of their time. `begin` comes first, once.
struct sim_edge_sink;
struct sim_edge_sink_ops {
    /// Returns false to stop reading; the sink then knows why.
    bool (*begin)(struct sim_edge_sink *sink, const struct sim_capture *what);
    void (*edge)(struct sim_edge_sink *sink, const struct sim_edge *edge);
    /// The capture goes to `at_ns` and no further.
    void (*end)(struct sim_edge_sink *sink, uint64_t at_ns);
};
struct sim_edge_sink {
    const struct sim_edge_sink_ops *ops;
};

/// Who takes items. They are borrowed for the call.
struct sim_item_sink;
typedef void sim_item_fn(struct sim_item_sink *sink,
    const struct sim_trace_item *item);
struct sim_item_sink {
    sim_item_fn *item;
};

/// What a person may know better than the file.
struct sim_capture_cfg {
    double rate_hz; ///< samples per second; 0: as the file says
};

/// What is wrong with a file, as "name: cause".
struct sim_capture_error {
    char text[320];
};

/// Fills in the error. Returns false.
bool sim_capture_fail(struct sim_capture_error *error, const char *name,
    const char *fmt, ...) __attribute__((format(printf, 3, 4)));

/// A time in nanoseconds of sample `index` at `rate_hz`, rounded.
uint64_t sim_capture_time(uint64_t index, double rate_hz);

// ---- files. Each reads all of it into `sink`, and returns false with
// `*error` filled if it is not what it should be; the sink has then seen what
// came before.

/// A sigrok session (`.sr`, version 1 or 2).
bool sim_sr_read(const char *path, const struct sim_capture_cfg *cfg,
    struct sim_edge_sink *sink, struct sim_capture_error *error);

/// Binary exports of Saleae Logic 2 (version 0 or 1, digital), one file per
/// channel, merged by time.
bool sim_saleae_read(const char *const *paths, size_t count,
    struct sim_edge_sink *sink, struct sim_capture_error *error);

/// A raw-data CSV of Saleae Logic 2, or of sigrok-cli with a time column.
bool sim_edges_csv_read(const char *path, struct sim_edge_sink *sink,
    struct sim_capture_error *error);

/// A value change dump (IEEE 1364).
bool sim_vcd_read(const char *path, struct sim_edge_sink *sink,
    struct sim_capture_error *error);

#endif
