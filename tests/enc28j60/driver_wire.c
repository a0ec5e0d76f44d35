// SPDX-License-Identifier: MIT
//
// What the ENC28J60 driver says on the bus, byte by byte, against the data
// sheet (DS39662) and not against the model's idea of it.

#include "driver_bench.h"

#include <string.h>

// Listens between the driver and its bus, and keeps the first bytes of each
// transaction.
struct said {
    uint8_t byte[4];
    size_t len;
    uint32_t hold_ns;
    uint64_t at_ns;
};

// A register that reads otherwise than it is.
struct lie {
    uint8_t bank;
    uint8_t addr;
    uint8_t keep; // these bits are left,
    uint8_t add;  // then these turned
};

struct listener {
    struct nif_spi spi;
    const struct lie *lie; // or NULL
    struct nif_spi *lower;
    struct said said[4096];
    size_t count;
    uint8_t frame[SIM_FRAME_MAX]; // the last WBM
};

static struct bench b;
static struct listener ear;

static int ear_select(struct nif_spi *spi)
{
    memset(&ear.said[ear.count], 0, sizeof(ear.said[0]));
    (void)spi;
    return ear.lower->ops->select(ear.lower);
}

static unsigned bank_at(size_t at);

static int ear_exchange(struct nif_spi *spi, const struct nif_spi_seg *segs,
    size_t count)
{
    struct said *s = &ear.said[ear.count];
    int err;

    (void)spi;
    for (size_t i = 0; i < count; i++) {
        for (size_t k = 0; k < segs[i].len; k++) {
            uint8_t byte = segs[i].tx ? segs[i].tx[k] : 0;

            if (s->len < sizeof(s->byte)) {
                s->byte[s->len] = byte;
            }
            if (s->byte[0] == 0x7A) {
                ear.frame[s->len] = byte;
            }
            s->len++;
        }
    }
    err = ear.lower->ops->exchange(ear.lower, segs, count);
    if (ear.lie && s->byte[0] == ear.lie->addr &&
        (ear.lie->addr >= 0x1B || bank_at(ear.count) == ear.lie->bank)) {
        const struct nif_spi_seg *seg = &segs[count - 1];
        uint8_t *last = &seg->rx[seg->len - 1];

        *last = (*last & ear.lie->keep) ^ ear.lie->add;
    }
    return err;
}

static void ear_release(struct nif_spi *spi, uint32_t hold_ns)
{
    (void)spi;
    ear.said[ear.count].hold_ns = hold_ns;
    ear.said[ear.count].at_ns = b.world.now_ns;
    // What comes after that is heard, but not kept.
    if (ear.count + 1 < nif_countof(ear.said)) {
        ear.count++;
    }
    ear.lower->ops->release(ear.lower, hold_ns);
}

static const struct nif_spi_ops ear_ops = {
    .select = ear_select,
    .exchange = ear_exchange,
    .release = ear_release,
};

static void open_listened(const struct bench_cfg *cfg)
{
    bench_open(&b, cfg);
    ear.spi.ops = &ear_ops;
    ear.lower = b.chip.cfg.spi;
    ear.lie = NULL;
    ear.count = 0;
    b.chip.cfg.spi = &ear.spi;
}

// The bank in which transaction `at` happens, from all that was said before.
static unsigned bank_at(size_t at)
{
    unsigned bank = 0;

    for (size_t i = 0; i < at; i++) {
        switch (ear.said[i].byte[0]) {
        case 0xFF: bank = 0; break;
        case 0x5F: bank = ear.said[i].byte[1] & 3; break;
        case 0x9F: bank |= ear.said[i].byte[1] & 3u; break;
        case 0xBF: bank &= ~(unsigned)(ear.said[i].byte[1] & 3); break;
        default: break;
        }
    }
    return bank;
}

// Registers 1B to 1F are the same in all banks.
static bool is_reg(size_t at, unsigned bank, unsigned addr)
{
    return (ear.said[at].byte[0] & 0x1Fu) == addr &&
        (addr >= 0x1B || bank_at(at) == bank);
}

