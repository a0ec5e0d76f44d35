// SPDX-License-Identifier: MIT
//
// The ENC28J60 driver against the model: link, interrupt line, power save,
// start, two chips, and a board that has nothing to do. More of it is the same
// for other chips: spi_link.c.

#include "driver_bench.h"

#include <string.h>

static struct bench b;

// Events within so long after the link itself has changed.
#define BY_PIN_NS  (200 * SIM_US)
#define BY_POLL_NS (2 * SIM_MS)

static void link_changes_are_told(void **state)
{
    static const struct {
        bool polled;
        uint64_t limit_ns;
    } cases[] = {
        { false, BY_PIN_NS },
        { true, BY_POLL_NS },
    };

    (void)state;
    for (size_t i = 0; i < nif_countof(cases); i++) {
        bench_open(&b,
            &(struct bench_cfg){ .polled = cases[i].polled,
                .unplugged = true });
        assert_int_equal(nif_iface_start(b.iface), 0);
        bench_run(&b, 300000);
        assert_int_equal(b.event_count, 0);
        for (unsigned n = 1; n <= 5; n++) {
            uint64_t at_ns;

            sim_cable_plug(&b.cable, true);
            at_ns = b.world.now_ns + SIM_ENC28J60_LINK_NS;
            bench_run(&b, 50000);
            assert_int_equal(bench_told(&b, NIF_EVENT_LINK_UP), n);
            assert_in_range(b.event_ns, at_ns, at_ns + cases[i].limit_ns);
            assert_true(bench_traffic(&b, 10000));
            sim_cable_plug(&b.cable, false);
            at_ns = b.world.now_ns;
            bench_run(&b, 50000);
            assert_int_equal(bench_told(&b, NIF_EVENT_LINK_DOWN), n);
            assert_in_range(b.event_ns, at_ns, at_ns + cases[i].limit_ns);
            assert_false(nif_iface_flags(b.iface) & NIF_IFACE_LINK);
        }
        assert_int_equal(b.event_count, 10);
        bench_close(&b);
    }
}

// The board was busy while the cable was pulled and put back: what it finds is
// the link that there is, whatever PHSTAT1 still tells of its loss.
static void a_pull_that_nobody_saw_is_no_loss(void **state)
{
    (void)state;
    for (unsigned polled = 0; polled < 2; polled++) {
        bench_open(&b, &(struct bench_cfg){ .polled = polled });
        bench_up(&b);
        for (unsigned i = 0; i < 5; i++) {
            bench_run(&b, 130000);
            sim_cable_plug(&b.cable, false);
            sim_pass_ns(&b.world, SIM_MS);
            sim_cable_plug(&b.cable, true);
            sim_pass_ns(&b.world, SIM_ENC28J60_LINK_NS + SIM_MS);
            bench_run(&b, 10000);
            assert_true(nif_iface_flags(b.iface) & NIF_IFACE_LINK);
            assert_true(bench_traffic(&b, 10000));
        }
        assert_int_equal(bench_told(&b, NIF_EVENT_LINK_DOWN), 0);
        bench_close(&b);
    }
}

// Even if the chip never says so, the state of the link is looked at.
static void the_link_is_polled_where_its_interrupt_fails(void **state)
{
    (void)state;
    bench_open(&b, &(struct bench_cfg){ .check_ms = 50 });
    bench_up(&b);
    b.int_pin.lose_edges = 1000;
    sim_cable_plug(&b.cable, false);
    bench_run(&b, 51000);
    assert_int_equal(bench_told(&b, NIF_EVENT_LINK_DOWN), 1);
    bench_close(&b);
}

static void an_idle_board_leaves_the_bus_alone(void **state)
{
    uint64_t calls;
    uint64_t each;

    (void)state;
    bench_open(&b, NULL);
    bench_up(&b);
    assert_true(bench_traffic(&b, 10000));
    bench_run(&b, 2500000);
    calls = b.fault.transactions;
    bench_run(&b, 1000000);
    each = b.fault.transactions - calls;
    assert_in_range(each, 1, 100); // one check
    bench_run(&b, 10000000);
    assert_int_equal(b.fault.transactions - calls, 11 * each);
    bench_close(&b);
}

