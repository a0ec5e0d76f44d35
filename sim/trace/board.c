// SPDX-License-Identifier: MIT
//
// Records of a board become a trace.

#include "sim/trace/board.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#define END     0xC0
#define ESC     0xDB
#define ESC_END 0xDC
#define ESC_ESC 0xDD

// First byte of a record.
enum {
    HELLO = 1,
    NAME = 2,
    LOST = 3,
    SPI = 4,
    UART = 5,
    MDIO = 6,
    PIN = 7,
};

#define VERSION    1
#define RECORD_MAX (1u << 20)
#define SEGS_MAX   256

// An event that waits. Its bytes lie behind it.
struct sim_board_event {
    struct sim_trace_item item;
    char where[SIM_TRACE_NAME];
    char text[64];
    size_t seg_len[SEGS_MAX];
    uint8_t bytes[];
};

// ---- events in order

static void write_first(struct sim_board *board)
{
    struct sim_board_event *event = board->event[0];
    struct sim_trace_item *item = &event->item;

    // Ends never run backwards, even if a board's clock does.
    if (sim_trace_end_ns(item) < board->end_ns) {
        item->at_ns = board->end_ns - item->len_ns;
    }
    board->end_ns = sim_trace_end_ns(item);
    sim_trace_put(board->trace, item);
    free(event);
    board->events--;
    memmove(board->event, board->event + 1, board->events * sizeof(void *));
}

static void flush(struct sim_board *board)
{
    while (board->events > 0) {
        write_first(board);
    }
}

static void add(struct sim_board *board, struct sim_board_event *event)
{
    size_t at;

    board->section = true;
    if (board->events == SIM_BOARD_WAIT) {
        write_first(board);
    }
    for (at = board->events; at > 0 &&
         sim_trace_end_ns(&board->event[at - 1]->item) >
             sim_trace_end_ns(&event->item);
         at--) {
        board->event[at] = board->event[at - 1];
    }
    board->event[at] = event;
    board->events++;
}

static struct sim_board_event *new_event(enum sim_trace_kind kind,
    const char *where, uint64_t at_us, size_t bytes)
{
    struct sim_board_event *event = calloc(1, sizeof(*event) + bytes);

    NIF_ASSERT(event != NULL);
    snprintf(event->where, sizeof(event->where), "%s", where);
    event->item = (struct sim_trace_item){
        .kind = kind,
        .at_ns = at_us * 1000,
        .where = event->where,
        .text = event->text,
        .seg_len = event->seg_len,
        .data = event->bytes,
    };
    return event;
}

// ---- pieces of a record

struct input {
    const uint8_t *at;
    const uint8_t *end;
    bool bad;
};

static uint8_t take_byte(struct input *in)
{
    if (in->at == in->end) {
        in->bad = true;
        return 0;
    }
    return *in->at++;
}

static uint64_t take_number(struct input *in)
{
    uint64_t value = 0;

    for (unsigned shift = 0; shift < 63; shift += 7) {
        uint8_t byte = take_byte(in);

        value |= (uint64_t)(byte & 0x7F) << shift;
        if (!(byte & 0x80)) {
            return value;
        }
    }
    in->bad = true;
    return 0;
}

// A time that its trace can hold.
static uint64_t take_time(struct input *in)
{
    uint64_t us = take_number(in);

    if (us > UINT64_MAX / 8000) {
        in->bad = true;
        us = 0;
    }
    return us;
}

static size_t left(const struct input *in)
{
    return (size_t)(in->end - in->at);
}

static bool take_bytes(struct input *in, uint8_t *to, size_t len)
{
    if (len > left(in)) {
        in->bad = true;
        return false;
    }
    memcpy(to, in->at, len);
    in->at += len;
    return true;
}

// ---- records

static void say_bus(struct sim_board *board, const struct sim_board_bus *bus)
{
    static const enum sim_trace_kind kinds[] = {
        [SPI] = SIM_TRACE_SPI,
        [UART] = SIM_TRACE_UART,
        [MDIO] = SIM_TRACE_MDIO,
    };
    struct sim_trace_bus head = { .kind = SIM_TRACE_BEGIN, .taped = "calls" };

    if (bus->kind < SPI || bus->kind > MDIO) {
        return;
    }
    head.kind = kinds[bus->kind];
    snprintf(head.name, sizeof(head.name), "%s", bus->name);
    board->section = true;
    sim_trace_bus(board->trace, &head);
}

static void on_hello(struct sim_board *board, struct input *in)
{
    if (take_byte(in) != VERSION) {
        in->bad = true;
        return;
    }
    flush(board);
    if (board->section) {
        sim_trace_put(board->trace,
            &(struct sim_trace_item){ .kind = SIM_TRACE_BEGIN });
        sim_trace_head(board->trace, "time", "ns");
        sim_trace_head(board->trace, "resolution", "1000");
    }
    board->section = true;
    board->end_ns = 0;
    memset(board->bus, 0, sizeof(board->bus));
}

