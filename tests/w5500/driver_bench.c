// SPDX-License-Identifier: MIT
//
// The W5500 and its driver for the bench of the driver's tests.

#include "driver_bench.h"

const uint64_t bench_bits_per_s = 100000000;

void bench_make_model(struct bench *b, const struct bench_cfg *cfg)
{
    struct sim_w5500_cfg model = cfg->model;

    if (model.link_ns == 0) {
        model.link_ns = BENCH_LINK_NS;
    }
    sim_w5500_init(&b->model, &b->world, &model);
    sim_w5500_pins(&b->model, &b->int_pin, &b->reset_pin);
}

struct sim_spi_chip *bench_spi(struct bench *b)
{
    return &b->model.spi;
}

struct sim_port *bench_port(struct bench *b)
{
    return &b->model.port;
}

bool bench_is_full(const struct bench_cfg *cfg)
{
    (void)cfg;
    return true;
}

void bench_make_driver(struct bench *b, const struct bench_cfg *cfg,
    struct nif_pin *interrupt, struct nif_pin *reset)
{
    w5500_raw_init(&b->raw,
        &(struct w5500_cfg){
            .spi = &b->fault.spi,
            .clock = &b->cpu.clock,
            .interrupt = interrupt,
            .reset = reset,
            .hwaddr = bench_board,
            .phy = cfg->phy,
            .check_ms = cfg->check_ms,
        });
    b->chip = &b->raw.chip;
    b->iface = &b->chip->iface;
}

void bench_done_model(struct bench *b)
{
    sim_w5500_done(&b->model);
}
