// SPDX-License-Identifier: MIT
//
// A bus with nothing at it, and what rows with registers in memory refuse.

#include "boards/host/host.h"

#include <stdio.h>

static uint32_t absent_read(struct nif_mmio *mmio, uint32_t offset)
{
    struct host_board *board = mmio->model;

    (void)offset;
    sim_cpu_step(&board->cpu);
    return UINT32_MAX;
}

static void absent_write(struct nif_mmio *mmio, uint32_t offset, uint32_t value)
{
    struct host_board *board = mmio->model;

    (void)offset;
    (void)value;
    sim_cpu_step(&board->cpu);
}

struct nif_mmio host_absent_mmio(struct host_board *board)
{
    static const struct nif_mmio_ops ops = {
        .read = absent_read,
        .write = absent_write,
    };

    return (struct nif_mmio){ .ops = &ops, .model = board };
}

bool host_is_plain(const struct host_board *board, const char *chip,
    char why[HOST_WHY])
{
    const struct host_board_cfg *cfg = &board->cfg;

    if (!cfg->revision && !cfg->compat && !cfg->replay) {
        return true;
    }
    snprintf(why, HOST_WHY,
        "there is one revision of the %s, which forgives nothing and leaves no "
        "recording: --revision and --compat say nothing to it",
        chip);
    return false;
}
