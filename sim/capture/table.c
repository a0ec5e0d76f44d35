// SPDX-License-Identifier: MIT
//
// Tables that Saleae's analysers export: bytes with their times. Those of
// Logic 2 name each row's analyser and type; older ones have one file per
// analyser, and a packet number in place of chip select.

#include "sim/capture/table.h"

#include "nif/uart.h"
#include "sim/capture/lines.h"
#include "sim/capture/sorter.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#define BUSES    8
#define TXN_MAX  (1u << 20)
#define DURATION 1000000000 // unit of times: seconds

enum column {
    NAME,
    TYPE,
    START,
    LENGTH,
    PACKET,
    MOSI,
    MISO,
    DATA,
    ERROR,
    PARITY,
    FRAMING,
    COLUMNS
};

struct bus {
    char name[SIM_TRACE_NAME];
    enum sim_trace_kind kind;
    bool open;
    bool selected; // by a row of its own
    bool rx;
    char packet[24];
    uint64_t from_ns;
    uint64_t to_ns;
    uint64_t index;
    uint8_t *bytes; // MOSI or words, MISO or errors; `cap` each
    size_t cap;
    size_t len;
    bool any_error;
};

struct table {
    struct sim_lines lines;
    struct sim_sorter sorter;
    struct sim_item_sink *out;
    int at[COLUMNS]; // -1: no such column
    enum sim_trace_kind kind;
    struct bus bus[BUSES];
    unsigned buses;
    int64_t offset_ns;
    uint64_t rows;
};

// ---- what is collected

static void flush(struct table *t, struct bus *bus)
{
    bool spi = bus->kind == SIM_TRACE_SPI;
    struct sim_trace_item item = {
        .kind = bus->kind,
        .at_ns = bus->from_ns,
        .len_ns = bus->to_ns - bus->from_ns,
        .where = bus->name,
        .rx = bus->rx,
        .data = bus->len > 0 ? bus->bytes : NULL,
        .len = bus->len,
    };

    if (!bus->open) {
        return;
    }
    item.index = bus->index++;
    if (bus->len > 0 && spi) {
        item.miso = bus->bytes + bus->cap;
    } else if (bus->len > 0 && bus->any_error) {
        item.errors = bus->bytes + bus->cap;
    }
    t->sorter.sink.item(&t->sorter.sink, &item);
    bus->open = false;
}

static void open_bus(struct bus *bus, uint64_t at_ns, bool selected)
{
    bus->open = true;
    bus->selected = selected;
    bus->from_ns = at_ns;
    bus->to_ns = at_ns;
    bus->len = 0;
    bus->any_error = false;
}

static void add(struct bus *bus, uint8_t first, uint8_t second)
{
    if (bus->len == bus->cap) {
        size_t cap = bus->cap ? 2 * bus->cap : 256;
        uint8_t *bytes = sim__realloc(NULL, 2 * cap);

        if (bus->len > 0) {
            memcpy(bytes, bus->bytes, bus->len);
            memcpy(bytes + cap, bus->bytes + bus->cap, bus->len);
        }
        free(bus->bytes);
        bus->bytes = bytes;
        bus->cap = cap;
    }
    bus->bytes[bus->len] = first;
    bus->bytes[bus->cap + bus->len] = second;
    bus->len++;
}

static struct bus *bus_of(struct table *t, const char *name)
{
    struct bus *bus;
    char text[256];
    struct sim_trace_bus head = { .kind = t->kind, .taped = "wire" };

    for (unsigned i = 0; i < t->buses; i++) {
        if (strncmp(t->bus[i].name, name, SIM_TRACE_NAME - 1) == 0) {
            return &t->bus[i];
        }
    }
    if (t->buses == BUSES) {
        return NULL;
    }
    bus = &t->bus[t->buses++];
    bus->kind = t->kind;
    // A direction that the name does not tell is taken for the chip's.
    bus->rx = !strstr(name, "TX") && !strstr(name, "tx");
    snprintf(bus->name, sizeof(bus->name), "%s", name);
    snprintf(head.name, sizeof(head.name), "%s", name);
    for (char *c = head.name; *c != '\0'; c++) {
        if (*c == ' ') {
            *c = '_';
        }
    }
    t->out->item(t->out,
        &(struct sim_trace_item){ .kind = SIM_TRACE_HEAD,
            .where = "bus",
            .text = sim_trace_bus_format(&head, text, sizeof(text)) });
    return bus;
}

// ---- fields

