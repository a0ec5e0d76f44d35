// SPDX-License-Identifier: MIT
//
// The PHY model: by its rules, on a bus, and judged by recordings of a real
// LAN8720A.

#include "sim/trace/score_mdio.h"
#include "tests/support/check.h"

#include <stdio.h>
#include <string.h>

#define PLUGGED "tests/captures/made/lan8720a_plugged"
#define RESET   "tests/captures/made/lan8720a_reset.trace"

// ---- the model on a bus

struct bench {
    struct sim_world world;
    struct sim_cpu cpu;
    struct sim_mdio bus;
    struct sim_phy phy;
    struct sim_pin pin;
};

static void count_complaint(void *arg, uint64_t at_ns, const char *who,
    const char *what)
{
    (void)arg;
    (void)at_ns;
    (void)who;
    (void)what;
}

static int setup(void **state)
{
    static struct bench b;

    memset(&b, 0, sizeof(b));
    sim_world_init(&b.world, 1);
    b.world.on_complaint = count_complaint;
    sim_cpu_init(&b.cpu, &b.world, 200);
    sim_mdio_init(&b.bus, &b.cpu, "mdio", 0);
    sim_phy_init(&b.phy, &b.world, &(struct sim_phy_cfg){ .addr = 1 });
    sim_pin_init(&b.pin, &b.cpu, "nint", true);
    sim_phy_pin(&b.phy, &b.pin);
    sim_mdio_join(&b.bus, 1, &b.phy.mdio);
    *state = &b;
    return 0;
}

static int teardown(void **state)
{
    struct bench *b = *state;

    sim_phy_done(&b->phy);
    sim_world_done(&b->world);
    return 0;
}

static int get(struct bench *b, uint8_t reg)
{
    return b->bus.mdio.ops->read(&b->bus.mdio, 1, reg);
}

static void set(struct bench *b, uint8_t reg, uint16_t value)
{
    assert_int_equal(b->bus.mdio.ops->write(&b->bus.mdio, 1, reg, value), 0);
}

static void a_frame_takes_64_bits_and_only_its_phy_answers(void **state)
{
    struct bench *b = *state;

    assert_int_equal(get(b, 2), 0x0007);
    assert_int_equal(b->world.now_ns, 200 + 64 * 400);
    assert_int_equal(b->bus.mdio.ops->read(&b->bus.mdio, 2, 2), 0xFFFF);
}

// As a real one read with its cable out.
static void without_a_cable_there_is_no_link(void **state)
{
    static const struct {
        uint8_t reg;
        uint16_t value;
    } want[] = { { 0, 0x3000 }, { 1, 0x7809 }, { 3, 0xC0F1 }, { 4, 0x01E1 },
        { 5, 0x0001 }, { 6, 0x0000 }, { 7, 0xFFFF }, { 14, 0xFFFF },
        { 15, 0x0000 }, { 17, 0x0000 }, { 18, 0x60E1 }, { 25, 0xFFFF },
        { 31, 0x0040 } };
    struct bench *b = *state;

    for (size_t i = 0; i < nif_countof(want); i++) {
        assert_int_equal(get(b, want[i].reg), want[i].value);
    }
}

static void negotiation_takes_time_and_finds_the_best_of_both(void **state)
{
    static const struct {
        uint16_t page;
        uint16_t status; // bits 4:2 of register 31
    } cases[] = { { 0x81E1, 0x18 }, { 0x00E1, 0x08 }, { 0x0061, 0x14 },
        { 0x0021, 0x04 } };
    struct bench *b = *state;

    for (size_t i = 0; i < nif_countof(cases); i++) {
        sim_phy_plug(&b->phy,
            &(struct sim_phy_partner){ .page = cases[i].page });
        sim_pass_ns(&b->world, 1500 * SIM_MS);
        assert_int_equal(get(b, 31), 0x0040);
        assert_int_equal(get(b, 17), 0x0002);
        sim_pass_ns(&b->world, 200 * SIM_MS);
        assert_int_equal(get(b, 31), 0x1040 | cases[i].status);
        assert_int_equal(get(b, 5), cases[i].page | 0x4000);
        sim_phy_unplug(&b->phy);
        sim_pass_ns(&b->world, SIM_S);
    }
}

// IEEE 802.3 28.2.3.1: who hears no pages assumes half duplex.
static void a_partner_that_does_not_negotiate_gets_half_duplex(void **state)
{
    struct bench *b = *state;

    sim_phy_plug(&b->phy,
        &(struct sim_phy_partner){ .silent_about_it = true, .is_100 = true });
    sim_pass_ns(&b->world, 2 * SIM_S);
    assert_int_equal(get(b, 31), 0x1048);
    assert_int_equal(get(b, 5), 0x0081);
    assert_int_equal(get(b, 6), 0x0000);
    assert_int_equal(get(b, 0), 0x3000);
}

