// SPDX-License-Identifier: MIT
//
// What the W5500 driver says on the bus, byte by byte, against the data sheet
// and not against the model's idea of it. Control bytes are written out: block
// in bits 7 to 3, write in bit 2.

#include "driver_script.h"

#include "w5500/w5500.h"

#include <string.h>

static struct script s;
static struct w5500_raw raw;

static const struct nif_hwaddr own = { { 2, 0x11, 0x22, 0x33, 0x44, 0x55 } };

static void make_raw(bool pins)
{
    script_init(&s);
    w5500_raw_init(&raw,
        &(struct w5500_cfg){
            .spi = &s.spi,
            .clock = &s.clock,
            .interrupt = pins ? &s.interrupt : NULL,
            .reset = pins ? &s.reset : NULL,
            .hwaddr = own,
        });
}

static void up_raw(bool pins)
{
    uint64_t again_us = NIF_NEVER;

    make_raw(pins);
    assert_int_equal(nif_iface_start(&raw.chip.iface), 0);
    assert_int_equal(nif_iface_poll(&raw.chip.iface, &again_us), 0);
    s.count = 0;
}

// ---- bring-up

static void bring_up_writes_what_the_data_sheet_asks_for(void **state)
{
    static const uint8_t common[] = {
        0, 0, 0, 0,                      // GAR
        0, 0, 0, 0,                      // SUBR
        2, 0x11, 0x22, 0x33, 0x44, 0x55, // SHAR
        0, 0, 0, 0,                      // SIPR: the chip is silent
        0, 0,                            // INTLEVEL
        0xF0,                            // IR: all cleared
        0,                               // IMR
    };
    static const uint8_t times[] = { 0x01, 0x07, 0xD0, 0x08 }; // SIMR, RTR, RCR
    static const uint8_t all[] = { 16, 16 };
    static const uint8_t none[] = { 0, 0 };
    size_t at;

    (void)state;
    make_raw(false);
    assert_int_equal(nif_iface_start(&raw.chip.iface), 0);
    at = script_find(&s, 0, 0x04, 0x0000);
    script_is(&s, at, 0x04, 0x0000, "\x80", 1); // MR: reset
    at = script_find(&s, at, 0x00, 0x0039);
    script_is(&s, at, 0x00, 0x0039, "\x04", 1); // VERSIONR
    at = script_find(&s, at, 0x00, 0x0000);
    script_is(&s, at, 0x00, 0x0000, "\x00", 1); // the reset has ended
    for (unsigned n = 0; n < 8; n++) {
        at = script_find(&s, at, (uint8_t)(n * 0x20 + 0x0C), 0x001E);
        script_is(&s, at, (uint8_t)(n * 0x20 + 0x0C), 0x001E,
            n == 0 ? all : none, 2);
    }
    at = script_find(&s, at, 0x04, 0x0000);
    script_is(&s, at, 0x04, 0x0000, "\x10", 1); // MR: no ping
    script_is(&s, at + 1, 0x04, 0x0001, common, sizeof(common));
    script_is(&s, at + 2, 0x04, 0x0018, times, sizeof(times));
    at = script_find(&s, at, 0x0C, 0x002C);
    script_is(&s, at, 0x0C, 0x002C, "\x1C", 1); // S0_IMR
    at = script_find(&s, at, 0x0C, 0x0000);
    script_is(&s, at, 0x0C, 0x0000, "\xA4", 1);     // MFEN, MMB, MACRAW
    script_is(&s, at + 1, 0x0C, 0x0001, "\x01", 1); // OPEN
    script_is(&s, at + 2, 0x08, 0x0001, "\x00", 1); // taken
    script_is(&s, at + 3, 0x08, 0x0003, "\x42", 1);
    // The PHY was left alone.
    assert_int_equal(script_find(&s, 0, 0x04, 0x002E), s.count);
}

static void the_reset_line_is_low_long_enough(void **state)
{
    (void)state;
    make_raw(true);
    assert_int_equal(nif_iface_start(&raw.chip.iface), 0);
    assert_in_range(s.low_us, 500, 600);
    // Then 1 ms for the PLL, and one more for the reset by command.
    assert_in_range(s.delay_us - s.low_us, 2000, 4000);
}

static void a_phy_mode_is_set_by_a_reset_of_the_phy(void **state)
{
    static const uint8_t value[] = { 0, 0xC0, 0xC8, 0xD0, 0xD8, 0xE0, 0xF8 };

    (void)state;
    for (unsigned phy = W5500_PHY_10_HALF; phy <= W5500_PHY_AUTO; phy++) {
        uint8_t low = value[phy] & 0x7F;
        struct w5500_cfg cfg;
        size_t at;

        make_raw(false);
        cfg = raw.chip.cfg;
        cfg.phy = (uint8_t)phy;
        w5500_raw_init(&raw, &cfg);
        assert_int_equal(nif_iface_start(&raw.chip.iface), 0);
        at = script_find(&s, 0, 0x04, 0x002E);
        script_is(&s, at, 0x04, 0x002E, &low, 1);
        script_is(&s, at + 1, 0x04, 0x002E, &value[phy], 1);
    }
}

