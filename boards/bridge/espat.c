// SPDX-License-Identifier: MIT
//
// A module with AT firmware at the bridge: a serial line and its reset line.

#include "espat/espat.h"
#include "boards/bridge/chip.h"

#define BAUD      921600u
#define BAUD_BARE 115200u // without flow control

// Where datagrams wait of who has no place for them.
#define SPARE 1480

const char bridge_chip[] = "espat";
const bool bridge_chip_dhcp = true;

struct nif_iface *bridge_chip_make(struct bridge *bridge)
{
    static struct espat chip;
    static uint8_t spare[SPARE];
    const struct bridge_board *board = &bridge->board;
    struct espat_cfg cfg = {
        .uart = bridge_uart(bridge),
        .clock = &bridge->clock,
        .reset = bridge_pin(bridge, "espat.en"),
        .baud = board->baud,
        .rts_cts = !board->no_rts_cts,
        .poll_us = board->polling ? 1000 : 0,
        .tx = spare,
        .tx_cap = sizeof(spare),
    };

    if (cfg.baud == 0) {
        cfg.baud = board->no_rts_cts ? BAUD_BARE : BAUD;
    }
    espat_init(&chip, &cfg);
    return cfg.uart ? &chip.iface : NULL;
}
