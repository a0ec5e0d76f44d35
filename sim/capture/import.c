// SPDX-License-Identifier: MIT
//
// From edges to a trace.

#include "sim/capture/import.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#define GRID_EDGES 64

static struct sim_import *of(struct sim_edge_sink *sink)
{
    return nif_container_of(sink, struct sim_import, sink);
}

// ---- channels

uint16_t sim_import_channel(const struct sim_capture *what, const char *name)
{
    char *end;
    unsigned long number;

    for (unsigned i = 0; i < what->channels; i++) {
        if (what->name[i][0] != '\0' && strcmp(what->name[i], name) == 0) {
            return (uint16_t)i;
        }
    }
    number = strtoul(name, &end, 10);
    return name[0] >= '0' && name[0] <= '9' && *end == '\0' &&
            number < what->channels
        ? (uint16_t)number
        : SIM_CAPTURE_NONE;
}

struct sim_import_bus *sim_import_add(struct sim_import *import,
    enum sim_trace_kind kind)
{
    struct sim_import_bus *bus = &import->bus[import->buses];
    unsigned number = 0;

    if (import->buses == SIM_IMPORT_BUSES) {
        return NULL;
    }
    for (unsigned i = 0; i < import->buses; i++) {
        number += import->bus[i].kind == kind;
    }
    import->buses++;
    *bus = (struct sim_import_bus){
        .kind = kind,
        .spi = { SIM_CAPTURE_NONE, SIM_CAPTURE_NONE, SIM_CAPTURE_NONE,
            SIM_CAPTURE_NONE, 0, false, false, false, 0 },
        .tx = SIM_CAPTURE_NONE,
        .rx = SIM_CAPTURE_NONE,
        .mdc = SIM_CAPTURE_NONE,
        .mdio = SIM_CAPTURE_NONE,
    };
    snprintf(bus->name, sizeof(bus->name), "%s%u", sim_trace_word(kind),
        number);
    return bus;
}

static void say(char *text, size_t cap, const struct sim_import *import,
    const char *role, uint16_t channel)
{
    size_t len = strlen(text);

    if (channel == SIM_CAPTURE_NONE) {
        return;
    }
    if (import->what.name[channel][0] != '\0') {
        snprintf(text + len, cap - len, " %s='%s'", role,
            import->what.name[channel]);
    } else {
        snprintf(text + len, cap - len, " %s=%u", role, channel);
    }
}

static void say_format(char *text, size_t cap,
    const struct sim_uart_format *format)
{
    size_t len = strlen(text);
    char name[8];

    sim_uart_format_text(format, name);
    snprintf(text + len, cap - len, " (%.0f %s%s)", format->baud, name,
        format->invert ? " inverted" : "");
}

static void say_spi(char *text, size_t cap, const struct sim_import *import,
    const struct sim_spi_lines *spi)
{
    size_t len;

    say(text, cap, import, "cs", spi->cs);
    say(text, cap, import, "clk", spi->clk);
    say(text, cap, import, spi->half_duplex ? "data" : "mosi", spi->mosi);
    say(text, cap, import, "miso", spi->miso);
    len = strlen(text);
    if (spi->clk == SIM_CAPTURE_NONE) {
        snprintf(text + len, cap - len, " (timing only)");
    } else {
        snprintf(text + len, cap - len, " (mode %u)", spi->mode);
    }
}

void sim_import_say(const struct sim_import *import,
    const struct sim_import_bus *bus, char *text, size_t cap)
{
    snprintf(text, cap, "%s:", bus->name);
    if (bus->kind == SIM_TRACE_UART) {
        say(text, cap, import, "tx", bus->tx);
        if (bus->tx != SIM_CAPTURE_NONE) {
            say_format(text, cap, &bus->tx_format);
        }
        say(text, cap, import, "rx", bus->rx);
        if (bus->rx != SIM_CAPTURE_NONE) {
            say_format(text, cap, &bus->rx_format);
        }
    } else if (bus->kind == SIM_TRACE_MDIO) {
        say(text, cap, import, "mdc", bus->mdc);
        say(text, cap, import, "mdio", bus->mdio);
    } else {
        say_spi(text, cap, import, &bus->spi);
    }
}

