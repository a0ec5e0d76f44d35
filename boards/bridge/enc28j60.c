// SPDX-License-Identifier: MIT
//
// An ENC28J60 at the bridge: SPI, /INT, no /RESET line.

#include "enc28j60/enc28j60.h"
#include "boards/bridge/chip.h"

#include <string.h>

const char bridge_chip[] = "enc28j60";
const bool bridge_chip_dhcp = false;

struct nif_iface *bridge_chip_make(struct bridge *bridge)
{
    static struct enc28j60 chip;
    const struct bridge_board *board = &bridge->board;
    struct enc28j60_cfg cfg = {
        .spi = bridge_spi(bridge),
        .clock = &bridge->clock,
        .full_duplex = !board->half_duplex,
    };

    if (!board->polling) {
        cfg.interrupt = bridge_pin(bridge, "enc28j60.int");
    }
    memcpy(cfg.hwaddr.byte, board->hwaddr, sizeof(cfg.hwaddr.byte));
    enc28j60_init(&chip, &cfg);
    return cfg.spi ? &chip.iface : NULL;
}
