// SPDX-License-Identifier: MIT
//
// MDIO out of edges: 32 ones, then 32 bits: start (2), operation (2), PHY
// (5), register (5), turn-around (2), value (16). IEEE 802.3 22.2.4.5.

#include "sim/capture/mdio.h"

#include <string.h>

#define PREAMBLE 32u
#define FRAME    32u

static enum sim_trace_mdio op_of(uint32_t frame)
{
    static const enum sim_trace_mdio c45[4] = { SIM_TRACE_MDIO_C45_ADDRESS,
        SIM_TRACE_MDIO_C45_WRITE, SIM_TRACE_MDIO_C45_READ_INC,
        SIM_TRACE_MDIO_C45_READ };
    unsigned op = frame >> 28 & 3;

    if (frame >> 30 == 0) {
        return c45[op];
    }
    return op == 2 ? SIM_TRACE_MDIO_READ : SIM_TRACE_MDIO_WRITE;
}

static void emit(struct sim_mdio_layer *mdio, uint64_t at_ns, unsigned flags)
{
    uint32_t frame = mdio->frame << (FRAME - mdio->bit);
    enum sim_trace_mdio op = op_of(frame);
    bool reads = op == SIM_TRACE_MDIO_READ || op == SIM_TRACE_MDIO_C45_READ ||
        op == SIM_TRACE_MDIO_C45_READ_INC;

    // The first bit of the turn-around floats; the second must be driven low.
    if (reads && (frame >> 16 & 1) != 0) {
        flags |= SIM_TRACE_NO_ANSWER;
    }
    mdio->out->item(mdio->out,
        &(struct sim_trace_item){ .kind = SIM_TRACE_MDIO,
            .flags = flags,
            .at_ns = mdio->from_ns,
            .len_ns = at_ns - mdio->from_ns,
            .index = mdio->count++,
            .where = mdio->bus,
            .op = op,
            .phy = frame >> 23 & 31,
            .reg = frame >> 18 & 31,
            .value = (uint16_t)frame });
}

// Looks for the start: ones, then 01 or 00.
static void idle_bit(struct sim_mdio_layer *mdio, uint64_t at_ns, bool one)
{
    if (one) {
        mdio->ones++;
        return;
    }
    mdio->preamble = mdio->ones >= PREAMBLE;
    if (mdio->preamble || mdio->synced) {
        mdio->bit = 1;
        mdio->frame = 0;
        mdio->from_ns = at_ns;
    }
    mdio->ones = 0;
}

// Clause 22 has two operations only, and clause 45 always has a preamble.
static bool is_no_frame(const struct sim_mdio_layer *mdio)
{
    unsigned op = mdio->frame & 3;

    return (mdio->bit == 2 && mdio->frame == 0 && !mdio->preamble) ||
        (mdio->bit == 4 && mdio->frame >> 2 == 1 && (op == 0 || op == 3));
}

static void frame_bit(struct sim_mdio_layer *mdio, uint64_t at_ns, bool one)
{
    mdio->frame = mdio->frame << 1 | one;
    mdio->bit++;
    if (is_no_frame(mdio)) {
        mdio->bit = 0;
        mdio->ones = one;
        mdio->synced = false;
        return;
    }
    if (mdio->bit == FRAME) {
        emit(mdio, at_ns, 0);
        mdio->bit = 0;
        mdio->ones = 0;
        mdio->synced = true;
    }
}

void sim_mdio_layer_edges(struct sim_mdio_layer *mdio,
    const struct sim_edge *edges, size_t count)
{
    uint8_t level[2] = { mdio->level[0], mdio->level[1] };
    uint64_t at_ns = edges[0].at_ns;

    for (size_t i = 0; i < count; i++) {
        if (edges[i].channel == mdio->mdc) {
            level[0] = edges[i].level;
        } else if (edges[i].channel == mdio->mdio) {
            level[1] = edges[i].level;
        }
    }
    if (mdio->level[0] == SIM_CAPTURE_LOW && level[0] == SIM_CAPTURE_HIGH) {
        bool one = mdio->level[1] == SIM_CAPTURE_HIGH;

        if (mdio->bit == 0) {
            idle_bit(mdio, at_ns, one);
        } else {
            frame_bit(mdio, at_ns, one);
        }
    }
    memcpy(mdio->level, level, sizeof(level));
}

void sim_mdio_layer_end(struct sim_mdio_layer *mdio, uint64_t at_ns)
{
    // Enough of it to say which register: a frame that was cut.
    if (mdio->bit >= 14) {
        emit(mdio, at_ns, SIM_TRACE_CUT);
    }
    mdio->bit = 0;
}

void sim_mdio_layer_init(struct sim_mdio_layer *mdio, struct sim_item_sink *out,
    const char *bus, uint16_t mdc_channel, uint16_t mdio_channel)
{
    *mdio = (struct sim_mdio_layer){ .out = out,
        .bus = bus,
        .mdc = mdc_channel,
        .mdio = mdio_channel };
    memset(mdio->level, SIM_CAPTURE_UNKNOWN, sizeof(mdio->level));
}
