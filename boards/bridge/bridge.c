// SPDX-License-Identifier: MIT
//
// The processor's side of the bridge: requests, the first one, the clock.

#include "boards/bridge/bridge.h"

#include "boards/bridge/private.h"

#include <string.h>

#define REQUEST_HEAD 4
#define REPLY_HEAD   24
#define EDGE_LEN     12

#define FLAG_REFUSED (1u << 0)
#define FLAG_OVER    (1u << 1)

#define BOARD_HALF_DUPLEX (1u << 0)
#define BOARD_POLLING     (1u << 1)
#define BOARD_NO_RTS_CTS  (1u << 2)
#define BOARD_USE_DHCP    (1u << 3)

// The payload of HELLO's answer before the names.
#define HELLO_LEN 32

NIF_NORETURN static void end(struct bridge *bridge, bool lost)
{
    if (bridge->cfg.ended) {
        bridge->cfg.ended(bridge, lost);
    }
    nif_panic("bridge: the other end is gone");
}

// ---- a request and its reply

// What cannot be sent is noticed when no answer comes: the other end may have
// left a last word.
void bridge__send(struct bridge *bridge, const uint8_t *data, size_t len)
{
    struct bridge_link *link = bridge->cfg.link;

    if (len > 0) {
        (void)link->write(link, data, len);
    }
}

int bridge__begin(struct bridge *bridge, enum bridge_op op, const uint8_t *data,
    size_t len, size_t total)
{
    uint8_t head[64] = { (uint8_t)op };

    if (bridge->in_handler) {
        return NIF_EIO;
    }
    NIF_ASSERT(len <= sizeof(head) - REQUEST_HEAD && total <= BRIDGE_PAYLOAD);
    nif_put_le16(head + 2, (uint16_t)total);
    if (len > 0) {
        memcpy(head + REQUEST_HEAD, data, len);
    }
    bridge__send(bridge, head, REQUEST_HEAD + len);
    return 0;
}

void bridge__receive(struct bridge *bridge, uint8_t *buf, size_t len)
{
    struct bridge_link *link = bridge->cfg.link;

    if (len > 0 && link->read(link, buf, len) != 0) {
        end(bridge, true);
    }
}

static void take_edge(struct bridge *bridge, const uint8_t edge[EDGE_LEN])
{
    struct bridge_pin *pin = &bridge->pins[edge[0]];
    uint32_t bit = 1u << edge[0];

    if (edge[0] >= bridge->pin_count || !pin->edge_fn) {
        return;
    }
    bridge->now_ns = bridge__get64(edge + 4);
    bridge->levels = edge[1] ? bridge->levels | bit : bridge->levels & ~bit;
    bridge->in_handler = true;
    pin->edge_fn(pin->edge_arg);
    bridge->in_handler = false;
}

int32_t bridge__end(struct bridge *bridge, size_t *len)
{
    uint8_t head[REPLY_HEAD];
    uint8_t edge[EDGE_LEN];

    bridge__receive(bridge, head, sizeof(head));
    if (head[1] & FLAG_OVER) {
        end(bridge, false);
    }
    for (unsigned i = 0; i < head[20]; i++) {
        bridge__receive(bridge, edge, sizeof(edge));
        take_edge(bridge, edge);
    }
    bridge->now_ns = bridge__get64(head + 8);
    bridge->levels = nif_get_le32(head + 16);
    *len = nif_get_le16(head + 2);
    // What is refused here is a mistake of this side.
    NIF_ASSERT(!(head[1] & FLAG_REFUSED) || head[0] == OP_HELLO);
    return (int32_t)nif_get_le32(head + 4);
}

int32_t bridge__ask(struct bridge *bridge, enum bridge_op op,
    const uint8_t *data, size_t len, uint8_t *out, size_t cap)
{
    int32_t result = bridge__begin(bridge, op, data, len, len);
    uint8_t rest;

    if (result != 0) {
        return result;
    }
    result = bridge__end(bridge, &len);
    cap = cap < len ? cap : len;
    bridge__receive(bridge, out, cap);
    for (; cap < len; cap++) {
        bridge__receive(bridge, &rest, 1);
    }
    return result;
}

// ---- clock

static struct bridge *of(struct nif_clock *clock)
{
    return nif_container_of(clock, struct bridge, clock);
}

static uint64_t clock_now_us(struct nif_clock *clock)
{
    struct bridge *bridge = of(clock);
    uint8_t us[8] = { 0 };

    if (bridge->in_handler) {
        return bridge->now_ns / 1000;
    }
    (void)bridge__ask(bridge, OP_NOW, NULL, 0, us, sizeof(us));
    return bridge__get64(us);
}

