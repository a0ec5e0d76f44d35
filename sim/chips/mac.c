// SPDX-License-Identifier: MIT
//
// A MAC without registers between a driver and a PHY.

#include "sim/chips/mac.h"

#include "sim/chips/rmii.h"

#include <string.h>

// Frames that can wait to be sent.
#define QUEUE 4

// A frame to send must not find the queue full for longer than one takes at
// 100 Mbit/s.
#define FULL_US 125

// Bytes of a frame that cost a step of the processor: it copies them.
#define STEP_BYTES 24

#define FRAME_MIN 60

static struct sim_mac *of(struct nif_mac *mac)
{
    return nif_container_of(mac, struct sim_mac, mac);
}

// A call begins. Returns 0, or how it is to fail.
static int enter(struct sim_mac *mac)
{
    uint64_t n = mac->calls++;
    int err = sim_cpu_bus_call(mac->cpu, "mac");

    if (err == 0 && n >= mac->fail_at && n - mac->fail_at < mac->fail_count) {
        err = mac->fail_err;
    }
    return err;
}

// ---- RMII

static bool has_link(const struct sim_mac *mac)
{
    return sim_rmii_has_link(&mac->nic, mac->phy);
}

static bool same_speed(struct sim_mac *mac)
{
    return sim_rmii_same_speed(&mac->nic, mac->phy, mac->is_100);
}

static bool wants(const struct sim_mac *mac, const uint8_t *to)
{
    static const struct nif_hwaddr all = { { 255, 255, 255, 255, 255, 255 } };

    if (mac->promiscuous || memcmp(to, &mac->cfg.hwaddr, 6) == 0 ||
        memcmp(to, &all, 6) == 0) {
        return true;
    }
    for (size_t i = 0; i < mac->group_count; i++) {
        if (memcmp(to, &mac->groups[i], 6) == 0) {
            return true;
        }
    }
    return (to[0] & 1) != 0 && mac->all_groups;
}

static void on_frame(void *arg, const uint8_t *frame, size_t len)
{
    struct sim_mac *mac = arg;
    struct sim_mac_slot *slot =
        &mac->ring[(mac->head + mac->count) % SIM_MAC_RING];

    if (!mac->running || !has_link(mac) || len > sizeof(slot->data)) {
        return;
    }
    if (mac->is_100 != mac->phy->is_100) {
        mac->rx_noise++;
        return;
    }
    if (!wants(mac, frame)) {
        return;
    }
    if (mac->count == SIM_MAC_RING) {
        mac->rx_full++;
        return;
    }
    mac->rx++;
    slot->len = len;
    memcpy(slot->data, frame, len);
    mac->count++;
    nif_mac_wake(&mac->mac);
}

static void on_link(void *arg, bool up)
{
    struct sim_mac *mac = arg;

    if (!mac->phy) {
        return;
    }
    if (up) {
        sim_phy_plug(mac->phy, &mac->partner);
    } else {
        sim_phy_unplug(mac->phy);
    }
}

// ---- the driver's side

static int mac_start(struct nif_mac *nif)
{
    struct sim_mac *mac = of(nif);
    int err = enter(mac);

    mac->running = false;
    if (err != 0) {
        return err;
    }
    mac->starts++;
    mac->started = true;
    mac->count = 0;
    mac->lent = false;
    mac->full = false;
    return 0;
}

static int mac_stop(struct nif_mac *nif)
{
    struct sim_mac *mac = of(nif);

    mac->running = false;
    mac->started = false;
    return enter(mac);
}

static int mac_link(struct nif_mac *nif, const struct nif_phy_link *link)
{
    struct sim_mac *mac = of(nif);
    int err = enter(mac);

    if (err != 0) {
        return err;
    }
    mac->told++;
    mac->running = link->up && mac->started;
    mac->is_100 = link->is_100;
    mac->nic.full_duplex = link->full_duplex;
    if (has_link(mac)) {
        (void)same_speed(mac);
    }
    return 0;
}

static int mac_poll(struct nif_mac *nif, uint64_t *again_us)
{
    struct sim_mac *mac = of(nif);
    int err = enter(mac);
    uint64_t at_us = mac->cpu->world->now_ns / 1000 + FULL_US;

    if (mac->full) {
        mac->full = false;
        *again_us = at_us < *again_us ? at_us : *again_us;
    }
    return err != 0 || mac->count > mac->lent ? err : NIF_SEEN_NO_FRAME;
}

