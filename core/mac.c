// SPDX-License-Identifier: MIT
//
// A MAC and a PHY as one network device.

#include "nif/mac.h"

#include <string.h>

#define CHECK_MS   1000u // with an interrupt line and a link
#define POLL_MS    100u  // without one of these
#define BACKOFF_US 100000u

// Steps of bring-up until start() gives up: a PHY has half a second to come
// out of reset, and is looked at each millisecond.
#define TRIES 1000

// From RESET to PHY are the steps of bring-up, in order.
enum phase {
    PHASE_OFF,
    PHASE_RESET,
    PHASE_MAC,
    PHASE_PHY,
    PHASE_READY,
};

static struct nif_macphy *of(struct nif_iface *iface)
{
    return nif_container_of(iface, struct nif_macphy, iface);
}

static bool is_up(const struct nif_macphy *dev)
{
    return dev->phase == PHASE_READY && dev->cfg.phy->link.up;
}

static void notify(struct nif_macphy *dev, enum nif_event event)
{
    if (dev->event_fn != NULL) {
        dev->event_fn(dev->event_arg, &dev->iface, event);
    }
}

static void tell_link(struct nif_macphy *dev)
{
    bool up = is_up(dev);

    if (up != dev->link) {
        dev->link = up;
        notify(dev, up ? NIF_EVENT_LINK_UP : NIF_EVENT_LINK_DOWN);
    }
}

// ---- bring-up

static void begin(struct nif_macphy *dev, int fault)
{
    dev->fault = fault;
    dev->phase = PHASE_RESET;
    dev->pause_us = 0;
    nif_phy_begin(dev->cfg.phy);
}

// Ends an operation of the MAC. An error that is one of the MAC, not of the
// call, makes poll() set all up again.
static int finish(struct nif_macphy *dev, int result)
{
    if (dev->phase == PHASE_READY &&
        (result == NIF_EIO || result == NIF_ETIMEDOUT)) {
        dev->stats.lost++;
        begin(dev, result);
        nif_clock_wake(dev->cfg.clock);
    }
    return result;
}

// Does the next step. Returns as nif_phy_bring_up().
static int bring_up(struct nif_macphy *dev)
{
    struct nif_mac *mac = dev->cfg.mac;
    int result;

    if (dev->phase == PHASE_RESET) {
        result = nif_phy_reset(dev->cfg.phy);
    } else if (dev->phase == PHASE_MAC) {
        result = mac->ops->start(mac);
    } else {
        result = nif_phy_bring_up(dev->cfg.phy);
        if (result > 0) {
            return result;
        }
    }
    dev->phase++;
    return result;
}

// The same for poll(). Returns the microseconds until the next step.
static uint32_t step(struct nif_macphy *dev)
{
    int result = bring_up(dev);

    if (result < 0) {
        begin(dev, result);
        return BACKOFF_US;
    }
    if (dev->phase == PHASE_READY) {
        dev->fault = 0;
        dev->stats.restarted++;
        notify(dev, NIF_EVENT_RESTARTED);
    }
    return (uint32_t)result;
}

// Context: interrupt.
static void rouse(void *arg)
{
    nif_clock_wake(arg);
}

static void listen(struct nif_macphy *dev, nif_pin_edge_fn *fn)
{
    struct nif_pin *pin = dev->cfg.phy->cfg.interrupt;

    if (pin != NULL) {
        nif_pin_on_edge(pin, false, fn, dev->cfg.clock);
    }
}

static int macphy_start(struct nif_iface *iface)
{
    struct nif_macphy *dev = of(iface);
    unsigned left = TRIES;
    int result;

    listen(dev, rouse);
    begin(dev, 0);
    do {
        result = bring_up(dev);
        if (result > 0) {
            nif_clock_delay_us(dev->cfg.clock, (uint32_t)result);
        }
    } while (result >= 0 && dev->phase != PHASE_READY && --left != 0);
    if (result != 0) {
        dev->phase = PHASE_OFF;
        (void)dev->cfg.mac->ops->stop(dev->cfg.mac);
    }
    return result > 0 ? NIF_ETIMEDOUT : result;
}

static int macphy_stop(struct nif_iface *iface)
{
    struct nif_macphy *dev = of(iface);
    struct nif_mac *mac = dev->cfg.mac;
    int err = 0;
    int then;

    listen(dev, NULL);
    if (dev->phase != PHASE_OFF) {
        err = nif_phy_power_down(dev->cfg.phy);
        then = mac->ops->stop(mac);
        err = err != 0 ? err : then;
    }
    dev->phase = PHASE_OFF;
    return err != 0 ? NIF_EIO : 0;
}

// ---- looking after it

