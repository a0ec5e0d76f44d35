// SPDX-License-Identifier: MIT
//
// One device on an SPI bus, as its driver sees it.
//
// A `struct nif_spi` is a device, not a bus: it knows its chip select, mode
// and clock rate, and whoever made it (a board file, or sim/bus/spi.c) has
// set those up, chip-select set-up and recovery times included. If several
// devices share the wires, that maker also keeps them apart. Drivers
// therefore never touch a pin, a mode or a lock.
//
// The seam is the transaction: everything between one select and its
// release. Board ports, the simulated bus, the recorder and the fault
// injector implement the three operations below and wrap each other. A
// driver makes one nif_spi_transact() per command of its chip; the three
// separate steps are for chips with a handshake under chip select.
//
// Half-duplex devices (one data line) take segments that have either `tx` or
// `rx`, never both.

#ifndef NIF_SPI_H
#define NIF_SPI_H

#include "nif/base.h"
#include "nif/err.h"

NIF_C_BEGIN

struct nif_spi;

/// A stretch of a transaction: `len` bytes both ways. `tx` NULL sends zeros
/// (half duplex: listens); `rx` NULL drops what comes back. Both buffers are
/// borrowed for the call.
struct nif_spi_seg {
    const uint8_t *tx;
    uint8_t *rx;
    size_t len;
};

/// What a board port or a simulated bus implements. All of it runs in task
/// context, never in an interrupt.
struct nif_spi_ops {
    /// Takes the bus and makes chip select active.
    ///
    /// Returns 0, or NIF_EIO: the device is then not selected.
    int (*select)(struct nif_spi *spi);

    /// Clocks `count` segments in order.
    ///
    /// Returns 0, or NIF_EIO: it is then not known how far it came.
    int (*exchange)(struct nif_spi *spi, const struct nif_spi_seg *segs,
        size_t count);

    /// Makes chip select inactive, at least `hold_ns` after the last bit,
    /// and gives the bus back. Also called when exchange() has failed.
    void (*release)(struct nif_spi *spi, uint32_t hold_ns);
};

struct nif_spi {
    const struct nif_spi_ops *ops;
};

/// One transaction: select, all segments in order, release.
///
/// `hold_ns` is the least time that chip select stays active after the last
/// bit, beyond what the port keeps anyhow; 0 for most commands of most chips.
///
/// Returns 0, or NIF_EIO.
NIF_NODISCARD int nif_spi_transact(struct nif_spi *spi,
    const struct nif_spi_seg *segs, size_t count, uint32_t hold_ns);

NIF_C_END

#endif
