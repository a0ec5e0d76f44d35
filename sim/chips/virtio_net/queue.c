// SPDX-License-Identifier: MIT
//
// The device's side of split rings (virtio 1.1, 2.6): what is available, what
// was used, and whether it was written in order.

#include "sim/chips/virtio_net/model.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#define NO_TELL  1u // in the flags of either ring
#define DESC_LEN 16u
#define USED_LEN 8u
#define HEAD_LEN 4u // of either ring: flags, index

enum { DESC, AVAIL, USED };

static uint16_t get16(const uint8_t *at)
{
    uint16_t value;

    memcpy(&value, at, sizeof(value));
    return value;
}

static uint32_t get32(const uint8_t *at)
{
    uint32_t value;

    memcpy(&value, at, sizeof(value));
    return value;
}

static void put16(uint8_t *at, uint16_t value)
{
    memcpy(at, &value, sizeof(value));
}

static void put32(uint8_t *at, uint32_t value)
{
    memcpy(at, &value, sizeof(value));
}

void vio__break(struct sim_virtio_net *net)
{
    bool told = (net->status & ST_DRIVER_OK) && !net->cfg.legacy;

    net->broken = true;
    if (!net->cfg.legacy) {
        net->status |= ST_NEEDS_RESET;
    }
    if (told) {
        vio__config_changed(net);
    }
}

void vio__broken(struct sim_virtio_net *net, const char *format, ...)
{
    char what[160];
    va_list args;

    va_start(args, format);
    vsnprintf(what, sizeof(what), format, args);
    va_end(args);
    vio__complain(net, "%s", what);
    vio__break(net);
}

// A part of the queue: an entry of it, or its head. NULL: the device is broken.
uint8_t *vio__part(struct sim_virtio_net *net,
    const struct sim_virtio_queue *queue, unsigned which, size_t at, size_t len)
{
    uint8_t *memory = sim_dma_reach(&net->dma, queue->at[which] + at, len);

    if (memory == NULL && !net->broken) {
        vio__broken(net, "a ring at %08lX is not in memory",
            (unsigned long)queue->at[which]);
    }
    return memory;
}

static struct sim_virtio_desc desc_at(const uint8_t *memory)
{
    return (struct sim_virtio_desc){
        .address = get32(memory) | (uint64_t)get32(memory + 4) << 32,
        .len = get32(memory + 8),
        .flags = get16(memory + 12),
        .next = get16(memory + 14),
    };
}

bool vio__read_desc(struct sim_virtio_net *net,
    const struct sim_virtio_queue *queue, unsigned i,
    struct sim_virtio_desc *desc)
{
    const uint8_t *memory =
        vio__part(net, queue, DESC, (size_t)i * DESC_LEN, DESC_LEN);

    if (memory == NULL) {
        return false;
    }
    *desc = desc_at(memory);
    return true;
}

bool vio__same_desc(const struct sim_virtio_desc *a,
    const struct sim_virtio_desc *b)
{
    return a->address == b->address && a->len == b->len &&
        a->flags == b->flags && (!(a->flags & DESC_NEXT) || a->next == b->next);
}

static uint16_t avail_idx(struct sim_virtio_net *net,
    const struct sim_virtio_queue *queue)
{
    const uint8_t *head = vio__part(net, queue, AVAIL, 0, HEAD_LEN);

    return head ? get16(head + 2) : queue->known;
}

static uint16_t avail_entry(struct sim_virtio_net *net,
    const struct sim_virtio_queue *queue, uint16_t i)
{
    const uint8_t *entry =
        vio__part(net, queue, AVAIL, HEAD_LEN + 2 * (i % queue->num), 2);

    return entry ? get16(entry) : 0;
}

static void set_flags(struct sim_virtio_net *net,
    struct sim_virtio_queue *queue, uint16_t flags)
{
    uint8_t *head = vio__part(net, queue, USED, 0, HEAD_LEN);

