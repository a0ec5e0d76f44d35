// SPDX-License-Identifier: MIT
//
// Writes trace lines. Each is put together first and written in one go.

#include "sim/trace/trace.h"

#include "nif/uart.h"

#include <errno.h>
#include <inttypes.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

static void write_text(struct sim_trace *trace, const char *text, size_t len)
{
    if (trace->err != 0 || trace->quiet) {
        return;
    }
    errno = 0;
    if (fwrite(text, 1, len, trace->out) != len) {
        trace->err = errno ? errno : EIO;
    }
}

// ---- a line

struct line {
    char *text;
    size_t len;
    size_t cap;
};

static char *room(struct line *line, size_t more)
{
    if (line->len + more > line->cap) {
        line->cap = 2 * line->cap + more + 128;
        line->text = realloc(line->text, line->cap);
        NIF_ASSERT(line->text != NULL);
    }
    return line->text + line->len;
}

static void put(struct line *line, const char *text, size_t len)
{
    memcpy(room(line, len), text, len);
    line->len += len;
}

static void say(struct line *line, const char *text)
{
    put(line, text, strlen(text));
}

static void say_number(struct line *line, uint64_t value)
{
    char text[24];

    put(line, text, (size_t)snprintf(text, sizeof(text), "%" PRIu64, value));
}

static bool is_plain(char c)
{
    return c > ' ' && c < 0x7F;
}

// A word: what would end it becomes an underscore.
static void say_word(struct line *line, const char *word)
{
    size_t len = strnlen(word, SIM_TRACE_NAME - 1);
    char *at = room(line, len + 1);

    for (size_t i = 0; i < len; i++) {
        at[i] = word[i];
        if (!is_plain(word[i])) {
            at[i] = '_';
        }
    }
    line->len += len;
    if (len == 0) {
        say(line, "_");
    }
}

// The rest of a line: what would end the line becomes a space.
static void say_rest(struct line *line, const char *text)
{
    size_t len = text ? strlen(text) : 0;
    char *at = room(line, len + 1);

    if (len == 0) {
        return;
    }
    *at++ = ' ';
    for (size_t i = 0; i < len; i++) {
        at[i] = text[i];
        if (text[i] == '\n' || text[i] == '\r') {
            at[i] = ' ';
        }
    }
    line->len += len + 1;
}

static void say_hex(struct line *line, const uint8_t *data, size_t len)
{
    static const char digits[] = "0123456789abcdef";
    char *at = room(line, 2 * len);

    for (size_t i = 0; i < len; i++) {
        *at++ = digits[data[i] >> 4];
        *at++ = digits[data[i] & 15];
    }
    line->len += 2 * len;
}

static void end_line(struct sim_trace *trace, struct line *line)
{
    put(line, "\n", 1);
    write_text(trace, line->text, line->len);
    free(line->text);
}

// ---- events

// One way of a transaction, with commas between the segments.
static void say_way(struct line *line, const struct sim_trace_item *item,
    const uint8_t *data, const uint8_t *known)
{
    size_t at = 0;

    if (item->flags & SIM_TRACE_UNSEEN || item->len == 0) {
        say(line,
            item->len == 0 && !(item->flags & SIM_TRACE_UNSEEN) ? " -" : " ?");
        return;
    }
    say(line, " ");
    for (size_t s = 0; s < item->segs || s == 0; s++) {
        size_t end = item->segs > 0 ? at + item->seg_len[s] : item->len;

        if (s > 0) {
            say(line, ",");
        }
        for (; at < end; at++) {
            if (!data || (known && !known[at])) {
                say(line, "..");
            } else {
                say_hex(line, data + at, 1);
            }
        }
    }
}

// One digit per byte: its bits that count. Bytes nobody knows have none.
static void say_mask(struct line *line, const struct sim_trace_item *item)
{
    static const char digits[] = "0123456789abcdeF";
    char *at;

    if (!item->mask || item->len == 0) {
        return;
    }
    say(line, " mask=");
    at = room(line, item->len);
    for (size_t i = 0; i < item->len; i++) {
        at[i] = digits[item->mask[i] & 15];
    }
    line->len += item->len;
}

static void say_spi(struct line *line, const struct sim_trace_item *item)
{
    say_way(line, item, item->data, item->data_known);
    say_way(line, item, item->miso, item->miso_known);
    say_mask(line, item);
    if (item->bits != 0) {
        say(line, " bits=");
        say_number(line, item->bits);
    }
}

static void say_errors(struct line *line, const struct sim_trace_item *item,
    unsigned error, const char *word)
{
    size_t width = item->bits == 9 ? 2 : 1;
    bool first = true;

    for (size_t i = 0; item->errors && i < item->len / width; i++) {
        if (item->errors[i] & error) {
            say(line, first ? word : ",");
            say_number(line, i);
            first = false;
        }
    }
}

static void say_uart(struct line *line, const struct sim_trace_item *item)
{
    say(line, item->rx ? " rx " : " tx ");
    if (item->len == 0) {
        say(line, "-");
    }
    say_hex(line, item->data, item->len);
    if (item->bits == 9) {
        say(line, " bits=9");
    }
    say_errors(line, item, NIF_UART_FRAMING, " framing=");
    say_errors(line, item, NIF_UART_PARITY, " parity=");
    say_errors(line, item, NIF_UART_BREAK, " break=");
    say_errors(line, item, NIF_UART_OVERRUN, " overrun=");
}

