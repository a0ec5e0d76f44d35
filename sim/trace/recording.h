// SPDX-License-Identifier: MIT
//
// One section of a trace in memory, for those who must look at it more than
// once: the player, the comparison. What can do with one event after the
// other uses sim/trace/read.h, which holds a line only.

#ifndef SIM_TRACE_RECORDING_H
#define SIM_TRACE_RECORDING_H

#include "sim/trace/read.h"

/// An event and where it stands. All that it points to is the recording's.
struct sim_recorded {
    struct sim_trace_item item; ///< the first member
    unsigned line;
    /// item.mask does not stand in the file: it is what the chip of the bus,
    /// if it is known, does not drive or mean.
    bool mask_is_ours;
};

/// A line of the header that is not a bus: "seed", "7".
struct sim_recording_head {
    const char *key;
    const char *value;
};

struct sim_recording {
    /// All events but those of the header, by the time they began; what began
    /// at the same time, as it stands in the file.
    struct sim_recorded *event;
    size_t count;
    struct sim_trace_bus *bus;
    size_t bus_count;
    struct sim_recording_head *head;
    size_t head_count;
    void *memory; ///< private
};

/// Reads the next section that `reader` comes to.
///
/// Returns 1; 0 if there is none; -1, the cause is in reader->error. Only
/// after 1 there is something to give back.
int sim_recording_read(struct sim_recording *rec,
    struct sim_trace_reader *reader);

void sim_recording_done(struct sim_recording *rec);

/// The value of the first header line with this key, or NULL.
const char *sim_recording_head(const struct sim_recording *rec,
    const char *key);

/// What the header says of a bus; NULL if it does not speak of it.
const struct sim_trace_bus *sim_recording_bus(const struct sim_recording *rec,
    const char *name);

#endif
