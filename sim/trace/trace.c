// SPDX-License-Identifier: MIT
//
// Writes trace lines. Each is put together first and written in one go.

#include "sim/trace/trace.h"

#include <errno.h>
#include <inttypes.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

static void write_line(struct sim_trace *trace, const char *line, size_t len)
{
    if (trace->err != 0 || trace->quiet) {
        return;
    }
    errno = 0;
    if (fwrite(line, 1, len, trace->out) != len) {
        trace->err = errno ? errno : EIO;
    }
}

static char *put_hex(char *at, const uint8_t *data, size_t len)
{
    static const char digits[] = "0123456789abcdef";

    for (size_t i = 0; i < len; i++) {
        *at++ = digits[data[i] >> 4];
        *at++ = digits[data[i] & 15];
    }
    return at;
}

// Both directions of a transaction, with commas between the segments.
static char *put_way(char *at, const struct sim_trace_spi *t,
    const uint8_t *data, const uint8_t *driven)
{
    size_t from = 0;

    for (size_t s = 0; s < t->segs; s++) {
        if (s > 0) {
            *at++ = ',';
        }
        for (size_t i = from; i < from + t->seg_len[s]; i++) {
            if (driven && !driven[i]) {
                *at++ = '.';
                *at++ = '.';
            } else {
                at = put_hex(at, data + i, 1);
            }
        }
        from += t->seg_len[s];
    }
    return at;
}

void sim_trace_spi(struct sim_trace *trace, const struct sim_trace_spi *t)
{
    size_t total = 0;
    char *line;
    char *at;

    for (size_t s = 0; s < t->segs; s++) {
        total += t->seg_len[s] + 1;
    }
    line = malloc(128 + strlen(t->bus) + 4 * total);
    NIF_ASSERT(line != NULL);
    at = line +
        sprintf(line, "%" PRIu64 " spi %s %" PRIu64 " +%" PRIu64 " ", t->at_ns,
            t->bus, t->index, trace->world->now_ns - t->at_ns);
    at = put_way(at, t, t->mosi, NULL);
    *at++ = ' ';
    at = put_way(at, t, t->miso, t->driven);
    if (t->err != 0) {
        at += sprintf(at, " error");
    }
    *at++ = '\n';
    write_line(trace, line, (size_t)(at - line));
    free(line);
}

void sim_trace_frame(struct sim_trace *trace, const char *port, const char *way,
    const uint8_t *frame, size_t len)
{
    char *line = malloc(64 + strlen(port) + 2 * len);
    char *at;

    NIF_ASSERT(line != NULL);
    at = line +
        sprintf(line, "%" PRIu64 " eth %s %s ", trace->world->now_ns, port,
            way);
    at = put_hex(at, frame, len);
    *at++ = '\n';
    write_line(trace, line, (size_t)(at - line));
    free(line);
}

void sim_trace_event(struct sim_trace *trace, const char *what,
    const char *where, const char *fmt, ...)
{
    char line[512];
    int len = snprintf(line, sizeof(line), "%" PRIu64 " %s %s ",
        trace->world->now_ns, what, where);
    va_list args;

    va_start(args, fmt);
    len += vsnprintf(line + len, sizeof(line) - (size_t)len, fmt, args);
    va_end(args);
    if ((size_t)len > sizeof(line) - 2) {
        len = (int)sizeof(line) - 2;
    }
    line[len] = '\n';
    write_line(trace, line, (size_t)len + 1);
}

void sim_trace_init(struct sim_trace *trace, struct sim_world *world, FILE *out)
{
    char head[80];
    int len = snprintf(head, sizeof(head),
        "# netif-trace %d\n# seed %" PRIu64 "\n# time ns\n", SIM_TRACE_VERSION,
        world->seed);

    *trace = (struct sim_trace){ .world = world, .out = out };
    write_line(trace, head, (size_t)len);
}

// ---- transactions that go on

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

// ---- NIF_TRACE

void sim__trace_begin(struct sim_world *world)
{
    static FILE *file;
    const char *path = getenv("NIF_TRACE");

    if (!path || *path == '\0') {
        return;
    }
    if (!file) {
        file = fopen(path, "ae");
        if (!file) {
            fprintf(stderr, "NIF_TRACE=%s: %s\n", path, strerror(errno));
            exit(1);
        }
    }
    world->trace = malloc(sizeof(*world->trace));
    NIF_ASSERT(world->trace != NULL);
    sim_trace_init(world->trace, world, file);
    world->own_trace = true;
}

void sim__trace_end(struct sim_world *world)
{
    if (world->own_trace) {
        fflush(world->trace->out);
        free(world->trace);
        world->trace = NULL;
        world->own_trace = false;
    }
}
