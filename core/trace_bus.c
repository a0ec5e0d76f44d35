// SPDX-License-Identifier: MIT
//
// The recorder's wrappers.

#include "nif/trace.h"

#include "trace_record.h"

// ---- SPI

// Segments: what of the two follows, how many bytes, the bytes; 0 ends them.
#define SEG_TX 1
#define SEG_RX 2

static struct nif_trace_spi *of_spi(struct nif_spi *spi)
{
    return nif_container_of(spi, struct nif_trace_spi, spi);
}

static uint64_t now_us(const struct nif_trace_bus *bus)
{
    return nif_clock_now_us(bus->trace->cfg.clock);
}

static int trace_select(struct nif_spi *spi)
{
    struct nif_trace_spi *wrap = of_spi(spi);

    nif__trace_edges(wrap->bus.trace);
    wrap->err = wrap->lower->ops->select(wrap->lower);
    wrap->at_us = now_us(&wrap->bus);
    nif__trace_begin(&wrap->bus, wrap->at_us);
    if (wrap->err != 0) { // release() will not be called
        nif__trace_byte(wrap->bus.trace, 0);
        nif__trace_number(wrap->bus.trace, 0);
        nif__trace_byte(wrap->bus.trace, 2);
        nif__trace_end(wrap->bus.trace);
    }
    return wrap->err;
}

static int trace_exchange(struct nif_spi *spi, const struct nif_spi_seg *segs,
    size_t count)
{
    struct nif_trace_spi *wrap = of_spi(spi);
    struct nif_trace *trace = wrap->bus.trace;

    for (size_t i = 0; i < count && wrap->err == 0; i++) {
        const struct nif_spi_seg *seg = &segs[i];

        if (seg->len == 0) {
            continue;
        }
        nif__trace_byte(trace,
            (uint8_t)((seg->tx ? SEG_TX : 0) | (seg->rx ? SEG_RX : 0) | 4));
        nif__trace_number(trace, seg->len);
        // Before the exchange: both may be the same buffer.
        nif__trace_bytes(trace, seg->tx, seg->tx ? seg->len : 0);
        wrap->err = wrap->lower->ops->exchange(wrap->lower, seg, 1);
        nif__trace_bytes(trace, seg->rx, seg->rx ? seg->len : 0);
    }
    return wrap->err;
}

static void trace_release(struct nif_spi *spi, uint32_t hold_ns)
{
    struct nif_trace_spi *wrap = of_spi(spi);
    struct nif_trace *trace = wrap->bus.trace;

    wrap->lower->ops->release(wrap->lower, hold_ns);
    nif__trace_byte(trace, 0);
    nif__trace_number(trace, now_us(&wrap->bus) - wrap->at_us);
    nif__trace_byte(trace, wrap->err != 0);
    nif__trace_end(trace);
}

static const struct nif_spi_ops spi_ops = {
    .select = trace_select,
    .exchange = trace_exchange,
    .release = trace_release,
};

void nif_trace_spi_init(struct nif_trace_spi *wrap, struct nif_trace *trace,
    const char *name, struct nif_spi *lower)
{
    *wrap = (struct nif_trace_spi){ .spi.ops = &spi_ops, .lower = lower };
    nif__trace_join(&wrap->bus, trace, NIF__TRACE_SPI, name);
}

// ---- UART

static struct nif_trace_uart *of_uart(struct nif_uart *uart)
{
    return nif_container_of(uart, struct nif_trace_uart, uart);
}

// Words in one direction, or errors (of reading) without any.
static void uart_record(struct nif_trace_uart *wrap, bool rx, unsigned errors,
    const uint8_t *data, int len)
{
    struct nif_trace *trace = wrap->bus.trace;

    if (len <= 0 && errors == 0) {
        return;
    }
    nif__trace_edges(trace);
    nif__trace_begin(&wrap->bus, now_us(&wrap->bus));
    nif__trace_byte(trace, (uint8_t)(errors << 1 | rx));
    nif__trace_bytes(trace, data, len > 0 ? (size_t)len : 0);
    nif__trace_end(trace);
}

