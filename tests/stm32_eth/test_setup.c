// SPDX-License-Identifier: MIT
//
// The driver of the STM32's MAC: start, link, interrupts, MDIO, filter: what is
// written, and in what order.

#include "bench.h"

// A PHY in power down may give no clock: the DMA's reset would not end.
static void start_needs_no_clock_from_the_phy(void **state)
{
    (void)state;
    bench_open(true, 168000000);
    b.reg[DMAOMR / 4] = 0x2002;
    b.reg[DMAIER / 4] = 0x1FFFF;
    b.reset = UINT32_MAX;
    assert_int_equal(b.mac->ops->start(b.mac), 0);
    assert_int_equal(b.written[DMABMR / 4], 0);
    assert_int_equal(b.reg[MACCR / 4], 0x8000);
    assert_int_equal(b.reg[DMAOMR / 4], 0);
    assert_int_equal(b.reg[DMAIER / 4], 0);
}

static void a_mac_without_its_own_clock_is_no_device(void **state)
{
    (void)state;
    bench_open(true, 168000000);
    b.off = true;
    assert_int_equal(b.mac->ops->start(b.mac), NIF_ENODEV);
}

static void without_the_clock_of_rmii_the_link_times_out(void **state)
{
    uint64_t since_us;
    uint64_t due_us;

    (void)state;
    bench_open(true, 168000000);
    assert_int_equal(b.mac->ops->start(b.mac), 0);
    b.reset = UINT32_MAX;
    since_us = b.now_us;
    assert_int_equal(bench_link(true, true, true), NIF_ETIMEDOUT);
    assert_in_range(b.now_us - since_us, 1000, 1200);
    assert_int_equal(b.reg[DMAOMR / 4] & 0x2002, 0);
    assert_int_equal(bench_poll(&due_us), 0);
    // Nothing may be written before the reset has ended.
    b.step = 0;
    assert_int_equal(b.mac->ops->start(b.mac), NIF_ETIMEDOUT);
    assert_int_equal(b.mac->mdio->ops->read(b.mac->mdio, 1, 3), NIF_ETIMEDOUT);
    assert_int_equal(b.mac->mdio->ops->write(b.mac->mdio, 1, 3, 0),
        NIF_ETIMEDOUT);
    assert_int_equal(b.mac->ops->stop(b.mac), 0);
    assert_int_equal(b.step, 0);
    b.reset = 0;
    assert_int_equal(b.mac->ops->start(b.mac), 0);
    assert_int_equal(bench_link(true, true, true), 0);
}

static void speed_and_duplex_are_set_before_frames_flow(void **state)
{
    (void)state;
    for (unsigned i = 0; i < 4; i++) {
        uint32_t want =
            0x8000 | 0xC | (i & 1 ? 0x4000 : 0) | (i & 2 ? 0x0800 : 0x2000);

        bench_open(true, 168000000);
        assert_int_equal(b.mac->ops->start(b.mac), 0);
        assert_int_equal(bench_link(true, i & 1, i & 2), 0);
        assert_int_equal(b.reg[MACCR / 4], want);
        assert_int_equal(b.reg[DMAOMR / 4], 0x02202002);
        assert_true(b.written[DMAOMR / 4] < b.written[MACCR / 4]);
        assert_true(b.written[RDLAR / 4] < b.written[DMAOMR / 4]);
        assert_true(b.written[TDLAR / 4] < b.written[DMAOMR / 4]);
        // The high half first: the low one makes both valid.
        assert_int_equal(b.reg[MACA0HR / 4], 0x5544);
        assert_int_equal(b.reg[MACA0LR / 4], 0x33221102);
        assert_true(b.written[MACA0HR / 4] < b.written[MACA0LR / 4]);
        assert_int_equal(b.reg[DMABMR / 4], 0x02012000);
    }
}