static void a_phy_that_was_left_asleep_is_woken(void **state)
{
    size_t at;

    (void)state;
    make_raw(false);
    s.mem[0][0x2E] = 0xF0; // powered down by who ran before us
    assert_int_equal(nif_iface_start(&raw.chip.iface), 0);
    at = script_find(&s, 0, 0x04, 0x002E);
    script_is(&s, at, 0x04, 0x002E, "\x38", 1);
    script_is(&s, at + 1, 0x04, 0x002E, "\xB8", 1);
}

static void stop_resets_the_chip_and_lets_the_phy_sleep(void **state)
{
    (void)state;
    up_raw(false);
    assert_int_equal(nif_iface_stop(&raw.chip.iface), 0);
    assert_int_equal(s.count, 3);
    script_is(&s, 0, 0x04, 0x0000, "\x80", 1);
    script_is(&s, 1, 0x04, 0x002E, "\x70", 1);
    script_is(&s, 2, 0x04, 0x002E, "\xF0", 1);
    assert_int_equal(nif_iface_flags(&raw.chip.iface) & NIF_IFACE_STARTED, 0);
}

static void another_chip_is_refused(void **state)
{
    (void)state;
    make_raw(false);
    s.version = 0x51; // a W5100S
    assert_int_equal(nif_iface_start(&raw.chip.iface), NIF_ENODEV);
    assert_int_equal(nif_iface_flags(&raw.chip.iface) & NIF_IFACE_STARTED, 0);
    // Nothing was changed but by the reset.
    assert_int_equal(script_find(&s, 0, 0x0C, 0x0001), s.count);
}

static void a_command_that_is_not_taken_is_given_up_in_time(void **state)
{
    uint64_t since_us;

    (void)state;
    make_raw(false);
    s.commands = 0;
    since_us = s.now_us;
    assert_int_equal(nif_iface_start(&raw.chip.iface), NIF_ETIMEDOUT);
    assert_true(s.now_us - since_us < 50000);
}

static void a_command_is_waited_for_half_a_millisecond(void **state)
{
    static const uint8_t frame[60] = { 1 };
    const struct nif_seg seg = { frame, sizeof(frame) };
    uint64_t since_us;

    (void)state;
    up_raw(false);
    s.commands = 0;
    since_us = s.now_us;
    assert_int_equal(nif_eth_send(&raw.chip.iface, &seg, 1), NIF_EIO);
    assert_in_range(s.now_us - since_us, 500, 520);
}

// ---- frames

static void a_frame_is_written_and_sent(void **state)
{
    uint8_t frame[100];
    const struct nif_seg segs[] = { { frame, 14 }, { frame + 14, 86 } };

    (void)state;
    for (size_t i = 0; i < sizeof(frame); i++) {
        frame[i] = (uint8_t)i;
    }
    up_raw(false);
    nif_put_be16(script_sn(&s, 0, 0x24), 0); // as OPEN left it
    assert_int_equal(nif_eth_send(&raw.chip.iface, segs, 2), 0);
    assert_int_equal(s.count, 4);
    assert_int_equal(s.said[0].control, 0x14);
    assert_int_equal(s.said[0].offset, 0x0000);
    assert_int_equal(s.said[0].len, 100);
    assert_memory_equal(s.mem[2], frame, 100);
    script_is(&s, 1, 0x0C, 0x0024, "\x00\x64", 2); // TX_WR
    script_is(&s, 2, 0x0C, 0x0001, "\x20", 1);     // SEND
    script_is(&s, 3, 0x08, 0x0001, "\x00", 1);
}

// The next is written behind it, but not sent before SENDOK.
static void a_second_frame_waits_for_the_end_of_the_first(void **state)
{
    static const uint8_t frame[60] = { 1 };
    const struct nif_seg seg = { frame, sizeof(frame) };
    uint64_t again_us = NIF_NEVER;

    (void)state;
    up_raw(false);
    s.no_sendok = true;
    assert_int_equal(nif_eth_send(&raw.chip.iface, &seg, 1), 0);
    s.count = 0;
    assert_int_equal(nif_eth_send(&raw.chip.iface, &seg, 1), 0);
    assert_int_equal(s.said[0].control, 0x14);
    assert_int_equal(s.said[0].offset, 60);
    assert_int_equal(script_find(&s, 0, 0x0C, 0x0001), s.count);
    assert_int_equal(nif_eth_send(&raw.chip.iface, &seg, 1), NIF_EAGAIN);
    assert_int_equal(script_find(&s, 0, 0x0C, 0x0001), s.count);
    *script_sn(&s, 0, 2) = 0x10;
    s.count = 0;
    assert_int_equal(nif_iface_poll(&raw.chip.iface, &again_us), 0);
    script_is(&s, 0, 0x08, 0x0002, "\x10", 1); // S0_IR
    script_is(&s, 1, 0x0C, 0x0002, "\x10", 1); // cleared
    script_is(&s, 2, 0x0C, 0x0024, "\x00\x78", 2);
    script_is(&s, 3, 0x0C, 0x0001, "\x20", 1);
}