static void say_mdio(struct line *line, const struct sim_trace_item *item)
{
    const uint8_t value[2] = { (uint8_t)(item->value >> 8),
        (uint8_t)item->value };

    say(line, " ");
    say(line, sim_trace_mdio_word(item->op));
    say(line, " ");
    say_number(line, item->phy);
    say(line, " ");
    say_number(line, item->reg);
    say(line, " ");
    say_hex(line, value, 2);
}

static void say_flags(struct line *line, unsigned flags)
{
    if (flags & SIM_TRACE_NO_ANSWER) {
        say(line, " no-answer");
    }
    if (flags & SIM_TRACE_BAD_FCS) {
        say(line, " bad-fcs");
    }
    if (flags & SIM_TRACE_ERROR) {
        say(line, " error");
    }
    if (flags & SIM_TRACE_CUT) {
        say(line, " cut");
    }
}

static void say_event(struct line *line, const struct sim_trace_item *item)
{
    const char level[2] = { item->level, '\0' };

    say_number(line, item->at_ns);
    say(line, " ");
    say(line, sim_trace_word(item->kind));
    say(line, " ");
    say_word(line, item->where);
    if (sim_trace_is_bus(item->kind)) {
        say(line, " ");
        say_number(line, item->index);
        say(line, " +");
        say_number(line, item->len_ns);
    }
    switch (item->kind) {
    case SIM_TRACE_SPI: say_spi(line, item); break;
    case SIM_TRACE_UART: say_uart(line, item); break;
    case SIM_TRACE_MDIO: say_mdio(line, item); break;
    case SIM_TRACE_PIN: say_rest(line, level); break;
    case SIM_TRACE_ETH:
        say(line, item->rx ? " rx " : " tx ");
        say(line, item->len == 0 ? "-" : "");
        say_hex(line, item->data, item->len);
        break;
    case SIM_TRACE_LINK:
        say(line, item->level == '1' ? " up" : " down");
        say_rest(line, item->text);
        break;
    case SIM_TRACE_FAULT:
    case SIM_TRACE_COMPLAINT:
    case SIM_TRACE_LOG: say_rest(line, item->text); break;
    case SIM_TRACE_BEGIN:
    case SIM_TRACE_HEAD:
    case SIM_TRACE_KINDS: NIF_ASSERT(false); break;
    }
    say_flags(line, item->flags);
}

void sim_trace_put(struct sim_trace *trace, const struct sim_trace_item *item)
{
    struct line line = { 0 };

    if (item->kind == SIM_TRACE_BEGIN) {
        say(&line, "# netif-trace ");
        say_number(&line, SIM_TRACE_VERSION);
    } else if (item->kind == SIM_TRACE_HEAD) {
        say(&line, "# ");
        say_word(&line, item->where);
        say_rest(&line, item->text);
    } else {
        say_event(&line, item);
    }
    end_line(trace, &line);
}

void sim_trace_spi(struct sim_trace *trace, const struct sim_trace_spi *t)
{
    struct sim_trace_item item = {
        .kind = SIM_TRACE_SPI,
        .flags = t->err != 0 ? SIM_TRACE_ERROR : 0,
        .at_ns = t->at_ns,
        .len_ns = trace->world->now_ns - t->at_ns,
        .index = t->index,
        .where = t->bus,
        .data = t->mosi,
        .miso = t->miso,
        .miso_known = t->driven,
        .seg_len = t->seg_len,
        .segs = t->segs,
    };

    for (size_t s = 0; s < t->segs; s++) {
        item.len += t->seg_len[s];
    }
    sim_trace_put(trace, &item);
}

void sim_trace_frame(struct sim_trace *trace, const char *port, const char *way,
    const uint8_t *frame, size_t len)
{
    sim_trace_put(trace,
        &(struct sim_trace_item){
            .kind = SIM_TRACE_ETH,
            .at_ns = trace->world->now_ns,
            .where = port,
            .rx = strcmp(way, "rx") == 0,
            .data = frame,
            .len = len,
        });
}

void sim_trace_event(struct sim_trace *trace, const char *what,
    const char *where, const char *fmt, ...)
{
    struct line line = { 0 };
    char text[512];
    va_list args;

    va_start(args, fmt);
    vsnprintf(text, sizeof(text), fmt, args);
    va_end(args);
    say_number(&line, trace->world->now_ns);
    say(&line, " ");
    say_word(&line, what);
    say(&line, " ");
    say_word(&line, where);
    say_rest(&line, text);
    end_line(trace, &line);
}

// ---- the header

void sim_trace_head(struct sim_trace *trace, const char *key, const char *fmt,
    ...)
{
    char text[512];
    va_list args;

    va_start(args, fmt);
    vsnprintf(text, sizeof(text), fmt, args);
    va_end(args);
    sim_trace_put(trace,
        &(struct sim_trace_item){ .kind = SIM_TRACE_HEAD,
            .where = key,
            .text = text });
}

void sim_trace_bus(struct sim_trace *trace, const struct sim_trace_bus *bus)
{
    char text[512];

    sim_trace_head(trace, "bus", "%s",
        sim_trace_bus_format(bus, text, sizeof(text)));
}

void sim_trace_init(struct sim_trace *trace, struct sim_world *world, FILE *out)
{
    *trace = (struct sim_trace){ .world = world, .out = out };
    sim_trace_put(trace, &(struct sim_trace_item){ .kind = SIM_TRACE_BEGIN });
    if (world) {
        sim_trace_head(trace, "seed", "%" PRIu64, world->seed);
    }
    sim_trace_head(trace, "time", "ns");
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