static const char *field(const struct table *t, enum column column)
{
    return t->at[column] >= 0 ? t->lines.field[t->at[column]] : "";
}

// 0x12, 18, 0b10010, 'a', \0, or one character.
static bool value_of(const char *text, uint8_t *value)
{
    char *end = NULL;
    unsigned long number = 256;

    if (text[0] == '0' && text[1] == 'b') {
        number = strtoul(text + 2, &end, 2);
    } else if (text[0] >= '0' && text[0] <= '9') {
        number = strtoul(text, &end, text[1] == 'x' ? 16 : 10);
    } else if (text[0] == '\'' && text[1] != '\0' && text[2] == '\'') {
        number = (unsigned char)text[1];
        end = NULL;
    } else if (text[0] == '\\' && text[1] != '\0') {
        static const char names[] = "0nrt\\";
        static const uint8_t values[] = { 0, '\n', '\r', '\t', '\\' };
        const char *at = strchr(names, text[1]);

        number = at ? values[at - names] : 256;
    } else if (text[0] != '\0' && text[1] == '\0') {
        number = (unsigned char)text[0];
    }
    *value = (uint8_t)number;
    return number < 256 && (!end || *end == '\0');
}

static bool take_time(struct table *t, uint64_t *at_ns, uint64_t *len_ns)
{
    int64_t at;
    int64_t len = 0;

    if (!sim__lines_time(field(t, START), DURATION, &at) ||
        (t->at[LENGTH] >= 0 &&
            (!sim__lines_time(field(t, LENGTH), DURATION, &len) || len < 0))) {
        return sim__lines_fail(&t->lines,
            "'%.40s' is no time; export times relative to the start",
            field(t, START));
    }
    if (t->rows++ == 0 && at < 0) {
        char text[24];

        t->offset_ns = at;
        snprintf(text, sizeof(text), "%" PRId64, at);
        t->out->item(t->out,
            &(struct sim_trace_item){ .kind = SIM_TRACE_HEAD,
                .where = "offset",
                .text = text });
    }
    if (at < t->offset_ns) {
        return sim__lines_fail(&t->lines, "time runs backwards");
    }
    *at_ns = (uint64_t)(at - t->offset_ns);
    *len_ns = (uint64_t)len;
    return true;
}

// ---- rows

static bool spi_bytes(struct table *t, struct bus *bus)
{
    uint8_t mosi = 0;
    uint8_t miso = 0;

    if ((t->at[MOSI] >= 0 && field(t, MOSI)[0] != '\0' &&
            !value_of(field(t, MOSI), &mosi)) ||
        (t->at[MISO] >= 0 && field(t, MISO)[0] != '\0' &&
            !value_of(field(t, MISO), &miso))) {
        return sim__lines_fail(&t->lines, "'%.20s', '%.20s' are not bytes",
            field(t, MOSI), field(t, MISO));
    }
    if (bus->len == TXN_MAX) {
        return sim__lines_fail(&t->lines, "a select of too many bytes");
    }
    add(bus, mosi, miso);
    return true;
}

// Without rows for chip select: a new packet number, or a pause of more than
// a byte, begins the next transaction.
static bool begins(const struct table *t, const struct bus *bus, uint64_t at_ns,
    uint64_t len_ns)
{
    if (!bus->open) {
        return true;
    }
    if (t->at[PACKET] >= 0) {
        return strncmp(bus->packet, field(t, PACKET),
                   sizeof(bus->packet) - 1) != 0;
    }
    return !bus->selected && at_ns > bus->to_ns + len_ns;
}

static bool spi_row(struct table *t, struct bus *bus, uint64_t at_ns,
    uint64_t len_ns)
{
    const char *type = field(t, TYPE);

    if (strcmp(type, "enable") == 0) {
        flush(t, bus);
        open_bus(bus, at_ns, true);
        return true;
    }
    if (strcmp(type, "disable") == 0) {
        bus->to_ns = at_ns > bus->to_ns ? at_ns : bus->to_ns;
        flush(t, bus);
        return true;
    }
    if (strcmp(type, "error") == 0) {
        return true;
    }
    if (begins(t, bus, at_ns, len_ns)) {
        flush(t, bus);
        open_bus(bus, at_ns, false);
        snprintf(bus->packet, sizeof(bus->packet), "%s", field(t, PACKET));
    }
    bus->to_ns = at_ns + len_ns;
    return spi_bytes(t, bus);
}

