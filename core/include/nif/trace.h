// SPDX-License-Identifier: MIT
//
// A recorder for real boards: wrappers around buses and pins that a driver is
// given in place of them, and that send what passes, in compact records, over
// any serial line. On the host `nif trace import --from-board` makes a trace of
// the stream, to be read, compared and replayed like any other.
//
//     static uint8_t ring[4096];
//     static struct nif_trace trace;
//     static struct nif_trace_spi spi;
//
//     nif_trace_init(&trace, &(struct nif_trace_cfg){ .out = uart,
//         .clock = clock, .ring = ring, .ring_len = sizeof(ring) });
//     nif_trace_spi_init(&spi, &trace, "enc28j60", board_spi);
//     enc28j60_init(&chip, &(struct enc28j60_cfg){ .spi = &spi.spi, ... });
//     ... and nif_trace_poll(&trace) in the main loop
//
// It never waits. Records go into the ring and leave it as fast as the line
// takes them; one that does not fit is dropped as a whole, counted, and the
// stream says how many were. An SPI transaction takes its bytes each way, as
// far as the driver gave or wanted them, and some ten more: a full frame needs
// 1.6 KiB of ring, and 14 ms of a line at 1 Mbit/s.
//
// Times are those of the clock, in microseconds. The records are described in
// docs/reference/board-records.md.
//
// The caller owns all structs and the ring; they must not move, and names must
// outlive them. Between select and release of a traced SPI device pins may be
// used, but no other traced bus. Context: task; but an edge of a traced pin is
// noted in interrupt context, where the clock's now_us() must work.

#ifndef NIF_TRACE_H
#define NIF_TRACE_H

#include "nif/clock.h"
#include "nif/mdio.h"
#include "nif/pin.h"
#include "nif/spi.h"
#include "nif/uart.h"

NIF_C_BEGIN

/// Where records go. All fields are needed.
struct nif_trace_cfg {
    struct nif_uart *out; ///< set up by the caller; used for nothing else
    struct nif_clock *clock;
    uint8_t *ring;
    size_t ring_len; ///< bytes; 256 at least, 4096 for frames
};

/// Private: what each wrapper has.
struct nif_trace_bus {
    struct nif_trace_bus *next;
    struct nif_trace *trace;
    const char *name;
    uint32_t seq; // of its next record
    uint8_t kind; // of its records
    uint8_t number;
};

struct nif_trace {
    struct nif_trace_cfg cfg; ///< private
    uint32_t lost;            ///< read only: records dropped since the start
    // Private.
    struct nif_trace_bus *buses;
    uint32_t told;   // losses that the stream has told of
    size_t head;     // where the next byte goes
    size_t tail;     // the next to be sent
    size_t commit;   // the end of the last whole record
    uint16_t crc;    // of the record that is being written
    bool full;       // ... which did not fit
    bool open;       // ... whose end is not written yet
    uint8_t count;   // of buses
    uint8_t to_name; // records until the buses are named again
};

/// Starts with an empty ring. Nothing is sent yet.
void nif_trace_init(struct nif_trace *trace, const struct nif_trace_cfg *cfg);

/// Hands on to the line what it takes now. Call it in the main loop; the
/// wrappers call it after each record, too.
///
/// Returns 0, or the line's error; what it did not take stays in the ring.
int nif_trace_poll(struct nif_trace *trace);

/// A wrapper of an SPI device: hand `spi` to the driver.
struct nif_trace_spi {
    struct nif_spi spi;
    struct nif_spi *lower;    ///< private
    struct nif_trace_bus bus; ///< private
    uint64_t at_us;           ///< private
    int err;                  ///< private
};

/// Records what passes to `lower`, an SPI device, under `name`.
void nif_trace_spi_init(struct nif_trace_spi *wrap, struct nif_trace *trace,
    const char *name, struct nif_spi *lower);

/// A wrapper of a serial line.
struct nif_trace_uart {
    struct nif_uart uart;
    struct nif_uart *lower;   ///< private
    struct nif_trace_bus bus; ///< private
};

/// Records what passes to `lower`, a serial line, under `name`.
void nif_trace_uart_init(struct nif_trace_uart *wrap, struct nif_trace *trace,
    const char *name, struct nif_uart *lower);

/// A wrapper of a management bus.
struct nif_trace_mdio {
    struct nif_mdio mdio;
    struct nif_mdio *lower;   ///< private
    struct nif_trace_bus bus; ///< private
};

/// Records what passes to `lower`, a management bus, under `name`.
void nif_trace_mdio_init(struct nif_trace_mdio *wrap, struct nif_trace *trace,
    const char *name, struct nif_mdio *lower);

/// Edges that can wait for the task to write them down; more are lost, and
/// counted.
#define NIF_TRACE_EDGES 8

/// A wrapper of a pin. What the driver writes is recorded, each edge that it
/// has asked to be told of, and a level that it reads and that is new. A pin
/// that the driver writes is not one that it waits for.
struct nif_trace_pin {
    struct nif_pin pin;
    struct nif_pin *lower;    ///< private
    struct nif_trace_bus bus; ///< private
    nif_pin_edge_fn *fn;      ///< private: the driver's
    void *arg;                ///< private
    bool rising;              ///< private
    uint8_t level;            ///< private: recorded last; 2: not yet
    /// Private: times, and the level in the lowest bit.
    uint64_t edge[NIF_TRACE_EDGES];
    volatile uint8_t noted; ///< private: edges, by the interrupt
    volatile uint8_t lost;  ///< private: edges, by the interrupt
    uint8_t written;        ///< private: edges, by the task
    uint8_t lost_told;      ///< private
};

/// Records what passes to `lower`, a pin, under `name`.
void nif_trace_pin_init(struct nif_trace_pin *wrap, struct nif_trace *trace,
    const char *name, struct nif_pin *lower);

NIF_C_END

#endif
