// SPDX-License-Identifier: MIT
//
// A virtio network device. Sections are those of virtio 1.1.

#include "internal.h"

#include <string.h>

#define PAGE     4096u
#define POLL_US  1000u
#define LOOK_US  1000000u // until a device that lost itself is noticed
#define STALL_US 1000000u // the same for one that only does nothing
#define RETRY_US 100000u
#define RESET_US 1000u
#define FULL_US  20u // until a buffer may be free again

void virtio_net_interrupt(struct virtio_net *net)
{
    uint32_t status = virtio_net__get(net, VIRTIO_NET_INTERRUPT_STATUS);

    virtio_net__put(net, VIRTIO_NET_INTERRUPT_ACK, status);
    if (status & VIRTIO_NET_INTERRUPT_CONFIG) {
        net->told = true;
    }
    nif_clock_wake(net->cfg.clock);
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
        { VIRTIO_NET_QUEUE_DESC, ring->desc, sizeof(ring->desc) },
        { VIRTIO_NET_QUEUE_DRIVER, &ring->avail, sizeof(ring->avail) },
        { VIRTIO_NET_QUEUE_DEVICE, &ring->used, sizeof(ring->used) },
    };

    virtio_net__put(net, VIRTIO_NET_QUEUE_SEL, queue);
    if (virtio_net__get(net, VIRTIO_NET_QUEUE_NUM_MAX) < VIRTIO_NET_RING) {
        return false;
    }
    virtio_net__put(net, VIRTIO_NET_QUEUE_NUM, VIRTIO_NET_RING);
    if (!net->modern) {
        virtio_net__put(net, VIRTIO_NET_QUEUE_ALIGN, PAGE);
        virtio_net__put(net, VIRTIO_NET_QUEUE_PFN,
            virtio_net__address(net, ring, sizeof(*ring)) / PAGE);
        return true;
    }
    for (size_t i = 0; i < nif_countof(parts); i++) {
        virtio_net__put(net, parts[i].reg,
            virtio_net__address(net, parts[i].part, parts[i].len));
        virtio_net__put(net, parts[i].reg + 4, 0);
    }
    virtio_net__put(net, VIRTIO_NET_QUEUE_READY, 1);
    return true;
}

// ---- start and stop

static bool reset(struct virtio_net *net)
{
    uint64_t end_us = nif_clock_now_us(net->cfg.clock) + RESET_US;

    virtio_net__put(net, VIRTIO_NET_STATUS, 0);
    while (virtio_net__get(net, VIRTIO_NET_STATUS) != 0) {
        if (nif_clock_now_us(net->cfg.clock) > end_us) {
            return false;
        }
    }
    return true;
}

static void set_status(struct virtio_net *net, uint32_t bit)
{
    virtio_net__put(net, VIRTIO_NET_STATUS,
        virtio_net__get(net, VIRTIO_NET_STATUS) | bit);
}

// Returns false if device and driver do not agree.
static bool negotiate(struct virtio_net *net)
{
    uint32_t features;

    virtio_net__put(net, VIRTIO_NET_DEVICE_SELECT, 0);
    features = virtio_net__get(net, VIRTIO_NET_DEVICE_FEATURES);
    net->has_status = (features & VIRTIO_NET_FEATURE_STATUS) != 0;
    virtio_net__put(net, VIRTIO_NET_DRIVER_SELECT, 0);
    // Header and frame share a descriptor, for which version 1 has a feature.
    virtio_net__put(net, VIRTIO_NET_DRIVER_FEATURES,
        features &
            (VIRTIO_NET_FEATURE_MAC | VIRTIO_NET_FEATURE_STATUS |
                (net->modern ? 0 : VIRTIO_NET_FEATURE_ANY_LAYOUT)));
    if (!net->modern) {
        virtio_net__put(net, VIRTIO_NET_GUEST_PAGE_SIZE, PAGE);
        return (features & VIRTIO_NET_FEATURE_MAC) != 0;
    }
    virtio_net__put(net, VIRTIO_NET_DRIVER_SELECT, 1);
    virtio_net__put(net, VIRTIO_NET_DRIVER_FEATURES,
        VIRTIO_NET_FEATURE_VERSION_1);
    set_status(net, VIRTIO_NET_STATUS_FEATURES_OK);
    return (features & VIRTIO_NET_FEATURE_MAC) != 0 &&
        (virtio_net__get(net, VIRTIO_NET_STATUS) &
            VIRTIO_NET_STATUS_FEATURES_OK) != 0;
}

static void set_link(struct virtio_net *net, bool up)
{
    if (up == net->link) {
        return;
    }
    net->link = up;
    if (net->event_fn != NULL) {
        net->event_fn(net->event_arg, &net->iface,
            up ? NIF_EVENT_LINK_UP : NIF_EVENT_LINK_DOWN);
    }
}

static bool is_net(struct virtio_net *net)
{
    uint32_t version;

    if (virtio_net__get(net, VIRTIO_NET_MAGIC) != VIRTIO_NET_MAGIC_VALUE) {
        return false;
    }
    version = virtio_net__get(net, VIRTIO_NET_VERSION);
    net->modern = version == 2;
    net->head = net->modern ? VIRTIO_NET_HEAD_MODERN : VIRTIO_NET_HEAD_OLD;
    return (version == 1 || version == 2) &&
        virtio_net__get(net, VIRTIO_NET_DEVICE_ID) == VIRTIO_NET_ID_NET;
}

static void learn_address(struct virtio_net *net)
{
    uint32_t word = virtio_net__get(net, VIRTIO_NET_CONFIG);

    nif_put_le32(net->hwaddr.byte, word);
    word = virtio_net__get(net, VIRTIO_NET_CONFIG + 4);
    nif_put_le16(net->hwaddr.byte + 4, (uint16_t)word);
}

