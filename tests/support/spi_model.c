// SPDX-License-Identifier: MIT
//
// The bench of a model's tests, of whatever chip model_bench.h is.

#include "model_bench.h"

#include <stdio.h>

const uint8_t own_mac[6] = { 2, 0, 0, 0, 0, 1 };
const uint8_t peer_mac[6] = { 2, 0, 0, 0, 0, 9 };
const uint8_t all_macs[6] = { 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF };

static void on_complaint(void *arg, uint64_t at_ns, const char *who,
    const char *what)
{
    struct bench *b = arg;

    (void)at_ns;
    (void)who;
    snprintf(b->last, sizeof(b->last), "%s", what);
}

static void on_frame(void *arg, const uint8_t *frame, size_t len)
{
    struct bench *b = arg;

    if (b->seen_count < SEEN && len <= sizeof(b->seen[0])) {
        memcpy(b->seen[b->seen_count], frame, len);
        b->seen_ns[b->seen_count] = b->world.now_ns;
        b->seen_len[b->seen_count++] = len;
    }
}

static void on_edge(void *arg)
{
    struct bench *b = arg;

    b->edges++;
}

// Gives everything back. Returns false if somebody has complained.
static bool close_bench(struct bench *b)
{
    bool good = b->world.complaints == 0;

    if (!good) {
        print_error("complaint: %s\n", b->last);
    }
    sim_spi_done(&b->bus);
    bench_done_chip(b);
    sim_nic_done(&b->nic);
    sim_cable_done(&b->cable);
    sim_world_done(&b->world);
    b->open = false;
    return good;
}

struct bench *bench_begin(void)
{
    static struct bench bench;
    struct bench *b = &bench;

    if (b->open) {
        assert_true(close_bench(b));
    }
    memset(b, 0, sizeof(*b));
    b->open = true;
    sim_world_init(&b->world, 1);
    b->world.on_complaint = on_complaint;
    b->world.complaint_arg = b;
    sim_cpu_init(&b->cpu, &b->world, 200);
    sim_pin_init(&b->irq, &b->cpu, "int", true);
    sim_pin_init(&b->reset, &b->cpu, "reset", true);
    return b;
}

void bench_join(struct bench *b, struct sim_spi_chip *spi,
    struct sim_port *port, uint64_t bits_per_s)
{
    sim_spi_init(&b->bus, &b->cpu, spi, NULL);
    nif_pin_on_edge(&b->irq.pin, false, on_edge, b);
    sim_cable_init(&b->cable, &b->world, bits_per_s);
    sim_nic_init(&b->nic, &b->world, "nic", 0);
    b->nic.on_frame = on_frame;
    b->nic.arg = b;
    sim_cable_join(&b->cable, port, &b->nic.port);
}

int bench_setup(void **state)
{
    *state = bench_open(NULL);
    return 0;
}

int bench_teardown(void **state)
{
    return close_bench(*state) ? 0 : -1;
}

void bench_forgive(struct bench *b, unsigned rule)
{
    assert_int_not_equal(b->world.complaints, 0);
    assert_int_equal(b->world.complaints, b->chip.counts.broken[rule]);
    b->chip.counts.broken[rule] = 0;
    b->world.complaints = 0;
}

void pass_us(struct bench *b, uint64_t us)
{
    sim_pass_ns(&b->world, us * SIM_US);
}

void exchange(struct bench *b, const uint8_t *tx, uint8_t *rx, size_t len)
{
    struct nif_spi_seg seg;

    seg.tx = tx;
    seg.rx = rx;
    seg.len = len;
    assert_int_equal(nif_spi_transact(&b->bus.spi, &seg, 1, b->hold_ns), 0);
}

void make_frame(uint8_t *frame, size_t len, const uint8_t to[6])
{
    for (size_t i = 0; i < len; i++) {
        frame[i] = (uint8_t)i;
    }
    memcpy(frame, to, 6);
    memcpy(frame + 6, peer_mac, 6);
    nif_put_be16(frame + 12, 0x88B5);
}

void arrive(struct bench *b, const uint8_t *frame, size_t len)
{
    assert_true(sim_nic_send(&b->nic, frame, len));
    pass_us(b, (len + 100) * 8 * b->cable.bit_ps / 1000000 + 10);
}
