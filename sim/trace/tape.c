// SPDX-License-Identifier: MIT
//
// Transactions that go on: their bytes are kept until they end.

#include "sim/trace/trace.h"

#include <stdlib.h>
#include <string.h>

void sim_trace_tape_begin(struct sim_trace_tape *tape, uint64_t now_ns)
{
    tape->at_ns = now_ns;
    tape->len = 0;
    tape->segs = 0;
    tape->err = 0;
}

static void make_room(struct sim_trace_tape *tape, size_t len)
{
    size_t cap = tape->cap ? tape->cap : 2048;
    uint8_t *bytes;

    if (tape->len + len <= tape->cap) {
        return;
    }
    while (cap < tape->len + len) {
        cap *= 2;
    }
    bytes = malloc(3 * cap);
    NIF_ASSERT(bytes != NULL);
    for (size_t i = 0; i < 3 && tape->len > 0; i++) {
        memcpy(bytes + i * cap, tape->bytes + i * tape->cap, tape->len);
    }
    free(tape->bytes);
    tape->bytes = bytes;
    tape->cap = cap;
}

struct sim_trace_row sim_trace_tape_add(struct sim_trace_tape *tape, size_t len)
{
    struct sim_trace_row row;

    make_room(tape, len);
    row.mosi = tape->bytes + tape->len;
    row.miso = row.mosi + tape->cap;
    row.driven = row.miso + tape->cap;
    tape->len += len;
    if (len == 0) {
        return row; // a driver's segment may be empty, a line's may not
    }
    if (tape->segs < nif_countof(tape->seg_len)) {
        tape->seg_len[tape->segs++] = len;
    } else {
        tape->seg_len[tape->segs - 1] += len;
    }
    return row;
}

void sim_trace_tape_end(struct sim_trace_tape *tape, struct sim_trace *trace,
    const char *bus)
{
    sim_trace_spi(trace,
        &(struct sim_trace_spi){
            .bus = bus,
            .index = tape->index++,
            .at_ns = tape->at_ns,
            .mosi = tape->bytes,
            .miso = tape->bytes + tape->cap,
            .driven = tape->bytes + 2 * tape->cap,
            .seg_len = tape->seg_len,
            .segs = tape->segs,
            .err = tape->err,
        });
}

void sim_trace_tape_done(struct sim_trace_tape *tape)
{
    free(tape->bytes);
    *tape = (struct sim_trace_tape){ 0 };
}
