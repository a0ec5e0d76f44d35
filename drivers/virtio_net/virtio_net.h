// SPDX-License-Identifier: MIT
//
// Driver for a virtio network device behind virtio-mmio, as QEMU's machine
// riscv32 virt has up to eight. Both register layouts: version 1 (legacy,
// QEMU's default) and version 2.
//
// Frames lie in memory that the device reads and writes itself: two rings, 8
// buffers to receive into, 4 to send from, all in struct virtio_net, which
// must not be cached. Received frames are given where they lie.
//
// Not negotiated: checksums, segmentation, merged buffers, the control queue.
// Without that a device may pass all that it hears, as QEMU's does, so the
// driver itself drops what is for other stations, and for groups that were not
// asked for: of these, a few may pass.
//
// A device that was reset behind the driver's back, wants to be reset, says
// what makes no sense or does not send any more is set up again by poll().

#ifndef VIRTIO_NET_H
#define VIRTIO_NET_H

#include "nif/clock.h"
#include "nif/iface.h"
#include "nif/mmio.h"

NIF_C_BEGIN

/// Entries of a ring, and how many of them have buffers.
#define VIRTIO_NET_RING 16
#define VIRTIO_NET_RX   8
#define VIRTIO_NET_TX   4

/// The device's header before each frame, and the frame; two bytes more let
/// IP headers lie aligned in either layout.
#define VIRTIO_NET_BUFFER (2 + 12 + NIF_ETH_FRAME_MAX)

struct virtio_net_cfg {
    struct nif_mmio mmio; ///< the slot: 0x10008000 for the first device
    struct nif_clock *clock;
    bool interrupt; ///< the slot's interrupt calls virtio_net_interrupt().
                    ///< Without, poll() wants to be called each millisecond;
                    ///< with it, each second at the latest
};

/// What is counted. Counters wrap.
struct virtio_net_stats {
    uint32_t rx;     ///< frames delivered
    uint32_t tx;     ///< frames sent
    uint32_t rx_bad; ///< frames too short, or not where they could be
};

/// A ring as the device sees it (virtio 1.1, 2.6). Private.
// The gap in it is the device's.
// NOLINTNEXTLINE(clang-analyzer-optin.performance.Padding)
struct virtio_net_ring {
    struct {
        uint32_t addr[2];
        uint32_t len;
        uint16_t flags;
        uint16_t next;
    } desc[VIRTIO_NET_RING];
    struct {
        uint16_t flags;
        uint16_t idx;
        uint16_t ring[VIRTIO_NET_RING];
    } avail;
    // In version 1 it begins at the next page.
    struct {
        uint16_t flags;
        uint16_t idx;
        struct {
            uint32_t id;
            uint32_t len;
        } ring[VIRTIO_NET_RING];
    } used NIF_ALIGNED(4096);
};

/// The driver; all of it is private but `iface` and `stats`.
struct virtio_net {
    struct nif_iface iface; ///< first member: what the stack is given
    struct virtio_net_cfg cfg;
    nif_event_fn *event_fn;
    void *event_arg;
    struct nif_hwaddr hwaddr;
    bool started;
    bool found; ///< there is a device
    bool ready; ///< it knows the rings, and made sense so far
    bool link;
    bool modern;
    bool has_status; ///< the device tells of its link
    uint8_t head;    ///< bytes of the device's header
    uint8_t lent;    ///< 1 + the buffer whose frame the stack has; 0: none
    uint8_t rx_has;  ///< buffers that the device has, a bit each
    uint8_t tx_has;
    bool refused;       ///< a frame found no buffer
    volatile bool told; ///< look at Status and link: by an interrupt, too
    uint64_t look_us;   ///< when they are looked at in any case
    uint8_t filter;     ///< what is received beside `groups`
    uint32_t groups[2]; ///< by hash
    uint16_t rx_seen;
    uint16_t tx_seen;
    uint16_t tx_last;  ///< used entries at the last look
    uint64_t stall_us; ///< when it will have been too long without progress
    struct virtio_net_stats stats;
    NIF_ALIGNED(4) uint8_t rx_buf[VIRTIO_NET_RX][VIRTIO_NET_BUFFER];
    NIF_ALIGNED(4) uint8_t tx_buf[VIRTIO_NET_TX][VIRTIO_NET_BUFFER];
    struct virtio_net_ring rx; // last: they begin at pages
    struct virtio_net_ring tx;
};

/// Fills memory only.
void virtio_net_init(struct virtio_net *net, const struct virtio_net_cfg *cfg);

/// Frames have come or gone. Context: interrupt. Acknowledges, and wakes the
/// clock.
void virtio_net_interrupt(struct virtio_net *net);

NIF_C_END

#endif
