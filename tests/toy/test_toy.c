// SPDX-License-Identifier: MIT
//
// The driver of the TOY1 against its model, on a simulated board.

#include "sim/bus/fault.h"
#include "sim/net/nic.h"
#include "toy.h"
#include "toy_model.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

struct bench {
    struct sim_world world;
    struct sim_cpu cpu;
    struct toy_model model;
    struct sim_spi bus;
    struct sim_spi_fault fault;
    struct sim_cable cable;
    struct sim_nic peer;
    size_t seen_len;
    uint8_t seen[SIM_FRAME_MAX];
    struct toy toy;
};

static void on_frame(void *arg, const uint8_t *frame, size_t len)
{
    struct bench *b = arg;

    memcpy(b->seen, frame, len);
    b->seen_len = len;
}

static int setup(void **state)
{
    static struct bench b;

    memset(&b, 0, sizeof(b));
    sim_world_init(&b.world, 1);
    sim_cpu_init(&b.cpu, &b.world, SIM_CPU_COST_NS);
    toy_model_init(&b.model, &b.world);
    sim_spi_init(&b.bus, &b.cpu, &b.model.chip, NULL);
    sim_spi_fault_init(&b.fault, &b.cpu, &b.bus.spi);
    sim_cable_init(&b.cable, &b.world, 10000000);
    sim_nic_init(&b.peer, &b.world, "peer", 0);
    b.peer.on_frame = on_frame;
    b.peer.arg = &b;
    sim_cable_join(&b.cable, &b.model.port, &b.peer.port);
    toy_init(&b.toy,
        &(struct toy_cfg){ .spi = &b.fault.spi, .clock = &b.cpu.clock });
    *state = &b;
    return 0;
}

static int teardown(void **state)
{
    struct bench *b = *state;

    sim_nic_done(&b->peer);
    sim_cable_done(&b->cable);
    sim_spi_done(&b->bus);
    sim_world_done(&b->world);
    return b->world.complaints ? -1 : 0;
}

static void frames_pass_both_ways(void **state)
{
    struct bench *b = *state;
    struct nif_iface *iface = &b->toy.iface;
    uint8_t out[100] = { 1, 2, 3 };
    uint8_t in[NIF_ETH_FRAME_MAX];
    uint8_t *frame;
    uint64_t again_us = NIF_NEVER;
    struct nif_seg segs[] = { { out, 14 }, { out + 14, 86 } };

    assert_int_equal(nif_iface_start(iface), 0);
    assert_int_equal(nif_iface_poll(iface, &again_us), 0);
    assert_true(nif_iface_flags(iface) & NIF_IFACE_LINK);
    assert_int_equal(nif_eth_send(iface, segs, 2), 0);
    assert_int_equal(nif_eth_send(iface, segs, 2), NIF_EAGAIN);
    assert_int_equal(nif_eth_recv(iface, in, sizeof(in), &frame), NIF_EAGAIN);
    sim_pass_ns(&b->world, SIM_MS);
    assert_int_equal(b->seen_len, 100);
    assert_memory_equal(b->seen, out, 100);
    sim_nic_send(&b->peer, out, 100);
    sim_pass_ns(&b->world, SIM_MS);
    assert_int_equal(nif_eth_recv(iface, in, sizeof(in), &frame), 100);
    assert_memory_equal(frame, out, 100);
}

static void a_missing_chip_and_a_broken_bus_are_told_apart(void **state)
{
    struct bench *b = *state;
    struct sim_fault stuck = { SIM_FAULT_STUCK, 0, 1, 0, 0xFF };
    struct sim_fault broken = { SIM_FAULT_EIO, 1, 1, 0, 0 };

    sim_spi_fault_add(&b->fault, &stuck);
    sim_spi_fault_add(&b->fault, &broken);
    assert_int_equal(nif_iface_start(&b->toy.iface), NIF_ENODEV);
    assert_int_equal(nif_iface_start(&b->toy.iface), NIF_EIO);
    assert_int_equal(nif_iface_start(&b->toy.iface), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(frames_pass_both_ways, setup, teardown),
        cmocka_unit_test_setup_teardown(
            a_missing_chip_and_a_broken_bus_are_told_apart, setup, teardown),
    };

    return cmocka_run_group_tests_name("toy", tests, NULL, NULL);
}
