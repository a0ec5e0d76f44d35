// SPDX-License-Identifier: MIT
//
// Reads trace lines.

#include "sim/trace/read.h"

#include "nif/uart.h"
#include "sim/trace/text.h"

#include <errno.h>
#include <inttypes.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#define FIRST "# netif-trace "

static bool fail(struct sim_trace_reader *reader, const char *fmt, ...)
    __attribute__((format(printf, 2, 3)));

static bool fail(struct sim_trace_reader *reader, const char *fmt, ...)
{
    va_list args;
    int len = snprintf(reader->error, sizeof(reader->error),
        "%.128s:%u: ", reader->name, reader->line);

    va_start(args, fmt);
    if (len > 0 && (size_t)len < sizeof(reader->error)) {
        vsnprintf(reader->error + len, sizeof(reader->error) - (size_t)len, fmt,
            args);
    }
    va_end(args);
    return false;
}

// ---- bytes

// One byte: "5a", or ".." for one that nobody knows.
static bool one_byte(const char *text, uint8_t *byte, uint8_t *known)
{
    *known = sim__text_byte(text, byte);
    return *known || (text[0] == '.' && text[1] == '.');
}

// Bytes in hex, `-` for none. Returns false if it is something else.
static bool bytes_of(const char *text, uint8_t *to, size_t *len)
{
    *len = strcmp(text, "-") == 0 ? 0 : strlen(text) / 2;
    return *len > 0 ? sim__text_hex(text, to, *len) : text[0] == '-';
}

// Five rows, of `len` bytes each.
static uint8_t *rows(struct sim_trace_reader *reader, size_t len)
{
    if (5 * len > reader->bytes_cap) {
        free(reader->bytes);
        reader->bytes_cap = 10 * len;
        reader->bytes = malloc(reader->bytes_cap);
        NIF_ASSERT(reader->bytes != NULL);
    }
    memset(reader->bytes, 0, 5 * len);
    reader->stride = len;
    return reader->bytes;
}

// ---- SPI

static void add_seg(struct sim_trace_reader *reader, size_t at, size_t len)
{
    if (at == reader->segs_cap) {
        reader->segs_cap = 2 * reader->segs_cap + 8;
        reader->segs =
            realloc(reader->segs, reader->segs_cap * sizeof(*reader->segs));
        NIF_ASSERT(reader->segs != NULL);
    }
    reader->segs[at] = len;
}

// One way of a transaction. The first one says where the segments are, the
// second must say the same.
static bool read_way(struct sim_trace_reader *reader,
    struct sim_trace_item *item, const char *text, uint8_t *row, uint8_t *known)
{
    bool second = row != item->data;
    size_t seg = 0;
    size_t in_seg = 0;
    size_t len = 0;

    while (*text != '\0') {
        if (*text == ',') {
            if (second && (seg >= item->segs || in_seg != reader->segs[seg])) {
                return false;
            }
            add_seg(reader, seg++, in_seg);
            in_seg = 0;
            text++;
        } else {
            if ((second && len == item->len) ||
                !one_byte(text, row + len, known + len)) {
                return false;
            }
            len++;
            in_seg++;
            text += 2;
        }
    }
    add_seg(reader, seg++, in_seg);
    if (second) {
        return len == item->len && seg == item->segs;
    }
    item->len = len;
    item->segs = seg;
    return len > 0;
}

static bool read_mask(struct sim_trace_reader *reader,
    struct sim_trace_item *item, const char *text)
{
    uint8_t *mask = reader->bytes + 4 * reader->stride;

    if (strlen(text) != item->len) {
        return fail(reader, "the mask has not one digit for each byte");
    }
    for (size_t i = 0; i < item->len; i++) {
        int value = sim__text_digit(text[i]);

        if (value < 0) {
            return fail(reader, "the mask is not in hex");
        }
        mask[i] = (uint8_t)(value == 15 ? 0xFF : value);
    }
    item->mask = mask;
    return true;
}

static bool read_spi(struct sim_trace_reader *reader,
    struct sim_trace_item *item, char **rest)
{
    const char *mosi = sim__text_word(rest);
    const char *miso = sim__text_word(rest);
    uint8_t *row = rows(reader, strlen(mosi) / 2 + 1);
    size_t cap = reader->stride;

