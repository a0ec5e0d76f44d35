// SPDX-License-Identifier: MIT
//
// The bus of a chip on SPI.

#include "boards/host/spi.h"

#include <stdio.h>

static struct host_spi *of(const struct host_board *board)
{
    return board->part; // begins with it
}

void host_spi_init(struct host_board *board, const char *pin)
{
    struct host_spi *at = of(board);

    sim_pin_init(&at->interrupt, &board->cpu, pin, true);
    at->pin = board->cfg.polling ? NULL : &at->interrupt.pin;
}

void host_spi_join(struct host_board *board, const char *name,
    struct sim_spi_chip *chip, uint32_t hz)
{
    const struct host_board_cfg *cfg = &board->cfg;
    struct host_spi *at = of(board);
    struct nif_spi *spi = &at->bus.spi;

    sim_spi_init(&at->bus, &board->cpu, cfg->absent ? NULL : chip,
        &(struct sim_spi_cfg){ .hz = hz });
    if (cfg->trace) {
        sim_spi_record(&at->recorder, cfg->trace, name, name, spi, &at->bus);
        sim_pin_record(cfg->trace, &at->interrupt);
        spi = &at->recorder.spi;
    }
    sim_spi_fault_init(&at->fault, &board->cpu, spi);
    at->spi = &at->fault.spi;
    board->seams.spi = at->spi;
    board->seams.pins[0] = &at->interrupt;
}

int host_spi_replay(struct host_board *board, const char *pin,
    char why[HOST_WHY])
{
    struct sim_replay *replay = board->cfg.replay;
    struct host_spi *at = of(board);

    at->spi = sim_replay_spi(replay, NULL);
    at->pin = board->cfg.polling ? NULL : sim_replay_pin(replay, pin);
    if (!at->spi) {
        snprintf(why, HOST_WHY, "the recording must have one SPI bus");
        return -1;
    }
    return 0;
}

void host_spi_done(struct host_board *board)
{
    struct host_spi *at = of(board);

    sim_spi_record_done(&at->recorder);
    sim_spi_done(&at->bus);
}

// ---- the test face

void host_spi_bus_fault(struct host_board *board, enum host_fault kind,
    uint64_t at)
{
    struct sim_spi_fault *wrap = &of(board)->fault;
    struct sim_fault fault = {
        .at = wrap->transactions + at,
        .count = UINT64_MAX,
    };

    sim_spi_fault_clear(wrap);
    switch (kind) {
    case HOST_FAULT_NONE: return;
    case HOST_FAULT_ZEROS: fault.kind = SIM_FAULT_STUCK; break;
    case HOST_FAULT_ONES:
        fault.kind = SIM_FAULT_STUCK;
        fault.value = 0xFF;
        break;
    case HOST_FAULT_NOISE: fault.kind = SIM_FAULT_NOISE; break;
    case HOST_FAULT_ONE_NOISE:
        fault.kind = SIM_FAULT_NOISE;
        fault.count = 1;
        break;
    case HOST_FAULT_ERROR: fault.kind = SIM_FAULT_EIO; break;
    case HOST_FAULT_ONE_ERROR:
        fault.kind = at % 2 == 0 ? SIM_FAULT_EIO : SIM_FAULT_EIO_LATE;
        fault.count = 1;
        break;
    }
    sim_spi_fault_add(wrap, &fault);
}

void host_spi_lose_edge(struct host_board *board)
{
    of(board)->interrupt.lose_edges++;
}
