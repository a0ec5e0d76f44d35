// SPDX-License-Identifier: MIT
//
// What the driver of the Stellaris Ethernet controller makes of its registers,
// and what its functions return.

#include "bench.h"

#define RIS  0x00u
#define IM   0x04u
#define RCTL 0x08u
#define TCTL 0x0Cu
#define NP   0x34u

static uint32_t reg(uint32_t offset)
{
    return nif_mmio_read(&d.chip.mmio, offset);
}

static void without_a_link_nothing_is_on(void **state)
{
    (void)state;
    open_device(&(struct how){ .polled = false });
    assert_int_equal(d.mac.mac.ops->start(&d.mac.mac), 0);
    assert_int_equal(reg(RCTL), 0x08);
    assert_int_equal(reg(TCTL), 0x06);
    assert_int_equal(reg(IM), 0);
    assert_int_equal(reg(RIS) & ~0x20u, 0);
    close_device();
    bring_up(&(struct how){ .polled = false });
    assert_int_equal(reg(RCTL), 0x09);
    assert_int_equal(reg(TCTL), 0x17);
    assert_int_equal(reg(IM), 0x41);
    sim_cable_plug(&d.cable, false);
    run_us(300000);
    assert_int_equal(reg(RCTL), 0x08);
    assert_int_equal(reg(TCTL), 0x06);
    sim_cable_plug(&d.cable, true);
    run_us(WAITS_US);
    assert_int_equal(d.mac.mac.ops->link(&d.mac.mac,
                         &(struct nif_phy_link){ .up = true }),
        0);
    assert_int_equal(reg(TCTL), 0x07); // half duplex
    assert_int_equal(d.mac.mac.ops->stop(&d.mac.mac), 0);
    assert_int_equal(reg(RCTL), 0x08);
    assert_int_equal(reg(TCTL), 0x06);
    assert_int_equal(reg(IM), 0);
    close_device();
}

static void on_complaint(void *arg, uint64_t at_ns, const char *who,
    const char *what)
{
    (void)arg;
    (void)at_ns;
    (void)who;
    (void)what;
}

static void on_strike(struct sim_event *event)
{
    (void)event;
    sim_stellaris_reset(&d.chip);
}

static void a_start_acknowledges_all(void **state)
{
    (void)state;
    bring_up(&(struct how){ .polled = true });
    nif_mmio_write(&d.chip.mmio, 0x2C, 0x0400); // register 17 asks
    nif_mmio_write(&d.chip.mmio, 0x20, 17 << 3 | 3);
    arrive(&own, 100, 1);
    sim_pass_ns(&d.world, 100 * SIM_US);
    sim_cable_plug(&d.cable, false);
    assert_int_equal(reg(RIS) & 0x41, 0x41);
    assert_int_equal(d.mac.mac.ops->start(&d.mac.mac), 0);
    assert_int_equal(reg(RIS), 0x20); // of the PHY's ID
    close_device();
}

// It is lost in the middle of start(), behind each access, or before the link
// comes.
static void who_was_lost_while_it_was_set_up_gets_its_address(void **state)
{
    (void)state;
    for (unsigned at = 0; at < 60; at++) {
        struct sim_event event = { .fn = on_strike };

        open_device(&(struct how){ .polled = at % 2 });
        d.world.on_complaint = on_complaint; // it is not asked for
        sim_strike_at(&d.world, d.world.strike_count + at, &event);
        if (nif_iface_start(d.iface) != 0) {
            assert_int_equal(nif_iface_start(d.iface), 0);
        }
        run_us(WAITS_US);
        assert_traffic();
        d.world.complaints = 0;
        close_device();
    }
}

static void after_a_start_what_was_before_is_gone(void **state)
{
    (void)state;
    bring_up(&(struct how){ .polled = false });
    arrive(&own, 100, 1);
    sim_pass_ns(&d.world, 100 * SIM_US);
    assert_int_equal(reg(NP), 1);
    assert_int_equal(nif_iface_stop(d.iface), 0);
    assert_int_equal(reg(NP), 0);
    assert_int_equal(nif_iface_start(d.iface), 0);
    run_us(WAITS_US);
    assert_traffic();
    close_device();
}

static void the_filter_is_as_wide_as_it_must_be(void **state)
{
    static const struct nif_hwaddr group = { { 1, 0, 0x5E, 0, 0, 9 } };
    static const struct {
        struct nif_eth_filter filter;
        uint32_t rctl;
    } cases[] = {
        { { .groups = &group, .group_count = 1 }, 0x0B },
        { { .promiscuous = true }, 0x0D },
        { { .all_multicast = true }, 0x0B },
        { { .promiscuous = false }, 0x09 },
    };

    (void)state;
    bring_up(&(struct how){ .polled = false });
    for (size_t i = 0; i < nif_countof(cases); i++) {
        assert_int_equal(d.mac.mac.ops->filter(&d.mac.mac, &cases[i].filter),
            0);
        assert_int_equal(reg(RCTL), cases[i].rctl);
        arrive(&group, 100, (uint8_t)(i + 1));
        run_us(1000);
        assert_int_equal(receive(), i < 3 ? i + 1 : 0);
    }
    close_device();
}

static void mdio_has_one_phy(void **state)
{
    struct nif_mdio *mdio = &d.mac.mdio;

    (void)state;
    bring_up(&(struct how){ .polled = false });
    assert_int_equal(mdio->ops->read(mdio, 0, 2), 0x000E);
    assert_int_equal(mdio->ops->read(mdio, 0, 8), 0xFFFF); // not there
    assert_int_equal(mdio->ops->read(mdio, 1, 2), 0xFFFF);
    assert_int_equal(mdio->ops->write(mdio, 0, 23, 0x21), 0);
    assert_int_equal(mdio->ops->read(mdio, 0, 23), 0x21);
    assert_int_equal(mdio->ops->write(mdio, 1, 23, 0x43), 0);
    assert_int_equal(mdio->ops->read(mdio, 0, 23), 0x21);
    close_device();
}

