// SPDX-License-Identifier: MIT
//
// A board with the MAC of an STM32F4 and a LAN8720A: registers, DMA, RMII and
// MII management, nINT, nRST. The PHY gives the clock.

#include "stm32_eth/stm32_eth.h"
#include "boards/host/mac.h"
#include "boards/host/phy.h"
#include "sim/chips/stm32_eth.h"

#include <stdio.h>
#include <stdlib.h>

#define HCLK_HZ 168000000u
#define RX      8
#define TX      4

struct part {
    struct host_phy phy;
    struct sim_stm32_eth eth;
    struct sim_event clock; // it is back
    struct stm32_eth mac;
    struct nif_macphy device;
    struct stm32_eth_slot rx[RX];
    struct stm32_eth_slot tx[TX];
};

static struct part *of(struct host_board *board)
{
    return board->part;
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

    host_phy_init(board, "stm32_eth.int", "stm32_eth.reset",
        &part->eth.chip[HOST_PHY_ADDR]);
    part->clock.fn = on_clock;
    sim_stm32_eth_init(&part->eth, &board->cpu,
        &(struct sim_stm32_eth_cfg){
            .hclk_hz = HCLK_HZ,
            .irq = cfg->polling ? NULL : handler,
            .irq_arg = &part->mac,
        });
    if (!cfg->absent) {
        sim_stm32_eth_join(&part->eth, &part->phy.model);
    }
    sim_stm32_eth_partner(&part->eth,
        &(struct sim_phy_partner){
            .page = cfg->half_duplex ? HOST_PHY_HALF_ONLY : 0 });
    board->port = &part->eth.nic.port;
}

static void make_driver(struct host_board *board)
{
    const struct host_board_cfg *cfg = &board->cfg;
    struct part *part = of(board);

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
    host_phy_drive(board, "stm32_eth", part->mac.mac.mdio, 0);
    host_macphy(board, &part->device, &part->mac.mac, &part->phy.driver.phy);
}

static int make(struct host_board *board, char why[HOST_WHY])
{
    if (!host_is_plain(board, "STM32's MAC", why)) {
        return -1;
    }
    if (board->cfg.bus_hz) {
        snprintf(why, HOST_WHY,
            "the STM32 makes the clock of MDIO of its own, as fast as the PHY "
            "may be: --spi-hz says nothing to it");
        return -1;
    }
    board->part = calloc(1, sizeof(struct part));
    NIF_ASSERT(board->part != NULL);
    make_chip(board);
    make_driver(board);
    board->revision = "STM32F4 with LAN8720A";
    return 0;
}

static void done(struct host_board *board)
{
    struct part *part = of(board);

    host_phy_done(board);
    sim_event_cancel(board->world, &part->clock);
    sim_stm32_eth_done(&part->eth);
    free(part);
    board->part = NULL;
}

// ---- the test face

static void change_partner(struct host_board *board, unsigned i, bool *full)
{
    sim_stm32_eth_partner(&of(board)->eth, host_phy_partner(i, full));
}

static bool sleeps(struct host_board *board)
{
    return host_phy_sleeps(board) && !sim_stm32_eth_runs(&of(board)->eth);
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

static const struct host_stimulus stimuli[] = {
    HOST_PHY_STIMULI,
    { .name = "clock-gone", .fn = stop_clock, .loses = true },
    HOST_PHY_ANEW("bus-error", break_bus, HOST_PHY_AGREE_US),
    { .name = NULL },
};

const struct host_chip host_stm32_eth = {
    .name = "stm32_eth",
    .about = "100BASE-TX, the MAC of an STM32F4 with a LAN8720A, frames",
    .bits_per_s = 100000000,
    .make = make,
    .done = done,
    // The MAC is a part of the processor, and loses nothing that the program
    // does not.
    .reset = host_phy_reset,
    .keeps = true, // the PHY's straps, without the interrupt mask
    .bus_fault = host_phy_bus_fault,
    .partner = change_partner,
    .sleeps = sleeps,
    .recover_us = 4000000,
    .stimuli = stimuli,
};
