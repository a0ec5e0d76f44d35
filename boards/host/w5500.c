// SPDX-License-Identifier: MIT
//
// Boards with a W5500: SPI, INTn, no RSTn line. One uses the chip's sockets,
// the other its frames.

#include "w5500/w5500.h"
#include "boards/host/host.h"
#include "sim/bus/fault.h"
#include "sim/bus/spi.h"
#include "sim/chips/w5500.h"

#include <stdio.h>
#include <stdlib.h>

// What the data sheet guarantees.
#define BUS_HZ 33300000

struct part {
    struct sim_w5500 model;
    struct sim_spi bus;
    struct sim_pin interrupt;
    struct sim_spi_recorder recorder;
    struct sim_spi_fault fault;
    union {
        struct w5500 sockets;
        struct w5500_raw frames;
    } driver;
};

static struct part *of(struct host_board *board)
{
    return board->part;
}

// A model of the chip on a simulated bus, with a recorder if one is wanted.
static void make_chip(struct host_board *board, struct part *part,
    struct w5500_cfg *driver)
{
    const struct host_board_cfg *cfg = &board->cfg;

    sim_w5500_init(&part->model, board->world,
        &(struct sim_w5500_cfg){ .compat = cfg->compat });
    sim_pin_init(&part->interrupt, &board->cpu, "w5500.int", true);
    if (!cfg->absent) {
        sim_w5500_pins(&part->model, &part->interrupt, NULL);
    }
    sim_spi_init(&part->bus, &board->cpu, cfg->absent ? NULL : &part->model.spi,
        &(struct sim_spi_cfg){ .hz = cfg->bus_hz ? cfg->bus_hz : BUS_HZ });
    driver->spi = &part->bus.spi;
    driver->interrupt = &part->interrupt.pin;
    board->port = &part->model.port;
    if (cfg->trace) {
        sim_spi_record(&part->recorder, cfg->trace, "w5500", "w5500",
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
static int make_replay(struct host_board *board, struct w5500_cfg *driver,
    char why[HOST_WHY])
{
    struct sim_replay *replay = board->cfg.replay;

    driver->spi = sim_replay_spi(replay, NULL);
    driver->interrupt = sim_replay_pin(replay, "w5500.int");
    if (!driver->spi) {
        snprintf(why, HOST_WHY, "the recording must have one SPI bus");
        return -1;
    }
    return 0;
}

static int make(struct host_board *board, struct w5500_cfg *driver,
    char why[HOST_WHY])
{
    const struct host_board_cfg *cfg = &board->cfg;
    struct part *part;

    *driver = (struct w5500_cfg){
        .clock = &board->cpu.clock,
        .hwaddr = { { 2, 0, 0, 0, 0, (uint8_t)(cfg->number + 2) } },
        .phy = cfg->half_duplex ? W5500_PHY_100_HALF : W5500_PHY_STRAPS,
        .seed = cfg->seed,
    };
    if (cfg->revision) {
        snprintf(why, HOST_WHY, "there is one revision of the W5500 only");
        return -1;
    }
    if (cfg->replay && make_replay(board, driver, why) != 0) {
        return -1;
    }
    part = calloc(1, sizeof(*part));
    NIF_ASSERT(part != NULL);
    board->part = part;
    if (!cfg->replay) {
        make_chip(board, part, driver);
    }
    if (cfg->polling) {
        driver->interrupt = NULL;
    }
    board->revision = "version 4";
    return 0;
}

static int make_sockets(struct host_board *board, char why[HOST_WHY])
{
    struct w5500_cfg driver;

    if (make(board, &driver, why) != 0) {
        return -1;
    }
    w5500_init(&of(board)->driver.sockets, &driver);
    board->iface = &of(board)->driver.sockets.chip.iface;
    return 0;
}

static int make_frames(struct host_board *board, char why[HOST_WHY])
{
    struct w5500_cfg driver;

    if (make(board, &driver, why) != 0) {
        return -1;
    }
    w5500_raw_init(&of(board)->driver.frames, &driver);
    board->iface = &of(board)->driver.frames.chip.iface;
    return 0;
}

static void done(struct host_board *board)
{
    struct part *part = of(board);

    if (!board->cfg.replay) {
        sim_w5500_done(&part->model);
        sim_spi_record_done(&part->recorder);
        sim_spi_done(&part->bus);
    }
    free(part);
    board->part = NULL;
}

// ---- the test face

static void reset(struct host_board *board)
{
    sim_w5500_brown_out(&of(board)->model);
}

static void bus_fault(struct host_board *board, enum host_fault kind,
    uint64_t at)
{
    host_spi_fault(&of(board)->fault, kind, at);
}

static unsigned complaints(struct host_board *board)
{
    return sim_w5500_violations(&of(board)->model);
}

static void age(struct host_board *board, uint32_t left)
{
    sim_w5500_origin(&of(board)->model, (uint16_t)left);
}

// OPMDC of PHYCFGR: 6 is power down.
static bool sleeps(struct host_board *board)
{
    return (sim_w5500_reg(&of(board)->model, 0x2E) >> 3 & 7) == 6;
}

static void lose_edge(struct host_board *board)
{
    of(board)->interrupt.lose_edges++;
}

static void tear(struct host_board *board)
{
    for (unsigned socket = 0; socket < W5500_SOCKETS; socket++) {
        sim_w5500_tear(&of(board)->model, socket, 1);
    }
}

static void delay_sendok(struct host_board *board)
{
    sim_w5500_sendok(&of(board)->model, 3 * SIM_MS, 1);
}

// It leaves, but that is not told.
static void lose_sendok(struct host_board *board)
{
    sim_w5500_sendok(&of(board)->model, SIM_NEVER, 1);
}

static void take_slowly(struct host_board *board)
{
    sim_w5500_cr_stick(&of(board)->model, 0, 100 * SIM_US);
}

static void bend_length(struct host_board *board)
{
    sim_w5500_rx_bogus(&of(board)->model, 0xFFFE);
}

// One that a frame could have.
static void stretch_length(struct host_board *board)
{
    sim_w5500_rx_bogus(&of(board)->model, 1514);
}

// Less than its own two bytes.
static void shrink_length(struct host_board *board)
{
    sim_w5500_rx_bogus(&of(board)->model, 1);
}

static const struct host_stimulus of_sockets[] = {
    { .name = "lost-edge", .fn = lose_edge, .late = true },
    { .name = "torn-read", .fn = tear },
    { .name = "late-sendok", .fn = delay_sendok },
    { .name = "lost-sendok", .fn = lose_sendok },
    { .name = "slow-command", .fn = take_slowly },
    { .name = NULL },
};

// Until the next check nobody looks, and the memory may be full by then.
static const struct host_stimulus of_frames[] = {
    { .name = "lost-edge", .fn = lose_edge, .loses = true, .late = true },
    { .name = "torn-read", .fn = tear },
    { .name = "late-sendok", .fn = delay_sendok },
    { .name = "lost-sendok",
        .fn = lose_sendok,
        .loses = true,
        .rest_us = 25000 },
    { .name = "slow-command", .fn = take_slowly },
    { .name = "bent-length", .fn = bend_length, .loses = true },
    { .name = "short-length", .fn = shrink_length, .loses = true },
    { .name = "long-length", .fn = stretch_length, .loses = true },
    { .name = NULL },
};

const struct host_chip host_w5500 = {
    .name = "w5500",
    .about = "100BASE-TX, SPI, eight sockets",
    .bits_per_s = 100000000,
    .make = make_sockets,
    .done = done,
    .reset = reset,
    .bus_fault = bus_fault,
    .complaints = complaints,
    .age = age,
    .sleeps = sleeps,
    .stimuli = of_sockets,
};

const struct host_chip host_w5500_raw = {
    .name = "w5500-raw",
    .about = "the same, frames",
    .bits_per_s = 100000000,
    .make = make_frames,
    .done = done,
    .reset = reset,
    .bus_fault = bus_fault,
    .complaints = complaints,
    .age = age,
    .sleeps = sleeps,
    .recover_us = 2200000,
    .stimuli = of_frames,
};
