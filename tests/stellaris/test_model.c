// SPDX-License-Identifier: MIT
//
// The model of the Stellaris Ethernet controller without a driver: what it
// does, and what it refuses, by the data sheet's numbers. The driver on it runs
// the contract suite.

#include "sim/chips/stellaris.h"
#include "tests/support/check.h"

#include <string.h>

#define RIS  0x00u
#define IM   0x04u
#define RCTL 0x08u
#define TCTL 0x0Cu
#define DATA 0x10u
#define IA0  0x14u
#define IA1  0x18u
#define THR  0x1Cu
#define MCTL 0x20u
#define MDV  0x24u
#define MTXD 0x2Cu
#define MRXD 0x30u
#define NP   0x34u
#define TR   0x38u

#define RX_INT 0x01u
#define TXER   0x02u
#define TXEMP  0x04u
#define FOV    0x08u
#define RXER   0x10u
#define MD_INT 0x20u
#define PHYINT 0x40u

#define RX_ON 0x09u // BADCRC, RXEN
#define TX_ON 0x17u // DUPLEX, CRC, PADEN, TXEN

static const uint8_t own[6] = { 2, 1, 2, 3, 4, 5 };
static const uint8_t all[6] = { 255, 255, 255, 255, 255, 255 };

static struct {
    struct sim_world world;
    struct sim_cpu cpu;
    struct sim_stellaris mac;
    struct sim_nic far;
    struct sim_cable cable;
    unsigned told; // complaints
    unsigned heard;
    size_t heard_len;
    uint8_t heard_data[SIM_FRAME_MAX];
    unsigned interrupts;
    uint32_t handled; // what the handler takes back
} b;

static uint32_t get(uint32_t reg)
{
    return nif_mmio_read(&b.mac.mmio, reg);
}

static void put(uint32_t reg, uint32_t value)
{
    nif_mmio_write(&b.mac.mmio, reg, value);
}

static void run_us(uint64_t us)
{
    sim_pass_ns(&b.world, us * SIM_US);
}

static void complained(unsigned count)
{
    assert_int_equal(b.told, count);
    b.told = 0;
}

static void on_complaint(void *arg, uint64_t at_ns, const char *who,
    const char *what)
{
    (void)arg;
    (void)at_ns;
    (void)who;
    (void)what;
    b.told++;
}

static void on_frame(void *arg, const uint8_t *frame, size_t len)
{
    (void)arg;
    b.heard++;
    b.heard_len = len;
    memcpy(b.heard_data, frame, len);
}

static void on_irq(void *arg)
{
    (void)arg;
    b.interrupts++;
    put(RIS, b.handled);
}

static void plug(const struct sim_stellaris_cfg *cfg,
    const struct sim_phy_partner *partner)
{
    memset(&b, 0, sizeof(b));
    sim_world_init(&b.world, 1);
    b.world.on_complaint = on_complaint;
    sim_cpu_init(&b.cpu, &b.world, SIM_CPU_COST_NS);
    sim_stellaris_init(&b.mac, &b.cpu, cfg);
    sim_stellaris_partner(&b.mac, partner);
    sim_nic_init(&b.far, &b.world, "far", 0);
    b.far.on_frame = on_frame;
    sim_cable_init(&b.cable, &b.world, 100000000);
    sim_cable_join(&b.cable, &b.mac.nic.port, &b.far.port);
    sim_run_until(&b.world, 3 * SIM_S); // a link
}

static void begin(uint32_t rctl, uint32_t tctl)
{
    put(IM, 0);
    put(RIS, 0x7F);
    put(IA0, 0x03020102);
    put(IA1, 0x0504);
    put(RCTL, rctl);
    put(TCTL, tctl);
}

static int set_up(void **state)
{
    (void)state;
    plug(&(struct sim_stellaris_cfg){ .clock_hz = 0 }, NULL);
    begin(RX_ON, TX_ON);
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    sim_stellaris_done(&b.mac);
    sim_nic_done(&b.far);
    sim_cable_done(&b.cable);
    sim_world_done(&b.world);
    assert_int_equal(b.told, 0);
    return 0;
}

static size_t frame_to(uint8_t *frame, const uint8_t *to, size_t len)
{
    for (size_t i = 0; i < len; i++) {
        frame[i] = (uint8_t)(i + len);
    }
    memcpy(frame, to, 6);
    frame[12] = 0x88; // a type
    frame[13] = 0xB5;
    return sim_fcs_put(frame, len);
}

