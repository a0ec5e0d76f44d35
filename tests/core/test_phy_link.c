// SPDX-License-Identifier: MIT
//
// The link of a PHY of clause 22: speed and duplex, what was lost in between,
// what was misread; errors; the interrupt line.

#include "phy_bench.h"

// ---- the link

// IEEE 802.3 Annex 28B.3: 100 full, 100 half, 10 full, 10 half.
static void the_best_that_both_can_is_the_link(void **state)
{
    (void)state;
    for (uint16_t ours = 0x20; ours <= ALL; ours += 0x20) {
        for (uint16_t theirs = 0; theirs <= ALL; theirs += 0x20) {
            uint16_t common = ours & theirs;

            bench_up(&(struct nif_phy_cfg){ .abilities = ours });
            b.reg[NIF_PHY_ANLPAR] = theirs | 0xC001;
            assert_int_equal(nif_phy_poll(&b.phy), common != 0);
            assert_int_equal(b.phy.link.up, common != 0);
            if (common & 0x100) {
                assert_true(b.phy.link.is_100 && b.phy.link.full_duplex);
            } else if (common & 0x80) {
                assert_true(b.phy.link.is_100 && !b.phy.link.full_duplex);
            } else if (common & 0x40) {
                assert_true(!b.phy.link.is_100 && b.phy.link.full_duplex);
            } else {
                assert_true(!b.phy.link.is_100 && !b.phy.link.full_duplex);
            }
        }
    }
}

// IEEE 802.3 28.2.3.1: by its signal alone a partner's duplex is not known.
static void a_partner_that_does_not_negotiate_gets_half_duplex(void **state)
{
    (void)state;
    for (int is_100 = 0; is_100 < 2; is_100++) {
        bench_up(NULL);
        b.reg[NIF_PHY_ANER] = 0;
        b.reg[NIF_PHY_ANLPAR] = is_100 ? 0x80 : 0x20;
        assert_int_equal(nif_phy_poll(&b.phy), 1);
        assert_int_equal(b.phy.link.is_100, is_100);
        assert_false(b.phy.link.full_duplex);
        // Not even where the register says otherwise.
        bench_up(NULL);
        b.reg[NIF_PHY_ANER] = 0;
        assert_int_equal(nif_phy_poll(&b.phy), 1);
        assert_false(b.phy.link.full_duplex);
    }
}

static void pause_takes_both_sides_and_full_duplex(void **state)
{
    (void)state;
    for (unsigned i = 0; i < 8; i++) {
        bool ours = (i & 1) != 0;
        bool theirs = (i & 2) != 0;
        bool full = (i & 4) != 0;

        bench_up(&(struct nif_phy_cfg){ .pause = ours });
        b.reg[NIF_PHY_ANLPAR] =
            (uint16_t)(1 | (full ? 0x100 : 0x80) | (theirs ? 0x400 : 0));
        assert_int_equal(nif_phy_poll(&b.phy), 1);
        assert_int_equal(b.phy.link.pause, ours && theirs && full);
    }
}

static void a_link_that_is_not_yet_negotiated_is_none(void **state)
{
    (void)state;
    bench_up(NULL);
    b.reg[NIF_PHY_BMSR] = CAN | NIF_PHY_BMSR_LINK;
    assert_int_equal(nif_phy_poll(&b.phy), 0);
    assert_false(b.phy.link.up);
    b.reg[NIF_PHY_BMSR] = STATUS;
    assert_int_equal(nif_phy_poll(&b.phy), 1);
    assert_int_equal(nif_phy_poll(&b.phy), 0);
    assert_true(b.phy.link.up);
}

// IEEE 802.3 22.2.4.2.13: BMSR.2 stays 0 until it has been read.
static void a_link_lost_in_between_is_told_and_then_found_again(void **state)
{
    (void)state;
    bench_up(NULL);
    b.latched = true; // from before there was a link
    assert_int_equal(nif_phy_poll(&b.phy), 1);
    assert_true(b.phy.link.up);
    b.latched = true;
    assert_int_equal(nif_phy_poll(&b.phy), 1);
    assert_false(b.phy.link.up);
    assert_int_equal(nif_phy_poll(&b.phy), 1);
    assert_true(b.phy.link.up);
}

