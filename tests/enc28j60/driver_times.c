// SPDX-License-Identifier: MIT
//
// How long the driver waits where it waits: for a frame on the wire before
// power save, between attempts to bring a lost chip back, for the PHY, and
// with the reset line low.

#include "tests/enc28j60/driver_bench.h"

static struct bench b;

static void power_save_waits_for_the_longest_frame(void **state)
{
    uint64_t since_ns;

    (void)state;
    bench_open(&b, NULL);
    bench_up(&b);
    since_ns = b.world.now_ns;
    assert_int_equal(enc28j60_power_down(&b.chip), 0);
    assert_in_range(b.world.now_ns - since_ns, 1231 * SIM_US, 1330 * SIM_US);
    bench_close(&b);
}

static void a_lost_chip_is_tried_ten_times_a_second(void **state)
{
    struct sim_fault dead = { SIM_FAULT_EIO, 0, UINT64_MAX, 0, 0 };
    uint64_t before;

    (void)state;
    bench_open(&b, NULL);
    bench_up(&b);
    sim_spi_fault_add(&b.fault, &dead);
    bench_run(&b, 1500000); // the check has noticed
    assert_int_equal(b.poll_err, NIF_EIO);
    before = b.fault.transactions;
    bench_run(&b, 2000000);
    // Each attempt ends at its first transaction.
    assert_in_range(b.fault.transactions - before, 19, 21);
    sim_spi_fault_clear(&b.fault);
    assert_true(bench_traffic(&b, 200000));
    bench_close(&b);
}

static uint64_t low_ns;
static uint64_t pulse_ns;

static void on_reset(struct sim_pin *pin, void *arg, bool level)
{
    (void)arg;
    if (level) {
        pulse_ns = pin->cpu->world->now_ns - low_ns;
    } else {
        low_ns = pin->cpu->world->now_ns;
    }
}

static void the_reset_line_is_low_for_a_tenth_of_a_millisecond(void **state)
{
    (void)state;
    bench_open(&b, &(struct bench_cfg){ .reset_pin = true });
    b.reset_pin.on_change = on_reset;
    bench_up(&b);
    assert_in_range(pulse_ns, 100 * SIM_US, 101 * SIM_US);
    bench_close(&b);
}

static void a_phy_that_stays_busy_is_given_up(void **state)
{
    uint64_t before;

    (void)state;
    bench_open(&b, NULL);
    bench_up(&b);
    sim_enc28j60_flag_stick(&b.model, ENC_MISTAT, ENC_MISTAT_BUSY);
    b.poll_err = 0;
    before = b.cpu.bus_calls;
    for (int i = 0; i < 1100 && b.poll_err == 0; i++) {
        bench_run(&b, 1000);
    }
    assert_int_equal(b.poll_err, NIF_ETIMEDOUT);
    // Fifty looks, and what a check does beside them.
    assert_in_range(b.cpu.bus_calls - before, 50, 99);
    sim_enc28j60_flag_stick(&b.model, ENC_MISTAT, 0);
    assert_true(bench_traffic(&b, 500000));
    bench_close_with(&b, UINT32_MAX); // MII was used while it seemed busy
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(power_save_waits_for_the_longest_frame),
        cmocka_unit_test(a_lost_chip_is_tried_ten_times_a_second),
        cmocka_unit_test(the_reset_line_is_low_for_a_tenth_of_a_millisecond),
        cmocka_unit_test(a_phy_that_stays_busy_is_given_up),
    };

    return cmocka_run_group_tests_name("times", tests, NULL, NULL);
}