// The transaction from `from` on that writes to a register, or the count.
static size_t find_write(size_t from, unsigned bank, unsigned addr)
{
    while (from < ear.count &&
        !((ear.said[from].byte[0] & 0xE0) == 0x40 &&
            is_reg(from, bank, addr))) {
        from++;
    }
    return from;
}

static size_t find_said(size_t from, uint8_t a, uint8_t c)
{
    while (from < ear.count &&
        (ear.said[from].byte[0] != a || ear.said[from].byte[1] != c)) {
        from++;
    }
    return from;
}

// ---- bring-up

struct value {
    uint8_t bank;
    uint8_t addr;
    uint8_t half;
    uint8_t full;
};

// DS39662 sections 6.1 to 6.5; errata 5 and 14 for the ring.
static const struct value values[] = {
    { 0, 0x08, 0x00, 0x00 },                          // ERXST
    { 0, 0x09, 0x00, 0x00 }, { 0, 0x0A, 0xFF, 0xFF }, // ERXND
    { 0, 0x0B, 0x13, 0x13 }, { 0, 0x0C, 0xFF, 0xFF }, // ERXRDPT
    { 0, 0x0D, 0x13, 0x13 }, { 0, 0x1E, 0x80, 0x80 }, // ECON2: AUTOINC
    { 0, 0x1B, 0xDB, 0xDB },                          // EIE: all but DMA
    { 2, 0x00, 0x01, 0x0D }, // MACON1: MARXEN; both pauses
    { 2, 0x02, 0x32, 0x33 }, // MACON3: pad to 60, FCS, length check; duplex
    { 2, 0x03, 0x40, 0x00 }, // MACON4: DEFER
    { 2, 0x04, 0x12, 0x15 }, // MABBIPG
    { 2, 0x06, 0x12, 0x12 }, // MAIPGL
    { 2, 0x07, 0x0C, 0x0C }, // MAIPGH
    { 2, 0x0A, 0xEE, 0xEE }, // MAMXFL: 1518
    { 2, 0x0B, 0x05, 0x05 },
    { 3, 0x04, 0x02, 0x02 }, // MAADR1 and on: the board's address
    { 3, 0x05, 0x11, 0x11 }, { 3, 0x02, 0x22, 0x22 }, { 3, 0x03, 0x33, 0x33 },
    { 3, 0x00, 0x44, 0x44 }, { 3, 0x01, 0x55, 0x55 },
    { 1, 0x18, 0xA5, 0xA5 }, // ERXFCON: own address, hash, broadcast, FCS
};

static const struct {
    uint8_t addr;
    uint16_t half;
    uint16_t full;
} phy_values[] = {
    { 0x00, 0x0000, 0x0100 }, // PHCON1: PDPXMD
    { 0x10, 0x0100, 0x0100 }, // PHCON2: HDLDIS
    { 0x14, 0x3476, 0x3476 }, // PHLCON
    { 0x12, 0x0012, 0x0012 }, // PHIE: PLNKIE, PGEIE
};

static void bring_up_writes_what_the_data_sheet_asks_for(void **state)
{
    (void)state;
    for (unsigned full = 0; full < 2; full++) {
        size_t at = 0;

        open_listened(&(struct bench_cfg){ .full_duplex = full });
        bench_up(&b);
        for (size_t i = 0; i < nif_countof(values); i++) {
            at = find_write(0, values[i].bank, values[i].addr);
            assert_true(at < ear.count);
            assert_int_equal(ear.said[at].byte[1],
                full ? values[i].full : values[i].half);
        }
        at = 0;
        for (size_t i = 0; i < nif_countof(phy_values); i++) {
            uint16_t value = full ? phy_values[i].full : phy_values[i].half;

            at = find_write(at, 2, 0x14);
            assert_true(at < ear.count);
            assert_int_equal(ear.said[at].byte[1], phy_values[i].addr);
            at = find_write(at, 2, 0x16);
            assert_int_equal(ear.said[at].byte[1], value & 0xFF);
            at = find_write(at, 2, 0x17);
            assert_int_equal(ear.said[at].byte[1], value >> 8);
        }
        bench_close(&b);
    }
}

