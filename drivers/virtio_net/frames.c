// SPDX-License-Identifier: MIT
//
// The rings of a virtio network device, and frames through them (virtio 1.1,
// 2.6 and 5.1.6).

#include "internal.h"

#include <string.h>

#define RX_SKIPS 16 // frames for others in one recv()

enum { PASS_ALL = 1, PASS_GROUPS = 2 };

_Static_assert(VIRTIO_NET_BUFFER % 4 == 0, "buffers are aligned");
_Static_assert(VIRTIO_NET_RX <= 8 && VIRTIO_NET_TX <= 8, "a bit for each");

// What the device writes while we look.
static uint16_t used_idx(struct virtio_net *net, struct virtio_net_ring *ring)
{
    uint16_t idx = *(volatile uint16_t *)&ring->used.idx;

    nif_mmio_barrier(&net->cfg.mmio);
    return idx;
}

// ---- rings

// Puts buffer `id` where the device will find it.
static void list(struct virtio_net_ring *ring, unsigned at, uint16_t id)
{
    ring->avail.ring[at % VIRTIO_NET_RING] = id;
}

// Gives buffer `id` to the device.
static void offer(struct virtio_net *net, struct virtio_net_ring *ring,
    unsigned queue, uint16_t id)
{
    list(ring, ring->avail.idx, id);
    nif_mmio_barrier(&net->cfg.mmio);
    *(volatile uint16_t *)&ring->avail.idx = (uint16_t)(ring->avail.idx + 1);
    nif_mmio_barrier(&net->cfg.mmio);
    if (!(*(volatile uint16_t *)&ring->used.flags &
            VIRTIO_NET_USED_NO_NOTIFY)) {
        virtio_net__put(net, VIRTIO_NET_QUEUE_NOTIFY, queue);
    }
}

// The device said what makes no sense: poll() sets it up again.
static void lose(struct virtio_net *net)
{
    net->ready = false;
    net->told = true;
    nif_clock_wake(net->cfg.clock);
}

// The next entry that the device has used, if there is one: which buffer, which
// is ours again. -1: there is none. What makes no sense is none either, and the
// device has to be set up again.
static int take(struct virtio_net *net, struct virtio_net_ring *ring,
    uint16_t *seen, uint8_t *has)
{
    uint32_t id;

    if (!net->ready || used_idx(net, ring) == *seen) {
        return -1;
    }
    id = ring->used.ring[*seen % VIRTIO_NET_RING].id;
    if (id >= 8 || !(*has >> id & 1)) {
        lose(net);
        return -1;
    }
    *has &= (uint8_t) ~(1u << id);
    ++*seen;
    return (int)id;
}

// A buffer to send from; -1: the device has them all.
int virtio_net__free_tx(struct virtio_net *net)
{
    while (take(net, &net->tx, &net->tx_seen, &net->tx_has) >= 0) {
    }
    for (int id = 0; id < VIRTIO_NET_TX; id++) {
        if (!(net->tx_has >> id & 1)) {
            return id;
        }
    }
    return -1;
}

// Where the device's header begins in a buffer: behind it and the Ethernet
// header an address that is a multiple of four.
static size_t front(const struct virtio_net *net)
{
    return net->head == VIRTIO_NET_HEAD_MODERN ? 2 : 0;
}

bool virtio_net__sends(struct virtio_net *net)
{
    uint16_t idx = used_idx(net, &net->tx);
    bool sends = idx != net->tx_last || idx == net->tx.avail.idx;

    net->tx_last = idx;
    return sends;
}

unsigned virtio_net__frames(struct virtio_net *net)
{
    return (uint16_t)(used_idx(net, &net->rx) - net->rx_seen);
}

void virtio_net__fill_rings(struct virtio_net *net)
{
    uint32_t rx = virtio_net__address(net, net->rx_buf, sizeof(net->rx_buf));
    uint32_t tx = virtio_net__address(net, net->tx_buf, sizeof(net->tx_buf));

    memset(&net->rx, 0, sizeof(net->rx));
    memset(&net->tx, 0, sizeof(net->tx));
    net->rx_seen = 0;
    net->tx_seen = 0;
    net->rx_has = 0;
    net->tx_has = 0;
    for (unsigned i = 0; i < VIRTIO_NET_TX; i++) {
        net->tx.desc[i].addr[0] =
            tx + i * VIRTIO_NET_BUFFER + (uint32_t)front(net);
    }
    for (unsigned i = 0; i < VIRTIO_NET_RX; i++) {
        net->rx.desc[i].addr[0] =
            rx + i * VIRTIO_NET_BUFFER + (uint32_t)front(net);
        net->rx.desc[i].len = (uint32_t)net->head + NIF_ETH_FRAME_MAX;
        net->rx.desc[i].flags = VIRTIO_NET_DESC_WRITE;
        if (net->lent != i + 1) { // else the stack has it still
            list(&net->rx, net->rx.avail.idx++, (uint16_t)i);
            net->rx_has |= (uint8_t)(1u << i);
        }
    }
    nif_mmio_barrier(&net->cfg.mmio);
}