static void on_name(struct sim_board *board, struct input *in)
{
    uint8_t number = take_byte(in);
    uint8_t kind = take_byte(in);
    struct sim_board_bus *bus = &board->bus[number % SIM_BOARD_BUSES];
    size_t len = left(in);

    if (in->bad || number >= SIM_BOARD_BUSES || len == 0 ||
        len >= SIM_TRACE_NAME || kind < SPI || kind > PIN) {
        in->bad = true;
        return;
    }
    if (!bus->named || bus->kind != kind) {
        *bus = (struct sim_board_bus){ .known = true,
            .named = true,
            .kind = kind };
        take_bytes(in, (uint8_t *)bus->name, len);
        say_bus(board, bus);
    }
    in->at = in->end;
}

static void on_lost(struct sim_board *board, struct input *in)
{
    uint64_t at_us = take_time(in);
    uint64_t count = take_number(in);
    struct sim_board_event *event;

    if (in->bad) {
        return;
    }
    board->lost += count;
    event = new_event(SIM_TRACE_FAULT, "board", at_us, 0);
    snprintf(event->text, sizeof(event->text), "lost=%" PRIu64, count);
    add(board, event);
}

// One segment. Returns false at their end, or if it makes no sense.
static bool take_seg(struct input *in, struct sim_board_event *event,
    uint8_t *row, size_t cap)
{
    struct sim_trace_item *item = &event->item;
    uint8_t how = take_byte(in);
    size_t len;

    if (how == 0 || in->bad) {
        return false;
    }
    len = (size_t)take_number(in);
    if ((how & ~7u) || !(how & 4) || item->segs == SEGS_MAX ||
        len > cap - item->len) {
        in->bad = true;
        return false;
    }
    // Rows: MOSI, MISO, which of MISO are known.
    if (how & 1) {
        take_bytes(in, row + item->len, len);
    }
    if (how & 2) {
        take_bytes(in, row + cap + item->len, len);
        memset(row + 2 * cap + item->len, 1, len);
    }
    event->seg_len[item->segs++] = len;
    item->len += len;
    return !in->bad;
}

static void on_spi(struct sim_board *board, struct input *in,
    struct sim_board_bus *bus, uint64_t at_us)
{
    // A segment that says how long it is and gives nothing: at most so many.
    size_t cap = left(in) + 65536;
    struct sim_board_event *event =
        new_event(SIM_TRACE_SPI, bus->name, at_us, 3 * cap);
    uint8_t how;

    while (take_seg(in, event, event->bytes, cap)) {
    }
    event->item.len_ns = take_time(in) * 1000;
    how = take_byte(in);
    event->item.miso = event->bytes + cap;
    event->item.miso_known = event->bytes + 2 * cap;
    event->item.index = bus->count;
    event->item.flags = how & 1 ? SIM_TRACE_ERROR : 0;
    if (how & 2) {
        event->item.kind = SIM_TRACE_FAULT;
        event->item.len_ns = 0;
        snprintf(event->text, sizeof(event->text), "select NIF_EIO");
    } else {
        bus->count++;
    }
    if (in->bad || left(in) > 0) {
        in->bad = true;
        free(event);
        return;
    }
    add(board, event);
}

static void on_uart(struct sim_board *board, struct input *in,
    struct sim_board_bus *bus, uint64_t at_us)
{
    static const char *const errors[] = { "overrun", "framing", "parity",
        "break" };
    uint8_t how = take_byte(in);
    size_t len = left(in);
    struct sim_board_event *event =
        new_event(SIM_TRACE_UART, bus->name, at_us, len + 1);

    event->item.rx = how & 1;
    event->item.len = len;
    take_bytes(in, event->bytes, len);
    if (how >> 1 == 0) {
        event->item.index = bus->count++;
        add(board, event);
        return;
    }
    event->item.kind = SIM_TRACE_FAULT;
    for (unsigned i = 0; i < nif_countof(errors); i++) {
        if (how >> 1 & (1u << i)) {
            size_t used = strlen(event->text);

            snprintf(event->text + used, sizeof(event->text) - used, "%s%s",
                used > 0 ? " " : "", errors[i]);
        }
    }
    add(board, event);
}

static void on_mdio(struct sim_board *board, struct input *in,
    struct sim_board_bus *bus, uint64_t at_us)
{
    struct sim_board_event *event =
        new_event(SIM_TRACE_MDIO, bus->name, at_us, 0);
    struct sim_trace_item *item = &event->item;
    uint8_t how;