static void clock_delay_us(struct nif_clock *clock, uint32_t us)
{
    uint8_t raw[4];

    nif_put_le32(raw, us);
    (void)bridge__ask(of(clock), OP_DELAY, raw, sizeof(raw), NULL, 0);
}

// What wakes while it waits has ended this wait, and not the next one.
static void clock_wait(struct nif_clock *clock, uint64_t until_us)
{
    struct bridge *bridge = of(clock);
    uint8_t raw[9];

    nif_put_le32(raw, (uint32_t)until_us);
    nif_put_le32(raw + 4, (uint32_t)(until_us >> 32));
    raw[8] = bridge->woken;
    (void)bridge__ask(bridge, OP_WAIT, raw, sizeof(raw), NULL, 0);
    bridge->woken = false;
}

static void clock_wake(struct nif_clock *clock)
{
    of(clock)->woken = true;
}

// ---- beginning and end

static void take_board(struct bridge *bridge, const uint8_t raw[HELLO_LEN])
{
    struct bridge_board *board = &bridge->board;

    board->half_duplex = (raw[2] & BOARD_HALF_DUPLEX) != 0;
    board->polling = (raw[2] & BOARD_POLLING) != 0;
    board->no_rts_cts = (raw[2] & BOARD_NO_RTS_CTS) != 0;
    board->use_dhcp = (raw[2] & BOARD_USE_DHCP) != 0;
    bridge->buses = raw[3];
    board->seed = bridge__get64(raw + 4);
    board->baud = nif_get_le32(raw + 12);
    memcpy(board->ip, raw + 16, sizeof(board->ip));
    memcpy(board->gateway, raw + 20, sizeof(board->gateway));
    board->prefix_len = raw[24];
    memcpy(board->hwaddr, raw + 25, sizeof(board->hwaddr));
}

// Takes a name of the payload's remaining `*left` bytes; one that is too long
// is cut.
static void take_name(struct bridge *bridge, char *out, size_t cap,
    size_t *left)
{
    uint8_t len = 0;
    char c;

    if (*left > 0) {
        bridge__receive(bridge, &len, 1);
        --*left;
    }
    len = len < *left ? len : (uint8_t)*left;
    *left -= len;
    for (size_t i = 0; i < len; i++) {
        bridge__receive(bridge, (uint8_t *)&c, 1);
        if (i + 1 < cap) {
            out[i] = c;
            out[i + 1] = '\0';
        }
    }
}

int bridge_start(struct bridge *bridge)
{
    static const uint8_t hello[] = { 'N', 'I', 'F', 'B', BRIDGE_VERSION };
    struct bridge_board *board = &bridge->board;
    uint8_t raw[HELLO_LEN];
    uint8_t spare;
    size_t len;

    if (bridge__begin(bridge, OP_HELLO, hello, sizeof(hello), sizeof(hello)) !=
        0) {
        return NIF_EPROTO;
    }
    if (bridge__end(bridge, &len) != 0 || len < sizeof(raw)) {
        size_t cap = sizeof(bridge->why) - 1;

        bridge__receive(bridge, (uint8_t *)bridge->why, len < cap ? len : cap);
        return NIF_EPROTO;
    }
    bridge__receive(bridge, raw, sizeof(raw));
    len -= sizeof(raw);
    take_board(bridge, raw);
    take_name(bridge, board->chip, sizeof(board->chip), &len);
    take_name(bridge, board->ssid, sizeof(board->ssid), &len);
    take_name(bridge, board->passphrase, sizeof(board->passphrase), &len);
    bridge->pin_count = raw[31] < BRIDGE_PINS ? raw[31] : BRIDGE_PINS;
    for (size_t i = 0; i < bridge->pin_count; i++) {
        take_name(bridge, bridge->pins[i].name, BRIDGE_NAME, &len);
    }
    for (; len > 0; len--) { // pins that are not known here
        bridge__receive(bridge, &spare, 1);
    }
    return raw[0] == BRIDGE_VERSION ? 0 : NIF_EPROTO;
}

void bridge_stop(struct bridge *bridge)
{
    (void)bridge__ask(bridge, OP_BYE, NULL, 0, NULL, 0);
}

void bridge_init(struct bridge *bridge, const struct bridge_cfg *cfg)
{
    static const struct nif_clock_ops ops = {
        .now_us = clock_now_us,
        .delay_us = clock_delay_us,
        .wait = clock_wait,
        .wake = clock_wake,
    };

    memset(bridge, 0, sizeof(*bridge));
    bridge->clock.ops = &ops;
    bridge->cfg = *cfg;
    bridge__buses(bridge);
}
