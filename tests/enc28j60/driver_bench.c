// SPDX-License-Identifier: MIT
//
// The ENC28J60 and its driver for the bench of the driver's tests.

#include "driver_bench.h"

static const struct bench_cfg wirings[] = {
    { .full_duplex = false },
    { .full_duplex = true },
    { .polled = true },
};

const struct bench_traits bench_traits = {
    .bits_per_s = 10000000,
    .wirings = wirings,
    .wiring_count = nif_countof(wirings),
    .noise_err = NIF_ETIMEDOUT,
    .start_ns = 15 * SIM_MS,
    .start_transfers = 50,
    .frame_transfers = 20,
    .mended_us = 1000000 + 100000 + 40000,
    .look_us = 1010000,
};

static void on_cable(void *arg, unsigned side, uint64_t sent_ns,
    const struct sim_frame *frame)
{
    struct bench *b = arg;

    (void)frame;
    if (side != 0) {
        return;
    }
    if (b->sent_end_ns != 0 && sent_ns - b->sent_end_ns > b->gap_max_ns) {
        b->gap_max_ns = sent_ns - b->sent_end_ns;
    }
    b->sent_end_ns = b->world.now_ns - b->cable.delay_ns;
}

void bench_make_model(struct bench *b, const struct bench_cfg *cfg)
{
    sim_enc28j60_init(&b->model, &b->world, &cfg->model);
    sim_enc28j60_pins(&b->model, &b->int_pin, &b->reset_pin);
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
    return cfg->full_duplex;
}

void bench_make_driver(struct bench *b, const struct bench_cfg *cfg,
    struct nif_pin *interrupt, struct nif_pin *reset)
{
    b->tap = (struct sim_cable_tap){ .fn = on_cable, .arg = b };
    sim_cable_watch(&b->cable, &b->tap);
    enc28j60_init(&b->chip,
        &(struct enc28j60_cfg){
            .spi = &b->fault.spi,
            .clock = &b->cpu.clock,
            .interrupt = interrupt,
            .reset = reset,
            .hwaddr = bench_board,
            .full_duplex = cfg->full_duplex,
            .check_ms = cfg->check_ms,
        });
    b->iface = &b->chip.iface;
}

void bench_unwire(struct bench *b)
{
    sim_enc28j60_pins(&b->model, NULL, NULL);
}

bool bench_is_awake(const struct bench *b)
{
    return sim_enc28j60_has_link(&b->model);
}

struct bench_counts bench_counts(const struct bench *b)
{
    const struct enc28j60_stats *stats = &b->chip.stats;

    return (struct bench_counts){ stats->rx, stats->tx, stats->rx_bad,
        b->chip.fault };
}

void bench_done_model(struct bench *b)
{
    sim_enc28j60_done(&b->model);
}