// ---- frames

static int virtio_net_send(struct nif_iface *iface, const struct nif_seg *segs,
    size_t n)
{
    struct virtio_net *net = virtio_net__of(iface);
    size_t len = 0;
    uint8_t *at;
    int id;

    for (size_t i = 0; i < n; i++) {
        len += segs[i].len;
    }
    if (len < NIF_ETH_HEADER) {
        return NIF_EINVAL;
    }
    if (len > NIF_ETH_FRAME_MAX) {
        return NIF_ETOOBIG;
    }
    if (!net->link) {
        return NIF_ELINK;
    }
    id = virtio_net__free_tx(net);
    if (id < 0 || !net->ready) {
        net->refused = true;
        nif_clock_wake(net->cfg.clock); // poll() knows when
        return NIF_EAGAIN;
    }
    at = net->tx_buf[id] + front(net);
    net->tx.desc[id].len = (uint32_t)(net->head + len);
    memset(at, 0, net->head);
    at += net->head;
    for (size_t i = 0; i < n; i++) {
        memcpy(at, segs[i].data, segs[i].len);
        at += segs[i].len;
    }
    net->tx_has |= (uint8_t)(1u << id);
    offer(net, &net->tx, VIRTIO_NET_QUEUE_TX, (uint16_t)id);
    net->stats.tx++;
    return 0;
}

static void give_back(struct virtio_net *net)
{
    if (net->lent != 0 && net->ready) {
        net->rx_has |= (uint8_t)(1u << (net->lent - 1));
        offer(net, &net->rx, VIRTIO_NET_QUEUE_RX, (uint16_t)(net->lent - 1));
        net->lent = 0;
    }
}

static unsigned hash_of(const uint8_t *group)
{
    return (group[3] + group[4] * 5u + group[5]) & 63;
}

static bool is_ours(const struct virtio_net *net, const uint8_t *frame)
{
    static const uint8_t all[6] = { 255, 255, 255, 255, 255, 255 };
    unsigned hash = hash_of(frame);

    return (net->filter & PASS_ALL) != 0 ||
        memcmp(frame, net->hwaddr.byte, 6) == 0 || memcmp(frame, all, 6) == 0 ||
        ((frame[0] & 1) != 0 &&
            ((net->filter & PASS_GROUPS) != 0 ||
                (net->groups[hash / 32] >> hash % 32 & 1) != 0));
}

static int virtio_net_filter(struct nif_iface *iface,
    const struct nif_eth_filter *f)
{
    struct virtio_net *net = virtio_net__of(iface);

    net->filter =
        (f->promiscuous ? PASS_ALL : 0) | (f->all_multicast ? PASS_GROUPS : 0);
    memset(net->groups, 0, sizeof(net->groups));
    for (size_t i = 0; i < f->group_count; i++) {
        unsigned hash = hash_of(f->groups[i].byte);

        net->groups[hash / 32] |= 1u << hash % 32;
    }
    return 0;
}

// NOLINTNEXTLINE(readability-non-const-parameter): the interface's
static int virtio_net_recv(struct nif_iface *iface, uint8_t *buf, size_t cap,
    uint8_t **frame)
{
    struct virtio_net *net = virtio_net__of(iface);
    bool was_ready = net->ready;

    (void)buf;
    for (unsigned i = 0; i < RX_SKIPS; i++) {
        uint16_t seen = net->rx_seen;
        uint32_t len;
        int id;

        give_back(net);
        id = take(net, &net->rx, &net->rx_seen, &net->rx_has);
        if (id < 0) {
            break;
        }
        net->lent = (uint8_t)(id + 1);
        len = net->rx.used.ring[seen % VIRTIO_NET_RING].len;
        if (len > net->rx.desc[id].len) {
            lose(net);
            break;
        }
        *frame = net->rx_buf[id] + front(net) + net->head;
        if (len < net->head + (uint32_t)NIF_ETH_HEADER) {
            net->stats.rx_bad++;
        } else if (is_ours(net, *frame)) {
            net->stats.rx++;
            len -= net->head;
            return len <= cap ? (int)len : NIF_ETOOBIG;
        }
    }
    if (was_ready && !net->ready) {
        net->stats.rx_bad++;
        return NIF_EPROTO;
    }
    return NIF_EAGAIN;
}

const struct nif_eth_ops virtio_net__eth_ops = {
    .send = virtio_net_send,
    .recv = virtio_net_recv,
    .filter = virtio_net_filter,
};
