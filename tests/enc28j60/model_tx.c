// SPDX-License-Identifier: MIT
//
// The ENC28J60 model's transmitter in full duplex: frames, padding, FCS,
// status vector, pauses.

#include "tests/enc28j60/model_bench.h"

static bool is_sending(struct bench *b)
{
    return sim_enc28j60_reg(&b->chip, ENC_ECON1) & ENC_ECON1_TXRTS;
}

static void a_frame_goes_out_padded_and_with_fcs(void **state)
{
    static const struct {
        size_t len;
        size_t want;
    } cases[] = {
        { 14, 60 },
        { 59, 60 },
        { 60, 60 },
        { 61, 61 },
        { 1514, 1514 },
    };
    struct bench *b = *state;

    start(b, true);
    for (size_t i = 0; i < nif_countof(cases); i++) {
        uint8_t frame[1514] = { 0 };

        make_frame(frame, cases[i].len, all_macs);
        transmit(b, frame, cases[i].len, 0x00);
        pass_us(b, 1300);
        assert_int_equal(b->seen_count, i + 1);
        assert_int_equal(b->seen_len[i], cases[i].want);
        assert_memory_equal(b->seen[i], frame, cases[i].want);
        assert_int_equal(b->nic.rx_bad, 0);
        assert_int_equal(vector(b) & 0xFFFF, cases[i].want + 4);
    }
}

static void a_frame_takes_its_time_on_the_wire(void **state)
{
    struct bench *b = *state;
    uint8_t frame[1342];
    uint64_t begin_ns;

    start(b, true);
    make_frame(frame, sizeof(frame), all_macs);
    transmit(b, frame, sizeof(frame), 0);
    begin_ns = b->world.now_ns;
    while (is_sending(b)) {
        sim_pass_ns(&b->world, 100);
    }
    // 8 of preamble, 1342, 4 of FCS, 800 ns each.
    assert_in_range(b->world.now_ns - begin_ns, 1083200, 1083400);
    assert_int_equal(rcr(b, ENC_EIR), ENC_EIR_TXIF);
    assert_int_equal(rcr(b, ENC_ESTAT), 0x01);
    // The next one keeps the gap of 9.6 us.
    bfs(b, ENC_ECON1, ENC_ECON1_TXRTS);
    begin_ns = b->world.now_ns;
    while (is_sending(b)) {
        sim_pass_ns(&b->world, 100);
    }
    assert_in_range(b->world.now_ns - begin_ns, 1083200 + 1000, 1083200 + 9600);
}

static void mabbipg_sets_the_gap(void **state)
{
    static const struct {
        bool full;
        uint8_t mabbipg;
        unsigned gap_ns;
    } cases[] = {
        { true, 0x15, 9600 },
        { true, 0x25, 16000 },
        { false, 0x12, 9600 },
        { false, 0x22, 16000 },
    };

    for (size_t i = 0; i < nif_countof(cases); i++) {
        struct bench *b = bench_open(NULL);
        uint8_t frame[60];
        uint64_t end_ns;

        *state = b;
        start(b, cases[i].full);
        wcr(b, ENC_MABBIPG, cases[i].mabbipg);
        make_frame(frame, sizeof(frame), all_macs);
        transmit(b, frame, sizeof(frame), 0);
        while (is_sending(b)) {
            sim_pass_ns(&b->world, 100);
        }
        end_ns = b->chip.tx.start_ns + UINT64_C(72) * 800;
        bfs(b, ENC_ECON1, ENC_ECON1_TXRTS);
        pass_us(b, 20);
        assert_int_equal(b->chip.tx.start_ns - end_ns, cases[i].gap_ns);
    }
}

