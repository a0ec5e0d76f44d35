// SPDX-License-Identifier: MIT
//
// The W5500 model's resets.

#include "tests/w5500/model_bench.h"

static void set(struct bench *b, bool level)
{
    nif_pin_write(&b->reset.pin, level);
}

static void mr_rst_clears_itself_and_everything(void **state)
{
    struct bench *b = *state;

    open_macraw(b, 0);
    address(b);
    put8(b, 0, 0x00, 0x80);
    assert_int_equal(get8(b, 0, 0x00), 0x00); // within the next transaction
    assert_int_equal(get8(b, 0, 0x39), 0x04);
    assert_int_equal(get32(b, 0, 0x0F), 0);
    assert_int_equal(get16(b, 0, 0x19), 0x07D0);
    assert_int_equal(get8(b, 1, 0x03), 0x00);
    assert_int_equal(get16(b, 1, 0x1E), 0x0202);
    assert_int_equal(get8(b, 0, 0x2E), 0xBF); // the link stays
}

static void mr_rst_can_be_slow(void **state)
{
    const struct sim_w5500_cfg cfg = { .reset_ns = 50 * SIM_US };
    struct bench *b = bench_open(&cfg);

    *state = b;
    put8(b, 0, 0x00, 0x80);
    assert_int_equal(get8(b, 0, 0x00), 0x80);
    put8(b, 0, 0x1B, 0x33);
    bench_forgive(b, SIM_W5500_R_NOT_READY);
    pass_us(b, 50);
    assert_int_equal(get8(b, 0, 0x00), 0x00);
    assert_int_equal(get8(b, 0, 0x1B), 0x08);
}

static void what_follows_mr_rst_in_one_burst_is_lost(void **state)
{
    struct bench *b = *state;
    const uint8_t bytes[3] = { 0x80, 0x11, 0x22 };

    put(b, 0, 0x00, bytes, 3);
    assert_int_equal(get16(b, 0, 0x01), 0);
}

static void mr_rst_gives_the_phy_its_straps_back(void **state)
{
    struct bench *b = *state;

    put8(b, 0, 0x2E, 0x70); // power down
    put8(b, 0, 0x2E, 0xF0);
    pass_us(b, 10);
    assert_int_equal(get8(b, 0, 0x2E), 0xF0);
    put8(b, 0, 0x00, 0x80);
    pass_us(b, 10);
    assert_int_equal(get8(b, 0, 0x2E), 0xBF);
}

static void the_chip_is_not_ready_before_its_pll(void **state)
{
    struct bench *b = *state;

    set(b, false);
    pass_us(b, 500);
    set(b, true);
    pass_us(b, 900);
    b->bus.watch_driven = true;
    get8(b, 0, 0x39);
    assert_int_equal(b->bus.driven[3], 0);
    bench_forgive(b, SIM_W5500_R_NOT_READY);
    pass_us(b, 100);
    assert_int_equal(get8(b, 0, 0x39), 0x04);
}

static void rstn_resets_all(void **state)
{
    struct bench *b = *state;

    open_macraw(b, 0);
    address(b);
    put8(b, 0, 0x2E, 0x70);
    put8(b, 0, 0x2E, 0xF0);
    set(b, false);
    pass_us(b, 501);
    set(b, true);
    pass_us(b, 1100);
    assert_int_equal(get32(b, 0, 0x0F), 0);
    assert_int_equal(get8(b, 1, 0x03), 0);
    assert_int_equal(get8(b, 0, 0x2E), 0xBF);
    assert_int_equal(b->chip.counts.resets, 2);
}

static void rstn_must_be_low_for_500_us(void **state)
{
    struct bench *b = *state;

    put8(b, 0, 0x1B, 0x33);
    set(b, false);
    pass_us(b, 498);
    set(b, true);
    bench_forgive(b, SIM_W5500_R_PIN);
    assert_int_equal(get8(b, 0, 0x1B), 0x33);
    pass_us(b, 600);
    assert_int_equal(get8(b, 0, 0x1B), 0x33);
}