    if (strcmp(mosi, "?") == 0 && strcmp(miso, "?") == 0) {
        item->flags |= SIM_TRACE_UNSEEN;
        return true;
    }
    if (strcmp(mosi, "-") == 0 && strcmp(miso, "-") == 0) {
        return true;
    }
    item->data = row;
    item->data_known = row + cap;
    item->miso = row + 2 * cap;
    item->miso_known = row + 3 * cap;
    if (!read_way(reader, item, mosi, row, row + cap)) {
        return fail(reader, "MOSI '%.32s' is not bytes in hex", mosi);
    }
    if (!read_way(reader, item, miso, row + 2 * cap, row + 3 * cap)) {
        return fail(reader, "MISO '%.32s' is not as many bytes in hex", miso);
    }
    item->seg_len = reader->segs;
    return true;
}

// ---- other events

static bool read_way_word(struct sim_trace_reader *reader,
    struct sim_trace_item *item, char **rest)
{
    const char *way = sim__text_word(rest);

    item->rx = strcmp(way, "rx") == 0;
    return item->rx || strcmp(way, "tx") == 0 ||
        fail(reader, "'%.32s' is neither tx nor rx", way);
}

// UART and ETH: which way, and bytes.
static bool read_bytes(struct sim_trace_reader *reader,
    struct sim_trace_item *item, char **rest)
{
    const char *text;

    if (!read_way_word(reader, item, rest)) {
        return false;
    }
    text = sim__text_word(rest);
    item->data = rows(reader, strlen(text) / 2 + 1);
    if (!bytes_of(text, reader->bytes, &item->len)) {
        return fail(reader, "'%.32s' is not bytes in hex", text);
    }
    return true;
}

static bool read_mdio(struct sim_trace_reader *reader,
    struct sim_trace_item *item, char **rest)
{
    const char *op = sim__text_word(rest);
    uint64_t phy;
    uint64_t reg;
    uint8_t value[2];
    size_t len;
    const char *text;

    item->op = SIM_TRACE_MDIO_OPS;
    for (int i = 0; i < SIM_TRACE_MDIO_OPS; i++) {
        if (strcmp(op, sim_trace_mdio_word((enum sim_trace_mdio)i)) == 0) {
            item->op = (enum sim_trace_mdio)i;
        }
    }
    if (item->op == SIM_TRACE_MDIO_OPS) {
        return fail(reader, "'%.32s' is nothing that MDIO does", op);
    }
    if (!sim__text_number(sim__text_word(rest), 31, &phy) ||
        !sim__text_number(sim__text_word(rest), 31, &reg)) {
        return fail(reader, "PHY and register must be 0 to 31");
    }
    text = sim__text_word(rest);
    if (strlen(text) != 4 || !bytes_of(text, value, &len)) {
        return fail(reader, "'%.32s' is not a value of four hex digits", text);
    }
    item->phy = (uint8_t)phy;
    item->reg = (uint8_t)reg;
    item->value = nif_get_be16(value);
    return true;
}

static bool read_pin(struct sim_trace_reader *reader,
    struct sim_trace_item *item, char **rest)
{
    const char *level = sim__text_word(rest);

    if (strlen(level) != 1 || !strchr("01xz", level[0])) {
        return fail(reader, "a pin is 0, 1, x or z, not '%.32s'", level);
    }
    item->level = level[0];
    return true;
}

static bool read_link(struct sim_trace_reader *reader,
    struct sim_trace_item *item, char **rest)
{
    const char *how = sim__text_word(rest);

    if (strcmp(how, "up") != 0 && strcmp(how, "down") != 0) {
        return fail(reader, "a link is up or down, not '%.32s'", how);
    }
    item->level = how[0] == 'u' ? '1' : '0';
    item->text = *rest;
    *rest += strlen(*rest);
    return true;
}

// ---- what may stand behind

// Numbers with commas: words of a UART that have an error.
static bool read_errors(struct sim_trace_reader *reader,
    struct sim_trace_item *item, char *text, uint8_t error)
{
    size_t words = item->bits == 9 ? item->len / 2 : item->len;
    uint8_t *errors = reader->bytes + reader->stride;

    item->errors = errors;
    while (text) {
        char *comma = strchr(text, ',');
        uint64_t at;

        if (comma) {
            *comma++ = '\0';
        }
        if (!sim__text_number(text, words > 0 ? words - 1 : 0, &at) ||
            words == 0) {
            return fail(reader, "there is no word '%.32s'", text);
        }
        errors[at] |= error;
        text = comma;
    }
    return true;
}

static bool read_bits(struct sim_trace_reader *reader,
    struct sim_trace_item *item, const char *text)
{
    bool uart = item->kind == SIM_TRACE_UART;
    uint64_t bits;

    if (!sim__text_number(text, uart ? 9 : 7, &bits) || bits < (uart ? 9 : 1) ||
        item->len == 0 || (uart && item->len % 2 != 0)) {
        return fail(reader, "bits=%.32s makes no sense here", text);
    }
    item->bits = (unsigned)bits;
    return true;
}

