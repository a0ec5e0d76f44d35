// SPDX-License-Identifier: MIT
//
// The model of the Stellaris Ethernet controller without a driver: registers,
// what it sends, interrupts and MII management, by the data sheet's numbers.
// The driver on it runs the contract suite.

#include "model_bench.h"

#include <string.h>

static void write_frame(size_t data, size_t words)
{
    put(DATA, (uint32_t)data | 0x02010000u);
    for (size_t i = 1; i < words; i++) {
        put(DATA, 0x06050403u);
    }
}

static size_t words_for(size_t data)
{
    return (2 + 14 + data + 3) / 4;
}

// ---- registers

static void after_reset_they_are_as_the_data_sheet_says(void **state)
{
    static const uint32_t expected[][2] = { { RIS, 0 }, { IM, 0x7F },
        { RCTL, 8 }, { TCTL, 0 }, { IA0, 0 }, { IA1, 0 }, { THR, 0x3F },
        { MCTL, 0 }, { MDV, 0x80 }, { MTXD, 0 }, { MRXD, 0 }, { NP, 0 },
        { TR, 0 } };

    (void)state;
    put(MDV, 9);
    put(MTXD, 1);
    sim_stellaris_reset(&b.mac);
    for (size_t i = 0; i < nif_countof(expected); i++) {
        assert_int_equal(get(expected[i][0]), expected[i][1]);
    }
    assert_false(sim_stellaris_runs(&b.mac));
    put(RCTL, RX_ON);
    assert_true(sim_stellaris_runs(&b.mac));
    put(RCTL, 8);
    put(TCTL, TX_ON);
    assert_true(sim_stellaris_runs(&b.mac));
    assert_false(b.mac.phy.link);
}

static void what_there_is_not_is_refused(void **state)
{
    (void)state;
    (void)get(0x28);
    (void)get(0x3C);
    (void)get(NP + 1);
    put(0x28, 0);
    put(NP, 0);
    put(MRXD, 0);
    complained(6);
    put(RCTL, 0x29);
    put(TCTL, 0x1F); // bit 3, which QEMU's source takes for DUPLEX
    put(THR, 0x3E);
    complained(3);
    assert_int_equal(get(RCTL), 9);
    assert_int_equal(get(TCTL), 0x17);
}

// ---- transmit

static void a_frame_leaves_by_the_length_of_its_data(void **state)
{
    (void)state;
    write_frame(100, words_for(100));
    assert_int_equal(get(TR), 0);
    put(TR, 1);
    assert_int_equal(get(TR), 1);
    assert_int_equal(get(RIS), 0);
    run_us(20);
    assert_int_equal(get(TR), 0);
    assert_int_equal(get(RIS), TXEMP);
    assert_int_equal(b.seen.heard, 1);
    assert_int_equal(b.seen.heard_len, 114);
    assert_int_equal(b.seen.heard_data[0], 1);
    assert_int_equal(b.seen.heard_data[1], 2);
    assert_int_equal(b.seen.heard_data[2], 3);
    assert_int_equal(b.seen.heard_data[113], 6);
}

static void a_short_frame_is_padded_if_that_is_wanted(void **state)
{
    (void)state;
    write_frame(3, words_for(3));
    put(TR, 1);
    run_us(20);
    assert_int_equal(b.seen.heard_len, 60);
    assert_int_equal(b.seen.heard_data[16], 5);
    assert_int_equal(b.seen.heard_data[17], 0);
    put(TCTL, 0x15);
    write_frame(3, words_for(3));
    put(TR, 1);
    run_us(20);
    assert_int_equal(b.seen.heard, 1);
    assert_int_equal(b.far.rx_bad, 1); // a runt
}

// Without CRC the last four of them are the FCS.
static void the_fcs_is_the_drivers_if_it_wants(void **state)
{
    uint8_t frame[SIM_FRAME_MAX] = { 0 };
    size_t len = frame_to(frame, all, 64);

    (void)state;
    put(TCTL, 0x11);
    put(DATA, 50u | (uint32_t)frame[0] << 16 | (uint32_t)frame[1] << 24);
    for (size_t i = 2; i < len; i += 4) {
        put(DATA,
            nif_get_le16(frame + i) |
                (uint32_t)nif_get_le16(frame + i + 2) << 16);
    }
    put(TR, 1);
    run_us(20);
    assert_int_equal(b.seen.heard_len, 64);
    assert_memory_equal(b.seen.heard_data, frame, 64);
}

static void what_is_not_as_long_as_announced_is_refused(void **state)
{
    (void)state;
    write_frame(100, words_for(100) + 1);
    complained(1);
    put(TR, 1);
    run_us(20);
    assert_int_equal(b.seen.heard_len, 114);
    write_frame(100, words_for(100) - 1);
    put(TR, 1);
    complained(1);
    run_us(20);
    assert_int_equal(b.seen.heard, 2);
    assert_int_equal(b.seen.heard_len, 114);
}

