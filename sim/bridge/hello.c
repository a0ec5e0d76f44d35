// SPDX-License-Identifier: MIT
//
// The answer to the first request: what there is, and how it is set up.

#include "sim/bridge/bytes.h"

#include <string.h>

static void put(struct sim_bridge *bridge, const void *data, size_t len)
{
    memcpy(bridge->reply + bridge->reply_len, data, len);
    bridge->reply_len += len;
}

static void put8(struct sim_bridge *bridge, uint8_t v)
{
    put(bridge, &v, 1);
}

static void put32(struct sim_bridge *bridge, uint32_t v)
{
    uint8_t raw[4];

    nif_put_le32(raw, v);
    put(bridge, raw, sizeof(raw));
}

// No name is an empty one.
static void put_name(struct sim_bridge *bridge, const char *name)
{
    const char *text = name ? name : "";
    size_t len = strlen(text);

    len = len > UINT8_MAX ? UINT8_MAX : len;
    put8(bridge, (uint8_t)len);
    put(bridge, text, len);
}

static uint8_t flags_of(const struct sim_bridge_board *board)
{
    return (uint8_t)((board->half_duplex ? BRIDGE_HALF_DUPLEX : 0) |
        (board->polling ? BRIDGE_POLLING : 0) |
        (board->no_rts_cts ? BRIDGE_NO_RTS_CTS : 0) |
        (board->use_dhcp ? BRIDGE_USE_DHCP : 0));
}

void sim__bridge_hello(struct sim_bridge *bridge)
{
    const struct sim_bridge_cfg *cfg = &bridge->cfg;
    const struct sim_bridge_board *board = &cfg->board;

    put8(bridge, SIM_BRIDGE_VERSION);
    put8(bridge, 0);
    put8(bridge, flags_of(board));
    put8(bridge,
        (uint8_t)((cfg->spi ? 1 : 0) | (cfg->uart ? 2 : 0) |
            (cfg->mdio ? 4 : 0)));
    put32(bridge, (uint32_t)board->seed);
    put32(bridge, (uint32_t)(board->seed >> 32));
    put32(bridge, board->baud);
    put(bridge, board->ip, 4);
    put(bridge, board->gateway, 4);
    put8(bridge, board->prefix_len);
    put(bridge, board->hwaddr, 6);
    put8(bridge, bridge->pin_count);
    put_name(bridge, board->chip);
    put_name(bridge, board->ssid);
    put_name(bridge, board->passphrase);
    for (size_t i = 0; i < bridge->pin_count; i++) {
        put_name(bridge, cfg->pins[i]->name);
    }
}
