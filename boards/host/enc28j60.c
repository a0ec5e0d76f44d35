// SPDX-License-Identifier: MIT
//
// A board with an ENC28J60: SPI, /INT, no /RESET line.

#include "enc28j60/enc28j60.h"
#include "boards/host/host.h"
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
    sim_enc28j60_pins(&part->model, &part->interrupt, NULL);
    sim_spi_init(&part->bus, &board->cpu, &part->model.spi,
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

int host_enc28j60_make(struct host_board *board, char why[HOST_WHY])
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

void host_enc28j60_done(struct host_board *board)
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
