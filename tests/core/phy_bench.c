// SPDX-License-Identifier: MIT
//
// The bench of the PHY's tests.

#include "phy_bench.h"

#include <string.h>

struct bench b;

static bool fails(void)
{
    b.after_failure += b.fail_err != 0 && b.frames > b.fail_at;
    return b.frames++ == b.fail_at && b.fail_err != 0;
}

static int bus_read(struct nif_mdio *mdio, uint8_t phy, uint8_t reg)
{
    uint16_t value = b.reg[reg];

    assert_ptr_equal(mdio, &b.mdio);
    assert_true(phy < 32 && reg < 32);
    if (fails()) {
        return b.fail_err;
    }
    if (phy != b.addr) {
        return b.empty;
    }
    if (reg == NIF_PHY_BMCR && b.reset_looks > 0) {
        b.reset_looks--;
        value |= NIF_PHY_BMCR_RESET;
    }
    if (reg == NIF_PHY_BMSR && b.latched) {
        b.latched = false;
        value &= (uint16_t)~NIF_PHY_BMSR_LINK;
    }
    return value;
}

static int bus_write(struct nif_mdio *mdio, uint8_t phy, uint8_t reg,
    uint16_t value)
{
    assert_ptr_equal(mdio, &b.mdio);
    if (fails()) {
        return b.fail_err;
    }
    if (phy != b.addr) {
        return 0;
    }
    assert_int_equal(b.reset_looks, 0); // nothing is written during a reset
    assert_true(b.writes < nif_countof(b.write_reg));
    b.write_reg[b.writes] = reg;
    b.write_value[b.writes++] = value;
    if (reg == NIF_PHY_BMCR) {
        value &= (uint16_t) ~(NIF_PHY_BMCR_RESET | NIF_PHY_BMCR_RESTART);
    }
    b.reg[reg] = value;
    return 0;
}

static const struct nif_mdio_ops bus_ops = { bus_read, bus_write };

static uint64_t clock_now(struct nif_clock *clock)
{
    (void)clock;
    return b.now_us;
}

static const struct nif_clock_ops clock_ops = { .now_us = clock_now };

static bool pin_read(struct nif_pin *pin)
{
    (void)pin;
    return b.level;
}

static const struct nif_pin_ops pin_ops = { .read = pin_read };

void bench_open(const struct nif_phy_cfg *cfg)
{
    struct nif_phy_cfg full = { .abilities = 0 };

    memset(&b, 0, sizeof(b));
    memset(&b.phy, 0xA5, sizeof(b.phy));
    b.now_us = START_US;
    b.mdio.ops = &bus_ops;
    b.clock.ops = &clock_ops;
    b.pin.ops = &pin_ops;
    b.level = true;
    b.addr = OURS;
    b.empty = 0xFFFF;
    b.reg[NIF_PHY_BMSR] = STATUS;
    b.reg[NIF_PHY_ID1] = ID1;
    b.reg[NIF_PHY_ID2] = ID2;
    b.reg[NIF_PHY_ANLPAR] = ALL | 1;
    b.reg[NIF_PHY_ANER] = NIF_PHY_ANER_LP_AUTO;
    if (cfg) {
        full = *cfg;
    }
    full.mdio = &b.mdio;
    full.clock = &b.clock;
    nif_phy_init(&b.phy, &full);
    nif_phy_begin(&b.phy);
}

int bench_bring_up(void)
{
    int wait_us;

    while ((wait_us = nif_phy_bring_up(&b.phy)) > 0) {
        b.now_us += (uint64_t)wait_us;
        assert_true(b.now_us < START_US + 1000000);
    }
    return wait_us;
}

void bench_up(const struct nif_phy_cfg *cfg)
{
    bench_open(cfg);
    assert_int_equal(bench_bring_up(), 0);
}
