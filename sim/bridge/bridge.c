// SPDX-License-Identifier: MIT
//
// The world's side of the bridge: requests, one after the other.

#include "sim/bridge/bridge.h"

#include "sim/bridge/bytes.h"

#include <string.h>

static const char too_short[] = "the request is too short or too long";
static const char no_bus[] = "there is no such bus";
static const char not_so[] = "the value makes no sense";

// ---- clock

static void op_now(struct sim_bridge *bridge)
{
    bridge_put64(bridge->reply, nif_clock_now_us(&bridge->cfg.cpu->clock));
    bridge->reply_len = 8;
}

static void op_delay(struct sim_bridge *bridge)
{
    nif_clock_delay_us(&bridge->cfg.cpu->clock, nif_get_le32(bridge->request));
}

// The latch of the other side is what counts; here it is set by edges, whose
// handlers run there, and by a UART's interrupt.
static void op_wait(struct sim_bridge *bridge)
{
    if (bridge->request[8] != 0) {
        nif_clock_wake(&bridge->cfg.cpu->clock);
    }
    nif_clock_wait(&bridge->cfg.cpu->clock, bridge_get64(bridge->request));
}

// ---- SPI

static void op_select(struct sim_bridge *bridge)
{
    struct nif_spi *spi = bridge->cfg.spi;

    if (bridge->selected) {
        bridge->why = "the device is selected already";
        return;
    }
    bridge->result = spi->ops->select(spi);
    bridge->selected = bridge->result == 0;
}

// Takes the segments from `at` on: their list, then what is sent. Returns
// their number; 0: they make no sense.
static size_t take_segs(struct sim_bridge *bridge, size_t at,
    struct nif_spi_seg segs[BRIDGE_SEGS])
{
    const uint8_t *row = bridge->request + at + 1;
    size_t count = bridge->request[at];
    size_t data = at + 1 + 3 * count;
    size_t got = 0;

    if (count == 0 || count > BRIDGE_SEGS || data > bridge->request_len) {
        return 0;
    }
    for (size_t i = 0; i < count; i++, row += 3) {
        size_t len = nif_get_le16(row + 1);

        segs[i] = (struct nif_spi_seg){ .len = len };
        if (row[0] & BRIDGE_SEG_TX) {
            segs[i].tx = bridge->request + data;
            data += len;
        }
        if (row[0] & BRIDGE_SEG_RX) {
            segs[i].rx = bridge->reply + got;
            got += len;
        }
        if (row[0] & ~(BRIDGE_SEG_TX | BRIDGE_SEG_RX) ||
            data > bridge->request_len || got > sizeof(bridge->reply)) {
            return 0;
        }
    }
    if (data != bridge->request_len) {
        return 0;
    }
    bridge->reply_len = got;
    return count;
}

static void op_exchange(struct sim_bridge *bridge)
{
    struct nif_spi *spi = bridge->cfg.spi;
    struct nif_spi_seg segs[BRIDGE_SEGS];
    size_t count = take_segs(bridge, 0, segs);

    if (!bridge->selected || count == 0) {
        bridge->why = count == 0 ? not_so : "the device is not selected";
        return;
    }
    memset(bridge->reply, 0, bridge->reply_len);
    bridge->result = spi->ops->exchange(spi, segs, count);
}

static void op_release(struct sim_bridge *bridge)
{
    struct nif_spi *spi = bridge->cfg.spi;

    if (!bridge->selected) {
        bridge->why = "the device is not selected";
        return;
    }
    spi->ops->release(spi, nif_get_le32(bridge->request));
    bridge->selected = false;
}

static void op_transact(struct sim_bridge *bridge)
{
    struct nif_spi_seg segs[BRIDGE_SEGS];
    size_t count = take_segs(bridge, 4, segs);

    if (bridge->selected || count == 0) {
        bridge->why = count == 0 ? not_so : "the device is selected already";
        return;
    }
    memset(bridge->reply, 0, bridge->reply_len);
    bridge->result = nif_spi_transact(bridge->cfg.spi, segs, count,
        nif_get_le32(bridge->request));
}

