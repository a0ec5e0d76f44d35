// SPDX-License-Identifier: MIT
//
// The bus of a chip on SPI as boards have it: an interrupt line, a recorder, a
// fault wrapper; and what of the test face of a row (host.h) is the same for
// all of them.

#ifndef BOARDS_HOST_SPI_H
#define BOARDS_HOST_SPI_H

#include "boards/host/host.h"
#include "sim/bus/fault.h"
#include "sim/bus/spi.h"

/// First member of a row's part, so that the functions below find it.
struct host_spi {
    struct sim_spi bus;
    struct sim_pin interrupt;
    struct sim_spi_recorder recorder;
    struct sim_spi_fault fault;
    // What the driver is given.
    struct nif_spi *spi;
    struct nif_pin *pin; // NULL: the board polls
};

/// Makes the interrupt line, whose name is `pin`: a string constant. The caller
/// joins the chip to it, unless the board has none.
void host_spi_init(struct host_board *board, const char *pin);

/// Makes a bus at `hz` with `chip` at it, unless the board has none, and with a
/// recorder if one is wanted. `name`: of the row.
void host_spi_join(struct host_board *board, const char *name,
    struct sim_spi_chip *chip, uint32_t hz);

/// The board's recording in place of all that. Returns 0, or -1 and says why.
int host_spi_replay(struct host_board *board, const char *pin,
    char why[HOST_WHY]);

void host_spi_done(struct host_board *board);

/// A row of host_chip.
void host_spi_bus_fault(struct host_board *board, enum host_fault kind,
    uint64_t at);

/// A stimulus: the next edge of the interrupt line is lost.
void host_spi_lose_edge(struct host_board *board);

#endif