static void the_status_vector_tells(void **state)
{
    static const struct {
        uint8_t to[6];
        uint16_t type;
        uint8_t macon3;
        uint64_t want; // but the count, which is 64
    } cases[] = {
        { { 2, 0, 0, 0, 0, 2 }, 0x0800, 0x33, 0x00004000C00000 },
        { { 2, 0, 0, 0, 0, 2 }, 46, 0x33, 0x00004000800000 },
        { { 2, 0, 0, 0, 0, 2 }, 47, 0x33, 0x00004000A00000 },
        { { 2, 0, 0, 0, 0, 2 }, 47, 0x31, 0x00004000800000 },
        { { 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF }, 0x0806, 0x33,
            0x00004002C00000 },
        { { 1, 0, 0x5E, 0, 0, 1 }, 0x0800, 0x33, 0x00004001C00000 },
        { { 2, 0, 0, 0, 0, 2 }, 0x8100, 0x33, 0x08004000C00000 },
        { { 2, 0, 0, 0, 0, 2 }, 0x8808, 0x33, 0x01004000C00000 },
    };
    struct bench *b = *state;

    start(b, true);
    for (size_t i = 0; i < nif_countof(cases); i++) {
        uint8_t frame[60];

        wcr(b, ENC_MACON3, cases[i].macon3);
        make_frame(frame, sizeof(frame), cases[i].to);
        nif_put_be16(frame + 12, cases[i].type);
        transmit(b, frame, sizeof(frame), 0);
        pass_us(b, 100);
        assert_true(vector(b) == (cases[i].want | 64));
    }
}

static void macon3_and_the_control_byte_choose_padding_and_fcs(void **state)
{
    static const struct {
        uint8_t macon3;
        uint8_t control;
        uint16_t type;
        uint8_t whole; // of 40 bytes
        bool good;
    } cases[] = {
        { 0x11, 0x00, 0x0800, 44, true }, { 0x31, 0x00, 0x0800, 64, true },
        { 0x51, 0x00, 0x0800, 44, true }, { 0x71, 0x00, 0x0800, 68, true },
        { 0xF1, 0x00, 0x0800, 68, true }, { 0xB1, 0x00, 0x0800, 64, true },
        { 0xB1, 0x00, 0x8100, 68, true },
        { 0x01, 0x00, 0x0800, 40, false }, // its last four are no FCS
        { 0x31, 0x01, 0x0800, 40, false }, { 0x31, 0x03, 0x0800, 44, true },
        { 0x01, 0x07, 0x0800, 64, true },
        { 0x01, 0x06, 0x0800, 40, false }, // no override
    };
    struct bench *b = *state;

    start(b, true);
    for (size_t i = 0; i < nif_countof(cases); i++) {
        uint8_t frame[40];
        uint64_t tsv;

        wcr(b, ENC_MACON3, cases[i].macon3);
        make_frame(frame, sizeof(frame), all_macs);
        nif_put_be16(frame + 12, cases[i].type);
        transmit(b, frame, sizeof(frame), cases[i].control);
        pass_us(b, 100);
        tsv = vector(b);
        assert_int_equal(tsv & 0xFFFF, cases[i].whole);
        assert_int_equal(tsv >> 20 & 1, !cases[i].good);
        assert_memory_equal(b->chip.tx.frame, frame, sizeof(frame));
        assert_int_equal(sim_fcs_good(b->chip.tx.frame, cases[i].whole),
            cases[i].good);
    }
}

static void a_host_may_bring_its_own_fcs(void **state)
{
    struct bench *b = *state;
    uint8_t frame[64];

    start(b, true);
    wcr(b, ENC_MACON3, 0x01);
    make_frame(frame, 60, all_macs);
    sim_fcs_put(frame, 60);
    transmit(b, frame, 64, 0);
    pass_us(b, 100);
    assert_int_equal(b->seen_count, 1);
    assert_int_equal(vector(b) >> 20 & 1, 0);
}

static void phdren_leaves_four_bytes_out_of_the_fcs(void **state)
{
    struct bench *b = *state;
    uint8_t frame[64];
    uint32_t fcs;

    start(b, true);
    wcr(b, ENC_MACON3, 0x39);
    make_frame(frame, sizeof(frame), all_macs);
    transmit(b, frame, sizeof(frame), 0);
    pass_us(b, 100);
    fcs = sim_fcs(frame + 4, sizeof(frame) - 4);
    assert_int_equal(b->chip.tx.frame[64], fcs & 0xFF);
    assert_int_equal(b->chip.tx.frame[67], fcs >> 24);
}

