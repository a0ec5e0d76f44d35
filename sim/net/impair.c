// SPDX-License-Identifier: MIT
//
// A bad network in one direction.

#include "sim/net/impair.h"

#include <stdlib.h>
#include <string.h>

#define ADDRESSES 12 // left alone by corruption, so that the frame arrives

struct sim_impair_item {
    struct sim_impair_item *next;
    struct sim_impair *impair;
    struct sim_event event;
    size_t len;
    uint8_t data[];
};

static bool chance(struct sim_impair *impair, uint32_t ppm)
{
    // No roll where there is no chance: what is off costs no dice.
    return ppm != 0 && sim_roll(impair->world, 1000000) < ppm;
}

static void on_item(struct sim_event *event)
{
    struct sim_impair_item *item =
        nif_container_of(event, struct sim_impair_item, event);
    struct sim_impair *impair = item->impair;
    struct sim_impair_item **at = &impair->items;

    while (*at != item) {
        at = &(*at)->next;
    }
    *at = item->next;
    impair->queued--;
    impair->out_count++;
    impair->out(impair->arg, item->data, item->len);
    free(item);
}

// When a frame of `len` bytes that goes in now comes out.
static uint64_t out_time(struct sim_impair *impair, size_t len)
{
    const struct sim_impair_cfg *cfg = &impair->cfg;
    uint64_t at_ns = impair->world->now_ns;

    if (cfg->bits_per_s != 0) {
        if (at_ns < impair->free_ns) {
            at_ns = impair->free_ns;
        }
        at_ns += len * 8 * SIM_S / cfg->bits_per_s;
        impair->free_ns = at_ns;
    }
    at_ns += cfg->delay_ns;
    if (cfg->jitter_ns != 0) {
        at_ns += cfg->jitter_ns * sim_roll(impair->world, 1001) / 1000;
    }
    if (chance(impair, cfg->reorder_ppm)) {
        impair->reordered++;
        return at_ns + (cfg->reorder_ns ? cfg->reorder_ns : 5 * SIM_MS);
    }
    if (at_ns < impair->last_ns) {
        at_ns = impair->last_ns;
    }
    impair->last_ns = at_ns;
    return at_ns;
}

static void launch(struct sim_impair *impair, const uint8_t *frame, size_t len)
{
    struct sim_impair_item *item;
    size_t max = impair->cfg.queue_max ? impair->cfg.queue_max : 512;

    if (impair->queued == max) {
        impair->dropped++;
        return;
    }
    item = calloc(1, sizeof(*item) + len);
    NIF_ASSERT(item != NULL);
    item->impair = impair;
    item->event.fn = on_item;
    item->len = len;
    memcpy(item->data, frame, len);
    if (len > ADDRESSES && chance(impair, impair->cfg.corrupt_ppm)) {
        uint32_t bits = (uint32_t)(len - ADDRESSES) * 8;
        uint32_t bit = sim_roll(impair->world, bits);

        item->data[ADDRESSES + bit / 8] ^= (uint8_t)(1u << bit % 8);
        impair->corrupted++;
    }
    item->next = impair->items;
    impair->items = item;
    impair->queued++;
    sim_event_at(impair->world, &item->event, out_time(impair, len));
}

static bool is_lost(struct sim_impair *impair, size_t len)
{
    if (impair->burst_left > 0) {
        impair->burst_left--;
        return true;
    }
    if (chance(impair, impair->cfg.burst_ppm)) {
        impair->burst_left = impair->cfg.burst_len;
    }
    return chance(impair, impair->cfg.drop_ppm) ||
        (impair->cfg.size_limit != 0 && len > impair->cfg.size_limit);
}

void sim_impair_put(struct sim_impair *impair, const uint8_t *frame, size_t len)
{
    impair->in_count++;
    if (is_lost(impair, len)) {
        impair->dropped++;
        return;
    }
    launch(impair, frame, len);
    if (chance(impair, impair->cfg.duplicate_ppm)) {
        impair->duplicated++;
        launch(impair, frame, len);
    }
}

void sim_impair_init(struct sim_impair *impair, struct sim_world *world,
    const struct sim_impair_cfg *cfg, sim_impair_fn *out, void *arg)
{
    *impair = (struct sim_impair){ .world = world, .out = out, .arg = arg };
    if (cfg) {
        impair->cfg = *cfg;
    }
}

void sim_impair_done(struct sim_impair *impair)
{
    struct sim_impair_item *item;

    while ((item = impair->items) != NULL) {
        impair->items = item->next;
        sim_event_cancel(impair->world, &item->event);
        free(item);
    }
    impair->queued = 0;
}
