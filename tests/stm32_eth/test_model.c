// SPDX-License-Identifier: MIT
//
// The model of the STM32's MAC and DMA without a driver: what it does, and what
// it refuses.

#include "model_bench.h"

#include <string.h>

// ---- registers

static void a_reset_takes_time_and_the_clock(void **state)
{
    (void)state;
    mac_put(MACCR, 0xC800);
    mac_put(DMABMR, 0x01);
    assert_int_equal(mac_get(DMABMR) & 1, 1);
    mac_put(MACFFR, 1); // nothing takes it
    mac_complained(1);
    mac_run_us(5);
    assert_int_equal(mac_get(DMABMR), 0x00020100);
    assert_int_equal(mac_get(MACCR), 0x8000);
    assert_int_equal(mac_get(MACFFR), 0);
    b.eth.no_clock = true;
    mac_put(DMABMR, 0x01);
    mac_run_us(100000);
    assert_int_equal(mac_get(DMABMR) & 1, 1);
    b.eth.no_clock = false;
    mac_run_us(200);
    assert_int_equal(mac_get(DMABMR) & 1, 0);
    // A PHY in power down gives none.
    b.phy.mdio.ops->write(&b.phy.mdio, 0, 0x0800);
    mac_put(DMABMR, 0x01);
    mac_run_us(100000);
    assert_int_equal(mac_get(DMABMR) & 1, 1);
}

static void what_is_not_a_registers_own_is_refused(void **state)
{
    (void)state;
    mac_put(0x1048, 0); // read only
    mac_complained(1);
    mac_put(0x0020, 0); // nothing there
    mac_complained(1);
    (void)mac_get(0x0020);
    mac_complained(1);
    mac_put(MACFFR, 0x800);
    mac_complained(1);
    mac_run_us(5);
    mac_put(MACCR, 0x4000); // bit 15 is to be kept
    mac_complained(1);
    mac_put(MACA0HR, 0x0605); // here it is not
    mac_complained(0);
    mac_put(DMASR, 0x7FFFFF); // states are ignored
    mac_complained(0);
}

static void what_is_not_modelled_is_refused(void **state)
{
    static const uint32_t uses[][2] = {
        { MACCR, 0x9000 },    // loop-back
        { MACCR, 0x8400 },    // IPCO
        { MACFFR, 0x200 },    // SAF
        { 0x0018, 0x4 },      // PAUSE
        { DMAOMR, 0x80 },     // FEF
        { DMAOMR, 0x2000 },   // ST without TSF
        { DMAOMR, 0x200002 }, // SR without RSF
    };

    (void)state;
    mac_begin(0x8000, 0);
    for (size_t i = 0; i < nif_countof(uses); i++) {
        mac_run_us(5);
        mac_put(uses[i][0], uses[i][1]);
        mac_complained(1);
    }
}

static void the_second_of_two_quick_writes_is_lost(void **state)
{
    (void)state;
    b.cpu.cost_ns = 100;
    mac_put(MACCR, 0xC000);
    mac_put(MACCR, 0xC800); // 100 ns later: 2.5 cycles
    mac_complained(1);
    assert_int_equal(mac_get(MACCR), 0xC000);
    mac_run_us(1);
    mac_put(MACCR, 0x8000); // 10 Mbit/s: four cycles are 1.6 us
    mac_run_us(1);
    mac_put(MACCR, 0x8800);
    mac_complained(1);
    mac_run_us(1);
    mac_put(MACCR, 0x8800);
    assert_int_equal(mac_get(MACCR), 0x8800);
}

