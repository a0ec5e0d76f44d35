// SPDX-License-Identifier: MIT
//
// Registers of virtio-mmio (virtio 1.1, 4.2.2; those of version 1 alone:
// 4.2.4), and what the network device and its rings have.

#ifndef VIRTIO_NET_REGS_H
#define VIRTIO_NET_REGS_H

#define VIRTIO_NET_MAGIC            0x00
#define VIRTIO_NET_VERSION          0x04
#define VIRTIO_NET_DEVICE_ID        0x08
#define VIRTIO_NET_DEVICE_FEATURES  0x10
#define VIRTIO_NET_DEVICE_SELECT    0x14
#define VIRTIO_NET_DRIVER_FEATURES  0x20
#define VIRTIO_NET_DRIVER_SELECT    0x24
#define VIRTIO_NET_GUEST_PAGE_SIZE  0x28 ///< version 1
#define VIRTIO_NET_QUEUE_SEL        0x30
#define VIRTIO_NET_QUEUE_NUM_MAX    0x34
#define VIRTIO_NET_QUEUE_NUM        0x38
#define VIRTIO_NET_QUEUE_ALIGN      0x3C ///< version 1
#define VIRTIO_NET_QUEUE_PFN        0x40 ///< version 1
#define VIRTIO_NET_QUEUE_READY      0x44 ///< version 2
#define VIRTIO_NET_QUEUE_NOTIFY     0x50
#define VIRTIO_NET_INTERRUPT_STATUS 0x60
#define VIRTIO_NET_INTERRUPT_ACK    0x64
#define VIRTIO_NET_STATUS           0x70
#define VIRTIO_NET_QUEUE_DESC       0x80 ///< version 2, high half behind each
#define VIRTIO_NET_QUEUE_DRIVER     0x90
#define VIRTIO_NET_QUEUE_DEVICE     0xA0
#define VIRTIO_NET_CONFIG           0x100 ///< address, then status

#define VIRTIO_NET_MAGIC_VALUE 0x74726976u ///< "virt"
#define VIRTIO_NET_ID_NET      1u

#define VIRTIO_NET_STATUS_ACKNOWLEDGE (1u << 0)
#define VIRTIO_NET_STATUS_DRIVER      (1u << 1)
#define VIRTIO_NET_STATUS_DRIVER_OK   (1u << 2)
#define VIRTIO_NET_STATUS_FEATURES_OK (1u << 3)
#define VIRTIO_NET_STATUS_NEEDS_RESET (1u << 6)
#define VIRTIO_NET_STATUS_FAILED      (1u << 7)

#define VIRTIO_NET_INTERRUPT_CONFIG (1u << 1)

// Features (5.1.3): of the first word, and of the second.
#define VIRTIO_NET_FEATURE_MAC        (1u << 5)
#define VIRTIO_NET_FEATURE_STATUS     (1u << 16)
#define VIRTIO_NET_FEATURE_ANY_LAYOUT (1u << 27) ///< version 1
#define VIRTIO_NET_FEATURE_VERSION_1  (1u << 0)

#define VIRTIO_NET_CONFIG_LINK_UP (1u << 0) ///< of the configuration's status

/// Bytes of the device's header, in version 1 and 2.
#define VIRTIO_NET_HEAD_OLD    10
#define VIRTIO_NET_HEAD_MODERN 12

#define VIRTIO_NET_DESC_WRITE     (1u << 1) ///< the device writes
#define VIRTIO_NET_USED_NO_NOTIFY (1u << 0) ///< it looks by itself

#endif