// Errata 2 and 19: power save ends, 300 us pass, reset, 1 ms passes.
static void reset_keeps_its_distances(void **state)
{
    size_t reset;
    size_t wake;

    (void)state;
    open_listened(NULL);
    assert_int_equal(nif_iface_start(b.iface), 0);
    wake = find_said(0, 0xBE, 0x28);
    reset = wake + 1;
    assert_int_equal(wake, 0);
    assert_int_equal(ear.said[reset].byte[0], 0xFF);
    assert_int_equal(ear.said[reset].len, 1);
    assert_in_range(ear.said[reset].at_ns - ear.said[wake].at_ns, 300000,
        2000000);
    assert_in_range(ear.said[reset + 1].at_ns - ear.said[reset].at_ns, 1000000,
        3000000);
    // Bank 0, nothing on, whatever the reset has done.
    assert_int_equal(ear.said[reset + 2].byte[0], 0x5F);
    assert_int_equal(ear.said[reset + 2].byte[1], 0x00);
    bench_close(&b);
}

static void the_reset_line_is_low_long_enough(void **state)
{
    (void)state;
    open_listened(&(struct bench_cfg){ .reset_pin = true });
    assert_int_equal(nif_iface_start(b.iface), 0);
    assert_true(b.reset_pin.level);
    assert_true(ear.said[0].at_ns > 400);
    assert_int_equal(b.model.counts.resets, 3);
    bench_close(&b);
}

// DS39662 4.2.1: MAC and MII registers answer a byte later; table 16-6: and
// want 210 ns until chip select rises.
static void registers_are_read_as_their_kind_wants(void **state)
{
    unsigned mac_reads = 0;

    (void)state;
    open_listened(NULL);
    bench_up(&b);
    assert_true(bench_traffic(&b, 10000));
    for (size_t i = 0; i < ear.count; i++) {
        const struct said *s = &ear.said[i];
        unsigned addr = s->byte[0] & 0x1F;
        unsigned bank = bank_at(i);
        bool mac = addr < 0x1B &&
            (bank == 2 || (bank == 3 && (addr < 6 || addr == 0x0A)));

        switch (s->byte[0] & 0xE0) {
        case 0x00:
            assert_int_equal(s->len, mac ? 3 : 2);
            assert_int_equal(s->byte[1] | s->byte[2], 0);
            assert_int_equal(s->hold_ns, mac ? 210 : 0);
            mac_reads += mac;
            break;
        case 0x40:
            assert_int_equal(s->len, 2);
            assert_int_equal(s->hold_ns, mac ? 210 : 0);
            break;
        case 0x80:
        case 0xA0:
            assert_int_equal(s->len, 2);
            assert_false(mac);
            break;
        default: assert_int_equal(s->hold_ns, 0); break;
        }
    }
    assert_true(mac_reads > 10);
    bench_close(&b);
}

// ---- frames

