// SPDX-License-Identifier: MIT
//
// The ENC28J60 model's transmitter in half duplex: carrier, collisions,
// back-off, and how all of that can end.

#include "tests/enc28j60/model_bench.h"

static bool is_sending(struct bench *b)
{
    return sim_enc28j60_reg(&b->chip, ENC_ECON1) & ENC_ECON1_TXRTS;
}

static void make(uint8_t *frame, size_t len)
{
    make_frame(frame, len, all_macs);
}

// Somebody on the cable who keeps to no rule: sends a frame of `len` bytes
// with FCS, now.
static void jam(struct bench *b, size_t len)
{
    static const uint8_t noise[SIM_FRAME_MAX];

    sim_port_send(&b->nic.port, noise, len);
}

// The card must not touch its queue when its port was borrowed.
static void ignore(struct sim_port *port)
{
    (void)port;
}

static void ignore_frame(struct sim_port *port, const struct sim_frame *frame)
{
    struct bench *b = nif_container_of(port, struct bench, nic.port);

    if (frame->cut) {
        b->nic.rx_bad++;
    } else {
        b->nic.rx_count++;
    }
}

static void ignore_link(struct sim_port *port, bool up)
{
    (void)port;
    (void)up;
}

static void make_rude(struct bench *b)
{
    static const struct sim_port_ops rude = {
        .link = ignore_link,
        .rx_end = ignore_frame,
        .tx_end = ignore,
    };

    b->nic.port.ops = &rude;
}

static void a_frame_waits_for_the_carrier_to_end(void **state)
{
    struct bench *b = *state;
    uint8_t frame[200];
    uint64_t began_ns;

    start(b, false);
    make(frame, sizeof(frame));
    began_ns = b->world.now_ns;
    sim_nic_send(&b->nic, frame, sizeof(frame)); // 169.6 us
    pass_us(b, 20);
    transmit(b, frame, 60, 0);
    pass_us(b, 50);
    assert_true(is_sending(b));
    pass_us(b, 250);
    assert_false(is_sending(b));
    assert_int_equal(b->seen_count, 1);
    assert_int_equal(b->nic.rx_bad, 0);
    assert_int_equal(b->chip.counts.collisions, 0);
    assert_true(vector(b) >> 26 & 1); // deferred
    assert_true(b->chip.tx.start_ns - began_ns >= 212 * 800ull + 9600);
    assert_int_equal(rcr(b, ENC_EPKTCNT), 1);
}

static void two_who_start_at_once_collide_and_both_come_through(void **state)
{
    struct bench *b = *state;
    uint8_t frame[200];
    uint64_t tsv;

    start(b, false);
    b->cable.delay_ns = 500;
    make(frame, sizeof(frame));
    transmit(b, frame, sizeof(frame), 0);
    sim_nic_send(&b->nic, frame, sizeof(frame));
    pass_us(b, 5000);
    assert_int_not_equal(b->chip.counts.collisions, 0);
    assert_false(is_sending(b));
    assert_int_equal(b->seen_count, 1);
    assert_int_equal(rcr(b, ENC_EPKTCNT), 1);
    assert_int_equal(rcr(b, ENC_EIR) & (ENC_EIR_TXIF | ENC_EIR_TXERIF),
        ENC_EIR_TXIF);
    tsv = vector(b);
    assert_int_equal(tsv >> 16 & 15, b->chip.counts.collisions);
    assert_true(tsv >> 23 & 1);
    assert_int_equal(tsv & 0xFFFF, 204);
    assert_true((tsv >> 32 & 0xFFFF) >= 204);
}

static void back_off_is_a_random_number_of_slots(void **state)
{
    unsigned slots[2] = { 0, 0 };

    for (uint64_t seed = 1; seed <= 20; seed++) {
        struct bench *b = bench_open(NULL);
        uint8_t frame[60];
        uint64_t free_ns;
        uint64_t wait_ns;

        *state = b;
        b->world.dice = seed << 32;
        start(b, false);
        make_rude(b);
        make(frame, sizeof(frame));
        transmit(b, frame, sizeof(frame), 0);
        pass_us(b, 10);
        jam(b, 1); // 7.2 us
        pass_us(b, 8);
        free_ns = b->world.now_ns;
        while (b->chip.tx.start_ns < free_ns && is_sending(b)) {
            sim_pass_ns(&b->world, 100);
        }
        wait_ns = b->chip.tx.start_ns - free_ns;
        assert_true(wait_ns < 9600 || (wait_ns > 38000 && wait_ns < 52000));
        slots[wait_ns > 38000]++;
    }
    assert_int_not_equal(slots[0], 0);
    assert_int_not_equal(slots[1], 0);
}

static void collide_always(struct bench *b, unsigned times)
{
    for (unsigned i = 0; i < times; i++) {
        uint64_t before = b->chip.counts.collisions;

        for (unsigned us = 0; us < 60000 && b->chip.tx.state != 1; us++) {
            pass_us(b, 1);
        }
        pass_us(b, 10);
        jam(b, 1);
        pass_us(b, 10);
        assert_int_equal(b->chip.counts.collisions, before + 1);
    }
}