    item->len_ns = take_time(in) * 1000;
    how = take_byte(in);
    item->op = how & 1 ? SIM_TRACE_MDIO_WRITE : SIM_TRACE_MDIO_READ;
    item->flags = how & 2 ? SIM_TRACE_ERROR : 0;
    item->phy = take_byte(in) & 31;
    item->reg = take_byte(in) & 31;
    item->value = (uint16_t)(take_byte(in) << 8);
    item->value |= take_byte(in);
    if (in->bad) {
        free(event);
        return;
    }
    item->index = bus->count++;
    add(board, event);
}

static void on_pin(struct sim_board *board, struct input *in,
    struct sim_board_bus *bus, uint64_t at_us)
{
    uint8_t level = take_byte(in);
    struct sim_board_event *event;

    if (!in->bad) {
        event = new_event(SIM_TRACE_PIN, bus->name, at_us, 0);
        event->item.level = level ? '1' : '0';
        add(board, event);
    }
}

// A record of a bus. Its name may not have been heard yet.
static void on_bus(struct sim_board *board, struct input *in, uint8_t kind)
{
    static void (*const on[])(struct sim_board *, struct input *,
        struct sim_board_bus *, uint64_t) = {
        [SPI] = on_spi,
        [UART] = on_uart,
        [MDIO] = on_mdio,
        [PIN] = on_pin,
    };
    uint8_t number = take_byte(in);
    struct sim_board_bus *bus = &board->bus[number % SIM_BOARD_BUSES];
    uint64_t at_us;

    take_number(in); // seq: what is missing is told by "lost"
    at_us = take_time(in);
    if (number >= SIM_BOARD_BUSES || (bus->known && bus->kind != kind)) {
        in->bad = true;
    }
    if (in->bad) {
        return;
    }
    if (!bus->known) {
        *bus = (struct sim_board_bus){ .known = true, .kind = kind };
        snprintf(bus->name, sizeof(bus->name), "bus%u", number);
        say_bus(board, bus);
    }
    on[kind](board, in, bus, at_us);
}

static void on_record(struct sim_board *board)
{
    struct input in = { board->record, board->record + board->len - 2, false };
    uint8_t kind = take_byte(&in);

    switch (kind) {
    case HELLO: on_hello(board, &in); break;
    case NAME: on_name(board, &in); break;
    case LOST: on_lost(board, &in); break;
    case SPI:
    case UART:
    case MDIO:
    case PIN: on_bus(board, &in, kind); break;
    default: in.bad = true;
    }
    board->records += !in.bad;
    board->bad += in.bad;
}

// ---- framing

// CRC-16/CCITT, bit by bit: the board has another way to the same number.
static uint16_t crc_of(const uint8_t *data, size_t len)
{
    unsigned crc = 0xFFFF;

    for (size_t i = 0; i < len; i++) {
        crc ^= (unsigned)data[i] << 8;
        for (unsigned bit = 0; bit < 8; bit++) {
            crc = crc & 0x8000 ? (crc << 1) ^ 0x1021 : crc << 1;
        }
        crc &= 0xFFFF;
    }
    return (uint16_t)crc;
}

static void end_record(struct sim_board *board)
{
    if (board->begun && board->len > 0) {
        if (board->len >= 3 && !board->escaped &&
            crc_of(board->record, board->len - 2) ==
                nif_get_be16(board->record + board->len - 2)) {
            on_record(board);
        } else {
            board->bad++;
        }
    }
    board->begun = true;
    board->escaped = false;
    board->len = 0;
}

static void add_byte(struct sim_board *board, uint8_t byte)
{
    if (byte == ESC) {
        board->escaped = true;
        return;
    }
    if (board->escaped) {
        byte = byte == ESC_END ? END : byte == ESC_ESC ? ESC : byte;
        board->escaped = false;
    }
    if (board->len == RECORD_MAX) {
        return; // noise: its checksum will tell
    }
    if (board->len == board->cap) {
        board->cap = 2 * board->cap + 256;
        board->record = realloc(board->record, board->cap);
        NIF_ASSERT(board->record != NULL);
    }
    board->record[board->len++] = byte;
}

void sim_board_read(struct sim_board *board, const uint8_t *data, size_t len)
{
    for (size_t i = 0; i < len; i++) {
        if (data[i] == END) {
            end_record(board);
        } else {
            add_byte(board, data[i]);
        }
    }
}

void sim_board_init(struct sim_board *board, struct sim_trace *trace)
{
    *board = (struct sim_board){ .trace = trace };
    sim_trace_head(trace, "resolution", "1000");
}

void sim_board_done(struct sim_board *board)
{
    flush(board);
    if (board->lost > 0) {
        sim_trace_head(board->trace, "dropped",
            "%" PRIu64 " records that the board had no room for", board->lost);
    }
    if (board->bad > 0) {
        sim_trace_head(board->trace, "dropped",
            "%" PRIu64 " records that were damaged", board->bad);
    }
    free(board->record);
    board->record = NULL;
    board->cap = 0;
}
