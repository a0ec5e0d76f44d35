// SPDX-License-Identifier: MIT
//
// A virtio network device. Sections are those of virtio 1.1.

#include "virtio_net.h"

#include <string.h>

// Registers (4.2.2; those of version 1 alone: 4.2.4).
#define MAGIC            0x00
#define VERSION          0x04
#define DEVICE_ID        0x08
#define DEVICE_FEATURES  0x10
#define DEVICE_SELECT    0x14
#define DRIVER_FEATURES  0x20
#define DRIVER_SELECT    0x24
#define GUEST_PAGE_SIZE  0x28 // version 1
#define QUEUE_SEL        0x30
#define QUEUE_NUM_MAX    0x34
#define QUEUE_NUM        0x38
#define QUEUE_ALIGN      0x3C // version 1
#define QUEUE_PFN        0x40 // version 1
#define QUEUE_READY      0x44 // version 2
#define QUEUE_NOTIFY     0x50
#define INTERRUPT_STATUS 0x60
#define INTERRUPT_ACK    0x64
#define STATUS           0x70
#define QUEUE_DESC       0x80 // version 2, and high half behind each
#define QUEUE_DRIVER     0x90
#define QUEUE_DEVICE     0xA0
#define CONFIG           0x100 // address, then status

#define MAGIC_VALUE 0x74726976u // "virt"
#define ID_NET      1u

#define STATUS_ACKNOWLEDGE 1u
#define STATUS_DRIVER      2u
#define STATUS_DRIVER_OK   4u
#define STATUS_FEATURES_OK 8u

// Features (5.1.3): of the first word, and of the second.
#define FEATURE_MAC       (1u << 5)
#define FEATURE_STATUS    (1u << 16)
#define FEATURE_VERSION_1 (1u << 0)

#define CONFIG_LINK_UP 1u // of the status, which is behind the address

#define DESC_WRITE 2u // the device writes

#define PAGE        4096u
#define HEAD_OLD    10
#define HEAD_MODERN 12
#define POLL_US     1000u
#define RESET_READS 1000
#define RX_SKIPS    16 // frames of no sense in one recv()

enum { QUEUE_RX, QUEUE_TX };

_Static_assert(VIRTIO_NET_BUFFER % 4 == 0, "buffers are aligned");

static struct virtio_net *of(struct nif_iface *iface)
{
    return nif_container_of(iface, struct virtio_net, iface);
}

static uint32_t get(struct virtio_net *net, uint32_t reg)
{
    return nif_mmio_read(&net->cfg.mmio, reg);
}

static void put(struct virtio_net *net, uint32_t reg, uint32_t value)
{
    nif_mmio_write(&net->cfg.mmio, reg, value);
}

static uint32_t address(struct virtio_net *net, const void *memory, size_t len)
{
    return nif_mmio_address(&net->cfg.mmio, memory, len);
}

// What the device writes while we look.
static uint16_t used_idx(struct virtio_net *net, struct virtio_net_ring *ring)
{
    uint16_t idx = *(volatile uint16_t *)&ring->used.idx;

    nif_mmio_barrier(&net->cfg.mmio);
    return idx;
}

void virtio_net_interrupt(struct virtio_net *net)
{
    put(net, INTERRUPT_ACK, get(net, INTERRUPT_STATUS));
    nif_clock_wake(net->cfg.clock);
}

// ---- rings

// Gives buffer `id` to the device.
static void offer(struct virtio_net *net, struct virtio_net_ring *ring,
    unsigned queue, uint16_t id)
{
    ring->avail.ring[ring->avail.idx % VIRTIO_NET_RING] = id;
    nif_mmio_barrier(&net->cfg.mmio);
    *(volatile uint16_t *)&ring->avail.idx = (uint16_t)(ring->avail.idx + 1);
    nif_mmio_barrier(&net->cfg.mmio);
    put(net, QUEUE_NOTIFY, queue);
}

// Where the device's header begins in a buffer: behind it and the Ethernet
// header an address that is a multiple of four.
static size_t front(const struct virtio_net *net)
{
    return net->head == HEAD_MODERN ? 2 : 0;
}

// Tells the device where a ring lies. Returns false if it has no such queue.
static bool set_up_ring(struct virtio_net *net, struct virtio_net_ring *ring,
    unsigned queue)
{
    const struct {
        uint32_t reg;
        const void *part;
        size_t len;
    } parts[] = {
        { QUEUE_DESC, ring->desc, sizeof(ring->desc) },
        { QUEUE_DRIVER, &ring->avail, sizeof(ring->avail) },
        { QUEUE_DEVICE, &ring->used, sizeof(ring->used) },
    };

    put(net, QUEUE_SEL, queue);
    if (get(net, QUEUE_NUM_MAX) < VIRTIO_NET_RING) {
        return false;
    }
    put(net, QUEUE_NUM, VIRTIO_NET_RING);
    if (!net->modern) {
        put(net, QUEUE_ALIGN, PAGE);
        put(net, QUEUE_PFN, address(net, ring, sizeof(*ring)) / PAGE);
        return true;
    }
    for (size_t i = 0; i < nif_countof(parts); i++) {
        put(net, parts[i].reg, address(net, parts[i].part, parts[i].len));
        put(net, parts[i].reg + 4, 0);
    }
    put(net, QUEUE_READY, 1);
    return true;
}

