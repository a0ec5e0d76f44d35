// SPDX-License-Identifier: MIT
//
// A W5500 at the bridge: SPI, INTn, no RSTn line. With BRIDGE_W5500_RAW its
// frames are used, else its sockets.

#include "w5500/w5500.h"
#include "boards/bridge/chip.h"

#include <string.h>

#if defined(BRIDGE_W5500_RAW)
const char bridge_chip[] = "w5500-raw";
#else
const char bridge_chip[] = "w5500";
#endif
const bool bridge_chip_dhcp = false;

struct nif_iface *bridge_chip_make(struct bridge *bridge)
{
    const struct bridge_board *board = &bridge->board;
    struct w5500_cfg cfg = {
        .spi = bridge_spi(bridge),
        .clock = &bridge->clock,
        .phy = board->half_duplex ? W5500_PHY_100_HALF : W5500_PHY_STRAPS,
        .seed = board->seed,
    };

    if (!board->polling) {
        cfg.interrupt = bridge_pin(bridge, "w5500.int");
    }
    memcpy(cfg.hwaddr.byte, board->hwaddr, sizeof(cfg.hwaddr.byte));
    if (!cfg.spi) {
        return NULL;
    }
#if defined(BRIDGE_W5500_RAW)
    static struct w5500_raw chip;

    w5500_raw_init(&chip, &cfg);
#else
    static struct w5500 chip;

    w5500_init(&chip, &cfg);
#endif
    return &chip.chip.iface;
}