    if (head != NULL && queue->told != flags) {
        queue->told = flags;
        put16(head, flags);
    }
}

// ---- barriers

static void keep(struct sim_virtio_net *net, struct sim_virtio_queue *queue)
{
    size_t num = queue->num;
    const uint8_t *ring = vio__part(net, queue, AVAIL, HEAD_LEN, 2 * num);
    const uint8_t *desc = vio__part(net, queue, DESC, 0, DESC_LEN * num);

    if (ring == NULL || desc == NULL) {
        return;
    }
    memcpy(queue->fence_ring, ring, 2 * num);
    memcpy(queue->fence_desc, desc, DESC_LEN * num);
}

void vio__queue_begin(struct sim_virtio_net *net, unsigned index)
{
    struct sim_virtio_queue *queue = &net->queue[index];
    size_t len[3] = { (size_t)DESC_LEN * queue->num,
        HEAD_LEN + (size_t)2 * queue->num,
        HEAD_LEN + (size_t)USED_LEN * queue->num };

    queue->known = 0;
    queue->taken = 0;
    queue->used = 0;
    queue->told = 0;
    queue->dry = false;
    queue->held_count = 0;
    queue->late = -1;
    queue->fence_idx = 0;
    memset(queue->owned, 0, sizeof(queue->owned));
    for (unsigned i = 0; i < 3; i++) {
        if (vio__part(net, queue, i, 0, len[i]) == NULL) {
            return;
        }
    }
    if (get16(vio__part(net, queue, USED, 0, HEAD_LEN) + 2) != 0) {
        vio__complain(net, "the used ring of queue %u is not zero", index);
    }
    keep(net, queue);
}

// Whether a chain was in memory at the last barrier as it is now.
static bool was_there(struct sim_virtio_net *net,
    const struct sim_virtio_queue *queue, uint16_t i)
{
    uint16_t at = avail_entry(net, queue, i);
    struct sim_virtio_desc desc = { .flags = DESC_NEXT, .next = at };
    struct sim_virtio_desc then;

    if (get16(queue->fence_ring[i % queue->num]) != at) {
        return false;
    }
    for (unsigned n = 0; n < queue->num && (desc.flags & DESC_NEXT); n++) {
        at = desc.next;
        if (at >= queue->num || !vio__read_desc(net, queue, at, &desc)) {
            return true; // a complaint of its own
        }
        then = desc_at(queue->fence_desc[at]);
        if (!vio__same_desc(&desc, &then)) {
            return false;
        }
    }
    return true;
}

static void fence(struct sim_virtio_net *net, unsigned index)
{
    struct sim_virtio_queue *queue = &net->queue[index];
    uint16_t idx = avail_idx(net, queue);

    if ((uint16_t)(idx - queue->fence_idx) <= queue->num) {
        for (uint16_t i = queue->fence_idx; i != idx; i++) {
            if (!was_there(net, queue, i)) {
                vio__complain(net,
                    "queue %u: an index without a barrier "
                    "before it",
                    index);
                break;
            }
        }
    }
    queue->fence_idx = idx;
    keep(net, queue);
}

void vio__fence(struct sim_virtio_net *net)
{
    for (unsigned i = 0; i < SIM_VIRTIO_QUEUES; i++) {
        if (net->queue[i].ready && !net->broken) {
            fence(net, i);
        }
    }
}

void vio__queue_notified(struct sim_virtio_net *net, unsigned index)
{
    struct sim_virtio_queue *queue = &net->queue[index];

    if (avail_idx(net, queue) != queue->fence_idx) {
        vio__complain(net, "queue %u: a notification without a barrier", index);
    }
}

// ---- available

