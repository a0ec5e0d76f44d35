// SPDX-License-Identifier: MIT
//
// The bench of the model of the virtio network device.

#include "model_bench.h"

#include <string.h>

struct vio_bench b;

static const struct nif_hwaddr own = { { 2, 1, 2, 3, 4, 5 } };

uint32_t vio_get(uint32_t reg)
{
    return nif_mmio_read(&b.net.mmio, reg);
}

void vio_put(uint32_t reg, uint32_t value)
{
    nif_mmio_write(&b.net.mmio, reg, value);
}

void vio_run_us(uint64_t us)
{
    sim_pass_ns(&b.world, us * SIM_US);
}

void vio_complained(unsigned count)
{
    seen_complaints(&b.seen, count);
}

static void on_irq(void *arg)
{
    (void)arg;
    b.interrupts++;
    if (!b.rude) {
        vio_put(ACK, vio_get(INTERRUPTS));
    }
}

static void identify(void)
{
    assert_int_equal(vio_get(0), 0x74726976);
    assert_int_equal(vio_get(4), b.legacy ? 1 : 2);
    assert_int_equal(vio_get(8), 1);
}

static int set_up(bool legacy)
{
    memset(&b, 0, sizeof(b));
    b.legacy = legacy;
    sim_world_init(&b.world, 1);
    sim_cpu_init(&b.cpu, &b.world, SIM_CPU_COST_NS);
    sim_virtio_net_init(&b.net, &b.cpu,
        &(struct sim_virtio_net_cfg){ .legacy = legacy,
            .hwaddr = own,
            .irq = on_irq });
    sim_nic_init(&b.far, &b.world, "far", 0);
    seen_begin(&b.seen, &b.world, &b.far);
    sim_cable_init(&b.cable, &b.world, 100000000);
    sim_cable_join(&b.cable, &b.net.nic.port, &b.far.port);
    identify();
    return 0;
}

int vio_set_up(void **state)
{
    (void)state;
    return set_up(false);
}

int vio_set_up_legacy(void **state)
{
    (void)state;
    return set_up(true);
}

int vio_tear_down(void **state)
{
    (void)state;
    sim_virtio_net_done(&b.net);
    sim_nic_done(&b.far);
    sim_cable_done(&b.cable);
    sim_world_done(&b.world);
    assert_int_equal(b.seen.told, 0);
    return 0;
}

void vio_agree(uint32_t features)
{
    vio_put(STATUS, 0);
    vio_run_us(2);
    assert_int_equal(vio_get(STATUS), 0);
    vio_put(STATUS, 1);
    vio_put(STATUS, 3);
    vio_put(DRIVER_SEL, 0);
    vio_put(DRIVER, features);
    if (b.legacy) {
        vio_put(PAGE_SIZE, 4096);
        return;
    }
    vio_put(DRIVER_SEL, 1);
    vio_put(DRIVER, VERSION_1);
    vio_put(STATUS, 11);
    assert_int_equal(vio_get(STATUS), 11);
}

static uint32_t address(const void *memory, size_t len)
{
    return nif_mmio_address(&b.net.mmio, memory, len);
}

void vio_queue(unsigned queue)
{
    struct ring *ring = &b.ring[queue];
    uint32_t at = address(ring, sizeof(*ring));

    vio_put(QUEUE_SEL, queue);
    vio_put(QUEUE_NUM, NUM);
    if (b.legacy) {
        vio_put(QUEUE_ALIGN, 4096);
        vio_put(QUEUE_PFN, at / 4096);
        return;
    }
    vio_put(DESC, at);
    vio_put(DESC + 4, 0);
    vio_put(AVAIL, at + offsetof(struct ring, avail));
    vio_put(AVAIL + 4, 0);
    vio_put(USED, at + offsetof(struct ring, used));
    vio_put(USED + 4, 0);
    vio_put(QUEUE_READY, 1);
}

void vio_begin(uint32_t features)
{
    vio_agree(features);
    vio_queue(0);
    vio_queue(1);
    vio_put(STATUS, b.legacy ? 7 : 15);
}

uint8_t *vio_buf(unsigned queue, unsigned i)
{
    return b.data[queue * NUM + i];
}

void vio_desc(unsigned queue, unsigned i, uint32_t len, uint16_t flags,
    uint16_t next)
{
    struct ring *ring = &b.ring[queue];

    ring->desc[i].address[0] = address(b.data, sizeof(b.data)) +
        (uint32_t)(vio_buf(queue, i) - b.data[0]);
    ring->desc[i].address[1] = 0;
    ring->desc[i].len = len;
    ring->desc[i].flags = flags;
    ring->desc[i].next = next;
}

void vio_give(unsigned queue, unsigned head)
{
    uint16_t *avail = b.ring[queue].avail;

    avail[2 + avail[1] % NUM] = (uint16_t)head;
    nif_mmio_barrier(&b.net.mmio);
    avail[1]++;
    nif_mmio_barrier(&b.net.mmio);
}

void vio_arrive(size_t len)
{
    uint8_t frame[1514];

    memset(frame, 0x77, sizeof(frame));
    memcpy(frame, own.byte, 6);
    assert_true(sim_nic_send(&b.far, frame, len));
    vio_run_us(200);
}