static void mii_frames_take_their_time(void **state)
{
    uint64_t began_ns;

    (void)state;
    mac_put(MIIAR, 1u << 11 | 2u << 6 | 4u << 2 | 1); // the PHY's ID, by 102
    began_ns = b.world.now_ns;
    mac_put(MIIAR, 1u << 11 | 3u << 6 | 4u << 2 | 1);
    (void)mac_get(MIIDR);
    mac_put(MIIDR, 1);
    mac_complained(3);
    while (mac_get(MIIAR) & 1) {
    }
    // 64 bits at 168 MHz by 102.
    assert_in_range(b.world.now_ns - began_ns, 38800, 39300);
    assert_int_equal(mac_get(MIIDR), 0x0007);
    mac_put(MIIAR, 9u << 11 | 2u << 6 | 4u << 2 | 1); // nobody
    mac_run_us(100);
    assert_int_equal(mac_get(MIIDR), 0xFFFF);
    mac_put(MIIDR, 0x01E1);
    mac_put(MIIAR, 1u << 11 | 4u << 6 | 4u << 2 | 3);
    mac_run_us(100);
    assert_int_equal(b.phy.anar, 0x01E1);
    mac_put(MIIAR, 1u << 11 | 4u << 6 | 2u << 2 | 1); // by 16: 10.5 MHz
    mac_run_us(100);
    mac_complained(1);
    mac_put(MIIAR, 1u << 11 | 4u << 6 | 7u << 2 | 1); // no such divider
    mac_run_us(100);
    assert_true(b.seen.told >=
        1); // the MAC, and the PHY of the clock that it gets
    b.seen.told = 0;
}

// ---- sending

static void a_frame_leaves_and_its_slot_comes_back(void **state)
{
    (void)state;
    mac_begin(FAST, RUN);
    mac_put(DMAIER, 0x10001);
    mac_give(0, 100, TX_ALL);
    mac_run_us(100);
    assert_int_equal(b.seen.heard, 0); // nobody has asked for it
    mac_put(DMASR, 4);
    mac_put(TPDR, 0);
    mac_run_us(2);
    assert_true(b.tx[0].word[0] & OWN);
    mac_run_us(20);
    assert_int_equal(b.tx[0].word[0], TX_ALL & ~OWN);
    assert_int_equal(b.seen.heard, 1);
    assert_int_equal(b.seen.heard_len, 100);
    assert_memory_equal(b.seen.heard_data, b.tx[0].data, 100);
    assert_int_equal(b.interrupts, 1);
    assert_int_equal(mac_get(DMASR) >> 20 & 7, 6); // suspended
    assert_int_equal(mac_get(0x0168), 1);
    // A short one is padded.
    mac_put(DMAIER, 0);
    mac_give(1, 20, TX_ALL);
    mac_put(TPDR, 0);
    mac_run_us(20);
    assert_int_equal(mac_get(DMASR) & 0x10005, 5); // TBUS, TS
    assert_int_equal(b.seen.heard_len, 60);
    assert_int_equal(b.seen.heard_data[59], 0);
}

static void a_frame_may_lie_in_several_places(void **state)
{
    (void)state;
    mac_begin(FAST, RUN);
    mac_give(1, 200, OWN | 0x00100000);
    mac_give(2, 50, OWN | 0x60100000);  // LS, IC
    mac_give(0, 100, OWN | 0x10100000); // FS
    mac_put(TPDR, 0);
    mac_run_us(60);
    assert_int_equal(b.seen.heard, 1);
    assert_int_equal(b.seen.heard_len, 350);
    assert_memory_equal(b.seen.heard_data + 100, b.tx[1].data, 200);
    assert_memory_equal(b.seen.heard_data + 300, b.tx[2].data, 50);
    assert_int_equal((b.tx[0].word[0] | b.tx[1].word[0] | b.tx[2].word[0]) &
            OWN,
        0);
    mac_give(3, 100, OWN | 0x20100000); // no FS
    mac_put(TPDR, 0);
    mac_run_us(60);
    mac_complained(1);
}

static void a_demand_wants_a_barrier_before_it(void **state)
{
    (void)state;
    mac_begin(FAST, RUN);
    b.tx[0].word[1] = 60;
    b.tx[0].word[0] = TX_ALL;
    mac_put(TPDR, 0);
    mac_complained(1);
    mac_run_us(20);
}