static void too_many_collisions_abort(void **state)
{
    struct bench *b = *state;
    uint8_t frame[60];

    start(b, false);
    wcr(b, ENC_MACLCON1, 3);
    make_rude(b);
    make(frame, sizeof(frame));
    transmit(b, frame, sizeof(frame), 0);
    collide_always(b, 3);
    assert_true(is_sending(b));
    collide_always(b, 1);
    assert_false(is_sending(b));
    assert_int_equal(rcr(b, ENC_EIR) & 0x0A, ENC_EIR_TXIF | ENC_EIR_TXERIF);
    assert_true(rcr(b, ENC_ESTAT) & ENC_ESTAT_TXABRT);
    assert_false(rcr(b, ENC_ESTAT) & ENC_ESTAT_LATECOL);
    assert_true(vector(b) >> 28 & 1);
    assert_int_equal(vector(b) >> 16 & 15, 4);
    // Four attempts of 8 to 10 bytes, jam included.
    assert_in_range(vector(b) >> 32 & 0xFFFF, 32, 40);
}

static void sixteen_collisions_are_the_limit_after_reset(void **state)
{
    struct bench *b = *state;
    uint8_t frame[60];

    start(b, false);
    wcr(b, ENC_MACON4, 0x50); // NOBKOFF: at once again
    make_rude(b);
    make(frame, sizeof(frame));
    transmit(b, frame, sizeof(frame), 0);
    collide_always(b, 15);
    assert_true(is_sending(b));
    collide_always(b, 1);
    assert_false(is_sending(b));
}

static void a_late_collision_aborts_at_once(void **state)
{
    static const struct {
        uint8_t colwin;
        unsigned after_us; // of 0.8 us a byte, preamble included
        bool late;
    } cases[] = {
        { 0x37, 40, false },
        { 0x37, 60, true },  // byte 67: 75 with the preamble
        { 0x3F, 55, false }, // byte 60
        { 0x3F, 60, true },  // behind 64 there is no retry
        { 0x20, 40, true },  // byte 42
    };

    for (size_t i = 0; i < nif_countof(cases); i++) {
        struct bench *b = bench_open(NULL);
        uint8_t frame[500];

        *state = b;
        start(b, false);
        wcr(b, ENC_MACLCON2, cases[i].colwin);
        make_rude(b);
        make(frame, sizeof(frame));
        transmit(b, frame, sizeof(frame), 0);
        pass_us(b, cases[i].after_us);
        jam(b, 1);
        pass_us(b, 5);
        assert_int_equal(is_sending(b), !cases[i].late);
        assert_int_equal(rcr(b, ENC_EIR) & 0x0A, cases[i].late ? 0x0A : 0);
        assert_int_equal(rcr(b, ENC_ESTAT) & 0x12, cases[i].late ? 0x12 : 0);
        if (cases[i].late) {
            assert_true(vector(b) >> 29 & 1);
            assert_false(vector(b) >> 23 & 1);
        }
    }
}

static void endless_carrier_is_given_up_without_defer(void **state)
{
    static const struct {
        uint8_t macon4;
        bool gives_up;
    } cases[] = { { 0x00, true }, { 0x40, false } };

    for (size_t i = 0; i < nif_countof(cases); i++) {
        struct bench *b = bench_open(NULL);
        uint8_t frame[60];

        *state = b;
        start(b, false);
        wcr(b, ENC_MACON4, cases[i].macon4);
        make_rude(b);
        make(frame, sizeof(frame));
        jam(b, 4000); // 3.2 ms
        transmit(b, frame, sizeof(frame), 0);
        pass_us(b, 2420);
        assert_true(is_sending(b));
        pass_us(b, 10);
        assert_int_equal(is_sending(b), !cases[i].gives_up);
        pass_us(b, 1000);
        assert_int_equal(vector(b) >> 27 & 1, cases[i].gives_up);
        assert_int_equal(vector(b) >> 23 & 1, !cases[i].gives_up);
        assert_int_equal(b->nic.rx_count, !cases[i].gives_up);
    }
}

static void own_frames_come_back_unless_hdldis_is_set(void **state)
{
    struct bench *b = *state;
    uint8_t frame[60];

    start(b, false);
    make(frame, sizeof(frame));
    transmit(b, frame, sizeof(frame), 0);
    pass_us(b, 100);
    assert_int_equal(rcr(b, ENC_EPKTCNT), 0);
    phy_write(b, ENC_PHCON2, 0x0000);
    transmit(b, frame, sizeof(frame), 0);
    pass_us(b, 100);
    assert_int_equal(rcr(b, ENC_EPKTCNT), 1);
}

static void what_is_received_in_a_collision_is_lost(void **state)
{
    struct bench *b = *state;
    uint8_t frame[60];

    start(b, false);
    make_rude(b);
    make(frame, sizeof(frame));
    transmit(b, frame, sizeof(frame), 0);
    pass_us(b, 10);
    sim_fcs_put(memcpy(b->seen[0], frame, 60), 60);
    sim_port_send(&b->nic.port, b->seen[0], 64); // good, but not heard
    pass_us(b, 100);
    assert_int_equal(b->chip.counts.collisions, 1);
    assert_int_equal(rcr(b, ENC_EPKTCNT), 0);
}

#define T(name) \
    cmocka_unit_test_setup_teardown(name, bench_setup, bench_teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        T(a_frame_waits_for_the_carrier_to_end),
        T(two_who_start_at_once_collide_and_both_come_through),
        T(back_off_is_a_random_number_of_slots),
        T(too_many_collisions_abort),
        T(sixteen_collisions_are_the_limit_after_reset),
        T(a_late_collision_aborts_at_once),
        T(endless_carrier_is_given_up_without_defer),
        T(own_frames_come_back_unless_hdldis_is_set),
        T(what_is_received_in_a_collision_is_lost),
    };

    return cmocka_run_group_tests_name("model_half", tests, NULL, NULL);
}