static void etxnd_says_how_much_is_sent(void **state)
{
    struct bench *b = *state;
    uint8_t frame[200];

    start(b, true);
    make_frame(frame, sizeof(frame), all_macs);
    transmit(b, frame, sizeof(frame), 0);
    pass_us(b, 200);
    wcr16(b, ENC_ETXNDL, 0x1000 + 120);
    bfs(b, ENC_ECON1, ENC_ECON1_TXRTS);
    pass_us(b, 200);
    write_at(b, 0x1001, frame, sizeof(frame)); // a status lies in it
    wcr16(b, ENC_ETXSTL, 0x1020); // byte 31 is the control byte: 1F
    wcr16(b, ENC_ETXNDL, 0x1000 + 190);
    bfs(b, ENC_ECON1, ENC_ECON1_TXRTS);
    pass_us(b, 200);
    assert_int_equal(b->seen_count, 3);
    assert_int_equal(b->seen_len[1], 120);
    assert_int_equal(b->seen_len[2], 158);
    assert_memory_equal(b->seen[2], frame + 32, 158);
}

static void an_oversize_frame_is_aborted(void **state)
{
    struct bench *b = *state;
    uint8_t frame[1515];

    start(b, true);
    make_frame(frame, sizeof(frame), all_macs);
    transmit(b, frame, sizeof(frame), 0);
    pass_us(b, 1300);
    assert_false(is_sending(b));
    assert_int_equal(rcr(b, ENC_EIR), ENC_EIR_TXIF | ENC_EIR_TXERIF);
    assert_true(rcr(b, ENC_ESTAT) & ENC_ESTAT_TXABRT);
    assert_true(vector(b) >> 30 & 1); // giant
    assert_false(vector(b) >> 23 & 1);
    assert_int_equal(b->seen_count, 0);
    assert_int_equal(b->nic.rx_bad, 1);
    transmit(b, frame, sizeof(frame), 0x07); // an override that does not help
    pass_us(b, 1300);
    assert_int_equal(b->seen_count, 0);
    // PHUGEEN lets it pass.
    transmit(b, frame, sizeof(frame), 0x0F);
    pass_us(b, 1300);
    assert_int_equal(b->seen_count, 1);
}

static void to_clear_txrts_cancels_and_sets_txif(void **state)
{
    struct bench *b = *state;
    uint8_t frame[500];

    start(b, true);
    make_frame(frame, sizeof(frame), all_macs);
    transmit(b, frame, sizeof(frame), 0);
    pass_us(b, 100);
    bfc(b, ENC_ECON1, ENC_ECON1_TXRTS);
    assert_int_equal(rcr(b, ENC_EIR), ENC_EIR_TXIF);
    pass_us(b, 500);
    assert_int_equal(b->seen_count, 0);
    assert_int_equal(b->nic.rx_bad, 1);
    bfs(b, ENC_ECON1, ENC_ECON1_TXRTS);
    pass_us(b, 500);
    assert_int_equal(b->seen_count, 1);
}

static void txrst_stops_a_frame_and_holds_the_transmitter(void **state)
{
    struct bench *b = *state;
    uint8_t frame[500];

    start(b, true);
    make_frame(frame, sizeof(frame), all_macs);
    transmit(b, frame, sizeof(frame), 0);
    bfs(b, ENC_ECON1, ENC_ECON1_TXRST);
    assert_false(is_sending(b));
    bfs(b, ENC_ECON1, ENC_ECON1_TXRTS);
    assert_false(is_sending(b));
    bfc(b, ENC_ECON1, ENC_ECON1_TXRST);
    bfs(b, ENC_ECON1, ENC_ECON1_TXRTS);
    pass_us(b, 500);
    assert_int_equal(b->seen_count, 1);
}

static void writing_econ1_as_it_is_starts_nothing_twice(void **state)
{
    struct bench *b = *state;
    uint8_t frame[500];

    start(b, true);
    make_frame(frame, sizeof(frame), all_macs);
    transmit(b, frame, sizeof(frame), 0);
    pass_us(b, 100);
    wcr(b, ENC_ECON1, rcr(b, ENC_ECON1));
    pass_us(b, 330);
    assert_false(is_sending(b));
    assert_int_equal(b->chip.counts.tx_done, 1);
}

