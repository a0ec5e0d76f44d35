// SPDX-License-Identifier: MIT
//
// Reads the records that a board sends of its buses (nif/trace.h;
// docs/reference/board-records.md) and writes them as a trace. Bytes come from
// a serial line: what does not fit its checksum or makes no sense is dropped
// and counted.

#ifndef SIM_TRACE_BOARD_H
#define SIM_TRACE_BOARD_H

#include "sim/trace/trace.h"

#define SIM_BOARD_BUSES 32

/// Events wait so long for edges that were written down after them.
#define SIM_BOARD_WAIT 32

struct sim_board_bus {
    bool known; ///< there was a record of it
    bool named; ///< ... and of its name; else it is called by its number
    uint8_t kind;
    char name[SIM_TRACE_NAME];
    uint64_t count; ///< records so far: their numbers in the trace
};

struct sim_board {
    uint64_t records; ///< read only: that were good
    uint64_t bad;     ///< read only: whose checksum or content was wrong
    uint64_t lost;    ///< read only: that the board had no room for
    // Private.
    struct sim_trace *trace;
    struct sim_board_bus bus[SIM_BOARD_BUSES];
    struct sim_board_event *event[SIM_BOARD_WAIT]; // by their ends
    size_t events;
    uint64_t end_ns; // of what was written last
    uint8_t *record;
    size_t len;
    size_t cap;
    bool begun;   // the first end of a record was seen
    bool escaped; // the next byte is
    bool section; // this one has something in it
};

/// Begins a stream that becomes `trace`, which must be open and stays the
/// caller's.
void sim_board_init(struct sim_board *board, struct sim_trace *trace);

/// Takes the next bytes of the stream.
void sim_board_read(struct sim_board *board, const uint8_t *data, size_t len);

/// The stream is over: writes what waits, and what was lost.
void sim_board_done(struct sim_board *board);

#endif
