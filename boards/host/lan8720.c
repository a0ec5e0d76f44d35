// SPDX-License-Identifier: MIT
//
// A board with a LAN8720A: a plain MAC with RMII and MDIO, nINT, nRST.

#include "lan8720/lan8720.h"
#include "boards/host/host.h"
#include "nif/mac.h"
#include "sim/bus/mdio_fault.h"
#include "sim/chips/mac.h"

#include <stdio.h>
#include <stdlib.h>

// A base page of IEEE 802.3 with 100BASE-TX half duplex only.
#define HALF_ONLY 0x8081

struct part {
    struct sim_mac mac;
    struct sim_phy phy;
    struct sim_pin interrupt;
    struct sim_pin reset;
    struct sim_event alarm; // a false one ends
    struct sim_mdio_recorder recorder;
    struct sim_mdio_fault fault;
    struct lan8720 driver;
    struct nif_macphy device;
};

static struct part *of(struct host_board *board)
{
    return board->part;
}

// All that was written is gone.
static void lose_settings(struct part *part)
{
    struct sim_mdio_chip *chip = &part->phy.mdio;

    chip->ops->write(chip, NIF_PHY_BMCR, NIF_PHY_BMCR_RESET);
}

// nRST goes low: the PHY is reset, and answers again if it had ceased to.
static void on_reset(struct sim_pin *pin, void *arg, bool level)
{
    struct part *part = arg;

    (void)pin;
    if (!level) {
        part->mac.mdio.chip[part->phy.cfg.addr] = &part->phy.mdio;
        lose_settings(part);
    }
}

static void on_alarm(struct sim_event *event)
{
    struct part *part = nif_container_of(event, struct part, alarm);

    sim_pin_drive(&part->interrupt,
        (part->phy.int_source & part->phy.int_mask) == 0);
}

// A model of the PHY behind the MAC, with a recorder if one is wanted.
static void make_chip(struct host_board *board, struct lan8720_cfg *driver)
{
    const struct host_board_cfg *cfg = &board->cfg;
    struct part *part = of(board);
    struct nif_mdio *mdio = part->mac.mac.mdio;

    sim_phy_init(&part->phy, board->world,
        &(struct sim_phy_cfg){ .addr = 1 }); // as on most modules
    sim_pin_init(&part->interrupt, &board->cpu, "lan8720.int", true);
    if (!cfg->absent) {
        sim_phy_pin(&part->phy, &part->interrupt);
        sim_mac_join(&part->mac, &part->phy);
        part->reset.on_write = on_reset;
        part->reset.write_arg = part;
    }
    sim_mac_partner(&part->mac,
        &(struct sim_phy_partner){ .page = cfg->half_duplex ? HALF_ONLY : 0 });
    if (cfg->trace) {
        sim_mdio_record(&part->recorder, cfg->trace, "lan8720", "lan8720a",
            mdio, part->mac.mdio.hz);
        sim_pin_record(cfg->trace, &part->interrupt);
        mdio = &part->recorder.mdio;
    }
    sim_mdio_fault_init(&part->fault, &board->cpu, mdio);
    driver->phy.mdio = &part->fault.mdio;
    driver->phy.interrupt = &part->interrupt.pin;
    board->seams.mdio = driver->phy.mdio;
    board->seams.pins[0] = &part->interrupt;
    board->port = &part->mac.nic.port;
}

// A recording in its place. The MAC is there, but has no cable.
static int make_replay(struct host_board *board, struct lan8720_cfg *driver,
    char why[HOST_WHY])
{
    struct sim_replay *replay = board->cfg.replay;

    driver->phy.mdio = sim_replay_mdio(replay, NULL);
    driver->phy.interrupt = sim_replay_pin(replay, "lan8720.int");
    if (!driver->phy.mdio) {
        snprintf(why, HOST_WHY, "the recording must have one MDIO bus");
        return -1;
    }
    return 0;
}

static int make(struct host_board *board, char why[HOST_WHY])
{
    const struct host_board_cfg *cfg = &board->cfg;
    struct lan8720_cfg driver = { .phy.clock = &board->cpu.clock };
    struct part *part;

    if (cfg->revision || cfg->compat) {
        snprintf(why, HOST_WHY,
            "there is one revision of the LAN8720A, and it forgives nothing: "
            "--revision and --compat say nothing to it");
        return -1;
    }
    if (cfg->replay && make_replay(board, &driver, why) != 0) {
        return -1;
    }
    part = calloc(1, sizeof(*part));
    NIF_ASSERT(part != NULL);
    board->part = part;
    part->alarm.fn = on_alarm;
    sim_pin_init(&part->reset, &board->cpu, "lan8720.reset", true);
    driver.reset = &part->reset.pin;
    sim_mac_init(&part->mac, &board->cpu,
        &(struct sim_mac_cfg){
            .hwaddr = { { 2, 0, 0, 0, 0, (uint8_t)(cfg->number + 2) } },
            .mdc_hz = cfg->bus_hz,
            .name = "lan8720",
        });
    if (!cfg->replay) {
        make_chip(board, &driver);
    }
    if (cfg->polling) {
        driver.phy.interrupt = NULL;
    }
    lan8720_init(&part->driver, &driver);
    nif_macphy_init(&part->device,
        &(struct nif_macphy_cfg){
            .mac = &part->mac.mac,
            .phy = &part->driver.phy,
            .clock = &board->cpu.clock,
        });
    board->iface = &part->device.iface;
    board->revision = "LAN8720A";
    return 0;
}