static void what_the_dma_owns_is_not_touched(void **state)
{
    (void)state;
    mac_begin(FAST, RUN);
    mac_give(0, 1000, TX_ALL);
    mac_put(TPDR, 0);
    mac_run_us(20);
    b.tx[0].word[1] = 999;
    mac_run_us(200);
    mac_complained(1);
    mac_put(TDLAR, 0x20000000); // the process runs
    mac_complained(1);
}

static void where_the_dma_cannot_reach_it_stops(void **state)
{
    (void)state;
    mac_begin(FAST, RUN);
    b.tx[0].word[2] = 0x10000000; // core-coupled memory
    mac_give(0, 100, TX_ALL);
    mac_put(TPDR, 0);
    mac_run_us(100);
    mac_complained(1);
    assert_int_equal(mac_get(DMASR) & 0x2000, 0x2000);
    mac_arrive(US, 100);
    assert_true(b.rx[0].word[0] & OWN);
    mac_put(DMABMR, 1); // all that helps
    mac_run_us(10);
    mac_begin(FAST, RUN);
    mac_arrive(US, 100);
    assert_false(b.rx[0].word[0] & OWN);
    sim_stm32_eth_break_bus(&b.eth);
    mac_arrive(US, 100);
    assert_int_equal(mac_get(DMASR) & 0x2000, 0x2000);
}

static void what_is_not_aligned_is_refused(void **state)
{
    (void)state;
    mac_begin(FAST, RUN);
    b.rx[0].word[3] += 2; // the next descriptor
    b.rx[0].word[2] += 1; // the buffer
    b.rx[0].word[1] = RX_SIZE | (ROOM - 2);
    mac_arrive(US, 100);
    mac_complained(2);
    mac_arrive(US, 100);
    mac_complained(1);
}

static void at_the_wrong_speed_frames_are_noise(void **state)
{
    (void)state;
    mac_begin(FAST & ~0x4000u, RUN);
    mac_give(0, 100, TX_ALL);
    mac_put(TPDR, 0);
    mac_run_us(2000);
    assert_int_equal(b.seen.heard, 0);
    assert_int_equal(b.eth.tx_noise, 1);
    assert_false(b.tx[0].word[0] & OWN);
    mac_arrive(US, 100);
    assert_int_equal(b.eth.rx_noise, 1);
    assert_true(b.rx[0].word[0] & OWN);
}

static void another_partner_is_another_link(void **state)
{
    (void)state;
    sim_stm32_eth_partner(&b.eth, &(struct sim_phy_partner){ .page = 0x8021 });
    assert_false(b.phy.link);
    mac_run_us(3000000);
    assert_true(b.phy.link && !b.phy.is_100);
    sim_cable_plug(&b.cable, false);
    sim_stm32_eth_partner(&b.eth, NULL);
    mac_run_us(3000000);
    assert_false(b.phy.link); // nobody is there
    sim_cable_plug(&b.cable, true);
    mac_run_us(3000000);
    assert_true(b.phy.link && b.phy.is_100);
}

static void without_a_clock_nothing_leaves(void **state)
{
    (void)state;
    mac_begin(FAST, RUN);
    b.eth.no_clock = true;
    mac_give(0, 100, TX_ALL);
    mac_put(TPDR, 0);
    mac_run_us(5000);
    assert_true(b.tx[0].word[0] & OWN);
    mac_put(DMAOMR, RUN | 0x100000); // a flush does not end, either
    mac_run_us(5000);
    assert_int_equal(mac_get(DMAOMR) & 0x100000, 0x100000);
    mac_put(DMAOMR, RUN);
    mac_complained(1);
    b.eth.no_clock = false;
    mac_run_us(500);
    assert_int_equal(mac_get(DMAOMR) & 0x100000, 0);
    assert_int_equal(b.tx[0].word[0] & 0x8000A000, 0x0000A000); // flushed
}

// ---- receiving