// MDIO has no checksum.
static void a_misread_speed_does_not_last(void **state)
{
    static const uint16_t misread[] = { 0x81, 0x41, 0x21, 1 };

    (void)state;
    for (size_t i = 0; i < nif_countof(misread); i++) {
        bool up_at_all = misread[i] != 1;

        bench_up(NULL);
        b.reg[NIF_PHY_ANLPAR] = misread[i];
        assert_int_equal(nif_phy_poll(&b.phy), up_at_all);
        b.reg[NIF_PHY_ANLPAR] = ALL | 1;
        assert_int_equal(nif_phy_poll(&b.phy), 1);
        assert_int_equal(b.phy.link.up, !up_at_all);
        assert_int_equal(nif_phy_poll(&b.phy), up_at_all);
        assert_true(b.phy.link.up);
        assert_true(b.phy.link.is_100 && b.phy.link.full_duplex);
    }
}

// ---- faults

static void a_lost_setting_is_told(void **state)
{
    static const struct {
        uint8_t reg;
        uint16_t change;
        int want;
    } cases[] = {
        { NIF_PHY_BMCR, NIF_PHY_BMCR_DOWN, NIF_EPROTO },
        { NIF_PHY_BMCR, NIF_PHY_BMCR_ISOLATE, NIF_EPROTO },
        { NIF_PHY_BMCR, NIF_PHY_BMCR_AUTO, NIF_EPROTO },
        { NIF_PHY_BMCR, NIF_PHY_BMCR_LOOP, NIF_EPROTO },
        { NIF_PHY_BMCR, NIF_PHY_BMCR_RESET, NIF_EPROTO },
        { NIF_PHY_BMCR, NIF_PHY_BMCR_FULL, 1 }, // some show what they agreed
        { NIF_PHY_BMCR, NIF_PHY_BMCR_100, 1 },
        { NIF_PHY_ANAR, 0x0100, NIF_EPROTO },
        { NIF_PHY_ANAR, NIF_PHY_ANAR_PAUSE, NIF_EPROTO },
    };

    (void)state;
    for (size_t i = 0; i < nif_countof(cases); i++) {
        bench_up(NULL);
        b.reg[cases[i].reg] ^= cases[i].change;
        assert_int_equal(nif_phy_poll(&b.phy), cases[i].want);
        assert_int_equal(b.phy.link.up, cases[i].want > 0);
    }
}

static void a_phy_that_no_longer_answers_has_no_link(void **state)
{
    static const int empty[] = { 0xFFFF, 0 };

    (void)state;
    for (size_t i = 0; i < nif_countof(empty); i++) {
        bench_up(NULL);
        assert_int_equal(nif_phy_poll(&b.phy), 1);
        b.addr = 32;
        b.empty = empty[i];
        assert_int_equal(nif_phy_poll(&b.phy), NIF_EIO);
        assert_false(b.phy.link.up);
        assert_int_equal(nif_phy_poll(&b.phy), NIF_EINVAL);
        assert_int_equal(bench_bring_up(), NIF_ENODEV);
        assert_int_equal(b.phy.addr, OURS);
        b.addr = OURS;
        assert_int_equal(bench_bring_up(), 0);
        assert_int_equal(nif_phy_poll(&b.phy), 1);
    }
}

// What a caller does, up to the first error. Returns it.
static int all(void)
{
    int err = bench_bring_up();

    return err != 0 ? err : nif_phy_poll(&b.phy);
}

static void an_error_at_any_frame_is_told_and_ends_the_call(void **state)
{
    static const int errs[] = { NIF_EIO, NIF_ETIMEDOUT };
    unsigned frames;

    (void)state;
    bench_open(NULL);
    assert_int_equal(all(), 1);
    frames = b.frames;
    assert_in_range(frames, 15, 30);
    for (unsigned at = 0; at < frames; at++) {
        for (size_t i = 0; i < nif_countof(errs); i++) {
            bench_open(NULL);
            b.fail_at = at;
            b.fail_err = errs[i];
            assert_int_equal(all(), errs[i]);
            assert_int_equal(b.after_failure, 0);
            assert_false(b.phy.link.up);
            b.fail_err = 0;
            assert_int_equal(all(), 1);
            assert_true(b.phy.link.is_100 && b.phy.link.full_duplex);
        }
    }
}

