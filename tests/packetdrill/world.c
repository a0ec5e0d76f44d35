// SPDX-License-Identifier: MIT
//
// The clock, the device and the stack of a script.

#include "tests/packetdrill/world.h"

#include <stdlib.h>
#include <string.h>
#include <time.h>

#define ETH_LEN   14
#define ARP_LEN   28
#define TYPE_IPV4 0x0800
#define TYPE_ARP  0x0806
#define AN_HOUR   ((uint64_t)3600 * 1000000)
#define STEPS_MAX 1000 // polls at one moment before time moves all the same

struct pd_block {
    struct pd_block *next;
    max_align_t data[];
};

static const uint8_t ours[6] = { 2, 0, 0, 0, 0, 1 };
static const uint8_t theirs[6] = { 2, 0, 0, 0, 0, 2 };

static struct pd_world *world_of(struct nif_iface *iface)
{
    return nif_container_of(iface, struct pd_world, iface);
}

// ---------------------------------------------------------------- queues

// A free place at the end; NULL if there is none.
static struct pd_frame *put(struct pd_queue *q, uint64_t at_us)
{
    struct pd_frame *f = &q->frames[(q->first + q->used) % PD_QUEUE];

    if (q->used == PD_QUEUE) {
        return NULL;
    }
    q->used++;
    f->at_us = at_us;
    return f;
}

static struct pd_frame *get(struct pd_queue *q)
{
    struct pd_frame *f = &q->frames[q->first];

    if (q->used == 0) {
        return NULL;
    }
    q->used--;
    q->first = (q->first + 1) % PD_QUEUE;
    return f;
}

// ----------------------------------------------------------------- clock

static uint64_t clock_now(struct nif_clock *clock)
{
    return ((struct pd_world *)(void *)clock)->now_us;
}

static void clock_delay(struct nif_clock *clock, uint32_t us)
{
    ((struct pd_world *)(void *)clock)->now_us += us;
}

static void clock_wait(struct nif_clock *clock, uint64_t until_us)
{
    (void)clock;
    (void)until_us; // nobody waits in here: pd_run() moves time
}

static void clock_wake(struct nif_clock *clock)
{
    (void)clock;
}

static const struct nif_clock_ops clock_ops = {
    .now_us = clock_now,
    .delay_us = clock_delay,
    .wait = clock_wait,
    .wake = clock_wake,
};

// ---------------------------------------------------------------- device

static int dev_start(struct nif_iface *iface)
{
    (void)iface;
    return 0;
}

static int dev_poll(struct nif_iface *iface, uint64_t *again_us)
{
    const struct pd_world *w = world_of(iface);

    if (w->in.used > 0) {
        *again_us = w->now_us;
    }
    return 0;
}

static void dev_hwaddr(struct nif_iface *iface, struct nif_hwaddr *out)
{
    (void)iface;
    memcpy(out->byte, ours, sizeof(ours));
}

