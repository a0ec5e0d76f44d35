// SPDX-License-Identifier: MIT
//
// Chains of descriptors (virtio 1.1, 2.6.4, 2.6.5): what becomes the device's,
// and the buffers that it is about.

#include "sim/chips/virtio_net/model.h"

#include <string.h>

// The next descriptor of a chain that was looked at; -1: none.
int vio__next(const struct sim_virtio_queue *queue, int at)
{
    const struct sim_virtio_desc *desc = &queue->desc[at];

    return desc->flags & DESC_NEXT ? desc->next : -1;
}

// Whether a descriptor is of use to its queue: the device writes what it has
// received, and reads what it sends.
static bool fits(const struct sim_virtio_desc *desc, unsigned index)
{
    return !(desc->flags & DESC_WRITE) == (index == TX);
}

// What is in the buffers of a chain, as one number.
static uint64_t hash_of(const struct sim_virtio_net *net,
    const struct sim_virtio_queue *queue, int head)
{
    uint64_t hash = 14695981039346656037u; // FNV-1a, by words

    for (int at = head; at >= 0; at = vio__next(queue, at)) {
        const struct sim_virtio_desc *desc = &queue->desc[at];
        const uint8_t *memory =
            sim_dma_reach(&net->dma, desc->address, desc->len);
        uint64_t word = 0;

        for (size_t i = 0; memory && i < desc->len; i += sizeof(word)) {
            size_t left = desc->len - i;

            word = 0;
            memcpy(&word, memory + i,
                left < sizeof(word) ? left : sizeof(word));
            hash = (hash ^ word) * 1099511628211u;
        }
    }
    return hash;
}

void vio__check_buffers(struct sim_virtio_net *net, unsigned index, int head)
{
    struct sim_virtio_queue *queue = &net->queue[index];

    if (hash_of(net, queue, head) != queue->hash[head]) {
        vio__complain(net,
            "queue %u: a buffer was written to while it was the device's",
            index);
    }
}

// One descriptor. Returns false if the device is broken.
static bool check_desc(struct sim_virtio_net *net, unsigned index, unsigned at,
    bool *writes)
{
    struct sim_virtio_queue *queue = &net->queue[index];
    struct sim_virtio_desc *desc = &queue->desc[at];

    if (queue->owned[at]) {
        vio__complain(net, "queue %u: descriptor %u is the device's already",
            index, at);
    }
    if (!vio__read_desc(net, queue, at, desc)) {
        return false;
    }
    if (desc->flags & ~(DESC_NEXT | DESC_WRITE)) {
        vio__broken(net, "queue %u: descriptor %u has flags %X", index, at,
            desc->flags);
    } else if (desc->len == 0) {
        vio__broken(net, "queue %u: descriptor %u is empty", index, at);
    } else if (*writes && !(desc->flags & DESC_WRITE)) {
        vio__broken(net, "queue %u: descriptor %u is to be read, after others",
            index, at);
    } else if (!sim_dma_reach(&net->dma, desc->address, desc->len)) {
        vio__broken(net, "queue %u: descriptor %u is not in memory", index, at);
    } else if (!fits(desc, index)) {
        vio__complain(net, "queue %u: descriptor %u goes the wrong way", index,
            at);
    }
    *writes = (desc->flags & DESC_WRITE) != 0;
    return !net->broken;
}

static void check_len(struct sim_virtio_net *net, unsigned index, int head)
{
    const struct sim_virtio_queue *queue = &net->queue[index];
    size_t len = vio__chain_len(net, index, head);

    if (len < vio__header(net)) {
        vio__broken(net, "queue %u: %zu bytes are too short for the header",
            index, len);
        return;
    }
    if (index == RX && !(net->taken & F_MRG_RXBUF) &&
        len < vio__header(net) + NIF_ETH_FRAME_MAX) {
        vio__complain(net, "%zu bytes are too short for a frame", len);
    }
    // 5.1.6.6.1: the header by itself, unless ANY_LAYOUT was taken.
    if (net->cfg.legacy && !(net->taken & F_ANY_LAYOUT) &&
        queue->desc[head].len != vio__header(net)) {
        vio__complain(net, "queue %u: header and frame in one descriptor",
            index);
    }
}

// A chain becomes the device's.
void vio__adopt(struct sim_virtio_net *net, unsigned index, unsigned head)
{
    struct sim_virtio_queue *queue = &net->queue[index];
    unsigned at = head;
    bool writes = false;

    for (unsigned n = 0;; n++) {
        if (at >= queue->num || n == queue->num) {
            vio__broken(net, "queue %u: chain %u %s", index, head,
                n == queue->num ? "has no end" : "leaves the table");
            return;
        }
        if (!check_desc(net, index, at, &writes)) {
            return;
        }
        if (vio__next(queue, (int)at) < 0) {
            break;
        }
        at = queue->desc[at].next;
    }
    check_len(net, index, (int)head);
    for (int i = (int)head; i >= 0; i = vio__next(queue, i)) {
        queue->owned[i] = true;
    }
    queue->hash[head] = hash_of(net, queue, (int)head);
}

size_t vio__chain_len(const struct sim_virtio_net *net, unsigned index,
    int head)
{
    const struct sim_virtio_queue *queue = &net->queue[index];
    size_t len = 0;

    for (int at = head; at >= 0; at = vio__next(queue, at)) {
        len += fits(&queue->desc[at], index) ? queue->desc[at].len : 0;
    }
    return len;
}

// Memory of a chain from its byte `at` on, and how much of it lies in one
// piece. NULL: behind its end.
static uint8_t *piece(struct sim_virtio_net *net, unsigned index, int head,
    size_t at, size_t *len)
{
    const struct sim_virtio_queue *queue = &net->queue[index];

    for (int i = head; i >= 0; i = vio__next(queue, i)) {
        const struct sim_virtio_desc *desc = &queue->desc[i];
        uint8_t *memory = sim_dma_reach(&net->dma, desc->address, desc->len);

        if (!fits(desc, index)) {
            continue;
        }
        if (at < desc->len && memory != NULL) {
            *len = desc->len - at;
            return memory + at;
        }
        at -= desc->len;
    }
    return NULL;
}

void vio__read(struct sim_virtio_net *net, unsigned index, int head, size_t at,
    uint8_t *data, size_t len)
{
    for (size_t done = 0; done < len;) {
        size_t room = 0;
        const uint8_t *memory = piece(net, index, head, at + done, &room);

        NIF_ASSERT(memory != NULL);
        room = room < len - done ? room : len - done;
        memcpy(data + done, memory, room);
        done += room;
    }
}

void vio__write(struct sim_virtio_net *net, unsigned index, int head, size_t at,
    const uint8_t *data, size_t len)
{
    for (size_t done = 0; done < len;) {
        size_t room = 0;
        uint8_t *memory = piece(net, index, head, at + done, &room);

        NIF_ASSERT(memory != NULL);
        room = room < len - done ? room : len - done;
        memcpy(memory, data + done, room);
        done += room;
    }
}