// True if poll() wants to be called again at once.
static bool wanted_at_once(void)
{
    uint64_t again_us = NIF_NEVER;
    uint64_t now_us = b.world.now_ns / 1000 + 1;

    sim_run_until(&b.world, now_us * 1000); // poll() begins in this one
    assert_int_equal(nif_iface_poll(b.iface, &again_us), 0);
    return again_us <= now_us;
}

static void poll_is_wanted_at_once_where_there_is_work(void **state)
{
    (void)state;
    bench_open(&b, NULL);
    bench_up(&b);
    bench_run(&b, 1000);
    assert_false(wanted_at_once());
    b.deaf = true;
    bench_card_send(&b, &bench_board, 1, 100);
    bench_run(&b, 1000);
    assert_false(b.int_pin.level);
    assert_true(wanted_at_once());
    bench_close(&b);

    // Without /INT: when both places are taken, the next end of a frame.
    bench_open(&b, &(struct bench_cfg){ .polled = true });
    bench_up(&b);
    bench_run(&b, 1000);
    assert_false(wanted_at_once());
    assert_int_equal(bench_send(&b, 1, 1000), 0);
    assert_int_equal(bench_send(&b, 2, 1000), 0);
    assert_true(wanted_at_once());
    bench_close(&b);
}

static void spurious_interrupts_end(void **state)
{
    (void)state;
    bench_open(&b, NULL);
    bench_up(&b);
    for (unsigned bits = 1; bits < 0x80; bits++) {
        if ((bits & 0x50) != 0) {
            continue;
        }
        sim_enc28j60_irq_spurious(&b.model, (uint8_t)bits);
        bench_run(&b, 1000);
        assert_true(b.int_pin.level);
    }
    assert_true(bench_traffic(&b, 10000));
    bench_close(&b);
}

static void power_down_and_up(void **state)
{
    (void)state;
    for (unsigned polled = 0; polled < 2; polled++) {
        bench_open(&b, &(struct bench_cfg){ .polled = polled });
        assert_int_equal(enc28j60_power_up(&b.chip), NIF_EINVAL);
        assert_int_equal(enc28j60_power_down(&b.chip), NIF_EINVAL);
        bench_up(&b);
        assert_int_equal(enc28j60_power_up(&b.chip), NIF_EINVAL);
        for (unsigned n = 1; n < 4; n++) {
            uint64_t calls;

            assert_true(bench_traffic(&b, 10000));
            assert_int_equal(bench_send(&b, 1, 1500), 0);
            bench_card_send(&b, &bench_board, 2, 1500);
            assert_int_equal(enc28j60_power_down(&b.chip), 0);
            assert_int_equal(enc28j60_power_down(&b.chip), NIF_EINVAL);
            assert_true(nif_iface_flags(b.iface) & NIF_IFACE_STARTED);
            assert_int_equal(bench_send(&b, 1, 100), NIF_ELINK);
            calls = b.fault.transactions;
            bench_run(&b, 3000000);
            assert_int_equal(b.fault.transactions, calls);
            assert_true(b.int_pin.level);
            assert_int_equal(bench_told(&b, NIF_EVENT_LINK_DOWN), n);
            assert_int_equal(enc28j60_power_up(&b.chip), 0);
            bench_run(&b, 40000);
            assert_int_equal(bench_told(&b, NIF_EVENT_LINK_UP), n + 1);
        }
        assert_true(bench_traffic(&b, 10000));
        assert_int_equal(bench_told(&b, NIF_EVENT_RESTARTED), 0);
        assert_int_equal(b.poll_err, 0);
        bench_close(&b);
    }
}

// The first of two leaves whole, the second is given up.
static void a_frame_on_the_wire_ends_before_power_save(void **state)
{
    (void)state;
    bench_open(&b, NULL);
    bench_up(&b);
    assert_int_equal(bench_send(&b, 1, 1514), 0);
    assert_int_equal(bench_send(&b, 2, 1514), 0);
    assert_int_equal(enc28j60_power_down(&b.chip), 0);
    bench_run(&b, 10000);
    assert_int_equal(b.card_count, 1);
    assert_int_equal(b.card_bad, 0);
    assert_false(sim_enc28j60_has_link(&b.model)); // the PHY sleeps
    assert_int_equal(enc28j60_power_up(&b.chip), 0);
    bench_run(&b, 50000);
    assert_int_equal(b.card_count, 1);
    assert_true(bench_traffic(&b, 10000));
    bench_close(&b);
}

