// SPDX-License-Identifier: MIT
//
// The cable and its two devices.

#include "tests/core/pair.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

// ----------------------------------------------------------------- clock

static uint64_t pair_now_us(struct nif_clock *clock)
{
    return ((struct pair *)(void *)clock)->now_us;
}

static void pair_delay_us(struct nif_clock *clock, uint32_t us)
{
    ((struct pair *)(void *)clock)->now_us += us;
}

static void pair_wait(struct nif_clock *clock, uint64_t until_us)
{
    struct pair *p = (struct pair *)(void *)clock;

    if (!p->woken && until_us > p->now_us) {
        p->now_us = until_us;
    }
    p->woken = false;
}

static void pair_wake(struct nif_clock *clock)
{
    ((struct pair *)(void *)clock)->woken = true;
}

static const struct nif_clock_ops pair_clock_ops = {
    .now_us = pair_now_us,
    .delay_us = pair_delay_us,
    .wait = pair_wait,
    .wake = pair_wake,
};

uint32_t pair_roll(struct pair *p, uint32_t n)
{
    p->rng ^= p->rng << 13;
    p->rng ^= p->rng >> 7;
    p->rng ^= p->rng << 17;
    return (uint32_t)((p->rng >> 32) * n >> 32);
}

// --------------------------------------------------------------- devices

static struct pair_dev *dev_of(struct nif_iface *iface)
{
    return nif_container_of(iface, struct pair_dev, iface);
}

static int dev_start(struct nif_iface *iface)
{
    dev_of(iface)->link = true;
    return 0;
}

static int dev_stop(struct nif_iface *iface)
{
    dev_of(iface)->link = false;
    return 0;
}

// The time of the next frame stands in for the interrupt.
static int dev_poll(struct nif_iface *iface, uint64_t *again_us)
{
    struct pair_dev *dev = dev_of(iface);

    dev->room = dev->refill;
    if (dev->queued > 0 && dev->queue[0].at_us < *again_us) {
        *again_us = dev->queue[0].at_us;
    }
    return dev->poll_err;
}

static void dev_hwaddr(struct nif_iface *iface, struct nif_hwaddr *out)
{
    *out = dev_of(iface)->hwaddr;
}

static unsigned dev_flags(struct nif_iface *iface)
{
    return dev_of(iface)->link ? NIF_IFACE_STARTED | NIF_IFACE_LINK
                               : NIF_IFACE_STARTED;
}

static size_t dev_mtu(struct nif_iface *iface)
{
    (void)iface;
    return 1500;
}

static void dev_on_event(struct nif_iface *iface, nif_event_fn *fn, void *arg)
{
    (void)iface;
    (void)fn;
    (void)arg;
}

static void arrive(struct pair_dev *dev, const uint8_t *data, size_t len,
    uint64_t at_us)
{
    unsigned i = dev->queued;

    if (dev->queued == PAIR_QUEUE) {
        dev->dropped++;
        return;
    }
    for (; i > 0 && dev->queue[i - 1].at_us > at_us; i--) {
        dev->queue[i] = dev->queue[i - 1];
    }
    dev->queue[i].at_us = at_us;
    dev->queue[i].len = len;
    memcpy(dev->queue[i].data, data, len);
    dev->queued++;
}

static void cable(struct pair_dev *dev, const uint8_t *data, size_t len)
{
    struct pair *p = dev->pair;
    const struct pair_cable *c = &p->cable;
    struct pair_dev *to = &p->dev[dev == &p->dev[0] ? 1 : 0];
    uint64_t at_us;

    if (dev->free_us < p->now_us) {
        dev->free_us = p->now_us;
    }
    dev->free_us += len * c->byte_ns / 1000;
    at_us = dev->free_us + c->delay_us;
    if (!dev->link || !to->link || pair_roll(p, 1000) < c->loss) {
        return;
    }
    if (pair_roll(p, 1000) < c->swap) {
        at_us += 500 + 2 * c->delay_us + pair_roll(p, 2000);
    }
    arrive(to, data, len, at_us);
    if (pair_roll(p, 1000) < c->dup) {
        arrive(to, data, len, at_us + pair_roll(p, 1000));
    }
}

// With NIF_TRACE in the environment, what is sent is written there: so two
// runs can be compared, as those of the simulator can.
static void write_down(const struct pair *pair, int from, const uint8_t *frame,
    size_t len)
{
    static FILE *file;
    const char *path = getenv("NIF_TRACE");

    if (!path || (!file && (file = fopen(path, "a")) == NULL)) {
        return;
    }
    fprintf(file, "%llu eth %d tx ", (unsigned long long)pair->now_us * 1000,
        from);
    for (size_t i = 0; i < len; i++) {
        fprintf(file, "%02x", frame[i]);
    }
    fputc('\n', file);
}