// ---- layers

static struct sim_uart_layer *tx_of(struct sim_import *import, size_t bus)
{
    return &import->uart[2 * bus];
}

static struct sim_uart_layer *rx_of(struct sim_import *import, size_t bus)
{
    return &import->uart[2 * bus + 1];
}

static void begin_layers(struct sim_import *import)
{
    uint64_t hold_ns = 0;

    for (unsigned i = 0; i < import->buses; i++) {
        struct sim_import_bus *bus = &import->bus[i];
        struct sim_uart_layer *tx = tx_of(import, i);
        struct sim_uart_layer *rx = rx_of(import, i);

        if (bus->kind == SIM_TRACE_SPI) {
            sim_spi_layer_init(&import->spi[i], &import->sorter.sink, bus->name,
                &bus->spi);
            if (bus->spi.cs == SIM_CAPTURE_NONE && bus->spi.gap_ns > hold_ns) {
                hold_ns = bus->spi.gap_ns;
            }
            continue;
        }
        if (bus->kind == SIM_TRACE_MDIO) {
            sim_mdio_layer_init(&import->mdio[i], &import->sorter.sink,
                bus->name, bus->mdc, bus->mdio);
            continue;
        }
        sim_uart_layer_init(tx, bus->tx, &bus->tx_format);
        sim_uart_layer_init(rx, bus->rx, &bus->rx_format);
        rx->rx = true;
        tx->bus = rx->bus = bus->name;
        tx->out = rx->out = &import->sorter.sink;
        for (unsigned way = 0; way < 2; way++) {
            struct sim_uart_layer *uart = way == 0 ? tx : rx;

            if (uart->channel != SIM_CAPTURE_NONE &&
                sim_uart_layer_delay(uart) > hold_ns) {
                hold_ns = sim_uart_layer_delay(uart);
            }
        }
    }
    sim_sorter_init(&import->sorter, &import->number, false, hold_ns);
}

static void run_layers(struct sim_import *import, const struct sim_edge *edges,
    size_t count)
{
    for (unsigned i = 0; i < import->buses; i++) {
        const struct sim_import_bus *bus = &import->bus[i];

        if (bus->kind == SIM_TRACE_SPI) {
            sim_spi_layer_edges(&import->spi[i], edges, count);
        } else if (bus->kind == SIM_TRACE_MDIO) {
            sim_mdio_layer_edges(&import->mdio[i], edges, count);
        } else {
            if (bus->tx != SIM_CAPTURE_NONE) {
                sim_uart_layer_edges(tx_of(import, i), edges, count);
            }
            if (bus->rx != SIM_CAPTURE_NONE) {
                sim_uart_layer_edges(rx_of(import, i), edges, count);
            }
        }
    }
}

static void end_layers(struct sim_import *import, uint64_t at_ns)
{
    for (unsigned i = 0; i < import->buses; i++) {
        const struct sim_import_bus *bus = &import->bus[i];

        if (bus->kind == SIM_TRACE_SPI) {
            sim_spi_layer_end(&import->spi[i], at_ns);
        } else if (bus->kind == SIM_TRACE_MDIO) {
            sim_mdio_layer_end(&import->mdio[i], at_ns);
        } else {
            if (bus->tx != SIM_CAPTURE_NONE) {
                sim_uart_layer_end(tx_of(import, i), at_ns);
            }
            if (bus->rx != SIM_CAPTURE_NONE) {
                sim_uart_layer_end(rx_of(import, i), at_ns);
            }
        }
    }
}

// Channels that belong to no bus, and move, are pins.
static void find_pins(struct sim_import *import)
{
    unsigned moves[SIM_CAPTURE_CHANNELS] = { 0 };

    for (size_t i = 0; i < import->look_count; i++) {
        moves[import->look[i].channel]++;
    }
    for (unsigned i = 0; i < import->what.channels; i++) {
        import->is_pin[i] =
            moves[i] > 1 || import->look_count == SIM_IMPORT_LOOK;
    }
    for (unsigned i = 0; i < import->buses; i++) {
        const struct sim_import_bus *bus = &import->bus[i];
        const uint16_t used[] = { bus->spi.cs, bus->spi.clk, bus->spi.mosi,
            bus->spi.miso, bus->tx, bus->rx, bus->mdc, bus->mdio };

        for (size_t k = 0; k < nif_countof(used); k++) {
            if (used[k] != SIM_CAPTURE_NONE) {
                import->is_pin[used[k]] = false;
            }
        }
    }
}

