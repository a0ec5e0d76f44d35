// SPDX-License-Identifier: MIT
//
// What the parts of the model share: its own list of registers (virtio 1.1,
// 4.2.2 and 4.2.4), and who calls whom.

#ifndef SIM_CHIPS_VIRTIO_NET_MODEL_H
#define SIM_CHIPS_VIRTIO_NET_MODEL_H

#include "sim/chips/virtio_net.h"

#define VIO_MAGIC        0x000u
#define VIO_VERSION      0x004u
#define VIO_DEVICE       0x008u
#define VIO_VENDOR       0x00Cu
#define VIO_OFFER        0x010u
#define VIO_OFFER_SEL    0x014u
#define VIO_TAKE         0x020u
#define VIO_TAKE_SEL     0x024u
#define VIO_PAGE         0x028u
#define VIO_QUEUE_SEL    0x030u
#define VIO_QUEUE_MAX    0x034u
#define VIO_QUEUE_NUM    0x038u
#define VIO_QUEUE_ALIGN  0x03Cu
#define VIO_QUEUE_PFN    0x040u
#define VIO_QUEUE_READY  0x044u
#define VIO_QUEUE_NOTIFY 0x050u
#define VIO_INTERRUPTS   0x060u
#define VIO_ACK          0x064u
#define VIO_STATUS       0x070u
#define VIO_QUEUE_DESC   0x080u
#define VIO_QUEUE_AVAIL  0x090u
#define VIO_QUEUE_USED   0x0A0u
#define VIO_GENERATION   0x0FCu
#define VIO_CONFIG       0x100u

#define ST_ACKNOWLEDGE 1u
#define ST_DRIVER      2u
#define ST_DRIVER_OK   4u
#define ST_FEATURES_OK 8u
#define ST_NEEDS_RESET 64u
#define ST_FAILED      128u

#define INT_USED   1u
#define INT_CONFIG 2u

#define F_MAC        (1ull << 5)
#define F_MRG_RXBUF  (1ull << 15)
#define F_STATUS     (1ull << 16)
#define F_ANY_LAYOUT (1ull << 27)
#define F_VERSION_1  (1ull << 32)

#define DESC_NEXT  1u
#define DESC_WRITE 2u

#define RX 0
#define TX 1

static inline struct sim_virtio_net *vio__of(struct nif_mmio *mmio)
{
    return (struct sim_virtio_net *)mmio->model;
}

/// True while it may use its queues.
static inline bool vio__live(const struct sim_virtio_net *net)
{
    return (net->status & ST_DRIVER_OK) && !(net->status & ST_FAILED) &&
        !net->broken && !net->resetting;
}

/// Bytes of the header before a frame.
static inline size_t vio__header(const struct sim_virtio_net *net)
{
    return !net->cfg.legacy || (net->taken & F_MRG_RXBUF) ? 12 : 10;
}

__attribute__((format(printf, 2, 3))) void
vio__complain(struct sim_virtio_net *net, const char *format, ...);

/// Sets bits of InterruptStatus.
void vio__raise(struct sim_virtio_net *net, uint32_t bits);

/// The configuration has changed.
void vio__config_changed(struct sim_virtio_net *net);

/// Begins a reset that the driver asks for.
void vio__begin_reset(struct sim_virtio_net *net);

// status.c
uint64_t vio__offer(const struct sim_virtio_net *net);
uint32_t vio__read_offer(struct sim_virtio_net *net);
void vio__write_taken(struct sim_virtio_net *net, uint32_t value);
void vio__write_status(struct sim_virtio_net *net, uint32_t value);

// queue.c
//
// `index` is the queue's. A chain is named by the number of its first
// descriptor.

/// Does nothing more until it is reset; in version 2 it says so (2.1.2).
void vio__break(struct sim_virtio_net *net);

/// What makes no sense: complains, and breaks.
__attribute__((format(printf, 2, 3))) void
vio__broken(struct sim_virtio_net *net, const char *format, ...);

/// A part of the queue, from byte `at` of it. NULL: that is not in memory, and
/// the device is broken.
uint8_t *vio__part(struct sim_virtio_net *net,
    const struct sim_virtio_queue *queue, unsigned which, size_t at,
    size_t len);

/// Descriptor `i` as it lies in memory. False: it is not there.
bool vio__read_desc(struct sim_virtio_net *net,
    const struct sim_virtio_queue *queue, unsigned i,
    struct sim_virtio_desc *desc);
bool vio__same_desc(const struct sim_virtio_desc *a,
    const struct sim_virtio_desc *b);

/// The queue begins to be used, with what its registers say.
void vio__queue_begin(struct sim_virtio_net *net, unsigned index);

/// What is in memory now is so for the device too.
void vio__fence(struct sim_virtio_net *net);

/// Was all that is available written with barriers?
void vio__queue_notified(struct sim_virtio_net *net, unsigned index);

/// Takes the next chain that is available. -1: there is none, and it asks to be
/// notified; or the device is broken.
int vio__take(struct sim_virtio_net *net, unsigned index);

/// A chain that was taken is available again, before all others.
void vio__untake(struct sim_virtio_net *net, unsigned index, int head);

/// Gives a chain back, of which `len` bytes were written.
void vio__give(struct sim_virtio_net *net, unsigned index, int head,
    uint32_t len);

/// Raises INT_USED, unless nobody wants to know.
void vio__tell_used(struct sim_virtio_net *net, unsigned index);

/// An entry of the used ring, and its index.
void vio__push(struct sim_virtio_net *net, unsigned index, uint32_t id,
    uint32_t len);

// chain.c

/// A chain becomes the device's, if it makes sense.
void vio__adopt(struct sim_virtio_net *net, unsigned index, unsigned head);

/// The descriptor behind one that is the device's; -1: none.
int vio__next(const struct sim_virtio_queue *queue, int at);

/// Is in the buffers of a chain what was there when it was given?
void vio__check_buffers(struct sim_virtio_net *net, unsigned index, int head);

/// Bytes of a chain.
size_t vio__chain_len(const struct sim_virtio_net *net, unsigned index,
    int head);

/// Moves `len` bytes between `data` and the chain, from byte `at` of it on. It
/// has them.
void vio__read(struct sim_virtio_net *net, unsigned index, int head, size_t at,
    uint8_t *data, size_t len);
void vio__write(struct sim_virtio_net *net, unsigned index, int head, size_t at,
    const uint8_t *data, size_t len);

// net.c
void vio__net_init(struct sim_virtio_net *net);
void vio__net_reset(struct sim_virtio_net *net);
void vio__net_notified(struct sim_virtio_net *net, unsigned index);

#endif