// All of start(), and of a restart.
static int set_up(struct virtio_net *net)
{
    net->ready = false;
    net->found = is_net(net);
    if (!net->found) {
        return NIF_ENODEV;
    }
    if (!reset(net)) {
        return NIF_ETIMEDOUT;
    }
    virtio_net__put(net, VIRTIO_NET_STATUS, VIRTIO_NET_STATUS_ACKNOWLEDGE);
    set_status(net, VIRTIO_NET_STATUS_DRIVER);
    if (negotiate(net)) {
        learn_address(net);
        virtio_net__fill_rings(net);
        net->ready = set_up_ring(net, &net->rx, VIRTIO_NET_QUEUE_RX) &&
            set_up_ring(net, &net->tx, VIRTIO_NET_QUEUE_TX);
    }
    if (!net->ready) {
        set_status(net, VIRTIO_NET_STATUS_FAILED);
        return NIF_ENODEV;
    }
    nif_mmio_barrier(&net->cfg.mmio);
    set_status(net, VIRTIO_NET_STATUS_DRIVER_OK);
    virtio_net__put(net, VIRTIO_NET_QUEUE_NOTIFY, VIRTIO_NET_QUEUE_RX);
    net->told = true; // the link is not known yet
    net->stall_us = NIF_NEVER;
    return 0;
}

static int virtio_net_start(struct nif_iface *iface)
{
    struct virtio_net *net = virtio_net__of(iface);
    int err;

    net->started = false;
    set_link(net, false);
    err = set_up(net);
    net->started = err == 0;
    nif_clock_wake(net->cfg.clock);
    return err;
}

static int virtio_net_stop(struct nif_iface *iface)
{
    struct virtio_net *net = virtio_net__of(iface);

    net->started = false;
    net->ready = false;
    set_link(net, false);
    return !net->found || reset(net) ? 0 : NIF_EIO;
}

// ---- poll

// Whether frames do not leave any more: between two looks at least, and so
// long.
static bool is_stalled(struct virtio_net *net, uint64_t now_us)
{
    if (virtio_net__sends(net)) {
        net->stall_us = NIF_NEVER;
    } else if (net->stall_us == NIF_NEVER) {
        net->stall_us = now_us + STALL_US;
    }
    return now_us >= net->stall_us;
}

// Whether the device may have been reset under us, or wants to be. In version 1
// it cannot say so: then what was to be sent does not come back.
static bool is_lost(struct virtio_net *net, uint64_t now_us)
{
    return (virtio_net__get(net, VIRTIO_NET_STATUS) &
               (VIRTIO_NET_STATUS_DRIVER_OK | VIRTIO_NET_STATUS_NEEDS_RESET)) !=
        VIRTIO_NET_STATUS_DRIVER_OK ||
        is_stalled(net, now_us);
}

static int restart(struct virtio_net *net)
{
    int err;

    set_link(net, false);
    err = set_up(net);
    if (err == 0 && net->event_fn != NULL) {
        net->event_fn(net->event_arg, &net->iface, NIF_EVENT_RESTARTED);
    }
    return err;
}

// Is it still there, and has it a link? An interrupt tells of most of that.
static int look(struct virtio_net *net, uint64_t now_us)
{
    net->told = false;
    net->look_us = now_us + (net->cfg.interrupt ? LOOK_US : POLL_US);
    if (!net->ready || is_lost(net, now_us)) {
        int err = restart(net);

        if (err != 0) {
            net->look_us = now_us + RETRY_US;
            return err;
        }
    }
    set_link(net,
        !net->has_status ||
            (virtio_net__get(net, VIRTIO_NET_CONFIG + 4) >> 16 &
                VIRTIO_NET_CONFIG_LINK_UP));
    return 0;
}

static int virtio_net_poll(struct nif_iface *iface, uint64_t *again_us)
{
    struct virtio_net *net = virtio_net__of(iface);
    uint64_t now_us;
    uint64_t due_us;
    unsigned frames;
    int seen = 0;

    if (!net->started) {
        return 0;
    }
    now_us = nif_clock_now_us(net->cfg.clock);
    if (net->told || now_us >= net->look_us) {
        seen = look(net, now_us);
    }
    due_us = net->look_us;
    if (seen == 0) {
        seen = net->link ? NIF_SEEN_LINK : NIF_SEEN_NO_LINK;
        net->refused = net->refused && virtio_net__free_tx(net) < 0;
        if (net->refused && !net->cfg.interrupt) {
            due_us = now_us + FULL_US;
        }
        frames = virtio_net__frames(net);
        if (frames != 0 || net->told) {
            due_us = now_us;
        }
        if (frames < 2) {
            seen |= frames == 0 ? NIF_SEEN_NO_FRAME : NIF_SEEN_ONE_FRAME;
        }
    }
    nif_again_by(again_us, due_us);
    return seen;
}

static void virtio_net_hwaddr(struct nif_iface *iface, struct nif_hwaddr *out)
{
    *out = virtio_net__of(iface)->hwaddr;
}

static unsigned virtio_net_flags(struct nif_iface *iface)
{
    const struct virtio_net *net = virtio_net__of(iface);
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
    struct virtio_net *net = virtio_net__of(iface);

    net->event_fn = fn;
    net->event_arg = arg;
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

    memset(net, 0, sizeof(*net));
    net->iface.ops = &iface_ops;
    net->iface.eth = &virtio_net__eth_ops;
    net->cfg = *cfg;
}
