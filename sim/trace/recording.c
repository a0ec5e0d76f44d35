// SPDX-License-Identifier: MIT
//
// A section of a trace in memory.

#include "sim/trace/recording.h"

#include "sim/trace/words.h"

#include <stdlib.h>
#include <string.h>

// Everything that an event points to lies in a chain of blocks.
struct block {
    struct block *before;
    size_t used;
    size_t cap;
    max_align_t bytes[];
};

#define BLOCK_LEN 65536

static void *take(struct sim_recording *rec, size_t len)
{
    struct block *block = rec->memory;
    size_t need = (len + sizeof(max_align_t) - 1) / sizeof(max_align_t);
    void *room;

    if (!block || block->cap - block->used < need) {
        size_t cap = BLOCK_LEN / sizeof(max_align_t);

        cap = need > cap ? need : cap;
        block = malloc(sizeof(*block) + cap * sizeof(max_align_t));
        NIF_ASSERT(block != NULL);
        *block = (struct block){ .before = rec->memory, .cap = cap };
        rec->memory = block;
    }
    room = block->bytes + block->used;
    block->used += need;
    return room;
}

// A copy of `len` bytes; NULL stays NULL.
static const void *keep(struct sim_recording *rec, const void *from, size_t len)
{
    void *copy;

    if (!from) {
        return NULL;
    }
    copy = take(rec, len + 1);
    memcpy(copy, from, len);
    return copy;
}

static const char *keep_text(struct sim_recording *rec, const char *text)
{
    return text ? keep(rec, text, strlen(text) + 1) : NULL;
}

// Room for one more in an array that is grown when a power of two is full.
static void *grow(void *array, size_t count, size_t size)
{
    void *room = array;

    if ((count & (count - 1)) == 0) {
        room = realloc(array, (count ? 2 * count : 1) * size);
        NIF_ASSERT(room != NULL);
    }
    return room;
}

static void add_event(struct sim_recording *rec,
    const struct sim_trace_item *item, unsigned line)
{
    struct sim_trace_item copy = *item;

    copy.where = keep_text(rec, item->where);
    copy.text = keep_text(rec, item->text);
    copy.data = keep(rec, item->data, item->len);
    copy.data_known = keep(rec, item->data_known, item->len);
    copy.miso = keep(rec, item->miso, item->len);
    copy.miso_known = keep(rec, item->miso_known, item->len);
    copy.mask = keep(rec, item->mask, item->len);
    copy.errors = keep(rec, item->errors, item->len);
    copy.seg_len =
        keep(rec, item->seg_len, item->segs * sizeof(*item->seg_len));
    rec->event = grow(rec->event, rec->count, sizeof(*rec->event));
    rec->event[rec->count++] = (struct sim_recorded){ copy, line, false };
}

static void add_head(struct sim_recording *rec,
    const struct sim_trace_item *item)
{
    struct sim_trace_bus bus;

    if (strcmp(item->where, "bus") == 0) {
        if (sim_trace_bus_parse(item->text, &bus)) {
            rec->bus = grow(rec->bus, rec->bus_count, sizeof(*rec->bus));
            rec->bus[rec->bus_count++] = bus;
        }
        return;
    }
    rec->head = grow(rec->head, rec->head_count, sizeof(*rec->head));
    rec->head[rec->head_count++] = (struct sim_recording_head){
        keep_text(rec, item->where),
        keep_text(rec, item->text),
    };
}

static int by_begin(const void *a, const void *b)
{
    const struct sim_recorded *x = a;
    const struct sim_recorded *y = b;

    if (x->item.at_ns != y->item.at_ns) {
        return x->item.at_ns < y->item.at_ns ? -1 : 1;
    }
    return x->line < y->line ? -1 : x->line > y->line;
}

// Gives the transactions of one bus the masks of its chip.
static void mask_bus(struct sim_recording *rec, const struct sim_trace_bus *bus)
{
    struct sim_words *words =
        sim_words_new(bus->chip[0] ? bus->chip : bus->name);

    for (size_t i = 0; i < rec->count && sim_words_know(words); i++) {
        struct sim_recorded *event = &rec->event[i];
        struct sim_trace_item *item = &event->item;
        uint8_t *mask;

        if (item->kind != SIM_TRACE_SPI || !item->miso ||
            strcmp(item->where, bus->name) != 0) {
            continue;
        }
        mask = take(rec, item->len);
        sim_words_mask(words, item, mask);
        if (!item->mask) {
            item->mask = mask;
            event->mask_is_ours = true;
        }
    }
    sim_words_free(words);
}

int sim_recording_read(struct sim_recording *rec,
    struct sim_trace_reader *reader)
{
    struct sim_trace_item item;
    int got;

    *rec = (struct sim_recording){ 0 };
    while ((got = sim_trace_read(reader, &item)) == 1) {
        if (item.kind == SIM_TRACE_HEAD) {
            add_head(rec, &item);
        } else if (item.kind != SIM_TRACE_BEGIN) {
            add_event(rec, &item, reader->line);
        } else if (rec->count + rec->head_count + rec->bus_count > 0) {
            break; // of the next section; nothing of it was read yet
        }
    }
    if (got < 0 || rec->count + rec->head_count + rec->bus_count == 0) {
        sim_recording_done(rec);
        return got;
    }
    if (rec->count > 0) {
        qsort(rec->event, rec->count, sizeof(*rec->event), by_begin);
    }
    for (size_t i = 0; i < rec->bus_count; i++) {
        mask_bus(rec, &rec->bus[i]);
    }
    return 1;
}

void sim_recording_done(struct sim_recording *rec)
{
    struct block *block = rec->memory;

    while (block) {
        struct block *before = block->before;

        free(block);
        block = before;
    }
    free(rec->event);
    free(rec->bus);
    free(rec->head);
    *rec = (struct sim_recording){ 0 };
}

const char *sim_recording_head(const struct sim_recording *rec, const char *key)
{
    for (size_t i = 0; i < rec->head_count; i++) {
        if (strcmp(rec->head[i].key, key) == 0) {
            return rec->head[i].value;
        }
    }
    return NULL;
}

const struct sim_trace_bus *sim_recording_bus(const struct sim_recording *rec,
    const char *name)
{
    for (size_t i = 0; i < rec->bus_count; i++) {
        if (strcmp(rec->bus[i].name, name) == 0) {
            return &rec->bus[i];
        }
    }
    return NULL;
}
