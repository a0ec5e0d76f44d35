// SPDX-License-Identifier: MIT
//
// A board with an ENC28J60: SPI, /INT, no /RESET line.

#include "enc28j60/enc28j60.h"
#include "boards/host/spi.h"
#include "sim/chips/enc28j60.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct part {
    struct host_spi bus;
    struct sim_enc28j60 model;
    struct enc28j60 driver;
};

static struct part *of(struct host_board *board)
{
    return board->part;
}

static const struct {
    const char *name;
    uint8_t revision;
} revisions[] = { { "B1", 2 }, { "B4", 4 }, { "B5", 5 }, { "B7", 6 } };

// The newest is the last.
static size_t revision_of(const char *name)
{
    size_t i = nif_countof(revisions) - 1;

    while (name && i < nif_countof(revisions) &&
        strcmp(revisions[i].name, name) != 0) {
        i--; // from 0 to SIZE_MAX: none
    }
    return i;
}

// A model of the chip on a simulated bus.
static void make_chip(struct host_board *board, uint8_t revision)
{
    const struct host_board_cfg *cfg = &board->cfg;
    struct part *part = of(board);

    sim_enc28j60_init(&part->model, board->world,
        &(struct sim_enc28j60_cfg){
            .revision = revision,
            .compat = cfg->compat,
        });
    host_spi_init(board, "enc28j60.int");
    if (!cfg->absent) {
        sim_enc28j60_pins(&part->model, &part->bus.interrupt, NULL);
    }
    host_spi_join(board, "enc28j60", &part->model.spi, cfg->bus_hz);
    board->port = &part->model.port;
}

static int make(struct host_board *board, char why[HOST_WHY])
{
    const struct host_board_cfg *cfg = &board->cfg;
    size_t revision = revision_of(cfg->revision);
    struct part *part;

    if (revision >= nif_countof(revisions)) {
        snprintf(why, HOST_WHY,
            "there is no revision '%s' of the ENC28J60; there is B1, B4, B5 "
            "and B7",
            cfg->revision);
        return -1;
    }
    part = calloc(1, sizeof(*part));
    NIF_ASSERT(part != NULL);
    board->part = part;
    if (!cfg->replay) {
        make_chip(board, revisions[revision].revision);
    } else if (host_spi_replay(board, "enc28j60.int", why) != 0) {
        free(part);
        board->part = NULL;
        return -1;
    }
    enc28j60_init(&part->driver,
        &(struct enc28j60_cfg){
            .spi = part->bus.spi,
            .clock = &board->cpu.clock,
            .interrupt = part->bus.pin,
            .hwaddr = { { 2, 0, 0, 0, 0, (uint8_t)(cfg->number + 2) } },
            .full_duplex = !cfg->half_duplex,
        });
    board->iface = &part->driver.iface;
    board->revision = revisions[revision].name;
    return 0;
}

static void done(struct host_board *board)
{
    if (!board->cfg.replay) {
        sim_enc28j60_done(&of(board)->model);
        host_spi_done(board);
    }
    free(board->part);
    board->part = NULL;
}

// ---- the test face

static void reset(struct host_board *board)
{
    sim_enc28j60_brown_out(&of(board)->model);
}

static unsigned complaints(struct host_board *board)
{
    return sim_enc28j60_violations(&of(board)->model);
}

static bool sleeps(struct host_board *board)
{
    return (sim_enc28j60_reg(&of(board)->model, ENC_ECON2) & ENC_ECON2_PWRSV) !=
        0;
}

static void raise_tx(struct host_board *board)
{
    sim_enc28j60_irq_spurious(&of(board)->model, 0x0A); // TXIF TXERIF
}

static void raise_rx(struct host_board *board)
{
    sim_enc28j60_irq_spurious(&of(board)->model, 0x01); // RXERIF
}

static void stall(struct host_board *board)
{
    sim_enc28j60_tx_fail(&of(board)->model, SIM_ENC28J60_TX_STALL, 1);
}

static void collide(struct host_board *board)
{
    sim_enc28j60_tx_fail(&of(board)->model, SIM_ENC28J60_TX_LATECOL, 1);
}

static void bend_header(struct host_board *board)
{
    sim_enc28j60_rx_corrupt(&of(board)->model,
        (const uint8_t[6]){ 0x40, 0x11, 0x02 });
}

static const struct host_stimulus stimuli[] = {
    { .name = "sent", .fn = raise_tx },
    { .name = "overrun", .fn = raise_rx, .loses = true },
    { .name = "lost-edge",
        .fn = host_spi_lose_edge,
        .loses = true,
        .late = true },
    { .name = "stall", .fn = stall, .rest_us = 25000 },
    { .name = "late-collision", .fn = collide },
    { .name = "bent-header", .fn = bend_header, .loses = true },
    { .name = NULL },
};

const struct host_chip host_enc28j60 = {
    .name = "enc28j60",
    .about = "10BASE-T, SPI, frames",
    .bits_per_s = 10000000,
    .make = make,
    .done = done,
    .reset = reset,
    .bus_fault = host_spi_bus_fault,
    .complaints = complaints,
    .sleeps = sleeps,
    .recover_us = 1500000,
    .stimuli = stimuli,
};