// ---- UART and MDIO

static void op_write(struct sim_bridge *bridge)
{
    struct nif_uart *uart = bridge->cfg.uart;

    bridge->result =
        uart->ops->write(uart, bridge->request, bridge->request_len);
}

static void op_read(struct sim_bridge *bridge)
{
    struct nif_uart *uart = bridge->cfg.uart;

    bridge->result =
        uart->ops->read(uart, bridge->reply, nif_get_le16(bridge->request));
    bridge->reply_len = bridge->result > 0 ? (size_t)bridge->result : 0;
}

static void op_drained(struct sim_bridge *bridge)
{
    struct nif_uart *uart = bridge->cfg.uart;

    bridge->result = uart->ops->drained(uart);
}

static void op_errors(struct sim_bridge *bridge)
{
    struct nif_uart *uart = bridge->cfg.uart;

    bridge->result = (int32_t)uart->ops->errors(uart);
}

static void op_configure(struct sim_bridge *bridge)
{
    struct nif_uart *uart = bridge->cfg.uart;

    bridge->result = uart->ops->configure(uart, nif_get_le32(bridge->request),
        bridge->request[4] != 0);
}

static void op_mdio(struct sim_bridge *bridge)
{
    struct nif_mdio *mdio = bridge->cfg.mdio;
    uint8_t phy = bridge->request[0];
    uint8_t reg = bridge->request[1];

    if (phy > 31 || reg > 31) {
        bridge->why = not_so;
    } else if (bridge->op == BRIDGE_MDIO_READ) {
        bridge->result = mdio->ops->read(mdio, phy, reg);
    } else {
        bridge->result =
            mdio->ops->write(mdio, phy, reg, nif_get_le16(bridge->request + 2));
    }
}

// ---- pins

static void on_edge(void *arg)
{
    struct sim_bridge_pin *pin = arg;
    struct sim_bridge *bridge = pin->bridge;

    if (bridge->edge_count < SIM_BRIDGE_EDGES) {
        bridge->edges[bridge->edge_count++] = (struct sim_bridge_edge){
            .pin = pin->index,
            .level = pin->rising,
            .at_ns = bridge->cfg.cpu->world->now_ns,
        };
    }
    nif_clock_wake(&bridge->cfg.cpu->clock); // ends a wait
}

static void op_pin(struct sim_bridge *bridge)
{
    uint8_t index = bridge->request[0];
    uint8_t value = bridge->request[1];
    struct nif_pin *pin;

    if (index >= bridge->pin_count) {
        bridge->why = "there is no such pin";
        return;
    }
    pin = &bridge->cfg.pins[index]->pin;
    if (bridge->op == BRIDGE_PIN_READ) {
        bridge->result = nif_pin_read(pin);
    } else if (bridge->op == BRIDGE_PIN_WRITE && value <= 1) {
        nif_pin_write(pin, value == 1);
    } else if (bridge->op == BRIDGE_PIN_EDGE && value <= 2) {
        bridge->pins[index].rising = value == 2;
        nif_pin_on_edge(pin, value == 2, value != 0 ? on_edge : NULL,
            &bridge->pins[index]);
    } else {
        bridge->why = not_so;
    }
}

// ---- requests

static void op_hello(struct sim_bridge *bridge)
{
    if (memcmp(bridge->request, "NIFB", 4) != 0) {
        bridge->why = "who is that? A request begins with NIFB";
    } else if (bridge->request[4] != SIM_BRIDGE_VERSION) {
        bridge->why = "this is version 1 of the bridge";
    } else {
        bridge->greeted = true;
        sim__bridge_hello(bridge);
    }
}

static void op_bye(struct sim_bridge *bridge)
{
    bridge->done = true;
}

enum need { NEED_NOTHING, NEED_SPI, NEED_UART, NEED_MDIO };

#define OPEN_END 0x100u // a request may be longer

