// SPDX-License-Identifier: MIT
//
// The bench of a driver's tests, of whatever chip on SPI driver_bench.h is.

#include "driver_bench.h"

void bench_open(struct bench *b, const struct bench_cfg *cfg)
{
    static const struct bench_cfg none;

    if (!cfg) {
        cfg = &none;
    }
    bench_begin(b);
    sim_pin_init(&b->int_pin, &b->cpu, "int", true);
    sim_pin_init(&b->reset_pin, &b->cpu, "reset", true);
    bench_make_model(b, cfg);
    sim_spi_init(&b->bus, &b->cpu, bench_spi(b),
        &(struct sim_spi_cfg){ .hz = cfg->hz });
    sim_spi_fault_init(&b->fault, &b->cpu, &b->bus.spi);
    bench_wire(b, bench_port(b), bench_traits.bits_per_s);
    b->nic.full_duplex = bench_is_full(cfg);
    if (cfg->unplugged) {
        sim_cable_plug(&b->cable, false);
    }
    bench_make_driver(b, cfg, cfg->polled ? NULL : &b->int_pin.pin,
        cfg->reset_pin ? &b->reset_pin.pin : NULL);
    bench_listen(b);
}

void bench_up(struct bench *b)
{
    uint64_t until_ns;

    assert_int_equal(nif_iface_start(b->iface), 0);
    until_ns = b->world.now_ns + SIM_S;
    while (!bench_has_link(b)) {
        assert_true(b->world.now_ns < until_ns);
        bench_run(b, 1000);
    }
    // The card's idea of the link may be a little later.
    bench_run(b, 1000);
}

void bench_close_with(struct bench *b, unsigned complaints)
{
    bench_done_model(b);
    sim_spi_done(&b->bus);
    bench_end(b, complaints);
}

void bench_close(struct bench *b)
{
    bench_close_with(b, 0);
}

bool bench_hears(struct bench *b, const struct nif_hwaddr *to)
{
    unsigned before = b->board_count;

    bench_card_send(b, to, 1, 80);
    bench_run(b, 2000);
    return b->board_count != before;
}

void bench_filter(struct bench *b, const struct nif_eth_filter *f)
{
    assert_int_equal(b->iface->eth->filter(b->iface, f), 0);
    bench_run(b, 1000);
}

static void hush(void *arg, uint64_t at_ns, const char *who, const char *what)
{
    (void)arg;
    (void)at_ns;
    (void)who;
    (void)what;
}

void bench_hush(struct bench *b)
{
    b->world.on_complaint = hush;
}