// The far end sends; with `spoil` one bit of it is another.
static void arrive(const uint8_t *to, size_t len, bool spoil)
{
    uint8_t frame[SIM_FRAME_MAX];
    size_t whole = frame_to(frame, to, len);

    frame[30] ^= spoil;
    assert_true(sim_nic_send_raw(&b.far, frame, whole));
    run_us(340);
}

// Reads the oldest frame, and compares it with what arrive() sent.
static void expect_frame(const uint8_t *to, size_t len)
{
    uint8_t frame[SIM_FRAME_MAX];
    uint8_t read[SIM_FRAME_MAX];
    size_t whole = frame_to(frame, to, len);

    for (size_t i = 0; i < (2 + whole + 3) / 4; i++) {
        uint32_t word = get(DATA);

        for (unsigned k = 0; k < 4; k++) {
            read[4 * i + k] = (uint8_t)(word >> 8 * k);
        }
    }
    assert_int_equal(nif_get_le16(read), len + 6);
    assert_memory_equal(read + 2, frame, whole);
}

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
    assert_false(b.mac.phy.link);
}

static void what_there_is_not_is_refused(void **state)
{
    (void)state;
    (void)get(0x28);
    (void)get(0x3C);
    put(0x28, 0);
    put(NP, 0);
    put(MRXD, 0);
    complained(5);
    put(RCTL, 0x29);
    put(TCTL, 0x1F); // bit 3, which QEMU's source takes for DUPLEX
    put(THR, 0x3E);
    complained(3);
    assert_int_equal(get(RCTL), 9);
    assert_int_equal(get(TCTL), 0x17);
}

// ---- receive

static void a_frame_comes_with_its_length_and_its_fcs(void **state)
{
    static const size_t lens[] = { 60, 61, 62, 63, 64, 1513, 1514, 1600 };

    (void)state;
    for (size_t i = 0; i < nif_countof(lens); i++) {
        arrive(own, lens[i], false);
        assert_int_equal(get(NP), 1);
        expect_frame(own, lens[i]);
        assert_int_equal(get(NP), 0);
    }
    (void)get(DATA);
    complained(1);
}

// The FCS of 60 bytes is in the last two words, that of 62 in the last only.
static void a_frame_counts_until_its_data_was_read(void **state)
{
    (void)state;
    arrive(own, 62, false);
    for (unsigned i = 0; i < 15; i++) {
        (void)get(DATA);
    }
    assert_int_equal(get(NP), 1);
    (void)get(DATA);
    assert_int_equal(get(NP), 0);
    put(RIS, 0x7F);
    arrive(own, 60, false);
    assert_int_equal(get(NP), 1);
    assert_int_equal(get(RIS) & RX_INT, RX_INT); // it was empty
    (void)get(DATA);                             // the FCS
    expect_frame(own, 60);
}

static void only_a_frame_into_an_empty_fifo_is_told(void **state)
{
    (void)state;
    arrive(own, 60, false);
    assert_int_equal(get(RIS), RX_INT);
    put(RIS, RX_INT);
    arrive(own, 60, false);
    assert_int_equal(get(NP), 2);
    assert_int_equal(get(RIS), 0);
    expect_frame(own, 60);
    expect_frame(own, 60);
    arrive(own, 60, false);
    expect_frame(own, 60);
    assert_int_equal(get(RIS), RX_INT); // latched, whatever is read
}

static void more_than_it_holds_is_lost_and_told(void **state)
{
    (void)state;
    for (unsigned i = 0; i < 31; i++) {
        arrive(own, 60, false); // 68 bytes each
    }
    assert_int_equal(get(NP), 30);
    assert_int_equal(b.mac.rx_lost, 1);
    assert_int_equal(get(RIS), RX_INT | FOV);
    put(RIS, 0x7F);
    expect_frame(own, 60);
    arrive(own, 60, false);
    assert_int_equal(get(RIS), 0);
    for (unsigned i = 0; i < 30; i++) {
        expect_frame(own, 60);
    }
    arrive(own, 2043, false); // by itself too long
    assert_int_equal(get(NP), 0);
    assert_int_equal(get(RIS), FOV);
    arrive(own, 2042, false);
    expect_frame(own, 2042);
}

