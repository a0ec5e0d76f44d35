// SPDX-License-Identifier: MIT
//
// The model of the LAN9118 without a driver: what it does, and what it refuses,
// by the data sheet's numbers. The driver on it runs the contract suite.

#include "sim/chips/lan9118.h"
#include "tests/support/seen.h"

#include <string.h>

#define RX_DATA     0x00u
#define TX_DATA     0x20u
#define RX_STATUS   0x40u
#define TX_STATUS   0x48u
#define IRQ_CFG     0x54u
#define INT_STS     0x58u
#define INT_EN      0x5Cu
#define BYTE_TEST   0x64u
#define FIFO_INT    0x68u
#define RX_CFG      0x6Cu
#define TX_CFG      0x70u
#define HW_CFG      0x74u
#define RX_DP_CTL   0x78u
#define RX_FIFO_INF 0x7Cu
#define TX_FIFO_INF 0x80u
#define RX_DROP     0xA0u
#define CSR_CMD     0xA4u
#define CSR_DATA    0xA8u

#define ON 0x0010000Cu // MAC_CR: FDPX, TXEN, RXEN

static const struct nif_hwaddr own = { { 2, 1, 2, 3, 4, 5 } };

static struct {
    struct sim_world world;
    struct sim_cpu cpu;
    struct sim_lan9118 chip;
    struct sim_nic far;
    struct sim_cable cable;
    struct seen seen;
    unsigned interrupts;
} b;

static uint32_t get(uint32_t reg)
{
    return nif_mmio_read(&b.chip.mmio, reg);
}

static void put(uint32_t reg, uint32_t value)
{
    nif_mmio_write(&b.chip.mmio, reg, value);
}

static void run_us(uint64_t us)
{
    sim_pass_ns(&b.world, us * SIM_US);
}

static void put_csr(uint32_t index, uint32_t value)
{
    put(CSR_DATA, value);
    put(CSR_CMD, 0x80000000u | index);
    run_us(2);
}

static uint32_t get_csr(uint32_t index)
{
    put(CSR_CMD, 0xC0000000u | index);
    run_us(2);
    return get(CSR_DATA);
}

static void complained(unsigned count)
{
    seen_complaints(&b.seen, count);
}

static void on_irq(void *arg)
{
    (void)arg;
    b.interrupts++;
    put(INT_EN, 0);
}

static int set_up(void **state)
{
    (void)state;
    memset(&b, 0, sizeof(b));
    sim_world_init(&b.world, 1);
    sim_cpu_init(&b.cpu, &b.world, SIM_CPU_COST_NS);
    sim_lan9118_init(&b.chip, &b.cpu,
        &(struct sim_lan9118_cfg){ .eeprom = own, .irq = on_irq });
    sim_nic_init(&b.far, &b.world, "far", 0);
    seen_begin(&b.seen, &b.world, &b.far);
    sim_cable_init(&b.cable, &b.world, 100000000);
    sim_cable_join(&b.cable, &b.chip.nic.port, &b.far.port);
    sim_run_until(&b.world, 3 * SIM_S); // a link
    put(HW_CFG, 0x00150000);
    put(TX_CFG, 2);
    put(FIFO_INT, 0x48000000);
    put_csr(1, ON);
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    sim_lan9118_done(&b.chip);
    sim_nic_done(&b.far);
    sim_cable_done(&b.cable);
    sim_world_done(&b.world);
    assert_int_equal(b.seen.told, 0);
    return 0;
}

static void arrive(const uint8_t *to, size_t len)
{
    uint8_t frame[1514];

    memset(frame, 0x77, sizeof(frame));
    memcpy(frame, to, 6);
    assert_true(sim_nic_send(&b.far, frame, len));
    run_us(200);
}

static void a_reset_takes_time_and_restores(void **state)
{
    (void)state;
    put(INT_EN, 8);
    put(HW_CFG, 0x00100001);
    put(TX_CFG, 2);
    complained(1);
    assert_int_equal(get(HW_CFG) & 1, 1);
    run_us(300);
    assert_int_equal(get(HW_CFG), 0x00050004);
    assert_int_equal(get(INT_EN) | get(TX_CFG), 0);
    assert_int_equal(get_csr(1), 0x00040000);
    assert_int_equal(get_csr(3), 0x03020102); // by the EEPROM
    assert_int_equal(get_csr(2), 0x0504);
    assert_int_equal(get(BYTE_TEST), 0x87654321);
}

static void what_there_is_not_is_refused(void **state)
{
    (void)state;
    put(0x50, 0); // read only
    complained(1);
    (void)get(0xC0);
    complained(1);
    put(HW_CFG, 0x00050000); // without the bit that must be one
    complained(1);
    put(HW_CFG, 0x001F0000); // 15 KiB
    complained(1);
    put_csr(13, 0);
    complained(1);
}

static void the_macs_registers_take_their_time(void **state)
{
    (void)state;
    put(CSR_CMD, 0xC0000001);
    put(CSR_DATA, 0);
    (void)get(CSR_DATA);
    complained(2);
    run_us(2);
    assert_int_equal(get(CSR_DATA), ON);
    put_csr(6, 1u << 11 | 2u << 6 | 1); // the PHY's ID
    assert_int_equal(get_csr(6) & 1, 1);
    put_csr(7, 1);
    complained(1);
    run_us(30);
    assert_int_equal(get_csr(6) & 1, 0);
    assert_int_equal(get_csr(7), 0x0007);
    put_csr(6, 2u << 11 | 2u << 6 | 1); // nobody
    run_us(30);
    assert_int_equal(get_csr(7), 0xFFFF);
}

