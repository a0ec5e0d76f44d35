// SPDX-License-Identifier: MIT
//
// A simulated network card as a frame device.

#include "bench/peer.h"

#include <stdlib.h>
#include <string.h>

struct peer_frame {
    struct peer_frame *next;
    size_t len;
    uint8_t data[];
};

static struct peer *of(struct nif_iface *iface)
{
    return nif_container_of(iface, struct peer, iface);
}

static int peer_start(struct nif_iface *iface)
{
    (void)iface;
    return 0;
}

// NOLINTNEXTLINE(readability-non-const-parameter): the interface's
static int peer_poll(struct nif_iface *iface, uint64_t *again_us)
{
    (void)iface;
    (void)again_us;
    return 0;
}

static void peer_hwaddr(struct nif_iface *iface, struct nif_hwaddr *out)
{
    (void)iface;
    *out = (struct nif_hwaddr){ { 2, 0, 0, 0, 0, 1 } };
}

static unsigned peer_flags(struct nif_iface *iface)
{
    return NIF_IFACE_STARTED | NIF_IFACE_FULL_DUPLEX | NIF_IFACE_BROADCAST |
        (of(iface)->nic.link ? NIF_IFACE_LINK : 0u);
}

static size_t peer_mtu(struct nif_iface *iface)
{
    (void)iface;
    return 1500;
}

static void peer_on_event(struct nif_iface *iface, nif_event_fn *fn, void *arg)
{
    (void)iface;
    (void)fn;
    (void)arg;
}

static int peer_send(struct nif_iface *iface, const struct nif_seg *segs,
    size_t n)
{
    uint8_t frame[NIF_ETH_FRAME_MAX];
    size_t len = 0;

    for (size_t i = 0; i < n; i++) {
        NIF_ASSERT(len + segs[i].len <= sizeof(frame));
        memcpy(frame + len, segs[i].data, segs[i].len);
        len += segs[i].len;
    }
    return sim_nic_send(&of(iface)->nic, frame, len) ? 0 : NIF_EAGAIN;
}

static int peer_recv(struct nif_iface *iface, uint8_t *buf, size_t cap,
    uint8_t **frame)
{
    struct peer *peer = of(iface);
    struct peer_frame *item = peer->head;
    int len = NIF_EAGAIN;

    if (item) {
        peer->head = item->next;
        peer->tail = peer->head ? peer->tail : NULL;
        len = item->len <= cap ? (int)item->len : NIF_ETOOBIG;
        memcpy(buf, item->data, item->len <= cap ? item->len : 0);
        *frame = buf;
        free(item);
    }
    return len;
}

static const struct nif_iface_ops peer_ops = {
    .start = peer_start,
    .stop = peer_start,
    .poll = peer_poll,
    .hwaddr = peer_hwaddr,
    .flags = peer_flags,
    .mtu = peer_mtu,
    .on_event = peer_on_event,
};

static const struct nif_eth_ops peer_eth_ops = {
    .send = peer_send,
    .recv = peer_recv,
};

static void on_frame(void *arg, const uint8_t *frame, size_t len)
{
    struct peer *peer = arg;
    struct peer_frame *item = malloc(sizeof(*item) + len);

    NIF_ASSERT(item != NULL);
    item->next = NULL;
    item->len = len;
    memcpy(item->data, frame, len);
    if (peer->tail) {
        peer->tail->next = item;
    } else {
        peer->head = item;
    }
    peer->tail = item;
    nif_clock_wake(&peer->cpu.clock);
}

void peer_init(struct peer *peer, struct sim_world *world)
{
    struct nif_net net = {
        .ip = nif_ip4(192, 0, 2, 1),
        .prefix_len = 24,
    };

    memset(peer, 0, sizeof(*peer));
    peer->iface = (struct nif_iface){ .ops = &peer_ops, .eth = &peer_eth_ops };
    sim_cpu_init(&peer->cpu, world, 1);
    sim_nic_init(&peer->nic, world, "peer", 0);
    peer->nic.on_frame = on_frame;
    peer->nic.arg = peer;
    nif_tcpip_init(&peer->tcpip,
        &(struct nif_tcpip_cfg){
            .iface = &peer->iface,
            .clock = &peer->cpu.clock,
            .rx = peer->rx,
            .rx_cap = sizeof(peer->rx),
            .seed = 7,
        });
    NIF_ASSERT(nif_stack_set_net(&peer->tcpip.stack, &net) == 0);
}

void peer_done(struct peer *peer)
{
    struct peer_frame *item;

    while ((item = peer->head) != NULL) {
        peer->head = item->next;
        free(item);
    }
    sim_nic_done(&peer->nic);
}
