// SPDX-License-Identifier: MIT
//
// Bringing up a PHY of clause 22: what is asked of the bus, in what order,
// and what is made of the answers.

#include "phy_bench.h"

static void the_address_that_answers_is_taken(void **state)
{
    (void)state;
    for (uint8_t addr = 0; addr < 32; addr++) {
        bench_open(NULL);
        b.addr = addr;
        assert_int_equal(bench_bring_up(), 0);
        assert_int_equal(b.phy.addr, addr);
        assert_int_equal(b.phy.id, (uint32_t)ID1 << 16 | ID2);
    }
}

// A board that names the wrong address is told so, and does not wait for an ID
// for ever.
static void only_the_named_addresses_are_looked_at(void **state)
{
    (void)state;
    bench_open(&(struct nif_phy_cfg){ .addrs = 1u << 1 });
    assert_int_equal(bench_bring_up(), NIF_ENODEV);
    assert_int_equal(b.phy.id, 0);
    assert_in_range(b.frames, 1, 2);
    bench_up(&(struct nif_phy_cfg){ .addrs = 1u << 1 | 1u << OURS });
    assert_int_equal(b.phy.addr, OURS);
}

static void nobody_is_no_device(void **state)
{
    static const int empty[] = { 0xFFFF, 0 };

    (void)state;
    for (size_t i = 0; i < nif_countof(empty); i++) {
        bench_open(NULL);
        b.addr = 32;
        b.empty = empty[i];
        assert_int_equal(bench_bring_up(), NIF_ENODEV);
        assert_true(b.frames <= 64);
        assert_int_equal(b.now_us, START_US);
        assert_int_equal(b.writes, 0);
        assert_int_equal(b.phy.id, 0);
    }
}

static const struct nif_phy_ops vendor = {
    .id = (uint32_t)ID1 << 16 | (ID2 & 0xFFF0),
    .id_mask = 0xFFFFFFF0,
};

static void another_vendors_chip_is_no_device(void **state)
{
    (void)state;
    bench_up(&(struct nif_phy_cfg){ .ops = &vendor });
    bench_open(&(struct nif_phy_cfg){ .ops = &vendor });
    b.reg[NIF_PHY_ID2] ^= 0x10;
    assert_int_equal(bench_bring_up(), NIF_ENODEV);
    assert_int_equal(b.phy.id, ((uint32_t)ID1 << 16 | ID2) ^ 0x10);
    assert_int_equal(b.writes, 0);
}

// IEEE 802.3 22.2.4.1.5: in power down it need answer to management only.
static void power_down_ends_before_the_reset(void **state)
{
    (void)state;
    bench_up(NULL);
    assert_int_equal(b.writes, 4);
    assert_int_equal(b.write_reg[0], NIF_PHY_BMCR);
    assert_int_equal(b.write_value[0], NIF_PHY_BMCR_AUTO);
    assert_int_equal(b.write_reg[1], NIF_PHY_BMCR);
    assert_int_equal(b.write_value[1], NIF_PHY_BMCR_RESET);
    assert_int_equal(b.write_reg[2], NIF_PHY_ANAR);
    assert_int_equal(b.write_value[2], ALL | 1);
    assert_int_equal(b.write_reg[3], NIF_PHY_BMCR);
    assert_int_equal(b.write_value[3],
        NIF_PHY_BMCR_AUTO | NIF_PHY_BMCR_RESTART);
}

static void bring_up_of_one_that_is_ready_does_nothing(void **state)
{
    unsigned frames;

    (void)state;
    bench_up(NULL);
    frames = b.frames;
    assert_int_equal(nif_phy_bring_up(&b.phy), 0);
    assert_int_equal(b.frames, frames);
}

static void a_slow_reset_is_waited_for(void **state)
{
    (void)state;
    bench_open(NULL);
    assert_true(nif_phy_bring_up(&b.phy) > 0);
    assert_true(nif_phy_bring_up(&b.phy) > 0);
    b.reset_looks = 400;
    assert_int_equal(bench_bring_up(), 0);
    assert_in_range(b.now_us, START_US + 400000, START_US + 410000);
}