static bool uart_row(struct table *t, struct bus *bus, uint64_t at_ns,
    uint64_t len_ns)
{
    const char *type = field(t, TYPE);
    uint8_t errors = 0;
    uint8_t word;

    if (type[0] != '\0' && strcmp(type, "data") != 0) {
        return true;
    }
    if (!value_of(field(t, DATA), &word)) {
        return sim__lines_fail(&t->lines, "'%.40s' is not a byte",
            field(t, DATA));
    }
    if (strstr(field(t, ERROR), "parity") || field(t, PARITY)[0] != '\0') {
        errors |= NIF_UART_PARITY;
    }
    if (strstr(field(t, ERROR), "framing") || field(t, FRAMING)[0] != '\0') {
        errors |= NIF_UART_FRAMING;
    }
    if (!bus->open || len_ns == 0 || at_ns > bus->to_ns + len_ns / 5 ||
        bus->bytes[bus->len - 1] == '\n' || bus->len == 256) {
        flush(t, bus);
        open_bus(bus, at_ns, false);
    }
    bus->to_ns = at_ns + len_ns;
    bus->any_error = bus->any_error || errors != 0;
    add(bus, word, errors);
    return true;
}

static bool take_row(struct table *t, size_t columns)
{
    struct bus *bus;
    uint64_t at_ns = 0;
    uint64_t len_ns = 0;

    if (t->lines.count != columns) {
        return sim__lines_fail(&t->lines, "%zu fields, there must be %zu",
            t->lines.count, columns);
    }
    bus = bus_of(t,
        t->at[NAME] >= 0               ? field(t, NAME)
            : t->kind == SIM_TRACE_SPI ? "spi0"
                                       : "uart0");
    if (!bus) {
        return sim__lines_fail(&t->lines, "more than %d analysers", BUSES);
    }
    if (!take_time(t, &at_ns, &len_ns)) {
        return false;
    }
    if (bus->open && at_ns < bus->from_ns) {
        return sim__lines_fail(&t->lines, "time runs backwards");
    }
    return t->kind == SIM_TRACE_SPI ? spi_row(t, bus, at_ns, len_ns)
                                    : uart_row(t, bus, at_ns, len_ns);
}

// ---- the head

static bool take_head(struct table *t)
{
    static const struct {
        const char *name;
        enum column column;
    } names[] = { { "name", NAME }, { "type", TYPE }, { "start_time", START },
        { "Time [s]", START }, { "duration", LENGTH }, { "Packet ID", PACKET },
        { "mosi", MOSI }, { "MOSI", MOSI }, { "miso", MISO }, { "MISO", MISO },
        { "data", DATA }, { "Value", DATA }, { "error", ERROR },
        { "Parity Error", PARITY }, { "Framing Error", FRAMING } };

    for (size_t i = 0; i < COLUMNS; i++) {
        t->at[i] = -1;
    }
    for (size_t i = 0; i < t->lines.count; i++) {
        for (size_t k = 0; k < nif_countof(names); k++) {
            if (strcmp(t->lines.field[i], names[k].name) == 0) {
                t->at[names[k].column] = (int)i;
            }
        }
    }
    if (t->at[START] < 0 ||
        (t->at[MOSI] < 0 && t->at[MISO] < 0 && t->at[DATA] < 0)) {
        return sim__lines_fail(&t->lines,
            "no columns of times and bytes; export the table of an SPI or "
            "Async Serial analyser");
    }
    t->kind = t->at[DATA] < 0 ? SIM_TRACE_SPI : SIM_TRACE_UART;
    return true;
}

static bool read_table(struct table *t)
{
    size_t columns = 0;
    bool good = true;
    int got = 0;

    while (good && (got = sim__lines_next(&t->lines)) == 1) {
        good = sim__lines_split(&t->lines) &&
            (columns > 0 ? take_row(t, columns) : take_head(t));
        columns = columns > 0 ? columns : t->lines.count;
    }
    for (unsigned i = 0; i < t->buses; i++) {
        flush(t, &t->bus[i]);
    }
    return good && got == 0;
}

bool sim_table_read(const char *path, struct sim_item_sink *out,
    struct sim_capture_error *error)
{
    struct table *t = calloc(1, sizeof(*t));
    bool good;

    NIF_ASSERT(t != NULL);
    t->out = out;
    sim_sorter_init(&t->sorter, out, false, UINT64_MAX);
    good = sim__lines_open(&t->lines, path, error) && read_table(t);
    sim_sorter_done(&t->sorter);
    sim__lines_close(&t->lines);
    for (unsigned i = 0; i < t->buses; i++) {
        free(t->bus[i].bytes);
    }
    free(t);
    return good;
}
