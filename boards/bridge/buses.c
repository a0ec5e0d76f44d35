// SPDX-License-Identifier: MIT
//
// The processor's side of the bridge: SPI, UART, MDIO and pins, call by call.

#include "boards/bridge/private.h"

#include <string.h>

#define SEG_TX  (1u << 0)
#define SEG_RX  (1u << 1)
#define SEG_LEN 3
#define SEG_CAP 32768u // of one segment in a request

// ---- SPI

static int spi_select(struct nif_spi *spi)
{
    struct bridge *bridge = nif_container_of(spi, struct bridge, spi);

    return bridge__ask(bridge, OP_SPI_SELECT, NULL, 0, NULL, 0);
}

static int exchange_seg(struct bridge *bridge, const uint8_t *tx, uint8_t *rx,
    size_t len)
{
    uint8_t list[1 + SEG_LEN] = { 1 };
    int32_t result;
    size_t got;

    list[1] = (uint8_t)((tx ? SEG_TX : 0) | (rx ? SEG_RX : 0));
    nif_put_le16(list + 2, (uint16_t)len);
    result = bridge__begin(bridge, OP_SPI_EXCHANGE, list, sizeof(list),
        sizeof(list) + (tx ? len : 0));
    if (result != 0) {
        return result;
    }
    if (tx) {
        bridge__send(bridge, tx, len);
    }
    result = bridge__end(bridge, &got);
    NIF_ASSERT(got == (rx ? len : 0));
    bridge__receive(bridge, rx, got);
    return result;
}

// Chip select stays active, so it does not matter how this is cut.
static int spi_exchange(struct nif_spi *spi, const struct nif_spi_seg *segs,
    size_t count)
{
    struct bridge *bridge = nif_container_of(spi, struct bridge, spi);
    int err = 0;

    for (size_t i = 0; i < count; i++) {
        for (size_t at = 0; at < segs[i].len && err == 0; at += SEG_CAP) {
            size_t left = segs[i].len - at;

            err = exchange_seg(bridge, segs[i].tx ? segs[i].tx + at : NULL,
                segs[i].rx ? segs[i].rx + at : NULL,
                left < SEG_CAP ? left : SEG_CAP);
        }
    }
    return err;
}

static void spi_release(struct nif_spi *spi, uint32_t hold_ns)
{
    struct bridge *bridge = nif_container_of(spi, struct bridge, spi);
    uint8_t raw[4];

    nif_put_le32(raw, hold_ns);
    (void)bridge__ask(bridge, OP_SPI_RELEASE, raw, sizeof(raw), NULL, 0);
}

// ---- UART

static struct bridge *of_uart(struct nif_uart *uart)
{
    return nif_container_of(uart, struct bridge, uart);
}

static int uart_write(struct nif_uart *uart, const uint8_t *data, size_t len)
{
    struct bridge *bridge = of_uart(uart);
    int32_t result;

    len = len < SEG_CAP ? len : SEG_CAP;
    result = bridge__begin(bridge, OP_UART_WRITE, NULL, 0, len);
    if (result != 0) {
        return result;
    }
    bridge__send(bridge, data, len);
    return bridge__end(bridge, &len);
}

static int uart_read(struct nif_uart *uart, uint8_t *buf, size_t cap)
{
    uint8_t raw[2];

    cap = cap < SEG_CAP ? cap : SEG_CAP;
    nif_put_le16(raw, (uint16_t)cap);
    return bridge__ask(of_uart(uart), OP_UART_READ, raw, sizeof(raw), buf, cap);
}

static bool uart_drained(struct nif_uart *uart)
{
    return bridge__ask(of_uart(uart), OP_UART_DRAINED, NULL, 0, NULL, 0) > 0;
}

static unsigned uart_errors(struct nif_uart *uart)
{
    int32_t result =
        bridge__ask(of_uart(uart), OP_UART_ERRORS, NULL, 0, NULL, 0);

    return result > 0 ? (unsigned)result : 0;
}

static int uart_configure(struct nif_uart *uart, uint32_t baud, bool rts_cts)
{
    uint8_t raw[5];

    nif_put_le32(raw, baud);
    raw[4] = rts_cts;
    return bridge__ask(of_uart(uart), OP_UART_CONFIGURE, raw, sizeof(raw), NULL,
        0);
}

