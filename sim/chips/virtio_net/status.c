// SPDX-License-Identifier: MIT
//
// The handshake: Status and features (virtio 1.1, 2.1, 2.2, 3.1).

#include "sim/chips/virtio_net/model.h"

#define ALL_KNOWN \
    (ST_ACKNOWLEDGE | ST_DRIVER | ST_DRIVER_OK | ST_FEATURES_OK | ST_FAILED)

// What QEMU offers, and what of it is modelled.
#define OFFER_1  0x39BF8064ull
#define OFFER_2  0x130BF8024ull
#define MODELLED (F_MAC | F_MRG_RXBUF | F_STATUS | F_ANY_LAYOUT | F_VERSION_1)

uint64_t vio__offer(const struct sim_virtio_net *net)
{
    return (net->cfg.legacy ? OFFER_1 : OFFER_2) & ~net->cfg.without;
}

uint32_t vio__read_offer(struct sim_virtio_net *net)
{
    if (net->offer_sel == 0) {
        vio__complain(net, "features read before they were chosen");
        return 0;
    }
    return net->offer_sel > 2
        ? 0
        : (uint32_t)(vio__offer(net) >> 32 * (net->offer_sel - 1));
}

void vio__write_taken(struct sim_virtio_net *net, uint32_t value)
{
    unsigned shift = net->take_sel > 1 ? 32 : 0;
    uint64_t bits = (uint64_t)value << shift;
    uint64_t wrong = bits & ~vio__offer(net);

    if (net->take_sel == 0 || (net->take_sel > 2 && value)) {
        vio__complain(net, "features written before they were chosen");
        return;
    }
    if (!(net->status & ST_DRIVER) ||
        (net->status & (ST_FEATURES_OK | ST_DRIVER_OK))) {
        vio__complain(net, "features written with a status of %X",
            (unsigned)net->status);
        return;
    }
    if (wrong) {
        vio__complain(net, "feature bits %08lX of word %u were not offered",
            (unsigned long)(wrong >> shift), shift / 32);
    }
    if (bits & ~wrong & ~MODELLED) {
        vio__complain(net, "feature bits %08lX are not modelled",
            (unsigned long)(bits & ~wrong & ~MODELLED));
    }
    net->taken =
        (net->taken & ~((uint64_t)UINT32_MAX << shift)) | (bits & ~wrong);
    // Version 1 drops what it did not offer; the other says no in the end.
    net->unoffered = !net->cfg.legacy && wrong != 0;
}

// Whether the device can live with what was taken.
static bool accepts(struct sim_virtio_net *net)
{
    if (!(net->taken & F_VERSION_1)) {
        vio__complain(net, "VERSION_1 was not taken");
        return false;
    }
    return !net->unoffered && !net->refuses;
}

// Drops from `value` what comes too early.
static uint32_t in_order(struct sim_virtio_net *net, uint32_t value)
{
    uint32_t before = net->status;
    uint32_t first = ST_ACKNOWLEDGE | ST_DRIVER;

    if ((value & ST_DRIVER) && !((value | before) & ST_ACKNOWLEDGE)) {
        vio__complain(net, "DRIVER without ACKNOWLEDGE");
    }
    if (value & ~before & ST_FEATURES_OK) {
        if (net->cfg.legacy || (before & first) != first) {
            vio__complain(net, "FEATURES_OK with a status of %X",
                (unsigned)before);
            value &= ~ST_FEATURES_OK;
        } else if (!accepts(net)) {
            value &= ~ST_FEATURES_OK;
        }
    }
    if (!net->cfg.legacy) {
        first |= ST_FEATURES_OK;
    }
    if ((value & ~before & ST_DRIVER_OK) && (before & first) != first) {
        vio__complain(net, "DRIVER_OK with a status of %X", (unsigned)before);
        value &= ~ST_DRIVER_OK;
    }
    return value;
}

void vio__write_status(struct sim_virtio_net *net, uint32_t value)
{
    uint32_t before = net->status;

    if (value == 0) {
        vio__begin_reset(net);
        return;
    }
    if (value & ~(ALL_KNOWN | (before & ST_NEEDS_RESET))) {
        vio__complain(net, "a status of %X", (unsigned)value);
    }
    if (before & ~value & ALL_KNOWN) {
        vio__complain(net, "a status of %X takes back one of %X",
            (unsigned)value, (unsigned)before);
    }
    if (before & ST_FAILED) {
        vio__complain(net, "a status of %X after FAILED", (unsigned)value);
    }
    net->status =
        (in_order(net, value) & ALL_KNOWN) | (before & ST_NEEDS_RESET);
    if ((net->status & ~before & ST_DRIVER_OK) && !net->broken) {
        for (unsigned i = 0; i < SIM_VIRTIO_QUEUES; i++) {
            if (net->queue[i].ready) {
                vio__queue_notified(net, i);
            } else {
                vio__complain(net, "DRIVER_OK without queue %u", i);
            }
        }
    }
}