static void a_frame_is_written_in_one_transaction(void **state)
{
    uint8_t want[700];
    size_t at;
    size_t start;

    (void)state;
    open_listened(NULL);
    bench_up(&b);
    assert_int_equal(bench_send(&b, 1, 60), 0);
    at = find_write(0, 0, 0x02);
    assert_int_equal(ear.said[at].byte[1], 0x00);
    assert_int_equal(ear.said[at + 1].byte[1], 0x14);
    bench_run(&b, 1000);
    start = ear.count;
    bench_frame(want, sizeof(want), &bench_card, &bench_board, 5);
    assert_int_equal(bench_send(&b, 5, sizeof(want)), 0);
    at = find_write(start, 0, 0x02); // EWRPT
    assert_int_equal(ear.said[at].byte[1], 0x00);
    assert_int_equal(ear.said[at + 1].byte[0], 0x43);
    assert_int_equal(ear.said[at + 1].byte[1], 0x1A);
    assert_int_equal(ear.said[at + 2].byte[0], 0x7A);
    assert_int_equal(ear.said[at + 2].byte[1], 0x00);
    assert_int_equal(ear.said[at + 2].len, 2 + sizeof(want) + 4);
    assert_memory_equal(ear.frame + 2, want, sizeof(want));
    assert_memory_equal(ear.frame + 2 + sizeof(want), "\0\0\0\x20", 4);
    at = find_write(at, 0, 0x04); // ETXST, ETXND
    assert_int_equal(ear.said[at].byte[1], 0x00);
    assert_int_equal(ear.said[at + 1].byte[1], 0x1A);
    assert_int_equal(ear.said[at + 2].byte[0], 0x46);
    assert_int_equal(ear.said[at + 2].byte[1], sizeof(want) & 0xFF);
    assert_int_equal(ear.said[at + 3].byte[1], 0x1A + (sizeof(want) >> 8));
    assert_int_equal(ear.said[at + 4].byte[0], 0x9F);
    assert_int_equal(ear.said[at + 4].byte[1], 0x08);
    bench_close(&b);
}

// Erratum 12: the transmitter is reset, and its flags cleared after that,
// before each start.
static void the_transmitter_is_reset_before_each_start(void **state)
{
    size_t at = 0;

    (void)state;
    open_listened(NULL);
    bench_up(&b);
    b.send_left = 10;
    b.send_len = 100;
    assert_true(bench_run_to(&b, &b.card_count, 10, 20000));
    for (unsigned i = 0; i < 10; i++) {
        size_t rts = find_said(at, 0x9F, 0x08);

        at = find_said(at, 0x9F, 0x80);
        assert_int_equal(ear.said[at + 1].byte[0], 0xBF);
        assert_int_equal(ear.said[at + 1].byte[1], 0x80);
        assert_int_equal(ear.said[at + 2].byte[0], 0xBC);
        assert_int_equal(ear.said[at + 2].byte[1], 0x0A);
        assert_true(at + 2 < rts);
        assert_true(rts < ear.count);
        at = rts + 1;
    }
    bench_close(&b);
}

// Erratum 14: ERXRDPT is odd, low byte first, and follows the frames.
static void the_read_pointer_is_odd_and_follows(void **state)
{
    unsigned place = 0;

    (void)state;
    open_listened(NULL);
    bench_up(&b);
    for (unsigned i = 0; i < 20; i++) {
        unsigned len = 600 + i * 13;
        size_t at = ear.count;

        bench_card_send(&b, &bench_board, i, len);
        assert_true(bench_run_to(&b, &b.board_count, i + 1, 5000));
        place = (place + 6 + len + 4 + 1) / 2 * 2 % 0x1400;
        at = find_write(at, 0, 0x0C);
        assert_true(at < ear.count);
        assert_int_equal(ear.said[at].byte[1],
            (place == 0 ? 0x13FF : place - 1) & 0xFF);
        assert_int_equal(ear.said[at + 1].byte[0], 0x4D);
        assert_int_equal(ear.said[at + 1].byte[1],
            (place == 0 ? 0x13FF : place - 1) >> 8);
        assert_int_equal(ear.said[at + 2].byte[0], 0x9E); // PKTDEC
        assert_int_equal(ear.said[at + 2].byte[1], 0x40);
    }
    bench_close(&b);
}