static int trace_uart_write(struct nif_uart *uart, const uint8_t *data,
    size_t len)
{
    struct nif_trace_uart *wrap = of_uart(uart);
    int taken = wrap->lower->ops->write(wrap->lower, data, len);

    uart_record(wrap, false, 0, data, taken);
    return taken;
}

static int trace_uart_read(struct nif_uart *uart, uint8_t *buf, size_t cap)
{
    struct nif_trace_uart *wrap = of_uart(uart);
    int got = wrap->lower->ops->read(wrap->lower, buf, cap);

    uart_record(wrap, true, 0, buf, got);
    return got;
}

static bool trace_uart_drained(struct nif_uart *uart)
{
    struct nif_uart *lower = of_uart(uart)->lower;

    return lower->ops->drained(lower);
}

static unsigned trace_uart_errors(struct nif_uart *uart)
{
    struct nif_trace_uart *wrap = of_uart(uart);
    unsigned errors = wrap->lower->ops->errors(wrap->lower);

    uart_record(wrap, true, errors, NULL, 0);
    return errors;
}

static int trace_uart_configure(struct nif_uart *uart, uint32_t baud,
    bool rts_cts)
{
    struct nif_uart *lower = of_uart(uart)->lower;

    return lower->ops->configure(lower, baud, rts_cts);
}

static const struct nif_uart_ops uart_ops = {
    .write = trace_uart_write,
    .read = trace_uart_read,
    .drained = trace_uart_drained,
    .errors = trace_uart_errors,
    .configure = trace_uart_configure,
};

void nif_trace_uart_init(struct nif_trace_uart *wrap, struct nif_trace *trace,
    const char *name, struct nif_uart *lower)
{
    *wrap = (struct nif_trace_uart){ .uart.ops = &uart_ops, .lower = lower };
    nif__trace_join(&wrap->bus, trace, NIF__TRACE_UART, name);
}

// ---- MDIO

// `how`: bit 0 a write, bit 1 it failed.
static void mdio_record(struct nif_trace_mdio *wrap, uint64_t at_us,
    uint8_t how, uint8_t phy, uint8_t reg, uint16_t value)
{
    struct nif_trace *trace = wrap->bus.trace;

    nif__trace_begin(&wrap->bus, at_us);
    nif__trace_number(trace, now_us(&wrap->bus) - at_us);
    nif__trace_byte(trace, how);
    nif__trace_byte(trace, phy);
    nif__trace_byte(trace, reg);
    nif__trace_byte(trace, (uint8_t)(value >> 8));
    nif__trace_byte(trace, (uint8_t)value);
    nif__trace_end(trace);
}

static struct nif_trace_mdio *of_mdio(struct nif_mdio *mdio)
{
    return nif_container_of(mdio, struct nif_trace_mdio, mdio);
}

static int trace_mdio_read(struct nif_mdio *mdio, uint8_t phy, uint8_t reg)
{
    struct nif_trace_mdio *wrap = of_mdio(mdio);
    uint64_t at_us;
    int got;

    nif__trace_edges(wrap->bus.trace);
    at_us = now_us(&wrap->bus);
    got = wrap->lower->ops->read(wrap->lower, phy, reg);
    mdio_record(wrap, at_us, got < 0 ? 2 : 0, phy, reg,
        (uint16_t)(got < 0 ? 0 : got));
    return got;
}

static int trace_mdio_write(struct nif_mdio *mdio, uint8_t phy, uint8_t reg,
    uint16_t value)
{
    struct nif_trace_mdio *wrap = of_mdio(mdio);
    uint64_t at_us;
    int err;

    nif__trace_edges(wrap->bus.trace);
    at_us = now_us(&wrap->bus);
    err = wrap->lower->ops->write(wrap->lower, phy, reg, value);
    mdio_record(wrap, at_us, err < 0 ? 3 : 1, phy, reg, value);
    return err;
}

static const struct nif_mdio_ops mdio_ops = {
    .read = trace_mdio_read,
    .write = trace_mdio_write,
};

