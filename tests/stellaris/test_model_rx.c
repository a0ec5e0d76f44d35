// SPDX-License-Identifier: MIT
//
// What the model of the Stellaris Ethernet controller receives, and what not.

#include "model_bench.h"

static void a_frame_comes_with_its_length_and_its_fcs(void **state)
{
    static const size_t lens[] = { 60, 61, 62, 63, 64, 1513, 1514, 1600 };

    (void)state;
    for (size_t i = 0; i < nif_countof(lens); i++) {
        arrive(own, lens[i], false);
        assert_int_equal(get(NP), 1);
        expect_frame(own, lens[i]);
        assert_int_equal(get(NP), 0);
    }
    (void)get(DATA);
    complained(1);
}

// The FCS of 60 bytes is in the last two words, that of 62 in the last only.
static void a_frame_counts_until_its_data_was_read(void **state)
{
    (void)state;
    arrive(own, 62, false);
    for (unsigned i = 0; i < 15; i++) {
        (void)get(DATA);
    }
    assert_int_equal(get(NP), 1);
    (void)get(DATA);
    assert_int_equal(get(NP), 0);
    put(RIS, 0x7F);
    arrive(own, 60, false);
    assert_int_equal(get(NP), 1);
    assert_int_equal(get(RIS) & RX_INT, RX_INT); // it was empty
    (void)get(DATA);                             // the FCS
    expect_frame(own, 60);
}

static void only_a_frame_into_an_empty_fifo_is_told(void **state)
{
    (void)state;
    arrive(own, 60, false);
    assert_int_equal(get(RIS), RX_INT);
    put(RIS, RX_INT);
    arrive(own, 60, false);
    assert_int_equal(get(NP), 2);
    assert_int_equal(get(RIS), 0);
    expect_frame(own, 60);
    expect_frame(own, 60);
    arrive(own, 60, false);
    expect_frame(own, 60);
    assert_int_equal(get(RIS), RX_INT); // latched, whatever is read
}

static void more_than_it_holds_is_lost_and_told(void **state)
{
    (void)state;
    for (unsigned i = 0; i < 31; i++) {
        arrive(own, 60, false); // 68 bytes each
    }
    assert_int_equal(get(NP), 30);
    assert_int_equal(b.mac.rx_lost, 1);
    assert_int_equal(get(RIS), RX_INT | FOV);
    put(RIS, 0x7F);
    expect_frame(own, 60);
    arrive(own, 60, false);
    assert_int_equal(get(RIS), 0);
    for (unsigned i = 0; i < 30; i++) {
        expect_frame(own, 60);
    }
    arrive(own, 2043, false); // by itself too long
    assert_int_equal(get(NP), 0);
    assert_int_equal(get(RIS), FOV);
    arrive(own, 2042, false);
    expect_frame(own, 2042);
}

// Room that comes too late does not help: it is the byte that finds none.
static void an_overrun_is_decided_byte_by_byte(void **state)
{
    uint8_t frame[SIM_FRAME_MAX];
    size_t len = frame_to(frame, own, 1514);

    (void)state;
    arrive(own, 1400, false); // 1408 bytes; 640 are left
    assert_true(sim_nic_send_raw(&b.far, frame, len));
    run_us(40);
    expect_frame(own, 1400); // in 70 us: all of it has found room
    run_us(200);
    assert_int_equal(b.mac.rx_lost, 0);
    expect_frame(own, 1514);
    arrive(own, 1400, false);
    assert_true(sim_nic_send_raw(&b.far, frame, len));
    run_us(60); // 638 bytes take 52 us
    expect_frame(own, 1400);
    run_us(200);
    assert_int_equal(b.mac.rx_lost, 1);
    assert_int_equal(get(NP), 0);
    assert_int_equal(get(RIS) & FOV, FOV);
}

static void only_what_is_wanted_comes_in(void **state)
{
    static const uint8_t group[6] = { 1, 0, 0x5E, 0, 0, 1 };
    static const uint8_t other[6] = { 2, 9, 9, 9, 9, 9 };

    (void)state;
    arrive(all, 60, false);
    arrive(group, 60, false);
    arrive(other, 60, false);
    assert_int_equal(get(NP), 1);
    put(RCTL, RX_ON | 2); // AMUL
    arrive(group, 60, false);
    arrive(other, 60, false);
    assert_int_equal(get(NP), 2);
    put(RCTL, RX_ON | 4); // PRMS
    arrive(group, 60, false);
    arrive(other, 60, false);
    assert_int_equal(get(NP), 4);
    put(RCTL, 0x0E);
    arrive(own, 60, false);
    assert_int_equal(get(NP), 4);
}

