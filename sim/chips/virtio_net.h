// SPDX-License-Identifier: MIT
//
// Model of a virtio network device behind virtio-mmio (virtio 1.1: 2 the
// device, 4.2 the registers, 5.1 the network device; what they leave open as
// QEMU does it).
//
//     driver - nif_mmio (this) - rings and frames in the driver's memory
//                 |
//                 +-- port - cable
//
// Modelled: both layouts of registers, version 1 (legacy) and 2; the handshake
// by Status; features, of which it offers those that QEMU does and takes MAC,
// STATUS, MRG_RXBUF, ANY_LAYOUT and VERSION_1; split rings of up to 1024,
// chains of descriptors, merged receive buffers; both kinds of suppression by
// flags; interrupts; the link in the configuration and its change;
// DEVICE_NEEDS_RESET.
//
// Not modelled: the control queue, event indices, indirect descriptors,
// checksums and segmentation, writing of the address. Taking one of these
// features is a complaint. Without a control queue it passes all frames, to
// whomever they are, as QEMU's does. On the cable, short frames are padded.
//
// It complains about: registers that do not exist, are not to be read or not to
// be written; a handshake out of order; features that were not offered; queues
// whose size or alignment is wrong, that move while they are used, or that do
// not exist; a ring, chain or header that makes no sense (it then does nothing
// more until a reset); memory that was not given to it; descriptors and buffers
// that change while they are the device's, or are given to it twice; an index
// that was written without a barrier before it, and a notification without one
// before that; receive buffers too short for a frame.
//
// What lies in memory is read as the processor has it: where there is
// virtio-mmio it is little-endian.
//
// Each access to a register, and each barrier, is a strike point and costs a
// step, but in an interrupt handler.

#ifndef SIM_CHIPS_VIRTIO_NET_H
#define SIM_CHIPS_VIRTIO_NET_H

#include "nif/iface.h"
#include "nif/mmio.h"
#include "sim/chips/dma.h"
#include "sim/cpu.h"
#include "sim/net/nic.h"

#define SIM_VIRTIO_QUEUES    2 ///< 0 receives, 1 sends
#define SIM_VIRTIO_QUEUE_MAX 1024
#define SIM_VIRTIO_MERGED    8 ///< buffers of one frame, at most

/// Zero is the default of each field.
struct sim_virtio_net_cfg {
    bool legacy; ///< register layout version 1; else 2
    bool empty;  ///< a slot without a device: its ID is 0
    struct nif_hwaddr hwaddr;
    uint64_t without;    ///< features that it does not offer
    uint64_t reset_ns;   ///< until Status reads 0; 0: 1 us, in version 1 none
    const char *name;    ///< NULL: "virtio_net"
    void (*irq)(void *); ///< its interrupt handler, or NULL; runs as an event
    void *irq_arg;
};

/// A descriptor as it lies in memory.
struct sim_virtio_desc {
    uint64_t address;
    uint32_t len;
    uint16_t flags;
    uint16_t next;
};

/// One queue. Private.
struct sim_virtio_queue {
    uint32_t num;
    bool ready;
    uint64_t at[3]; // descriptors, available ring, used ring
    uint32_t pfn;   // version 1
    uint16_t known; // entries of the available ring that were looked at
    uint16_t taken; // of these, taken to be used
    uint16_t used;  // entries of the used ring
    bool dry;       // found nothing: waits for a notification
    int held[SIM_VIRTIO_MERGED + 1]; // chains that wait for their turn
    unsigned held_count;
    int late;      // a chain that was sent and not given back yet; -1: none
    uint16_t told; // flags of the used ring
    // What is the device's, as it was when it was given.
    struct sim_virtio_desc desc[SIM_VIRTIO_QUEUE_MAX];
    bool owned[SIM_VIRTIO_QUEUE_MAX];
    uint64_t hash[SIM_VIRTIO_QUEUE_MAX]; // of its buffers, by head
    // What was in memory at the last barrier, as it lay there.
    uint16_t fence_idx;
    uint8_t fence_ring[SIM_VIRTIO_QUEUE_MAX][2];
    uint8_t fence_desc[SIM_VIRTIO_QUEUE_MAX][16];
};

/// The device. All is private but what is said to be otherwise.
struct sim_virtio_net {
    struct nif_mmio mmio; ///< give this to a driver
    struct sim_nic nic;   ///< join its port to a cable
    // May be changed.
    bool refuses;  ///< FEATURES_OK does not stay
    bool shuffles; ///< buffers come back in another order than they were given
    // Read only.
    uint64_t rx;      ///< frames put into memory
    uint64_t rx_lost; ///< found no buffer, or none that was long enough
    uint64_t tx;      ///< frames that left
    uint64_t tx_void; ///< frames sent without a link
    uint64_t notified[SIM_VIRTIO_QUEUES];
    // Private.
    struct sim_cpu *cpu;
    struct sim_virtio_net_cfg cfg;
    struct sim_dma dma;
    struct sim_event reset_event;
    struct sim_event irq_event;
    struct sim_event tx_event;
    unsigned asked; // of what identifies it
    uint32_t status;
    bool resetting;
    bool broken; // does nothing more until a reset
    bool linked;
    bool handling;
    unsigned stuck;
    uint32_t generation;
    uint32_t interrupts; // InterruptStatus
    uint32_t offer_sel;  // + 1; 0: not written yet
    uint32_t take_sel;
    uint64_t taken; // features
    bool unoffered; // one of what was written last was not offered
    uint32_t page;
    uint32_t align[SIM_VIRTIO_QUEUES];
    uint32_t queue_sel;
    struct sim_virtio_queue queue[SIM_VIRTIO_QUEUES];
    bool tx_leaving;
    bool tx_orphan; // it is nobody's any more
    uint16_t tx_head;
};

/// As after power-up, with no cable. It must not move.
void sim_virtio_net_init(struct sim_virtio_net *net, struct sim_cpu *cpu,
    const struct sim_virtio_net_cfg *cfg);

/// Its host starts it anew: all is as after power-up.
void sim_virtio_net_dip(struct sim_virtio_net *net);

/// It has met an error of its own, and waits for a reset; in version 2 it says
/// so.
void sim_virtio_net_break(struct sim_virtio_net *net);

/// It lies: a used entry about what was not given to it, or not so.
void sim_virtio_net_lie(struct sim_virtio_net *net, unsigned queue, uint32_t id,
    uint32_t len);

/// Gives memory back.
void sim_virtio_net_done(struct sim_virtio_net *net);

#endif
