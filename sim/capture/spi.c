// SPDX-License-Identifier: MIT
//
// SPI out of edges.

#include "sim/capture/spi.h"

#include <stdlib.h>
#include <string.h>

#define ROWS    4
#define TXN_MAX (1u << 20) // bytes; a longer select is cut into pieces

enum line { CS, CLK, MOSI, MISO, LINES };

static void room_for_one(struct sim_spi_layer *spi)
{
    size_t cap = spi->cap ? 2 * spi->cap : 2048;
    uint8_t *bytes;

    if (spi->len < spi->cap) {
        return;
    }
    bytes = calloc(ROWS, cap);
    NIF_ASSERT(bytes != NULL);
    for (size_t i = 0; i < ROWS && spi->len > 0; i++) {
        memcpy(bytes + i * cap, spi->bytes + i * spi->cap, spi->len);
    }
    free(spi->bytes);
    spi->bytes = bytes;
    spi->cap = cap;
}

// ---- transactions

static void begin(struct sim_spi_layer *spi, uint64_t at_ns, bool cut)
{
    spi->open = true;
    spi->cut = cut;
    spi->from_ns = at_ns;
    spi->len = 0;
    spi->bit = 0;
    spi->known[0] = spi->known[1] = true;
}

static const uint8_t *row(const struct sim_spi_layer *spi, size_t number,
    bool wanted)
{
    return wanted ? spi->bytes + number * spi->cap : NULL;
}

static void end(struct sim_spi_layer *spi, uint64_t at_ns, bool cut)
{
    bool unseen = spi->lines.clk == SIM_CAPTURE_NONE;
    bool miso = spi->lines.miso != SIM_CAPTURE_NONE;
    bool mosi = spi->lines.mosi != SIM_CAPTURE_NONE;
    size_t len = spi->len + (spi->bit > 0);
    struct sim_trace_item item = {
        .kind = SIM_TRACE_SPI,
        .flags = (spi->cut || cut ? SIM_TRACE_CUT : 0u) |
            (unseen ? SIM_TRACE_UNSEEN : 0u),
        .at_ns = spi->from_ns,
        .len_ns = at_ns - spi->from_ns,
        .index = spi->count++,
        .where = spi->bus,
        .data = row(spi, 0, mosi && len > 0),
        .miso = row(spi, 1, miso && len > 0),
        .data_known = row(spi, 2, mosi && len > 0 && !spi->known[0]),
        .miso_known = row(spi, 3, miso && len > 0 && !spi->known[1]),
        .len = len,
        .bits = spi->bit,
    };

    spi->empty += len == 0 && !unseen;
    spi->open = false;
    spi->out->item(spi->out, &item);
}

// Shifts a bit into a line's byte; one unknown bit makes it unknown.
static void shift(struct sim_spi_layer *spi, unsigned line)
{
    uint8_t *byte = &spi->bytes[line * spi->cap + spi->len];
    uint8_t *known = &spi->bytes[(line + 2) * spi->cap + spi->len];
    uint8_t level = spi->level[MOSI + line];
    unsigned weight = spi->lines.lsb_first ? 1u << spi->bit : 0x80u >> spi->bit;

    if (spi->bit == 0) {
        *byte = 0;
        *known = 1;
    }
    if (level == SIM_CAPTURE_HIGH) {
        *byte |= (uint8_t)weight;
    } else if (level == SIM_CAPTURE_UNKNOWN) {
        *known = 0;
        spi->known[line] = false;
    }
}

static void sample(struct sim_spi_layer *spi, uint64_t at_ns)
{
    room_for_one(spi);
    shift(spi, 0);
    shift(spi, 1);
    spi->bit_ns = at_ns;
    if (++spi->bit == 8) {
        spi->bit = 0;
        spi->len++;
        if (spi->len == TXN_MAX) {
            end(spi, at_ns, true);
            begin(spi, at_ns, true);
        }
    }
}

// ---- edges

static void on_clk(struct sim_spi_layer *spi, uint64_t at_ns, uint8_t level)
{
    // Modes 0 and 3 sample when the clock rises.
    bool rising = spi->lines.mode == 0 || spi->lines.mode == 3;

    if (spi->lines.cs == SIM_CAPTURE_NONE && !spi->open && level == rising) {
        begin(spi, at_ns, false);
    }
    if (spi->open && level == rising) {
        sample(spi, at_ns);
    }
}

