// SPDX-License-Identifier: MIT
//
// Items in order of time: a heap of copies.

#include "sim/capture/sorter.h"

#include <stdlib.h>
#include <string.h>

struct sim_sorter_entry {
    uint64_t key;
    uint64_t seq;
    struct sim_trace_item *item;
};

// ---- copies

// Moves `len` bytes to `*at` and returns where they are now.
static const void *move(char **at, const void *from, size_t len)
{
    void *to = *at;

    if (!from) {
        return NULL;
    }
    memcpy(to, from, len);
    *at += len;
    return to;
}

struct sim_trace_item *sim_item_copy(const struct sim_trace_item *item)
{
    size_t text = item->text ? strlen(item->text) + 1 : 0;
    size_t where = item->where ? strlen(item->where) + 1 : 0;
    size_t segs = item->seg_len ? item->segs * sizeof(*item->seg_len) : 0;
    struct sim_trace_item *copy =
        malloc(sizeof(*copy) + segs + 6 * item->len + text + where);
    char *at;

    NIF_ASSERT(copy != NULL);
    *copy = *item;
    at = (char *)(copy + 1);
    copy->seg_len = move(&at, item->seg_len, segs);
    copy->data = move(&at, item->data, item->len);
    copy->data_known = move(&at, item->data_known, item->len);
    copy->miso = move(&at, item->miso, item->len);
    copy->miso_known = move(&at, item->miso_known, item->len);
    copy->mask = move(&at, item->mask, item->len);
    copy->errors = move(&at, item->errors, item->len);
    copy->text = move(&at, item->text, text);
    copy->where = move(&at, item->where, where);
    return copy;
}

// ---- the heap

static bool before(const struct sim_sorter_entry *a,
    const struct sim_sorter_entry *b)
{
    return a->key < b->key || (a->key == b->key && a->seq < b->seq);
}

static void swap(struct sim_sorter_entry *a, struct sim_sorter_entry *b)
{
    struct sim_sorter_entry kept = *a;

    *a = *b;
    *b = kept;
}

static void push(struct sim_sorter *s, struct sim_sorter_entry entry)
{
    size_t at = s->count++;

    if (s->count > s->cap) {
        s->cap = 2 * s->cap + 64;
        s->heap = realloc(s->heap, s->cap * sizeof(*s->heap));
        NIF_ASSERT(s->heap != NULL);
    }
    s->heap[at] = entry;
    while (at > 0 && before(&s->heap[at], &s->heap[(at - 1) / 2])) {
        swap(&s->heap[at], &s->heap[(at - 1) / 2]);
        at = (at - 1) / 2;
    }
}

static struct sim_trace_item *pop(struct sim_sorter *s)
{
    struct sim_trace_item *item = s->heap[0].item;
    size_t at = 0;

    s->count--;
    s->heap[0] = s->heap[s->count];
    s->heap[s->count].item = NULL;
    for (;;) {
        size_t least = at;

        for (size_t child = 2 * at + 1; child <= 2 * at + 2; child++) {
            if (child < s->count && before(&s->heap[child], &s->heap[least])) {
                least = child;
            }
        }
        if (least == at) {
            return item;
        }
        swap(&s->heap[at], &s->heap[least]);
        at = least;
    }
}

// ---- the sorter

static void pass_first(struct sim_sorter *s)
{
    struct sim_trace_item *item = pop(s);

    s->next->item(s->next, item);
    free(item);
}

static void sorter_item(struct sim_item_sink *sink,
    const struct sim_trace_item *item)
{
    struct sim_sorter *s = nif_container_of(sink, struct sim_sorter, sink);

    push(s,
        (struct sim_sorter_entry){
            .key = s->by_start ? item->at_ns : sim_trace_end_ns(item),
            .seq = s->seq++,
            .item = sim_item_copy(item),
        });
    sim_sorter_until(s, sim_trace_end_ns(item));
}

void sim_sorter_until(struct sim_sorter *sorter, uint64_t now_ns)
{
    while (sorter->count > 0 && now_ns >= sorter->hold_ns &&
        sorter->heap[0].key < now_ns - sorter->hold_ns) {
        pass_first(sorter);
    }
}

void sim_sorter_done(struct sim_sorter *sorter)
{
    while (sorter->count > 0) {
        pass_first(sorter);
    }
    free(sorter->heap);
    sorter->heap = NULL;
    sorter->cap = 0;
}

void sim_sorter_init(struct sim_sorter *sorter, struct sim_item_sink *next,
    bool by_start, uint64_t hold_ns)
{
    *sorter = (struct sim_sorter){
        .sink.item = sorter_item,
        .next = next,
        .by_start = by_start,
        .hold_ns = hold_ns,
    };
}
