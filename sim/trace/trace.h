// SPDX-License-Identifier: MIT
//
// Writes a trace in the project's own format: text, one event per line,
// everything on one time axis, each line whole when it is written, so that a
// run that is killed leaves a readable file. All recorders and importers
// write through here. docs/reference/trace-format.md is the format.

#ifndef SIM_TRACE_TRACE_H
#define SIM_TRACE_TRACE_H

#include "nif/base.h"
#include "sim/trace/item.h"
#include "sim/world.h"

#include <stdio.h>

struct sim_trace {
    struct sim_world *world; ///< whose time events have, or NULL
    FILE *out;
    int err;    ///< errno of the first failure to write; then nothing more is
    bool quiet; ///< write nothing for now
};

/// Begins a trace on `out`, which stays the caller's, with the first lines of
/// the header. `world` gives the time of what a recorder writes; NULL if all
/// is written with sim_trace_put(), which has times of its own.
void sim_trace_init(struct sim_trace *trace, struct sim_world *world,
    FILE *out);

/// One more line of the header: "# key value". At any place.
void sim_trace_head(struct sim_trace *trace, const char *key, const char *fmt,
    ...) __attribute__((format(printf, 3, 4)));

/// Says in the header what kind of bus a name stands for.
void sim_trace_bus(struct sim_trace *trace, const struct sim_trace_bus *bus);

/// Writes one event; HEAD and BEGIN too, so that what was read can be written
/// again. Characters that the format cannot hold become '_' in names and
/// spaces in text. Events are written when they are over: the end of each is
/// not before the end of the one before it.
void sim_trace_put(struct sim_trace *trace, const struct sim_trace_item *item);

/// Private: gives a world the trace that NIF_TRACE asks for, and ends it.
void sim__trace_begin(struct sim_world *world);
void sim__trace_end(struct sim_world *world);

/// One SPI transaction, `at_ns` its select. `driven` may be NULL: not known.
struct sim_trace_spi {
    const char *bus;
    uint64_t index;
    uint64_t at_ns;
    const uint8_t *mosi;
    const uint8_t *miso;
    const uint8_t *driven;
    const size_t *seg_len; ///< `segs` of them
    size_t segs;
    int err;
};

void sim_trace_spi(struct sim_trace *trace, const struct sim_trace_spi *t);

/// A transaction while it goes on: its bytes so far.
struct sim_trace_tape {
    uint64_t index; ///< transactions so far
    uint64_t at_ns;
    uint8_t *bytes; ///< MOSI, MISO and driven flags, `cap` each
    size_t cap;
    size_t len;
    size_t seg_len[32];
    size_t segs;
    int err;
};

/// A transaction begins now.
void sim_trace_tape_begin(struct sim_trace_tape *tape, uint64_t now_ns);

/// Makes room for a segment of `len` bytes; the caller then fills in its part
/// of the three rows.
struct sim_trace_row {
    uint8_t *mosi;
    uint8_t *miso;
    uint8_t *driven;
};
struct sim_trace_row sim_trace_tape_add(struct sim_trace_tape *tape,
    size_t len);

/// It ends now: writes it.
void sim_trace_tape_end(struct sim_trace_tape *tape, struct sim_trace *trace,
    const char *bus);

/// Gives memory back.
void sim_trace_tape_done(struct sim_trace_tape *tape);

/// Any other event: `what` (one word), `where` (one word), rest as printf.
void sim_trace_event(struct sim_trace *trace, const char *what,
    const char *where, const char *fmt, ...)
    __attribute__((format(printf, 4, 5)));

/// An Ethernet frame; `way` is "tx" or "rx", as the chip sees it.
void sim_trace_frame(struct sim_trace *trace, const char *port, const char *way,
    const uint8_t *frame, size_t len);

#endif