static void a_frame_comes_with_its_length(void **state)
{
    (void)state;
    mac_begin(FAST, RUN);
    mac_put(DMAIER, 0x10040);
    mac_arrive(US, 100);
    assert_int_equal(b.rx[0].word[0], 104u << 16 | 0x320); // FS, LS, FT
    assert_memory_equal(b.rx[0].data, US, 6);
    assert_true(sim_fcs_good(b.rx[0].data, 104));
    assert_int_equal(b.interrupts, 1);
    assert_int_equal(mac_get(DMASR) >> 17 & 7, 3); // waits
    mac_run_us(5);
    mac_put(MACCR, FAST | 1u << 25); // CSTF
    mac_arrive(US, 100);
    assert_int_equal(b.rx[1].word[0] >> 16, 100);
}

static void a_long_frame_fills_several_buffers(void **state)
{
    (void)state;
    mac_begin(FAST, RUN);
    for (unsigned i = 0; i < COUNT; i++) {
        b.rx[i].word[1] = RX_SIZE | 128;
    }
    mac_arrive(US, 300);
    assert_int_equal(b.rx[0].word[0], 0x200);
    assert_int_equal(b.rx[1].word[0], 0);
    assert_int_equal(b.rx[2].word[0], 304u << 16 | 0x120);
    // The next one has a single descriptor, and is cut.
    mac_arrive(US, 300);
    assert_int_equal(b.rx[3].word[0] & 0xC300, 0xC300);
}

static void without_a_descriptor_frames_are_flushed_or_wait(void **state)
{
    (void)state;
    for (unsigned keep = 0; keep < 2; keep++) {
        mac_put(DMABMR, 1);
        mac_run_us(10);
        mac_begin(FAST, RUN | keep << 24);
        for (unsigned i = 0; i < COUNT + 1; i++) {
            mac_arrive(US, 100);
        }
        assert_int_equal(mac_get(DMASR) & 0x80, 0x80);
        assert_int_equal(mac_get(DMASR) >> 17 & 7, 4);
        assert_int_equal(mac_get(MFBOCR), keep ? 0 : 1);
        assert_int_equal(mac_get(MFBOCR), 0); // reading clears it
        b.rx[0].word[0] = OWN;
        nif_mmio_barrier(&b.eth.mmio);
        mac_run_us(50);
        assert_true(b.rx[0].word[0] & OWN); // nobody has asked for it
        mac_put(RPDR, 0);
        mac_run_us(50);
        assert_int_equal(b.rx[0].word[0] & OWN, keep ? 0 : OWN);
    }
}

static void more_than_the_fifo_holds_is_lost(void **state)
{
    (void)state;
    mac_begin(FAST, RUN | 1u << 24);
    for (unsigned i = 0; i < COUNT; i++) {
        mac_arrive(US, 1514);
    }
    mac_arrive(US, 1514);
    assert_int_equal(mac_get(DMASR) & 0x10, 0);
    mac_arrive(US, 1514); // 2048 bytes do not hold two
    assert_int_equal(mac_get(DMASR) & 0x10, 0x10);
    assert_int_equal(mac_get(MFBOCR), 1u << 17);
}

static void only_what_is_wanted_comes_in(void **state)
{
    (void)state;
    mac_begin(FAST, RUN);
    mac_arrive(OTHER, 60);
    mac_arrive("\x1F\x52\x41\x9C\xB6\xAF", 60);
    assert_int_equal(b.eth.rx, 0);
    mac_arrive(ALL, 60);
    assert_int_equal(b.eth.rx, 1);
    // The manual's example: place 0x2C of the hash table.
    mac_put(MACHTHR, 1u << 12);
    mac_put(MACFFR, 4);
    mac_arrive("\x1F\x52\x41\x9C\xB6\xAF", 60);
    mac_arrive("\x1F\x52\x41\x9C\xB6\xAE", 60);
    mac_arrive(US, 60);
    assert_int_equal(b.eth.rx, 3);
    mac_put(MACFFR, 0x20); // no broadcasts
    mac_arrive(ALL, 60);
    assert_int_equal(b.eth.rx, 3);
    mac_put(DMABMR, 1);
    mac_run_us(10);
    mac_begin(FAST, RUN);
    mac_put(MACFFR, 0x80000000); // all, but told
    mac_arrive(OTHER, 60);
    assert_int_equal(b.rx[0].word[0] & 0x40000000, 0x40000000);
    mac_run_us(2);
    mac_put(MACFFR, 1); // promiscuous
    mac_arrive(OTHER, 60);
    assert_int_equal(b.rx[1].word[0] & 0xC0000000, 0);
}

