// SPDX-License-Identifier: MIT
//
// Writes a run down, in the project's own trace format: text, one event per
// line, everything on one time axis. A line is whole when it is written, so
// a run that is killed leaves a readable file.
//
//     # netif-trace 1
//     # seed 1
//     1200 spi enc28j60 17 +2700 9f01 ..00
//     3900 pin enc28j60.int 0
//     5000 eth enc28j60 tx 0011…
//     9000 link enc28j60 up
//     9100 fault enc28j60 miso.stuck at=12 …
//     9200 log nif board started
//
// First the time in nanoseconds, then what, where, and the rest: of an SPI
// transaction its index, its length in time, MOSI and MISO in hex, a comma
// between segments, ".." for a byte that nobody drove, and "error" if the port
// reported one. Frames are without FCS, at the time of their last bit.

#ifndef SIM_TRACE_TRACE_H
#define SIM_TRACE_TRACE_H

#include "nif/base.h"
#include "sim/world.h"

#include <stdio.h>

#define SIM_TRACE_VERSION 1

struct sim_trace {
    struct sim_world *world;
    FILE *out;
    int err;    ///< errno of the first failure to write; then nothing more is
    bool quiet; ///< write nothing for now
};

/// Begins a trace on `out`, which stays the caller's, with the header.
void sim_trace_init(struct sim_trace *trace, struct sim_world *world,
    FILE *out);

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