// IEEE 802.3 22.2.4.2.13
static void a_lost_link_is_told_once_although_it_is_back(void **state)
{
    struct bench *b = *state;

    sim_phy_plug(&b->phy, NULL);
    sim_pass_ns(&b->world, 2 * SIM_S);
    assert_int_equal(get(b, 1), 0x782D);
    assert_int_equal(get(b, 6), 0x000B);
    assert_int_equal(get(b, 6), 0x0009); // a page is told of once, too
    sim_phy_unplug(&b->phy);
    sim_phy_plug(&b->phy, NULL);
    sim_pass_ns(&b->world, 2 * SIM_S);
    assert_int_equal(get(b, 1), 0x7829);
    assert_int_equal(get(b, 1), 0x782D);
}

static void reset_clears_itself_and_restores_but_the_straps(void **state)
{
    struct bench *b = *state;

    set(b, 4, 0x0061);
    set(b, 18, 0x60A1); // 100BASE-TX half duplex only
    set(b, 0, 0x8000);
    assert_int_equal(get(b, 0), 0x8000);
    set(b, 4, 0x0021);
    assert_int_equal(b->world.complaints, 1);
    sim_pass_ns(&b->world, 100 * SIM_US);
    assert_int_equal(get(b, 0), 0x3000);
    assert_int_equal(get(b, 4), 0x0081);
    assert_int_equal(get(b, 18), 0x60A1);
}

static void nrst_reads_the_straps_again_and_takes_its_time(void **state)
{
    struct bench *b = *state;

    set(b, 18, 0x60A1);
    sim_phy_nrst(&b->phy, false);
    sim_pass_ns(&b->world, 100 * SIM_US);
    sim_phy_nrst(&b->phy, true);
    assert_int_equal(b->world.complaints, 0);
    assert_int_equal(get(b, 18), 0x60E1);
    assert_int_equal(get(b, 4), 0x01E1);
    sim_phy_nrst(&b->phy, false);
    sim_pass_ns(&b->world, 99 * SIM_US);
    sim_phy_nrst(&b->phy, true);
    assert_int_equal(b->world.complaints, 1);
}

static void a_reset_in_power_down_is_not_heard(void **state)
{
    struct bench *b = *state;

    set(b, 4, 0x0061);
    set(b, 0, 0x0800);
    set(b, 0, 0x8000);
    assert_int_equal(b->world.complaints, 1);
    sim_pass_ns(&b->world, 100 * SIM_US);
    assert_int_equal(get(b, 0), 0x0800);
    assert_int_equal(get(b, 4), 0x0061);
    set(b, 4, 0x0060); // no selector
    assert_int_equal(b->world.complaints, 2);
}

static void another_address_is_a_complaint(void **state)
{
    struct bench *b = *state;

    set(b, 18, 0x60E3);
    assert_int_equal(b->world.complaints, 1);
}

// What is advertised is told when negotiation begins, and speed and duplex of
// register 0 say nothing in it.
static void only_a_restart_negotiates_again(void **state)
{
    struct bench *b = *state;

    sim_phy_plug(&b->phy, NULL);
    set(b, 4, 0x0061);
    sim_pass_ns(&b->world, 2 * SIM_S);
    assert_true(b->phy.is_100);
    set(b, 0, 0x1000); // was 3000
    sim_pass_ns(&b->world, 2 * SIM_S);
    assert_true(b->phy.link && b->phy.is_100);
    set(b, 0, 0x1200);
    sim_pass_ns(&b->world, 2 * SIM_S);
    assert_true(b->phy.link && !b->phy.is_100);
}

static void interrupts_are_masked_and_cleared_by_reading(void **state)
{
    struct bench *b = *state;

    sim_phy_plug(&b->phy, NULL);
    sim_pass_ns(&b->world, 2 * SIM_S);
    assert_true(b->pin.level);
    set(b, 30, 0x0040);
    assert_false(b->pin.level);
    assert_int_equal(get(b, 29), 0x00C8);
    assert_true(b->pin.level);
    assert_int_equal(get(b, 29), 0);
    set(b, 30, 0x0010);
    sim_phy_unplug(&b->phy);
    assert_false(b->pin.level);
    assert_int_equal(get(b, 29), 0x0010);
}

static void a_forced_mode_needs_the_same_speed(void **state)
{
    struct bench *b = *state;

    sim_phy_plug(&b->phy, &(struct sim_phy_partner){ .silent_about_it = true });
    set(b, 0, 0x2100);
    sim_pass_ns(&b->world, SIM_S);
    assert_int_equal(get(b, 1), 0x7809);
    set(b, 0, 0x0100);
    sim_pass_ns(&b->world, SIM_S);
    assert_int_equal(get(b, 1), 0x780D);
    assert_int_equal(get(b, 31), 0x0054);
    set(b, 0, 0x0900); // power-down
    assert_int_equal(get(b, 1) & 4, 0);
    assert_int_equal(get(b, 1) & 4, 0);
}