static void without_a_link_frames_go_nowhere_in_the_same_time(void **state)
{
    struct bench *b = *state;
    uint8_t frame[500];

    start(b, true);
    sim_cable_plug(&b->cable, false);
    make_frame(frame, sizeof(frame), all_macs);
    transmit(b, frame, sizeof(frame), 0);
    pass_us(b, 405);
    assert_true(is_sending(b));
    pass_us(b, 6);
    assert_false(is_sending(b));
    assert_int_equal(rcr(b, ENC_EIR) & ENC_EIR_TXIF, ENC_EIR_TXIF);
    sim_cable_plug(&b->cable, true);
    pass_us(b, 100);
    assert_int_equal(b->seen_count, 0);
}

static void txdis_keeps_bits_off_the_cable(void **state)
{
    struct bench *b = *state;
    uint8_t frame[60];

    start(b, true);
    phy_write(b, ENC_PHCON2, 0x2000);
    make_frame(frame, sizeof(frame), all_macs);
    transmit(b, frame, sizeof(frame), 0);
    pass_us(b, 100);
    assert_false(is_sending(b));
    assert_int_equal(b->seen_count, 0);
}

static void frames_go_both_ways_at_once_in_full_duplex(void **state)
{
    struct bench *b = *state;
    uint8_t frame[1000];

    start(b, true);
    make_frame(frame, sizeof(frame), own_mac);
    transmit(b, frame, sizeof(frame), 0);
    pass_us(b, 100);
    arrive(b, frame, sizeof(frame));
    assert_int_equal(b->seen_count, 1);
    assert_int_equal(rcr(b, ENC_EPKTCNT), 1);
    assert_int_equal(b->chip.counts.collisions, 0);
}

static void a_duplex_mismatch_garbles_and_is_told(void **state)
{
    struct bench *b = *state;
    uint8_t frame[60];

    start(b, true);
    phy_write(b, ENC_PHCON1, 0x0000);
    make_frame(frame, sizeof(frame), own_mac);
    transmit(b, frame, sizeof(frame), 0);
    pass_us(b, 100);
    arrive(b, frame, sizeof(frame));
    assert_int_equal(b->seen_count, 0);
    assert_int_equal(rcr(b, ENC_EPKTCNT), 0);
    bench_forgive(b, SIM_ENC28J60_R_DUPLEX);
}

static void phy_loopback_gives_own_frames_back(void **state)
{
    struct bench *b = *state;
    uint8_t frame[60];

    start(b, true);
    phy_write(b, ENC_PHCON1, 0x4100);
    make_frame(frame, sizeof(frame), own_mac);
    transmit(b, frame, sizeof(frame), 0);
    pass_us(b, 100);
    assert_int_equal(b->seen_count, 0);
    assert_int_equal(rcr(b, ENC_EPKTCNT), 1);
}

// ---- flow control

static void pause_frames_are_sent(void **state)
{
    static const uint8_t want[18] = { 0x01, 0x80, 0xC2, 0, 0, 1, 2, 0, 0, 0, 0,
        1, 0x88, 0x08, 0x00, 0x01, 0x10, 0x00 };
    struct bench *b = *state;

    start(b, true);
    assert_int_equal(rcr(b, ENC_EFLOCON), 0x04);
    wcr(b, ENC_EFLOCON, 1);
    pass_us(b, 100);
    assert_int_equal(b->seen_count, 1);
    assert_memory_equal(b->seen[0], want, sizeof(want));
    assert_int_equal(b->seen_len[0], 60);
    assert_int_equal(rcr(b, ENC_EFLOCON), 0x04);

    wcr(b, ENC_EFLOCON, 3);
    pass_us(b, 100);
    assert_int_equal(b->seen_count, 2);
    assert_int_equal(nif_get_be16(b->seen[1] + 16), 0);

    wcr16(b, ENC_EPAUSL, 10); // every six slots
    wcr(b, ENC_EFLOCON, 2);
    pass_us(b, 1000);
    assert_int_equal(b->seen_count, 5);
    wcr(b, ENC_EFLOCON, 0);
    pass_us(b, 1000);
    assert_int_equal(b->seen_count, 5);
    assert_int_equal(b->chip.counts.tx_pauses, 5);
    for (unsigned i = sizeof(want); i < 60; i++) {
        assert_int_equal(b->seen[0][i], 0);
    }
    wcr(b, ENC_MACON1, 0x05); // without TXPAUS
    wcr(b, ENC_EFLOCON, 1);
    pass_us(b, 1000);
    assert_int_equal(b->seen_count, 5);
}

