// SPDX-License-Identifier: MIT
//
// A board with a LAN9118: registers in memory, its interrupt line.

#include "lan9118/lan9118.h"
#include "boards/host/host.h"
#include "nif/mac.h"
#include "sim/bus/mdio_fault.h"
#include "sim/chips/lan9118.h"

#include <stdio.h>
#include <stdlib.h>

// A base page of IEEE 802.3 with 100BASE-TX half duplex only.
#define HALF_ONLY 0x8081

struct part {
    struct sim_lan9118 chip;
    struct sim_mdio_fault fault;
    struct lan9118 mac;
    struct nif_phy phy;
    struct nif_macphy device;
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
    lan9118_init(&part->mac, &mac);
    sim_mdio_fault_init(&part->fault, &board->cpu, part->mac.mac.mdio);
    board->seams.mdio = &part->fault.mdio;
    nif_phy_init(&part->phy,
        &(struct nif_phy_cfg){ .mdio = &part->fault.mdio,
            .clock = &board->cpu.clock,
            .addrs = 1 << 1 });
    nif_macphy_init(&part->device,
        &(struct nif_macphy_cfg){ .mac = &part->mac.mac,
            .phy = &part->phy,
            .clock = &board->cpu.clock });
    board->iface = &part->device.iface;
}

static int make(struct host_board *board, char why[HOST_WHY])
{
    const struct host_board_cfg *cfg = &board->cfg;
    struct part *part;

    if (cfg->revision || cfg->compat || cfg->replay) {
        snprintf(why, HOST_WHY,
            "of the LAN9118 there is one revision, which forgives nothing and "
            "leaves no recording: --revision and --compat say nothing to it");
        return -1;
    }
    part = calloc(1, sizeof(*part));
    NIF_ASSERT(part != NULL);
    board->part = part;
    sim_lan9118_init(&part->chip, &board->cpu,
        &(struct sim_lan9118_cfg){ .irq = cfg->polling ? NULL : handler,
            .irq_arg = &part->mac });
    part->chip.partner.page = cfg->half_duplex ? HALF_ONLY : 0;
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

static void bus_fault(struct host_board *board, enum host_fault kind,
    uint64_t at)
{
    host_mdio_fault(&of(board)->fault, kind, at);
}

const struct host_chip host_lan9118 = {
    .name = "lan9118",
    .about = "100BASE-TX, registers in memory, frames",
    .bits_per_s = 100000000,
    .make = make,
    .done = done,
    .reset = reset,
    .bus_fault = bus_fault,
};
