// SPDX-License-Identifier: MIT
//
// A board with an ENC28J60: SPI, /INT, no /RESET line.

#include "enc28j60/enc28j60.h"
#include "boards/host/host.h"
#include "sim/bus/fault.h"
#include "sim/bus/spi.h"
#include "sim/chips/enc28j60.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct part {
    struct sim_enc28j60 model;
    struct sim_spi bus;
    struct sim_pin interrupt;
    struct sim_spi_recorder recorder;
    struct sim_spi_fault fault;
    struct enc28j60 driver;
};

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

// A model of the chip on a simulated bus, with a recorder if one is wanted.
static void make_chip(struct host_board *board, struct part *part,
    uint8_t revision, struct enc28j60_cfg *driver)
{
    const struct host_board_cfg *cfg = &board->cfg;

    sim_enc28j60_init(&part->model, board->world,
        &(struct sim_enc28j60_cfg){
            .revision = revision,
            .compat = cfg->compat,
        });
    sim_pin_init(&part->interrupt, &board->cpu, "enc28j60.int", true);
    if (!cfg->absent) {
        sim_enc28j60_pins(&part->model, &part->interrupt, NULL);
    }
    sim_spi_init(&part->bus, &board->cpu, cfg->absent ? NULL : &part->model.spi,
        &(struct sim_spi_cfg){ .hz = cfg->bus_hz });
    driver->spi = &part->bus.spi;
    driver->interrupt = &part->interrupt.pin;
    board->port = &part->model.port;
    if (cfg->trace) {
        sim_spi_record(&part->recorder, cfg->trace, "enc28j60", "enc28j60",
            driver->spi, &part->bus);
        sim_pin_record(cfg->trace, &part->interrupt);
        driver->spi = &part->recorder.spi;
    }
    sim_spi_fault_init(&part->fault, &board->cpu, driver->spi);
    driver->spi = &part->fault.spi;
    board->seams.spi = driver->spi;
    board->seams.pins[0] = &part->interrupt;
}

// A recording in its place.
static int make_replay(struct host_board *board, struct enc28j60_cfg *driver,
    char why[HOST_WHY])
{
    struct sim_replay *replay = board->cfg.replay;

    driver->spi = sim_replay_spi(replay, NULL);
    driver->interrupt = sim_replay_pin(replay, "enc28j60.int");
    if (!driver->spi) {
        snprintf(why, HOST_WHY, "the recording must have one SPI bus");
        return -1;
    }
    return 0;
}

static int make(struct host_board *board, char why[HOST_WHY])
{
    const struct host_board_cfg *cfg = &board->cfg;
    size_t revision = revision_of(cfg->revision);
    struct enc28j60_cfg driver = {
        .clock = &board->cpu.clock,
        .hwaddr = { { 2, 0, 0, 0, 0, (uint8_t)(cfg->number + 2) } },
        .full_duplex = !cfg->half_duplex,
    };
    struct part *part;

    if (revision >= nif_countof(revisions)) {
        snprintf(why, HOST_WHY,
            "there is no revision '%s' of the ENC28J60; there is B1, B4, B5 "
            "and B7",
            cfg->revision);
        return -1;
    }
    if (cfg->replay && make_replay(board, &driver, why) != 0) {
        return -1;
    }
    part = calloc(1, sizeof(*part));
    NIF_ASSERT(part != NULL);
    board->part = part;
    if (!cfg->replay) {
        make_chip(board, part, revisions[revision].revision, &driver);
    }
    if (cfg->polling) {
        driver.interrupt = NULL;
    }
    enc28j60_init(&part->driver, &driver);
    board->iface = &part->driver.iface;
    board->revision = revisions[revision].name;
    return 0;
}

static void done(struct host_board *board)
{
    struct part *part = board->part;

    if (!board->cfg.replay) {
        sim_enc28j60_done(&part->model);
        sim_spi_record_done(&part->recorder);
        sim_spi_done(&part->bus);
    }
    free(part);
    board->part = NULL;
}

// ---- the test face

static struct part *of(struct host_board *board)
{
    return board->part;
}

static void reset(struct host_board *board)
{
    sim_enc28j60_brown_out(&of(board)->model);
}

static void bus_fault(struct host_board *board, enum host_fault kind,
    uint64_t at)
{
    host_spi_fault(&of(board)->fault, kind, at);
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

static void lose_edge(struct host_board *board)
{
    of(board)->interrupt.lose_edges++;
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
    { .name = "lost-edge", .fn = lose_edge, .loses = true, .late = true },
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
    .bus_fault = bus_fault,
    .complaints = complaints,
    .sleeps = sleeps,
    .recover_us = 1500000,
    .stimuli = stimuli,
};
