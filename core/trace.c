// SPDX-License-Identifier: MIT
//
// Records of what passes on a board's buses: a ring of framed bytes.
//
// Framed as SLIP does it (RFC 1055), with a CRC, so that a listener who comes
// late or loses bytes finds the next record. A record is taken back if there
// is no room for its end.

#include "nif/trace.h"

#include "trace_record.h"

#include <string.h>

#define END     0xC0
#define ESC     0xDB
#define ESC_END 0xDC
#define ESC_ESC 0xDD

#define VERSION   1
#define NAME_EACH 64 // records; so late a listener learns the names

// ---- the ring

static size_t after(const struct nif_trace *trace, size_t at)
{
    return at + 1 < trace->cfg.ring_len ? at + 1 : 0;
}

// One byte as it goes over the line.
static void put_raw(struct nif_trace *trace, uint8_t byte)
{
    size_t next = after(trace, trace->head);

    if (next == trace->tail) {
        trace->full = true;
    }
    if (!trace->full) {
        trace->cfg.ring[trace->head] = byte;
        trace->head = next;
    }
}

static void put_escaped(struct nif_trace *trace, uint8_t byte)
{
    if (byte == END || byte == ESC) {
        put_raw(trace, ESC);
        byte = byte == END ? ESC_END : ESC_ESC;
    }
    put_raw(trace, byte);
}

// ---- records

void nif__trace_byte(struct nif_trace *trace, uint8_t byte)
{
    unsigned crc = trace->crc;

    // CRC-16/CCITT, polynomial 1021, a byte at a time.
    crc = ((crc >> 8 | crc << 8) & 0xFFFF) ^ byte;
    crc ^= (crc & 0xFF) >> 4;
    crc ^= (crc << 12) & 0xFFFF;
    crc ^= (crc & 0xFF) << 5;
    trace->crc = (uint16_t)crc;
    put_escaped(trace, byte);
}

void nif__trace_number(struct nif_trace *trace, uint64_t value)
{
    for (unsigned i = 0; i < 9 && value > 0x7F; i++) {
        nif__trace_byte(trace, (uint8_t)(value | 0x80));
        value >>= 7;
    }
    nif__trace_byte(trace, (uint8_t)value);
}

void nif__trace_bytes(struct nif_trace *trace, const uint8_t *data, size_t len)
{
    for (size_t i = 0; i < len; i++) {
        nif__trace_byte(trace, data[i]);
    }
}

static void begin(struct nif_trace *trace, uint8_t kind)
{
    trace->crc = 0xFFFF;
    trace->full = false;
    trace->open = true;
    nif__trace_byte(trace, kind);
}

// Whole or not at all. Returns whether it fitted.
static bool finish(struct nif_trace *trace)
{
    uint16_t crc = trace->crc;

    put_escaped(trace, (uint8_t)(crc >> 8));
    put_escaped(trace, (uint8_t)crc);
    put_raw(trace, END);
    trace->open = false;
    if (trace->full) {
        trace->head = trace->commit;
        return false;
    }
    trace->commit = trace->head;
    return true;
}

// Tells of losses as soon as there is room to.
static void tell_lost(struct nif_trace *trace)
{
    uint32_t lost = trace->lost;

    if (lost == trace->told) {
        return;
    }
    begin(trace, NIF__TRACE_LOST);
    nif__trace_number(trace, nif_clock_now_us(trace->cfg.clock));
    nif__trace_number(trace, lost - trace->told);
    if (finish(trace)) {
        trace->told = lost;
    }
}

int nif_trace_poll(struct nif_trace *trace)
{
    struct nif_uart *out = trace->cfg.out;

    if (!trace->open) {
        tell_lost(trace);
    }
    // Twice, since the ring may wrap.
    for (unsigned i = 0; i < 2 && trace->tail != trace->commit; i++) {
        size_t end =
            trace->commit > trace->tail ? trace->commit : trace->cfg.ring_len;
        int taken = out->ops->write(out, trace->cfg.ring + trace->tail,
            end - trace->tail);

        if (taken < 0) {
            return taken;
        }
        trace->tail += (size_t)taken;
        if (trace->tail < end) {
            break;
        }
        if (end == trace->cfg.ring_len) {
            trace->tail = 0;
        }
    }
    return 0;
}

static void write_name(const struct nif_trace_bus *bus)
{
    struct nif_trace *trace = bus->trace;

    begin(trace, NIF__TRACE_NAME);
    nif__trace_byte(trace, bus->number);
    nif__trace_byte(trace, bus->kind);
    nif__trace_bytes(trace, (const uint8_t *)bus->name, strlen(bus->name));
    finish(trace);
}

static void name_all(struct nif_trace *trace)
{
    for (struct nif_trace_bus *bus = trace->buses; bus; bus = bus->next) {
        write_name(bus);
    }
}

void nif__trace_begin(struct nif_trace_bus *bus, uint64_t at_us)
{
    struct nif_trace *trace = bus->trace;

    tell_lost(trace);
    if (trace->to_name-- == 0) {
        trace->to_name = NAME_EACH;
        name_all(trace);
    }
    begin(trace, bus->kind);
    nif__trace_byte(trace, bus->number);
    nif__trace_number(trace, bus->seq++);
    nif__trace_number(trace, at_us);
}

void nif__trace_end(struct nif_trace *trace)
{
    if (!finish(trace)) {
        trace->lost++;
    }
    (void)nif_trace_poll(trace); // the line's errors are not the driver's
}

// ---- beginning

void nif__trace_join(struct nif_trace_bus *bus, struct nif_trace *trace,
    uint8_t kind, const char *name)
{
    *bus = (struct nif_trace_bus){
        .next = trace->buses,
        .trace = trace,
        .name = name,
        .kind = kind,
        .number = trace->count++,
    };
    trace->buses = bus;
    write_name(bus);
}

void nif_trace_init(struct nif_trace *trace, const struct nif_trace_cfg *cfg)
{
    *trace = (struct nif_trace){ .cfg = *cfg, .to_name = NAME_EACH };
    NIF_ASSERT(cfg->ring_len >= 256);
    // What a listener has heard of before does not belong to the first record.
    put_raw(trace, END);
    begin(trace, NIF__TRACE_HELLO);
    nif__trace_byte(trace, VERSION);
    finish(trace);
}
