// SPDX-License-Identifier: MIT
//
// A board with a LAN8720A: a plain MAC with RMII and MDIO, nINT, nRST.

#include "lan8720/lan8720.h"
#include "boards/host/mac.h"
#include "boards/host/phy.h"
#include "sim/chips/mac.h"

#include <stdio.h>
#include <stdlib.h>

struct part {
    struct host_phy phy;
    struct sim_mac mac;
    struct nif_macphy device;
};

static struct part *of(struct host_board *board)
{
    return board->part;
}

// A model of the PHY behind the MAC, with a recorder if one is wanted.
static void make_chip(struct host_board *board)
{
    const struct host_board_cfg *cfg = &board->cfg;
    struct sim_mac *mac = &of(board)->mac;

    host_phy_init(board, "lan8720.int", "lan8720.reset",
        &mac->mdio.chip[HOST_PHY_ADDR]);
    if (!cfg->absent) {
        sim_mac_join(mac, &of(board)->phy.model);
    }
    sim_mac_partner(mac,
        &(struct sim_phy_partner){
            .page = cfg->half_duplex ? HOST_PHY_HALF_ONLY : 0 });
    host_phy_drive(board, "lan8720", mac->mac.mdio, mac->mdio.hz);
    board->port = &mac->nic.port;
}

// A recording in its place. The MAC is there, but has no cable.
static int make_replay(struct host_board *board, char why[HOST_WHY])
{
    struct sim_replay *replay = board->cfg.replay;
    struct host_phy *phy = &of(board)->phy;
    struct nif_mdio *mdio = sim_replay_mdio(replay, NULL);
    struct nif_pin *interrupt = sim_replay_pin(replay, "lan8720.int");

    if (!mdio) {
        snprintf(why, HOST_WHY, "the recording must have one MDIO bus");
        return -1;
    }
    sim_pin_init(&phy->reset, &board->cpu, "lan8720.reset", true);
    lan8720_init(&phy->driver,
        &(struct lan8720_cfg){
            .phy.clock = &board->cpu.clock,
            .phy.mdio = mdio,
            .phy.interrupt = board->cfg.polling ? NULL : interrupt,
            .reset = &phy->reset.pin,
        });
    return 0;
}

static int make(struct host_board *board, char why[HOST_WHY])
{
    const struct host_board_cfg *cfg = &board->cfg;
    struct part *part;

    if (cfg->revision || cfg->compat) {
        snprintf(why, HOST_WHY,
            "there is one revision of the LAN8720A, and it forgives nothing: "
            "--revision and --compat say nothing to it");
        return -1;
    }
    part = calloc(1, sizeof(*part));
    NIF_ASSERT(part != NULL);
    board->part = part;
    if (cfg->replay && make_replay(board, why) != 0) {
        free(part);
        board->part = NULL;
        return -1;
    }
    sim_mac_init(&part->mac, &board->cpu,
        &(struct sim_mac_cfg){
            .hwaddr = { { 2, 0, 0, 0, 0, (uint8_t)(cfg->number + 2) } },
            .mdc_hz = cfg->bus_hz,
            .name = "lan8720",
        });
    if (!cfg->replay) {
        make_chip(board);
    }
    host_macphy(board, &part->device, &part->mac.mac, &part->phy.driver.phy);
    board->revision = "LAN8720A";
    return 0;
}

static void done(struct host_board *board)
{
    struct part *part = of(board);

    if (!board->cfg.replay) {
        host_phy_done(board);
    }
    sim_mac_done(&part->mac);
    free(part);
    board->part = NULL;
}

// ---- the test face

static void change_partner(struct host_board *board, unsigned i, bool *full)
{
    sim_mac_partner(&of(board)->mac, host_phy_partner(i, full));
}

static bool sleeps(struct host_board *board)
{
    return host_phy_sleeps(board) && !of(board)->mac.started;
}

// The MAC's bus fails once.
static void fail_mac(struct host_board *board)
{
    sim_mac_fail(&of(board)->mac, NIF_EIO, 0, 1);
}

static const struct host_stimulus stimuli[] = {
    HOST_PHY_STIMULI,
    HOST_PHY_ANEW("mac-error", fail_mac, HOST_PHY_AGREE_US),
    { .name = NULL },
};

const struct host_chip host_lan8720 = {
    .name = "lan8720",
    .about = "100BASE-TX, RMII and MDIO behind a plain MAC, frames",
    .bits_per_s = 100000000,
    .make = make,
    .done = done,
    .reset = host_phy_reset,
    .keeps = true, // its straps, without the interrupt mask
    .bus_fault = host_phy_bus_fault,
    .partner = change_partner,
    .sleeps = sleeps,
    .recover_us = 4000000,
    .stimuli = stimuli,
};