static void there_is_no_link_before_it_is_ready(void **state)
{
    (void)state;
    bench_open(NULL);
    assert_int_equal(nif_phy_poll(&b.phy), NIF_EINVAL);
    assert_int_equal(b.frames, 0);
}

static void power_down_and_up(void **state)
{
    (void)state;
    bench_open(NULL);
    assert_int_equal(nif_phy_power_down(&b.phy), 0); // it is not known yet
    assert_int_equal(b.frames, 0);
    bench_up(NULL);
    assert_int_equal(nif_phy_poll(&b.phy), 1);
    assert_int_equal(nif_phy_power_down(&b.phy), 0);
    assert_int_equal(b.reg[NIF_PHY_BMCR], NIF_PHY_BMCR_DOWN);
    assert_false(b.phy.link.up);
    assert_int_equal(nif_phy_poll(&b.phy), NIF_EINVAL);
    b.fail_at = b.frames;
    b.fail_err = NIF_EIO;
    assert_int_equal(nif_phy_power_down(&b.phy), NIF_EIO);
    b.fail_err = 0;
    nif_phy_begin(&b.phy);
    assert_int_equal(all(), 1);
    assert_int_equal(b.reg[NIF_PHY_BMCR], NIF_PHY_BMCR_AUTO);
}

// ---- the interrupt line

static void a_low_line_asks_until_it_turns_out_to_lie(void **state)
{
    (void)state;
    bench_up(NULL);
    assert_false(nif_phy_asks(&b.phy)); // it has none
    bench_up(&(struct nif_phy_cfg){ .interrupt = &b.pin });
    assert_false(nif_phy_asks(&b.phy));
    b.level = false;
    assert_true(nif_phy_asks(&b.phy));
    assert_int_equal(nif_phy_poll(&b.phy), 1);
    assert_false(nif_phy_asks(&b.phy));
    assert_int_equal(nif_phy_poll(&b.phy), 0);
    assert_false(nif_phy_asks(&b.phy));
    b.level = true;
    assert_false(nif_phy_asks(&b.phy));
    b.level = false;
    assert_true(nif_phy_asks(&b.phy));
    // After a new start it is asked once more.
    assert_int_equal(nif_phy_poll(&b.phy), 0);
    assert_false(nif_phy_asks(&b.phy));
    nif_phy_begin(&b.phy);
    assert_true(nif_phy_asks(&b.phy));
}

// A look while the line is high says nothing against the line.
static void a_line_that_was_high_is_believed(void **state)
{
    (void)state;
    bench_up(&(struct nif_phy_cfg){ .interrupt = &b.pin });
    assert_int_equal(nif_phy_poll(&b.phy), 1);
    b.level = false;
    assert_true(nif_phy_asks(&b.phy));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_best_that_both_can_is_the_link),
        cmocka_unit_test(a_partner_that_does_not_negotiate_gets_half_duplex),
        cmocka_unit_test(pause_takes_both_sides_and_full_duplex),
        cmocka_unit_test(a_link_that_is_not_yet_negotiated_is_none),
        cmocka_unit_test(a_link_lost_in_between_is_told_and_then_found_again),
        cmocka_unit_test(a_misread_speed_does_not_last),
        cmocka_unit_test(a_lost_setting_is_told),
        cmocka_unit_test(a_phy_that_no_longer_answers_has_no_link),
        cmocka_unit_test(an_error_at_any_frame_is_told_and_ends_the_call),
        cmocka_unit_test(there_is_no_link_before_it_is_ready),
        cmocka_unit_test(power_down_and_up),
        cmocka_unit_test(a_low_line_asks_until_it_turns_out_to_lie),
        cmocka_unit_test(a_line_that_was_high_is_believed),
    };

    return cmocka_run_group_tests_name("phy link", tests, NULL, NULL);
}
