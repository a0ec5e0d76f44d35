// SPDX-License-Identifier: MIT
//
// The W5500 model's PHY: PHYCFGR and the link.

#include "tests/w5500/model_bench.h"

static void the_link_takes_its_time(void **state)
{
    const struct sim_w5500_cfg cfg = { .link_ns = 5 * SIM_MS };
    struct bench *b = bench_open(&cfg);

    *state = b;
    assert_int_equal(get8(b, 0, 0x2E), 0xB8);
    pass_us(b, 3990);
    assert_int_equal(get8(b, 0, 0x2E), 0xB8);
    pass_us(b, 20);
    assert_int_equal(get8(b, 0, 0x2E), 0xBF); // 100 Mbit/s, full duplex, up
    assert_true(sim_w5500_has_link(&b->chip));
}

static void a_pulled_cable_is_seen_in_phycfgr_and_nowhere_else(void **state)
{
    struct bench *b = *state;

    put8(b, 0, 0x16, 0xF0);
    put8(b, 0, 0x18, 0xFF);
    sim_cable_plug(&b->cable, false);
    assert_int_equal(get8(b, 0, 0x2E), 0xB8);
    pass_us(b, 10);
    sim_cable_plug(&b->cable, true);
    pass_us(b, 10);
    assert_int_equal(get8(b, 0, 0x2E), 0xBF);
    assert_int_equal(b->edges, 0);
    assert_int_equal(get8(b, 0, 0x15), 0);
    assert_int_equal(get8(b, 0, 0x17), 0);
}

static void a_cable_of_10_mbit_is_seen(void **state)
{
    struct bench *b = *state;

    sim_cable_plug(&b->cable, false);
    b->cable.bit_ps = 100000;
    sim_cable_plug(&b->cable, true);
    pass_us(b, 10);
    assert_int_equal(get8(b, 0, 0x2E), 0xBD);
}

// Writes PHYCFGR with the mode, then pulses RST. Returns what it reads then.
static unsigned mode(struct bench *b, unsigned opmdc)
{
    put8(b, 0, 0x2E, 0xC0 | opmdc << 3);
    put8(b, 0, 0x2E, 0x40 | opmdc << 3);
    assert_int_equal(get8(b, 0, 0x2E), 0x40 | opmdc << 3);
    put8(b, 0, 0x2E, 0xC0 | opmdc << 3);
    pass_us(b, 10);
    return get8(b, 0, 0x2E) & 7;
}

static void a_mode_can_be_chosen(void **state)
{
    struct bench *b = *state;

    // On a cable of 100 Mbit/s.
    assert_int_equal(mode(b, 0), 0); // 10 half
    assert_int_equal(mode(b, 1), 0); // 10 full
    assert_int_equal(mode(b, 2), 3); // 100 half
    assert_int_equal(mode(b, 3), 7); // 100 full
    assert_int_equal(mode(b, 4), 3); // 100 half, negotiated
    assert_int_equal(mode(b, 6), 0); // power down
    assert_int_equal(mode(b, 7), 7); // all
}

static void a_mode_needs_the_reset_to_be_applied(void **state)
{
    struct bench *b = *state;

    put8(b, 0, 0x2E, 0xF0); // power down
    pass_us(b, 10);
    assert_int_equal(get8(b, 0, 0x2E), 0xF7);
    put8(b, 0, 0x2E, 0x70);
    put8(b, 0, 0x2E, 0xF0);
    pass_us(b, 10);
    assert_int_equal(get8(b, 0, 0x2E), 0xF0);
}

static void opmd_0_means_the_straps(void **state)
{
    struct bench *b = *state;

    assert_int_equal(mode(b, 6), 0);
    put8(b, 0, 0x2E, 0x30);
    put8(b, 0, 0x2E, 0xB0);
    pass_us(b, 10);
    assert_int_equal(get8(b, 0, 0x2E) & 7, 7);
}

static void the_phy_stays_in_reset_until_it_is_let_go(void **state)
{
    struct bench *b = *state;

    put8(b, 0, 0x2E, 0x00);
    pass_us(b, 100000);
    assert_int_equal(get8(b, 0, 0x2E), 0x00);
    put8(b, 0, 0x2E, 0xF8);
    pass_us(b, 10);
    assert_int_equal(get8(b, 0, 0x2E), 0xFF);
}