// Room that comes too late does not help: it is the byte that finds none.
static void an_overrun_is_decided_byte_by_byte(void **state)
{
    uint8_t frame[SIM_FRAME_MAX];
    size_t len = frame_to(frame, own, 1514);

    (void)state;
    arrive(own, 1400, false); // 1408 bytes; 640 are left
    assert_true(sim_nic_send_raw(&b.far, frame, len));
    run_us(40);
    expect_frame(own, 1400); // in 70 us: all of it has found room
    run_us(200);
    assert_int_equal(b.mac.rx_lost, 0);
    expect_frame(own, 1514);
    arrive(own, 1400, false);
    assert_true(sim_nic_send_raw(&b.far, frame, len));
    run_us(60); // 638 bytes take 52 us
    expect_frame(own, 1400);
    run_us(200);
    assert_int_equal(b.mac.rx_lost, 1);
    assert_int_equal(get(NP), 0);
    assert_int_equal(get(RIS) & FOV, FOV);
}

static void only_what_is_wanted_comes_in(void **state)
{
    static const uint8_t group[6] = { 1, 0, 0x5E, 0, 0, 1 };
    static const uint8_t other[6] = { 2, 9, 9, 9, 9, 9 };

    (void)state;
    arrive(all, 60, false);
    arrive(group, 60, false);
    arrive(other, 60, false);
    assert_int_equal(get(NP), 1);
    put(RCTL, RX_ON | 2); // AMUL
    arrive(group, 60, false);
    arrive(other, 60, false);
    assert_int_equal(get(NP), 2);
    put(RCTL, RX_ON | 4); // PRMS
    arrive(group, 60, false);
    arrive(other, 60, false);
    assert_int_equal(get(NP), 4);
    put(RCTL, 0x0E);
    arrive(own, 60, false);
    assert_int_equal(get(NP), 4);
}

static void a_bad_frame_empties_the_fifo(void **state)
{
    (void)state;
    arrive(own, 60, false);
    arrive(own, 60, true);
    assert_int_equal(get(NP), 0);
    assert_int_equal(get(RIS), RX_INT | RXER);
    arrive(own, 60, false);
    (void)get(DATA);
    arrive(own, 60, true);
    for (unsigned i = 0; i < 16; i++) {
        (void)get(DATA); // whoever reads cannot know
    }
    complained(0);
    (void)get(DATA);
    complained(1);
    put(RCTL, 1); // not rejected
    arrive(own, 60, true);
    assert_int_equal(get(NP), 1);
}

static void or_goes_alone_where_the_sheet_is_read_so(void **state)
{
    (void)tear_down(state);
    plug(&(struct sim_stellaris_cfg){ .bad_goes_alone = true }, NULL);
    begin(RX_ON, TX_ON);
    arrive(own, 60, false);
    arrive(own, 60, true);
    assert_int_equal(get(RIS), RX_INT | RXER);
    expect_frame(own, 60);
}

static void a_length_that_is_none_is_told_and_kept(void **state)
{
    static const struct {
        uint16_t told;
        size_t len;
        bool wrong;
    } cases[] = { { 3, 60, false }, { 46, 60, false }, { 47, 60, true },
        { 100, 114, false }, { 99, 114, true }, { 1500, 1514, false },
        { 1501, 60, false }, { 3, 61, true } };
    uint8_t frame[SIM_FRAME_MAX];

    (void)state;
    for (size_t i = 0; i < nif_countof(cases); i++) {
        (void)frame_to(frame, own, cases[i].len);
        nif_put_be16(frame + 12, cases[i].told);
        put(RCTL, 0x18);
        put(RCTL, RX_ON);
        put(RIS, 0x7F);
        assert_true(sim_nic_send(&b.far, frame, cases[i].len));
        run_us(200);
        assert_int_equal(get(NP), 1);
        assert_int_equal((get(RIS) & RXER) != 0, cases[i].wrong);
    }
}