static void put_pin(struct sim_import *import, const struct sim_edge *edge)
{
    const char *name = import->what.name[edge->channel];
    char number[16];

    snprintf(number, sizeof(number), "ch%u", edge->channel);
    import->sorter.sink.item(&import->sorter.sink,
        &(struct sim_trace_item){ .kind = SIM_TRACE_PIN,
            .at_ns = edge->at_ns,
            .where = name[0] != '\0' ? name : number,
            .level = "01x"[edge->level] });
}

// ---- the header

static void put_head(struct sim_import *import, const char *key,
    const char *text)
{
    import->out->item(import->out,
        &(struct sim_trace_item){ .kind = SIM_TRACE_HEAD,
            .where = key,
            .text = text });
}

static void put_probe(struct sim_import *import,
    const struct sim_import_bus *bus, const char *role, uint16_t channel)
{
    char text[3 * SIM_TRACE_NAME];

    if (channel != SIM_CAPTURE_NONE) {
        snprintf(text, sizeof(text), "%s %s %s", bus->name, role,
            import->what.name[channel]);
        put_head(import, "probe", text);
    }
}

static void put_bus(struct sim_import *import, const struct sim_import_bus *bus)
{
    struct sim_trace_bus head = {
        .kind = bus->kind,
        .clock_hz = bus->clock_hz,
        .mode = bus->spi.mode,
        .half_duplex = bus->spi.half_duplex,
        .taped = "wire",
    };
    char text[512];

    memcpy(head.name, bus->name, sizeof(head.name));
    memcpy(head.chip, bus->chip, sizeof(head.chip));
    if (bus->kind == SIM_TRACE_UART) {
        const struct sim_uart_format *format =
            bus->rx != SIM_CAPTURE_NONE ? &bus->rx_format : &bus->tx_format;

        head.clock_hz = (uint32_t)format->baud;
        sim_uart_format_text(format, head.format);
    }
    put_head(import, "bus", sim_trace_bus_format(&head, text, sizeof(text)));
    put_probe(import, bus, "cs", bus->spi.cs);
    put_probe(import, bus, "clk", bus->spi.clk);
    put_probe(import, bus, bus->spi.half_duplex ? "data" : "mosi",
        bus->spi.mosi);
    put_probe(import, bus, "miso", bus->spi.miso);
    put_probe(import, bus, "tx", bus->tx);
    put_probe(import, bus, "rx", bus->rx);
    put_probe(import, bus, "mdc", bus->mdc);
    put_probe(import, bus, "mdio", bus->mdio);
}

// The file may say a finer grid than its edges have: it was up-sampled.
static void find_grid(struct sim_import *import)
{
    uint64_t grid = 0;
    uint64_t first = 0;

    for (size_t i = 0; i < import->look_count; i++) {
        uint64_t step;

        if (import->look[i].at_ns == import->look[0].at_ns) {
            continue; // levels at the start are no edges
        }
        first = first ? first : import->look[i].at_ns;
        step = import->look[i].at_ns - first;
        while (step != 0) {
            uint64_t rest = grid % step;

            grid = step;
            step = rest;
        }
    }
    // A few edges may lie on a coarser grid by accident.
    import->grid_ns =
        grid > import->what.resolution_ns && import->look_count >= GRID_EDGES
        ? grid
        : import->what.resolution_ns;
}

static void put_header(struct sim_import *import)
{
    char text[32];

    if (import->grid_ns > 1) {
        snprintf(text, sizeof(text), "%" PRIu64, import->grid_ns);
        put_head(import, "resolution", text);
    }
    if (import->what.offset_ns != 0) {
        snprintf(text, sizeof(text), "%" PRId64, import->what.offset_ns);
        put_head(import, "offset", text);
    }
    for (unsigned i = 0; i < import->buses; i++) {
        put_bus(import, &import->bus[i]);
    }
}

