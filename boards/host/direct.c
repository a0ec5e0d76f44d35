// SPDX-License-Identifier: MIT
//
// A board without a chip: the stack's device is a plain network card at the
// cable. No bus and no registers lie between, so it is as fast as the stack,
// and what is seen on the wire is the stack's own doing.

#include "boards/host/host.h"
#include "sim/net/nic.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

// Frames that wait to be received; a burst of the host's is not longer.
#define RING 256

// Bytes of a frame to send that cost a step of the processor. Without a price
// a board would send more in a second of its own than the host can take in one
// of the real ones, and fall behind the clock: so it is about a gigabit.
#define STEP_BYTES 24

// Groups that are told apart. With more, all are received.
#define GROUPS 16

// When the card's queue is full: until a frame has left it.
#define FULL_US 2

struct slot {
    size_t len;
    uint8_t data[NIF_ETH_FRAME_MAX];
};

struct part {
    struct nif_iface iface; // first
    struct host_board *board;
    struct sim_nic nic;
    struct nif_hwaddr hwaddr;
    nif_event_fn *fn;
    void *arg;
    bool started;
    bool link; // as last told
    bool full; // a frame found no room
    bool promiscuous;
    bool all_groups;
    size_t group_count;
    struct nif_hwaddr groups[GROUPS];
    size_t head; // the oldest frame in the ring
    size_t count;
    bool lent; // the head was given out by recv()
    struct slot ring[RING];
};

static struct part *of(struct nif_iface *iface)
{
    return nif_container_of(iface, struct part, iface);
}

// ---- the card's side: events

static bool wants(const struct part *part, const uint8_t *to)
{
    static const struct nif_hwaddr all = { { 255, 255, 255, 255, 255, 255 } };

    if (part->promiscuous || memcmp(to, &part->hwaddr, 6) == 0 ||
        memcmp(to, &all, 6) == 0) {
        return true;
    }
    for (size_t i = 0; i < part->group_count; i++) {
        if (memcmp(to, &part->groups[i], 6) == 0) {
            return true;
        }
    }
    return (to[0] & 1) != 0 && part->all_groups;
}

static void on_frame(void *arg, const uint8_t *frame, size_t len)
{
    struct part *part = arg;
    struct slot *slot = &part->ring[(part->head + part->count) % RING];

    if (!part->started || part->count == RING || len > sizeof(slot->data) ||
        !wants(part, frame)) {
        return;
    }
    slot->len = len;
    memcpy(slot->data, frame, len);
    part->count++;
    nif_clock_wake(&part->board->cpu.clock);
}

static void on_link(void *arg, bool up)
{
    struct part *part = arg;

    (void)up;
    nif_clock_wake(&part->board->cpu.clock);
}

// ---- the device

static int direct_start(struct nif_iface *iface)
{
    struct part *part = of(iface);
    int err = sim_cpu_bus_call(&part->board->cpu, "direct");

    if (err != 0) {
        return err;
    }
    if (part->board->cfg.absent) {
        return NIF_ENODEV;
    }
    part->started = true;
    part->count = 0;
    part->lent = false;
    return 0;
}

static int direct_stop(struct nif_iface *iface)
{
    of(iface)->started = false;
    return 0;
}

static int direct_poll(struct nif_iface *iface, uint64_t *again_us)
{
    struct part *part = of(iface);
    bool link = part->started && part->nic.link;
    size_t left = part->count - (part->lent ? 1 : 0);
    int seen;

    if (part->full) {
        uint64_t at_us = nif_clock_now_us(&part->board->cpu.clock) + FULL_US;

        part->full = false;
        *again_us = at_us < *again_us ? at_us : *again_us;
    }
    if (link != part->link) {
        part->link = link;
        if (part->fn) {
            part->fn(part->arg, iface,
                link ? NIF_EVENT_LINK_UP : NIF_EVENT_LINK_DOWN);
        }
    }
    seen = link ? NIF_SEEN_LINK : NIF_SEEN_NO_LINK;
    if (left < 2) {
        seen |= left == 0 ? NIF_SEEN_NO_FRAME : NIF_SEEN_ONE_FRAME;
    }
    return seen;
}

static void direct_hwaddr(struct nif_iface *iface, struct nif_hwaddr *out)
{
    *out = of(iface)->hwaddr;
}

static unsigned direct_flags(struct nif_iface *iface)
{
    const struct part *part = of(iface);
    unsigned flags = NIF_IFACE_BROADCAST | NIF_IFACE_MULTICAST;

    if (part->started) {
        flags |= NIF_IFACE_STARTED;
    }
    if (part->started && part->link) {
        flags |= NIF_IFACE_LINK;
    }
    if (part->nic.full_duplex) {
        flags |= NIF_IFACE_FULL_DUPLEX;
    }
    return flags;
}