static void on_cs(struct sim_spi_layer *spi, uint64_t at_ns, uint8_t level,
    bool first)
{
    bool active = level == (spi->lines.cs_high ? 1 : 0);

    if (active && !spi->open) {
        begin(spi, at_ns, first);
    } else if (!active && spi->open) {
        end(spi, at_ns, false);
    }
}

// A data line that moves while nobody is selected is an interrupt line.
static void on_idle_data(struct sim_spi_layer *spi, uint64_t at_ns,
    uint8_t level)
{
    char name[SIM_TRACE_NAME];

    snprintf(name, sizeof(name), "%.50s.irq", spi->bus);
    spi->out->item(spi->out,
        &(struct sim_trace_item){ .kind = SIM_TRACE_PIN,
            .at_ns = at_ns,
            .where = name,
            .level = level == 1 ? '1' : '0' });
}

static const struct sim_edge *find(const struct sim_edge *edges, size_t count,
    uint16_t channel)
{
    for (size_t i = 0; i < count && channel != SIM_CAPTURE_NONE; i++) {
        if (edges[i].channel == channel) {
            return &edges[i];
        }
    }
    return NULL;
}

static bool is_active(const struct sim_spi_layer *spi,
    const struct sim_edge *cs)
{
    return cs->level == (spi->lines.cs_high ? 1 : 0);
}

void sim_spi_layer_edges(struct sim_spi_layer *spi,
    const struct sim_edge *edges, size_t count)
{
    const uint16_t channel[LINES] = { spi->lines.cs, spi->lines.clk,
        spi->lines.mosi, spi->lines.miso };
    const struct sim_edge *on[LINES];

    // Without a select, silence ends it. Other channels' edges tell the time,
    // too: nothing of theirs may be passed on before what was over by then.
    if (spi->lines.cs == SIM_CAPTURE_NONE && spi->open &&
        edges[0].at_ns - spi->bit_ns > spi->lines.gap_ns) {
        end(spi, spi->bit_ns, false);
    }
    for (unsigned i = 0; i < LINES; i++) {
        on[i] = find(edges, count, channel[i]);
        // Data is launched half a clock before it is sampled: what moves with
        // the sampling edge was late, not early. A half-duplex chip may launch
        // at that very edge.
        if (i >= MOSI && on[i] && !spi->lines.half_duplex) {
            spi->level[i] = on[i]->level;
        }
    }
    // A select at the same time as a clock comes first, a release last.
    if (on[CS] && is_active(spi, on[CS])) {
        on_cs(spi, on[CS]->at_ns, on[CS]->level,
            spi->level[CS] == SIM_CAPTURE_UNKNOWN);
    }
    if (on[CLK] && spi->level[CLK] != SIM_CAPTURE_UNKNOWN) {
        on_clk(spi, on[CLK]->at_ns, on[CLK]->level);
    }
    if (on[CS] && !is_active(spi, on[CS])) {
        on_cs(spi, on[CS]->at_ns, on[CS]->level, false);
    }
    if (spi->lines.half_duplex && on[MOSI] && !spi->open &&
        spi->level[MOSI] != SIM_CAPTURE_UNKNOWN) {
        on_idle_data(spi, on[MOSI]->at_ns, on[MOSI]->level);
    }
    for (unsigned i = 0; i < LINES; i++) {
        if (on[i]) {
            spi->level[i] = on[i]->level;
        }
    }
}

void sim_spi_layer_end(struct sim_spi_layer *spi, uint64_t at_ns)
{
    if (spi->open) {
        bool cs = spi->lines.cs != SIM_CAPTURE_NONE;

        end(spi, cs ? at_ns : spi->bit_ns, cs);
    }
    free(spi->bytes);
    spi->bytes = NULL;
    spi->cap = 0;
}

void sim_spi_layer_init(struct sim_spi_layer *spi, struct sim_item_sink *out,
    const char *bus, const struct sim_spi_lines *lines)
{
    *spi = (struct sim_spi_layer){ .out = out, .lines = *lines, .bus = bus };
    memset(spi->level, SIM_CAPTURE_UNKNOWN, sizeof(spi->level));
}