static void a_pause_delays_what_is_sent(void **state)
{
    struct bench *b = *state;
    uint8_t pause[60] = { 0x01, 0x80, 0xC2, 0, 0, 1 };
    uint8_t frame[60];

    start(b, true);
    nif_put_be16(pause + 12, 0x8808);
    nif_put_be16(pause + 14, 0x0001);
    nif_put_be16(pause + 16, 20); // 1024 us
    make_frame(frame, sizeof(frame), all_macs);
    arrive(b, pause, sizeof(pause));
    assert_int_equal(rcr(b, ENC_EPKTCNT), 0);
    transmit(b, frame, sizeof(frame), 0);
    pass_us(b, 800);
    assert_true(is_sending(b));
    assert_int_equal(b->seen_count, 0);
    pass_us(b, 300);
    assert_int_equal(b->seen_count, 1);

    arrive(b, pause, sizeof(pause));
    transmit(b, frame, sizeof(frame), 0);
    nif_put_be16(pause + 16, 0); // no longer
    arrive(b, pause, sizeof(pause));
    pass_us(b, 100);
    assert_int_equal(b->seen_count, 2);

    pause[5] = 2; // somebody else's address
    nif_put_be16(pause + 16, 20);
    arrive(b, pause, sizeof(pause));
    transmit(b, frame, sizeof(frame), 0);
    pass_us(b, 100);
    assert_int_equal(b->seen_count, 3);
    pause[5] = 1;

    wcr(b, ENC_MACON1, 0x09); // does not listen to it
    nif_put_be16(pause + 16, 20);
    arrive(b, pause, sizeof(pause));
    transmit(b, frame, sizeof(frame), 0);
    pass_us(b, 100);
    assert_int_equal(b->seen_count, 4);
}

static void a_pause_that_is_lifted_does_not_end_the_frame_later(void **state)
{
    struct bench *b = *state;
    uint8_t pause[60] = { 0x01, 0x80, 0xC2, 0, 0, 1 };
    uint8_t frame[1000];

    start(b, true);
    nif_put_be16(pause + 12, 0x8808);
    nif_put_be16(pause + 14, 0x0001);
    nif_put_be16(pause + 16, 12); // 614 us
    make_frame(frame, sizeof(frame), all_macs);
    arrive(b, pause, sizeof(pause));
    transmit(b, frame, sizeof(frame), 0); // takes 400 us to write
    nif_put_be16(pause + 16, 0);
    arrive(b, pause, sizeof(pause));
    assert_true(is_sending(b));
    pass_us(b, 600);
    assert_true(is_sending(b));
    pass_us(b, 300);
    assert_false(is_sending(b));
    assert_int_equal(b->seen_count, 1);
    assert_int_equal(b->seen_len[0], 1000);
}

#define T(name) \
    cmocka_unit_test_setup_teardown(name, bench_setup, bench_teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        T(a_frame_goes_out_padded_and_with_fcs),
        T(a_frame_takes_its_time_on_the_wire),
        T(mabbipg_sets_the_gap),
        T(the_status_vector_tells),
        T(macon3_and_the_control_byte_choose_padding_and_fcs),
        T(a_host_may_bring_its_own_fcs),
        T(phdren_leaves_four_bytes_out_of_the_fcs),
        T(etxnd_says_how_much_is_sent),
        T(an_oversize_frame_is_aborted),
        T(to_clear_txrts_cancels_and_sets_txif),
        T(txrst_stops_a_frame_and_holds_the_transmitter),
        T(writing_econ1_as_it_is_starts_nothing_twice),
        T(without_a_link_frames_go_nowhere_in_the_same_time),
        T(txdis_keeps_bits_off_the_cable),
        T(frames_go_both_ways_at_once_in_full_duplex),
        T(a_duplex_mismatch_garbles_and_is_told),
        T(phy_loopback_gives_own_frames_back),
        T(pause_frames_are_sent),
        T(a_pause_delays_what_is_sent),
        T(a_pause_that_is_lifted_does_not_end_the_frame_later),
    };

    return cmocka_run_group_tests_name("model_tx", tests, NULL, NULL);
}