static void done(struct host_board *board)
{
    struct part *part = of(board);

    sim_event_cancel(board->world, &part->alarm);
    if (!board->cfg.replay) {
        sim_phy_done(&part->phy);
    }
    sim_mac_done(&part->mac);
    free(part);
    board->part = NULL;
}

// ---- the test face

// As a dip of its supply: what was written is gone.
static void reset(struct host_board *board)
{
    lose_settings(of(board));
}

static void bus_fault(struct host_board *board, enum host_fault kind,
    uint64_t at)
{
    host_mdio_fault(&of(board)->fault, kind, at);
}

static const struct {
    struct sim_phy_partner partner;
    bool full;
} partners[] = {
    { { .page = 0 }, true },
    { { .page = 0x8021 }, false }, // 10BASE-T, half duplex
    { { .page = 0x8041 }, true },  // 10BASE-T, full duplex
    { { .page = HALF_ONLY }, false },
    { { .silent_about_it = true, .is_100 = true }, false },
    { { .silent_about_it = true }, false },
};

static void change_partner(struct host_board *board, unsigned i, bool *full)
{
    i %= (unsigned)nif_countof(partners);
    sim_mac_partner(&of(board)->mac, &partners[i].partner);
    *full = partners[i].full;
}

static bool sleeps(struct host_board *board)
{
    const struct part *part = of(board);

    return (part->phy.bmcr & NIF_PHY_BMCR_DOWN) != 0 && !part->mac.started;
}

static void lose_edge(struct host_board *board)
{
    of(board)->interrupt.lose_edges++;
}

// The MAC's bus fails once.
static void fail_mac(struct host_board *board)
{
    sim_mac_fail(&of(board)->mac, NIF_EIO, 0, 1);
}

// The PHY sends nothing and answers nothing any more, until nRST wakes it.
static void hang_phy(struct host_board *board)
{
    struct part *part = of(board);
    struct sim_mdio_chip *chip = &part->phy.mdio;

    chip->ops->write(chip, NIF_PHY_BMCR, NIF_PHY_BMCR_DOWN);
    part->mac.mdio.chip[part->phy.cfg.addr] = NULL;
}

// nINT is low for a moment, and nobody says why.
static void alarm_falsely(struct host_board *board)
{
    struct part *part = of(board);

    sim_pin_drive(&part->interrupt, false);
    sim_event_at(board->world, &part->alarm,
        board->world->now_ns + 300 * SIM_US);
}

// It forgets to negotiate.
static void force(struct host_board *board)
{
    struct sim_mdio_chip *chip = &of(board)->phy.mdio;

    chip->ops->write(chip, NIF_PHY_BMCR, 0);
}

// Until the two have agreed on a link again; before that it has to be noticed.
#define AGREE_US 2100000
#define REST_US  (AGREE_US + 1200000)

static const struct host_stimulus stimuli[] = {
    { .name = "lost-edge", .fn = lose_edge, .late = true },
    { .name = "false-alarm", .fn = alarm_falsely },
    { .name = "forced",
        .fn = force,
        .loses = true,
        .restarts = true,
        .rest_us = REST_US },
    { .name = "mac-error",
        .fn = fail_mac,
        .loses = true,
        .restarts = true,
        .rest_us = AGREE_US },
    { .name = "phy-hangs",
        .fn = hang_phy,
        .loses = true,
        .restarts = true,
        .rest_us = REST_US },
    { .name = NULL },
};

const struct host_chip host_lan8720 = {
    .name = "lan8720",
    .about = "100BASE-TX, RMII and MDIO behind a plain MAC, frames",
    .bits_per_s = 100000000,
    .make = make,
    .done = done,
    .reset = reset,
    .keeps = true, // its straps, without the interrupt mask
    .bus_fault = bus_fault,
    .partner = change_partner,
    .sleeps = sleeps,
    .recover_us = 4000000,
    .stimuli = stimuli,
};