static void a_bad_frame_empties_the_fifo(void **state)
{
    (void)state;
    arrive(own, 60, false);
    arrive(own, 60, true);
    assert_int_equal(get(NP), 0);
    assert_int_equal(get(RIS), RX_INT | RXER);
    arrive(own, 60, false);
    arrive(own, 60, true);
    (void)get(DATA); // who has not looked cannot know
    assert_int_equal(get(NP), 0);
    complained(0);
    (void)get(DATA);
    complained(1);
    put(RCTL, 1); // not rejected
    arrive(own, 60, true);
    assert_int_equal(get(NP), 1);
}

static void or_goes_alone_where_the_sheet_is_read_so(void **state)
{
    (void)state;
    mac_anew(&(struct sim_stellaris_cfg){ .bad_goes_alone = true }, NULL, RX_ON,
        TX_ON);
    arrive(own, 60, false);
    arrive(own, 60, true);
    assert_int_equal(get(RIS), RX_INT | RXER);
    expect_frame(own, 60);
}

static void a_length_that_is_none_is_told_and_kept(void **state)
{
    static const struct {
        size_t len;
        uint16_t told;
        bool wrong;
    } cases[] = { { 60, 3, false }, { 60, 46, false }, { 60, 47, true },
        { 114, 100, false }, { 114, 99, true }, { 1514, 1500, false },
        { 60, 1501, false }, { 61, 3, true } };
    uint8_t frame[SIM_FRAME_MAX];

    (void)state;
    for (size_t i = 0; i < nif_countof(cases); i++) {
        (void)frame_to(frame, own, cases[i].len);
        nif_put_be16(frame + 12, cases[i].told);
        put(RCTL, 0x18);
        put(RCTL, RX_ON);
        put(RIS, 0x7F);
        assert_true(sim_nic_send(&b.far, frame, cases[i].len));
        run_us(200);
        assert_int_equal(get(NP), 1);
        assert_int_equal((get(RIS) & RXER) != 0, cases[i].wrong);
    }
}

static void the_fifo_is_reset_while_nothing_comes(void **state)
{
    uint8_t frame[SIM_FRAME_MAX];
    size_t len = frame_to(frame, own, 1514);

    (void)state;
    arrive(own, 60, false);
    put(RCTL, RX_ON | 0x10);
    assert_int_equal(get(NP), 0);
    assert_int_equal(get(RCTL), RX_ON | 0x10);
    assert_int_equal(get(RCTL), RX_ON); // cleared when it is read
    assert_true(sim_nic_send_raw(&b.far, frame, len));
    run_us(50);
    put(RCTL, RX_ON | 0x10);
    complained(1);
    run_us(200);
    assert_int_equal(get(NP), 0);
    put(RCTL, 0x08);
    assert_true(sim_nic_send_raw(&b.far, frame, len));
    run_us(50);
    put(RCTL, 0x18);
    put(RCTL, RX_ON); // in the middle of a frame: not that one
    run_us(200);
    assert_int_equal(get(NP), 0);
    arrive(own, 60, false);
    expect_frame(own, 60);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(a_frame_comes_with_its_length_and_its_fcs),
        TEST(a_frame_counts_until_its_data_was_read),
        TEST(only_a_frame_into_an_empty_fifo_is_told),
        TEST(more_than_it_holds_is_lost_and_told),
        TEST(an_overrun_is_decided_byte_by_byte),
        TEST(only_what_is_wanted_comes_in),
        TEST(a_bad_frame_empties_the_fifo),
        TEST(or_goes_alone_where_the_sheet_is_read_so),
        TEST(a_length_that_is_none_is_told_and_kept),
        TEST(the_fifo_is_reset_while_nothing_comes),
    };

    return cmocka_run_group_tests_name("stellaris model, receiving", tests,
        NULL, NULL);
}