static void fill_rings(struct virtio_net *net)
{
    memset(&net->rx, 0, sizeof(net->rx));
    memset(&net->tx, 0, sizeof(net->tx));
    net->rx_seen = 0;
    net->tx_seen = 0;
    net->lent = 0;
    for (size_t i = 0; i < VIRTIO_NET_RX; i++) {
        const uint8_t *buf = net->rx_buf[i] + front(net);
        uint32_t len = (uint32_t)net->head + NIF_ETH_FRAME_MAX;

        net->rx.desc[i].addr[0] = address(net, buf, len);
        net->rx.desc[i].len = len;
        net->rx.desc[i].flags = DESC_WRITE;
    }
}

// ---- start and stop

static bool reset(struct virtio_net *net)
{
    put(net, STATUS, 0);
    for (unsigned i = 0; i < RESET_READS; i++) {
        if (get(net, STATUS) == 0) {
            return true;
        }
    }
    return false;
}

// Returns false if device and driver do not agree.
static bool negotiate(struct virtio_net *net)
{
    uint32_t features;

    put(net, STATUS, STATUS_ACKNOWLEDGE);
    put(net, STATUS, STATUS_ACKNOWLEDGE | STATUS_DRIVER);
    put(net, DEVICE_SELECT, 0);
    features = get(net, DEVICE_FEATURES);
    net->has_status = (features & FEATURE_STATUS) != 0;
    put(net, DRIVER_SELECT, 0);
    put(net, DRIVER_FEATURES, features & (FEATURE_MAC | FEATURE_STATUS));
    if (!net->modern) {
        put(net, GUEST_PAGE_SIZE, PAGE);
        return (features & FEATURE_MAC) != 0;
    }
    put(net, DRIVER_SELECT, 1);
    put(net, DRIVER_FEATURES, FEATURE_VERSION_1);
    put(net, STATUS, STATUS_ACKNOWLEDGE | STATUS_DRIVER | STATUS_FEATURES_OK);
    return (features & FEATURE_MAC) != 0 &&
        (get(net, STATUS) & STATUS_FEATURES_OK) != 0;
}

static int virtio_net_start(struct nif_iface *iface)
{
    struct virtio_net *net = of(iface);
    uint32_t word;

    net->started = false;
    if (get(net, MAGIC) != MAGIC_VALUE || get(net, DEVICE_ID) != ID_NET) {
        return NIF_ENODEV;
    }
    net->modern = get(net, VERSION) >= 2;
    net->head = net->modern ? HEAD_MODERN : HEAD_OLD;
    if (!reset(net)) {
        return NIF_ETIMEDOUT;
    }
    if (!negotiate(net)) {
        return NIF_ENODEV;
    }
    word = get(net, CONFIG);
    nif_put_le16(net->hwaddr.byte, (uint16_t)word);
    nif_put_le16(net->hwaddr.byte + 2, (uint16_t)(word >> 16));
    nif_put_le16(net->hwaddr.byte + 4, (uint16_t)get(net, CONFIG + 4));
    fill_rings(net);
    if (!set_up_ring(net, &net->rx, QUEUE_RX) ||
        !set_up_ring(net, &net->tx, QUEUE_TX)) {
        return NIF_ENODEV;
    }
    put(net, STATUS, get(net, STATUS) | STATUS_DRIVER_OK);
    for (uint16_t i = 0; i < VIRTIO_NET_RX; i++) {
        offer(net, &net->rx, QUEUE_RX, i);
    }
    net->started = true;
    return 0;
}

static int virtio_net_stop(struct nif_iface *iface)
{
    struct virtio_net *net = of(iface);

    net->started = false;
    net->link = false;
    return reset(net) ? 0 : NIF_EIO;
}

// ---- poll

static int virtio_net_poll(struct nif_iface *iface, uint64_t *again_us)
{
    struct virtio_net *net = of(iface);
    uint64_t due_us = NIF_NEVER;
    uint16_t frames;
    bool up;
    int seen;

    if (!net->started) {
        return 0;
    }
    if (!(get(net, STATUS) & STATUS_DRIVER_OK)) {
        // The device was reset under us.
        int err = virtio_net_start(iface);

        if (err == 0 && net->event_fn != NULL) {
            net->event_fn(net->event_arg, iface, NIF_EVENT_RESTARTED);
        }
        if (err != 0) {
            net->started = true; // and the next poll tries again
            return err;
        }
    }
    up = !net->has_status || (get(net, CONFIG + 4) >> 16 & CONFIG_LINK_UP);
    if (up != net->link) {
        net->link = up;
        if (net->event_fn != NULL) {
            net->event_fn(net->event_arg, iface,
                up ? NIF_EVENT_LINK_UP : NIF_EVENT_LINK_DOWN);
        }
    }
    seen = up ? NIF_SEEN_LINK : NIF_SEEN_NO_LINK;
    frames = (uint16_t)(used_idx(net, &net->rx) - net->rx_seen);
    if (frames != 0) {
        due_us = 0;
        seen |= frames == 1 ? NIF_SEEN_ONE_FRAME : 0;
    } else {
        seen |= NIF_SEEN_NO_FRAME;
        if (!net->cfg.interrupt) {
            due_us = nif_clock_now_us(net->cfg.clock) + POLL_US;
        }
    }
    if (*again_us > due_us) {
        *again_us = due_us;
    }
    return seen;
}

