// SPDX-License-Identifier: MIT
//
// A board with the Ethernet controller of a Stellaris LM3S6965: registers in
// memory, its interrupt.

#include "stellaris/stellaris.h"
#include "boards/host/mac.h"
#include "boards/host/phy.h"
#include "sim/chips/stellaris.h"

#include <stdlib.h>

#define CLOCK_HZ 50000000u

struct part {
    struct host_mac mac;
    struct sim_stellaris chip;
    struct stellaris driver;
    uint8_t spare[NIF_ETH_FRAME_MAX];
};

static struct part *of(const struct host_board *board)
{
    return board->part;
}

static void handler(void *arg)
{
    stellaris_interrupt(arg);
}

static void make_driver(struct host_board *board)
{
    const struct host_board_cfg *cfg = &board->cfg;
    struct part *part = of(board);

    stellaris_init(&part->driver,
        &(struct stellaris_cfg){
            .mmio = cfg->absent ? host_absent_mmio(board) : part->chip.mmio,
            .clock = &board->cpu.clock,
            .hwaddr = { { 2, 0, 0, 0, 0, (uint8_t)(cfg->number + 2) } },
            .interrupt = !cfg->polling,
            .spare = part->spare,
            .clock_hz = CLOCK_HZ,
        });
    host_mac_join(board, &part->driver.mac,
        &(struct nif_phy_cfg){
            .ops = &stellaris_phy,
            .interrupt = cfg->polling ? NULL : &part->driver.phy_interrupt,
        });
}

static int make(struct host_board *board, char why[HOST_WHY])
{
    const struct host_board_cfg *cfg = &board->cfg;
    struct part *part;

    if (!host_is_plain(board, "Stellaris", why)) {
        return -1;
    }
    part = calloc(1, sizeof(*part));
    NIF_ASSERT(part != NULL);
    board->part = part;
    sim_stellaris_init(&part->chip, &board->cpu,
        &(struct sim_stellaris_cfg){
            .clock_hz = CLOCK_HZ,
            .irq = cfg->polling ? NULL : handler,
            .irq_arg = &part->driver,
        });
    sim_stellaris_partner(&part->chip,
        &(struct sim_phy_partner){
            .page = cfg->half_duplex ? HOST_PHY_HALF_ONLY : 0 });
    board->port = &part->chip.nic.port;
    make_driver(board);
    board->revision = "LM3S6965";
    return 0;
}

static void done(struct host_board *board)
{
    sim_stellaris_done(&of(board)->chip);
    free(board->part);
    board->part = NULL;
}

// ---- the test face

static void reset(struct host_board *board)
{
    sim_stellaris_reset(&of(board)->chip);
}

static void change_partner(struct host_board *board, unsigned i, bool *full)
{
    sim_stellaris_partner(&of(board)->chip, host_phy_partner(i, full));
}

static bool sleeps(struct host_board *board)
{
    return (of(board)->chip.phy.bmcr & NIF_PHY_BMCR_DOWN) != 0 &&
        !sim_stellaris_runs(&of(board)->chip);
}

// A frame with a bad FCS has come, and takes all others with it.
static void spoil(struct host_board *board)
{
    sim_stellaris_spoil(&of(board)->chip);
}

// The PHY forgets to negotiate.
static void force(struct host_board *board)
{
    struct sim_phy *phy = &of(board)->chip.phy;

    if (!phy->resetting) {
        phy->mdio.ops->write(&phy->mdio, NIF_PHY_BMCR, 0);
    }
}

static const struct host_stimulus stimuli[] = {
    { .name = "bad-frame", .fn = spoil, .loses = true },
    { .name = "forced",
        .fn = force,
        .loses = true,
        .restarts = true,
        .rest_us = HOST_PHY_REST_US },
    { .name = NULL },
};

const struct host_chip host_stellaris = {
    .name = "stellaris",
    .about = "100BASE-TX, the MAC and PHY of a Stellaris LM3S6965, frames",
    .bits_per_s = 100000000,
    .make = make,
    .done = done,
    .reset = reset,
    .bus_fault = host_mac_bus_fault,
    .partner = change_partner,
    .sleeps = sleeps,
    .rx_room = SIM_STELLARIS_FIFO,
    .stimuli = stimuli,
};