// IEEE 802.3 22.2.4.1.1: it takes half a second at most.
static void an_endless_reset_is_given_up(void **state)
{
    (void)state;
    bench_open(NULL);
    assert_true(nif_phy_bring_up(&b.phy) > 0);
    assert_true(nif_phy_bring_up(&b.phy) > 0);
    b.reset_looks = UINT32_MAX;
    assert_int_equal(bench_bring_up(), NIF_ETIMEDOUT);
    assert_in_range(b.now_us, START_US + 500000, START_US + 510000);
    b.reset_looks = 0;
    assert_int_equal(bench_bring_up(), 0);
}

static void a_phy_that_goes_away_in_its_reset_is_no_device(void **state)
{
    static const uint16_t ids[][2] = {
        { 0xFFFF, 0xFFFF }, { 0, 0 },
        { ID1, ID2 ^ 0x8000 }, // what answered was noise
    };

    (void)state;
    for (size_t i = 0; i < nif_countof(ids); i++) {
        bench_open(NULL);
        assert_true(nif_phy_bring_up(&b.phy) > 0);
        assert_true(nif_phy_bring_up(&b.phy) > 0);
        b.reg[NIF_PHY_ID1] = ids[i][0];
        b.reg[NIF_PHY_ID2] = ids[i][1];
        assert_int_equal(bench_bring_up(), NIF_ENODEV);
        assert_int_equal(b.now_us, START_US); // at once
    }
    bench_open(NULL);
    assert_true(nif_phy_bring_up(&b.phy) > 0);
    assert_true(nif_phy_bring_up(&b.phy) > 0);
    b.reg[NIF_PHY_BMCR] = 0xFFFF;
    assert_int_equal(bench_bring_up(), NIF_ENODEV);
    assert_int_equal(b.now_us, START_US); // at once
}

static void what_it_cannot_is_not_advertised(void **state)
{
    (void)state;
    for (uint16_t can = 0; can <= ALL; can += 0x20) {
        bench_open(&(struct nif_phy_cfg){ .abilities = 0xA0, .pause = true });
        b.reg[NIF_PHY_BMSR] = (uint16_t)(can << 6 | 0x800F);
        assert_int_equal(bench_bring_up(), 0);
        assert_int_equal(b.reg[NIF_PHY_ANAR], (can & 0xA0) | 0x0401);
    }
}

static void forced_modes_are_written_and_believed(void **state)
{
    static const uint16_t want[] = { 0, 0, 0x0100, 0x2000, 0x2100 };

    (void)state;
    for (unsigned mode = NIF_PHY_10_HALF; mode <= NIF_PHY_100_FULL; mode++) {
        bench_up(&(struct nif_phy_cfg){ .mode = (enum nif_phy_mode)mode });
        assert_int_equal(b.reg[NIF_PHY_BMCR], want[mode]);
        assert_int_equal(b.write_value[b.writes - 1], want[mode]);
        b.reg[NIF_PHY_BMSR] = CAN | NIF_PHY_BMSR_LINK;
        assert_int_equal(nif_phy_poll(&b.phy), 1);
        assert_true(b.phy.link.up);
        assert_int_equal(b.phy.link.is_100, want[mode] >> 13);
        assert_int_equal(b.phy.link.full_duplex, want[mode] >> 8 & 1);
        b.reg[NIF_PHY_BMCR] ^= 0x2000; // it has lost its mode
        assert_int_equal(nif_phy_poll(&b.phy), NIF_EPROTO);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_address_that_answers_is_taken),
        cmocka_unit_test(only_the_named_addresses_are_looked_at),
        cmocka_unit_test(nobody_is_no_device),
        cmocka_unit_test(another_vendors_chip_is_no_device),
        cmocka_unit_test(power_down_ends_before_the_reset),
        cmocka_unit_test(bring_up_of_one_that_is_ready_does_nothing),
        cmocka_unit_test(a_slow_reset_is_waited_for),
        cmocka_unit_test(an_endless_reset_is_given_up),
        cmocka_unit_test(a_phy_that_goes_away_in_its_reset_is_no_device),
        cmocka_unit_test(what_it_cannot_is_not_advertised),
        cmocka_unit_test(forced_modes_are_written_and_believed),
    };

    return cmocka_run_group_tests_name("phy", tests, NULL, NULL);
}