// ---- edges

// All edges of one time stamp.
static void pass_batch(struct sim_import *import)
{
    if (import->batch_count == 0) {
        return;
    }
    run_layers(import, import->batch, import->batch_count);
    for (size_t i = 0; i < import->batch_count; i++) {
        if (import->is_pin[import->batch[i].channel]) {
            put_pin(import, &import->batch[i]);
        }
    }
    sim_sorter_until(&import->sorter, import->batch[0].at_ns);
    import->batch_count = 0;
}

static bool in_batch(const struct sim_import *import, uint16_t channel)
{
    for (size_t i = 0; i < import->batch_count; i++) {
        if (import->batch[i].channel == channel) {
            return true;
        }
    }
    return false;
}

static void pass_edge(struct sim_import *import, const struct sim_edge *edge)
{
    if (import->batch_count > 0 &&
        (import->batch[0].at_ns != edge->at_ns ||
            in_batch(import, edge->channel))) {
        pass_batch(import);
    }
    import->batch[import->batch_count++] = *edge;
}

static void find_roles(struct sim_import *import)
{
    if (import->known) {
        return;
    }
    import->known = true;
    if (import->buses == 0) {
        sim__guess_buses(import);
    }
    for (unsigned i = 0; i < import->buses; i++) {
        sim__guess_rest(import, &import->bus[i]);
    }
    find_pins(import);
    find_grid(import);
    if (import->on_roles) {
        import->on_roles(import, import->arg);
    }
    put_header(import);
    begin_layers(import);
    for (size_t i = 0; i < import->look_count; i++) {
        pass_edge(import, &import->look[i]);
    }
    free(import->look);
    import->look = NULL;
}

static bool import_begin(struct sim_edge_sink *sink,
    const struct sim_capture *what)
{
    struct sim_import *import = of(sink);

    import->what = *what;
    return !import->resolve || import->resolve(import, import->arg);
}

static void import_edge(struct sim_edge_sink *sink, const struct sim_edge *edge)
{
    struct sim_import *import = of(sink);

    if (import->known) {
        pass_edge(import, edge);
        return;
    }
    if (import->look_count == 0 ||
        (import->look_count >= 1024 &&
            (import->look_count & (import->look_count - 1)) == 0)) {
        size_t cap = import->look_count ? 2 * import->look_count : 1024;

        import->look = realloc(import->look, cap * sizeof(*import->look));
        NIF_ASSERT(import->look != NULL);
    }
    import->look[import->look_count++] = *edge;
    if (import->look_count == SIM_IMPORT_LOOK) {
        find_roles(import);
    }
}

static void import_end(struct sim_edge_sink *sink, uint64_t at_ns)
{
    struct sim_import *import = of(sink);

    import->end_ns = at_ns;
    find_roles(import);
    pass_batch(import);
    end_layers(import, at_ns);
    sim_sorter_done(&import->sorter);
}

// Both directions of a serial line count together, in the order of the trace.
static void number_item(struct sim_item_sink *sink,
    const struct sim_trace_item *item)
{
    struct sim_import *import =
        nif_container_of(sink, struct sim_import, number);
    struct sim_trace_item numbered = *item;

    for (unsigned i = 0; i < import->buses; i++) {
        if (item->kind == SIM_TRACE_UART &&
            strcmp(item->where, import->bus[i].name) == 0) {
            numbered.index = import->count[i]++;
        }
    }
    import->out->item(import->out, &numbered);
}

static const struct sim_edge_sink_ops import_ops = {
    .begin = import_begin,
    .edge = import_edge,
    .end = import_end,
};

void sim_import_init(struct sim_import *import, struct sim_item_sink *out,
    struct sim_capture_error *error)
{
    *import = (struct sim_import){
        .sink.ops = &import_ops,
        .out = out,
        .number.item = number_item,
        .error = error,
    };
}

void sim_import_done(struct sim_import *import)
{
    free(import->look);
    import->look = NULL;
}