static void virtio_net_hwaddr(struct nif_iface *iface, struct nif_hwaddr *out)
{
    *out = of(iface)->hwaddr;
}

static unsigned virtio_net_flags(struct nif_iface *iface)
{
    const struct virtio_net *net = of(iface);
    unsigned flags =
        NIF_IFACE_BROADCAST | NIF_IFACE_MULTICAST | NIF_IFACE_FULL_DUPLEX;

    if (net->started) {
        flags |= NIF_IFACE_STARTED;
    }
    if (net->link) {
        flags |= NIF_IFACE_LINK;
    }
    return flags;
}

static size_t virtio_net_mtu(struct nif_iface *iface)
{
    (void)iface;
    return NIF_ETH_FRAME_MAX - NIF_ETH_HEADER;
}

static void virtio_net_on_event(struct nif_iface *iface, nif_event_fn *fn,
    void *arg)
{
    struct virtio_net *net = of(iface);

    net->event_fn = fn;
    net->event_arg = arg;
}

// ---- frames

static int virtio_net_send(struct nif_iface *iface, const struct nif_seg *segs,
    size_t n)
{
    struct virtio_net *net = of(iface);
    uint16_t id = net->tx.avail.idx % VIRTIO_NET_TX;
    uint8_t *at = net->tx_buf[id] + front(net);
    size_t len = 0;

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
    // The device is done with frames in the order in which it was given them.
    net->tx_seen = used_idx(net, &net->tx);
    if ((uint16_t)(net->tx.avail.idx - net->tx_seen) >= VIRTIO_NET_TX) {
        return NIF_EAGAIN;
    }
    net->tx.desc[id].addr[0] = address(net, at, net->head + len);
    net->tx.desc[id].len = (uint32_t)(net->head + len);
    memset(at, 0, net->head);
    at += net->head;
    for (size_t i = 0; i < n; i++) {
        memcpy(at, segs[i].data, segs[i].len);
        at += segs[i].len;
    }
    offer(net, &net->tx, QUEUE_TX, id);
    net->stats.tx++;
    return 0;
}

// NOLINTNEXTLINE(readability-non-const-parameter): the interface's
static int virtio_net_recv(struct nif_iface *iface, uint8_t *buf, size_t cap,
    uint8_t **frame)
{
    struct virtio_net *net = of(iface);

    (void)buf;
    if (!net->started) {
        return NIF_EAGAIN;
    }
    for (unsigned i = 0; i < RX_SKIPS; i++) {
        size_t at = net->rx_seen % VIRTIO_NET_RING;
        uint32_t id;
        size_t len;

        if (net->lent != 0) {
            offer(net, &net->rx, QUEUE_RX, (uint16_t)(net->lent - 1));
            net->lent = 0;
        }
        if (used_idx(net, &net->rx) == net->rx_seen) {
            return NIF_EAGAIN;
        }
        id = net->rx.used.ring[at].id;
        len = net->rx.used.ring[at].len - net->head;
        net->rx_seen++;
        if (id >= VIRTIO_NET_RX) {
            net->stats.rx_bad++;
            return NIF_EPROTO;
        }
        net->lent = (uint8_t)(id + 1);
        if (len >= NIF_ETH_HEADER && len <= NIF_ETH_FRAME_MAX) {
            net->stats.rx++;
            *frame = net->rx_buf[id] + front(net) + net->head;
            return len <= cap ? (int)len : NIF_ETOOBIG;
        }
        net->stats.rx_bad++;
    }
    return NIF_EAGAIN;
}

void virtio_net_init(struct virtio_net *net, const struct virtio_net_cfg *cfg)
{
    static const struct nif_iface_ops iface_ops = {
        .start = virtio_net_start,
        .stop = virtio_net_stop,
        .poll = virtio_net_poll,
        .hwaddr = virtio_net_hwaddr,
        .flags = virtio_net_flags,
        .mtu = virtio_net_mtu,
        .on_event = virtio_net_on_event,
    };
    static const struct nif_eth_ops eth_ops = {
        .send = virtio_net_send,
        .recv = virtio_net_recv,
    };

    memset(net, 0, sizeof(*net));
    net->iface.ops = &iface_ops;
    net->iface.eth = &eth_ops;
    net->cfg = *cfg;
}
