// SPDX-License-Identifier: MIT
//
// Frames pass from one end to the other without being looked at.

#include "bench/stack/wire.h"

#include "bench/stack/meter.h"

#include <string.h>

_Static_assert((offsetof(struct wire_slot, data) + NIF_ETH_HEADER) % 4 == 0,
    "the IPv4 header is not aligned");

static struct wire_end *of(struct nif_iface *iface)
{
    return nif_container_of(iface, struct wire_end, iface);
}

// ---------------------------------------------------------------- queues

static void put(struct wire_queue *queue, struct wire_slot *slot)
{
    slot->next = NULL;
    if (queue->tail != NULL) {
        queue->tail->next = slot;
    } else {
        queue->head = slot;
    }
    queue->tail = slot;
}

static struct wire_slot *get(struct wire_queue *queue)
{
    struct wire_slot *slot = queue->head;

    if (slot != NULL) {
        queue->head = slot->next;
        queue->tail = queue->head != NULL ? queue->tail : NULL;
    }
    return slot;
}

// The frame that the stack has looked at long enough.
static void put_back(struct wire_end *end)
{
    if (end->shown != NULL) {
        put(&end->wire->idle, end->shown);
        end->shown = NULL;
    }
}

// ---------------------------------------------------------------- device

int wire_start(struct nif_iface *iface)
{
    (void)iface;
    return 0;
}

// NOLINTNEXTLINE(readability-non-const-parameter): the interface's
int wire_poll(struct nif_iface *iface, uint64_t *again_us)
{
    const struct wire_slot *first = of(iface)->came.head;

    (void)again_us;
    if (first == NULL) {
        return NIF_SEEN_LINK | NIF_SEEN_NO_FRAME;
    }
    return first->next == NULL ? NIF_SEEN_LINK | NIF_SEEN_ONE_FRAME
                               : NIF_SEEN_LINK;
}

void wire_hwaddr(struct nif_iface *iface, struct nif_hwaddr *out)
{
    *out = (struct nif_hwaddr){ { 2, 0, 0, 0, 0, of(iface)->address } };
}

unsigned wire_flags(struct nif_iface *iface)
{
    (void)iface;
    return NIF_IFACE_STARTED | NIF_IFACE_LINK | NIF_IFACE_FULL_DUPLEX |
        NIF_IFACE_BROADCAST;
}

size_t wire_mtu(struct nif_iface *iface)
{
    (void)iface;
    return 1500;
}

void wire_on_event(struct nif_iface *iface, nif_event_fn *fn, void *arg)
{
    (void)iface;
    (void)fn;
    (void)arg;
}

int wire_lend(struct nif_iface *iface, size_t len, uint8_t **buf)
{
    struct wire_end *end = of(iface);

    if (len > NIF_ETH_FRAME_MAX) {
        return NIF_ETOOBIG;
    }
    if (end->lent == NULL) {
        end->lent = get(&end->wire->idle);
    }
    if (end->lent == NULL) {
        return NIF_EAGAIN;
    }
    *buf = end->lent->data;
    return 0;
}

int wire_commit(struct nif_iface *iface, size_t len)
{
    struct wire_end *end = of(iface);

    end->lent->len = (uint16_t)len;
    put(&end->far->came, end->lent);
    end->lent = NULL;
    end->lends++;
    return 0;
}

int wire_send(struct nif_iface *iface, const struct nif_seg *segs, size_t n)
{
    struct wire_slot *slot = get(&of(iface)->wire->idle);
    size_t len = 0;

    if (slot == NULL) {
        return NIF_EAGAIN;
    }
    for (size_t i = 0; i < n; i++) {
        NIF_ASSERT(len + segs[i].len <= NIF_ETH_FRAME_MAX);
        memcpy(slot->data + len, segs[i].data, segs[i].len);
        len += segs[i].len;
    }
    slot->len = (uint16_t)len;
    put(&of(iface)->far->came, slot);
    return 0;
}

// NOLINTNEXTLINE(readability-non-const-parameter): the interface's
int wire_recv(struct nif_iface *iface, uint8_t *buf, size_t cap,
    uint8_t **frame)
{
    struct wire_end *end = of(iface);

    (void)buf;
    (void)cap;
    put_back(end);
    end->shown = get(&end->came);
    if (end->shown == NULL) {
        return NIF_EAGAIN;
    }
    *frame = end->shown->data;
    return end->shown->len;
}

uint64_t wire_now_us(struct nif_clock *clock)
{
    return nif_container_of(clock, struct wire_end, clock)->wire->now_us;
}

void wire_wake(struct nif_clock *clock)
{
    (void)clock;
}

// ------------------------------------------------------------------ both

#define OPS(prefix, name)                              \
    static const struct nif_iface_ops name##_iface = { \
        .start = prefix##_start,                       \
        .stop = prefix##_start,                        \
        .poll = prefix##_poll,                         \
        .hwaddr = prefix##_hwaddr,                     \
        .flags = prefix##_flags,                       \
        .mtu = prefix##_mtu,                           \
        .on_event = prefix##_on_event,                 \
    };                                                 \
    static const struct nif_eth_ops name##_gather = {  \
        .send = prefix##_send,                         \
        .recv = prefix##_recv,                         \
    };                                                 \
    static const struct nif_eth_ops name##_lends = {   \
        .send = prefix##_send,                         \
        .recv = prefix##_recv,                         \
        .lend = prefix##_lend,                         \
        .commit = prefix##_commit,                     \
    };                                                 \
    static const struct nif_clock_ops name##_clock = { \
        .now_us = prefix##_now_us,                     \
        .wake = prefix##_wake,                         \
    };                                                 \
    const struct wire_ops wire_##name = {              \
        .iface = &name##_iface,                        \
        .gather = &name##_gather,                      \
        .lend = &name##_lends,                         \
        .clock = &name##_clock,                        \
    }

OPS(wire, plain);
OPS(outside, outside);

void wire_init(struct wire *wire, struct wire_end *a, struct wire_end *b)
{
    memset(wire, 0, sizeof(*wire));
    wire->now_us = 1000000;
    for (size_t i = 0; i < WIRE_SLOTS; i++) {
        put(&wire->idle, &wire->slots[i]);
    }
    *a = (struct wire_end){ .wire = wire, .far = b, .address = 1 };
    *b = (struct wire_end){ .wire = wire, .far = a, .address = 2 };
}

void wire_dress(struct wire_end *end, const struct wire_ops *ops, bool lends)
{
    end->iface.ops = ops->iface;
    end->iface.eth = lends ? ops->lend : ops->gather;
    end->clock.ops = ops->clock;
}

void wire_inject(struct wire_end *to, const uint8_t *frame, size_t len)
{
    const struct nif_seg seg = { frame, len };

    NIF_ASSERT(wire_send(&to->far->iface, &seg, 1) == 0);
}

const struct wire_slot *wire_take(struct wire_end *end)
{
    put_back(end);
    end->shown = get(&end->came);
    return end->shown;
}
