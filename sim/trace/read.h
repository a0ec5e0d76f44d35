// SPDX-License-Identifier: MIT
//
// Reads a trace, event after event, in memory for one line. It is text from
// outside: everything is checked, and what is refused is said with file, line
// and cause.
//
// A last line without its end is what a killed run leaves: it is not an
// error, but `cut` tells of it. Remarks (`#` and anything that is not a key of
// the header) and empty lines are skipped.

#ifndef SIM_TRACE_READ_H
#define SIM_TRACE_READ_H

#include "sim/trace/item.h"
#include "sim/trace/text.h"

#include <stdio.h>

/// A line is at most so long: 4 MiB hold a transaction of a million bytes.
#define SIM_TRACE_LINE_MAX (4u << 20)

struct sim_trace_reader {
    unsigned line;   ///< of what was read last, counted from 1
    bool cut;        ///< the file ends within a line, which was left out
    char error[256]; ///< "name:line: cause" after -1
    // Private.
    FILE *in;
    const char *name;
    struct sim_text_line text;
    uint8_t *bytes; // five rows of `stride` bytes
    size_t bytes_cap;
    size_t stride;
    size_t *segs;
    size_t segs_cap;
    uint64_t end_ns; // of the event before
    uint64_t count;  // transactions of this section
    bool begun;
};

/// Begins to read `in`, which stays the caller's; `name` is for messages and
/// must outlive the reader.
void sim_trace_read_init(struct sim_trace_reader *reader, FILE *in,
    const char *name);

/// Reads the next event; what it points to is valid until the next call.
///
/// Returns 1; 0 at the end; -1 with `error` filled: the file is no trace, or
/// of another version, or a line of it makes no sense.
int sim_trace_read(struct sim_trace_reader *reader,
    struct sim_trace_item *item);

/// Gives memory back.
void sim_trace_read_done(struct sim_trace_reader *reader);

#endif