static void an_mii_that_hangs_is_an_error_in_time(void **state)
{
    uint64_t begun_ns;

    (void)state;
    open_device(&(struct how){ .ops = &device_hung });
    begun_ns = d.world.now_ns;
    assert_int_equal(d.mac.mac.ops->start(&d.mac.mac), NIF_ETIMEDOUT);
    assert_true(d.world.now_ns - begun_ns < 1200 * SIM_US);
    close_device();
    bring_up(&(struct how){ .polled = true });
    d.mac.cfg.mmio.ops = &device_hung;
    assert_int_equal(d.mac.mdio.ops->read(&d.mac.mdio, 0, 0), NIF_ETIMEDOUT);
    assert_int_equal(d.mac.mdio.ops->write(&d.mac.mdio, 0, 0, 0),
        NIF_ETIMEDOUT);
    close_device();
}

// In microseconds from now.
static uint64_t asks_for(int *seen)
{
    uint64_t again_us = NIF_NEVER;
    uint64_t now_us = d.world.now_ns / 1000;

    *seen = d.mac.mac.ops->poll(&d.mac.mac, &again_us);
    return again_us == NIF_NEVER ? NIF_NEVER : again_us - now_us;
}

static void poll_says_what_there_is_and_when_it_is_to_come_again(void **state)
{
    int seen;

    (void)state;
    for (int polled = 0; polled < 2; polled++) {
        bring_up(&(struct how){ .polled = polled });
        if (polled) {
            assert_in_range(asks_for(&seen), 990, 1010);
        } else {
            assert_true(asks_for(&seen) == NIF_NEVER);
        }
        assert_int_equal(seen, NIF_SEEN_NO_FRAME);
        for (unsigned i = 1; i <= 2; i++) {
            arrive(&own, 100, (uint8_t)i);
            sim_pass_ns(&d.world, 100 * SIM_US);
            assert_in_range(asks_for(&seen), 0, 10);
            assert_int_equal(seen, 0);
        }
        assert_int_equal(receive(), 1);
        assert_int_equal(receive(), 2);
        assert_int_equal(send_frame(&all, 1514), 0);
        assert_int_equal(send_frame(&all, 100), 0);
        if (polled) {
            assert_in_range(asks_for(&seen), 20, 40);
        } else {
            (void)asks_for(&seen);
            assert_int_equal(reg(IM), 0x47);
        }
        close_device();
    }
}

static void what_has_no_length_of_a_frame_is_not_read(void **state)
{
    static const uint32_t lengths[] = { 0, 19, 2049, 0xFFFF };

    (void)state;
    for (size_t i = 0; i < nif_countof(lengths); i++) {
        bring_up(&(struct how){ .ops = &device_endless, .polled = true });
        d.length = lengths[i];
        d.frame_words = 1;
        d.words = 0;
        assert_int_equal(receive(), 0);
        assert_int_equal(d.words, 32); // it tries so often
        assert_int_equal(d.mac.stats.rx_bad, 32);
        close_device();
    }
}

static void frames_for_others_do_not_hold_it_for_ever(void **state)
{
    (void)state;
    bring_up(&(struct how){ .ops = &device_endless, .polled = true });
    d.length = 20;
    d.frame_words = 5;
    d.words = 0;
    assert_int_equal(receive(), 0);
    assert_int_equal(d.words, 32 * 5);
    assert_int_equal(d.mac.stats.rx_other, 32);
    close_device();
}

// In two pieces, to all, and short ones padded.
static void each_rest_of_a_word_is_sent(void **state)
{
    (void)state;
    bring_up(&(struct how){ .polled = false });
    for (size_t len = 16; len < 70; len++) {
        assert_int_equal(send_frame(&all, len), 0);
        run_us(1000);
        assert_int_equal(d.heard_len, len < 60 ? 60 : len);
        for (size_t i = 12; i < len; i++) {
            assert_int_equal(d.heard_data[i], (i + len) & 0xFF);
        }
    }
    close_device();
}

static void frames_do_not_make_it_look_at_the_phy(void **state)
{
    (void)state;
    bring_up(&(struct how){ .polled = false });
    run_us(1000000);
    d.looks = 0;
    for (unsigned i = 0; i < 20; i++) {
        arrive(&own, 100, 1);
        run_us(10000);
        assert_int_equal(receive(), 1);
    }
    assert_in_range(d.looks, 0, 8); // one look
    close_device();
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(without_a_link_nothing_is_on),
        cmocka_unit_test(a_start_acknowledges_all),
        cmocka_unit_test(who_was_lost_while_it_was_set_up_gets_its_address),
        cmocka_unit_test(after_a_start_what_was_before_is_gone),
        cmocka_unit_test(the_filter_is_as_wide_as_it_must_be),
        cmocka_unit_test(mdio_has_one_phy),
        cmocka_unit_test(an_mii_that_hangs_is_an_error_in_time),
        cmocka_unit_test(poll_says_what_there_is_and_when_it_is_to_come_again),
        cmocka_unit_test(what_has_no_length_of_a_frame_is_not_read),
        cmocka_unit_test(frames_for_others_do_not_hold_it_for_ever),
        cmocka_unit_test(each_rest_of_a_word_is_sent),
        cmocka_unit_test(frames_do_not_make_it_look_at_the_phy),
    };

    return cmocka_run_group_tests_name("stellaris setup", tests, NULL, NULL);
}