static const struct op {
    uint8_t op;
    uint8_t need; // enum need
    uint32_t len; // of a request
    void (*fn)(struct sim_bridge *bridge);
} ops[] = {
    { BRIDGE_HELLO, NEED_NOTHING, 5, op_hello },
    { BRIDGE_BYE, NEED_NOTHING, 0, op_bye },
    { BRIDGE_NOW, NEED_NOTHING, 0, op_now },
    { BRIDGE_DELAY, NEED_NOTHING, 4, op_delay },
    { BRIDGE_WAIT, NEED_NOTHING, 9, op_wait },
    { BRIDGE_SPI_SELECT, NEED_SPI, 0, op_select },
    { BRIDGE_SPI_EXCHANGE, NEED_SPI, 1 | OPEN_END, op_exchange },
    { BRIDGE_SPI_RELEASE, NEED_SPI, 4, op_release },
    { BRIDGE_SPI_TRANSACT, NEED_SPI, 5 | OPEN_END, op_transact },
    { BRIDGE_UART_WRITE, NEED_UART, OPEN_END, op_write },
    { BRIDGE_UART_READ, NEED_UART, 2, op_read },
    { BRIDGE_UART_DRAINED, NEED_UART, 0, op_drained },
    { BRIDGE_UART_ERRORS, NEED_UART, 0, op_errors },
    { BRIDGE_UART_CONFIGURE, NEED_UART, 5, op_configure },
    { BRIDGE_MDIO_READ, NEED_MDIO, 2, op_mdio },
    { BRIDGE_MDIO_WRITE, NEED_MDIO, 4, op_mdio },
    { BRIDGE_PIN_READ, NEED_NOTHING, 2, op_pin },
    { BRIDGE_PIN_WRITE, NEED_NOTHING, 2, op_pin },
    { BRIDGE_PIN_EDGE, NEED_NOTHING, 2, op_pin },
};

static bool has(const struct sim_bridge *bridge, uint8_t need)
{
    switch (need) {
    case NEED_SPI: return bridge->cfg.spi != NULL;
    case NEED_UART: return bridge->cfg.uart != NULL;
    case NEED_MDIO: return bridge->cfg.mdio != NULL;
    default: return true;
    }
}

static const struct op *find(uint8_t op)
{
    for (size_t i = 0; i < nif_countof(ops); i++) {
        if (ops[i].op == op) {
            return &ops[i];
        }
    }
    return NULL;
}

static void carry_out(struct sim_bridge *bridge)
{
    const struct op *op = find(bridge->op);
    size_t len = op ? op->len & (OPEN_END - 1u) : 0;

    if (!op) {
        bridge->why = "there is no such request";
    } else if (!bridge->greeted && op->op != BRIDGE_HELLO) {
        bridge->why = "the first request is HELLO";
    } else if (bridge->request_len < len ||
        (bridge->request_len > len && !(op->len & OPEN_END))) {
        bridge->why = too_short;
    } else if (!has(bridge, op->need)) {
        bridge->why = no_bus;
    } else {
        op->fn(bridge);
    }
}

static int receive(struct sim_bridge *bridge)
{
    struct sim_bridge_link *link = bridge->cfg.link;
    uint8_t head[BRIDGE_REQUEST_HEAD];

    if (link->read(link, head, sizeof(head)) != 0) {
        return -1;
    }
    bridge->op = head[0];
    bridge->request_len = nif_get_le16(head + 2);
    bridge->flags = 0;
    bridge->result = 0;
    bridge->why = head[1] == 0 ? NULL : not_so;
    bridge->reply_len = 0;
    bridge->requests++;
    return bridge->request_len > 0
        ? link->read(link, bridge->request, bridge->request_len)
        : 0;
}

static int put_edges(struct sim_bridge *bridge)
{
    struct sim_bridge_link *link = bridge->cfg.link;
    uint8_t raw[SIM_BRIDGE_EDGES * BRIDGE_EDGE_LEN] = { 0 };

    for (size_t i = 0; i < bridge->edge_count; i++) {
        uint8_t *at = raw + i * BRIDGE_EDGE_LEN;

        at[0] = bridge->edges[i].pin;
        at[1] = bridge->edges[i].level;
        bridge_put64(at + 4, bridge->edges[i].at_ns);
    }
    return bridge->edge_count == 0
        ? 0
        : link->write(link, raw, bridge->edge_count * BRIDGE_EDGE_LEN);
}