static bool read_uart_key(struct sim_trace_reader *reader,
    struct sim_trace_item *item, const char *key, char *value)
{
    static const struct {
        const char *key;
        uint8_t error;
    } keys[] = {
        { "framing", NIF_UART_FRAMING },
        { "parity", NIF_UART_PARITY },
        { "break", NIF_UART_BREAK },
        { "overrun", NIF_UART_OVERRUN },
    };

    for (size_t i = 0; i < nif_countof(keys); i++) {
        if (strcmp(key, keys[i].key) == 0) {
            return read_errors(reader, item, value, keys[i].error);
        }
    }
    return fail(reader, "'%.32s' is too much", key);
}

static bool read_key(struct sim_trace_reader *reader,
    struct sim_trace_item *item, char *key, char *value)
{
    bool uart = item->kind == SIM_TRACE_UART;

    if (strcmp(key, "bits") == 0 && (uart || item->kind == SIM_TRACE_SPI)) {
        return read_bits(reader, item, value);
    }
    if (strcmp(key, "mask") == 0 && item->kind == SIM_TRACE_SPI) {
        return read_mask(reader, item, value);
    }
    if (uart) {
        return read_uart_key(reader, item, key, value);
    }
    return fail(reader, "'%.32s' is too much", key);
}

static bool read_flags(struct sim_trace_reader *reader,
    struct sim_trace_item *item, char *rest)
{
    static const struct {
        const char *word;
        enum sim_trace_flag flag;
    } flags[] = {
        { "error", SIM_TRACE_ERROR },
        { "cut", SIM_TRACE_CUT },
        { "no-answer", SIM_TRACE_NO_ANSWER },
        { "bad-fcs", SIM_TRACE_BAD_FCS },
    };

    for (char *text = sim__text_word(&rest); *text != '\0';
         text = sim__text_word(&rest)) {
        char *value = strchr(text, '=');
        bool known = false;

        for (size_t i = 0; i < nif_countof(flags); i++) {
            if (strcmp(text, flags[i].word) == 0) {
                item->flags |= flags[i].flag;
                known = true;
            }
        }
        if (known) {
            continue;
        }
        if (!value) {
            return fail(reader, "'%.32s' is too much", text);
        }
        *value++ = '\0';
        if (!read_key(reader, item, text, value)) {
            return false;
        }
    }
    return true;
}

// ---- lines

static bool read_body(struct sim_trace_reader *reader,
    struct sim_trace_item *item, char *rest)
{
    bool good = true;

    switch (item->kind) {
    case SIM_TRACE_SPI: good = read_spi(reader, item, &rest); break;
    case SIM_TRACE_UART:
    case SIM_TRACE_ETH: good = read_bytes(reader, item, &rest); break;
    case SIM_TRACE_MDIO: good = read_mdio(reader, item, &rest); break;
    case SIM_TRACE_PIN: good = read_pin(reader, item, &rest); break;
    case SIM_TRACE_LINK: good = read_link(reader, item, &rest); break;
    case SIM_TRACE_FAULT:
    case SIM_TRACE_COMPLAINT:
    case SIM_TRACE_LOG: item->text = rest; return true;
    case SIM_TRACE_BEGIN:
    case SIM_TRACE_HEAD:
    case SIM_TRACE_KINDS: break;
    }
    return good && read_flags(reader, item, rest);
}

static bool read_place(struct sim_trace_reader *reader,
    struct sim_trace_item *item, char **rest)
{
    const char *len;

    item->where = sim__text_word(rest);
    if (item->where[0] == '\0' || strlen(item->where) >= SIM_TRACE_NAME) {
        return fail(reader, "no name, or one that is too long");
    }
    if (!sim_trace_is_bus(item->kind)) {
        item->index = reader->count;
        return true;
    }
    if (!sim__text_number(sim__text_word(rest), UINT64_MAX, &item->index)) {
        return fail(reader, "no number of a transaction");
    }
    len = sim__text_word(rest);
    if (len[0] != '+' ||
        !sim__text_number(len + 1, UINT64_MAX / 2, &item->len_ns)) {
        return fail(reader, "'%.32s' is not a length: +NANOSECONDS", len);
    }
    reader->count++;
    return true;
}

static bool read_event(struct sim_trace_reader *reader,
    struct sim_trace_item *item)
{
    char *rest = reader->text.text;
    const char *at = sim__text_word(&rest);
    const char *what = sim__text_word(&rest);