static void without_a_link_no_frame_passes(void **state)
{
    struct bench *b = *state;
    uint8_t frame[60];

    make_frame(frame, sizeof(frame), peer_mac);
    open_macraw(b, 0);
    put8(b, 0, 0x2E, 0x38);
    arrive(b, frame, sizeof(frame));
    assert_int_equal(rsr(b, 0), 0);
    send_data(b, 0, frame, sizeof(frame));
    pass_us(b, 20);
    assert_int_equal(get8(b, 1, 0x02), 0x10); // SENDOK all the same
    assert_int_equal(b->seen_count, 0);
}

static void only_a_reset_of_the_phy_begins_the_link_anew(void **state)
{
    const struct sim_w5500_cfg cfg = { .link_ns = 10 * SIM_MS };
    struct bench *b = bench_open(&cfg);

    *state = b;
    pass_us(b, 10000);
    put8(b, 0, 0x00, 0x80);
    assert_int_equal(get8(b, 0, 0x2E), 0xBF);
    sim_w5500_brown_out(&b->chip);
    assert_int_equal(get8(b, 0, 0x2E), 0xB8);
    pass_us(b, 5000);
    put8(b, 0, 0x2E, 0x38);
    put8(b, 0, 0x2E, 0xB8);
    pass_us(b, 9900);
    assert_int_equal(get8(b, 0, 0x2E), 0xB8);
    pass_us(b, 200);
    assert_int_equal(get8(b, 0, 0x2E), 0xBF);
}

static void a_frame_takes_its_time_without_a_cable(void **state)
{
    struct bench *b = *state;
    struct sim_w5500 *chip = &b->chip;
    static uint8_t frame[1514];

    open_macraw(b, 0);
    sim_cable_plug(&b->cable, false);
    chip->port.cable = NULL;
    put(b, 2, 0, frame, sizeof(frame));
    put16(b, 1, 0x24, sizeof(frame));
    put8(b, 1, 0x01, 0x20);
    // 8 + 1514 + 4 bytes of 80 ns. SEND was taken 150 ns after the beginning
    // of its byte, which ended 270 ns ago.
    sim_pass_ns(&b->world, 122080 - 270 - 1);
    assert_int_equal(sim_w5500_socket_reg(chip, 0, 0x02), 0x00);
    sim_pass_ns(&b->world, 1);
    assert_int_equal(sim_w5500_socket_reg(chip, 0, 0x02), 0x10);
    chip->port.cable = &b->cable;
}

static void the_defaults_are_those_of_the_header(void **state)
{
    static struct sim_w5500 other;
    struct bench *b = *state;

    sim_w5500_init(&other, &b->world, NULL);
    sim_cable_plug(&b->cable, false);
    sim_cable_join(&b->cable, &other.port, &b->nic.port);
    sim_pass_ns(&b->world, SIM_W5500_LINK_NS - 1);
    assert_false(sim_w5500_has_link(&other));
    sim_pass_ns(&b->world, 1);
    assert_true(sim_w5500_has_link(&other));
    assert_string_equal(other.cfg.name, "w5500");
    assert_int_equal(other.cfg.cr_ns, 150);
    assert_int_equal(other.cfg.reset_ns, 100);
    assert_int_equal(other.cfg.linger_ns, 100 * SIM_MS);
    sim_w5500_done(&other);
}

#define TEST(fn) \
    cmocka_unit_test_setup_teardown(fn, bench_setup, bench_teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(the_link_takes_its_time),
        TEST(a_pulled_cable_is_seen_in_phycfgr_and_nowhere_else),
        TEST(a_cable_of_10_mbit_is_seen),
        TEST(a_mode_can_be_chosen),
        TEST(a_mode_needs_the_reset_to_be_applied),
        TEST(opmd_0_means_the_straps),
        TEST(the_phy_stays_in_reset_until_it_is_let_go),
        TEST(without_a_link_no_frame_passes),
        TEST(only_a_reset_of_the_phy_begins_the_link_anew),
        TEST(a_frame_takes_its_time_without_a_cable),
        TEST(the_defaults_are_those_of_the_header),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