static unsigned dev_flags(struct nif_iface *iface)
{
    (void)iface;
    return NIF_IFACE_STARTED | NIF_IFACE_LINK;
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

// Whoever is asked for is there.
static void answer_arp(struct pd_world *w, const uint8_t *arp)
{
    struct pd_frame *f;

    if (nif_get_be16(arp + 6) != 1 ||
        memcmp(w->own, arp + 24, 4) == 0 || // it asks about itself
        (f = put(&w->in, w->now_us)) == NULL) {
        return;
    }
    f->len = ETH_LEN + ARP_LEN;
    memcpy(f->data, ours, 6);
    memcpy(f->data + 6, theirs, 6);
    nif_put_be16(f->data + 12, TYPE_ARP);
    memcpy(f->data + ETH_LEN, arp, 6);
    nif_put_be16(f->data + ETH_LEN + 6, 2);
    memcpy(f->data + ETH_LEN + 8, theirs, 6);
    memcpy(f->data + ETH_LEN + 14, arp + 24, 4);
    memcpy(f->data + ETH_LEN + 18, arp + 8, 10);
}

static void keep_packet(struct pd_world *w, const uint8_t *frame, size_t len)
{
    size_t total = nif_get_be16(frame + ETH_LEN + 2);
    struct pd_frame *f = put(&w->out, w->now_us);

    if (f == NULL) {
        return;
    }
    f->len = total < len - ETH_LEN ? total : len - ETH_LEN;
    memcpy(f->data, frame + ETH_LEN, f->len);
}

static int dev_send(struct nif_iface *iface, const struct nif_seg *segs,
    size_t n)
{
    struct pd_world *w = world_of(iface);
    uint8_t frame[NIF_ETH_FRAME_MAX];
    size_t len = 0;

    for (size_t i = 0; i < n; i++) {
        if (segs[i].len > sizeof(frame) - len) {
            return NIF_ETOOBIG;
        }
        memcpy(frame + len, segs[i].data, segs[i].len);
        len += segs[i].len;
    }
    if (len >= ETH_LEN + ARP_LEN && nif_get_be16(frame + 12) == TYPE_ARP) {
        answer_arp(w, frame + ETH_LEN);
    } else if (len > ETH_LEN + 20 && nif_get_be16(frame + 12) == TYPE_IPV4) {
        keep_packet(w, frame, len);
    }
    return 0;
}

static int dev_recv(struct nif_iface *iface, uint8_t *buf, size_t cap,
    uint8_t **frame)
{
    const struct pd_frame *f = get(&world_of(iface)->in);

    if (f == NULL) {
        return NIF_EAGAIN;
    }
    if (f->len > cap) {
        return NIF_ETOOBIG;
    }
    memcpy(buf, f->data, f->len);
    *frame = buf;
    return (int)f->len;
}

static const struct nif_iface_ops dev_ops = {
    .start = dev_start,
    .stop = dev_start,
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

// ----------------------------------------------------------------- world

int pd_world_address(struct pd_world *w, const struct nif_ip *ip,
    uint8_t prefix_len)
{
    // Any gateway will do: ARP answers for all.
    const uint32_t mask = 0xFFFFFFFFu << (32 - prefix_len);
    struct nif_net net = { .ip = *ip, .prefix_len = prefix_len };
    uint8_t gateway[4];

    nif_put_be32(gateway, (nif_ip4_value(ip) & mask) | (~mask - 1));
    net.gateway = nif_ip4_from(gateway);
    memcpy(w->own, ip->byte, sizeof(w->own));
    return nif_stack_set_net(&w->stack.stack, &net);
}

struct pd_world *pd_world_new(const struct pd_world_cfg *cfg)
{
    struct pd_world *w = calloc(1, sizeof(*w));

    if (w == NULL) {
        return NULL;
    }
    w->clock.ops = &clock_ops;
    w->iface = (struct nif_iface){ .ops = &dev_ops, .eth = &dev_eth };
    w->now_us = 1000000;
    w->mover = pthread_self();
    nif_tcpip_init(&w->stack,
        &(struct nif_tcpip_cfg){ .iface = &w->iface,
            .clock = &w->clock,
            .rx = w->rx,
            .rx_cap = sizeof(w->rx),
            .seed = 1,
            .sack = cfg->sack ? &nif_tcp_sack : NULL,
            .stamps = cfg->stamps ? &nif_tcp_stamps : NULL });
    w->extended = cfg->sack || cfg->stamps;
    if (pthread_mutex_init(&w->lock, NULL) != 0 ||
        pthread_cond_init(&w->moved, NULL) != 0 ||
        pd_world_address(w, &cfg->ip, cfg->prefix_len) != 0) {
        free(w);
        return NULL;
    }
    return w;
}

void pd_world_free(struct pd_world *w)
{
    while (w->held != NULL) {
        struct pd_block *next = w->held->next;

        free(w->held);
        w->held = next;
    }
    pthread_cond_destroy(&w->moved);
    pthread_mutex_destroy(&w->lock);
    free(w);
}

void *pd_hold(struct pd_world *w, size_t size)
{
    struct pd_block *b = calloc(1, sizeof(*b) + size);

    if (b == NULL) {
        return NULL;
    }
    b->next = w->held;
    w->held = b;
    return b->data;
}

// ------------------------------------------------------------------ time

// Lets the waiter go if what it waits for has come, and stands still until it
// has looked at the clock, or for a second of real time if it never does.
static void settle(struct pd_world *w)
{
    struct timespec end;

    if (w->wait == NULL || pthread_equal(pthread_self(), w->waiter) ||
        !(w->wait->ready(w->wait->arg) || w->now_us >= w->wait->until_us)) {
        return;
    }
    w->wait = NULL;
    w->returning = true;
    pthread_cond_broadcast(&w->moved);
    clock_gettime(CLOCK_REALTIME, &end);
    end.tv_sec++;
    while (w->returning &&
        pthread_cond_timedwait(&w->moved, &w->lock, &end) == 0) {
    }
    w->returning = false;
}

static void run(struct pd_world *w, uint64_t until_us,
    const struct pd_wait *own)
{
    unsigned steps = 0;

    for (;;) {
        uint64_t next_us;

        w->due_us = nif_stack_poll(&w->stack.stack);
        settle(w);
        if (own != NULL && own->ready(own->arg)) {
            return;
        }
        next_us = w->due_us < until_us ? w->due_us : until_us;
        if (w->wait != NULL && w->wait->until_us < next_us) {
            next_us = w->wait->until_us;
        }
        if (next_us > w->now_us) {
            w->now_us = next_us;
            steps = 0;
        } else if (w->due_us > w->now_us && w->now_us >= until_us) {
            return;
        } else if (++steps > STEPS_MAX) {
            w->now_us++;
        }
    }
}

void pd_run(struct pd_world *w, uint64_t until_us)
{
    run(w, until_us, NULL);
}

bool pd_wait(struct pd_world *w, pd_ready_fn *ready, void *arg,
    uint64_t until_us)
{
    struct pd_wait wait = { ready, arg, until_us };

    if (ready(arg)) {
        return true;
    }
    if (pthread_equal(pthread_self(), w->mover)) {
        wait.until_us =
            until_us < w->now_us + AN_HOUR ? until_us : w->now_us + AN_HOUR;
        run(w, wait.until_us, &wait);
        return ready(arg);
    }
    w->waiter = pthread_self();
    w->wait = &wait;
    while (w->wait == &wait) {
        pthread_cond_wait(&w->moved, &w->lock);
    }
    return ready(arg);
}

uint64_t pd_look(struct pd_world *w)
{
    if (w->returning && pthread_equal(pthread_self(), w->waiter)) {
        w->returning = false;
        pthread_cond_broadcast(&w->moved);
        return w->now_us;
    }
    w->now_us++;
    if (w->due_us <= w->now_us || w->wait != NULL) {
        run(w, w->now_us, NULL);
    }
    return w->now_us;
}

bool pd_give(struct pd_world *w, const void *packet, size_t len)
{
    struct pd_frame *f;

    if (len > sizeof(f->data) - ETH_LEN ||
        (f = put(&w->in, w->now_us)) == NULL) {
        return false;
    }
    f->len = ETH_LEN + len;
    memcpy(f->data, ours, 6);
    memcpy(f->data + 6, theirs, 6);
    nif_put_be16(f->data + 12, TYPE_IPV4);
    memcpy(f->data + ETH_LEN, packet, len);
    return true;
}

const struct pd_frame *pd_take(struct pd_world *w)
{
    return get(&w->out);
}