static void it_complains_of_what_silicon_would_not_forgive(void **state)
{
    struct bench *b = *state;

    set(b, 1, 0);
    assert_int_equal(b->world.complaints, 1);
    set(b, 9, 0);
    assert_int_equal(b->world.complaints, 2);
    b->phy.mdio.hz = 3000000;
    get(b, 1);
    assert_int_equal(b->world.complaints, 3);
}

// ---- judged by silicon

static struct sim_score_mdio score;

static void judge(const char *file, const char *stimuli_file,
    const struct sim_phy_cfg *cfg)
{
    struct sim_trace_reader reader;
    struct sim_recording rec;
    struct sim_stimuli stimuli = { 0 };
    struct sim_csv_error error;
    FILE *in = fopen(file, "r");

    assert_non_null(in);
    sim_trace_read_init(&reader, in, file);
    assert_int_equal(sim_recording_read(&rec, &reader), 1);
    sim_trace_read_done(&reader);
    fclose(in);
    if (stimuli_file) {
        in = fopen(stimuli_file, "r");
        assert_non_null(in);
        assert_true(sim_stimuli_read(&stimuli, in, stimuli_file, &error));
        fclose(in);
    }
    sim_score_mdio(&rec, &stimuli, cfg, &score);
    sim_stimuli_done(&stimuli);
    sim_recording_done(&rec);
}

static void all_bits_that_a_real_phy_drove_are_right(void **state)
{
    static const struct sim_phy_cfg cfg;

    (void)state;
    judge(PLUGGED ".trace", PLUGGED "-stimuli.txt", &cfg);
    if (score.differs) {
        print_error("frame %u: %s\n", (unsigned)score.first_index, score.first);
    }
    assert_int_equal(score.all.total, 508);
    assert_int_equal(score.all.right, 508);
    assert_true(sim_score_mdio_is_perfect(&score));
    judge(RESET, NULL, &cfg);
    assert_int_equal(score.all.total, 32);
    assert_true(sim_score_mdio_is_perfect(&score));
}

static void another_link_state_lowers_the_score(void **state)
{
    static const struct sim_phy_cfg cfg;

    (void)state;
    judge(PLUGGED ".trace", NULL, &cfg);
    assert_false(sim_score_mdio_is_perfect(&score));
    assert_string_equal(score.first,
        "register 0 BMCR: silicon 3100, model 3000");
    assert_in_range(score.all.right, 480, 500);
    assert_int_not_equal(score.kind[SIM_MDIO_STATUS].right, 16);
    assert_int_equal(score.kind[SIM_MDIO_ID].right, 32);
    judge(RESET, PLUGGED "-stimuli.txt", &cfg);
    assert_int_equal(score.all.right, 31);
}

static void another_reset_time_or_strap_lowers_the_score(void **state)
{
    (void)state;
    judge(RESET, NULL, &(struct sim_phy_cfg){ .reset_ns = 10 * SIM_US });
    assert_int_equal(score.all.right, 29);
    assert_string_equal(score.first,
        "register 0 BMCR: silicon 8000, model 3000");
    assert_int_equal(score.first_index, 2);
    judge(PLUGGED ".trace", PLUGGED "-stimuli.txt",
        &(struct sim_phy_cfg){ .mode = 4 });
    assert_false(sim_score_mdio_is_perfect(&score));
    judge(PLUGGED ".trace", PLUGGED "-stimuli.txt",
        &(struct sim_phy_cfg){ .id = 0x0007C110 });
    assert_int_equal(score.kind[SIM_MDIO_ID].right, 27);
}

#define T(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        T(a_frame_takes_64_bits_and_only_its_phy_answers),
        T(without_a_cable_there_is_no_link),
        T(negotiation_takes_time_and_finds_the_best_of_both),
        T(a_partner_that_does_not_negotiate_gets_half_duplex),
        T(a_lost_link_is_told_once_although_it_is_back),
        T(reset_clears_itself_and_restores_but_the_straps),
        T(nrst_reads_the_straps_again_and_takes_its_time),
        T(a_reset_in_power_down_is_not_heard),
        T(another_address_is_a_complaint),
        T(only_a_restart_negotiates_again),
        T(interrupts_are_masked_and_cleared_by_reading),
        T(a_forced_mode_needs_the_same_speed),
        T(it_complains_of_what_silicon_would_not_forgive),
        cmocka_unit_test(all_bits_that_a_real_phy_drove_are_right),
        cmocka_unit_test(another_link_state_lowers_the_score),
        cmocka_unit_test(another_reset_time_or_strap_lowers_the_score),
    };

    return cmocka_run_group_tests_name("phy_model", tests, NULL, NULL);
}
