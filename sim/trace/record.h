// SPDX-License-Identifier: MIT
//
// Recorders: they stand between a driver and its bus, or watch a pin or a
// cable, write what passes into a trace, and change nothing.

#ifndef SIM_TRACE_RECORD_H
#define SIM_TRACE_RECORD_H

#include "nif/mdio.h"
#include "nif/spi.h"
#include "sim/bus/pin.h"
#include "sim/bus/spi.h"
#include "sim/net/cable.h"
#include "sim/trace/trace.h"

struct sim_spi_recorder {
    struct nif_spi spi; ///< give this to a driver
    struct nif_spi *lower;
    struct sim_spi *bus; ///< knows which bytes were driven, or NULL
    struct sim_trace *trace;
    const char *name;
    struct sim_trace_tape tape; ///< private
};

/// Records what passes to `lower`. `bus` is the simulated bus at the bottom,
/// if the recorder stands directly on it: then bytes that nobody drove are
/// marked. Without it all bytes count as driven. `name` is the bus's and must
/// outlive the recorder; `chip` is what the trace says of its chip, or "".
void sim_spi_record(struct sim_spi_recorder *rec, struct sim_trace *trace,
    const char *name, const char *chip, struct nif_spi *lower,
    struct sim_spi *bus);

void sim_spi_record_done(struct sim_spi_recorder *rec);

struct sim_mdio_recorder {
    struct nif_mdio mdio; ///< give this to a driver
    struct nif_mdio *lower;
    struct sim_trace *trace;
    const char *name;
    uint64_t index; ///< private
};

/// Records what passes to `lower`, a bus with an MDC of `hz` (0: not known).
/// `name` is the bus's and must outlive the recorder; `chip` is what the trace
/// says of its chip, or "". A PHY that is not there reads as ones here.
void sim_mdio_record(struct sim_mdio_recorder *rec, struct sim_trace *trace,
    const char *name, const char *chip, struct nif_mdio *lower, uint32_t hz);

/// Records each change of the pin's level. Takes its on_change.
void sim_pin_record(struct sim_trace *trace, struct sim_pin *pin);

struct sim_cable_recorder {
    struct sim_trace *trace;
    struct sim_cable_tap tap;
    unsigned side; ///< whose view "tx" and "rx" are
    const char *name;
};

/// Records each whole frame on the cable as seen by its end `side`.
void sim_cable_record(struct sim_cable_recorder *rec, struct sim_trace *trace,
    const char *name, struct sim_cable *cable, unsigned side);

#endif
