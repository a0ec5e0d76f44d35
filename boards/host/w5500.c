// SPDX-License-Identifier: MIT
//
// Boards with a W5500: SPI, INTn, no RSTn line. One uses the chip's sockets,
// the other its frames.

#include "w5500/w5500.h"
#include "boards/host/spi.h"
#include "sim/chips/w5500.h"

#include <stdio.h>
#include <stdlib.h>

// What the data sheet guarantees.
#define BUS_HZ 33300000

struct part {
    struct host_spi bus;
    struct sim_w5500 model;
    union {
        struct w5500 sockets;
        struct w5500_raw frames;
    } driver;
};

static struct part *of(struct host_board *board)
{
    return board->part;
}

// A model of the chip on a simulated bus.
static void make_chip(struct host_board *board)
{
    const struct host_board_cfg *cfg = &board->cfg;
    struct part *part = of(board);

    sim_w5500_init(&part->model, board->world,
        &(struct sim_w5500_cfg){ .compat = cfg->compat });
    host_spi_init(board, "w5500.int");
    if (!cfg->absent) {
        sim_w5500_pins(&part->model, &part->bus.interrupt, NULL);
    }
    host_spi_join(board, "w5500", &part->model.spi,
        cfg->bus_hz ? cfg->bus_hz : BUS_HZ);
    board->port = &part->model.port;
}

static int make(struct host_board *board, struct w5500_cfg *driver,
    char why[HOST_WHY])
{
    const struct host_board_cfg *cfg = &board->cfg;
    struct part *part;

    if (cfg->revision) {
        snprintf(why, HOST_WHY, "there is one revision of the W5500 only");
        return -1;
    }
    part = calloc(1, sizeof(*part));
    NIF_ASSERT(part != NULL);
    board->part = part;
    if (!cfg->replay) {
        make_chip(board);
    } else if (host_spi_replay(board, "w5500.int", why) != 0) {
        free(part);
        board->part = NULL;
        return -1;
    }
    *driver = (struct w5500_cfg){
        .spi = part->bus.spi,
        .clock = &board->cpu.clock,
        .interrupt = part->bus.pin,
        .hwaddr = { { 2, 0, 0, 0, 0, (uint8_t)(cfg->number + 2) } },
        .phy = cfg->half_duplex ? W5500_PHY_100_HALF : W5500_PHY_STRAPS,
        .seed = cfg->seed,
    };
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
    if (!board->cfg.replay) {
        sim_w5500_done(&of(board)->model);
        host_spi_done(board);
    }
    free(board->part);
    board->part = NULL;
}

// ---- the test face

static void reset(struct host_board *board)
{
    sim_w5500_brown_out(&of(board)->model);
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
    { .name = "lost-edge", .fn = host_spi_lose_edge, .late = true },
    { .name = "torn-read", .fn = tear },
    { .name = "late-sendok", .fn = delay_sendok },
    { .name = "lost-sendok", .fn = lose_sendok },
    { .name = "slow-command", .fn = take_slowly },
    { .name = NULL },
};

// Until the next check nobody looks, and the memory may be full by then.
static const struct host_stimulus of_frames[] = {
    { .name = "lost-edge",
        .fn = host_spi_lose_edge,
        .loses = true,
        .late = true },
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
    .bus_fault = host_spi_bus_fault,
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
    .bus_fault = host_spi_bus_fault,
    .complaints = complaints,
    .age = age,
    .sleeps = sleeps,
    .recover_us = 2200000,
    .stimuli = of_frames,
};