static void the_fifo_is_reset_while_nothing_comes(void **state)
{
    uint8_t frame[SIM_FRAME_MAX];
    size_t len = frame_to(frame, own, 1514);

    (void)state;
    arrive(own, 60, false);
    put(RCTL, RX_ON | 0x10);
    assert_int_equal(get(NP), 0);
    assert_int_equal(get(RCTL), RX_ON | 0x10);
    assert_int_equal(get(RCTL), RX_ON); // cleared when it is read
    assert_true(sim_nic_send_raw(&b.far, frame, len));
    run_us(50);
    put(RCTL, RX_ON | 0x10);
    complained(1);
    run_us(200);
    assert_int_equal(get(NP), 0);
    put(RCTL, 0x08);
    assert_true(sim_nic_send_raw(&b.far, frame, len));
    run_us(50);
    put(RCTL, 0x18);
    put(RCTL, RX_ON); // in the middle of a frame: not that one
    run_us(200);
    assert_int_equal(get(NP), 0);
    arrive(own, 60, false);
    expect_frame(own, 60);
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
    assert_int_equal(b.heard, 1);
    assert_int_equal(b.heard_len, 114);
    assert_int_equal(b.heard_data[0], 1);
    assert_int_equal(b.heard_data[1], 2);
    assert_int_equal(b.heard_data[2], 3);
    assert_int_equal(b.heard_data[113], 6);
}

static void a_short_frame_is_padded_if_that_is_wanted(void **state)
{
    (void)state;
    write_frame(3, words_for(3));
    put(TR, 1);
    run_us(20);
    assert_int_equal(b.heard_len, 60);
    assert_int_equal(b.heard_data[16], 5);
    assert_int_equal(b.heard_data[17], 0);
    put(TCTL, 0x15);
    write_frame(3, words_for(3));
    put(TR, 1);
    run_us(20);
    assert_int_equal(b.heard, 1);
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
    assert_int_equal(b.heard_len, 64);
    assert_memory_equal(b.heard_data, frame, 64);
}

static void what_is_not_as_long_as_announced_is_refused(void **state)
{
    (void)state;
    write_frame(100, words_for(100) + 1);
    complained(1);
    put(TR, 1);
    run_us(20);
    assert_int_equal(b.heard_len, 114);
    write_frame(100, words_for(100) - 1);
    put(TR, 1);
    complained(1);
    run_us(20);
    assert_int_equal(b.heard, 2);
    assert_int_equal(b.heard_len, 114);
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
    assert_int_equal(b.heard_len, 2046);
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
    assert_int_equal(b.heard_len, 60);
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
    assert_int_equal(b.heard_len, 1014);
    put(TCTL, 0x16);
    write_frame(46, words_for(46));
    put(TR, 1);
    complained(1);
    run_us(100);
    assert_int_equal(b.heard, 1);
    assert_int_equal(get(TR), 1);
    put(TCTL, 0x17);
    run_us(20);
    assert_int_equal(b.heard, 2);
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
    assert_int_equal(b.heard, 0);
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
    assert_int_equal(b.heard, 1);
}

static void at_10_mbit_and_half_duplex_it_hears_itself(void **state)
{
    (void)tear_down(state);
    plug(&(struct sim_stellaris_cfg){ .clock_hz = 0 },
        &(struct sim_phy_partner){ .page = 0x8021 });
    begin(RX_ON | 4, 0x07);
    b.far.full_duplex = false;
    write_frame(50, words_for(50));
    put(TR, 1);
    run_us(40);
    assert_int_equal(get(TR), 1); // 800 ns a byte
    run_us(40);
    assert_int_equal(b.heard, 1);
    assert_int_equal(get(NP), 1);
    assert_int_equal(get(DATA), 0x0201u << 16 | 70);
    begin(RX_ON, 0x07);
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
    (void)tear_down(state);
    plug(&(struct sim_stellaris_cfg){ .irq = on_irq }, NULL);
    begin(RX_ON, TX_ON);
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
    mii_write(0, 0x8000);
    run_us(200);
    assert_int_equal(mii_read(23), 0x10);
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

#define TEST(f) cmocka_unit_test_setup_teardown(f, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(after_reset_they_are_as_the_data_sheet_says),
        TEST(what_there_is_not_is_refused),
        TEST(a_frame_comes_with_its_length_and_its_fcs),
        TEST(a_frame_counts_until_its_data_was_read),
        TEST(only_a_frame_into_an_empty_fifo_is_told),
        TEST(more_than_it_holds_is_lost_and_told),
        TEST(an_overrun_is_decided_byte_by_byte),
        TEST(only_what_is_wanted_comes_in),
        TEST(a_bad_frame_empties_the_fifo),
        TEST(or_goes_alone_where_the_sheet_is_read_so),
        TEST(a_length_that_is_none_is_told_and_kept),
        TEST(the_fifo_is_reset_while_nothing_comes),
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