static void stopping_ends_with_the_frame(void **state)
{
    (void)state;
    mac_begin(FAST, RUN);
    mac_give(0, 1000, TX_ALL);
    mac_put(TPDR, 0);
    mac_run_us(20);
    mac_put(DMAOMR, RUN & ~0x2002u);
    assert_int_equal(mac_get(DMASR) & 0x2, 0);
    assert_int_equal(mac_get(DMASR) & 0x100, 0x100);
    mac_run_us(100);
    assert_int_equal(mac_get(DMASR) & 0x2, 0x2);
    assert_int_equal(mac_get(DMASR) >> 17 & 0x3F, 0);
    assert_int_equal(b.seen.heard, 1);
    mac_arrive(US, 100);
    assert_true(b.rx[0].word[0] & OWN);
}

static void whatever_is_on_makes_it_run(void **state)
{
    static const struct {
        uint32_t maccr;
        uint32_t mode;
    } parts[] = { { 4, 0 }, { 8, 0 }, { 0, 2 }, { 0, 0x2000 } };

    (void)state;
    for (size_t i = 0; i < nif_countof(parts); i++) {
        assert_false(sim_stm32_eth_runs(&b.eth));
        mac_begin((FAST & ~0xCu) | parts[i].maccr,
            (RUN & ~0x2002u) | parts[i].mode);
        assert_true(sim_stm32_eth_runs(&b.eth));
        mac_put(DMAOMR, 0);
        mac_put(MACCR, 0x8000);
        mac_run_us(5);
    }
    assert_false(sim_stm32_eth_runs(&b.eth));
}

static void a_handler_that_takes_nothing_back_is_noticed(void **state)
{
    (void)state;
    mac_begin(FAST, RUN);
    b.handled = false;
    mac_put(DMAIER, 0x10040);
    mac_arrive(US, 100);
    mac_complained(1);
    assert_in_range(b.interrupts, 50, 200);
    mac_put(DMAIER, 0x40); // without the summary's enable there is none
    b.interrupts = 0;
    mac_arrive(US, 100);
    assert_int_equal(b.interrupts, 0);
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, mac_set_up, mac_tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(a_reset_takes_time_and_the_clock),
        TEST(what_is_not_a_registers_own_is_refused),
        TEST(what_is_not_modelled_is_refused),
        TEST(the_second_of_two_quick_writes_is_lost),
        TEST(mii_frames_take_their_time),
        TEST(a_frame_leaves_and_its_slot_comes_back),
        TEST(a_frame_may_lie_in_several_places),
        TEST(a_demand_wants_a_barrier_before_it),
        TEST(what_the_dma_owns_is_not_touched),
        TEST(where_the_dma_cannot_reach_it_stops),
        TEST(what_is_not_aligned_is_refused),
        TEST(at_the_wrong_speed_frames_are_noise),
        TEST(another_partner_is_another_link),
        TEST(without_a_clock_nothing_leaves),
        TEST(a_frame_comes_with_its_length),
        TEST(a_long_frame_fills_several_buffers),
        TEST(without_a_descriptor_frames_are_flushed_or_wait),
        TEST(more_than_the_fifo_holds_is_lost),
        TEST(only_what_is_wanted_comes_in),
        TEST(stopping_ends_with_the_frame),
        TEST(whatever_is_on_makes_it_run),
        TEST(a_handler_that_takes_nothing_back_is_noticed),
    };

    return cmocka_run_group_tests_name("stm32 eth model", tests, NULL, NULL);
}