static void down_stops_all(void **state)
{
    uint64_t due_us;

    (void)state;
    bench_up(true);
    assert_int_equal(bench_link(false, false, false), 0);
    assert_int_equal(b.reg[MACCR / 4], 0x8000);
    assert_int_equal(b.reg[DMAOMR / 4], 0);
    assert_int_equal(b.reg[DMAIER / 4], 0);
    assert_int_equal(bench_poll(&due_us), 0);
    assert_true(due_us == NIF_NEVER);
    bench_up(true);
    assert_int_equal(b.mac->ops->stop(b.mac), 0);
    assert_int_equal(b.reg[MACCR / 4], 0x8000);
    assert_int_equal(b.reg[DMAOMR / 4], 0);
}

static void interrupts_are_on_only_where_they_are_handled(void **state)
{
    uint64_t due_us;

    (void)state;
    bench_up(true);
    assert_int_equal(b.reg[DMAIER / 4], 0x1A0C1);
    assert_int_equal(bench_poll(&due_us), 0);
    assert_true(due_us == NIF_NEVER);
    // No other source of the same line may be left on.
    assert_int_equal(b.reg[0x10C / 4], 0x20060);
    assert_int_equal(b.reg[0x110 / 4], 0x20C000);
    assert_int_equal(b.reg[0x03C / 4], 0x208);
    bench_up(false);
    assert_int_equal(b.reg[DMAIER / 4], 0);
    assert_int_equal(bench_poll(&due_us), 0);
    assert_int_equal(due_us, b.now_us - 1 + 50U * (uint64_t)RX);
}

static void the_handler_takes_back_and_wakes(void **state)
{
    uint64_t due_us;

    (void)state;
    bench_up(true);
    b.reg[DMASR / 4] = 0x10041 | 0x80;
    stm32_eth_interrupt(&b.chip);
    assert_int_equal(b.wakes, 1);
    assert_int_equal(b.reg[DMASR / 4], 0);
    b.written[DMARPDR / 4] = 0;
    assert_int_equal(bench_poll(&due_us), 0);
    assert_int_equal(b.chip.stats.rx_full, 1);
    assert_true(b.written[DMARPDR / 4] > 0);
    b.mac->wake = NULL;
    stm32_eth_interrupt(&b.chip);
    assert_int_equal(b.wakes, 1);
}

static void a_fault_of_the_bus_is_an_error(void **state)
{
    uint64_t due_us;

    (void)state;
    for (int handled = 0; handled < 2; handled++) {
        bench_up(true);
        b.reg[DMASR / 4] = 0x2000;
        if (handled) {
            stm32_eth_interrupt(&b.chip);
            assert_int_equal(b.reg[DMASR / 4], 0);
        }
        assert_int_equal(bench_poll(&due_us), NIF_EIO);
        assert_int_equal(b.mac->ops->start(b.mac), 0);
        assert_int_equal(bench_link(true, true, true), 0);
        assert_int_equal(bench_poll(&due_us), 0);
    }
}

static void mdio_reaches_the_phy(void **state)
{
    static const struct {
        uint32_t hclk_hz;
        uint32_t cr;
        uint32_t by;
    } clocks[] = {
        { 25000000, 2, 16 }, { 35000000, 2, 16 }, { 48000000, 3, 26 },
        { 60000000, 3, 26 }, { 84000000, 0, 42 }, { 100000000, 0, 42 },
        { 120000000, 1, 62 }, { 150000000, 1, 62 }, { 168000000, 4, 102 },
        { 216000000, 4, 102 }, { 0, 4, 102 }, // not known: right for all
    };

    (void)state;
    for (size_t i = 0; i < nif_countof(clocks); i++) {
        struct nif_mdio *mdio;

        bench_open(true, clocks[i].hclk_hz);
        mdio = b.mac->mdio;
        assert_true(clocks[i].hclk_hz / clocks[i].by <= 2500000);
        b.phy_value = 0xC0F1;
        b.mii_busy = 20;
        assert_int_equal(mdio->ops->read(mdio, 1, 3), 0xC0F1);
        assert_int_equal(b.reg[MIIAR / 4],
            1u << 11 | 3u << 6 | clocks[i].cr << 2 | 1);
        b.mii_busy = 20;
        assert_int_equal(mdio->ops->write(mdio, 31, 30, 0x1234), 0);
        assert_int_equal(b.reg[MIIAR / 4],
            31u << 11 | 30u << 6 | clocks[i].cr << 2 | 3);
        assert_int_equal(b.reg[MIIDR / 4], 0x1234);
        assert_int_equal(b.mii_busy, 0);
    }
}

