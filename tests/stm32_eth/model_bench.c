// SPDX-License-Identifier: MIT
//
// The bench of the model of the STM32's MAC.

#include "model_bench.h"

#include <string.h>

struct mac_bench b;

uint32_t mac_get(uint32_t reg)
{
    return nif_mmio_read(&b.eth.mmio, reg);
}

void mac_put(uint32_t reg, uint32_t value)
{
    nif_mmio_write(&b.eth.mmio, reg, value);
}

void mac_run_us(uint64_t us)
{
    sim_pass_ns(&b.world, us * SIM_US);
}

static uint32_t address(const void *memory, size_t len)
{
    return nif_mmio_address(&b.eth.mmio, memory, len);
}

static void on_irq(void *arg)
{
    (void)arg;
    b.interrupts++;
    if (b.handled) {
        mac_put(DMASR, mac_get(DMASR) & 0x1E7FF);
    }
}

void mac_complained(unsigned count)
{
    seen_complaints(&b.seen, count);
}

int mac_set_up(void **state)
{
    (void)state;
    memset(&b, 0, sizeof(b));
    b.handled = true;
    sim_world_init(&b.world, 1);
    sim_cpu_init(&b.cpu, &b.world, SIM_CPU_COST_NS);
    sim_phy_init(&b.phy, &b.world, &(struct sim_phy_cfg){ .addr = 1 });
    sim_stm32_eth_init(&b.eth, &b.cpu,
        &(struct sim_stm32_eth_cfg){ .irq = on_irq });
    sim_stm32_eth_join(&b.eth, &b.phy);
    sim_nic_init(&b.far, &b.world, "far", 0);
    seen_begin(&b.seen, &b.world, &b.far);
    sim_cable_init(&b.cable, &b.world, 100000000);
    sim_cable_join(&b.cable, &b.eth.nic.port, &b.far.port);
    sim_run_until(&b.world, 3 * SIM_S); // a link
    assert_true(b.phy.link && b.phy.is_100);
    return 0;
}

int mac_tear_down(void **state)
{
    (void)state;
    sim_stm32_eth_done(&b.eth);
    sim_phy_done(&b.phy);
    sim_nic_done(&b.far);
    sim_cable_done(&b.cable);
    sim_world_done(&b.world);
    assert_int_equal(b.seen.told, 0);
    return 0;
}

void mac_begin(uint32_t maccr, uint32_t mode)
{
    for (unsigned i = 0; i < COUNT; i++) {
        unsigned next = (i + 1) % COUNT;

        b.rx[i].word[0] = OWN;
        b.rx[i].word[1] = RX_SIZE | ROOM;
        b.rx[i].word[2] = address(b.rx[i].data, ROOM);
        b.rx[i].word[3] = address(&b.rx[next], 16);
        b.tx[i].word[0] = 0;
        b.tx[i].word[2] = address(b.tx[i].data, ROOM);
        b.tx[i].word[3] = address(&b.tx[next], 16);
    }
    nif_mmio_barrier(&b.eth.mmio);
    mac_put(MACA0HR, 0x0605);
    mac_put(MACA0LR, 0x04030202);
    mac_put(RDLAR, address(&b.rx[0], 16));
    mac_put(TDLAR, address(&b.tx[0], 16));
    mac_put(MACCR, maccr & ~0xCu);
    mac_run_us(2);
    mac_put(DMAOMR, mode);
    mac_put(MACCR, maccr);
    mac_run_us(5);
    mac_put(DMASR, 0x1E7FF);
}

void mac_give(unsigned i, size_t len, uint32_t word)
{
    memset(b.tx[i].data, (int)(0x40 + i), len);
    b.tx[i].word[1] = (uint32_t)len;
    b.tx[i].word[0] = word;
    nif_mmio_barrier(&b.eth.mmio);
}

void mac_arrive(const char *to, size_t len)
{
    uint8_t frame[1514];

    memset(frame, 0x77, sizeof(frame));
    memcpy(frame, to, 6);
    assert_true(sim_nic_send(&b.far, frame, len));
    mac_run_us(200);
}