// Looks at the PHY. Returns the microseconds until the next look.
static uint32_t look(struct nif_macphy *dev)
{
    struct nif_phy *phy = dev->cfg.phy;
    struct nif_mac *mac = dev->cfg.mac;
    int changed = nif_phy_poll(phy);

    if (changed > 0) {
        changed = mac->ops->link(mac, &phy->link);
        if (changed == 0) {
            tell_link(dev);
            return 0; // it may have come back already
        }
    }
    if (changed < 0) {
        dev->stats.lost++;
        begin(dev, changed);
        return 0;
    }
    if (phy->link.up && phy->cfg.interrupt != NULL) {
        return 1000u * dev->cfg.check_ms;
    }
    return 1000u * (dev->cfg.check_ms < POLL_MS ? dev->cfg.check_ms : POLL_MS);
}

static int macphy_poll(struct nif_iface *iface, uint64_t *again_us)
{
    struct nif_macphy *dev = of(iface);
    struct nif_mac *mac = dev->cfg.mac;
    uint64_t now_us = nif_clock_now_us(dev->cfg.clock);
    uint32_t passed_us;
    int seen = 0;
    bool ready = dev->phase == PHASE_READY;

    if (ready) {
        seen = finish(dev, mac->ops->poll(mac, again_us));
        ready = seen >= 0;
    }
    if (dev->phase == PHASE_OFF) {
        tell_link(dev);
        return 0;
    }
    passed_us = (uint32_t)now_us - dev->step_us;
    if (passed_us >= dev->pause_us || (ready && nif_phy_asks(dev->cfg.phy))) {
        dev->pause_us = ready ? look(dev) : step(dev);
        dev->step_us = (uint32_t)now_us;
        passed_us = 0;
    }
    now_us += dev->pause_us - passed_us;
    nif_again_by(again_us, now_us);
    tell_link(dev); // an error has ended it
    if (dev->fault != 0) {
        return dev->fault;
    }
    return is_up(dev) ? seen | NIF_SEEN_LINK
                      : NIF_SEEN_NO_FRAME | NIF_SEEN_NO_LINK;
}

// ---- frames

static int macphy_send(struct nif_iface *iface, const struct nif_seg *segs,
    size_t n)
{
    struct nif_macphy *dev = of(iface);
    struct nif_mac *mac = dev->cfg.mac;
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
    if (!is_up(dev)) {
        return NIF_ELINK;
    }
    return finish(dev, mac->ops->send(mac, segs, n, len));
}

static int macphy_recv(struct nif_iface *iface, uint8_t *buf, size_t cap,
    uint8_t **frame)
{
    struct nif_macphy *dev = of(iface);
    struct nif_mac *mac = dev->cfg.mac;

    if (dev->phase != PHASE_READY) {
        return NIF_EAGAIN;
    }
    return finish(dev, mac->ops->recv(mac, buf, cap, frame));
}

static int macphy_filter(struct nif_iface *iface,
    const struct nif_eth_filter *f)
{
    struct nif_macphy *dev = of(iface);
    struct nif_mac *mac = dev->cfg.mac;

    return finish(dev, mac->ops->filter(mac, f));
}

static const struct nif_eth_ops eth_ops = {
    .send = macphy_send,
    .recv = macphy_recv,
    .filter = macphy_filter,
};

// ---- the device

static void macphy_hwaddr(struct nif_iface *iface, struct nif_hwaddr *out)
{
    struct nif_mac *mac = of(iface)->cfg.mac;

    mac->ops->hwaddr(mac, out);
}

static unsigned macphy_flags(struct nif_iface *iface)
{
    const struct nif_macphy *dev = of(iface);
    unsigned flags = NIF_IFACE_BROADCAST | NIF_IFACE_MULTICAST;

    if (dev->phase != PHASE_OFF) {
        flags |= NIF_IFACE_STARTED;
    }
    if (is_up(dev)) {
        flags |= NIF_IFACE_LINK;
    }
    if (dev->cfg.phy->link.full_duplex) {
        flags |= NIF_IFACE_FULL_DUPLEX;
    }
    return flags;
}

static size_t macphy_mtu(struct nif_iface *iface)
{
    (void)iface;
    return NIF_ETH_FRAME_MAX - NIF_ETH_HEADER;
}

static void macphy_on_event(struct nif_iface *iface, nif_event_fn *fn,
    void *arg)
{
    struct nif_macphy *dev = of(iface);

    dev->event_fn = fn;
    dev->event_arg = arg;
}

static const struct nif_iface_ops iface_ops = {
    .start = macphy_start,
    .stop = macphy_stop,
    .poll = macphy_poll,
    .hwaddr = macphy_hwaddr,
    .flags = macphy_flags,
    .mtu = macphy_mtu,
    .on_event = macphy_on_event,
};

void nif_macphy_init(struct nif_macphy *dev, const struct nif_macphy_cfg *cfg)
{
    memset(dev, 0, sizeof(*dev));
    dev->iface.ops = &iface_ops;
    dev->iface.eth = &eth_ops;
    dev->cfg = *cfg;
    if (cfg->check_ms == 0) {
        dev->cfg.check_ms = CHECK_MS;
    }
    cfg->mac->wake = cfg->clock;
}
