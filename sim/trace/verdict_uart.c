// SPDX-License-Identifier: MIT
//
// Verdicts on dialogues over serial lines.

#include "sim/trace/replay.h"
#include "sim/trace/verdict_private.h"

#include <stdlib.h>
#include <string.h>

// A pause that ends a line.
#define PAUSE_NS (50 * SIM_MS)

// Who has heard nothing so long after the recording's end hears nothing more;
// so often is looked.
#define PATIENCE_NS SIM_S
#define LOOK_NS     (100 * SIM_US)

// ---- cutting into lines

// A line that is being gathered, of one direction of one bus.
struct open_line {
    const char *bus;
    bool rx;
    bool begun;
    uint64_t at_ns;
    uint64_t end_ns;
    char *text;
    size_t len;
};

struct done_line {
    uint64_t at_ns;
    size_t number;
    struct sim_verdict_line line;
    char *text;
};

struct cutter {
    struct open_line *open;
    size_t opens;
    struct done_line *done;
    size_t dones;
};

static void close_line(struct cutter *c, struct open_line *open)
{
    struct done_line *done;

    if (!open->begun) {
        return;
    }
    done = realloc(c->done, (c->dones + 1) * sizeof(*done));
    NIF_ASSERT(done != NULL);
    c->done = done;
    c->done[c->dones] = (struct done_line){
        .at_ns = open->at_ns,
        .number = c->dones,
        .line = { open->bus, open->rx, open->text, open->len },
        .text = open->text,
    };
    c->dones++;
    *open = (struct open_line){ .bus = open->bus, .rx = open->rx };
}

static struct open_line *find_open(struct cutter *c,
    const struct sim_trace_item *item)
{
    struct open_line *room;

    for (size_t i = 0; i < c->opens; i++) {
        if (c->open[i].rx == item->rx &&
            strcmp(c->open[i].bus, item->where) == 0) {
            return &c->open[i];
        }
    }
    room = realloc(c->open, (c->opens + 1) * sizeof(*room));
    NIF_ASSERT(room != NULL);
    c->open = room;
    c->open[c->opens] =
        (struct open_line){ .bus = item->where, .rx = item->rx };
    return &c->open[c->opens++];
}

static void add_word(struct cutter *c, struct open_line *open, char word,
    uint64_t at_ns, uint64_t end_ns)
{
    char *text;

    if (open->begun && at_ns > open->end_ns + PAUSE_NS) {
        close_line(c, open);
    }
    if (!open->begun) {
        open->begun = true;
        open->at_ns = at_ns;
    }
    text = realloc(open->text, open->len + 1);
    NIF_ASSERT(text != NULL);
    open->text = text;
    open->text[open->len++] = word;
    open->end_ns = end_ns;
    if (word == '\n') {
        close_line(c, open);
    }
}

static int by_begin(const void *a, const void *b)
{
    const struct done_line *x = a;
    const struct done_line *y = b;

    if (x->at_ns != y->at_ns) {
        return x->at_ns < y->at_ns ? -1 : 1;
    }
    return x->number < y->number ? -1 : x->number > y->number;
}

void sim_verdict_lines(const struct sim_recording *rec, sim_verdict_line_fn *fn,
    void *arg)
{
    struct cutter c = { 0 };

    for (size_t i = 0; i < rec->count; i++) {
        const struct sim_trace_item *item = &rec->event[i].item;
        bool wide = item->bits == 9;
        size_t words = wide ? item->len / 2 : item->len;

        for (size_t w = 0; item->kind == SIM_TRACE_UART && w < words; w++) {
            add_word(&c, find_open(&c, item),
                (char)item->data[wide ? 2 * w + 1 : w],
                item->at_ns + item->len_ns * w / words,
                item->at_ns + item->len_ns * (w + 1) / words);
        }
    }
    for (size_t i = 0; i < c.opens; i++) {
        close_line(&c, &c.open[i]);
    }
    free(c.open);
    if (c.dones > 0) {
        qsort(c.done, c.dones, sizeof(*c.done), by_begin);
    }
    for (size_t i = 0; i < c.dones; i++) {
        fn(arg, &c.done[i].line);
        free(c.done[i].text);
    }
    free(c.done);
}

// ---- playing them

struct play {
    struct sim_world world;
    struct sim_cpu cpu;
    struct sim_replay replay;
    uint64_t until_ns; // nothing comes after that
};

// The host says its line.
static bool say(struct nif_uart *uart, const struct sim_verdict_line *line)
{
    return uart->ops->write(uart, (const uint8_t *)line->text, line->len) ==
        (int)line->len;
}

// The host waits for a line and hears just that.
static bool hear(struct play *p, struct nif_uart *uart,
    const struct sim_verdict_line *line)
{
    size_t len = 0;
    uint8_t byte;

    while (len < line->len && p->world.now_ns < p->until_ns) {
        int got = uart->ops->read(uart, &byte, 1);

        if (got < 0 || (got == 1 && (char)byte != line->text[len])) {
            return false;
        }
        len += (size_t)got;
        if (got == 0) {
            sim_pass_ns(&p->world, LOOK_NS);
        }
    }
    return len == line->len;
}

static void play_lines(struct play *p, struct sim_verdict *verdict,
    const struct sim_verdict_line *lines, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        const struct sim_verdict_line *line = &lines[i];
        struct nif_uart *uart = sim_replay_uart(&p->replay, line->bus);

        if (!uart || !(line->rx ? hear(p, uart, line) : say(uart, line))) {
            verdict->first_index = i;
            sim__verdict_fail(verdict, "line %zu of %zu is not %s as '%.*s'",
                i + 1, count, line->rx ? "heard" : "taken",
                (int)strcspn(line->text, "\r\n"), line->text);
            return;
        }
        verdict->right++;
    }
    verdict->good = sim_replay_finish(&p->replay);
    if (!verdict->good) {
        sim__verdict_fail(verdict, "there is more in it: %s",
            p->replay.want.text);
    }
}

bool sim_verdict_uart(struct sim_verdict *verdict, const char *source,
    const char *trace, const struct sim_verdict_line *lines, size_t count)
{
    struct play *p = calloc(1, sizeof(*p));
    struct sim_recording rec;

    NIF_ASSERT(p != NULL);
    *verdict = (struct sim_verdict){ .total = (unsigned)count };
    if (sim__verdict_read(verdict, source, trace, &rec)) {
        if (rec.count > 0) {
            p->until_ns = sim_trace_end_ns(&rec.event[rec.count - 1].item);
        }
        p->until_ns += PATIENCE_NS;
        sim_world_init(&p->world, 1);
        sim_cpu_init(&p->cpu, &p->world, SIM_CPU_COST_NS);
        sim_replay_init(&p->replay, &p->cpu, &rec);
        play_lines(p, verdict, lines, count);
        sim_replay_done(&p->replay);
        sim_world_done(&p->world);
        sim_recording_done(&rec);
    }
    free(p);
    return verdict->good;
}
