// SPDX-License-Identifier: MIT
//
// The bench of the model of the virtio network device: registers and rings by
// the numbers of virtio 1.1, a card at the other end of the cable.

#ifndef TESTS_VIRTIO_NET_MODEL_BENCH_H
#define TESTS_VIRTIO_NET_MODEL_BENCH_H

#include "sim/chips/virtio_net.h"
#include "tests/support/seen.h"

#define FEATURES     0x010u
#define FEATURES_SEL 0x014u
#define DRIVER       0x020u
#define DRIVER_SEL   0x024u
#define PAGE_SIZE    0x028u
#define QUEUE_SEL    0x030u
#define QUEUE_MAX    0x034u
#define QUEUE_NUM    0x038u
#define QUEUE_ALIGN  0x03Cu
#define QUEUE_PFN    0x040u
#define QUEUE_READY  0x044u
#define NOTIFY       0x050u
#define INTERRUPTS   0x060u
#define ACK          0x064u
#define STATUS       0x070u
#define DESC         0x080u
#define AVAIL        0x090u
#define USED         0x0A0u
#define GENERATION   0x0FCu
#define CONFIG       0x100u

#define MAC       (1u << 5)
#define MERGED    (1u << 15)
#define LINK      (1u << 16)
#define ANYWAY    (1u << 27) // ANY_LAYOUT
#define VERSION_1 1u         // of word 1

#define NEXT  1u
#define WRITE 2u

#define NUM  8u
#define ROOM 1536u

/// A ring as both layouts have it: what is used begins at a page of its own.
// The gap in it is the device's.
// NOLINTNEXTLINE(clang-analyzer-optin.performance.Padding)
struct ring {
    struct {
        uint32_t address[2];
        uint32_t len;
        uint16_t flags;
        uint16_t next;
    } desc[NUM];
    uint16_t avail[2 + NUM];            // flags, index, entries
    NIF_ALIGNED(4096) uint16_t used[2]; // flags, index
    struct {
        uint32_t id;
        uint32_t len;
    } entry[NUM];
};

struct vio_bench {
    struct sim_world world;
    struct sim_cpu cpu;
    struct sim_virtio_net net;
    struct sim_nic far;
    struct sim_cable cable;
    bool legacy;
    struct seen seen;
    unsigned interrupts;
    bool rude; // the handler acknowledges nothing
    uint8_t data[2 * NUM][ROOM];
    struct ring ring[2];
};

/// The only one.
extern struct vio_bench b;

/// With version 2 of the registers, or with 1.
int vio_set_up(void **state);
int vio_set_up_legacy(void **state);

/// Fails if a complaint was not asked for.
int vio_tear_down(void **state);

/// A register, and one step of the processor.
uint32_t vio_get(uint32_t reg);
void vio_put(uint32_t reg, uint32_t value);

void vio_run_us(uint64_t us);

/// Asserts that there were so many complaints since the last time.
void vio_complained(unsigned count);

/// The handshake to where queues are set up, with these features beside
/// VERSION_1.
void vio_agree(uint32_t features);

/// Tells it where a ring lies.
void vio_queue(unsigned queue);

/// All of the handshake.
void vio_begin(uint32_t features);

/// Lets descriptor `i` of a ring be buffer `i` of that queue.
void vio_desc(unsigned queue, unsigned i, uint32_t len, uint16_t flags,
    uint16_t next);

/// Makes a chain available, with barriers. It is not notified of it.
void vio_give(unsigned queue, unsigned head);

/// A buffer of a queue.
uint8_t *vio_buf(unsigned queue, unsigned i);

/// The far end sends a frame of `len` bytes to the device.
void vio_arrive(size_t len);

#define MODEL(f) cmocka_unit_test_setup_teardown(f, vio_set_up, vio_tear_down)
#define LEGACY(f) \
    cmocka_unit_test_setup_teardown(f, vio_set_up_legacy, vio_tear_down)

#endif