void nif_trace_mdio_init(struct nif_trace_mdio *wrap, struct nif_trace *trace,
    const char *name, struct nif_mdio *lower)
{
    *wrap = (struct nif_trace_mdio){ .mdio.ops = &mdio_ops, .lower = lower };
    nif__trace_join(&wrap->bus, trace, NIF__TRACE_MDIO, name);
}

// ---- pins

static struct nif_trace_pin *of_pin(struct nif_pin *pin)
{
    return nif_container_of(pin, struct nif_trace_pin, pin);
}

static void pin_record(struct nif_trace_pin *wrap, uint64_t at_us, bool level)
{
    wrap->level = level;
    nif__trace_begin(&wrap->bus, at_us);
    nif__trace_byte(wrap->bus.trace, level);
    nif__trace_end(wrap->bus.trace);
}

// Notes a level for later.
static void note(struct nif_trace_pin *wrap, bool level)
{
    if ((uint8_t)(wrap->noted - wrap->written) < NIF_TRACE_EDGES) {
        wrap->edge[wrap->noted % NIF_TRACE_EDGES] =
            now_us(&wrap->bus) << 1 | level;
        wrap->noted++;
    } else {
        wrap->lost++;
    }
}

void nif__trace_edges(struct nif_trace *trace)
{
    for (struct nif_trace_bus *bus = trace->buses; bus; bus = bus->next) {
        struct nif_trace_pin *pin;

        if (bus->kind != NIF__TRACE_PIN) {
            continue;
        }
        pin = nif_container_of(bus, struct nif_trace_pin, bus);
        for (unsigned i = 0; i < NIF_TRACE_EDGES && pin->written != pin->noted;
             i++) {
            uint64_t edge = pin->edge[pin->written % NIF_TRACE_EDGES];

            pin_record(pin, edge >> 1, edge & 1);
            pin->written++;
        }
        trace->lost += (uint8_t)(pin->lost - pin->lost_told);
        pin->lost_told = pin->lost;
    }
}

// Context: interrupt. The only writer of what note() writes, unless the pin is
// one that the driver drives.
static void on_edge(void *arg)
{
    struct nif_trace_pin *wrap = arg;

    note(wrap, wrap->rising);
    wrap->fn(wrap->arg);
}

// What the task saw or did. Within an SPI transaction it has to wait.
static void tell_level(struct nif_trace_pin *wrap, bool level)
{
    if (wrap->bus.trace->open) {
        note(wrap, level);
    } else {
        pin_record(wrap, now_us(&wrap->bus), level);
    }
}

static bool trace_pin_read(struct nif_pin *pin)
{
    struct nif_trace_pin *wrap = of_pin(pin);
    bool level;

    if (!wrap->bus.trace->open) {
        nif__trace_edges(wrap->bus.trace);
    }
    level = nif_pin_read(wrap->lower);
    if (level != wrap->level && !wrap->bus.trace->open) {
        tell_level(wrap, level);
    }
    return level;
}

static void trace_pin_write(struct nif_pin *pin, bool level)
{
    struct nif_trace_pin *wrap = of_pin(pin);

    nif_pin_write(wrap->lower, level);
    tell_level(wrap, level);
}

static void trace_pin_on_edge(struct nif_pin *pin, bool rising,
    nif_pin_edge_fn *fn, void *arg)
{
    struct nif_trace_pin *wrap = of_pin(pin);

    nif_pin_on_edge(wrap->lower, rising, NULL, NULL);
    wrap->rising = rising;
    wrap->fn = fn;
    wrap->arg = arg;
    if (fn) {
        nif_pin_on_edge(wrap->lower, rising, on_edge, wrap);
    }
}

static const struct nif_pin_ops pin_ops = {
    .read = trace_pin_read,
    .write = trace_pin_write,
    .on_edge = trace_pin_on_edge,
};

void nif_trace_pin_init(struct nif_trace_pin *wrap, struct nif_trace *trace,
    const char *name, struct nif_pin *lower)
{
    *wrap = (struct nif_trace_pin){
        .pin.ops = &pin_ops,
        .lower = lower,
        .level = 2,
    };
    nif__trace_join(&wrap->bus, trace, NIF__TRACE_PIN, name);
}