static int mac_send(struct nif_mac *nif, const struct nif_seg *segs, size_t n,
    size_t len)
{
    struct sim_mac *mac = of(nif);
    uint8_t frame[NIF_ETH_FRAME_MAX + SIM_FCS];
    size_t at = 0;
    int err = enter(mac);

    if (err != 0) {
        return err;
    }
    if (!mac->running) {
        sim_complain(mac->cpu->world, "mac", "send() without a link");
        return NIF_ELINK;
    }
    if (mac->nic.queued == QUEUE) {
        mac->full = true;
        nif_mac_wake(&mac->mac); // poll() says until when
        return NIF_EAGAIN;
    }
    for (size_t i = 0; i < n; i++) {
        memcpy(frame + at, segs[i].data, segs[i].len);
        at += segs[i].len;
    }
    NIF_ASSERT(at == len);
    mac->tx++;
    if (!has_link(mac)) {
        mac->tx_void++;
    } else if (same_speed(mac)) {
        (void)sim_nic_send(&mac->nic, frame, len);
    } else {
        mac->tx_noise++;
        (void)sim_rmii_send_noise(&mac->nic, mac->is_100,
            len < FRAME_MIN ? FRAME_MIN : len);
    }
    sim_pass_ns(mac->cpu->world,
        (uint64_t)mac->cpu->cost_ns * len / STEP_BYTES);
    return 0;
}

static int mac_recv(struct nif_mac *nif, uint8_t *buf, size_t cap,
    uint8_t **frame)
{
    struct sim_mac *mac = of(nif);
    struct sim_mac_slot *slot;
    int err = enter(mac);

    *frame = buf; // unless there is one: it stays in the ring
    if (err != 0) {
        return err;
    }
    if (mac->lent) {
        mac->lent = false;
        mac->head = (mac->head + 1) % SIM_MAC_RING;
        mac->count--;
    }
    if (mac->count == 0) {
        return NIF_EAGAIN;
    }
    slot = &mac->ring[mac->head];
    mac->lent = true;
    *frame = slot->data;
    return slot->len <= cap ? (int)slot->len : NIF_ETOOBIG;
}

static int mac_filter(struct nif_mac *nif, const struct nif_eth_filter *f)
{
    struct sim_mac *mac = of(nif);
    int err = mac->started ? enter(mac) : 0;

    if (err != 0) {
        return err;
    }
    mac->promiscuous = f->promiscuous;
    mac->all_groups = f->all_multicast || f->group_count > SIM_MAC_GROUPS;
    mac->group_count = mac->all_groups ? 0 : f->group_count;
    if (mac->group_count > 0) {
        memcpy(mac->groups, f->groups,
            mac->group_count * sizeof(mac->groups[0]));
    }
    return 0;
}

static void mac_hwaddr(struct nif_mac *nif, struct nif_hwaddr *out)
{
    *out = of(nif)->cfg.hwaddr;
}

static const struct nif_mac_ops mac_ops = {
    .start = mac_start,
    .stop = mac_stop,
    .link = mac_link,
    .poll = mac_poll,
    .send = mac_send,
    .recv = mac_recv,
    .filter = mac_filter,
    .hwaddr = mac_hwaddr,
};

// ---- the test's side

void sim_mac_init(struct sim_mac *mac, struct sim_cpu *cpu,
    const struct sim_mac_cfg *cfg)
{
    memset(mac, 0, sizeof(*mac));
    mac->cfg = *cfg;
    mac->cpu = cpu;
    sim_mdio_init(&mac->mdio, cpu, "mdio", cfg->mdc_hz);
    mac->mac = (struct nif_mac){ .ops = &mac_ops, .mdio = &mac->mdio.mdio };
    sim_nic_init(&mac->nic, cpu->world, cfg->name ? cfg->name : "mac", QUEUE);
    mac->nic.late_is_lost = true;
    mac->nic.on_frame = on_frame;
    mac->nic.on_link = on_link;
    mac->nic.arg = mac;
}

void sim_mac_join(struct sim_mac *mac, struct sim_phy *phy)
{
    NIF_ASSERT(!mac->phy);
    mac->phy = phy;
    sim_mdio_join(&mac->mdio, phy->cfg.addr, &phy->mdio);
}

void sim_mac_partner(struct sim_mac *mac, const struct sim_phy_partner *partner)
{
    bool plugged = mac->nic.link;

    if (plugged) {
        on_link(mac, false);
    }
    mac->partner = partner ? *partner : (struct sim_phy_partner){ .page = 0 };
    if (plugged) {
        on_link(mac, true);
    }
}

void sim_mac_fail(struct sim_mac *mac, int err, uint64_t at, uint64_t count)
{
    mac->fail_at = mac->calls + at;
    mac->fail_count = count;
    mac->fail_err = err;
}

void sim_mac_done(struct sim_mac *mac)
{
    sim_nic_done(&mac->nic);
}