static int dev_send(struct nif_iface *iface, const struct nif_seg *segs,
    size_t n)
{
    struct pair_dev *dev = dev_of(iface);
    uint8_t frame[NIF_ETH_FRAME_MAX] = { 0 };
    size_t len = 0;
    int from = dev == &dev->pair->dev[0] ? 0 : 1;

    if (dev->send_err != 0) {
        return dev->send_err;
    }
    if (!dev->link) {
        return NIF_ELINK;
    }
    if (dev->room == 0) {
        dev->room = dev->opens;
        return NIF_EAGAIN;
    }
    for (size_t i = 0; i < n; i++) {
        if (segs[i].len > sizeof(frame) - len) {
            return NIF_ETOOBIG;
        }
        memcpy(frame + len, segs[i].data, segs[i].len);
        len += segs[i].len;
    }
    len = len < 60 ? 60 : len; // the device pads
    dev->room--;
    dev->pair->woken = true; // poll() is to look whether it is gone
    dev->pair->sent[from]++;
    write_down(dev->pair, from, frame, len);
    if (dev->pair->tap == NULL || dev->pair->tap(dev->pair, from, frame, len)) {
        cable(dev, frame, len);
    }
    return 0;
}

static size_t take(struct pair_dev *dev, uint8_t *frame)
{
    size_t len = dev->queue[0].len;

    memcpy(frame, dev->queue[0].data, len);
    dev->queued--;
    memmove(dev->queue, dev->queue + 1, dev->queued * sizeof(dev->queue[0]));
    return len;
}

static int dev_recv(struct nif_iface *iface, uint8_t *buf, size_t cap,
    uint8_t **frame)
{
    struct pair_dev *dev = dev_of(iface);

    if (dev->recv_err != 0) {
        int err = dev->recv_err;

        dev->recv_err = 0;
        return err;
    }
    if (dev->queued == 0 || dev->queue[0].at_us > dev->pair->now_us) {
        return NIF_EAGAIN;
    }
    if (dev->queue[0].len > cap) {
        take(dev, dev->own);
        return NIF_ETOOBIG;
    }
    // Right at the end of a buffer, where a sanitizer sees a read beyond it:
    // the stack's, or one of the device's own.
    if (dev->place != 0) {
        *frame = (uint8_t *)dev->words + dev->place;
        return (int)take(dev, *frame);
    }
    dev->turn = !dev->turn;
    *frame = dev->turn ? buf + cap - dev->queue[0].len
                       : dev->own + sizeof(dev->own) - dev->queue[0].len;
    return (int)take(dev, *frame);
}

static int dev_lend(struct nif_iface *iface, size_t len, uint8_t **buf)
{
    struct pair_dev *dev = dev_of(iface);

    if (dev->send_err != 0) {
        return dev->send_err;
    }
    if (dev->room == 0) {
        return NIF_EAGAIN;
    }
    *buf = (uint8_t *)dev->lent + 2;
    return len > NIF_ETH_FRAME_MAX ? NIF_ETOOBIG : 0;
}

static int dev_commit(struct nif_iface *iface, size_t len)
{
    const struct nif_seg seg = { (uint8_t *)dev_of(iface)->lent + 2, len };

    return dev_send(iface, &seg, 1);
}

static const struct nif_iface_ops dev_ops = {
    .start = dev_start,
    .stop = dev_stop,
    .poll = dev_poll,
    .hwaddr = dev_hwaddr,
    .flags = dev_flags,
    .mtu = dev_mtu,
    .on_event = dev_on_event,
};

static const struct nif_eth_ops dev_eth = {
    .send = dev_send,
    .recv = dev_recv,
};

static const struct nif_eth_ops dev_eth_lending = {
    .send = dev_send,
    .recv = dev_recv,
    .lend = dev_lend,
    .commit = dev_commit,
};

void pair_lend(struct pair_dev *dev)
{
    dev->iface.eth = &dev_eth_lending;
}

// ----------------------------------------------------------------- pairs

static void set_address(struct pair *p, int i)
{
    struct nif_net net = {
        .ip = nif_ip4(192, 0, 2, (uint8_t)(i + 1)),
        .prefix_len = 24,
        .gateway = nif_ip4(192, 0, 2, 254),
    };

    (void)!nif_stack_set_net(&p->stack[i].stack, &net);
}

// NIF_PLACE in the environment is where frames lie unless a test says it.
static unsigned default_place(void)
{
    const char *text = getenv("NIF_PLACE");

    return text != NULL ? (unsigned)strtoul(text, NULL, 10) : 0;
}