    if (!sim__text_number(at, UINT64_MAX / 2, &item->at_ns)) {
        return fail(reader, "'%.32s' is not a time in nanoseconds", at);
    }
    for (int kind = SIM_TRACE_SPI; kind < SIM_TRACE_KINDS; kind++) {
        if (strcmp(what, sim_trace_word((enum sim_trace_kind)kind)) == 0) {
            item->kind = (enum sim_trace_kind)kind;
        }
    }
    if (item->kind == SIM_TRACE_BEGIN) {
        return fail(reader, "unknown event '%.32s'", what);
    }
    if (!read_place(reader, item, &rest) || !read_body(reader, item, rest)) {
        return false;
    }
    if (sim_trace_end_ns(item) < reader->end_ns) {
        return fail(reader,
            "time runs backwards: the event before ended at "
            "%" PRIu64,
            reader->end_ns);
    }
    reader->end_ns = sim_trace_end_ns(item);
    return true;
}

// A line of the header. Returns 1 if it is one, 0 for a remark, -1.
static int read_head(struct sim_trace_reader *reader,
    struct sim_trace_item *item)
{
    static const char *const keys[] = { "seed", "time", "resolution", "taped",
        "bus", "chip", "source", "provenance", "by", "offset", "dropped",
        "probe", "note", "option" };
    char *rest = reader->text.text + 1;
    const char *key;

    if (strncmp(reader->text.text, FIRST, strlen(FIRST)) == 0) {
        if (strtoul(reader->text.text + strlen(FIRST), NULL, 10) !=
            SIM_TRACE_VERSION) {
            fail(reader, "version '%.16s' of the format, this program reads %d",
                reader->text.text + strlen(FIRST), SIM_TRACE_VERSION);
            return -1;
        }
        reader->begun = true;
        reader->end_ns = 0;
        reader->count = 0;
        item->kind = SIM_TRACE_BEGIN;
        item->where = item->text = "";
        return 1;
    }
    if (!reader->begun) {
        return 0;
    }
    key = sim__text_word(&rest);
    for (size_t i = 0; i < nif_countof(keys); i++) {
        if (strcmp(key, keys[i]) == 0) {
            item->kind = SIM_TRACE_HEAD;
            item->where = key;
            item->text = rest;
            if (strcmp(key, "time") == 0 && strcmp(rest, "ns") != 0) {
                fail(reader, "times must be in ns, not '%.16s'", rest);
                return -1;
            }
            return 1;
        }
    }
    return 0;
}

// The next line, without its end. Returns 1, 0 at the end of the file, -1.
static int next_line(struct sim_trace_reader *reader)
{
    struct sim_text_line *line = &reader->text;

    reader->line++;
    if (!sim__text_line(reader->in, line, SIM_TRACE_LINE_MAX)) {
        fail(reader, "the line is too long, or this is no trace");
        return -1;
    }
    if (ferror(reader->in)) {
        fail(reader, "%s", strerror(errno));
        return -1;
    }
    if (line->len == 0 || line->text[line->len - 1] != '\n') {
        reader->cut = line->len > 0;
        reader->line--;
        return 0;
    }
    if (memchr(line->text, '\0', line->len)) {
        fail(reader, "this is not text");
        return -1;
    }
    line->text[--line->len] = '\0';
    if (line->len > 0 && line->text[line->len - 1] == '\r') {
        line->text[--line->len] = '\0';
    }
    return 1;
}

int sim_trace_read(struct sim_trace_reader *reader, struct sim_trace_item *item)
{
    int got;

    while ((got = next_line(reader)) == 1) {
        *item = (struct sim_trace_item){ .kind = SIM_TRACE_BEGIN };
        if (reader->text.text[0] == '#') {
            got = read_head(reader, item);
            if (got != 0) {
                return got;
            }
        } else if (reader->text.text[0] != '\0') {
            if (!reader->begun) {
                fail(reader, "no trace: the first line must be '" FIRST "%d'",
                    SIM_TRACE_VERSION);
                return -1;
            }
            return read_event(reader, item) ? 1 : -1;
        }
    }
    if (got == 0 && !reader->begun) {
        fail(reader, "no trace: the first line must be '" FIRST "%d'",
            SIM_TRACE_VERSION);
        return -1;
    }
    return got;
}

void sim_trace_read_init(struct sim_trace_reader *reader, FILE *in,
    const char *name)
{
    *reader = (struct sim_trace_reader){ .in = in, .name = name };
}

void sim_trace_read_done(struct sim_trace_reader *reader)
{
    free(reader->text.text);
    free(reader->bytes);
    free(reader->segs);
    *reader = (struct sim_trace_reader){ 0 };
}
