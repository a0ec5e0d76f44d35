// SPDX-License-Identifier: MIT
//
// A PHY of clause 22 against a file of registers: what is asked of the bus, in
// what order, and what is made of the answers.

#include "nif/phy.h"
#include "tests/support/check.h"

#include <string.h>

#define OURS   3 // the address
#define ID1    0x0022
#define ID2    0x1561
#define CAN    0x7849 // BMSR: all, negotiates, extended
#define STATUS (CAN | NIF_PHY_BMSR_DONE | NIF_PHY_BMSR_LINK)
#define ALL    0x01E0

// The board has been up for longer than 32 bits of microseconds.
#define START_US 0x123456789u

// The bus, one PHY on it, and the clock.
struct bench {
    struct nif_mdio mdio;
    struct nif_clock clock;
    struct nif_pin pin;
    uint64_t now_us;
    uint16_t reg[32];
    uint8_t addr;
    bool latched;           // the link was down since the last look
    unsigned reset_looks;   // so often BMCR.15 still reads as 1
    int empty;              // what is read where nobody is
    bool level;             // of the interrupt line
    unsigned frames;        // so far
    unsigned fail_at;       // this one fails ...
    int fail_err;           // ... so; 0: none does
    unsigned after_failure; // frames after it
    // Writes, in order.
    uint8_t write_reg[16];
    uint16_t write_value[16];
    unsigned writes;
    struct nif_phy phy;
};

static struct bench b;

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

// A PHY with a link of 100 Mbit/s, full duplex, not yet set up.
static void open_phy(const struct nif_phy_cfg *cfg)
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

// All steps of bring-up. Returns how they end.
static int bring_up(void)
{
    int wait_us;

    while ((wait_us = nif_phy_bring_up(&b.phy)) > 0) {
        b.now_us += (uint64_t)wait_us;
        assert_true(b.now_us < START_US + 1000000);
    }
    return wait_us;
}

static void up(const struct nif_phy_cfg *cfg)
{
    open_phy(cfg);
    assert_int_equal(bring_up(), 0);
}

// ---- bring-up

static void the_address_that_answers_is_taken(void **state)
{
    (void)state;
    for (uint8_t addr = 0; addr < 32; addr++) {
        open_phy(NULL);
        b.addr = addr;
        assert_int_equal(bring_up(), 0);
        assert_int_equal(b.phy.addr, addr);
        assert_int_equal(b.phy.id, (uint32_t)ID1 << 16 | ID2);
    }
}

// A board that names the wrong address is told so, and does not wait for an ID
// for ever.
static void only_the_named_addresses_are_looked_at(void **state)
{
    (void)state;
    open_phy(&(struct nif_phy_cfg){ .addrs = 1u << 1 });
    assert_int_equal(bring_up(), NIF_ENODEV);
    assert_int_equal(b.phy.id, 0);
    assert_in_range(b.frames, 1, 2);
    up(&(struct nif_phy_cfg){ .addrs = 1u << 1 | 1u << OURS });
    assert_int_equal(b.phy.addr, OURS);
}