static void a_frame_is_read_and_its_room_given_back(void **state)
{
    uint64_t again_us = NIF_NEVER;
    uint8_t buf[NIF_ETH_FRAME_MAX];
    uint8_t *got = NULL;

    (void)state;
    up_raw(true);
    assert_int_equal(nif_eth_recv(&raw.chip.iface, buf, sizeof(buf), &got),
        NIF_EAGAIN); // all is looked at once
    s.count = 0;
    for (size_t i = 0; i < 64; i++) {
        s.mem[3][i + 2] = (uint8_t)(i * 3);
    }
    nif_put_be16(s.mem[3], 66);
    nif_put_be16(script_sn(&s, 0, 0x26), 66);
    *script_sn(&s, 0, 2) = 0x04;
    s.int_level = false;
    assert_int_equal(nif_iface_poll(&raw.chip.iface, &again_us), 0);
    script_is(&s, 0, 0x08, 0x0002, "\x04", 1); // cleared first, ...
    script_is(&s, 1, 0x0C, 0x0002, "\x04", 1);
    s.int_level = true;
    assert_int_equal(nif_eth_recv(&raw.chip.iface, buf, sizeof(buf), &got), 64);
    script_is(&s, 2, 0x08, 0x0026, "\x00\x42", 2); // ... then RSR, twice
    script_is(&s, 3, 0x08, 0x0026, "\x00\x42", 2);
    script_is(&s, 4, 0x18, 0x0000, "\x00\x42", 2);
    assert_int_equal(s.said[5].control, 0x18);
    assert_int_equal(s.said[5].offset, 0x0002);
    assert_int_equal(s.said[5].len, 64);
    script_is(&s, 6, 0x0C, 0x0028, "\x00\x42", 2); // RX_RD
    script_is(&s, 7, 0x0C, 0x0001, "\x40", 1);     // RECV
    script_is(&s, 8, 0x08, 0x0001, "\x00", 1);
    assert_ptr_equal(got, buf);
    assert_memory_equal(buf, s.mem[3] + 2, 64);
}

// Where the pointers begin is the chip's business.
static void frames_begin_where_open_put_the_pointers(void **state)
{
    static const uint8_t frame[60] = { 1 };
    const struct nif_seg seg = { frame, sizeof(frame) };
    uint8_t buf[NIF_ETH_FRAME_MAX];
    uint8_t *got = NULL;

    (void)state;
    make_raw(false);
    s.rx_rd = 0x1234;
    s.tx_wr = 0x4321;
    assert_int_equal(nif_iface_start(&raw.chip.iface), 0);
    assert_int_equal(nif_iface_poll(&raw.chip.iface, &(uint64_t){ 0 }), 0);
    s.count = 0;
    assert_int_equal(nif_eth_send(&raw.chip.iface, &seg, 1), 0);
    assert_int_equal(s.said[0].offset, 0x4321);
    nif_put_be16(s.mem[3] + 0x1234, 62);
    nif_put_be16(script_sn(&s, 0, 0x26), 62);
    assert_int_equal(nif_eth_recv(&raw.chip.iface, buf, sizeof(buf), &got), 60);
}

static void an_idle_chip_with_intn_is_left_alone(void **state)
{
    uint64_t again_us = NIF_NEVER;
    uint8_t buf[NIF_ETH_FRAME_MAX];
    uint8_t *got = NULL;

    (void)state;
    up_raw(true);
    assert_int_equal(nif_eth_recv(&raw.chip.iface, buf, sizeof(buf), &got),
        NIF_EAGAIN);
    s.count = 0;
    for (unsigned i = 0; i < 100; i++) {
        assert_int_equal(nif_iface_poll(&raw.chip.iface, &again_us), 0);
        assert_int_equal(nif_eth_recv(&raw.chip.iface, buf, sizeof(buf), &got),
            NIF_EAGAIN);
    }
    assert_int_equal(s.count, 0);
    assert_in_range(again_us, s.now_us + 50000, s.now_us + 100000);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(bring_up_writes_what_the_data_sheet_asks_for),
        cmocka_unit_test(the_reset_line_is_low_long_enough),
        cmocka_unit_test(a_phy_mode_is_set_by_a_reset_of_the_phy),
        cmocka_unit_test(a_phy_that_was_left_asleep_is_woken),
        cmocka_unit_test(stop_resets_the_chip_and_lets_the_phy_sleep),
        cmocka_unit_test(another_chip_is_refused),
        cmocka_unit_test(a_command_that_is_not_taken_is_given_up_in_time),
        cmocka_unit_test(a_command_is_waited_for_half_a_millisecond),
        cmocka_unit_test(a_frame_is_written_and_sent),
        cmocka_unit_test(a_second_frame_waits_for_the_end_of_the_first),
        cmocka_unit_test(a_frame_is_read_and_its_room_given_back),
        cmocka_unit_test(frames_begin_where_open_put_the_pointers),
        cmocka_unit_test(an_idle_chip_with_intn_is_left_alone),
    };

    return cmocka_run_group_tests_name("w5500 wire", tests, NULL, NULL);
}