static int answer(struct sim_bridge *bridge)
{
    struct sim_bridge_link *link = bridge->cfg.link;
    uint8_t head[BRIDGE_REPLY_HEAD] = { bridge->op, bridge->flags };
    uint32_t levels = 0;
    int err;

    for (size_t i = 0; i < bridge->pin_count; i++) {
        levels |= (uint32_t)bridge->cfg.pins[i]->level << i;
    }
    nif_put_le16(head + 2, (uint16_t)bridge->reply_len);
    nif_put_le32(head + 4, (uint32_t)bridge->result);
    bridge_put64(head + 8, bridge->cfg.cpu->world->now_ns);
    nif_put_le32(head + 16, levels);
    head[20] = (uint8_t)bridge->edge_count;
    err = link->write(link, head, sizeof(head));
    if (err == 0) {
        err = put_edges(bridge);
    }
    bridge->edge_count = 0;
    if (err == 0 && bridge->reply_len > 0) {
        err = link->write(link, bridge->reply, bridge->reply_len);
    }
    return err;
}

// The answer says what is wrong with the request.
static void refuse(struct sim_bridge *bridge)
{
    bridge->refused++;
    bridge->flags = BRIDGE_REFUSED;
    bridge->result = NIF_EINVAL;
    bridge->reply_len = strlen(bridge->why);
    memcpy(bridge->reply, bridge->why, bridge->reply_len);
}

int sim_bridge_serve(struct sim_bridge *bridge)
{
    while (!bridge->done && receive(bridge) == 0) {
        if (!bridge->why) {
            carry_out(bridge);
        }
        if (bridge->why) {
            refuse(bridge);
        }
        if (answer(bridge) != 0) {
            break;
        }
        if (!bridge->greeted) {
            bridge->error = bridge->why;
            bridge->done = true;
        }
    }
    if (bridge->selected) {
        struct sim_world *world = bridge->cfg.cpu->world;
        unsigned complaints = world->complaints;

        // Who goes away in the middle of a transaction does the chip no wrong.
        bridge->cfg.spi->ops->release(bridge->cfg.spi, 0);
        bridge->selected = false;
        world->complaints = complaints;
    }
    if (!bridge->done) {
        bridge->error = "the other side is gone";
    }
    return bridge->error ? -1 : 0;
}

size_t sim_bridge_refusal(uint8_t out[SIM_BRIDGE_REFUSAL], const char *why)
{
    size_t len = strlen(why);

    NIF_ASSERT(BRIDGE_REPLY_HEAD + len <= SIM_BRIDGE_REFUSAL);
    memset(out, 0, SIM_BRIDGE_REFUSAL);
    out[0] = BRIDGE_HELLO;
    out[1] = BRIDGE_REFUSED;
    nif_put_le16(out + 2, (uint16_t)len);
    nif_put_le32(out + 4, (uint32_t)NIF_EINVAL);
    for (size_t i = 0; i < len; i++) { // without its end
        out[BRIDGE_REPLY_HEAD + i] = (uint8_t)why[i];
    }
    return BRIDGE_REPLY_HEAD + len;
}

void sim_bridge_over(struct sim_bridge *bridge)
{
    bridge->flags = BRIDGE_OVER;
    bridge->result = 0;
    bridge->reply_len = 0;
    bridge->edge_count = 0;
    (void)answer(bridge);
}

void sim_bridge_init(struct sim_bridge *bridge,
    const struct sim_bridge_cfg *cfg)
{
    memset(bridge, 0, sizeof(*bridge));
    bridge->cfg = *cfg;
    while (bridge->pin_count < SIM_BRIDGE_PINS &&
        cfg->pins[bridge->pin_count]) {
        bridge->pins[bridge->pin_count] = (struct sim_bridge_pin){
            .bridge = bridge,
            .index = bridge->pin_count,
        };
        bridge->pin_count++;
    }
}
