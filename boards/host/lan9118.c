// SPDX-License-Identifier: MIT
//
// A board with a LAN9118: registers in memory, its interrupt line.

#include "lan9118/lan9118.h"
#include "boards/host/mac.h"
#include "boards/host/phy.h"
#include "sim/chips/lan9118.h"

#include <stdlib.h>

struct part {
    struct host_mac mac;
    struct sim_lan9118 chip;
    struct lan9118 driver;
};

static struct part *of(struct host_board *board)
{
    return board->part;
}

static void handler(void *arg)
{
    lan9118_interrupt(arg);
}

static void make_driver(struct host_board *board)
{
    const struct host_board_cfg *cfg = &board->cfg;
    struct part *part = of(board);
    struct lan9118_cfg mac = {
        .mmio = part->chip.mmio,
        .clock = &board->cpu.clock,
        .hwaddr = { { 2, 0, 0, 0, 0, (uint8_t)(cfg->number + 2) } },
        .interrupt = !cfg->polling,
    };

    if (cfg->absent) {
        mac.mmio = host_absent_mmio(board);
    }
    lan9118_init(&part->driver, &mac);
    host_mac_join(board, &part->driver.mac,
        &(struct nif_phy_cfg){ .addrs = 1 << 1 });
}

static int make(struct host_board *board, char why[HOST_WHY])
{
    const struct host_board_cfg *cfg = &board->cfg;
    struct part *part;

    if (!host_is_plain(board, "LAN9118", why)) {
        return -1;
    }
    part = calloc(1, sizeof(*part));
    NIF_ASSERT(part != NULL);
    board->part = part;
    sim_lan9118_init(&part->chip, &board->cpu,
        &(struct sim_lan9118_cfg){ .irq = cfg->polling ? NULL : handler,
            .irq_arg = &part->driver });
    part->chip.partner.page = cfg->half_duplex ? HOST_PHY_HALF_ONLY : 0;
    board->port = &part->chip.nic.port;
    make_driver(board);
    board->revision = "LAN9118";
    return 0;
}

static void done(struct host_board *board)
{
    sim_lan9118_done(&of(board)->chip);
    free(board->part);
    board->part = NULL;
}

// ---- the test face

static void reset(struct host_board *board)
{
    sim_lan9118_dip(&of(board)->chip);
}

const struct host_chip host_lan9118 = {
    .name = "lan9118",
    .about = "100BASE-TX, registers in memory, frames",
    .bits_per_s = 100000000,
    .make = make,
    .done = done,
    .reset = reset,
    .bus_fault = host_mac_bus_fault,
};
