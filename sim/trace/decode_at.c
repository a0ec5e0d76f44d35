// SPDX-License-Identifier: MIT
//
// Serial traffic as lines, as modules with AT commands speak: each direction
// is collected until a line feed, or until it has been silent for 50 ms.

#include "sim/trace/decode.h"

#include <stdio.h>
#include <string.h>

#define SILENCE_NS 50000000u
#define LINE       512

struct way {
    char line[LINE];
    size_t len;
    uint64_t from_ns;
    uint64_t to_ns;
};

struct at {
    struct sim_decoder base;
    struct way way[2]; // tx, rx
};

// ---- a character in the way of C

static size_t quote(uint8_t c, char *to)
{
    static const char digits[] = "0123456789abcdef";

    if (c == '\r' || c == '\n' || c == '\\') {
        to[0] = '\\';
        to[1] = '\\';
        if (c != '\\') {
            to[1] = "nr"[c == '\r'];
        }
        return 2;
    }
    if (c >= ' ' && c < 0x7F) {
        to[0] = (char)c;
        return 1;
    }
    to[0] = '\\';
    to[1] = 'x';
    to[2] = digits[c >> 4];
    to[3] = digits[c & 15];
    return 4;
}

// Adds the line to what is said already, and forgets it.
static void say_line(struct at *at, unsigned rx, char *text, size_t cap)
{
    struct way *way = &at->way[rx];
    size_t len = strlen(text);

    if (len == 0) {
        at->base.from_ns = way->from_ns;
    }
    snprintf(text + len, cap - len, "%s%s %.*s", len > 0 ? "; " : "",
        rx ? "<-" : "->", (int)way->len, way->line);
    way->len = 0;
}

static void at_decode(struct sim_decoder *decoder,
    const struct sim_trace_item *item, uint8_t *mask, char *text, size_t cap)
{
    struct at *at = nif_container_of(decoder, struct at, base);
    struct way *way = &at->way[item->rx];
    size_t step = item->bits == 9 ? 2 : 1;
    bool ends = false;

    if (mask) {
        memset(mask, 0xFF, item->len);
    }
    text[0] = '\0';
    if (way->len > 0 && item->at_ns > way->to_ns + SILENCE_NS) {
        say_line(at, item->rx, text, cap);
    }
    if (way->len == 0) {
        way->from_ns = item->at_ns;
    }
    for (size_t i = step - 1; i < item->len; i += step) {
        if (way->len + 4 <= LINE) {
            way->len += quote(item->data[i], way->line + way->len);
        }
        ends = item->data[i] == '\n';
    }
    way->to_ns = sim_trace_end_ns(item);
    if (ends || way->len + 4 > LINE) {
        say_line(at, item->rx, text, cap);
    }
}

static void at_end(struct sim_decoder *decoder, char *text, size_t cap)
{
    struct at *at = nif_container_of(decoder, struct at, base);
    unsigned first =
        at->way[1].len > 0 && at->way[1].from_ns < at->way[0].from_ns;

    text[0] = '\0';
    if (at->way[first].len > 0) {
        say_line(at, first, text, cap);
    } else if (at->way[!first].len > 0) {
        say_line(at, !first, text, cap);
    }
}

static void at_init(struct sim_decoder *decoder)
{
    struct at *at = nif_container_of(decoder, struct at, base);

    memset(at->way, 0, sizeof(at->way));
}

const struct sim_decoder_ops sim__decoder_at = {
    .name = "at",
    .kind = SIM_TRACE_UART,
    .size = sizeof(struct at),
    .init = at_init,
    .decode = at_decode,
    .end = at_end,
};
