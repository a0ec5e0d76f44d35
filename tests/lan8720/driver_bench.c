// SPDX-License-Identifier: MIT
//
// The bench of the LAN8720 driver's tests.

#include "driver_bench.h"

#include <string.h>

// nRST low clears what a soft reset does, which is all that matters here.
static void on_reset(struct sim_pin *pin, void *arg, bool level)
{
    struct bench *b = arg;

    (void)pin;
    if (level) {
        b->reset_low_ns = b->world.now_ns - b->reset_end_ns;
    }
    b->reset_end_ns = b->world.now_ns;
}

static void join_driver(struct bench *b, const struct bench_cfg *cfg)
{
    struct lan8720_cfg driver = cfg->driver;

    driver.phy.mdio = &b->fault.mdio;
    driver.phy.clock = &b->cpu.clock;
    driver.phy.interrupt = cfg->interrupt ? &b->int_pin.pin : NULL;
    driver.reset = cfg->reset_pin ? &b->reset_pin.pin : NULL;
    memset(&b->chip, 0xA5, sizeof(b->chip));
    memset(&b->dev, 0xA5, sizeof(b->dev));
    lan8720_init(&b->chip, &driver);
    nif_macphy_init(&b->dev,
        &(struct nif_macphy_cfg){
            .mac = &b->mac.mac,
            .phy = &b->chip.phy,
            .clock = &b->cpu.clock,
            .check_ms = cfg->check_ms,
        });
    b->iface = &b->dev.iface;
    b->lends = true; // the plain MAC does
    bench_listen(b);
}

void bench_open(struct bench *b, const struct bench_cfg *cfg)
{
    static const struct bench_cfg none;

    if (!cfg) {
        cfg = &none;
    }
    bench_begin(b);
    sim_pin_init(&b->int_pin, &b->cpu, "int", true);
    sim_pin_init(&b->reset_pin, &b->cpu, "reset", true);
    b->reset_pin.on_write = on_reset;
    b->reset_pin.write_arg = b;
    sim_phy_init(&b->phy, &b->world, &cfg->model);
    sim_phy_pin(&b->phy, &b->int_pin);
    sim_mac_init(&b->mac, &b->cpu,
        &(struct sim_mac_cfg){ .hwaddr = bench_board, .mdc_hz = cfg->mdc_hz });
    if (!cfg->absent) {
        sim_mac_join(&b->mac, &b->phy);
    }
    sim_mac_partner(&b->mac, &cfg->partner);
    sim_mdio_fault_init(&b->fault, &b->cpu, b->mac.mac.mdio);
    bench_wire(b, &b->mac.nic.port, 100000000);
    if (cfg->unplugged) {
        sim_cable_plug(&b->cable, false);
    }
    join_driver(b, cfg);
}

void bench_up(struct bench *b)
{
    assert_int_equal(nif_iface_start(b->iface), 0);
    assert_true(bench_run_to_link(b, true, 3000000));
}

void bench_close(struct bench *b)
{
    sim_phy_done(&b->phy);
    sim_mac_done(&b->mac);
    bench_end(b, 0);
    assert_int_equal(b->board_bad + b->card_bad, 0);
}

bool bench_run_to_link(struct bench *b, bool up, uint64_t us)
{
    uint64_t until_us = b->world.now_ns / 1000 + us;

    while (bench_has_link(b) != up && b->world.now_ns / 1000 < until_us) {
        uint64_t again_us = bench_turn(b);

        nif_clock_wait(&b->cpu.clock,
            again_us < until_us ? again_us : until_us);
    }
    return bench_has_link(b) == up;
}

uint16_t bench_reg(struct bench *b, uint8_t reg)
{
    return b->phy.mdio.ops->read(&b->phy.mdio, reg);
}

void bench_poke(struct bench *b, uint8_t reg, uint16_t value)
{
    b->phy.mdio.ops->write(&b->phy.mdio, reg, value);
}