static void a_frame_that_has_no_room_is_an_error_to_be_cleared(void **state)
{
    (void)state;
    write_frame(2033, 1);
    complained(1);
    assert_int_equal(get(RIS), TXER);
    put(DATA, 46);
    put(TR, 1);
    complained(2);
    put(RIS, TXER);
    write_frame(2032, 512);
    put(TR, 1);
    run_us(200);
    assert_int_equal(b.seen.heard_len, 2046);
    write_frame(2029, 1); // and with an FCS
    put(RIS, TXER);
    put(TCTL, 0x11);
    write_frame(2029, 1);
    complained(1);
}

// "If an error is made in placing the frame into the FIFO".
static void who_clears_txer_begins_anew(void **state)
{
    (void)state;
    write_frame(200, 7);
    put(RIS, TXER);
    write_frame(46, words_for(46));
    put(TR, 1);
    run_us(20);
    assert_int_equal(b.seen.heard_len, 60);
}

static void while_it_sends_nothing_is_taken(void **state)
{
    (void)state;
    put(TR, 1); // without a frame
    complained(1);
    write_frame(1000, words_for(1000));
    put(TR, 1);
    put(TR, 1);
    put(DATA, 46);
    complained(2);
    put(RIS, TXER); // the one on its way is not touched by this
    run_us(100);
    assert_int_equal(b.seen.heard_len, 1014);
    put(TCTL, 0x16);
    write_frame(46, words_for(46));
    put(TR, 1);
    complained(1);
    run_us(100);
    assert_int_equal(b.seen.heard, 1);
    assert_int_equal(get(TR), 1);
    put(TCTL, 0x17);
    run_us(20);
    assert_int_equal(b.seen.heard, 2);
}

static void without_a_link_it_goes_nowhere_but_goes(void **state)
{
    (void)state;
    sim_cable_plug(&b.cable, false);
    write_frame(46, words_for(46));
    put(TR, 1);
    assert_int_equal(get(TR), 1);
    run_us(10);
    assert_int_equal(get(TR), 0);
    assert_int_equal(get(RIS), TXEMP);
    assert_int_equal(b.seen.heard, 0);
}

// The far end keeps full duplex and talks: all that is sent collides.
static void a_late_collision_costs_the_frame(void **state)
{
    (void)state;
    put(TCTL, 0x07);
    write_frame(1400, words_for(1400));
    put(TR, 1);
    run_us(30);
    arrive(own, 60, false);
    assert_int_equal(get(RIS) & (TXER | TXEMP), TXER);
    assert_int_equal(get(TR), 0);
    assert_int_equal(b.mac.tx_lost, 1);
    put(DATA, 46);
    complained(1);
    put(RIS, TXER);
    write_frame(46, words_for(46));
    put(TR, 1);
    run_us(50);
    assert_int_equal(b.seen.heard, 1);
}

static void at_10_mbit_and_half_duplex_it_hears_itself(void **state)
{
    (void)state;
    mac_anew(&(struct sim_stellaris_cfg){ .clock_hz = 0 },
        &(struct sim_phy_partner){ .page = 0x8021 }, RX_ON | 4, 0x07);
    b.far.full_duplex = false;
    write_frame(50, words_for(50));
    put(TR, 1);
    run_us(40);
    assert_int_equal(get(TR), 1); // 800 ns a byte
    run_us(40);
    assert_int_equal(b.seen.heard, 1);
    assert_int_equal(get(NP), 1);
    assert_int_equal(get(DATA), 0x0201u << 16 | 70);
    mac_begin(RX_ON, 0x07);
    put(RCTL, 0x18);
    put(RCTL, RX_ON); // it is not for itself
    write_frame(50, words_for(50));
    put(TR, 1);
    run_us(100);
    assert_int_equal(get(NP), 0);
}

// ---- interrupts

static void the_line_follows_what_is_enabled(void **state)
{
    (void)state;
    mac_anew(&(struct sim_stellaris_cfg){ .irq = mac_on_irq }, NULL, RX_ON,
        TX_ON);
    b.handled = RX_INT;
    arrive(own, 60, false);
    assert_int_equal(b.interrupts, 0);
    put(IM, RX_INT);
    run_us(1);
    assert_int_equal(b.interrupts, 1);
    assert_int_equal(get(RIS), 0);
    b.handled = 0; // and never takes it back
    put(RCTL, 0x18);
    put(RCTL, RX_ON);
    arrive(own, 60, false);
    run_us(200);
    complained(1);
    assert_int_equal(b.interrupts, 101);
}

// ---- MII management