static void mdio_that_stays_busy_times_out(void **state)
{
    struct nif_mdio *mdio;
    uint64_t since_us;

    (void)state;
    bench_open(true, 168000000);
    mdio = b.mac->mdio;
    since_us = b.now_us;
    b.mii_busy = UINT32_MAX;
    assert_int_equal(mdio->ops->read(mdio, 1, 3), NIF_ETIMEDOUT);
    assert_int_equal(mdio->ops->write(mdio, 1, 3, 0), NIF_ETIMEDOUT);
    assert_in_range(b.now_us - since_us, 1000, 1100);
}

// The examples of RM0090 33.8.1, MACHTHR.
static void groups_have_the_places_that_the_manual_says(void **state)
{
    static const struct nif_hwaddr groups[] = {
        { { 0x1F, 0x52, 0x41, 0x9C, 0xB6, 0xAF } },
        { { 0xA0, 0x0A, 0x98, 0x00, 0x00, 0x45 } },
    };
    struct nif_eth_filter f = { .groups = groups, .group_count = 2 };

    (void)state;
    bench_open(true, 168000000);
    assert_int_equal(b.mac->ops->filter(b.mac, &f), 0);
    assert_int_equal(b.step, 0); // kept until there is a link
    assert_int_equal(b.mac->ops->start(b.mac), 0);
    assert_int_equal(bench_link(true, true, true), 0);
    assert_int_equal(b.reg[MACHTHR / 4], 1u << 12);
    assert_int_equal(b.reg[MACHTLR / 4], 1u << 7);
    assert_int_equal(b.reg[MACFFR / 4], 0x4);
    f = (struct nif_eth_filter){ .all_multicast = true };
    assert_int_equal(b.mac->ops->filter(b.mac, &f), 0);
    assert_int_equal(b.reg[MACFFR / 4] & 0x11, 0x10);
    assert_int_equal(b.reg[MACHTHR / 4] | b.reg[MACHTLR / 4], 0);
    f = (struct nif_eth_filter){ .promiscuous = true };
    assert_int_equal(b.mac->ops->filter(b.mac, &f), 0);
    assert_int_equal(b.reg[MACFFR / 4] & 0x11, 0x01);
}

static void the_address_is_the_boards_own(void **state)
{
    struct nif_hwaddr addr;

    (void)state;
    bench_open(true, 168000000);
    b.mac->ops->hwaddr(b.mac, &addr);
    assert_memory_equal(&addr, &bench_own, sizeof(bench_own));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(start_needs_no_clock_from_the_phy),
        cmocka_unit_test(a_mac_without_its_own_clock_is_no_device),
        cmocka_unit_test(without_the_clock_of_rmii_the_link_times_out),
        cmocka_unit_test(speed_and_duplex_are_set_before_frames_flow),
        cmocka_unit_test(down_stops_all),
        cmocka_unit_test(interrupts_are_on_only_where_they_are_handled),
        cmocka_unit_test(the_handler_takes_back_and_wakes),
        cmocka_unit_test(a_fault_of_the_bus_is_an_error),
        cmocka_unit_test(mdio_reaches_the_phy),
        cmocka_unit_test(mdio_that_stays_busy_times_out),
        cmocka_unit_test(groups_have_the_places_that_the_manual_says),
        cmocka_unit_test(the_address_is_the_boards_own),
    };

    return cmocka_run_group_tests_name("stm32 eth setup", tests, NULL, NULL);
}