// Made with another CRC-32 than the driver's: the usual reflected one, its
// bits turned round.
static void known_groups_have_known_hashes(void **state)
{
    static const struct {
        struct nif_hwaddr group;
        uint8_t index;
    } cases[] = {
        { { { 0x01, 0x00, 0x5E, 0x00, 0x00, 0x01 } }, 63 },
        { { { 0x01, 0x00, 0x5E, 0x00, 0x00, 0xFB } }, 62 },
        { { { 0x33, 0x33, 0x00, 0x00, 0x00, 0x01 } }, 51 },
        { { { 0x01, 0x80, 0xC2, 0x00, 0x00, 0x0E } }, 14 },
    };

    (void)state;
    open_listened(NULL);
    assert_int_equal(nif_iface_start(b.iface), 0);
    for (size_t i = 0; i < nif_countof(cases); i++) {
        size_t start = ear.count;
        size_t at;

        assert_int_equal(b.iface->eth->filter(b.iface,
                             &(struct nif_eth_filter){ .groups =
                                                           &cases[i].group,
                                 .group_count = 1 }),
            0);
        for (unsigned k = 0; k < 8; k++) {
            at = find_write(start, 1, k);
            assert_true(at < ear.count);
            assert_int_equal(ear.said[at].byte[1],
                k == cases[i].index / 8u ? 1 << cases[i].index % 8 : 0);
        }
        at = find_write(start, 1, 0x18);
        assert_int_equal(ear.said[at].byte[1], 0xA5);
    }
    bench_close(&b);
}

// ---- registers that lie

// Each setting is read back, and one that is not as it was written is a chip
// that cannot be used; so are a receiver that stays off, and a read pointer
// of the ring that went elsewhere.
static void each_setting_is_read_back(void **state)
{
    (void)state;
    for (size_t i = 2; i < nif_countof(values) + 9; i++) {
        struct lie lie = { 1, 0, 0xFF, 0x01 }; // EHT0 to 7

        if (i < nif_countof(values)) {
            lie.bank = values[i].bank;
            lie.addr = values[i].addr;
        } else if (i < nif_countof(values) + 8) {
            lie.addr = (uint8_t)(i - nif_countof(values));
        } else {
            lie = (struct lie){ 0, 0x1F, 0xFB, 0 }; // ECON1.RXEN
        }
        open_listened(NULL);
        ear.lie = &lie;
        assert_int_equal(nif_iface_start(b.iface), NIF_ENODEV);
        ear.lie = NULL;
        assert_int_equal(nif_iface_start(b.iface), 0);
        bench_close(&b);
    }
}

static void no_chip_is_told_from_one_that_is_not_ready(void **state)
{
    static const struct {
        struct lie lie;
        int err;
    } cases[] = {
        { { 3, 0x12, 0, 0x00 }, NIF_ENODEV },       // EREVID
        { { 3, 0x12, 0, 0x20 }, NIF_ENODEV },       // has five bits
        { { 3, 0x12, 0, 0xFF }, NIF_ENODEV },       // nothing there
        { { 3, 0x12, 0, 0x1F }, 0 },                // silicon to come
        { { 0, 0x1D, 0xFE, 0 }, NIF_ETIMEDOUT },    // CLKRDY stays 0
        { { 0, 0x1D, 0xFF, 0x08 }, NIF_ETIMEDOUT }, // erratum 19
        { { 3, 0x0A, 0xFE, 0x01 }, NIF_ETIMEDOUT }, // the PHY stays busy
    };

    (void)state;
    for (size_t i = 0; i < nif_countof(cases); i++) {
        open_listened(NULL);
        ear.lie = &cases[i].lie;
        assert_int_equal(nif_iface_start(b.iface), cases[i].err);
        assert_true(b.world.now_ns < 15 * SIM_MS);
        bench_close(&b);
    }
}

// Neither TXIF nor TXERIF is ever seen: TXRTS tells that the frame is sent,
// and it is sent once only.
static void a_frame_whose_end_is_not_flagged_is_not_sent_again(void **state)
{
    static const struct lie lie = { 0, 0x1C, 0xF5, 0 };

    (void)state;
    open_listened(NULL);
    bench_up(&b);
    ear.lie = &lie;
    ear.count = 0;
    assert_int_equal(bench_send(&b, 1, 100), 0);
    bench_run(&b, 30000);
    ear.lie = NULL;
    assert_int_equal(bench_send(&b, 2, 100), 0);
    bench_run(&b, 5000);
    assert_int_equal(b.card_count, 2);
    assert_int_equal(b.chip.stats.tx, 2);
    assert_int_equal(b.chip.stats.tx_retry, 0);
    bench_close(&b);
}