static void a_chip_that_is_held_in_reset_leaves_miso_alone(void **state)
{
    struct bench *b = *state;

    set(b, false);
    pass_us(b, 5000);
    b->bus.watch_driven = true;
    for (unsigned i = 0; i < 4; i++) {
        get8(b, 0, 0x39);
        assert_int_equal(b->bus.driven[3], 0);
    }
    assert_int_equal(get8(b, 0, 0x2E) == 0xBF, 0);
    set(b, true);
    pass_us(b, 1001);
    assert_int_equal(get8(b, 0, 0x39), 0x04);
}

static void a_reset_takes_intn_back(void **state)
{
    struct bench *b = *state;
    uint8_t frame[60];

    make_frame(frame, sizeof(frame), own_mac);
    open_macraw(b, 0);
    put8(b, 0, 0x18, 0x01);
    arrive(b, frame, sizeof(frame));
    assert_false(b->irq.level);
    put8(b, 0, 0x00, 0x80);
    assert_true(b->irq.level);
}

static void a_reset_in_the_middle_of_a_frame_cuts_it(void **state)
{
    static uint8_t frame[1514];
    struct bench *b = *state;

    make_frame(frame, sizeof(frame), peer_mac);
    open_macraw(b, 0);
    send_data(b, 0, frame, sizeof(frame));
    put8(b, 0, 0x00, 0x80);
    pass_us(b, 200);
    assert_int_equal(b->seen_count, 0);
    assert_int_equal(b->nic.rx_bad, 1);
    open_macraw(b, 0);
    send_data(b, 0, frame, 60);
    pass_us(b, 20);
    assert_int_equal(b->seen_count, 1);
}

static void a_reset_without_a_link_ends_what_is_sent(void **state)
{
    static uint8_t frame[1514];
    struct bench *b = *state;

    sim_cable_plug(&b->cable, false);
    open_macraw(b, 0);
    send_data(b, 0, frame, sizeof(frame));
    pass_us(b, 60);
    put8(b, 0, 0x00, 0x80);
    open_macraw(b, 0);
    send_data(b, 0, frame, sizeof(frame));
    pass_us(b, 115);
    assert_int_equal(get8(b, 1, 0x02), 0x00);
    pass_us(b, 10);
    assert_int_equal(get8(b, 1, 0x02), 0x10);
}

static void power_up_takes_its_time(void **state)
{
    static struct sim_w5500 chip;
    static struct bench other; // its bus alone is used
    struct bench *b = *state;

    sim_w5500_init(&chip, &b->world, NULL);
    sim_spi_init(&other.bus, &b->cpu, &chip.spi, NULL);
    other.bus.watch_driven = true;
    pass_us(b, 990);
    get8(&other, 0, 0x39);
    assert_int_equal(other.bus.driven[3], 0);
    assert_int_equal(chip.counts.broken[SIM_W5500_R_NOT_READY], 1);
    b->world.complaints = 0;
    pass_us(b, 10);
    assert_int_equal(get8(&other, 0, 0x39), 0x04);
    sim_w5500_done(&chip);
    sim_spi_done(&other.bus);
}

#define TEST(fn) \
    cmocka_unit_test_setup_teardown(fn, bench_setup, bench_teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(mr_rst_clears_itself_and_everything),
        TEST(mr_rst_can_be_slow),
        TEST(what_follows_mr_rst_in_one_burst_is_lost),
        TEST(mr_rst_gives_the_phy_its_straps_back),
        TEST(the_chip_is_not_ready_before_its_pll),
        TEST(rstn_resets_all),
        TEST(rstn_must_be_low_for_500_us),
        TEST(a_chip_that_is_held_in_reset_leaves_miso_alone),
        TEST(power_up_takes_its_time),
        TEST(a_reset_takes_intn_back),
        TEST(a_reset_in_the_middle_of_a_frame_cuts_it),
        TEST(a_reset_without_a_link_ends_what_is_sent),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
