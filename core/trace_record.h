// SPDX-License-Identifier: MIT
//
// How the recorder's wrappers write a record: begin, what is in it, end.

#ifndef CORE_TRACE_RECORD_H
#define CORE_TRACE_RECORD_H

#include "nif/trace.h"

/// First byte of a record (docs/reference/board-records.md).
enum nif__trace_kind {
    NIF__TRACE_HELLO = 1,
    NIF__TRACE_NAME = 2,
    NIF__TRACE_LOST = 3,
    NIF__TRACE_SPI = 4,
    NIF__TRACE_UART = 5,
    NIF__TRACE_MDIO = 6,
    NIF__TRACE_PIN = 7,
};

/// Makes a wrapper one of the trace's, and sends its name.
void nif__trace_join(struct nif_trace_bus *bus, struct nif_trace *trace,
    uint8_t kind, const char *name);

/// A record of `bus`, at that time.
void nif__trace_begin(struct nif_trace_bus *bus, uint64_t at_us);

void nif__trace_byte(struct nif_trace *trace, uint8_t byte);
void nif__trace_number(struct nif_trace *trace, uint64_t value);
void nif__trace_bytes(struct nif_trace *trace, const uint8_t *data, size_t len);

/// It is complete: kept, or counted as lost; and the line gets what it takes.
void nif__trace_end(struct nif_trace *trace);

/// Writes down the edges that interrupts have noted. Between records.
void nif__trace_edges(struct nif_trace *trace);

#endif