// Without /RESET, a chip that sleeps is deaf to the reset command (erratum
// 19): start() after a crash of the board must wake it first.
static void start_wakes_a_chip_that_another_life_put_to_sleep(void **state)
{
    struct enc28j60_cfg cfg;

    (void)state;
    bench_open(&b, NULL);
    bench_up(&b);
    assert_int_equal(enc28j60_power_down(&b.chip), 0);
    cfg = b.chip.cfg;
    enc28j60_init(&b.chip, &cfg);
    bench_up(&b);
    assert_true(bench_traffic(&b, 10000));
    bench_close(&b);
}

// Two boards of this kind at the two ends of one cable.
static void two_chips_talk_to_each_other(void **state)
{
    static struct bench c;
    static struct sim_cable cable;
    uint8_t frame[300];
    uint8_t buf[NIF_ETH_FRAME_MAX];
    uint8_t *got = NULL;
    uint64_t again_us = NIF_NEVER;
    const struct nif_seg seg = { frame, sizeof(frame) };

    (void)state;
    bench_open(&b, NULL);
    bench_open(&c, NULL);
    // The second moves into the first one's world.
    sim_cpu_init(&c.cpu, &b.world, SIM_CPU_COST_NS);
    sim_pin_init(&c.int_pin, &c.cpu, "int2", true);
    sim_enc28j60_done(&c.model);
    sim_enc28j60_init(&c.model, &b.world, NULL);
    sim_enc28j60_pins(&c.model, &c.int_pin, NULL);
    sim_spi_init(&c.bus, &c.cpu, &c.model.spi, NULL);
    enc28j60_init(&c.chip,
        &(struct enc28j60_cfg){ .spi = &c.bus.spi,
            .clock = &c.cpu.clock,
            .hwaddr = bench_card });
    sim_cable_plug(&b.cable, false);
    sim_cable_done(&b.cable);
    sim_cable_init(&cable, &b.world, 10000000);
    sim_cable_join(&cable, &b.model.port, &c.model.port);
    assert_int_equal(nif_iface_start(&c.chip.iface), 0);
    bench_up(&b);
    bench_run(&b, 30000);
    assert_int_equal(nif_iface_poll(&c.chip.iface, &again_us), 0);
    assert_true(nif_iface_flags(&c.chip.iface) & NIF_IFACE_LINK);
    for (unsigned i = 0; i < 50; i++) {
        assert_int_equal(bench_send(&b, i, sizeof(frame)), 0);
        bench_run(&b, 500);
        assert_int_equal(nif_iface_poll(&c.chip.iface, &again_us), 0);
        assert_int_equal(nif_eth_recv(&c.chip.iface, buf, sizeof(buf), &got),
            300);
        bench_frame(frame, sizeof(frame), &bench_card, &bench_board, i);
        assert_memory_equal(buf, frame, sizeof(frame));
        bench_frame(frame, sizeof(frame), &bench_board, &bench_card, i);
        assert_int_equal(nif_eth_send(&c.chip.iface, &seg, 1), 0);
        assert_true(bench_run_to(&b, &b.board_count, i + 1, 1000));
    }
    assert_int_equal(b.board_bad, 0);
    sim_enc28j60_done(&c.model);
    sim_cable_done(&cable);
    bench_close(&b);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(link_changes_are_told),
        cmocka_unit_test(a_pull_that_nobody_saw_is_no_loss),
        cmocka_unit_test(the_link_is_polled_where_its_interrupt_fails),
        cmocka_unit_test(an_idle_board_leaves_the_bus_alone),
        cmocka_unit_test(poll_is_wanted_at_once_where_there_is_work),
        cmocka_unit_test(spurious_interrupts_end),
        cmocka_unit_test(power_down_and_up),
        cmocka_unit_test(a_frame_on_the_wire_ends_before_power_save),
        cmocka_unit_test(start_wakes_a_chip_that_another_life_put_to_sleep),
        cmocka_unit_test(two_chips_talk_to_each_other),
    };

    return cmocka_run_group_tests_name("enc28j60 link", tests, NULL, NULL) +
        bench_link_tests();
}