static void nobody_is_no_device(void **state)
{
    static const int empty[] = { 0xFFFF, 0 };

    (void)state;
    for (size_t i = 0; i < nif_countof(empty); i++) {
        open_phy(NULL);
        b.addr = 32;
        b.empty = empty[i];
        assert_int_equal(bring_up(), NIF_ENODEV);
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
    up(&(struct nif_phy_cfg){ .ops = &vendor });
    open_phy(&(struct nif_phy_cfg){ .ops = &vendor });
    b.reg[NIF_PHY_ID2] ^= 0x10;
    assert_int_equal(bring_up(), NIF_ENODEV);
    assert_int_equal(b.phy.id, ((uint32_t)ID1 << 16 | ID2) ^ 0x10);
    assert_int_equal(b.writes, 0);
}

// IEEE 802.3 22.2.4.1.5: in power down it need answer to management only.
static void power_down_ends_before_the_reset(void **state)
{
    (void)state;
    up(NULL);
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
    up(NULL);
    frames = b.frames;
    assert_int_equal(nif_phy_bring_up(&b.phy), 0);
    assert_int_equal(b.frames, frames);
}

static void a_slow_reset_is_waited_for(void **state)
{
    (void)state;
    open_phy(NULL);
    assert_true(nif_phy_bring_up(&b.phy) > 0);
    assert_true(nif_phy_bring_up(&b.phy) > 0);
    b.reset_looks = 400;
    assert_int_equal(bring_up(), 0);
    assert_in_range(b.now_us, START_US + 400000, START_US + 410000);
}

// IEEE 802.3 22.2.4.1.1: it takes half a second at most.
static void an_endless_reset_is_given_up(void **state)
{
    (void)state;
    open_phy(NULL);
    assert_true(nif_phy_bring_up(&b.phy) > 0);
    assert_true(nif_phy_bring_up(&b.phy) > 0);
    b.reset_looks = UINT32_MAX;
    assert_int_equal(bring_up(), NIF_ETIMEDOUT);
    assert_in_range(b.now_us, START_US + 500000, START_US + 510000);
    b.reset_looks = 0;
    assert_int_equal(bring_up(), 0);
}

static void a_phy_that_goes_away_in_its_reset_is_no_device(void **state)
{
    static const uint16_t ids[][2] = {
        { 0xFFFF, 0xFFFF }, { 0, 0 },
        { ID1, ID2 ^ 0x8000 }, // what answered was noise
    };

    (void)state;
    for (size_t i = 0; i < nif_countof(ids); i++) {
        open_phy(NULL);
        assert_true(nif_phy_bring_up(&b.phy) > 0);
        assert_true(nif_phy_bring_up(&b.phy) > 0);
        b.reg[NIF_PHY_ID1] = ids[i][0];
        b.reg[NIF_PHY_ID2] = ids[i][1];
        assert_int_equal(bring_up(), NIF_ENODEV);
        assert_int_equal(b.now_us, START_US); // at once
    }
    open_phy(NULL);
    assert_true(nif_phy_bring_up(&b.phy) > 0);
    assert_true(nif_phy_bring_up(&b.phy) > 0);
    b.reg[NIF_PHY_BMCR] = 0xFFFF;
    assert_int_equal(bring_up(), NIF_ENODEV);
    assert_int_equal(b.now_us, START_US); // at once
}

static void what_it_cannot_is_not_advertised(void **state)
{
    (void)state;
    for (uint16_t can = 0; can <= ALL; can += 0x20) {
        open_phy(&(struct nif_phy_cfg){ .abilities = 0xA0, .pause = true });
        b.reg[NIF_PHY_BMSR] = (uint16_t)(can << 6 | 0x800F);
        assert_int_equal(bring_up(), 0);
        assert_int_equal(b.reg[NIF_PHY_ANAR], (can & 0xA0) | 0x0401);
    }
}

static void forced_modes_are_written_and_believed(void **state)
{
    static const uint16_t want[] = { 0, 0, 0x0100, 0x2000, 0x2100 };

    (void)state;
    for (unsigned mode = NIF_PHY_10_HALF; mode <= NIF_PHY_100_FULL; mode++) {
        up(&(struct nif_phy_cfg){ .mode = (enum nif_phy_mode)mode });
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

// ---- the link

// IEEE 802.3 Annex 28B.3: 100 full, 100 half, 10 full, 10 half.
static void the_best_that_both_can_is_the_link(void **state)
{
    (void)state;
    for (uint16_t ours = 0x20; ours <= ALL; ours += 0x20) {
        for (uint16_t theirs = 0; theirs <= ALL; theirs += 0x20) {
            uint16_t common = ours & theirs;

            up(&(struct nif_phy_cfg){ .abilities = ours });
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
        up(NULL);
        b.reg[NIF_PHY_ANER] = 0;
        b.reg[NIF_PHY_ANLPAR] = is_100 ? 0x80 : 0x20;
        assert_int_equal(nif_phy_poll(&b.phy), 1);
        assert_int_equal(b.phy.link.is_100, is_100);
        assert_false(b.phy.link.full_duplex);
        // Not even where the register says otherwise.
        up(NULL);
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

        up(&(struct nif_phy_cfg){ .pause = ours });
        b.reg[NIF_PHY_ANLPAR] =
            (uint16_t)(1 | (full ? 0x100 : 0x80) | (theirs ? 0x400 : 0));
        assert_int_equal(nif_phy_poll(&b.phy), 1);
        assert_int_equal(b.phy.link.pause, ours && theirs && full);
    }
}

static void a_link_that_is_not_yet_negotiated_is_none(void **state)
{
    (void)state;
    up(NULL);
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
    up(NULL);
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

        up(NULL);
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
        up(NULL);
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
        up(NULL);
        assert_int_equal(nif_phy_poll(&b.phy), 1);
        b.addr = 32;
        b.empty = empty[i];
        assert_int_equal(nif_phy_poll(&b.phy), NIF_EIO);
        assert_false(b.phy.link.up);
        assert_int_equal(nif_phy_poll(&b.phy), NIF_EINVAL);
        assert_int_equal(bring_up(), NIF_ENODEV);
        assert_int_equal(b.phy.addr, OURS);
        b.addr = OURS;
        assert_int_equal(bring_up(), 0);
        assert_int_equal(nif_phy_poll(&b.phy), 1);
    }
}

// What a caller does, up to the first error. Returns it.
static int all(void)
{
    int err = bring_up();

    return err != 0 ? err : nif_phy_poll(&b.phy);
}

static void an_error_at_any_frame_is_told_and_ends_the_call(void **state)
{
    static const int errs[] = { NIF_EIO, NIF_ETIMEDOUT };
    unsigned frames;

    (void)state;
    open_phy(NULL);
    assert_int_equal(all(), 1);
    frames = b.frames;
    assert_in_range(frames, 15, 30);
    for (unsigned at = 0; at < frames; at++) {
        for (size_t i = 0; i < nif_countof(errs); i++) {
            open_phy(NULL);
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
    open_phy(NULL);
    assert_int_equal(nif_phy_poll(&b.phy), NIF_EINVAL);
    assert_int_equal(b.frames, 0);
}

static void power_down_and_up(void **state)
{
    (void)state;
    open_phy(NULL);
    assert_int_equal(nif_phy_power_down(&b.phy), 0); // it is not known yet
    assert_int_equal(b.frames, 0);
    up(NULL);
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
    up(NULL);
    assert_false(nif_phy_asks(&b.phy)); // it has none
    up(&(struct nif_phy_cfg){ .interrupt = &b.pin });
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
    up(&(struct nif_phy_cfg){ .interrupt = &b.pin });
    assert_int_equal(nif_phy_poll(&b.phy), 1);
    b.level = false;
    assert_true(nif_phy_asks(&b.phy));
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

    return cmocka_run_group_tests_name("phy", tests, NULL, NULL);
}
