// SPDX-License-Identifier: MIT
//
// The glitch filter. An edge waits in a ring until it is older than the
// shortest pulse; if its channel moves back before that, both vanish.

#include "sim/capture/glitch.h"

#include <stdlib.h>
#include <string.h>

struct sim_glitch_slot {
    struct sim_edge edge;
    bool gone;
};

static struct sim_glitch *of(struct sim_edge_sink *sink)
{
    return nif_container_of(sink, struct sim_glitch, sink);
}

static struct sim_glitch_slot *slot_at(struct sim_glitch *g, size_t i)
{
    return &g->slot[(g->first + i) % g->cap];
}

static void pass_first(struct sim_glitch *g)
{
    struct sim_glitch_slot *slot = slot_at(g, 0);
    uint16_t channel = slot->edge.channel;

    if (g->pending[channel] == g->first + 1) {
        g->pending[channel] = 0;
    }
    if (!slot->gone) {
        g->next->ops->edge(g->next, &slot->edge);
    }
    g->first = (g->first + 1) % g->cap;
    g->count--;
}

static void grow(struct sim_glitch *g)
{
    size_t cap = g->cap ? 2 * g->cap : 64;
    struct sim_glitch_slot *slot = malloc(cap * sizeof(*slot));
    size_t moved[SIM_CAPTURE_CHANNELS] = { 0 };

    NIF_ASSERT(slot != NULL);
    for (size_t i = 0; i < g->count; i++) {
        uint16_t channel = slot_at(g, i)->edge.channel;

        slot[i] = *slot_at(g, i);
        if (g->pending[channel] == (g->first + i) % g->cap + 1) {
            moved[channel] = i + 1;
        }
    }
    memcpy(g->pending, moved, sizeof(moved));
    free(g->slot);
    g->slot = slot;
    g->cap = cap;
    g->first = 0;
}

static bool glitch_begin(struct sim_edge_sink *sink,
    const struct sim_capture *what)
{
    struct sim_glitch *g = of(sink);

    return g->next->ops->begin(g->next, what);
}

static void glitch_edge(struct sim_edge_sink *sink, const struct sim_edge *edge)
{
    struct sim_glitch *g = of(sink);
    size_t at;

    while (g->count > 0 &&
        edge->at_ns - slot_at(g, 0)->edge.at_ns >= g->min_ns) {
        pass_first(g);
    }
    at = g->pending[edge->channel];
    if (at != 0) {
        // What began it has not passed: the pulse was too short.
        g->slot[at - 1].gone = true;
        g->pending[edge->channel] = 0;
        g->dropped[edge->channel]++;
        g->total++;
        return;
    }
    if (g->count == g->cap) {
        grow(g);
    }
    *slot_at(g, g->count) = (struct sim_glitch_slot){ .edge = *edge };
    if (g->seen[edge->channel]) {
        g->pending[edge->channel] = (g->first + g->count) % g->cap + 1;
    }
    g->seen[edge->channel] = true;
    g->count++;
}

static void glitch_end(struct sim_edge_sink *sink, uint64_t at_ns)
{
    struct sim_glitch *g = of(sink);

    while (g->count > 0) {
        pass_first(g);
    }
    g->next->ops->end(g->next, at_ns);
}

static const struct sim_edge_sink_ops glitch_ops = {
    .begin = glitch_begin,
    .edge = glitch_edge,
    .end = glitch_end,
};

void sim_glitch_init(struct sim_glitch *filter, struct sim_edge_sink *next,
    uint64_t min_ns)
{
    *filter = (struct sim_glitch){
        .sink.ops = &glitch_ops,
        .next = next,
        .min_ns = min_ns,
    };
}

void sim_glitch_done(struct sim_glitch *filter)
{
    free(filter->slot);
    filter->slot = NULL;
}