// Two segments: 10 bytes behind 2, of which 16 are written, and 50.
static void a_frame_leaves_and_its_status_comes(void **state)
{
    (void)state;
    put(TX_DATA, 0x01022000u | 10);
    put(TX_DATA, 0x12340000u | 60);
    put(TX_DATA, 0x0201FFFF);
    put(TX_DATA, 0x06050403);
    put(TX_DATA, 0x0A090807);
    put(TX_DATA, 0xFFFFFFFF);
    put(TX_DATA, 0x00001000u | 50);
    put(TX_DATA, 0x12340000u | 60);
    assert_int_equal(get(TX_FIFO_INF), 4608 - 8 * 4);
    for (unsigned i = 0; i < 13; i++) {
        put(TX_DATA, 0x0B0B0B0B);
    }
    run_us(20);
    assert_int_equal(b.seen.heard, 1);
    assert_int_equal(b.seen.heard_len, 60);
    for (unsigned i = 0; i < 10; i++) {
        assert_int_equal(b.seen.heard_data[i], i + 1);
    }
    assert_int_equal(b.seen.heard_data[59], 0x0B);
    assert_int_equal(get(TX_FIFO_INF), 1u << 16 | 4608);
    assert_int_equal(get(TX_STATUS), 0x12340000);
    (void)get(TX_STATUS);
    complained(1);
}

static void commands_that_contradict_each_other_are_refused(void **state)
{
    (void)state;
    put(TX_DATA, 0x3000u | 4); // a frame of 5 in 4
    put(TX_DATA, 5);
    put(TX_DATA, 0);
    complained(1);
    assert_int_equal(get(INT_STS) & 0x2000, 0x2000); // TXE
    put(TX_DATA, 0x1000u | 4);                       // no first segment
    put(TX_DATA, 4);
    complained(1);
    put(TX_CFG, 0); // nothing leaves
    put(TX_DATA, 0x3000u | 60);
    for (unsigned i = 0; i < 1200; i++) {
        put(TX_DATA, 60);
        if (i % 16 == 15) {
            put(TX_DATA, 0x3000u | 60);
        }
    }
    assert_true(b.seen.told > 0);
    b.seen.told = 0;
    assert_int_equal(get(INT_STS) & 0x400, 0x400); // TDFO
}

static void a_frame_comes_word_by_word(void **state)
{
    (void)state;
    put(RX_CFG, 2u << 8); // two bytes before it
    arrive(own.byte, 61);
    assert_int_equal(get(RX_FIFO_INF), 1u << 16 | 68);
    assert_int_equal(get(RX_STATUS), 65u << 16 | 0x20);
    assert_int_equal(get(RX_DATA) >> 16, 0x0102);
    assert_int_equal(get(RX_DATA), 0x05040302);
    put(RX_DP_CTL, 0x80000000); // the rest of it
    assert_int_equal(get(RX_FIFO_INF), 0);
    (void)get(RX_DATA);
    (void)get(RX_STATUS);
    complained(2);
    put(RX_DP_CTL, 0x80000000);
    complained(1);
}

static void more_than_the_fifo_holds_is_lost_and_counted(void **state)
{
    (void)state;
    for (unsigned i = 0; i < 8; i++) {
        arrive(own.byte, 1514); // 1520 bytes each of 10560
    }
    assert_int_equal(get(RX_FIFO_INF) >> 16, 6);
    assert_int_equal(get(RX_DROP), 2);
    assert_int_equal(get(RX_DROP), 0);
}

static void only_what_is_wanted_comes_in(void **state)
{
    static const uint8_t all[6] = { 255, 255, 255, 255, 255, 255 };
    static const uint8_t group[6] = { 1, 0, 0x5E, 0, 0, 1 };
    static const uint8_t other[6] = { 2, 9, 9, 9, 9, 9 };

    (void)state;
    arrive(all, 60);
    arrive(group, 60);
    arrive(other, 60);
    assert_int_equal(b.chip.rx, 1);
    put_csr(1, ON | 0x80800); // groups, no broadcasts
    arrive(all, 60);
    arrive(group, 60);
    assert_int_equal(b.chip.rx, 2);
    put_csr(1, ON | 0x40000); // all
    arrive(other, 60);
    assert_int_equal(b.chip.rx, 3);
}

static void the_line_follows_what_is_enabled(void **state)
{
    (void)state;
    put(IRQ_CFG, 0x111);
    put(INT_EN, 8);
    arrive(own.byte, 60);
    assert_int_equal(b.interrupts, 1);
    assert_int_equal(get(INT_STS) & 8, 8);
    put(INT_STS, 8);
    put(INT_EN, 8);
    run_us(10);
    assert_int_equal(b.interrupts, 1); // of one that waits it tells once
    complained(0);
    put(IRQ_CFG, 0x101); // active low: at rest it calls without end
    run_us(200);
    complained(1);
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(a_reset_takes_time_and_restores),
        TEST(what_there_is_not_is_refused),
        TEST(the_macs_registers_take_their_time),
        TEST(a_frame_leaves_and_its_status_comes),
        TEST(commands_that_contradict_each_other_are_refused),
        TEST(a_frame_comes_word_by_word),
        TEST(more_than_the_fifo_holds_is_lost_and_counted),
        TEST(only_what_is_wanted_comes_in),
        TEST(the_line_follows_what_is_enabled),
    };

    return cmocka_run_group_tests_name("lan9118 model", tests, NULL, NULL);
}
