// SPDX-License-Identifier: MIT
//
// A board with the MAC of an STM32F4 and a LAN8720A: registers, DMA, RMII and
// MII management, nINT, nRST. The PHY gives the clock.

#include "stm32_eth/stm32_eth.h"
#include "boards/host/host.h"
#include "lan8720/lan8720.h"
#include "nif/mac.h"
#include "sim/bus/mdio_fault.h"
#include "sim/chips/stm32_eth.h"

#include <stdio.h>
#include <stdlib.h>

// A base page of IEEE 802.3 with 100BASE-TX half duplex only.
#define HALF_ONLY 0x8081

#define HCLK_HZ 168000000u
#define RX      8
#define TX      4

struct part {
    struct sim_stm32_eth eth;
    struct sim_phy phy;
    struct sim_pin interrupt;
    struct sim_pin reset;
    struct sim_event alarm; // a false one ends
    struct sim_event clock; // it is back
    struct sim_mdio_recorder recorder;
    struct sim_mdio_fault fault;
    struct stm32_eth mac;
    struct lan8720 driver;
    struct nif_macphy device;
    struct stm32_eth_slot rx[RX];
    struct stm32_eth_slot tx[TX];
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
    if (!level && part->eth.phy) {
        part->eth.chip[part->phy.cfg.addr] = &part->phy.mdio;
        lose_settings(part);
    }
}

static void on_alarm(struct sim_event *event)
{
    struct part *part = nif_container_of(event, struct part, alarm);

    sim_pin_drive(&part->interrupt,
        (part->phy.int_source & part->phy.int_mask) == 0);
}

static void on_clock(struct sim_event *event)
{
    nif_container_of(event, struct part, clock)->eth.no_clock = false;
}

static void handler(void *arg)
{
    stm32_eth_interrupt(arg);
}

static void make_chip(struct host_board *board)
{
    const struct host_board_cfg *cfg = &board->cfg;
    struct part *part = of(board);

    sim_phy_init(&part->phy, board->world, &(struct sim_phy_cfg){ .addr = 1 });
    sim_pin_init(&part->interrupt, &board->cpu, "stm32_eth.int", true);
    sim_pin_init(&part->reset, &board->cpu, "stm32_eth.reset", true);
    part->reset.on_write = on_reset;
    part->reset.write_arg = part;
    sim_stm32_eth_init(&part->eth, &board->cpu,
        &(struct sim_stm32_eth_cfg){
            .hclk_hz = HCLK_HZ,
            .irq = cfg->polling ? NULL : handler,
            .irq_arg = &part->mac,
        });
    if (!cfg->absent) {
        sim_phy_pin(&part->phy, &part->interrupt);
        sim_stm32_eth_join(&part->eth, &part->phy);
    }
    sim_stm32_eth_partner(&part->eth,
        &(struct sim_phy_partner){ .page = cfg->half_duplex ? HALF_ONLY : 0 });
    board->port = &part->eth.nic.port;
}

static void make_driver(struct host_board *board)
{
    const struct host_board_cfg *cfg = &board->cfg;
    struct part *part = of(board);
    struct nif_mdio *mdio;

    stm32_eth_init(&part->mac,
        &(struct stm32_eth_cfg){
            .mmio = &part->eth.mmio,
            .clock = &board->cpu.clock,
            .rx = part->rx,
            .tx = part->tx,
            .rx_count = RX,
            .tx_count = TX,
            .interrupt = !cfg->polling,
            .hclk_hz = HCLK_HZ,
            .hwaddr = { { 2, 0, 0, 0, 0, (uint8_t)(cfg->number + 2) } },
        });
    mdio = part->mac.mac.mdio;
    if (cfg->trace) {
        sim_mdio_record(&part->recorder, cfg->trace, "stm32_eth", "lan8720a",
            mdio, 0);
        sim_pin_record(cfg->trace, &part->interrupt);
        mdio = &part->recorder.mdio;
    }
    sim_mdio_fault_init(&part->fault, &board->cpu, mdio);
    board->seams.mdio = &part->fault.mdio;
    board->seams.pins[0] = &part->interrupt;
    lan8720_init(&part->driver,
        &(struct lan8720_cfg){
            .phy.clock = &board->cpu.clock,
            .phy.mdio = &part->fault.mdio,
            .phy.interrupt = cfg->polling ? NULL : &part->interrupt.pin,
            .reset = &part->reset.pin,
        });
    nif_macphy_init(&part->device,
        &(struct nif_macphy_cfg){
            .mac = &part->mac.mac,
            .phy = &part->driver.phy,
            .clock = &board->cpu.clock,
        });
    board->iface = &part->device.iface;
}

