// SPDX-License-Identifier: MIT
//
// What the two files of this driver share: registers, start and poll are in
// virtio_net.c, rings and frames in frames.c.

#ifndef VIRTIO_NET_INTERNAL_H
#define VIRTIO_NET_INTERNAL_H

#include "virtio_net.h"
#include "virtio_net_regs.h"

enum { VIRTIO_NET_QUEUE_RX, VIRTIO_NET_QUEUE_TX };

static inline struct virtio_net *virtio_net__of(struct nif_iface *iface)
{
    return nif_container_of(iface, struct virtio_net, iface);
}

static inline uint32_t virtio_net__get(struct virtio_net *net, uint32_t reg)
{
    return nif_mmio_read(&net->cfg.mmio, reg);
}

static inline void virtio_net__put(struct virtio_net *net, uint32_t reg,
    uint32_t value)
{
    nif_mmio_write(&net->cfg.mmio, reg, value);
}

static inline uint32_t virtio_net__address(struct virtio_net *net,
    const void *memory, size_t len)
{
    return nif_mmio_address(&net->cfg.mmio, memory, len);
}

/// Empty rings but for the buffers to receive into, which are the device's as
/// soon as it knows where the rings are. What the stack has stays its own.
void virtio_net__fill_rings(struct virtio_net *net);

/// A buffer to send from; -1: the device has them all.
int virtio_net__free_tx(struct virtio_net *net);

/// True if frames have left since the last call, or there is none to send.
bool virtio_net__sends(struct virtio_net *net);

/// How many frames the device has received that recv() has not looked at.
unsigned virtio_net__frames(struct virtio_net *net);

extern const struct nif_eth_ops virtio_net__eth_ops;

#endif