// Looks at what has become available.
static void look(struct sim_virtio_net *net, unsigned index)
{
    struct sim_virtio_queue *queue = &net->queue[index];
    uint16_t idx = avail_idx(net, queue);

    if ((uint16_t)(idx - queue->known) > queue->num) {
        vio__broken(net, "queue %u: %u chains of %u became available", index,
            (uint16_t)(idx - queue->known), (unsigned)queue->num);
    }
    while (queue->known != idx && !net->broken) {
        vio__adopt(net, index, avail_entry(net, queue, queue->known));
        queue->known++;
    }
}

static bool available(struct sim_virtio_net *net, unsigned index)
{
    struct sim_virtio_queue *queue = &net->queue[index];

    look(net, index);
    return !net->broken && queue->taken != queue->known;
}

static int take_next(struct sim_virtio_net *net, struct sim_virtio_queue *queue)
{
    return avail_entry(net, queue, queue->taken++);
}

int vio__take(struct sim_virtio_net *net, unsigned index)
{
    struct sim_virtio_queue *queue = &net->queue[index];
    int head;

    if (net->broken) {
        return -1;
    }
    if (queue->held_count > 0) {
        head = queue->held[--queue->held_count];
    } else if (available(net, index)) {
        head = take_next(net, queue);
        if (net->shuffles && index == RX && queue->taken != queue->known) {
            queue->held[queue->held_count++] = head;
            head = take_next(net, queue);
        }
    } else {
        if (!net->broken) {
            set_flags(net, queue, 0);
        }
        queue->dry = true;
        return -1;
    }
    set_flags(net, queue, NO_TELL);
    if (index == RX) {
        vio__check_buffers(net, index, head);
    }
    return head;
}

void vio__untake(struct sim_virtio_net *net, unsigned index, int head)
{
    struct sim_virtio_queue *queue = &net->queue[index];

    queue->held[queue->held_count++] = head;
}

// ---- used

void vio__push(struct sim_virtio_net *net, unsigned index, uint32_t id,
    uint32_t len)
{
    struct sim_virtio_queue *queue = &net->queue[index];
    uint8_t *head = vio__part(net, queue, USED, 0, HEAD_LEN);
    uint8_t *entry = vio__part(net, queue, USED,
        HEAD_LEN + USED_LEN * (queue->used % queue->num), USED_LEN);

    if (head == NULL || entry == NULL) {
        return;
    }
    if (get16(head) != queue->told || get16(head + 2) != queue->used) {
        vio__complain(net, "queue %u: the used ring was written to", index);
    }
    put32(entry, id);
    put32(entry + 4, len);
    put16(head + 2, ++queue->used);
}

static void give(struct sim_virtio_net *net, unsigned index, int head,
    uint32_t len)
{
    struct sim_virtio_queue *queue = &net->queue[index];

    if (index == TX) {
        vio__check_buffers(net, index, head);
    }
    for (int at = head; at >= 0; at = vio__next(queue, at)) {
        struct sim_virtio_desc now;

        if (vio__read_desc(net, queue, (unsigned)at, &now) &&
            !vio__same_desc(&now, &queue->desc[at])) {
            vio__complain(net,
                "queue %u: descriptor %d was changed while it was the device's",
                index, at);
        }
        queue->owned[at] = false;
    }
    vio__push(net, index, (uint32_t)head, len);
}

void vio__give(struct sim_virtio_net *net, unsigned index, int head,
    uint32_t len)
{
    struct sim_virtio_queue *queue = &net->queue[index];

    if (net->shuffles && index == TX && queue->late < 0 &&
        available(net, index)) {
        queue->late = head;
        return;
    }
    give(net, index, head, len);
    if (queue->late >= 0) {
        head = queue->late;
        queue->late = -1;
        give(net, index, head, 0);
    }
}

void vio__tell_used(struct sim_virtio_net *net, unsigned index)
{
    const uint8_t *head =
        vio__part(net, &net->queue[index], AVAIL, 0, HEAD_LEN);

    if (head != NULL && !(get16(head) & NO_TELL)) {
        vio__raise(net, INT_USED);
    }
}