static int make(struct host_board *board, char why[HOST_WHY])
{
    if (board->cfg.revision || board->cfg.compat) {
        snprintf(why, HOST_WHY,
            "there is one revision of the STM32's MAC, and it forgives "
            "nothing: --revision and --compat say nothing to it");
        return -1;
    }
    if (board->cfg.replay) {
        snprintf(why, HOST_WHY,
            "registers in memory leave no recording that could be replayed");
        return -1;
    }
    board->part = calloc(1, sizeof(struct part));
    NIF_ASSERT(board->part != NULL);
    of(board)->alarm.fn = on_alarm;
    of(board)->clock.fn = on_clock;
    make_chip(board);
    make_driver(board);
    board->revision = "STM32F4 with LAN8720A";
    return 0;
}

static void done(struct host_board *board)
{
    struct part *part = of(board);

    sim_event_cancel(board->world, &part->alarm);
    sim_event_cancel(board->world, &part->clock);
    sim_phy_done(&part->phy);
    sim_stm32_eth_done(&part->eth);
    free(part);
    board->part = NULL;
}

// ---- the test face

// As a dip of the PHY's supply: what was written is gone. The MAC is a part of
// the processor, and loses nothing that the program does not.
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
    sim_stm32_eth_partner(&of(board)->eth, &partners[i].partner);
    *full = partners[i].full;
}

static bool sleeps(struct host_board *board)
{
    const struct part *part = of(board);

    return (part->phy.bmcr & NIF_PHY_BMCR_DOWN) != 0 &&
        !sim_stm32_eth_runs(&part->eth);
}

static void lose_edge(struct host_board *board)
{
    of(board)->interrupt.lose_edges++;
}

// An access of the DMA to memory fails: it is dead until it is reset.
static void break_bus(struct host_board *board)
{
    sim_stm32_eth_break_bus(&of(board)->eth);
}

// The 50 MHz of RMII are away for a moment.
static void stop_clock(struct host_board *board)
{
    struct part *part = of(board);

    part->eth.no_clock = true;
    sim_event_at(board->world, &part->clock,
        board->world->now_ns + 300 * SIM_US);
}

// What the PHY's mode has become by itself; a reset is stronger.
static void change_mode(struct part *part, uint16_t bmcr)
{
    struct sim_mdio_chip *chip = &part->phy.mdio;

    if (!part->phy.resetting) {
        chip->ops->write(chip, NIF_PHY_BMCR, bmcr);
    }
}

// The PHY sends nothing and answers nothing any more, until nRST wakes it.
static void hang_phy(struct host_board *board)
{
    struct part *part = of(board);

    change_mode(part, NIF_PHY_BMCR_DOWN);
    part->eth.chip[part->phy.cfg.addr] = NULL;
}

// nINT is low for a moment, and nobody says why.
static void alarm_falsely(struct host_board *board)
{
    struct part *part = of(board);

    sim_pin_drive(&part->interrupt, false);
    sim_event_at(board->world, &part->alarm,
        board->world->now_ns + 300 * SIM_US);
}

// The PHY forgets to negotiate.
static void force(struct host_board *board)
{
    change_mode(of(board), 0);
}

// Until the two have agreed on a link again; before that it has to be noticed.
#define AGREE_US 2100000
#define REST_US  (AGREE_US + 1200000)

static const struct host_stimulus stimuli[] = {
    { .name = "lost-edge", .fn = lose_edge, .late = true },
    { .name = "false-alarm", .fn = alarm_falsely },
    { .name = "clock-gone", .fn = stop_clock, .loses = true },
    { .name = "forced",
        .fn = force,
        .loses = true,
        .restarts = true,
        .rest_us = REST_US },
    { .name = "bus-error",
        .fn = break_bus,
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

const struct host_chip host_stm32_eth = {
    .name = "stm32_eth",
    .about = "100BASE-TX, the MAC of an STM32F4 with a LAN8720A, frames",
    .bits_per_s = 100000000,
    .make = make,
    .done = done,
    .reset = reset,
    .keeps = true, // the PHY's straps, without the interrupt mask
    .bus_fault = bus_fault,
    .partner = change_partner,
    .sleeps = sleeps,
    .recover_us = 4000000,
    .stimuli = stimuli,
};
