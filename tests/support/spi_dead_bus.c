// SPDX-License-Identifier: MIT
//
// The driver of a chip on SPI, whichever, on a bus that is dead, that dies, or
// that fails at any one transfer.

#include "driver_bench.h"

static struct bench b;

static const struct {
    struct sim_fault fault;
    int err;  // what start() says
    bool mad; // what is read makes no sense: it may say other things, too
} dead[] = {
    { { .kind = SIM_FAULT_STUCK, .value = 0x00 }, NIF_ENODEV, false },
    { { .kind = SIM_FAULT_STUCK, .value = 0xFF }, NIF_ENODEV, false },
    { { .kind = SIM_FAULT_NOISE }, NIF_ENODEV, true },
    { { .kind = SIM_FAULT_DEAF }, NIF_ENODEV, true },
    { { .kind = SIM_FAULT_EIO }, NIF_EIO, false },
    { { .kind = SIM_FAULT_EIO_LATE }, NIF_EIO, false },
};

static bool is_error(size_t i)
{
    return dead[i].err == NIF_EIO;
}

static bool may_say(size_t i, int err)
{
    return err == dead[i].err ||
        (dead[i].mad &&
            (err == NIF_ETIMEDOUT || err == bench_traits.noise_err));
}

static void kill_bus(size_t i, uint64_t at, uint64_t count)
{
    struct sim_fault fault = dead[i].fault;

    fault.at = b.fault.transactions + at;
    fault.count = count;
    sim_spi_fault_add(&b.fault, &fault);
}

static void start_on_a_dead_bus_says_so_in_time(void **state)
{
    (void)state;
    for (size_t i = 0; i < nif_countof(dead); i++) {
        bench_open(&b, NULL);
        bench_hush(&b);
        kill_bus(i, 0, UINT64_MAX);
        assert_true(may_say(i, nif_iface_start(b.iface)));
        assert_true(b.world.now_ns <= bench_traits.start_ns);
        assert_int_equal(nif_iface_flags(b.iface) & NIF_IFACE_STARTED, 0);
        bench_run(&b, 100000);
        assert_int_equal(b.event_count, 0);
        sim_spi_fault_clear(&b.fault);
        bench_up(&b);
        assert_true(bench_traffic(&b, 10000));
        bench_close_with(&b, UINT32_MAX);
    }
}

// The bus dies for good while the board is at work, and is mended a second
// and a half later.
static void a_bus_that_dies_at_work_is_noticed(void **state)
{
    (void)state;
    for (size_t i = 0; i < 2 * nif_countof(dead); i++) {
        size_t which = i / 2;

        bench_open(&b, &(struct bench_cfg){ .polled = i % 2 });
        bench_hush(&b);
        bench_up(&b);
        kill_bus(which, 0, UINT64_MAX);
        bench_run(&b, 1500000);
        assert_true(b.poll_err < 0);
        assert_true(may_say(which, bench_counts(&b).fault));
        assert_int_equal(bench_told(&b, NIF_EVENT_LINK_DOWN),
            bench_told(&b, NIF_EVENT_LINK_UP));
        assert_int_equal(b.board_count, 0);
        assert_int_equal(nif_iface_flags(b.iface) & NIF_IFACE_LINK, 0);
        assert_int_equal(bench_send(&b, 1, 100), NIF_ELINK);
        sim_spi_fault_clear(&b.fault);
        assert_true(bench_traffic(&b, bench_traits.mended_us));
        assert_true(bench_told(&b, NIF_EVENT_RESTARTED) >= 1);
        assert_int_equal(b.board_bad + b.card_bad, 0);
        bench_close_with(&b, UINT32_MAX);
    }
}

static void start_fails_and_works_again_for_every_transfer(void **state)
{
    (void)state;
    for (size_t i = 0; i < nif_countof(dead); i++) {
        uint64_t n = 0;
        int err;

        do {
            bench_open(&b, NULL);
            bench_hush(&b);
            kill_bus(i, n, is_error(i) ? 1 : UINT64_MAX);
            err = nif_iface_start(b.iface);
            assert_true(err == 0 || err == NIF_ETIMEDOUT || may_say(i, err));
            assert_true(b.world.now_ns <= bench_traits.start_ns);
            sim_spi_fault_clear(&b.fault);
            bench_up(&b);
            assert_true(bench_traffic(&b, 10000));
            bench_close_with(&b, UINT32_MAX);
            n++;
        } while (err != 0);
        assert_true(n > bench_traits.start_transfers);
    }
}

// One bad transfer, at each in turn of a frame each way: the bus error comes
// out, and frames flow again.
static void a_single_failure_at_any_transfer_is_mended(void **state)
{
    (void)state;
    for (size_t i = 0; i < 2 * nif_countof(dead); i++) {
        bool deaf = dead[i / 2].fault.kind == SIM_FAULT_DEAF;
        uint64_t n = 0;
        uint64_t hits;

        do {
            int err;

            bench_open(&b,
                &(struct bench_cfg){ .polled = i % 2, .check_ms = 50 });
            bench_hush(&b);
            bench_up(&b);
            kill_bus(i / 2, n, 1);
            bench_card_send(&b, &bench_board, 3, 500);
            err = bench_send(&b, 4, 500);
            bench_run(&b, 5000);
            hits = b.fault.hits;
            if (is_error(i / 2) && hits > 0) {
                assert_true(err == NIF_EIO || b.poll_err == NIF_EIO ||
                    b.recv_err == NIF_EIO);
            }
            assert_true(bench_traffic(&b, 200000));
            // A command that the chip does not hear may leave anything in
            // its memory.
            assert_true(b.card_bad == 0 || deaf);
            bench_close_with(&b, UINT32_MAX);
            n++;
        } while (hits > 0 && n < 400);
        assert_true(n > bench_traits.frame_transfers);
    }
}

int bench_dead_bus_tests(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(start_on_a_dead_bus_says_so_in_time),
        cmocka_unit_test(a_bus_that_dies_at_work_is_noticed),
        cmocka_unit_test(start_fails_and_works_again_for_every_transfer),
        cmocka_unit_test(a_single_failure_at_any_transfer_is_mended),
    };

    return cmocka_run_group_tests_name("dead bus", tests, NULL, NULL);
}
