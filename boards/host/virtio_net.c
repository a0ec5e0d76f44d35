// SPDX-License-Identifier: MIT
//
// A board with a virtio network device behind virtio-mmio: registers and rings
// in memory, its interrupt. Two rows of host_chips, for the two layouts of the
// registers.

#include "virtio_net/virtio_net.h"
#include "boards/host/host.h"
#include "sim/chips/virtio_net.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct part {
    struct virtio_net driver; // first: its rings begin at pages
    struct sim_virtio_net chip;
};

static struct part *of(struct host_board *board)
{
    return board->part;
}

static void handler(void *arg)
{
    virtio_net_interrupt(arg);
}

static int make(struct host_board *board, bool legacy, char why[HOST_WHY])
{
    const struct host_board_cfg *cfg = &board->cfg;
    struct part *part;

    if (cfg->revision || cfg->compat || cfg->replay) {
        snprintf(why, HOST_WHY,
            "virtio has no revisions, forgives nothing and leaves no "
            "recording: --revision and --compat say nothing to it; %s has the "
            "other layout of registers",
            legacy ? "virtio_net" : "virtio_net-legacy");
        return -1;
    }
    if (cfg->half_duplex || cfg->bus_hz) {
        snprintf(why, HOST_WHY,
            "a virtio network device has no duplex and no clock of a bus: "
            "--half-duplex and --spi-hz say nothing to it");
        return -1;
    }
    part = aligned_alloc(_Alignof(struct part), sizeof(*part));
    NIF_ASSERT(part != NULL);
    memset(part, 0, sizeof(*part));
    board->part = part;
    sim_virtio_net_init(&part->chip, &board->cpu,
        &(struct sim_virtio_net_cfg){
            .legacy = legacy,
            .empty = cfg->absent,
            .hwaddr = { { 2, 0, 0, 0, 0, (uint8_t)(cfg->number + 2) } },
            .irq = cfg->polling ? NULL : handler,
            .irq_arg = &part->driver,
        });
    virtio_net_init(&part->driver,
        &(struct virtio_net_cfg){
            .mmio = part->chip.mmio,
            .clock = &board->cpu.clock,
            .interrupt = !cfg->polling,
        });
    board->port = &part->chip.nic.port;
    board->iface = &part->driver.iface;
    board->revision = legacy ? "virtio-mmio 1 (legacy)" : "virtio-mmio 2";
    return 0;
}

static int make_modern(struct host_board *board, char why[HOST_WHY])
{
    return make(board, false, why);
}

static int make_legacy(struct host_board *board, char why[HOST_WHY])
{
    return make(board, true, why);
}

static void done(struct host_board *board)
{
    sim_virtio_net_done(&of(board)->chip);
    free(board->part);
    board->part = NULL;
}

// ---- the test face

static void reset(struct host_board *board)
{
    sim_virtio_net_dip(&of(board)->chip);
}

static void needs_reset(struct host_board *board)
{
    sim_virtio_net_break(&of(board)->chip);
}

// From now on buffers come back in another order.
static void shuffle(struct host_board *board)
{
    of(board)->chip.shuffles = true;
}

// The device says what makes no sense: of a buffer that there is not, of one
// that it has not, of more than fits in it.
static void lie_id(struct host_board *board)
{
    sim_virtio_net_lie(&of(board)->chip, 0, 99, 100);
}

static void lie_len(struct host_board *board)
{
    sim_virtio_net_lie(&of(board)->chip, 0, 3, 70000);
}

static void lie_sent(struct host_board *board)
{
    sim_virtio_net_lie(&of(board)->chip, 1, 2, 0);
}

// The first one is for version 2: before, a device cannot say so.
static const struct host_stimulus stimuli[] = {
    { .name = "needs-reset",
        .fn = needs_reset,
        .loses = true,
        .restarts = true },
    { .name = "shuffle", .fn = shuffle },
    { .name = "wrong-buffer", .fn = lie_id, .loses = true, .restarts = true },
    { .name = "wrong-length", .fn = lie_len, .loses = true, .restarts = true },
    { .name = "sent-twice", .fn = lie_sent, .loses = true, .restarts = true },
    { .name = NULL },
};

const struct host_chip host_virtio_net = {
    .name = "virtio_net",
    .about = "virtio network device, registers in memory, frames",
    .bits_per_s = 100000000,
    .make = make_modern,
    .done = done,
    .reset = reset,
    .stimuli = stimuli,
};

const struct host_chip host_virtio_net_legacy = {
    .name = "virtio_net-legacy",
    .about = "the same, registers as before virtio 1.0",
    .bits_per_s = 100000000,
    .make = make_legacy,
    .done = done,
    .reset = reset,
    .stimuli = &stimuli[1],
};