static size_t direct_mtu(struct nif_iface *iface)
{
    (void)iface;
    return NIF_ETH_FRAME_MAX - NIF_ETH_HEADER;
}

static void direct_on_event(struct nif_iface *iface, nif_event_fn *fn,
    void *arg)
{
    of(iface)->fn = fn;
    of(iface)->arg = arg;
}

static int direct_send(struct nif_iface *iface, const struct nif_seg *segs,
    size_t n)
{
    struct part *part = of(iface);
    uint8_t frame[NIF_ETH_FRAME_MAX];
    size_t len = 0;
    int err = sim_cpu_bus_call(&part->board->cpu, "direct");

    if (err != 0) {
        return err;
    }
    for (size_t i = 0; i < n; i++) {
        if (segs[i].len > sizeof(frame) - len) {
            return NIF_ETOOBIG;
        }
        memcpy(frame + len, segs[i].data, segs[i].len);
        len += segs[i].len;
    }
    if (len < NIF_ETH_HEADER) {
        return NIF_EINVAL;
    }
    if (!part->started || !part->nic.link) {
        return NIF_ELINK;
    }
    if (!sim_nic_send(&part->nic, frame, len)) {
        part->full = true;
        nif_clock_wake(&part->board->cpu.clock); // poll() says until when
        return NIF_EAGAIN;
    }
    sim_pass_ns(part->board->world,
        (uint64_t)part->board->cpu.cost_ns * len / STEP_BYTES);
    return 0;
}

static int direct_recv(struct nif_iface *iface, uint8_t *buf, size_t cap,
    uint8_t **frame)
{
    struct part *part = of(iface);
    struct slot *slot;
    int err = sim_cpu_bus_call(&part->board->cpu, "direct");

    *frame = buf; // unless there is one: it stays in the ring
    if (err != 0) {
        return err;
    }
    if (part->lent) {
        part->lent = false;
        part->head = (part->head + 1) % RING;
        part->count--;
    }
    if (part->count == 0 || !part->started) {
        return NIF_EAGAIN;
    }
    slot = &part->ring[part->head];
    part->lent = true;
    *frame = slot->data;
    return slot->len <= cap ? (int)slot->len : NIF_ETOOBIG;
}

static int direct_filter(struct nif_iface *iface,
    const struct nif_eth_filter *f)
{
    struct part *part = of(iface);

    part->promiscuous = f->promiscuous;
    part->all_groups = f->all_multicast || f->group_count > GROUPS;
    part->group_count = part->all_groups ? 0 : f->group_count;
    if (part->group_count > 0) {
        memcpy(part->groups, f->groups,
            part->group_count * sizeof(part->groups[0]));
    }
    return 0;
}

static const struct nif_iface_ops direct_ops = {
    .start = direct_start,
    .stop = direct_stop,
    .poll = direct_poll,
    .hwaddr = direct_hwaddr,
    .flags = direct_flags,
    .mtu = direct_mtu,
    .on_event = direct_on_event,
};

static const struct nif_eth_ops direct_eth = {
    .send = direct_send,
    .recv = direct_recv,
    .filter = direct_filter,
};

// ---- the board

static int direct_make(struct host_board *board, char why[HOST_WHY])
{
    const struct host_board_cfg *cfg = &board->cfg;
    struct part *part;

    if (cfg->revision || cfg->bus_hz || cfg->compat || cfg->polling) {
        snprintf(why, HOST_WHY,
            "direct has no chip and no bus: --revision, --spi-hz, --compat "
            "and --polling say nothing to it");
        return -1;
    }
    part = calloc(1, sizeof(*part));
    NIF_ASSERT(part != NULL);
    part->iface = (struct nif_iface){ .ops = &direct_ops, .eth = &direct_eth };
    part->board = board;
    part->hwaddr =
        (struct nif_hwaddr){ { 2, 0, 0, 0, 0, (uint8_t)(cfg->number + 2) } };
    sim_nic_init(&part->nic, board->world, "direct", 0);
    part->nic.full_duplex = !cfg->half_duplex;
    part->nic.on_frame = on_frame;
    part->nic.on_link = on_link;
    part->nic.arg = part;
    board->part = part;
    board->iface = &part->iface;
    board->port = &part->nic.port;
    board->revision = "no chip";
    return 0;
}

static void direct_done(struct host_board *board)
{
    struct part *part = board->part;

    sim_nic_done(&part->nic);
    free(part);
    board->part = NULL;
}

const struct host_chip host_direct = {
    .name = "direct",
    .about = "no chip: the stack itself at the wire, as fast as it is",
    .bits_per_s = 10000000000,
    .all_parts = true,
    .make = direct_make,
    .done = direct_done,
};
