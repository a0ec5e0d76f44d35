// SPDX-License-Identifier: MIT
//
// The bench of the model of the Stellaris Ethernet controller.

#include "model_bench.h"

#include <string.h>

const uint8_t own[6] = { 2, 1, 2, 3, 4, 5 };
const uint8_t all[6] = { 255, 255, 255, 255, 255, 255 };

struct mac_bench b;

uint32_t get(uint32_t reg)
{
    return nif_mmio_read(&b.mac.mmio, reg);
}

void put(uint32_t reg, uint32_t value)
{
    nif_mmio_write(&b.mac.mmio, reg, value);
}

void run_us(uint64_t us)
{
    sim_pass_ns(&b.world, us * SIM_US);
}

void complained(unsigned count)
{
    seen_complaints(&b.seen, count);
}

void mac_on_irq(void *arg)
{
    (void)arg;
    b.interrupts++;
    put(RIS, b.handled);
}

static void plug(const struct sim_stellaris_cfg *cfg,
    const struct sim_phy_partner *partner)
{
    memset(&b, 0, sizeof(b));
    sim_world_init(&b.world, 1);
    sim_cpu_init(&b.cpu, &b.world, SIM_CPU_COST_NS);
    sim_stellaris_init(&b.mac, &b.cpu, cfg);
    sim_stellaris_partner(&b.mac, partner);
    sim_nic_init(&b.far, &b.world, "far", 0);
    seen_begin(&b.seen, &b.world, &b.far);
    sim_cable_init(&b.cable, &b.world, 100000000);
    sim_cable_join(&b.cable, &b.mac.nic.port, &b.far.port);
    sim_run_until(&b.world, 3 * SIM_S); // a link
}

void mac_begin(uint32_t rctl, uint32_t tctl)
{
    put(IM, 0);
    put(RIS, 0x7F);
    put(IA0, 0x03020102);
    put(IA1, 0x0504);
    put(RCTL, rctl);
    put(TCTL, tctl);
}

int mac_set_up(void **state)
{
    (void)state;
    plug(&(struct sim_stellaris_cfg){ .clock_hz = 0 }, NULL);
    mac_begin(RX_ON, TX_ON);
    return 0;
}

int mac_tear_down(void **state)
{
    (void)state;
    sim_stellaris_done(&b.mac);
    sim_nic_done(&b.far);
    sim_cable_done(&b.cable);
    sim_world_done(&b.world);
    assert_int_equal(b.seen.told, 0);
    return 0;
}

void mac_anew(const struct sim_stellaris_cfg *cfg,
    const struct sim_phy_partner *partner, uint32_t rctl, uint32_t tctl)
{
    (void)mac_tear_down(NULL);
    plug(cfg, partner);
    mac_begin(rctl, tctl);
}

size_t frame_to(uint8_t *frame, const uint8_t *to, size_t len)
{
    for (size_t i = 0; i < len; i++) {
        frame[i] = (uint8_t)(i + len);
    }
    memcpy(frame, to, 6);
    frame[12] = 0x88; // a type
    frame[13] = 0xB5;
    return sim_fcs_put(frame, len);
}

void arrive(const uint8_t *to, size_t len, bool spoil)
{
    uint8_t frame[SIM_FRAME_MAX];
    size_t whole = frame_to(frame, to, len);

    frame[30] ^= spoil;
    assert_true(sim_nic_send_raw(&b.far, frame, whole));
    run_us(340);
}

void expect_frame(const uint8_t *to, size_t len)
{
    uint8_t frame[SIM_FRAME_MAX];
    uint8_t read[SIM_FRAME_MAX] = { 0 };
    size_t whole = frame_to(frame, to, len);

    for (size_t i = 0; i < (2 + whole + 3) / 4; i++) {
        uint32_t word = get(DATA);

        for (unsigned k = 0; k < 4; k++) {
            read[4 * i + k] = (uint8_t)(word >> 8 * k);
        }
    }
    assert_int_equal(nif_get_le16(read), len + 6);
    assert_memory_equal(read + 2, frame, whole);
}