// A status vector without bit 29, late collision (but with bit 24, multicast),
// and TXERIF: sending again would not help.
static void an_abort_for_another_reason_is_not_sent_again(void **state)
{
    static const struct lie lie = { 0, 0x3A, 0xDF, 0x01 };

    (void)state;
    open_listened(NULL);
    bench_up(&b);
    b.nic.full_duplex = true;
    assert_int_equal(bench_send(&b, 1, 1000), 0);
    assert_int_equal(bench_send(&b, 2, 500), 0);
    bench_run(&b, 300);
    b.deaf = true;
    ear.lie = &lie;
    bench_card_send(&b, &bench_board, 3, 60);
    bench_run(&b, 200);
    ear.lie = NULL;
    b.deaf = false;
    bench_run(&b, 5000);
    assert_int_equal(b.chip.stats.tx_aborted, 1);
    assert_int_equal(b.chip.stats.tx_retry, 0);
    assert_int_equal(b.card_count, 1);
    assert_int_equal(b.card_len, 500);
    bench_close(&b);
}

// RXERIF with nothing in the ring: its pointers are wrong, or the receiver is
// deaf.
static void an_empty_ring_without_room_is_started_anew(void **state)
{
    size_t at;

    (void)state;
    open_listened(NULL);
    bench_up(&b);
    ear.count = 0;
    sim_enc28j60_irq_spurious(&b.model, 0x01);
    bench_run(&b, 1000);
    at = find_said(0, 0x9F, 0x40); // RXRST
    assert_true(at < ear.count);
    assert_int_equal(ear.said[at + 1].byte[0], 0xBF);
    assert_int_equal(ear.said[at + 1].byte[1], 0x40);
    assert_int_equal(b.chip.stats.rx_overrun, 1);
    assert_int_equal(find_write(0, 2, 0x12), ear.count); // not the link's
    assert_true(bench_traffic(&b, 10000));
    bench_close(&b);
}

// A count of frames that never ends is not believed for ever.
static void a_count_that_never_ends_is_given_up(void **state)
{
    static const struct lie lie = { 1, 0x19, 0, 0xFF };
    uint64_t again_us = NIF_NEVER;
    unsigned drops = 0;

    (void)state;
    open_listened(NULL);
    bench_up(&b);
    ear.lie = &lie;
    sim_enc28j60_irq_spurious(&b.model, 0x01);
    ear.count = 0;
    assert_int_equal(nif_iface_poll(b.iface, &again_us), 0);
    assert_int_equal(find_said(0, 0x9F, 0x40), ear.count);
    bench_run(&b, 10);
    for (size_t i = 0; i < ear.count; i++) {
        drops += ear.said[i].byte[0] == 0x9E;
    }
    assert_int_equal(drops, 255);
    ear.lie = NULL;
    ear.count = 0;
    assert_true(bench_traffic(&b, 100000));
    bench_close_with(&b, UINT32_MAX);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(bring_up_writes_what_the_data_sheet_asks_for),
        cmocka_unit_test(reset_keeps_its_distances),
        cmocka_unit_test(the_reset_line_is_low_long_enough),
        cmocka_unit_test(registers_are_read_as_their_kind_wants),
        cmocka_unit_test(a_frame_is_written_in_one_transaction),
        cmocka_unit_test(the_transmitter_is_reset_before_each_start),
        cmocka_unit_test(the_read_pointer_is_odd_and_follows),
        cmocka_unit_test(known_groups_have_known_hashes),
        cmocka_unit_test(each_setting_is_read_back),
        cmocka_unit_test(no_chip_is_told_from_one_that_is_not_ready),
        cmocka_unit_test(a_frame_whose_end_is_not_flagged_is_not_sent_again),
        cmocka_unit_test(an_abort_for_another_reason_is_not_sent_again),
        cmocka_unit_test(an_empty_ring_without_room_is_started_anew),
        cmocka_unit_test(a_count_that_never_ends_is_given_up),
    };

    return cmocka_run_group_tests_name("enc28j60 wire", tests, NULL, NULL);
}
