// SPDX-License-Identifier: MIT
//
// The W5500 and its driver for the bench of the driver's tests.

#include "driver_bench.h"

static const struct bench_cfg wirings[] = {
    { .polled = false },
    { .polled = true },
};

const struct bench_traits bench_traits = {
    .bits_per_s = 100000000,
    .wirings = wirings,
    .wiring_count = nif_countof(wirings),
    .noise_err = NIF_EPROTO,
    .start_ns = 30 * SIM_MS,
    .start_transfers = 15,
    .frame_transfers = 10,
    .mended_us = 100000 + 100000 + 20000,
    .look_us = 110000,
};

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

void bench_unwire(struct bench *b)
{
    sim_w5500_pins(&b->model, NULL, NULL);
}

bool bench_is_awake(const struct bench *b)
{
    return sim_w5500_has_link(&b->model);
}

struct bench_counts bench_counts(const struct bench *b)
{
    const struct w5500_stats *stats = &b->chip->stats;

    return (struct bench_counts){ stats->rx, stats->tx, stats->rx_bad,
        b->chip->fault };
}

void bench_done_model(struct bench *b)
{
    sim_w5500_done(&b->model);
}