// ---- MDIO

static int mdio_read(struct nif_mdio *mdio, uint8_t phy, uint8_t reg)
{
    const uint8_t raw[] = { phy, reg };

    return bridge__ask(nif_container_of(mdio, struct bridge, mdio),
        OP_MDIO_READ, raw, sizeof(raw), NULL, 0);
}

static int mdio_write(struct nif_mdio *mdio, uint8_t phy, uint8_t reg,
    uint16_t value)
{
    uint8_t raw[4] = { phy, reg };

    nif_put_le16(raw + 2, value);
    return bridge__ask(nif_container_of(mdio, struct bridge, mdio),
        OP_MDIO_WRITE, raw, sizeof(raw), NULL, 0);
}

// ---- pins

static struct bridge_pin *of_pin(struct nif_pin *pin)
{
    return nif_container_of(pin, struct bridge_pin, pin);
}

static int32_t ask_pin(struct bridge_pin *pin, enum bridge_op op, uint8_t value)
{
    struct bridge *bridge = pin->bridge;
    const uint8_t raw[] = { (uint8_t)(pin - bridge->pins), value };

    return bridge__ask(bridge, op, raw, sizeof(raw), NULL, 0);
}

static bool pin_read(struct nif_pin *nif)
{
    struct bridge_pin *pin = of_pin(nif);
    struct bridge *bridge = pin->bridge;

    if (bridge->in_handler) {
        return bridge->levels >> (pin - bridge->pins) & 1;
    }
    return ask_pin(pin, OP_PIN_READ, 0) != 0;
}

static void pin_write(struct nif_pin *nif, bool level)
{
    (void)ask_pin(of_pin(nif), OP_PIN_WRITE, level);
}

static void pin_on_edge(struct nif_pin *nif, bool rising, nif_pin_edge_fn *fn,
    void *arg)
{
    struct bridge_pin *pin = of_pin(nif);

    // While it is told, edges of the old kind are nobody's.
    pin->edge_fn = NULL;
    (void)ask_pin(pin, OP_PIN_EDGE, (uint8_t)(fn ? rising + 1 : 0));
    pin->edge_arg = arg;
    pin->edge_fn = fn;
}

// ---- what there is

struct nif_spi *bridge_spi(struct bridge *bridge)
{
    return bridge->buses & BUS_SPI ? &bridge->spi : NULL;
}

struct nif_uart *bridge_uart(struct bridge *bridge)
{
    return bridge->buses & BUS_UART ? &bridge->uart : NULL;
}

struct nif_mdio *bridge_mdio(struct bridge *bridge)
{
    return bridge->buses & BUS_MDIO ? &bridge->mdio : NULL;
}

struct nif_pin *bridge_pin(struct bridge *bridge, const char *name)
{
    for (size_t i = 0; i < bridge->pin_count; i++) {
        if (strcmp(bridge->pins[i].name, name) == 0) {
            return &bridge->pins[i].pin;
        }
    }
    return NULL;
}

void bridge__buses(struct bridge *bridge)
{
    static const struct nif_spi_ops spi_ops = {
        .select = spi_select,
        .exchange = spi_exchange,
        .release = spi_release,
    };
    static const struct nif_uart_ops uart_ops = {
        .write = uart_write,
        .read = uart_read,
        .drained = uart_drained,
        .errors = uart_errors,
        .configure = uart_configure,
    };
    static const struct nif_mdio_ops mdio_ops = {
        .read = mdio_read,
        .write = mdio_write,
    };
    static const struct nif_pin_ops pin_ops = {
        .read = pin_read,
        .write = pin_write,
        .on_edge = pin_on_edge,
    };

    bridge->spi.ops = &spi_ops;
    bridge->uart.ops = &uart_ops;
    bridge->mdio.ops = &mdio_ops;
    for (size_t i = 0; i < BRIDGE_PINS; i++) {
        bridge->pins[i].pin.ops = &pin_ops;
        bridge->pins[i].bridge = bridge;
    }
}