static void init_dev(struct pair *p, int i)
{
    struct pair_dev *dev = &p->dev[i];

    dev->iface = (struct nif_iface){ .ops = &dev_ops, .eth = &dev_eth };
    dev->pair = p;
    dev->hwaddr = (struct nif_hwaddr){ { 2, 0, 0, 0, 0, (uint8_t)(i + 1) } };
    dev->link = true;
    dev->place = default_place();
    dev->refill = 1000;
    dev->room = 1000;
}

static void init_stack(struct pair *p, int i, uint64_t seed)
{
    int last = p->dev[0].peer != NULL;

    nif_tcpip_init(&p->stack[i],
        &(struct nif_tcpip_cfg){
            .iface = &p->dev[i].iface,
            .clock = &p->clock,
            .rx = p->dev[i].rx,
            .rx_cap = sizeof(p->dev[i].rx),
            .seed = seed * 2 + (unsigned)i,
            .reassembly = i == last ? p->parts.reassembly : NULL,
            .fragment = i == 0 ? p->parts.fragment : NULL,
            .igmp = i == 0 ? p->parts.igmp : NULL,
        });
    set_address(p, i);
}

// Stack 0 announces its address, and again after two seconds.
static void settle(struct pair *p)
{
    for (unsigned i = 0; i < 2; i++) {
        (void)nif_stack_poll(&p->stack[0].stack);
        p->now_us += 2000000;
    }
    (void)nif_stack_poll(&p->stack[0].stack);
    p->dev[1].queued = 0;
    p->sent[0] = 0;
}

// NIF_START_US in the environment moves all that happens to another time, as
// one at which the stack's ticks wrap.
static uint64_t start_us(void)
{
    const char *text = getenv("NIF_START_US");

    return text != NULL ? strtoull(text, NULL, 10) : 1000000;
}

void pair_init_single(struct pair *p, uint64_t seed)
{
    memset(p, 0, sizeof(*p));
    p->clock.ops = &pair_clock_ops;
    p->rng = seed * 0x9E3779B97F4A7C15u + 1;
    p->now_us = start_us();
    init_dev(p, 0);
    init_dev(p, 1);
    init_stack(p, 0, seed);
    settle(p);
}

void pair_restart(struct pair *p, uint64_t seed)
{
    bool both = p->dev[0].peer != NULL;

    init_stack(p, 0, seed);
    settle(p);
    if (both) {
        init_stack(p, 1, seed);
        p->stack[1].announces = 0;
    }
}

void pair_init(struct pair *p, uint64_t seed)
{
    pair_init_single(p, seed);
    p->dev[0].peer = &p->dev[1];
    p->dev[1].peer = &p->dev[0];
    init_stack(p, 1, seed);
    p->stack[1].announces = 0;
}

void pair_run(struct pair *p, uint64_t until_us, bool (*step)(struct pair *))
{
    bool done = false;

    while (!done && p->now_us < until_us) {
        uint64_t at_us = until_us;

        for (int i = 0; i < 2; i++) {
            uint64_t again_us = NIF_NEVER;

            if (p->stack[i].stack.ops != NULL) {
                again_us = nif_stack_poll(&p->stack[i].stack);
            }
            if (again_us < at_us) {
                at_us = again_us;
            }
        }
        // What arrived while the other was polled.
        for (int i = 0; i < 2; i++) {
            const struct pair_dev *dev = &p->dev[i];

            if (p->stack[i].stack.ops != NULL && dev->queued > 0 &&
                dev->queue[0].at_us < at_us) {
                at_us = dev->queue[0].at_us;
            }
        }
        p->polls++;
        p->also_us = until_us;
        done = step != NULL && step(p);
        // A round of the loop is not for nothing, so that none is endless.
        p->now_us += 5;
        nif_clock_wait(&p->clock, at_us < p->also_us ? at_us : p->also_us);
    }
}

void pair_pass(struct pair *p, uint64_t us)
{
    pair_run(p, p->now_us + us, NULL);
}

void pair_inject(struct pair *p, const uint8_t *frame, size_t len)
{
    arrive(&p->dev[0], frame, len, p->now_us);
    for (unsigned i = 0; i < 4; i++) {
        (void)nif_stack_poll(&p->stack[0].stack);
    }
}

size_t pair_take(struct pair *p, uint8_t *frame)
{
    return p->dev[1].queued > 0 ? take(&p->dev[1], frame) : 0;
}

void pair_clear(struct pair *p)
{
    p->dev[1].queued = 0;
}