static uint32_t mii_read(uint32_t reg)
{
    put(MCTL, reg << 3 | 1);
    while (get(MCTL) & 1) {
    }
    return get(MRXD);
}

static void mii_write(uint32_t reg, uint32_t value)
{
    put(MTXD, value);
    put(MCTL, reg << 3 | 3);
    while (get(MCTL) & 1) {
    }
}

static void the_phy_answers_after_64_bits(void **state)
{
    (void)state;
    put(MCTL, 2 << 3 | 1);
    run_us(329); // 64 bits of 50 MHz / 258
    assert_int_equal(get(MCTL), 2 << 3 | 1);
    assert_int_equal(get(RIS), 0);
    run_us(1);
    assert_int_equal(get(MCTL), 2 << 3);
    assert_int_equal(get(RIS), MD_INT);
    assert_int_equal(get(MRXD), 0x000E);
    put(MDV, 9); // 2.5 MHz
    put(MCTL, 3 << 3 | 1);
    put(MCTL, 3 << 3 | 1);
    put(MTXD, 0);
    put(MDV, 9);
    (void)get(MRXD);
    complained(4);
    run_us(26);
    assert_int_equal(get(MRXD), 0x7237);
    put(MDV, 8);
    (void)mii_read(3);
    complained(1); // too fast for it
}

static void the_phy_tells_what_it_has_agreed_on(void **state)
{
    (void)state;
    put(MDV, 9);
    assert_int_equal(mii_read(1) & 0x64, 0x64); // complete, link
    assert_int_equal(mii_read(18), 0x0F00);
    assert_int_equal(mii_read(17) & 0xFF, 0x2D);
    assert_int_equal(mii_read(17), 0);
    assert_int_equal(mii_read(16), 0x0140);
    assert_int_equal(mii_read(24), 0x00C0);
    assert_int_equal(mii_read(8), 0xFFFF);
    mii_write(18, 0);
    complained(1);
    mii_write(23, 0x21);
    assert_int_equal(mii_read(23), 0x21);
    mii_write(16, 0xFFFF);
    assert_int_equal(mii_read(16), 0xDC33);
    mii_write(19, 0xFFFF);
    assert_int_equal(mii_read(19), 0xC000);
    mii_write(24, 0xFFFF);
    assert_int_equal(mii_read(24), 0x00FF);
    assert_int_equal(mii_read(6), 0x000B); // still clause 22
    mii_write(6, 0);
    complained(1); // which it cannot be written by
    mii_write(4, 0x0021);
    assert_int_equal(mii_read(16), 0xDC33); // no reset
    mii_write(0, 0x8000);
    run_us(200);
    assert_int_equal(mii_read(23), 0x10);
    assert_int_equal(mii_read(19), 0x4000);
    assert_int_equal(mii_read(18), 0x0200); // a signal
    sim_cable_plug(&b.cable, false);
    assert_int_equal(mii_read(18), 0);
}

static void the_phys_interrupt_is_an_edge(void **state)
{
    (void)state;
    put(MDV, 9);
    (void)mii_read(17);
    mii_write(17, 0x0400);
    put(RIS, 0x7F);
    sim_cable_plug(&b.cable, false);
    assert_int_equal(get(RIS), PHYINT);
    put(RIS, 0x7F);
    assert_int_equal(get(RIS), 0);
    sim_cable_plug(&b.cable, true);
    sim_run_until(&b.world, b.world.now_ns + 2 * SIM_S);
    assert_int_equal(get(RIS), 0); // register 17 was not read
    assert_int_equal(mii_read(17), 0x042D);
    put(RIS, 0x7F);
    sim_cable_plug(&b.cable, false);
    assert_int_equal(get(RIS), PHYINT);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(after_reset_they_are_as_the_data_sheet_says),
        TEST(what_there_is_not_is_refused),
        TEST(a_frame_leaves_by_the_length_of_its_data),
        TEST(a_short_frame_is_padded_if_that_is_wanted),
        TEST(the_fcs_is_the_drivers_if_it_wants),
        TEST(what_is_not_as_long_as_announced_is_refused),
        TEST(a_frame_that_has_no_room_is_an_error_to_be_cleared),
        TEST(who_clears_txer_begins_anew),
        TEST(while_it_sends_nothing_is_taken),
        TEST(without_a_link_it_goes_nowhere_but_goes),
        TEST(a_late_collision_costs_the_frame),
        TEST(at_10_mbit_and_half_duplex_it_hears_itself),
        TEST(the_line_follows_what_is_enabled),
        TEST(the_phy_answers_after_64_bits),
        TEST(the_phy_tells_what_it_has_agreed_on),
        TEST(the_phys_interrupt_is_an_edge),
    };

    return cmocka_run_group_tests_name("stellaris model", tests, NULL, NULL);
}
